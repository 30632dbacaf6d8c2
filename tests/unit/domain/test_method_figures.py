"""What a session amounted to: peak held, minutes, events, exertion, who stopped and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.figures import (
    INTERRUPTED,
    BalanceNoted,
    Figures,
    Hold,
    Rating,
    Who,
    ending,
    moved_s,
    planned_course,
    rate,
)
from retroctl.domain.method.practice import Kind, Shape
from retroctl.units import REST, Speed

SLOW, MIDDLE, FAST = Speed(100), Speed(180), Speed(260)


def figures(*holds, peak=FAST, **more) -> Figures:
    told = {"name": "ladder", "kind": Kind.LADDER, "completed": True, "ending": INTERRUPTED, **more}
    return Figures(shape=Shape(peak, 60.0, 1), holds=holds, **told)


@pytest.mark.parametrize(
    ("reason", "completed", "who", "why"),
    [
        ("the end of easing down", True, Who.PLAN, "to its end"),
        ("the end of easing down", False, Who.TRAINER, "eased down before the end"),
        ("key", False, Who.TRAINER, "STOP key"),
        ("SIGINT", False, Who.TRAINER, "Ctrl-C"),
        ("SIGTERM", False, Who.COMPUTER, "the program was told to end"),
        ("the terminal was closed", False, Who.COMPUTER, "the terminal was closed"),
        ("F7: safety key", False, Who.MACHINE, "F7: safety key"),
        ("F11: stepped off", False, Who.BALANCE, "F11: stepped off"),
        ("F3: 3.40 km/h", False, Who.PROGRAM, "F3: 3.40 km/h"),
        ("Friday: nobody came", False, Who.PROGRAM, "Friday: nobody came"),
        ("F3", False, Who.PROGRAM, "F3"),
        ("no motion after Start", False, Who.PROGRAM, "no motion after Start"),
    ],
)
def test_who_stopped_and_why(reason, completed, who, why):
    found = ending(reason, began=True, completed=completed)

    assert (found.who, found.why) == (who, why)


def test_a_session_in_which_the_belt_never_moved_was_not_begun():
    assert ending("key", began=False, completed=False).who is Who.NOBODY
    assert ending("key", began=False, completed=False).why == "STOP key"
    assert ending("no treadmill answered", began=False, completed=False).why == "no treadmill answered"


def test_the_peak_is_the_fastest_backward_speed_held_for_the_whole_minute():
    assert figures(Hold(SLOW, 120.0), Hold(MIDDLE, 60.0), Hold(FAST, 59.9)).peak == MIDDLE
    assert figures(Hold(SLOW, 59.9)).peak is None
    assert figures().peak is None


def test_a_hold_faster_than_the_backward_plan_was_a_forward_one():
    forward = Hold(Speed(800), 600.0)

    run = figures(Hold(SLOW, 60.0), forward, peak=SLOW)

    assert run.peak == SLOW
    assert run.backward_holds == (Hold(SLOW, 60.0),)


def test_the_highest_exertion_counts_and_the_whole_sessions_only_without_others():
    assert figures(ratings=(Rating(11, SLOW), Rating(13, MIDDLE)), session_rpe=15).rpe == 13
    assert figures(session_rpe=15).rpe == 15
    assert figures().rpe is None


def test_of_two_ratings_of_one_speed_the_later_counts():
    run = figures(ratings=(Rating(15, SLOW), Rating(12, SLOW), Rating(9, None)))

    assert run.rpe_at(SLOW) == 12
    assert run.rpe_at(FAST) is None


def test_assessed_speed_was_held_for_a_minute_and_felt_like_13_or_less():
    holds = (Hold(SLOW, 60.0), Hold(MIDDLE, 60.0), Hold(FAST, 60.0))
    ratings = (Rating(10, SLOW), Rating(13, MIDDLE), Rating(14, FAST))

    assert figures(*holds, ratings=ratings).assessed == MIDDLE
    assert figures(Hold(MIDDLE, 59.0), Hold(SLOW, 60.0), ratings=ratings).assessed == SLOW
    assert figures(*holds).assessed is None


def test_events_are_counted_per_ten_minutes_backward():
    events = (BalanceNoted(BalanceEvent.RAIL, 10.0, SLOW),) * 3

    assert figures(events=events, backward_s=1200.0).events_per_10_min == 1.5
    assert figures(backward_s=600.0).events_per_10_min == 0.0
    assert figures(events=events).events_per_10_min is None
    assert figures(events=events, backward_s=59.9).events_per_10_min is None


@given(st.integers(0, 1000), st.floats(60, 1e6))
def test_a_rate_counts_back_to_its_events(events, seconds):
    assert rate(events, seconds) * seconds / 600 == pytest.approx(events)


def test_only_motion_seen_without_a_gap_counts_and_only_backward_motion_is_backward():
    samples = [(0.0, 0.0), (1.0, 1.0), (2.0, 1.0), (3.0, None), (4.0, 1.0), (9.0, 1.0), (10.0, 1.0), (11.0, 0.0)]

    assert moved_s(samples, [(0.0, True), (10.0, False)]) == (4.0, 3.0)
    assert moved_s([], [(0.0, True)]) == (0.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(0, 5000), st.none() | st.floats(0, 20)), max_size=60),
    st.lists(st.tuples(st.floats(0, 5000), st.booleans()), max_size=6),
)
def test_backward_time_is_part_of_the_moving_time_and_that_of_the_session(told, turns):
    told.sort(key=lambda sample: sample[0])
    moving, backward = moved_s(told, sorted(turns))

    span = told[-1][0] - told[0][0] if told else 0.0
    assert 0 <= backward <= moving <= span + 1e-6
    assert moved_s(told, [(0.0, True)])[1] == pytest.approx(moving)


def test_a_plan_runs_through_its_holds_and_down_the_rungs_it_came_by():
    course = planned_course([(SLOW, 60.0), (MIDDLE, 60.0), (FAST, 120.0)], 20.0)

    assert course == ((60.0, 1.0), (60.0, 1.8), (120.0, 2.6), (20.0, 1.8), (20.0, 1.0))
    assert planned_course([], 20.0) == ()
    assert planned_course([(REST, 5.0), (SLOW, 60.0)], 20.0) == ((5.0, 0.0), (60.0, 1.0))
