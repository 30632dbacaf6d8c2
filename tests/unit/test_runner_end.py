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
