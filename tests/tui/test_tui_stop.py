"""STOP from every screen and card reaches the belt; a raise keeps its rules when the keys come from a screen."""

from __future__ import annotations

import pytest
from tui_rig import Desk

from retroctl.adapters.tui.keymap import HOLD_KEYS, LEAVE_KEYS, STOP_KEYS, Urgent, urgent
from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.session import Advance

CAPITALS = ("S", "B")
PLACES = ("connecting", "briefing", "armed", "start card", "holding", "help card", "announcing", "easing down")


async def go_to(desk, pilot, place):
    if place == "connecting":
        return
    if place == "briefing":
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
    elif place == "armed":
        await desk.brief(pilot)
    elif place == "start card":
        await desk.brief(pilot)
        await desk.press(pilot, "p")
        assert "StartScreen" in desk.pages()
    elif place in ("holding", "help card", "easing down"):
        await desk.hold(pilot)
        if place == "help card":
            await desk.press(pilot, "question_mark")
            assert "HelpScreen" in desk.pages()
        if place == "easing down":
            desk.rig.run_for(30)
            await desk.press(pilot, "e")
    else:
        await desk.ready(pilot)
        await desk.press(pilot, "enter")
        assert desk.rig.state == "announcing"
    await pilot.pause()


@pytest.mark.parametrize("place", PLACES)
async def test_every_stop_key_reaches_the_belt_from(place):
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await go_to(desk, pilot, place)
        for number, key in enumerate((*STOP_KEYS, *CAPITALS), 1):
            await desk.press(pilot, key)
            assert len(desk.stops) == number, f"{key} on {place}"
            assert "0801" in desk.written, f"{key} on {place}"
        desk.rig.run_for(20)
        await pilot.pause()
        assert desk.rig.state == "stopped"
        assert desk.rig.true_speed == 0
        assert not [command for command in desk.written if command.startswith("02")][1:], "nothing was raised"


async def test_stop_while_the_help_card_is_open_uncovers_the_session():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await go_to(desk, pilot, "help card")
        await desk.press(pilot, "space")
        assert list(desk.pages())[-1] == "SessionPage"
        assert "BELT: STOPPING" in desk.text


@pytest.mark.parametrize("place", ["briefing", "holding", "help card", "start card"])
async def test_what_would_be_a_signal_is_a_way_out(place):
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await go_to(desk, pilot, place)
        for key in LEAVE_KEYS:
            await desk.press(pilot, key)
        assert len(desk.left) == len(LEAVE_KEYS)


async def test_the_palette_takes_letters_but_not_the_other_stop_keys():
    desk = Desk()
    async with desk.open() as pilot:
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        await desk.press(pilot, "ctrl+p")
        assert desk.app.takes_text
        await desk.press(pilot, "s", "b")
        assert desk.stops == []
        await desk.press(pilot, "f5")
        assert desk.stops == ["key"]


async def test_there_is_no_palette_once_armed():
    desk = Desk()
    async with desk.open() as pilot:
        await desk.brief(pilot)
        await desk.press(pilot, "ctrl+p")
        assert list(desk.pages())[-1] == "SessionPage"


async def test_a_palette_that_is_open_when_the_session_is_armed_goes_away():
    desk = Desk()
    async with desk.open() as pilot:
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        await desk.press(pilot, "ctrl+p")
        desk.rig.brief_and_arm()
        await pilot.pause()
        assert list(desk.pages())[-1] == "SessionPage"
        await desk.press(pilot, "s")
        assert desk.stops == ["key"]


async def test_a_raise_comes_only_after_its_announcement_has_ended():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.ready(pilot)
        await desk.press(pilot, "enter")
        began = desk.rig.now
        assert desk.rig.state == "announcing"
        assert "FASTER" in desk.text
        desk.rig.run_for(4.9)
        assert "02b400" not in desk.written
        desk.rig.run_for(1.0)
        assert "02b400" in desk.written
        raised = next(entry for entry in desk.rig.machine.log if entry.data.hex() == "02b400")
        assert raised.at >= began + 5.0


@pytest.mark.parametrize("key", [*HOLD_KEYS, "H"])
@pytest.mark.parametrize("advance", [Advance.CONFIRM, Advance.AUTO])
async def test_a_veto_in_the_last_tenth_of_a_second_wins(key, advance):
    desk = Desk(top=1.8, advance=advance)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        if advance is Advance.CONFIRM:
            desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=90)
            await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.state == "announcing", limit_s=90)
        announced = desk.rig.now
        desk.rig.run_for(announced + 4.95 - desk.rig.now)
        await desk.press(pilot, key)
        desk.rig.run_for(30)
        desk.app.draw()
        assert "02b400" not in desk.written
        assert desk.rig.state == "ready"
        assert "ON HOLD" in desk.text


async def test_confirming_under_the_help_card_is_not_consent():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.ready(pilot)
        await desk.press(pilot, "question_mark", "enter")
        assert not [event for event in desk.told if isinstance(event, ev.ConfirmPressed)]
        assert desk.rig.state == "ready"


async def test_a_key_held_down_is_one_key():
    desk = Desk(top=2.6)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        for _ in range(20):
            await pilot.press("1")
        assert len([event for event in desk.told if isinstance(event, ev.BalanceEventNoted)]) == 1


async def test_a_start_needs_its_own_confirmation():
    desk = Desk()
    async with desk.open() as pilot:
        await desk.brief(pilot)
        await desk.press(pilot, "p", "n")
        assert desk.rig.state == "armed"
        assert desk.written == []
        await desk.press(pilot, "enter")
        assert desk.rig.state == "armed"
        await desk.press(pilot, "p", "enter")
        desk.rig.run_for(1)
        assert desk.written == ["00", "07"]


async def test_a_console_start_writes_nothing_by_itself():
    desk = Desk()
    async with desk.open() as pilot:
        await desk.brief(pilot)
        await desk.press(pilot, "c")
        desk.rig.run_for(10)
        assert desk.rig.state == "starting"
        assert desk.written == []


@pytest.mark.parametrize(("key", "states"), [("d", {"settling", "holding"}), ("e", {"easing_down"})])
async def test_down_and_ease_down(key, states):
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.ready(pilot)
        await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.target == 1.8 and desk.rig.state == "holding", limit_s=60)
        await desk.press(pilot, key)
        desk.rig.run_for(2)
        assert desk.written[-1] == "026400"
        assert desk.rig.state in states


@pytest.mark.parametrize(("key", "stops"), [("1", False), ("2", False), ("3", True), ("4", True)])
async def test_balance_events(key, stops):
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, key)
        desk.app.draw()
        assert desk.rig.alarms() == ["F11"]
        assert "ALARM" in desk.text
        assert "BALANCE EVENT" in desk.text
        assert ("0801" in desk.written) is stops


async def test_one_no_leaves_and_nothing_was_written():
    desk = Desk()
    async with desk.open() as pilot:
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        await desk.press(pilot, "y", "n")
        assert desk.left == ["the briefing was answered no: Was the clip pulled once, and did the machine react?"]
        assert desk.written == []


async def test_an_answer_can_be_taken_back():
    desk = Desk()
    async with desk.open() as pilot:
        desk.rig.run_until(lambda: desk.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        await desk.press(pilot, "y", "y", "2", "backspace", "1", "y", "y", "y", "5", "enter")
        assert desk.rig.state == "armed"
        answers = [event for event in desk.told if isinstance(event, ev.BriefingAnswered)]
        assert [answer.text for answer in answers if answer.item is ev.BriefingItem.GAZE_TARGET][
            -1
        ] == "a mark on the wall"


def test_urgent_keys_are_the_same_for_the_driver_and_for_the_bindings():
    assert {urgent(key) for key in (*STOP_KEYS, *CAPITALS, "shift+s")} == {Urgent.STOP}
    assert {urgent(key) for key in (*HOLD_KEYS, "H")} == {Urgent.HOLD}
    assert {urgent(key) for key in LEAVE_KEYS} == {Urgent.LEAVE}
    assert {urgent(key) for key in ("d", "e", "enter", "1", "x", "f1", "up")} == {None}


async def test_an_error_in_a_screen_is_told_at_once():
    desk = Desk()
    told: list[BaseException] = []
    desk.app.on_failure = told.append
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - Textual raises it when the app is left
        async with desk.open() as pilot:
            await desk.hold(pilot)
            desk.app.call_later(lambda: 1 / 0)
            await pilot.pause()
            assert [type(error) for error in told] == [ZeroDivisionError]
    assert desk.app.return_code == 1


async def test_the_session_is_shown_to_its_end():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "s")
        desk.rig.run_for(20)
        held = [{"target_kmh": hold["target_kmh"], "seconds": hold["seconds"]} for hold in desk.of(Kind.HELD)]
        desk.feed.summary = {
            "held": held,
            "belt_at_rest": True,
            "record": "records",
            "duration_s": 3,
            "peak_kmh": 1.0,
            "distance_m": 5,
        }
        desk.app.finish("stopped by a key", "the belt is at rest (measured)")
        await pilot.pause()
        assert list(desk.pages())[-1] == "SummaryPage"
        assert "The belt is at rest (measured)" in desk.text
        assert "held  1.00 km/h" in desk.text
        await desk.press(pilot, "enter")
    assert desk.app.return_code == 0


async def test_a_stop_key_held_down_asks_again_ten_times_a_second_at_most():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        for _ in range(30):
            await pilot.press("space")
        assert desk.stops == ["key"]
        desk.hand += 0.2
        await pilot.press("space")
        assert desk.stops == ["key", "key"]


async def test_the_trainers_word_that_the_belt_stands_is_recorded_and_changes_nothing():
    desk = Desk("stop-ignored", top=1.8)
    async with desk.open() as pilot:
        await desk.hold(pilot)
        await desk.press(pilot, "r")
        assert ev.RestWitnessed() not in desk.told
        await desk.press(pilot, "s", "r")
        assert desk.told[-1] == ev.RestWitnessed()
        assert desk.rig.state == "stopping"
