"""A client's weeks: what was done, the one thing that rose, how it felt, and what of it is not known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.days import Day
from retroctl.domain.method.figures import INTERRUPTED, BalanceNoted, Figures, Hold, Rating, Spent
from retroctl.domain.method.one_variable import Variable
from retroctl.domain.method.practice import Kind, Shape
from retroctl.domain.method.progress import (
    Done,
    energy_of,
    forward_equivalent,
    monday,
    rpe_at_fixed_speed,
    speed_assessments,
    weeks,
)
from retroctl.units import Speed

MONDAY = Day.of(2026, 10, 5)
SLOW, MIDDLE, FAST = Speed(100), Speed(180), Speed(260)
RAIL = BalanceNoted(BalanceEvent.RAIL, 1.0, None)


def done(day: int, top: Speed = MIDDLE, *, interval_s: float = 60.0, count: int = 1, **more) -> Done:
    told = {
        "name": "ladder",
        "kind": Kind.LADDER,
        "completed": True,
        "ending": INTERRUPTED,
        "holds": (Hold(SLOW, 60.0), Hold(top, 60.0)),
        **more,
    }
    return Done(MONDAY.plus(day), Figures(shape=Shape(top, interval_s, count, 0.0, interval_s * count), **told))


def test_weeks_are_counted_from_their_first_day_and_hold_what_was_done_in_them():
    found = weeks([done(0), done(6), done(7), done(20)], MONDAY, MONDAY.plus(20))

    assert [(week.number, len(week.done)) for week in found] == [(1, 2), (2, 1), (3, 1)]
    assert found[0].days == tuple(MONDAY.plus(day) for day in range(7))
    assert found[1].first == MONDAY.plus(7)


def test_a_first_day_still_to_come_gives_one_empty_week():
    (week,) = weeks([], MONDAY, MONDAY.plus(-30))

    assert (week.done, week.rises, week.peak, week.backward_s, week.ratings, week.events) == ((), (), None, None, (), 0)
    assert week.events_per_10_min is None


def test_a_weeks_figures_come_from_the_sessions_that_have_them():
    (week,) = weeks(
        [
            done(0, FAST, backward_s=600.0, events=(RAIL,), ratings=(Rating(12, FAST),)),
            done(1, MIDDLE, backward_s=600.0, ratings=(Rating(9, None),)),
            done(2, holds=(), events=(RAIL, RAIL)),
        ],
        MONDAY,
        MONDAY.plus(6),
    )

    assert (week.peak, week.backward_s, week.ratings, week.events) == (FAST, 1200.0, (12, 9), 3)
    assert week.events_per_10_min == 0.5, "events in a time that is not known are in no rate"


def test_what_rose_is_told_between_completed_sessions_of_one_kind():
    told = [
        done(0, MIDDLE),
        done(1, FAST, completed=False),
        done(2, MIDDLE, name="intervals", kind=Kind.MAIN_SET, count=3),
        done(3, FAST, name="another name makes no other kind"),
        done(8, FAST, interval_s=90.0),
        done(9, FAST, interval_s=90.0),
    ]

    first, second = weeks(told, MONDAY, MONDAY.plus(9))

    assert [(rise.kind, rise.variables) for rise in first.rises] == [
        (Kind.LADDER, {Variable.SPEED: "from 1.80 km/h to 2.60 km/h"})
    ]
    assert [rise.variables for rise in second.rises] == [{Variable.LENGTH: "from 60 s to 90 s"}]


def test_what_was_done_before_the_weeks_is_what_the_first_rise_is_measured_by():
    (week,) = weeks([done(-30, MIDDLE), done(0, FAST)], MONDAY, MONDAY)

    assert [list(rise.variables) for rise in week.rises] == [[Variable.SPEED]]


@given(st.integers(1, 3_652_000))
def test_every_monday_is_the_first_of_seven_days(ordinal):
    day = Day(ordinal)

    assert 0 <= day.days_since(monday(day)) <= 6
    assert monday(monday(day)) == monday(day)


def test_the_fixed_speed_is_the_one_rated_on_the_most_days_and_its_last_rating_of_a_day_counts():
    told = [
        done(2, ratings=(Rating(12, SLOW), Rating(11, SLOW), Rating(15, FAST))),
        done(0, ratings=(Rating(14, SLOW), Rating(9, None))),
        done(4, ratings=(Rating(10, SLOW),)),
    ]

    assert rpe_at_fixed_speed(told) == (SLOW, ((MONDAY, 14), (MONDAY.plus(2), 11), (MONDAY.plus(4), 10)))


def test_of_two_speeds_rated_equally_often_the_faster_one_is_shown():
    told = [done(day, ratings=(Rating(10, SLOW), Rating(12, FAST))) for day in (0, 2)]

    found = rpe_at_fixed_speed(told)

    assert found is not None
    assert found[0] == FAST


@pytest.mark.parametrize(
    "told", [[], [done(0)], [done(0, ratings=(Rating(10, SLOW),)), done(2, ratings=(Rating(9, FAST),))]]
)
def test_one_rating_of_a_speed_shows_no_change(told):
    assert rpe_at_fixed_speed(told) is None


def test_energy_is_summed_with_its_band_over_the_sessions_that_have_it():
    spent = Spent(100.0, 90.0, 126.0, extrapolated=True)

    found = energy_of([done(0, spent=spent), done(1), done(2, spent=Spent(50.0, 45.0, 63.0))])

    assert found == (Spent(150.0, 135.0, 189.0, extrapolated=True), 2)
    assert energy_of([done(0)]) is None
    assert energy_of([]) is None


def test_the_same_forward_is_told_only_where_all_of_it_was_backward():
    spent = Spent(130.0, 117.0, 163.8)
    backward = done(0, spent=spent, backward_s=600.0, moving_s=600.0)

    assert forward_equivalent([backward, done(1)]) == pytest.approx(100.0)
    assert forward_equivalent([backward, done(1, spent=spent, backward_s=60.0, moving_s=600.0)]) is None
    assert forward_equivalent([done(0, spent=spent)]) is None
    assert forward_equivalent([]) is None


def test_speed_is_assessed_after_the_familiarisation_and_again_after_four_weeks():
    def rated(day, top):
        return done(day, top, ratings=(Rating(12, top),))

    told = [rated(0, FAST), rated(1, FAST), rated(2, MIDDLE), rated(30, MIDDLE), rated(33, FAST)]

    before, after = speed_assessments(told, MONDAY.plus(34))

    assert before is not None
    assert after is not None
    assert (before.day, before.speed_kmh) == (MONDAY.plus(2), 1.8)
    assert (after.day, after.speed_kmh) == (MONDAY.plus(33), 2.6)


def test_what_nobody_rated_or_is_too_near_or_too_long_ago_is_not_measured():
    rated = [done(day, ratings=(Rating(12, MIDDLE),)) for day in (0, 1, 2, 20, 31)]

    assert speed_assessments([done(day) for day in range(5)], MONDAY.plus(5)) == (None, None)
    assert speed_assessments(rated[:4], MONDAY.plus(20))[1] is None
    assert speed_assessments(rated, MONDAY.plus(60))[1] is None
