"""Pictures of the floor. Who changes one looks at it: `pytest --snapshot-update`, then the SVG in a browser."""

from __future__ import annotations

import pytest
from floor_tools import Answer, Club

from retroctl.adapters.tui.floor.app import FloorApp


async def evening(club, pilot):
    club.now += 1
    for number in range(8):
        club.state(f"hall-{number + 1}", kmh=1 + number * 0.8, client=f"c{number}", hold_left_s=10 * number)
    club.now += 2.5


async def all_stopped(club, pilot):
    await pilot.press("a", "a")
    for machine, answer in (
        ("belt-01", Answer.ACCEPTED),
        ("belt-02", Answer.AT_REST),
        ("belt-05", Answer.NOTHING),
        ("belt-08", Answer.NOT_CONFIRMED),
    ):
        club.ack(machine, answer)
    club.now += 3.2
    for machine in ("belt-01", "belt-08"):
        club.state(machine, "stopping", kmh=1.6, stop="STOPPING")


@pytest.mark.parametrize(
    ("scene", "size"), [(all_stopped, (80, 24)), (evening, (120, 40))], ids=["all-stopped", "evening-large"]
)
def test_floor_picture(snap_compare, scene, size):
    club = Club()
    club.evening()
    app = FloorApp(club.floor, lambda: club.now, club.send, club="westside")

    async def play(pilot):
        await pilot.pause()
        app.draw()
        await scene(club, pilot)
        app.draw()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=play)
