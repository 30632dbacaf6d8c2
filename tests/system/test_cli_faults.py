"""Whatever breaks (our own code, a screen, the disk, the machine): the belt is brought to rest, one line says so."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest
from bleak.exc import BleakGATTProtocolError
from cli_inside import Inside, entering, once

from retroctl.adapters.ble.faults import write_fault
from retroctl.adapters.ble.lock import machine_lock
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.journal import SqliteJournal, files, read
from retroctl.app.attendant import Attendant
from retroctl.app.engine import Engine
from retroctl.app.recorder import Recorder
from retroctl.cli import session
from retroctl.cli.app import run_app
from retroctl.errors import ConfigError, DiskFull, JournalError, TreadmillError, TreadmillNotFound, UnsupportedTreadmill
from retroctl.units import Speed
from simulators.personality import personality
from simulators.traits import EVERYTHING

pytestmark = pytest.mark.virtual

STANDARD = personality("standard")


@pytest.fixture
def inside(monkeypatch, capfd, tmp_path):
    return Inside(monkeypatch, capfd, tmp_path / "data")


def one_line(text: str) -> bool:
    return len(text) > 20 and "\n" not in text


# -- our own faults --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["frame", "tick", "handle"])
@pytest.mark.parametrize("stage", ["starting", "settling", "holding", "easing_down", "stopping"])
async def test_a_fault_in_the_engine_stops_the_belt_without_it(inside, monkeypatch, method, stage):
    def broken(*_args, **_kwargs):
        raise RuntimeError("injected")

    def break_it() -> None:
        monkeypatch.setattr(Engine, method, broken)
        if method == "handle":
            inside.soon(lambda: inside.leave("SIGINT"))
        elif method == "tick":
            inside.machine.faults.drop_frames = 3  # so that a deadline of the session passes

    inside.hook = once(entering(stage), break_it)

    assert await inside.run() == 1

    assert inside.true_speed == 0
    assert inside.summary["belt_at_rest"] is True
    assert inside.err.splitlines()[0].startswith("retroctl: a fault in this program: RuntimeError: injected")
    assert "Traceback" not in inside.err
    assert inside.written[-1] == "0801"
    events = [row.data.get("event") for row in inside.record.rows]
    assert "Fault" in events
    assert "LastResort" in events


async def test_a_fault_with_a_belt_that_ignores_stop_is_not_called_rest(inside, monkeypatch):
    inside.personality = personality("stop-ignored")
    inside.hook = once(entering("holding"), lambda: monkeypatch.setattr(Engine, "frame", lambda *_: 1 / 0))

    assert await inside.run() == 4

    assert inside.true_speed > 0
    assert "ZeroDivisionError" in inside.err
    assert "PULL THE CLIP" in inside.err


async def test_a_fault_while_the_link_is_down_connects_again_to_stop(inside, monkeypatch):
    def break_it() -> None:
        monkeypatch.setattr(Engine, "link_dropped", lambda *_: 1 / 0)
        inside.soon(lambda: inside.radio.drop("C0:DE:00:00:00:01"))

    inside.hook = once(entering("holding"), break_it)

    assert await inside.run() == 1

    assert inside.true_speed == 0
    assert inside.machine.connections == 2
    assert inside.written[-1] == "0801"


async def test_a_fault_before_arming_writes_nothing(inside, monkeypatch):
    inside.hook = once(entering("observing"), lambda: monkeypatch.setattr(Engine, "frame", lambda *_: 1 / 0))

    assert await inside.run() == 1

    assert inside.written == []


@pytest.mark.parametrize(
    "stage", ["observing", "armed", "starting", "holding", "announcing", "easing_down", "stopping"]
)
async def test_a_screen_that_crashes_stops_the_belt(inside, stage):
    def crash() -> None:
        raise KeyError("a screen's bug")

    inside.hook = once(entering(stage), crash)

    assert await inside.run() == 1

    assert inside.true_speed == 0
    assert "KeyError" in inside.err
    assert inside.record.summary.outcome["belt_at_rest"] is True  # the others went on: the record is whole


async def test_a_screen_that_crashes_at_the_way_out_does_not_block_it(inside):
    def crash(report) -> None:
        if report.kind == "event" and report.data["event"] == "Leaving":
            raise OSError("a screen's bug")

    inside.hook = crash
    wait = once(entering("holding"), lambda: inside.soon(lambda: inside.leave("SIGINT")))
    inside.hook = lambda report: (wait(report), crash(report))

    assert await inside.run() == 1
    assert inside.true_speed == 0


@pytest.mark.parametrize(("owner", "kind"), [(Recorder, "telemetry"), (Attendant, "cue"), (JsonLines, "command")])
async def test_any_listener_that_crashes_stops_the_belt(inside, monkeypatch, owner, kind):
    works = owner.__call__

    def crashing(self, report) -> None:
        if report.kind == kind and report.t > 20:
            raise TypeError("a bug")
        works(self, report)

    monkeypatch.setattr(owner, "__call__", crashing)

    assert await inside.run() == 1

    assert inside.true_speed == 0
    assert "TypeError" in inside.err


async def test_an_exception_that_nobody_catches_stops_the_belt(inside):
    inside.hook = once(entering("holding"), lambda: inside.soon(lambda: 1 / 0))

    assert await inside.run() == 1

    assert inside.true_speed == 0
    assert "ZeroDivisionError" in inside.err
    assert "Traceback" not in inside.err


async def test_the_traceback_is_there_for_those_who_ask(inside, monkeypatch):
    monkeypatch.setenv("RETROCTL_DEBUG", "1")
    inside.hook = once(entering("holding"), lambda: inside.soon(lambda: 1 / 0))

    assert await inside.run() == 1
    assert "Traceback" in inside.err


async def test_a_summary_that_cannot_be_made_is_an_internal_error_after_the_belt_rests(inside, monkeypatch):
    monkeypatch.setattr(session, "summary_of", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await inside.run()

    assert inside.true_speed == 0


# -- the record ------------------------------------------------------------------------------------------------------


async def test_a_disk_that_is_full_at_the_start_ends_before_anything(inside, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _path: SimpleNamespace(free=1000))

    await inside.run()

    assert isinstance(inside.error, DiskFull)
    assert one_line(str(inside.error))
    assert inside.machines == []


async def test_a_data_folder_that_cannot_be_written_ends_before_anything(inside, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")

    await inside.run()

    assert isinstance(inside.error, JournalError)
    assert "name another data folder" in str(inside.error)
    assert inside.machines == []


async def test_a_disk_that_fills_in_mid_session_alarms_and_eases_down(inside, monkeypatch):
    full: list[bool] = []

    def seam(where, _connection) -> None:
        if full and where == "commit":
            raise sqlite3.OperationalError("database or disk is full")

    opened = SqliteJournal.open

    async def open_with_seam(folder):
        return await opened(folder, seam=seam)

    monkeypatch.setattr(session.SqliteJournal, "open", open_with_seam)
    inside.hook = once(entering("holding"), lambda: full.append(True))

    assert await inside.run(top="2.6") == 0

    assert inside.true_speed == 0
    alarms = [line for line in inside.lines if line["type"] == "alarm"]
    assert [alarm["id"] for alarm in alarms] == ["F14"]
    assert "no room left" in alarms[0]["text"]
    assert inside.summary["peak_kmh"] == 1.0
    assert "record of this session is not complete" in inside.err


# -- the machine -----------------------------------------------------------------------------------------------------

UNUSABLE = {
    "empty-reads": (personality("empty-reads"), "--range"),
    "increment 0": (STANDARD.but(increment=Speed(0)), "increment of 0"),
    "minimum 0": (STANDARD.but(minimum=Speed(0)), "lowest speed of 0"),
    "min > max": (STANDARD.but(minimum=Speed(500), maximum=Speed(400)), "over its highest"),
    "no Treadmill Data": (STANDARD.but(characteristics=EVERYTHING - {"2acd"}), "Treadmill Data"),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_a_machine_that_cannot_be_used_is_named_with_the_way_out(inside, what):
    inside.personality, words = UNUSABLE[what]

    await inside.run()

    assert isinstance(inside.error, UnsupportedTreadmill)
    assert words in str(inside.error)
    assert one_line(str(inside.error))
    assert inside.written == []
    assert inside.true_speed == 0
    assert inside.record.summary.outcome == {"exit_status": 3, "reason": str(inside.error)}


async def test_a_top_over_the_cap_is_refused_before_anything_is_written(inside):
    await inside.run(top="9")

    assert isinstance(inside.error, ConfigError)
    assert "over the cap of 3.20 km/h" in str(inside.error)
    assert inside.written == []
    assert read.sessions(inside.folder / "records.sqlite3") == [], "a slip of the pen is no session"


@pytest.mark.parametrize("first", [0x05, 0x80], ids=["at once", "after another refusal"])
async def test_a_machine_that_wants_pairing_says_so_once_and_how(inside, monkeypatch, first):
    codes = iter([first])

    async def refused(self, payload):
        raise write_fault(BleakGATTProtocolError(next(codes, 0x05)), connected=True)

    monkeypatch.setattr(BleTreadmill, "write", refused)

    assert await inside.run() == 0

    said = [line["reason"] for line in inside.lines if line["type"] == "refusal" and line["rule"] == "pairing"]
    assert len(said) == 1
    assert "wants to be paired first (ATT error 0x05)" in said[0]
    assert inside.true_speed == 0


async def test_a_belt_that_moves_already_is_left_alone(inside):
    inside.personality = personality("moves-at-connect")

    assert await inside.run() == 3

    assert inside.written == []
    assert inside.summary["belt_at_rest"] is False
    assert inside.err.startswith("retroctl: the belt moves already")
    assert "console" in inside.err
    assert one_line(inside.err.rstrip("\n"))


@pytest.mark.parametrize("answer_s", [0.0, 0.005, 0.01, 0.03])
async def test_an_answer_that_overtakes_its_own_write_hinders_no_start(inside, answer_s):
    inside.personality = STANDARD.but(answer_s=answer_s)

    assert await inside.run() == 0
    assert inside.written == ["00", "07", "026400", "02b400", "026400", "0801"]


async def test_a_machine_that_vanishes_in_mid_session_ends_at_rest(inside):
    inside.personality = personality("vanishes")

    assert await inside.run() == 0

    assert inside.true_speed == 0
    assert "F2" in [line["id"] for line in inside.lines if line["type"] == "alarm"]
    assert inside.written.count("07") == 1
    assert any(row.kind == "link" for row in inside.record.rows)


async def test_a_machine_that_never_comes_back_is_not_confirmed(inside):
    inside.hook = once(entering("holding"), lambda: inside.soon(lambda: inside.radio.out_of_range("C0:DE:00:00:00:01")))

    assert await inside.run() == 4

    assert inside.summary["belt_at_rest"] is False
    assert "PULL THE CLIP" in inside.err
    assert inside.record.summary.outcome["exit_status"] == 4


async def test_two_treadmills_in_range_are_named_and_none_is_touched(inside):
    inside.others = [STANDARD]

    await inside.run(sim=None, yes=False, terminal=True)

    assert isinstance(inside.error, TreadmillNotFound)
    assert "Belt 1" in str(inside.error)
    assert "Belt 2" in str(inside.error)
    assert "--address" in str(inside.error)
    assert all(each.connections == 0 for each in inside.machines)
    assert inside.record.summary.outcome["exit_status"] == 3


async def test_bluetooth_that_is_off_is_one_line_with_the_way_out(inside):
    inside.powered = False

    await inside.run(sim=None, yes=False, terminal=True)

    assert isinstance(inside.error, TreadmillError)
    assert one_line(str(inside.error))
    assert inside.written == []


async def test_no_treadmill_names_the_usual_cause(inside, monkeypatch):
    monkeypatch.setattr(inside, "_put_on_air", lambda: None)

    await inside.run(sim=None, yes=False, terminal=True)

    assert isinstance(inside.error, TreadmillNotFound)
    assert "phone" in str(inside.error)


async def test_a_second_program_on_the_same_machine_is_turned_away(inside, tmp_path):
    with machine_lock("C0:DE:00:00:00:01", "Belt 1", folder=tmp_path / "data" / "locks"):
        await inside.run(sim=None, yes=False, terminal=True)

    assert isinstance(inside.error, TreadmillError)
    assert "another retroctl" in str(inside.error)
    assert inside.machine.connections == 0
    assert inside.record.summary.outcome["exit_status"] == 3


# -- the top of the program ------------------------------------------------------------------------------------------


def test_an_unexpected_exception_at_the_top_is_one_line_and_status_1(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["retroctl", "decode", "2acd", "00"])
    monkeypatch.setattr("retroctl.cli.decode.decode_text", lambda *_: 1 / 0)

    with pytest.raises(SystemExit) as ended:
        run_app()

    assert ended.value.code == 1
    err = capsys.readouterr().err
    assert err.startswith("retroctl: internal error: ZeroDivisionError")
    assert "Traceback" not in err
