"""Exertion, hands and tags: noted with their speed, refused out of range, and never a cause of motion."""

from __future__ import annotations

import pytest
from bench import Bench
from states import in_state

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.session import Advance
from retroctl.domain.stopping import SAID_AGAIN, SAID_AGAIN_S
from retroctl.domain.transitions import ARMED_STATES, State

NOTES = [ev.RpeGiven(13), *(ev.HandsNoted(hands) for hands in ev.Hands), ev.TagNoted(4), ev.KeyboardLost()]


def notes(bench):
    return [(note["note"], note["value"], note["target_kmh"]) for note in bench.of(Kind.NOTE)]


def refusals(bench):
    return [refusal["rule"] for refusal in bench.of(Kind.REFUSAL)]


@pytest.mark.parametrize("state", list(State))
def test_a_note_writes_nothing_and_leaves_the_hold_as_it_is(state):
    for event in NOTES:
        bench = in_state(state)
        before, left = list(bench.wire()), bench.session.hold_remaining_s(bench.now)
        deadline = bench.session.next_deadline()
        bench.tell(event)
        assert bench.wire() == before
        assert bench.session.hold_remaining_s(bench.now) == left
        if state is not State.ANNOUNCING:
            assert bench.state == state
            assert bench.session.next_deadline() == deadline


def test_a_rating_is_kept_with_the_speed_it_was_said_of():
    bench = Bench()
    bench.hold_at(1.8)
    assert bench.session.last_rpe is None
    bench.until("ready")
    assert bench.session.rpe_wanted
    bench.tell(ev.RpeGiven(13))
    assert not bench.session.rpe_wanted
    rated = bench.session.last_rpe
    assert rated is not None
    assert (rated.rating, rated.rung.kmh, rated.at) == (13, 1.8, bench.now)
    assert notes(bench) == [("rpe", 13, 1.8)]


def test_a_rating_that_comes_after_the_raise_is_still_about_the_speed_before():
    bench = Bench()
    bench.hold_at(1.0)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling")
    bench.tell(ev.RpeGiven(15))
    assert notes(bench) == [("rpe", 15, 1.0)]
    bench.until("ready")
    assert bench.session.rpe_wanted, "the new speed has no rating yet"


def test_a_hold_that_starts_anew_at_the_same_speed_needs_no_second_rating():
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.RpeGiven(11), ev.BalanceEventNoted(ev.BalanceEvent.RAIL))
    bench.until("ready")
    assert not bench.session.rpe_wanted


@pytest.mark.parametrize("rating", [-1, 0, 5, 21, 99])
def test_a_rating_off_the_scale_is_refused_with_a_line(rating):
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.RpeGiven(rating))
    assert "6 to 20" in bench.of(Kind.REFUSAL)[-1]["reason"]
    assert bench.session.last_rpe is None
    assert notes(bench) == []


def test_before_any_speed_was_held_there_is_nothing_to_rate():
    bench = in_state("starting")
    bench.tell(ev.RpeGiven(9))
    assert refusals(bench) == ["RPE"]


@pytest.mark.parametrize("number", [0, 10, -3])
def test_a_tag_out_of_range_is_refused_with_a_line(number):
    bench = Bench()
    bench.tell(ev.TagNoted(number))
    assert refusals(bench) == ["tag"]


def test_the_first_rung_begins_with_both_hands_and_each_rung_keeps_its_own():
    bench = Bench()
    bench.hold_at(1.0)
    assert bench.session.hands is ev.Hands.BOTH
    bench.climb()
    bench.tell(ev.HandsNoted(ev.Hands.ONE))
    bench.climb()
    held = [(hold["target_kmh"], hold["hands"]) for hold in bench.of(Kind.HELD)]
    assert held == [(1.0, "both"), (1.8, "one")]


def test_hands_that_stay_as_they_are_are_no_news():
    bench = Bench()
    bench.hold_at(1.8)
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.advance(2.0)
    bench.tell(ev.HandsNoted(ev.Hands.BOTH))
    assert bench.state == "announcing"
    assert notes(bench) == []
    bench.until("settling")


@pytest.mark.parametrize("state", [state for state in State if state not in ARMED_STATES])
def test_hands_are_noted_once_armed(state):
    bench = in_state(state)
    bench.tell(ev.HandsNoted(ev.Hands.NONE))
    assert refusals(bench) == ["R4"]
    assert bench.session.hands is ev.Hands.BOTH


def test_a_new_session_on_the_same_belt_begins_with_both_hands_again():
    bench = in_state("stopped")
    bench.tell(ev.HandsNoted(ev.Hands.NONE), ev.ArmRequested())
    assert bench.state == "armed"
    assert bench.session.hands is ev.Hands.BOTH
    assert bench.session.last_rpe is None


@pytest.mark.parametrize("advance", list(Advance))
def test_other_hands_take_back_a_raise_that_is_being_announced(advance):
    """R11: one thing at a time; it comes only after the trainer has confirmed anew."""
    bench = Bench(advance=advance)
    bench.start()
    bench.until("holding")
    bench.until("ready" if advance is Advance.CONFIRM else "announcing")
    if advance is Advance.CONFIRM:
        bench.tell(ev.ConfirmPressed())
    bench.advance(4.9)
    bench.tell(ev.HandsNoted(ev.Hands.NONE))
    assert bench.state == "ready"
    assert refusals(bench)[-1] == "R11"
    bench.advance(60.0)
    assert "02b400" not in bench.wire()
    bench.tell(ev.ConfirmPressed())
    bench.until("settling")
    assert bench.wire()[-1] == "02b400"


def test_consent_given_before_the_hands_changed_is_none():
    bench = Bench()
    bench.hold_at(1.8)
    bench.advance(bench.session.hold_remaining_s(bench.now) - 5.0)
    bench.tell(ev.ConfirmPressed(), ev.HandsNoted(ev.Hands.ONE))
    bench.advance(30.0)
    assert bench.state == "ready"
    assert "020401" not in bench.wire()


def test_not_confirmed_is_said_again_every_5_s_and_ends_with_stopped():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.obeys = False
    bench.tell(ev.StopRequested("key"))
    began = bench.now
    bench.advance(30.0)
    said = [stop["t"] - began for stop in bench.of(Kind.STOP)[1:]]
    assert said == pytest.approx([1.5 + SAID_AGAIN_S * n for n in range(6)], abs=0.05)
    bench.belt.set(0.0)
    bench.until("stopped")
    assert [stop["view"] for stop in bench.of(Kind.STOP)][-1] == "STOPPED"
    told = len(bench.of(Kind.STOP))
    bench.advance(30.0)
    assert len(bench.of(Kind.STOP)) == told


def test_not_confirmed_is_not_said_for_ever():
    bench = Bench()
    bench.hold_at(1.0)
    bench.belt.obeys = False
    bench.tell(ev.StopRequested("key"))
    bench.advance(SAID_AGAIN_S * (SAID_AGAIN + 10))
    assert len(bench.of(Kind.STOP)) == 2 + SAID_AGAIN
    assert bench.session.stop_view == "NOT CONFIRMED - PULL THE CLIP", "the screen goes on saying it"


def test_that_the_keys_go_elsewhere_is_said_once():
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.KeyboardLost())
    assert [cue["text"] for cue in bench.of(Kind.CUE)].count("The keys go elsewhere.") == 1
