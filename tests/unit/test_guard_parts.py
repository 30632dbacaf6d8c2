"""Where a run can have a guard, what it is told, and how the guard's alarm reaches people."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from types import SimpleNamespace

import pytest

from retroctl.adapters.guard.keeper import Keeper, _left
from retroctl.adapters.guard.siren import WAITING, Siren
from retroctl.app.clock import LoopClock
from retroctl.app.guard import Word
from retroctl.app.reports import Kind
from retroctl.cli import guarded
from retroctl.cli.guard import Post


class FakeRunner:
    def __init__(self) -> None:
        self.clock = LoopClock()
        self.reports: list[tuple[Kind, dict]] = []
        self.stopped: list[tuple[str, bool]] = []

    def report(self, kind, data):
        self.reports.append((kind, data))

    def stop(self, source, *, person):
        self.stopped.append((source, person))


def treadmill(path):
    return SimpleNamespace(address="AA:BB", name="Belt", system_path=path)


async def test_where_there_can_be_no_guard_the_trainer_is_told_so(tmp_path):
    runner = FakeRunner()
    guard = guarded.guard_for(treadmill(None), runner, data_dir=tmp_path, volume=100)
    guard.begin()
    ((kind, data),) = runner.reports
    assert kind is Kind.ALARM
    assert data["text"].startswith("NO GUARD")
    assert "keep your hand on the clip" in data["text"]
    await guard.close(at_rest=True)


async def test_on_another_system_no_guard_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(guarded.sys, "platform", "darwin")
    guard = guarded.guard_for(treadmill("/org/bluez/hci0/dev_AA"), FakeRunner(), data_dir=tmp_path, volume=100)
    assert not isinstance(guard, Keeper)


async def test_a_guard_is_told_of_the_machine_and_its_taking_over_stops_the_session(tmp_path):
    runner = FakeRunner()
    guard = guarded.guard_for(treadmill("/org/bluez/hci0/dev_AA"), runner, data_dir=tmp_path, volume=40)
    assert isinstance(guard, Keeper)
    post = Post(**json.loads(guard._command[-1]))
    assert (post.address, post.path, post.volume) == ("AA:BB", "/org/bluez/hci0/dev_AA", 40)
    guard._told("attached")
    guard._told("attached")
    assert runner.reports == [(Kind.EVENT, {"event": "Guard", "text": "in place"})]
    guard._told("stopping retroctl does not answer")
    assert runner.stopped == [("the guard", False)]
    assert runner.reports[-1][1]["text"] == "the guard stops the belt: retroctl does not answer"


async def test_a_guard_that_cannot_be_started_is_told_and_tried_three_times(monkeypatch):
    notices: list[str] = []
    clock = LoopClock()
    keeper = Keeper(
        ["/no/such/program"], clock, notice=notices.append, in_place=lambda _missed: None, took_over=notices.append
    )
    monkeypatch.setattr("retroctl.adapters.guard.keeper.START_AGAIN_S", 0.01)
    keeper.begin()
    async with clock.timeout(10):
        while len(notices) < 3:
            await clock.sleep(0.01)
    assert all(notice.startswith("NO GUARD (it could not be started") for notice in notices)
    assert ["trying again" in notice for notice in notices] == [True, True, False]
    await keeper.close(at_rest=True)


async def test_a_guard_that_does_not_get_ready_is_ended_and_told(monkeypatch):
    notices: list[str] = []
    clock = LoopClock()
    keeper = Keeper(
        ["sleep", "60"], clock, notice=notices.append, in_place=lambda _missed: None, took_over=notices.append
    )
    monkeypatch.setattr("retroctl.adapters.guard.keeper.READY_S", 0.05)
    keeper.begin()
    async with clock.timeout(10):
        while not notices:
            await clock.sleep(0.01)
    assert "not ready within" in notices[0]
    assert keeper.process_id is None
    await keeper.close(at_rest=True)


async def test_a_run_that_is_over_while_its_guard_is_being_started_leaves_no_process():
    keeper = Keeper(["sleep", "60"], LoopClock(), notice=print, in_place=lambda _missed: None, took_over=print)
    keeper.begin()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    before = len(_left)
    await keeper.close(at_rest=True)
    async with asyncio.timeout(5):
        while len(_left) == before:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.01)
    _left[-1].kill()  # a guard would end by itself
    _left.pop().wait()


async def test_a_guard_that_does_not_read_holds_nothing_up():
    clock = LoopClock()
    keeper = Keeper(["sleep", "60"], clock, notice=print, in_place=lambda _missed: None, took_over=print)
    keeper.begin()
    async with clock.timeout(10):
        while keeper.process_id is None:
            await clock.sleep(0.01)
    began = time.monotonic()
    for _ in range(100_000):  # more than a pipe holds
        keeper._say(Word.ARM)
    assert time.monotonic() - began < 5
    await keeper.close(at_rest=True)  # killed after 2 s, since it does not end


def test_alarms_for_a_terminal_that_hangs_are_dropped_and_hold_nothing_up(tmp_path):
    sounding, goes_on = threading.Event(), threading.Event()

    def sound():
        sounding.set()
        goes_on.wait(10)
        raise RuntimeError("no device")

    siren = Siren(str(tmp_path / "no-terminal"), sound)
    for number in range(3 * WAITING):
        siren(f"alarm {number}")
    assert sounding.wait(5)
    assert not siren.quiet
    goes_on.set()
    end = time.monotonic() + 5
    while not siren.quiet:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_without_a_terminal_the_alarm_goes_to_standard_error(capfd):
    Siren(None, lambda: None).last("look")
    assert capfd.readouterr().err == "\a\r\n!! GUARD  look\r\n"


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX systems")
def test_the_program_names_its_terminal(monkeypatch):
    ours, theirs = os.openpty()
    names = {2: None, 1: os.ttyname(theirs), 0: "/dev/other"}

    def ttyname(descriptor):
        if names[descriptor] is None:
            raise OSError
        return names[descriptor]

    monkeypatch.setattr(guarded.os, "ttyname", ttyname)
    assert guarded._terminal() == names[1]
    names[1] = names[0] = None
    assert guarded._terminal() is None
    os.close(ours)
    os.close(theirs)
