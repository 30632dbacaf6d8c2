"""The computer's own power: a battery that runs down is told once for each mark, sleep is kept back, nobody waits."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from retroctl.adapters import power
from retroctl.adapters.power import Awake, BatteryWatch, inhibit, read_battery, warning_of
from retroctl.adapters.power.battery import Battery, Marks
from retroctl.adapters.power.inhibit import Refused
from retroctl.app.reports import Kind, Report
from retroctl.cli.power import power_watched

ARMED = Report(1.0, Kind.STATE, {"state": "armed"})


class Held:
    words = "a made-up system"

    def __init__(self) -> None:
        self.released = threading.Event()

    def release(self) -> None:
        self.released.set()


class Told:
    """What was told in the loop, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[object] = []
        self._something = asyncio.Event()

    def __call__(self, *what: object) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.all.append(what if len(what) > 1 else what[0])
        self._something.set()

    async def count(self, number: int) -> None:
        async with asyncio.timeout(10):
            while len(self.all) < number:
                self._something.clear()
                await self._something.wait()


# -- the battery -------------------------------------------------------------------------------------------------------


def test_a_battery_is_told_once_below_each_mark_and_anew_after_it_was_plugged_in():
    marks = Marks()
    told = [
        percent
        for percent, discharging in [
            (50, True), (20, True), (19.6, True), (15, True), (9, True), (8, True), (8, False), (9, True),
        ]
        if marks.take(Battery(percent, discharging))
    ]  # fmt: skip
    assert told == [19.6, 9, 9]


def test_a_battery_that_is_charging_full_or_not_there_is_nothing_to_tell():
    assert warning_of(None) is None
    assert warning_of(Battery(5, discharging=False)) is None
    assert warning_of(Battery(20, discharging=True)) is None
    assert "7 %" in str(warning_of(Battery(7, discharging=True)))


@pytest.mark.parametrize(
    ("answer", "battery"),
    [
        (None, None),
        (SimpleNamespace(percent=12.4, power_plugged=False), Battery(12.4, discharging=True)),
        (SimpleNamespace(percent=12, power_plugged=None), Battery(12, discharging=True)),
        (SimpleNamespace(percent=12, power_plugged=True), Battery(12, discharging=False)),
        (SimpleNamespace(percent=None, power_plugged=True), None),
        (OSError("no such file"), None),
        (ValueError("could not convert string to float"), None),
    ],
)
def test_whatever_the_system_says_of_its_battery_is_a_reading_or_none(monkeypatch, answer, battery):
    def asked():
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(psutil, "sensors_battery", asked, raising=False)
    assert read_battery() == battery


async def test_a_battery_that_falls_is_told_in_the_loop():
    readings = iter([Battery(30, discharging=True), Battery(18, discharging=True), Battery(9, discharging=True)])
    watch, told = BatteryWatch(lambda: next(readings, None), every_s=0.01), Told()
    watch.begin(told)
    await told.count(2)
    assert watch.close()
    assert [str(words).split(" -")[0] for words in told.all] == ["BATTERY AT 18 %", "BATTERY AT 9 %"]


async def test_a_reading_that_blocks_holds_up_nobody():
    release = threading.Event()
    watch, told = BatteryWatch(lambda: release.wait(30) and None), Told()
    began = time.monotonic()
    watch.begin(told)
    assert watch.close() is False
    assert time.monotonic() - began < 5
    release.set()
    assert told.all == []


# -- sleep -------------------------------------------------------------------------------------------------------------


async def test_the_computer_is_kept_awake_from_arming_to_the_end_and_asked_once():
    held, told = Held(), Told()
    asked: list[str] = []

    def ask():
        asked.append(threading.current_thread().name)
        return held

    awake = Awake(ask)
    awake.begin(told)
    awake(Report(0.0, Kind.STATE, {"state": "briefing"}))
    awake(Report(0.0, Kind.CUE, {"text": "armed"}))
    assert asked == []
    awake(ARMED)
    awake(ARMED)
    await told.count(1)
    assert told.all == [(True, "a made-up system")]
    assert not held.released.is_set()
    assert awake.close()
    assert held.released.is_set()
    assert asked == ["awake"]
    awake(ARMED)
    assert asked == ["awake"], "what was let go is not asked for again"


@pytest.mark.parametrize("error", [Refused("not allowed"), ZeroDivisionError("a fault of ours")])
async def test_a_system_that_refuses_is_told_and_nothing_else_happens(error):
    def ask():
        raise error

    awake, told = Awake(ask), Told()
    awake.begin(told)
    awake(ARMED)
    await told.count(1)
    ((held, words),) = told.all
    assert held is False
    assert str(error) in words
    assert awake.close()


async def test_a_system_that_does_not_answer_holds_up_neither_arming_nor_the_end(monkeypatch):
    monkeypatch.setattr("retroctl.adapters.power.awake.CLOSE_S", 0.1)
    answer, held = threading.Event(), Held()

    def ask():
        answer.wait(30)
        return held

    awake = Awake(ask)
    awake.begin(Told())
    began = time.monotonic()
    awake(ARMED)
    assert awake.close() is False
    assert time.monotonic() - began < 5
    answer.set()
    assert held.released.wait(10), "what is granted too late is let go at once"


async def test_who_never_armed_asks_for_nothing():
    def ask():
        raise AssertionError

    awake = Awake(ask)
    awake.begin(Told())
    assert awake.close()


# -- the systems -------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(monkeypatch, tmp_path):
    """A folder that is the whole of PATH but for `cat` and the shell."""
    for name in ("cat", "sh", "sleep"):
        (tmp_path / name).symlink_to(next(Path(f) / name for f in ("/bin", "/usr/bin") if (Path(f) / name).exists()))
    monkeypatch.setenv("PATH", str(tmp_path))

    def program(name: str, text: str) -> None:
        file = tmp_path / name
        file.write_text(f"#!{tmp_path}/sh\n{text}\n")
        file.chmod(0o755)

    program.folder = tmp_path
    return program


posix = pytest.mark.skipif(sys.platform == "win32", reason="programs of Unix")
GRANTS = 'echo "$$ $*" >> {log}; for last; do :; done; exec "$last"'


@posix
def test_logind_grants_all_of_it(path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    log = path.folder / "log"
    path("systemd-inhibit", GRANTS.format(log=log))
    held = inhibit.hold_awake()
    pid, arguments = log.read_text().split(" ", 1)
    assert "--what=sleep:idle:handle-lid-switch --who=retroctl" in arguments
    assert "sleep, idle, handle-lid-switch" in held.words
    os.kill(int(pid), 0)
    held.release()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@posix
def test_logind_grants_less_and_less(path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    path("systemd-inhibit", 'case "$*" in *what=idle*) for last; do :; done; exec "$last";; esac; exit 1')
    held = inhibit.hold_awake()
    assert held.words == "logind keeps back idle"
    held.release()


@posix
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (None, "", "neither systemd-inhibit"),
        ("systemd-inhibit", "exit 1", "did not grant"),
        ("elogind-inhibit", "exit 1", "did not grant"),
        ("systemd-inhibit", "exec sleep 30", "did not grant"),
    ],
)
def test_a_linux_that_refuses_or_hangs_is_no(path, monkeypatch, name, text, words):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(inhibit, "ANSWER_S", 0.3)
    if name is not None:
        path(name, text)
    with pytest.raises(Refused, match=words):
        inhibit.hold_awake()


@posix
def test_a_mac_is_kept_awake_by_a_program_that_watches_this_one(path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Refused, match="not there"):
        inhibit.hold_awake()
    path("caffeinate", "exit 1")
    with pytest.raises(Refused, match="ended at once"):
        inhibit.hold_awake()
    log = path.folder / "log"
    path("caffeinate", f'echo "$*" > {log}; exec sleep 30')
    held = inhibit.hold_awake()
    held.release()
    assert log.read_text() == f"-dis -w {os.getpid()}\n"
    assert held._process.returncode == -9


@pytest.mark.parametrize("granted", [0, 1])
def test_windows_is_asked_in_the_thread_that_holds(monkeypatch, granted):
    flags: list[int] = []

    def ask(flag: int) -> int:
        flags.append(flag)
        return granted

    windll = SimpleNamespace(kernel32=SimpleNamespace(SetThreadExecutionState=ask))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(inhibit, "import_module", lambda _name: SimpleNamespace(windll=windll))
    if granted:
        inhibit.hold_awake().release()
        assert flags == [0x80000003, 0x80000000]
    else:
        with pytest.raises(Refused):
            inhibit.hold_awake()


# -- in a run ----------------------------------------------------------------------------------------------------------


class Run:
    """A runner that keeps what it is told to report."""

    def __init__(self) -> None:
        self.reports = Told()

    def report(self, kind: Kind, data: dict[str, object]) -> None:
        self.reports((kind, data))


REAL = SimpleNamespace(sim=None, terminal=True, speedup=1.0)


async def test_a_run_tells_of_a_low_battery_as_an_alarm_and_of_sleep_that_is_not_kept_back(monkeypatch):
    def refuse():
        raise Refused("no system bus")

    monkeypatch.setattr(power, "BatteryWatch", lambda: BatteryWatch(lambda: Battery(15, discharging=True)))
    monkeypatch.setattr(power, "Awake", lambda: Awake(refuse))
    run, listeners = Run(), []
    with power_watched(REAL, run, listeners):
        await run.reports.count(1)
        for listener in listeners:
            listener(ARMED)
        await run.reports.count(2)
    (first, battery), (second, sleep) = run.reports.all
    assert (first, battery["id"]) == (Kind.ALARM, "battery")
    assert "15 %" in battery["text"]
    assert (second, sleep["rule"]) == (Kind.REFUSAL, "awake")
    assert "may go to sleep" in sleep["reason"]


async def test_a_run_lets_the_computer_sleep_again_whatever_ends_it(monkeypatch):
    held = Held()
    monkeypatch.setattr(power, "Awake", lambda: Awake(lambda: held))
    run, listeners = Run(), []

    async def session():
        with power_watched(REAL, run, listeners):
            listeners[0](ARMED)
            await run.reports.count(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await session()
    assert run.reports.all == [(Kind.EVENT, {"event": "Awake", "text": "a made-up system"})]
    assert held.released.is_set()


@pytest.mark.parametrize(("terminal", "speedup"), [(False, 1.0), (True, 5.0)])
def test_a_simulated_belt_that_nobody_walks_on_keeps_nothing_awake(terminal, speedup):
    listeners: list[object] = []
    with power_watched(SimpleNamespace(sim="standard", terminal=terminal, speedup=speedup), Run(), listeners):
        assert listeners == []
