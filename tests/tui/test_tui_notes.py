"""Notes by keys while the belt runs, questions at rest: nothing of it takes a STOP key away or moves the belt."""

from __future__ import annotations

import time

import pytest
from textual import events
from tui_rig import Desk

from retroctl.adapters.tui.entry import OPEN_S
from retroctl.adapters.tui.keymap import CONFIRM_KEYS, HOLD_KEYS, STOP_KEYS, Urgent
from retroctl.adapters.tui.widgets import Field
from retroctl.app.afterwards import LONGEST_TEXT, ConfidenceAfter, FreeNote, Incident, SessionRpe
from retroctl.app.reports import Kind
from retroctl.domain import events as ev

NASTY = "[bold red]x[/] \x1b[31m\x1b]0;t\x07\u202eevil\u2066 \U0001f3c3 'quoted'"


def noted(desk):
    kinds = (ev.RpeGiven, ev.HandsNoted, ev.TagNoted, ev.BalanceEventNoted)
    return [event for event in desk.told if isinstance(event, kinds)]


async def test_a_rating_is_typed():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        for keys, rating in (("p13", 13), ("p6", 6), ("p20", 20), ("P10", 10)):
            await desk.press(pilot, *keys)
            assert noted(desk)[-1] == ev.RpeGiven(rating)
            assert f"RPE {rating} at 1.00" in desk.text
            assert "RPE (Borg)" not in desk.text


async def test_a_rating_is_chosen_with_the_arrows_and_enter_stays_what_it_is():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "p", "up", "up", "down")
        assert "12 light" in desk.text
        await desk.press(pilot, "enter")
        assert noted(desk) == []
        assert ev.ConfirmPressed() in desk.told
        await desk.press(pilot, "p")
        assert noted(desk) == [ev.RpeGiven(12)]


async def test_a_digit_that_is_no_part_of_a_rating_keeps_its_meaning():
    """Who sees a fall and presses 4 while a rating is open stops the belt."""
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "p", "4")
        assert noted(desk) == [ev.BalanceEventNoted(ev.BalanceEvent.FALL)]
        assert "0801" in desk.written


async def test_a_remotes_balance_button_is_never_part_of_a_rating():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "p", "f24")
        assert noted(desk) == [ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE)]


async def test_tags_show_their_words_and_take_one_digit():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "n")
        assert "6 talks easily" in desk.text
        await desk.press(pilot, "6")
        await desk.press(pilot, "n", "0")
        assert noted(desk) == [ev.TagNoted(6)]


async def test_hands_go_round_and_stand_beside_each_rung():
    desk = Desk(top=2.6)
    async with desk.open() as pilot:
        await desk.held(pilot)
        desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=90)
        desk.app.draw()
        assert "HANDS BOTH" in desk.text
        await desk.press(pilot, "g")
        assert "HANDS ONE" in desk.text
        await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.state == "holding", limit_s=30)
        await desk.press(pilot, "g", "g")
        assert [event.hands.value for event in noted(desk)] == ["one", "none", "both"]
        assert "(1.00 one)" in desk.text


async def test_an_entry_closes_by_itself():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "p", "1")
        assert "RPE (Borg): 1_" in desk.text
        desk.hand += OPEN_S + 0.1
        desk.app.draw()
        assert "RPE (Borg)" not in desk.text
        await desk.press(pilot, "1")
        assert noted(desk) == [ev.BalanceEventNoted(ev.BalanceEvent.RAIL)]


@pytest.mark.parametrize(("opened", "keys"), [("p1", ("h", "space")), ("n", ("pageup", "s")), ("p", ("H", "f5"))])
async def test_stop_and_hold_work_while_something_is_entered(opened, keys):
    hold, stop = keys
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, *opened, hold)
        assert ev.HoldPressed() in desk.told
        assert desk.app.view.entry is not None
        await desk.press(pilot, stop)
        assert "0801" in desk.written
        await desk.press(pilot, "7")
        assert noted(desk) == [], "an entry does not outlive the belt's motion"


async def test_after_a_served_hold_the_rating_is_asked_for():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        assert "RPE? p" not in desk.text
        desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=90)
        desk.app.draw()
        assert "RPE? p" in desk.text
        await desk.press(pilot, "p", "1", "2")
        assert "RPE? p" not in desk.text


async def test_asked_accepted_and_measured_speed_stand_apart():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        desk.rig.run_until(lambda: desk.rig.state == "ready", limit_s=90)
        desk.app.draw()
        assert "asked 1.00, the machine said yes, measured 1.00" in desk.text
        await desk.press(pilot, "enter")
        desk.rig.run_until(lambda: desk.rig.state == "settling", limit_s=20)
        desk.app.draw()
        assert "asked 1.80, no yes from the machine, measured 1.00" in desk.text
        desk.rig.run_for(0.5)
        desk.app.draw()
        assert "asked 1.80, the machine said yes" in desk.text


async def test_a_key_that_means_nothing_says_so_and_does_nothing():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        before = len(desk.told)
        await desk.press(pilot, "x")
        desk.app.draw()
        assert "x does nothing here. STOP: Space, Esc, s." in desk.text
        assert len(desk.told) == before
        assert desk.stops == []
        desk.hand += 10.0
        desk.app.draw()
        assert "does nothing" not in desk.text


async def test_losing_the_keyboard_is_said_once_for_each_loss():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        for _ in range(3):
            desk.app.post_message(events.AppBlur())
        await pilot.pause()
        assert desk.told.count(ev.KeyboardLost()) == 1
        assert [cue["text"] for cue in desk.of(Kind.CUE)].count("The keys go elsewhere.") == 1
        desk.app.post_message(events.AppFocus())
        desk.app.post_message(events.AppBlur())
        await pilot.pause()
        assert desk.told.count(ev.KeyboardLost()) == 2
        assert desk.stops == []


async def test_a_terminal_that_does_not_report_focus_is_never_called_here():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        desk.rig.brief_and_arm()
        await pilot.pause()
        assert "keys: unknown" in desk.text
        assert desk.told == []


async def test_a_thousand_keys_of_every_kind_and_then_stop():
    desk = Desk(top=1.8)
    every = [*"abcdefgijklmnopqrtuvwxyz0129", "up", "down", "left", "tab", "home", "delete", "f1", "f12", "ctrl+x"]
    every = [key for key in every if key not in (*STOP_KEYS, *HOLD_KEYS, *CONFIRM_KEYS)]
    async with desk.open() as pilot:
        await desk.held(pilot)
        target = desk.rig.target
        for number in range(1000):
            desk.app.post_message(events.Key(every[number % len(every)], None))
        began = time.process_time()  # a computer that is busy with others is not what is asked about
        desk.app.urgent(Urgent.STOP)  # as the driver calls it: past the thousand
        assert "0801" in desk.written
        assert time.process_time() - began < 0.1
        await pilot.pause()
        assert not [command for command in desk.written if command.startswith("02")][1:], target
        assert desk.app.failure is None


async def test_a_key_held_down_notes_once():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        for key in ("g", "2"):
            desk.hand += 1.0
            for _ in range(8):
                await pilot.press(key)
        assert noted(desk) == [ev.HandsNoted(ev.Hands.ONE), ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE)]


# -- at rest -----------------------------------------------------------------------------------------------------------


async def test_after_the_end_confidence_exertion_and_notes_are_kept():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "s")
        await desk.end(pilot)
        await desk.press(pilot, "c", "9", "4", "p", "1", "3", "n", *"s. b", "enter")
        assert desk.kept == [ConfidenceAfter(4), SessionRpe(13), FreeNote("s. b")]
        assert "confidence after: 4   RPE of the session: 13   notes: 1" in desk.text
        assert desk.app.return_code is None
        await desk.press(pilot, "enter")
    assert desk.app.return_code == 0


async def test_a_fall_opens_the_incident_form_which_is_kept_as_a_whole():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "4")
        await desk.end(pilot)
        assert "INCIDENT 1/3  What happened?" in desk.text
        await desk.press(pilot, "enter")
        assert "INCIDENT 1/3" in desk.text, "an empty answer is none"
        await desk.press(pilot, *"fell", "enter", "x", "y", *"desk", "enter")
        assert desk.kept == [Incident("fell", True, "desk")]
        assert "incident: kept" in desk.text
        await desk.press(pilot, "i", *"more", "enter", "n", "enter")
        assert desk.kept[1:] == [Incident("more", False, "")]
        assert "incident: amended" in desk.text


async def test_the_safety_key_opens_the_incident_form_and_an_ordinary_stop_does_not():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        desk.rig.start_and_hold(1.0)
        desk.rig.tell(ev.MachineStopped(ev.MachineStop.SAFETY_KEY))
        await desk.end(pilot)
        assert "INCIDENT 1/3" in desk.text
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "s")
        await desk.end(pilot)
        assert "INCIDENT" not in desk.text


async def test_a_key_that_closes_leaves_an_open_question_first():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "s")
        await desk.end(pilot)
        for key in ("escape", "f5", "ctrl+q"):
            await desk.press(pilot, "n", *"no", key)
            assert desk.app.return_code is None
            assert "A note about" not in desk.text
        await desk.press(pilot, "c", "space")
        assert "How confident" not in desk.text
        await desk.press(pilot, "space")
    assert desk.kept == []
    assert desk.app.return_code == 0


async def test_ctrl_c_closes_at_once_whatever_is_open():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "4")
        await desk.end(pilot)
        await desk.press(pilot, "ctrl+c")
    assert desk.app.return_code == 0


async def test_what_cannot_be_kept_is_said():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "s")
        await desk.end(pilot)
        desk.broken_record = "no room left on the disk"
        await desk.press(pilot, "c", "4")
        assert "NOT KEPT: no room left on the disk" in desk.text
        assert "confidence after: --" in desk.text


async def test_a_note_of_any_kind_is_plain_text():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "s")
        await desk.end(pilot)
        for text in (NASTY, "w" * 12_000, "two\nlines", "אבג שלום"):
            await desk.press(pilot, "n")
            desk.app.screen.query_one(Field).post_message(events.Paste(text))
            await pilot.pause()
            await desk.press(pilot, "enter")
            note = desk.kept[-1].text
            assert len(note) == min(len(text), LONGEST_TEXT)
            assert not set(note) & set("\x1b\x07\r\n\t\u202e\u2066")
            shown = "".join(strip.text for strip in desk.app.screen._compositor.render_strips())
            assert not set(shown) & set("\x1b\x07\u202e\u2066")
            assert note[:20] in desk.text
        assert desk.kept[0].text.startswith("[bold red]x[/] ?[31m")


async def test_resized_while_something_is_entered_and_asked():
    desk = Desk(top=1.8)
    async with desk.open() as pilot:
        await desk.held(pilot)
        await desk.press(pilot, "n")
        for size in [(200, 60), (20, 5), (5, 2), (80, 24)]:
            await pilot.resize_terminal(*size)
            desk.app.draw()
            await pilot.pause()
        await desk.press(pilot, "6", "4")
        assert noted(desk) == [ev.TagNoted(6), ev.BalanceEventNoted(ev.BalanceEvent.FALL)]
        await desk.end(pilot)
        for size in [(20, 5), (5, 2), (120, 40)]:
            await pilot.resize_terminal(*size)
            desk.app.draw()
            await pilot.pause()
        await desk.press(pilot, *"ok", "enter", "n", "enter")
        assert desk.kept == [Incident("ok", False, "")]
