"""Sessions with a strap, the whole program in virtual time: the rate arrives, limits and is missed; it never moves."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from cli_inside import Inside, entering, once

from retroctl.adapters.clients.straps import StrapBook
from retroctl.adapters.console.text import plain
from retroctl.app.client_given import Given
from retroctl.cli import client_work
from retroctl.cli.options import RunOptions, demo_options
from retroctl.cli.person import DEMO, NOBODY, person
from retroctl.cli.strap import SIM_STRAP_ADDRESS, StrapChoice, remember_strap, strap_choice
from retroctl.errors import ConfigError
from simulators.heart import SimulatedStrap

virtual = pytest.mark.virtual


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path):
    return Inside(monkeypatch, capfd, tmp_path)


def f10(inside: Inside) -> list[str]:
    return [line["text"] for line in inside.lines if line["type"] == "alarm" and line["id"] == "F10"]


@virtual
async def test_a_rate_is_in_the_telemetry_the_record_and_the_summary(inside):
    assert await inside.run(client="demo", sim_strap="steady", top="1.8") == 0
    rates = [line["heart_rate_bpm"] for line in inside.lines if line["type"] == "telemetry"]
    known = [rate for rate in rates if rate is not None]
    assert len(known) > 100
    assert f10(inside) == []
    assert "note" not in {line["type"] for line in inside.lines}, "a known rate stands in for a rating"
    assert inside.summary["heart_peak_bpm"] == max(known)
    assert inside.summary["heart_average_bpm"] == pytest.approx(sum(known) / len(known), abs=1)
    record = inside.record
    kept = [sample.heart_rate for sample in record.samples if sample.heart_rate is not None]
    assert kept == known
    rows = [row.data for row in record.rows if row.kind == "link"]
    assert {"strap": "The strap is connected."} in rows
    assert not any(SIM_STRAP_ADDRESS in str(row.data) for row in record.rows), "whose strap it is, is not in the record"
    assert record.settings["heart_limit_bpm"] == 150


@virtual
async def test_without_a_strap_no_line_speaks_of_a_heart(inside):
    assert await inside.run(client="demo") == 0
    assert not any("heart" in key for line in inside.lines for key in line)


@virtual
async def test_a_dropout_is_told_and_a_rating_stands_in(inside):
    assert await inside.run(client="demo", sim_strap="dropouts", top="2.6") == 0
    silent = f10(inside)
    assert silent
    assert set(silent) == {"HEART RATE UNKNOWN: no heart rate from the strap for 5 s; raises wait for RPE"}
    ratings = [line for line in inside.lines if line["type"] == "note"]
    raises = [line["t"] for line in inside.lines if line["type"] == "command" and line.get("target_kmh") in (1.8, 2.6)]
    assert len(ratings) >= 1, "a hold was served while nothing was heard"
    assert len(raises) >= 2


@virtual
async def test_a_heart_over_the_limit_is_not_driven_higher(inside):
    assert await inside.run(client="demo", sim_strap="high", top="4.2") == 0
    assert [text.partition(": ")[2] for text in f10(inside)][:2] == [
        "over 150 for 15 s; raises wait",
        "still over 150; step down?",
    ]
    assert inside.summary["peak_kmh"] == pytest.approx(1.8, abs=0.05)
    asked = [line.get("target_kmh") for line in inside.lines if line["type"] == "command"]
    assert 2.6 not in asked


@virtual
async def test_with_nobody_named_the_limit_is_not_known_and_each_raise_waits_for_a_rating(inside):
    assert await inside.run(sim_strap="steady", top="1.8") == 0
    ratings = [line["t"] for line in inside.lines if line["type"] == "note"]
    raised = next(line["t"] for line in inside.lines if line.get("target_kmh") == 1.8 and line["type"] == "command")
    assert ratings[0] < raised


@virtual
async def test_a_strap_that_is_not_there_changes_nothing_but_that_raises_wait(inside, monkeypatch):
    monkeypatch.setattr(SimulatedStrap, "advertises", lambda self, now: False)
    inside.hook = once(entering("ready"), lambda: inside.soon(lambda: inside.leave("SIGTERM")))
    assert await inside.run(client="demo", sim_strap="steady") == 0
    assert f10(inside) == ["HEART RATE UNKNOWN: no heart rate has come from the strap yet; raises wait for RPE"]


@virtual
async def test_stop_is_as_quick_with_a_strap_that_never_answers(inside, monkeypatch):
    async def for_ever(self, frame):
        await asyncio.Event().wait()

    monkeypatch.setattr("retroctl.adapters.ble.strap.BleStrap.connect", for_ever)
    pressed = []

    def stop() -> None:
        pressed.append(inside.clock.now())
        inside.leave("SIGTERM")

    inside.hook = once(entering("holding"), lambda: inside.soon(stop))
    assert await inside.run(client="demo", sim_strap="steady") == 0
    stops = [entry.at for entry in inside.machine.log if entry.data.hex() == "0801"]
    assert stops[0] - pressed[0] < 0.1


def test_what_may_be_asked_for_and_what_not():
    assert strap_choice(None, None, sim=None, remembered=None) is None
    assert strap_choice(None, None, sim=None, remembered="AA:BB") == StrapChoice("AA:BB")
    assert strap_choice("none", None, sim=None, remembered="AA:BB") is None
    assert strap_choice("auto", None, sim=None, remembered="AA:BB") == StrapChoice()
    assert strap_choice(" AA:CC ", None, sim=None, remembered="AA:BB") == StrapChoice("AA:CC")
    assert strap_choice(None, None, sim="standard", remembered="AA:BB") is None
    assert strap_choice(None, "high", sim="standard", remembered=None) == StrapChoice(sim="high")
    assert [StrapChoice().words, StrapChoice("AA").words, StrapChoice(sim="high").words] == [
        "the only one in range",
        "AA",
        "simulated, high",
    ]


@pytest.mark.parametrize(
    ("strap", "sim_strap", "sim", "says"),
    [
        (None, "steady", None, "add --sim standard"),
        ("auto", "steady", "standard", "exclude each other"),
        (None, "polar", "standard", "no simulated strap is called 'polar'"),
        ("AA:BB", None, "standard", "use --sim-strap steady"),
        ("", None, None, "give an address"),
        ("A" * 65, None, None, "give an address"),
        ("\x1b[2J", None, None, "give an address"),
    ],
)
def test_what_makes_no_sense_is_one_line(strap, sim_strap, sim, says):
    with pytest.raises(ConfigError, match=says) as refused:
        strap_choice(strap, sim_strap, sim=sim, remembered=None)
    assert plain(str(refused.value)) == str(refused.value)


def test_straps_are_remembered_by_id_and_forgotten_with_the_client(tmp_path):
    book = StrapBook(tmp_path)
    assert book.of("a1") is None
    book.remember("a1", "AA:BB:CC:00:00:01")
    book.remember("a1", "AA:BB:CC:00:00:01")
    book.remember("b2", "AA:BB:CC:00:00:02")
    assert (book.of("a1"), book.of("b2")) == ("AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02")
    book.remember("a1", 'x"\n[evil]')
    assert book.of("a1") == "xevil"
    book.forget("a1")
    book.forget("a1")
    assert (book.of("a1"), book.of("b2")) == (None, "AA:BB:CC:00:00:02")
    assert book.file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["a1 = 5\n", "a1 = ", "\xff", '[a1]\nb = "c"\n'])
def test_a_file_that_makes_no_sense_is_named_with_the_way_out(tmp_path, text):
    book = StrapBook(tmp_path)
    book.file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"straps\.toml: .*chosen anew with --strap"):
        book.of("a1")
    book.file.unlink()
    book.file.mkdir()
    with pytest.raises(ConfigError, match=r"straps\.toml"):
        book.of("a1")
    with pytest.raises(ConfigError, match=r"straps\.toml"):
        book.remember("a1", "AA")


def test_a_client_has_limits_and_the_strap_worn_last(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    year = date.today().year - 38  # noqa: DTZ011 - this computer's own day, as the program takes it
    client_work.add_client("Vera", Given(birth_year=year, resting_hr=60, screening="clear", consent="today"), by="me")
    who = person("Vera", tmp_path, simulated=False)
    assert (who.heart.high_bpm, who.heart.rpe_max, who.strap) == (131, 13, None)
    asked = dict.fromkeys(("sim", "address", "plan", "top", "hold", "advance", "speed_range"), None)
    asked |= {"speedup": "1", "plain": True, "jsonl": False, "yes": False, "coarse": False, "terminal": True}
    options = RunOptions.checked(client="Vera", strap="auto", **asked)
    assert options.strap == StrapChoice()
    assert remember_strap(options, "AA:BB") is None
    again = RunOptions.checked(client="Vera", **asked)
    assert again.strap == StrapChoice("AA:BB")
    assert again.heart.high_bpm == 131
    StrapBook(tmp_path).file.write_text("x")
    assert "straps.toml" in (remember_strap(options, "AA:CC") or "")
    StrapBook(tmp_path).file.unlink()
    StrapBook(tmp_path).remember(who.client_id or "", "AA:BB")
    client_work.erase_client("Vera", yes=True)
    assert StrapBook(tmp_path).of(who.client_id or "") is None
    capsys.readouterr()


def test_nobody_and_the_demonstration():
    assert (NOBODY.heart.high_bpm, NOBODY.heart.rpe_max) == (None, 13)
    assert (DEMO.heart.high_bpm, DEMO.heart.near_max_bpm, DEMO.heart.rpe_max) == (150, 168, 14)
    assert remember_strap(demo_options(), "AA:BB") is None
