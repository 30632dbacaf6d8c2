"""The trainer's screen on a belt that a person moves: it says so, says what to press, and never offers a start."""

from __future__ import annotations

from tui_rig import Desk

from retroctl.domain.callout import PRESS_STOP
from retroctl.domain.verdict import Wire


async def test_the_screen_says_who_moves_this_belt_what_to_press_and_how_a_stop_goes():
    desk = Desk("no-control-point", top=1.8, wire=Wire.CLOSED)
    machine = desk.rig.machine
    async with desk.open() as pilot:
        await desk.brief(pilot)
        assert "CALL OUT: retroctl cannot move or stop this belt" in desk.text
        assert "then START at the console" in desk.text
        assert "program starts" not in desk.text
        await desk.press(pilot, "p")
        assert desk.rig.state == "starting", "no card: nothing here starts this belt"
        assert "At the console: press START." in desk.text
        machine.console_start(desk.rig.now)
        desk.rig.run_until(lambda: desk.rig.state == "holding", limit_s=30)
        desk.app.draw()
        await pilot.pause()
        assert "CALL OUT" in desk.text
        assert "At the console:" not in desk.text.split("HOLD")[0], "what was done is not asked for any more"
        desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=120)
        await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.state == "settling", limit_s=20)
        desk.app.draw()
        await pilot.pause()
        assert "At the console: set 1.80 km/h (1.1 mph)." in desk.text
        await desk.press(pilot, "space")
        assert f"ALARM █▌ {PRESS_STOP}" in desk.text
        assert "press STOP at the console; this program cannot" in desk.text
        machine.console_stop(desk.rig.now)
        desk.rig.run_until(lambda: desk.rig.state == "stopped", limit_s=30)
        desk.app.draw()
        await pilot.pause()
        assert "BELT: AT REST" in desk.text
    assert desk.written == []
