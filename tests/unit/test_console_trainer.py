"""What each key means in each state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.console.trainer import KEY_REPEAT_S, KeyTrainer
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.transitions import State

RUNNING = ["starting", "settling", "holding", "ready", "announcing", "overridden", "lost", "easing_down", "stopping"]


class Desk:
    """A trainer's desk that notes what the keys lead to."""

    def __init__(self, state: str, *, answered: bool = False) -> None:
        self.said: list[str] = []
        self.told: list[ev.Event] = []
        self.stops: list[str] = []
        self.left: list[str] = []
        self.now = 0.0
        self.trainer = KeyTrainer(
            self.said.append,
            self.told.append,
            self.stops.append,
            self.left.append,
            answered=answered,
            real_now=lambda: self.now,
        )
        self.trainer(Report(0.0, Kind.STATE, {"state": state}))

    def press(self, *keys: str, apart_s: float = 1.0) -> Desk:
        for key in keys:
            self.now += apart_s
            self.trainer.pressed(key)
        return self


@pytest.mark.parametrize("state", RUNNING)
@given(key=st.text(min_size=1, max_size=6))
def test_while_the_belt_may_move_any_key_but_four_is_stop(state, key):
    desk = Desk(state).press(key)

    one = key[0] if len(set(key)) == 1 else key
    if one == "p" and state not in ("starting", "stopping"):
        assert desk.said[-1].startswith("RPE")
        assert desk.stops == desk.told == []
    elif one in ("\r", "\n", "h", "d") or key == "\r\n":
        assert len(desk.told) == 1
        assert desk.stops == []
    else:
        assert desk.stops == ["key"]
        assert desk.told == []
    assert desk.left == []


def test_confirm_hold_and_down():
    desk = Desk("holding").press("\n", "h", "d")

    assert desk.told == [ev.ConfirmPressed(), ev.HoldPressed(), ev.StepDownPressed()]


RPE_WORDS = "13 somewhat hard"


@pytest.mark.parametrize(
    ("keys", "rating"), [(("p", "7"), 7), (("p", "1", "3"), 13), (("p", "20"), 20), (("p", "p", "9"), 9)]
)
def test_a_rating_is_its_key_and_then_digits(keys, rating):
    desk = Desk("holding").press(*keys)

    assert desk.told == [ev.RpeGiven(rating)]
    assert desk.stops == []
    assert RPE_WORDS in desk.said[-2], "the scale is said with the question"


def test_what_is_no_rating_is_said_and_stops_nothing():
    desk = Desk("holding").press("p", "2", "5")

    assert (desk.told, desk.stops) == ([], [])
    assert "25 is no RPE" in desk.said[-1]


@pytest.mark.parametrize("key", [" ", "x", "s", "\x1b", "0x"])
def test_every_other_key_stops_also_while_a_rating_is_typed(key):
    desk = Desk("holding").press("p", "1", key)

    assert (desk.told, desk.stops) == ([], ["key"])


def test_after_a_rating_or_eight_seconds_a_digit_is_stop_again():
    assert Desk("holding").press("p", "1", "3", "4").stops == ["key"]
    assert Desk("holding").press("p").press("9", apart_s=9.0).stops == ["key"]


def test_a_belt_that_begins_to_stop_takes_the_digits_back():
    desk = Desk("holding").press("p")
    desk.trainer(Report(1.0, Kind.STATE, {"state": "stopping"}))
    desk.press("9")

    assert (desk.told, desk.stops) == ([], ["key"])


@pytest.mark.parametrize("key", ["d", "h", "\r"])
def test_a_key_held_down_counts_once(key):
    desk = Desk("holding").press(key)
    desk.press(*[key] * 50, apart_s=0.03)

    assert len(desk.told) == 1


def test_a_key_pressed_again_counts_again():
    assert len(Desk("holding").press("d", "d", apart_s=2 * KEY_REPEAT_S).told) == 2


def test_stop_is_never_taken_for_a_repetition():
    assert len(Desk("holding").press("x", "x", "x", apart_s=0.01).stops) == 3


def test_the_briefing_asks_one_question_after_the_other_and_then_arms():
    desk = Desk("briefing").press("y", "y", "2", "y", "y", "y", "5")

    assert [event.item for event in desk.told[:-1]] == list(ev.BriefingItem)
    assert all(event.yes for event in desk.told[:-1])
    assert desk.told[2].text == "a screen behind the belt"
    assert desk.told[6].text == "5"
    assert desk.told[-1] == ev.ArmRequested()


@pytest.mark.parametrize("answered", range(7))
def test_no_to_any_question_leaves(answered):
    desk = Desk("briefing").press(*["y", "y", "1", "y", "y", "y", "3"][:answered], "n")

    assert desk.told[-1].yes is False
    assert len(desk.left) == 1
    assert ev.ArmRequested() not in desk.told


@pytest.mark.parametrize("key", ["q", "\x1b", "\x04"])
def test_leaving_the_briefing(key):
    desk = Desk("briefing").press(key)

    assert (desk.left, desk.told) == (["the trainer left the briefing"], [])


def test_a_key_that_is_no_answer_asks_again_and_a_held_y_does_not_reach_the_end():
    desk = Desk("briefing").press("x", "7")
    assert desk.told == []
    assert sum(text.startswith("1/7") for text in desk.said) == 3

    assert ev.ArmRequested() not in Desk("briefing").press(*"y" * 40, apart_s=0.03).told


def test_space_in_the_briefing_is_stop():
    assert Desk("briefing").press(" ").stops == ["key"]


@given(st.lists(st.sampled_from(["y", "1", "3", "5", "x", "yy", "\r", "h"]), max_size=30))
def test_no_keys_arm_without_every_question_answered_yes(keys):
    desk = Desk("briefing").press(*keys)

    if ev.ArmRequested() in desk.told:
        assert [event.item for event in desk.told if isinstance(event, ev.BriefingAnswered)][:7] == list(
            ev.BriefingItem
        )


def test_the_start_at_the_console_and_by_the_program():
    assert Desk("armed").press("c").told == [ev.StartConfirmed(ev.StartKind.CONSOLE)]
    assert Desk("armed").press("p").told == [ev.StartConfirmed(ev.StartKind.PROGRAM)]
    assert Desk("armed").press("x").stops == ["key"]


def test_before_the_briefing_only_leaving_and_stop_are_keys():
    desk = Desk("observing").press("y", "d", "\r", "x")
    assert (desk.told, desk.stops, desk.left) == ([], [], [])
    assert desk.press("q", " ").left == ["the trainer left"]
    assert desk.stops == ["key"]


def test_with_the_briefing_answered_by_rule_keys_are_those_of_a_running_belt():
    assert Desk("briefing", answered=True).press("y").stops == ["key"]


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_meaning_for_every_key(state):
    for key in ("\r", "h", "d", "x", " ", "q", "n", "y", "c", "p", "\x1b[A", "é", "1"):
        Desk(state.value).press(key)
