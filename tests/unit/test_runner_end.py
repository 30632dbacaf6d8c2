"""Once a session has ended the program lets go of the machine; what a person presses meanwhile begins nothing."""

from __future__ import annotations

import asyncio

import pytest
from port_run import PortRun

from retroctl.app.reports import Kind
from retroctl.domain import events as ev

pytestmark = pytest.mark.virtual

BEGIN_ANEW = (ev.ArmRequested(), ev.StartConfirmed(ev.StartKind.PROGRAM))


@pytest.mark.parametrize("when", ["as it is told", "while letting go"])
async def test_nothing_is_armed_or_started_between_the_end_of_a_session_and_the_end_of_the_program(when):
    run = await PortRun().hold()
    letting_go, close = asyncio.Event(), run.port.close

    def press(report):
        if when == "as it is told" and report.kind is Kind.ENDED:
            for event in BEGIN_ANEW:
                run.runner.tell(event)

    async def slowly():
        letting_go.set()
        await asyncio.sleep(2.0)
        await close()

    run.runner._listeners.append(press)
    run.port.close = slowly
    run.runner.stop("key")
    ending = asyncio.create_task(run.end())
    async with asyncio.timeout(60.0):
        await letting_go.wait()
    before = len(run.port.machine.log)
    if when == "while letting go":
        for event in BEGIN_ANEW:
            run.runner.tell(event)
    result = await ending

    assert (result.status, result.belt_at_rest, run.state) == (0, True, "stopped")
    written = [entry.data.hex() for entry in run.port.machine.log if entry.characteristic == "2ad9"]
    assert written[written.index("0801") :] == ["0801"], "after the stop nothing leaves"
    assert len(run.port.machine.log) == before
    assert run.port.machine.true_speed_kmh(run.clock.now()) == 0
    starts = [each for each in run.of(Kind.EVENT) if each["event"] == "StartConfirmed"]
    assert len(starts) == 1, "the first one, before the hold"


async def eased_to_rest() -> PortRun:
    """A run whose ladder was eased down from the lowest speed: the end comes by itself, without a Stop."""
    run = await PortRun().hold()
    run.runner.tell(ev.EaseDownPressed())
    return run


@pytest.mark.parametrize("turns", [0, 1])
async def test_a_stop_just_behind_the_end_is_written_and_seen_through_before_the_run_is_over(turns):
    run = await eased_to_rest()

    def press(left: int) -> None:
        if left:
            asyncio.get_running_loop().call_soon(press, left - 1)
        else:
            run.runner.stop("key")

    pressed = []

    def once(report) -> None:
        if report.kind is Kind.ENDED and not pressed:
            pressed.append(report)
            press(turns)

    run.runner._listeners.append(once)
    closed_in, close = [], run.port.close

    async def closing():
        closed_in.append(run.state)
        await close()

    run.port.close = closing
    result = await run.end()

    assert (result.status, result.belt_at_rest) == (0, True)
    assert run.written[-2:] == ["0801", "0801"], "the person's Stop, behind that of the way down"
    assert closed_in == ["stopped"]
    assert run.of(Kind.STATE)[-1]["state"] == "stopped", "nothing stands there that is not so"
    assert run.alarms() == []


async def test_a_stop_while_the_machine_is_let_go_of_changes_nothing_of_what_was_judged_and_is_noted():
    run = await eased_to_rest()
    letting_go, close = asyncio.Event(), run.port.close

    async def slowly():
        letting_go.set()
        await asyncio.sleep(2.0)
        await close()

    run.port.close = slowly
    ending = asyncio.create_task(run.end())
    async with asyncio.timeout(120.0):
        await letting_go.wait()
    before, told = len(run.written), len(run.reports)
    run.runner.stop("key")
    result = await ending
    run.runner.stop("key")
    run.runner.tell(ev.RecordFailed("the disk is full"))
    await asyncio.sleep(10.0)

    assert (result.status, result.belt_at_rest, run.state) == (0, True, "stopped")
    assert run.written[before:] == []
    assert [report.data for report in run.reports[told:]] == 2 * [{"event": "StopTooLate", "source": "key"}]
