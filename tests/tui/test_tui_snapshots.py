"""Pictures of the main states. Who changes one looks at it: `pytest --snapshot-update`, then the SVG in a browser."""

from __future__ import annotations

import pytest
from tui_rig import Desk

from retroctl.domain.session import Advance


async def briefing(desk, pilot):
    desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
    await pilot.pause()
    await desk.press(pilot, "y", "y")


async def holding(desk, pilot):
    await desk.hold(pilot)
    desk.rig.run_until(lambda: desk.rig.target == 2.6 and desk.rig.state == "holding", limit_s=400)
    await desk.pass_time(pilot, 25)


async def balance_event(desk, pilot):
    await holding(desk, pilot)
    await desk.press(pilot, "2")
    await desk.pass_time(pilot, 1)


async def not_confirmed(desk, pilot):
    await desk.hold(pilot)
    await desk.press(pilot, "s")
    await desk.pass_time(pilot, 3)


async def entering(desk, pilot):
    await holding(desk, pilot)
    await desk.press(pilot, "p", "1", "3", "g", "n")


async def incident(desk, pilot):
    await holding(desk, pilot)
    await desk.press(pilot, "p", "1", "3", "g", "n", "7", "4")
    await desk.end(pilot)


@pytest.mark.parametrize(
    ("scene", "size", "name"),
    [
        (briefing, (80, 24), "standard"),
        (holding, (80, 24), "standard"),
        (balance_event, (120, 40), "standard"),
        (not_confirmed, (80, 24), "stop-ignored"),
        (balance_event, (20, 5), "standard"),
        (entering, (80, 24), "standard"),
        (incident, (80, 24), "standard"),
    ],
    ids=["briefing", "holding", "balance-event-large", "stop-not-confirmed", "tiny", "entering", "incident"],
)
def test_picture(snap_compare, scene, size, name):
    desk = Desk(name, top=4.2, advance=Advance.AUTO)

    async def play(pilot):
        await scene(desk, pilot)

    assert snap_compare(desk.app, terminal_size=size, run_before=play)
