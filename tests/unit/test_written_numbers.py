"""Numbers as people write them: the same in every option, form and preset."""

from __future__ import annotations

import sys

import pytest

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.plans import read_plan
from retroctl.app.client_forms import Act, ClientForms
from retroctl.app.client_given import FIELDS
from retroctl.cli.app import run_app
from retroctl.cli.client_work import desk_of
from retroctl.cli.exchange_import import number
from retroctl.cli.options import RunOptions, checked_belt, checked_speedup
from retroctl.errors import ConfigError
from retroctl.units import Speed
from retroctl.written import decimal, whole

DECIMALS = {"72.5": 72.5, "72,5": 72.5, " 72,50 ": 72.5, "60": 60.0, ",5": 0.5, ".5": 0.5, "-1,5": -1.5}
NONE = (
    "",
    " ",
    "nan",
    "inf",
    "1e3",
    "1_000",
    "72;5",
    "1.234,5",
    "1,234.5",
    "7 2",
    "5.",
    "5,",
    "\u0667",
    "0x10",
    "9" * 400,
)


@pytest.mark.parametrize(("text", "value"), DECIMALS.items())
def test_a_point_is_as_good_as_a_comma(text, value):
    assert decimal(text) == value
    assert number("--scale", text) == value
    if value > 0:
        assert Speed.parse(text.strip()) == Speed.from_kmh(value)
        assert checked_speedup(text, "standard") == value


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number_is_named(text):
    for read in (decimal, lambda given: number("--scale", given), lambda given: checked_speedup(given, "standard")):
        with pytest.raises(ConfigError, match=r"is not a number; write it as 72\.5 or 72,5"):
            read(text)
    with pytest.raises(ConfigError, match="is not a speed" if len(text) < 300 else "faster than any treadmill"):
        Speed.parse(text)


@pytest.mark.parametrize("text", ["", "60,0", "60.0", "sixty", "6_0", "\u0666\u0660", "9" * 5000])
def test_what_is_counted_is_whole(text):
    assert whole(" 60 ") == 60
    assert whole("-1") == -1
    with pytest.raises(ConfigError, match="is not a whole number"):
        whole(text)


@pytest.mark.parametrize("text", ["9" * 307, "9" * 308, "9" * 309])
def test_a_speed_of_so_many_digits_is_too_fast_and_no_fault_of_ours(text):
    with pytest.raises(ConfigError, match="faster than any treadmill"):
        Speed.parse(text)
    with pytest.raises(ValueError, match="finite"):
        Speed.from_kmh(1e308)


def test_a_session_takes_them(tmp_path, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    nothing = dict.fromkeys(("address", "client", "plan", "advance", "speed_range"))
    options = RunOptions.checked(
        **nothing, sim="standard", top="1,8", hold="60,5", speedup="2,5", volume="70,0", plain=False, jsonl=True,
        yes=True, coarse=False, terminal=False,
    )  # fmt: skip
    assert (options.request.top, options.request.hold_s, options.speedup, options.volume) == (Speed(180), 60.5, 2.5, 70)
    assert checked_belt("1,0-16,0/0,1") == checked_belt("1.0-16.0/0.1")


def test_a_preset_takes_them_between_its_commas():
    request = read_plan("intervals:count=2,top=3,5km/h,hold_s=60,5")
    assert (request.top, request.count, request.hold_s) == (Speed(350), 2, 60.5)
    assert read_plan("intervals:top=3,5") == read_plan("intervals:top=3.5")
    for wrong in ("intervals:top=3,5,", "intervals:3,5", "intervals:count=2,5"):
        with pytest.raises(ConfigError):
            read_plan(wrong)


def test_commands_and_forms_take_them_alike(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))

    def said(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_app()
        told = capfd.readouterr()
        return ended.value.code, told.out + told.err

    added = ("client", "add", "Ann", "--birth-year", "1986", "--mass")
    status, told = said(*added, "72;5")
    assert status == 2
    assert "'--mass': '72;5' is not a number; write it as 72.5 or 72,5" in told
    assert said(*added, "72,5", "--resting-hr", "60", "--forward", "8,5km/h")[0] == 0
    ann = ClientStore(tmp_path).find("Ann")
    assert (ann.facts.mass_kg, ann.facts.comfortable_forward) == (72.5, Speed(850))
    status, told = said("client", "edit", "Ann", "--resting-hr", "60,5")
    assert status == 2
    assert "'60,5' is not a whole number" in told
    assert "5.5 s before" in said("programme", "assess", "Ann", "--balance", "5,5", "--speed", "2,5")[1]
    assert said("scan", "--seconds", "soon")[0] == 2

    forms = ClientForms(desk_of(tmp_path, FIELDS))
    form = forms.open(Act.EDIT, ann.id)
    values = {field.key: field.value for field in form.fields}
    forms.keep(form, {**values, "mass": "71,25", "forward": "9,0", "resting-hr": " 61 "})
    facts = ClientStore(tmp_path).find("Ann").facts
    assert (facts.mass_kg, facts.comfortable_forward, facts.resting_bpm) == (71.25, Speed(900), 61)
