"""Plan files: what may be written, and what a person is told who wrote something else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.plans import read_plan
from retroctl.domain.limits import BeltRange, Client, caps_for
from retroctl.errors import ConfigError, PlanError
from retroctl.units import Speed

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
CAPS = caps_for(Client(), BELT, qualified=True)

WRONG = {
    "an unknown key": ('nmae = "x"', "nmae: is not a key of a plan (keys: name, preset"),
    "an unknown key in a stage": ('[[stage]]\ntarget = "1.0"\nspeed = 2', "stage 1: speed: is not a key"),
    "no TOML": ("top = [", "not TOML"),
    "one bracket": ('[stage]\ntarget = "1.0"', "write [[stage]] before each stage"),
    "nested": ("top = {a = {b = 1}}", "write a speed as"),
    "nested deeply": ("x = " + "[" * 3000 + "]" * 3000, "nested too deeply"),
    "no speed": ('top = "fast"', "'fast' is not a speed"),
    "speed true": ("top = true", "write a speed as"),
    "speed nan": ("top = nan", "is not a speed"),
    "speed negative": ("top = -2.0", "is not a speed"),
    "hold nan": ("hold_s = nan", "hold_s"),
    "hold inf": ("hold_s = inf", "hold_s"),
    "hold short": ("hold_s = 59.9", "hold_s"),
    "hold for ever": ("hold_s = 1e9", "hold_s"),
    "hold a word": ('hold_s = "90"', "hold_s"),
    "rung too quick": ("ease_rung_s = 1", "ease_rung_s"),
    "no name": ('name = ""', "name"),
    "a kind that is none": ('[[stage]]\ntarget = "1.0"\nkind = "sprint"', "stage 1: kind"),
    "a facing that is none": ('[[stage]]\ntarget = "1.0"\nfacing = "up"', "stage 1: facing"),
    "a stage without target": ("[[stage]]\nhold_s = 60", "stage 1: target"),
    "both": ('top = "2"\n[[stage]]\ntarget = "1.0"', "either a top or stages"),
    "nothing at all": ("", "holds no plan"),
    "nothing but a remark": ("# monday\n\n", "holds no plan"),
    "no stages": ("stage = []", "stage: a plan needs at least one stage"),
    "a stage that is none": ('stage = ["x"]', "stage 1: write [[stage]]"),
    "a number without end": ("hold_s = " + "9" * 5000, "a number of more than"),
    "kinds are named": ('[[stage]]\ntarget = "1.0"\nkind = "Ladder"', "give one of ladder, work, recovery, cool-down"),
    "facings are named": ('[[stage]]\ntarget = "1.0"\nfacing = ""', "give one of backward, forward"),
    "a count of many digits": ("preset = 'intervals'\ncount = 1" + 400 * "0", "count: such a number cannot be; give"),
    "hold short, its rule": ("hold_s = 59", "hold_s: 59 cannot be; give 60 to 3600 (R9)"),
    "stage short, its rule": (
        '[[stage]]\ntarget = "1.0"\nhold_s = 0',
        "stage 1: hold_s: 0 cannot be; give 60 or more (R9)",
    ),
    "interval short, its rule": (
        'preset = "steady"\ninterval_s = 30',
        "interval_s: 30 cannot be; give 60 to 3600 (R9)",
    ),
    "recovery short, its rule": (
        'preset = "steady"\nrecovery_s = nan',
        "recovery_s: nan cannot be; give 60 to 3600 (R9)",
    ),
    "too steep, its rule": (
        '[[stage]]\ntarget = "1.0"\nincline_pct = 15.1',
        "incline_pct: 15.1 cannot be; give 0 to 15 (R14)",
    ),
    "downhill, its rule": (
        '[[stage]]\ntarget = "1.0"\nincline_pct = -1',
        "incline_pct: -1 cannot be; give 0 to 15 (R14)",
    ),
    "too many stages": ('[[stage]]\ntarget = "1.0"\n' * 501, "stage"),
}


def written(tmp_path, text: str | bytes):
    file = tmp_path / "plan.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_names_file_and_key(tmp_path, what):
    text, words = WRONG[what]

    with pytest.raises(ConfigError) as refused:
        read_plan(written(tmp_path, text))

    assert words in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "plan.toml"))
    assert "\n" not in str(refused.value)


def test_a_ladder(tmp_path):
    plan = read_plan(written(tmp_path, 'name = "monday"\ntop = "2.6 km/h"\nhold_s = 90')).build(BELT, CAPS)

    assert plan.name == "monday"
    assert [(stage.target.kmh, stage.hold_s) for stage in plan.stages] == [(1.0, 90), (1.8, 90), (2.6, 90)]


@pytest.mark.parametrize("top", ["2.6", '"2.6"', '"2.6 km/h"', '"1.62mph"'])
def test_speeds_in_every_spelling(tmp_path, top):
    assert read_plan(written(tmp_path, f"top = {top}")).build(BELT, CAPS).stages[-1].target == Speed(260)


def test_the_mark_that_some_editors_put_before_a_text_is_no_fault(tmp_path):
    assert read_plan(written(tmp_path, "\ufefftop = 2\r\n")).build(BELT, CAPS).stages[-1].target == Speed(200)


def test_stages_one_by_one(tmp_path):
    text = '[[stage]]\ntarget = "1.0"\nhold_s = 120\n[[stage]]\ntarget = 1.8\nhold_s = 60'
    plan = read_plan(written(tmp_path, text)).build(BELT, CAPS)

    assert [(stage.target.kmh, stage.hold_s) for stage in plan.stages] == [(1.0, 120), (1.8, 60)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[stage]]\ntarget = "1.0"\n[[stage]]\ntarget = "9"', "stage 2: 9.00 km/h is over the cap"),
        ('[[stage]]\ntarget = "1.0"\nhold_s = 30', "stage 1"),
        ('[[stage]]\ntarget = "1.0"\n[[stage]]\ntarget = "2.6"', "stage 2"),
        ('top = "9"', r"over the cap .* \(R10\)"),
        ('[[stage]]\ntarget = "3.3"', r"stage 1: 3.30 km/h is over the cap .* \(R10\)"),
        ('top = "0.5"', r"below the machine's lowest speed .* \(R6\)"),
        ('[[stage]]\ntarget = "1.0"\nhold_s = 3601', r"at most 3600 seconds, not 3601 \(R9\)"),
    ],
)
def test_what_could_never_be_allowed_is_refused_when_built(tmp_path, text, words):
    request = read_plan(written(tmp_path, text))

    with pytest.raises(PlanError, match=words):
        request.build(BELT, CAPS)


def test_the_preset():
    assert read_plan("ladder").build(BELT, CAPS).stages[-1].target <= CAPS.backward


@pytest.mark.parametrize("name", ["nowhere.toml", "x" * 150, "\x1b[31mred"])
def test_a_file_that_is_not_there(name):
    with pytest.raises(ConfigError, match="neither a preset") as refused:
        read_plan(name)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", ""])
def test_a_name_that_no_file_can_have(name):
    with pytest.raises(ConfigError) as refused:
        read_plan(name)
    assert len(str(refused.value)) < 500


def test_what_is_no_file_is_not_read(tmp_path):
    with pytest.raises(ConfigError, match="not a file"):
        read_plan(str(tmp_path))
    if sys.platform != "win32":
        with pytest.raises(ConfigError, match="not a file"):
            read_plan("/dev/zero")
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ConfigError, match="not a file"):
            read_plan(str(tmp_path / "pipe"))


def test_a_huge_file_is_not_read_whole(tmp_path):
    with pytest.raises(ConfigError, match="larger than a plan file can be"):
        read_plan(written(tmp_path, b"#" * 200_000))


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_may_not_be_read(tmp_path):
    file = written(tmp_path, "top = 2")
    Path(file).chmod(0)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_plan(file)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_plan_or_one_line(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("plans") / "plan.toml"
    file.write_bytes(data)
    refused = ""
    try:
        read_plan(str(file))
    except ConfigError as error:
        refused = str(error)
    assert "\n" not in refused
