"""`retroctl plan`: presets and files listed, drawn, judged and written; every refusal one line with stage and rule."""

from __future__ import annotations

import re
import sys

import pytest

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.plans import PRESETS, Preset, read_plan
from retroctl.cli import plan_work
from retroctl.cli.app import run_app
from retroctl.errors import ConfigError


@pytest.fixture
def retroctl(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_app()
        said = capfd.readouterr()
        assert ended.value.code == status, said.err
        if status:
            assert said.err.count("\n") == 1
        return said.err if status else said.out

    return command


def test_the_list_has_every_preset_and_the_files_here(retroctl, tmp_path):
    (tmp_path / "monday.toml").write_text("top = 2.6\n")
    said = retroctl("plan", "list")
    assert all(f"\n{preset}" in f"\n{said}" for preset in Preset)
    assert "monday.toml" in said


def test_a_plan_is_drawn_with_rungs_holds_facing_and_the_cap_as_an_edge(retroctl):
    said = retroctl("plan", "show", "intervals:count=2,top=3.4km/h", "--client", "demo")
    lines = said.splitlines()
    assert "  4   3.40 km/h    3:00  backward work" in lines
    assert "  5   2.60 km/h    1:00  backward recovery" in lines
    assert "peak 3.40 km/h, longest interval 180 s, 2 of them" in said
    assert max(len(line) for line in lines if "█" in line) <= 80
    ladder = retroctl("plan", "draw", "ladder")
    assert "cap 3.20 ╌" in ladder
    assert "▒" not in ladder
    assert "▒" in retroctl("plan", "draw", "balance-introduction")


def test_on_an_output_without_blocks_it_is_drawn_in_letters(retroctl, monkeypatch):
    class Narrow:
        encoding = "ascii"

    shown: list[str] = []
    monkeypatch.setattr(plan_work, "sys", type("S", (), {"stdout": Narrow}))
    monkeypatch.setattr("builtins.print", lambda text="": shown.append(text))
    plan_work.draw_only("ladder", None, None, with_simulated=False)
    text = "\n".join(shown)
    assert text.isascii()
    assert "cap 3.20 -" in text
    assert "####" in text


@pytest.mark.parametrize("preset", [*Preset, "stages"])
def test_a_file_that_is_written_is_a_plan_with_the_presets_own_defaults(retroctl, tmp_path, preset):
    retroctl("plan", "new", preset, "it.toml")
    request = read_plan(str(tmp_path / "it.toml"))
    assert request.name == "it"
    if preset != "stages":
        assert request.preset == preset
        for key, value in PRESETS[Preset(preset)].defaults.items():
            assert getattr(request, key) == value
    if preset not in ("outdoor", "rehab"):
        assert retroctl("plan", "check", "it.toml", "--client", "demo").startswith("OK: it, ")
    assert "already" in retroctl("plan", "new", preset, "it.toml", status=2)


def test_what_cannot_be_written_or_is_no_preset_is_refused_in_one_line(retroctl):
    assert "give one of ladder" in retroctl("plan", "new", "sprint", "it.toml", status=2)
    assert "cannot be written" in retroctl("plan", "new", "ladder", "no/such/it.toml", status=2)
    assert "cannot be written" in retroctl("plan", "new", "ladder", "it\0.toml", status=2)


REFUSED = {
    "ladder:top=3.3km/h": "over the cap of 3.20 km/h (level new)",
    "intervals": "stage 4: backward work is for clients whose balance is mastered (R13)",
    "balance-introduction:count=3": "one interval, or two at most, not 3 (R13)",
    "rehab": "a clinician's clearance (R20)",
    "ladder:hold_s=59": "hold_s",
    "ladder:hold_s=nan": "hold_s",
    "intervals:count=1000000": "count",
    "intervals:interval_s=3 min": "interval_s",
    "intervals:top=5 parsec": "'5 parsec' is not a speed",
    "intervals:color=[red]": "color: is not a key of a plan",
    "ladder:count=2": "count: the preset ladder has no such key",
    "ladder:top=2,top=3": "top: given twice",
    "ladder:name=x": "name: only in a plan file",
    "ladder:": "write a preset's keys as ladder:KEY=VALUE",
    "sprint": "neither a preset (",
}


@pytest.mark.parametrize("source", REFUSED)
def test_a_refusal_names_stage_rule_or_key(retroctl, source):
    said = retroctl("plan", "check", source, status=2)
    assert REFUSED[source] in said


FILES = {
    "nan": ("hold_s = nan", "hold_s"),
    "a million stages": ('[[stage]]\ntarget = "1.0"\n' * 1_000_000, "larger than a plan file can be"),
    "600 stages": ('[[stage]]\ntarget = "1.0"\n' * 600, "600 stages are too many; a plan has 500"),
    "unknown key": ('speed = "3"', "speed: is not a key of a plan"),
    "wrong unit": ('top = "3 m/s"', "'3 m/s' is not a speed"),
    "a name of many lines": ('name = "a\\nb"', "name: a name is one line"),
    "control characters in a key": ('"a\\u001b[31m" = 1', "is not a key of a plan"),
    "preset and stages": ('preset = "steady"\n[[stage]]\ntarget = "1.0"', "either a preset or stages"),
    "a preset that is none": ('preset = "sprint"', "preset: give one of ladder, "),
    "a key of another preset": ('preset = "steady"\ncount = 3', "count: the preset steady has no such key"),
    "a hold beside stages": ('hold_s = 90\n[[stage]]\ntarget = "1.0"', "hold_s: a plan with stages has no such key"),
    "incline": ('[[stage]]\ntarget = "1.0"\n[[stage]]\ntarget = "1.0"\nincline_pct = 1', "stage 2: an incline of 1 %"),
    "incline nan": ('[[stage]]\ntarget = "1.0"\nincline_pct = nan', "stage 1: incline_pct"),
    "work": ('[[stage]]\ntarget = "1.0"\nkind = "work"', "stage 1: backward work is for clients whose balance"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_wrong_gets_one_clear_line(retroctl, tmp_path, what):
    text, words = FILES[what]
    (tmp_path / "it.toml").write_text(text)
    said = retroctl("plan", "check", "it.toml", status=2)
    assert words in said
    assert "\x1b" not in said


def test_markup_in_a_name_is_shown_as_it_is(retroctl, tmp_path):
    (tmp_path / "it.toml").write_text('name = "[bold]x[/bold]"\ntop = 1.8')
    assert "[bold]x[/bold]: 4:00 of holds" in retroctl("plan", "show", "it.toml")


def test_outdoors_has_nothing_to_draw_and_no_plan_on_a_machine(retroctl, tmp_path):
    assert "no machine" in retroctl("plan", "show", "outdoor")
    assert "OK" in retroctl("plan", "check", "outdoor")
    assert "no stages" in retroctl("plan", "draw", "outdoor", status=2)
    (tmp_path / "it.toml").write_text('preset = "outdoor"')
    said = retroctl("run", "--plan", "it.toml", "--sim", "standard", "--yes", status=2)
    assert "(R25): retroctl run --plan outdoor" in said


def test_a_plan_for_a_client_is_judged_by_what_was_done_and_the_machines_range(retroctl, tmp_path):
    retroctl("client", "add", "Ann", "--birth-year", "1986", "--screening", "clear", "--consent", "today",
             "--resting-hr", "60")  # fmt: skip
    assert "below the machine's lowest speed" in retroctl(
        "plan", "check", "ladder:top=1.0km/h", "--client", "Ann", "--range", "1.6-16/0.1", status=2
    )
    retroctl("client", "clear", "Ann", "--from", "Dr Lee", "--ends", "2999-01-01")
    retroctl("client", "level", "Ann", "rehab")
    said = retroctl("plan", "show", "rehab:top=1.2km/h", "--client", "Ann")
    band = r"keep the heart rate from 1\d\d to 1\d\d a minute and the RPE at 12 or less \(level rehab; R20\)"
    assert re.search(band, said)
    assert ClientStore(tmp_path / "data").find("Ann").facts.level == "rehab"


def test_a_preset_alone_or_with_keys_is_what_a_file_would_be():
    assert read_plan("intervals").name == "intervals"
    assert read_plan("intervals:count=7").count == 7
    with pytest.raises(ConfigError, match="neither a preset"):
        read_plan("intervalls:count=7")
