"""F15: a program that stood still and a computer that slept, in virtual time with clocks in hand, and as a process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from port_run import PortRun

from retroctl.app.reports import Kind
from retroctl.app.stillness import BEAT_S, SLEPT_S, STALL_S, Stillness, slept_s
from retroctl.domain import events as ev
from retroctl.domain.session import Advance
from retroctl.domain.verdict import Wire


class Clocks:
    """A pair of clocks that a test sets forward: the loop's own and the seconds slept."""

    def __init__(self) -> None:
        self.stalled = self.slept = 0.0
        loop = asyncio.get_running_loop()
        self.stillness = Stillness(lambda: loop.time() + self.stalled, lambda: self.slept)


async def holding(**options) -> tuple[PortRun, Clocks]:
    clocks = Clocks()
    return await PortRun(stillness=clocks.stillness, **options).hold(), clocks


# -- one look --------------------------------------------------------------------------------------------------------


def looks(*steps: tuple[float, float]) -> list:
    """Looks after so many seconds awake and asleep each."""
    now = slept = 0.0
    stillness = Stillness(lambda: now, lambda: slept)
    seen = []
    for awake, asleep in steps:
        now, slept = now + awake, slept + asleep
        seen.append(stillness.look())
    return seen


def test_a_beat_in_time_is_no_stall_and_one_that_is_late_is():
    assert looks((BEAT_S, 0), (BEAT_S + STALL_S, 0)) == [None, None]
    assert looks((BEAT_S + STALL_S + 0.1, 0)) == [ev.ProcessStalled(pytest.approx(0.6))]
    assert looks((1.0, 0), (BEAT_S, 0))[1] is None, "told once"


def test_clocks_that_part_are_sleep_and_tell_more_than_the_stall_that_comes_with_it():
    assert looks((BEAT_S, SLEPT_S + 0.1)) == [ev.ComputerSlept(pytest.approx(2.1))]
    assert looks((3.0, 60.0)) == [ev.ComputerSlept(60.0)]
    assert looks((BEAT_S, 1.9), (BEAT_S, 1.9)) == [None, None], "a drift is no sleep"


def test_a_clock_that_goes_back_is_no_sleep():
    assert looks((BEAT_S, -3600.0)) == [None]


def test_the_systems_own_clocks_do_not_part_while_awake(monkeypatch):
    before = slept_s()
    monkeypatch.setattr(time, "time", lambda: 0.0)  # the time of day was put back by decades
    assert abs(slept_s() - before) < SLEPT_S


# -- a session -------------------------------------------------------------------------------------------------------


@pytest.mark.virtual
async def test_a_short_stall_alarms_and_blocks_raises_until_the_trainer_confirms():
    run, clocks = await holding()
    clocks.stalled += 1.15
    await run.clock.sleep(0.5)
    assert run.alarms() == ["F15"]
    assert "for 1.1 s" in run.of(Kind.ALARM)[0]["text"]
    assert run.state == "holding"
    assert "0801" not in run.written
    assert "F15" in run.runner.engine.session.blocks
    run.runner.tell(ev.ConfirmPressed())
    assert run.runner.engine.session.blocks == frozenset()
    run.runner.leave("key")
    assert (await run.end()).status == 0


@pytest.mark.virtual
async def test_hands_free_too_nothing_is_raised_after_a_stall_before_somebody_confirms():
    run, clocks = await holding(advance=Advance.AUTO)
    clocks.stalled += 0.9
    await run.clock.sleep(150.0)
    assert run.true_speed == pytest.approx(1.0)
    run.runner.tell(ev.ConfirmPressed())
    await run.clock.sleep(20.0)
    assert run.true_speed == pytest.approx(1.8)
    run.runner.leave("key")
    await run.end()


@pytest.mark.virtual
@pytest.mark.parametrize("how", ["stalled", "slept"])
async def test_a_long_stall_and_a_sleep_stop_the_belt_before_anything_else(how):
    run, clocks = await holding()
    before = len(run.written)
    if how == "stalled":
        clocks.stalled += 5.2
    else:
        clocks.slept += 2.5
    await run.clock.sleep(BEAT_S + 0.1)
    assert run.written[before:] == ["0801"]
    assert run.alarms() == ["F15"]
    await run.until("faulted", within_s=20.0)
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


@pytest.mark.virtual
async def test_a_sleep_found_at_a_frame_is_taken_in_before_the_frame():
    run, clocks = await holding()
    run.port.held = []
    await run.clock.sleep(0.9)
    clocks.slept += 30.0
    run.port.release()
    await run.clock.sleep(0.01)
    told = [report for report in run.reports if report.kind in (Kind.ALARM, Kind.TELEMETRY)]
    assert told[-1].kind is Kind.ALARM, "no frame that waited was taken for news"
    assert run.state == "stopping"
    run.runner.leave("key")
    await run.end()


@pytest.mark.virtual
async def test_frames_that_waited_through_a_stall_are_old():
    """They come all at once when the program goes on; the belt may have done anything since (F1)."""
    run, clocks = await holding()
    run.port.held = []
    await run.clock.sleep(1.9)
    clocks.stalled += 0.8
    seen = len(run.of(Kind.TELEMETRY))
    run.port.release()
    await run.clock.sleep(0.05)
    assert len(run.of(Kind.TELEMETRY)) == seen
    late = [frame for frame in run.of(Kind.FRAME) if frame.get("late")]
    assert len(late) >= 7
    run.port.held = []  # and nothing new comes
    await run.clock.sleep(0.2)
    assert "F1" in run.alarms(), "the age of the data is counted from the last one that was fresh"
    run.port.held = None
    await run.clock.sleep(1.0)
    assert len(run.of(Kind.TELEMETRY)) > seen
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


@pytest.mark.virtual
async def test_before_arming_a_stall_says_nothing_and_a_sleep_only_alarms():
    clocks = Clocks()
    run = await PortRun(stillness=clocks.stillness).brief()
    clocks.stalled += 3.0
    await run.clock.sleep(1.0)
    assert run.alarms() == []
    clocks.slept += 30.0
    await run.clock.sleep(1.0)
    assert run.alarms() == ["F15"]
    assert run.state == "briefing"
    assert run.written == []
    run.runner.leave("key")
    await run.end()


@pytest.mark.virtual
async def test_while_it_stops_and_at_the_end_nothing_begins_anew():
    run, clocks = await holding()
    run.runner.stop("key")
    clocks.stalled += 9.0
    await run.until("stopped", within_s=20.0)
    assert run.alarms() == ["F15"]
    written = len(run.written)
    clocks.slept += 30.0
    await run.clock.sleep(1.0)
    assert run.alarms() == ["F15"]
    assert (run.state, len(run.written)) == ("stopped", written)
    run.runner.leave("key")
    assert (await run.end()).status == 0


@pytest.mark.virtual
async def test_on_a_belt_moved_by_hand_a_sleep_is_called_out():
    run, clocks = await holding(wire=Wire.CLOSED)
    clocks.slept += 30.0
    await run.clock.sleep(1.0)
    assert run.of(Kind.CALLOUT)[-1]["name"] == "stop"
    assert run.written == []
    run.port.machine.console_stop(run.clock.now())
    await run.until("faulted", within_s=20.0)
    run.runner.leave("key")
    assert (await run.end()).belt_at_rest


@pytest.mark.virtual
async def test_five_minutes_in_which_nothing_stalls_raises_no_alarm():
    clocks = Clocks()
    run = await PortRun(stillness=clocks.stillness).hold()
    await run.clock.sleep(300.0)
    assert run.alarms() == []
    run.runner.leave("key")
    await run.end()


# -- a process -------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="SIGSTOP")
def test_a_process_that_was_frozen_stops_the_belt_when_it_goes_on(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "retroctl", "run", "--sim", "standard", "--jsonl", "--yes", "--quiet", "--top", "1.0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RETROCTL_DATA_DIR": str(tmp_path)},
    )
    lines: list[dict] = []
    killer = threading.Timer(60.0, process.kill)
    killer.start()
    try:
        for line in process.stdout:
            lines.append(json.loads(line))
            if lines[-1].get("hex") == "07":
                break
        process.send_signal(signal.SIGSTOP)
        time.sleep(5.6)  # what is shown: a program that is not there for so long
        frozen = len(lines)
        process.send_signal(signal.SIGCONT)
        rest, _ = process.communicate(timeout=30.0)
    finally:
        killer.cancel()
        process.kill()
    lines += [json.loads(line) for line in rest.splitlines()]
    after = [line for line in lines[frozen:] if line["type"] in ("alarm", "command", "telemetry")]
    first = next(index for index, line in enumerate(after) if line["type"] == "alarm")
    assert after[first]["id"] == "F15"
    command = next(line for line in after if line["type"] == "command")
    assert command["hex"] == "0801"
    assert command["t"] == after[first]["t"], "in the same moment"
    assert {line["id"] for line in after if line["type"] == "alarm"} == {"F15"}, "no write hung"
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["belt_at_rest"] is True
