"""The belt's motion is exact: it depends on the commands and their times, never on who looks when."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.belt import Belt
from simulators.drive import Drive, Phase
from simulators.traits import Traits

SPEEDS = st.integers(0, 2000).map(lambda hundredths: hundredths / 100)
GAPS = st.floats(0, 60)
COMMANDS = st.lists(st.tuples(GAPS, SPEEDS, st.floats(0.05, 5), st.floats(0, 4)), max_size=12)


def driven(commands) -> tuple[Belt, float]:
    belt, now = Belt(100.0), 100.0
    for gap, goal, rate, delay in commands:
        now += gap
        belt.ramp_to(goal, now, rate=rate, not_before=now + delay)
    return belt, now


def test_a_new_belt_is_at_rest_at_any_time():
    belt = Belt(5.0)
    assert [belt.speed_kmh(at) for at in (-1e9, 0, 5, 1e9)] == [0, 0, 0, 0]
    assert belt.distance_m(1e9) == 0
    assert not belt.moving(7)
    assert belt.breakpoints == [(5.0, 0.0, 0.0)]


def test_a_ramp_is_a_straight_line_and_its_distance_a_triangle():
    belt = Belt()
    belt.ramp_to(4.0, 10.0, rate=0.5)
    assert belt.speed_kmh(10) == 0
    assert belt.speed_kmh(14) == pytest.approx(2.0)
    assert belt.speed_kmh(18) == 4.0
    assert belt.steady_at == 18
    assert belt.distance_m(18) == pytest.approx(4.0 / 3.6 / 2 * 8)
    assert belt.distance_m(28) == pytest.approx(4.0 / 3.6 / 2 * 8 + 4.0 / 3.6 * 10)
    assert belt.goal_kmh == belt.peak_kmh() == 4.0


def test_a_command_replaces_what_was_planned_from_its_time_on():
    belt = Belt()
    belt.ramp_to(10.0, 0.0, rate=1.0)
    belt.ramp_to(0.0, 4.0, rate=2.0)
    assert belt.speed_kmh(4) == 4.0
    assert belt.speed_kmh(5) == 2.0
    assert belt.speed_kmh(6) == 0.0
    assert belt.peak_kmh() == 4.0


def test_during_a_delay_the_belt_keeps_its_speed():
    belt = Belt()
    belt.ramp_to(3.0, 0.0, rate=1.0)
    belt.ramp_to(6.0, 2.0, rate=1.0, not_before=5.0)
    assert belt.speed_kmh(4.9) == 2.0
    assert belt.speed_kmh(6.0) == pytest.approx(3.0)


@pytest.mark.parametrize(("goal", "rate"), [(-0.1, 1.0), (1.0, 0.0), (1.0, -1.0)])
def test_a_nonsensical_ramp_is_refused(goal, rate):
    with pytest.raises(ValueError, match="cannot ramp"):
        Belt().ramp_to(goal, 0.0, rate=rate)


def test_time_never_runs_backwards():
    belt = Belt(3.0)
    belt.ramp_to(1.0, 9.0, rate=1.0)
    with pytest.raises(ValueError, match="later than"):
        belt.ramp_to(2.0, 8.9, rate=1.0)


@given(COMMANDS)
def test_the_speed_is_never_negative_never_over_the_goals_and_reaches_the_last_one_exactly(commands):
    belt, now = driven(commands)
    top = max((goal for _, goal, _, _ in commands), default=0.0)
    ends = belt.steady_at
    assert belt.speed_kmh(ends) == belt.speed_kmh(ends + 1e6) == (commands[-1][1] if commands else 0.0)
    for step in range(101):
        at = 90 + (max(ends, now) - 90) * step / 100
        assert -1e-9 <= belt.speed_kmh(at) <= top + 1e-9


@given(COMMANDS, st.floats(0, 400), st.floats(1e-3, 10))
def test_the_speed_never_changes_faster_than_the_fastest_ramp(commands, start, span):
    belt, _ = driven(commands)
    limit = max((rate for _, _, rate, _ in commands), default=0.0)
    change = abs(belt.speed_kmh(100 + start + span) - belt.speed_kmh(100 + start))
    assert change <= limit * span * (1 + 1e-6) + 1e-6


@given(COMMANDS, st.floats(0, 400))
def test_the_distance_is_the_integral_of_the_speed(commands, seconds):
    belt, _ = driven(commands)
    end = 100 + seconds
    # Trapezoids between all bends are exact for a line that is straight between them.
    marks = sorted({100.0, end, *(point.at for point in belt.breakpoints if point.at < end)})
    area = sum((belt.speed_kmh(a) + belt.speed_kmh(b)) / 2 / 3.6 * (b - a) for a, b in itertools.pairwise(marks))
    assert belt.distance_m(end) == pytest.approx(area, rel=1e-6, abs=1e-4)


@given(COMMANDS, st.lists(st.floats(0, 500), max_size=8))
def test_looking_changes_nothing(commands, looks):
    quiet, _ = driven(commands)
    watched, now = Belt(100.0), 100.0
    for gap, goal, rate, delay in commands:
        now += gap
        watched.distance_m(now)
        watched.speed_kmh(now + 3)
        watched.ramp_to(goal, now, rate=rate, not_before=now + delay)
    assert watched.breakpoints == quiet.breakpoints
    assert [watched.speed_kmh(100 + look) for look in looks] == [quiet.speed_kmh(100 + look) for look in looks]


# The drive: countdown, start speed, counters.


def started(traits: Traits | None = None, at: float = 0.0) -> Drive:
    drive = Drive(traits or Traits(), 0.0)
    drive.start(at)
    return drive


def test_a_start_counts_down_and_then_ramps_to_the_start_speed():
    drive = started()
    assert drive.counting_down(0.0)
    assert drive.belt.speed_kmh(3.0) == 0
    assert not drive.counting_down(3.0)
    assert drive.belt.speed_kmh(4.0) == pytest.approx(0.5)
    assert drive.belt.speed_kmh(5.0) == 1.0
    assert drive.belt.goal_kmh == 1.0


def test_a_stop_during_the_countdown_means_that_the_belt_never_moves():
    drive = started()
    drive.stop(1.0)
    assert drive.belt.peak_kmh() == 0
    assert drive.phase is Phase.IDLE


def test_a_target_set_before_the_start_is_reached_after_it_and_forgotten_by_a_stop():
    drive = Drive(Traits(), 0.0)
    drive.set_speed(2.5, 0.0)
    assert not drive.belt.moving(100)
    drive.start(100.0)
    assert drive.belt.goal_kmh == 2.5
    drive.stop(200.0)
    drive.start(300.0)
    assert drive.belt.goal_kmh == 1.0


def test_up_and_down_have_their_own_rates():
    drive = started()
    drive.set_speed(3.0, 10.0)
    assert drive.belt.steady_at == pytest.approx(14.0)
    drive.set_speed(1.0, 20.0)
    assert drive.belt.steady_at == pytest.approx(22.5)


def test_a_pulled_key_stops_faster_than_a_stop_and_forbids_a_start():
    stopped, cut = started(), started()
    for drive in (stopped, cut):
        drive.set_speed(8.0, 10.0)
    stopped.stop(60.0)
    cut.cut(60.0)
    assert cut.belt.steady_at < stopped.belt.steady_at
    assert not cut.can_start(1000.0)
    cut.key_in = True
    assert not cut.can_start(61.0), "the belt still falls"
    assert cut.can_start(1000.0)


def test_elapsed_time_counts_motion_only_and_goes_on_after_a_pause_but_not_after_a_stop():
    drive = started()
    assert drive.elapsed_s(3.0) == 0
    assert drive.elapsed_s(13.0) == 10
    drive.stop(13.0, pause=True)
    assert drive.elapsed_s(50.0) == 10
    drive.start(50.0)
    assert drive.elapsed_s(63.0) == 20
    drive.stop(63.0)
    assert drive.elapsed_s(100.0) == 20, "the display keeps the last session"
    drive.start(100.0)
    assert drive.elapsed_s(103.0) == 0
    assert drive.distance_m(103.0) == 0


def test_the_lag_delays_every_reaction_of_the_belt():
    drive = Drive(Traits(lag_s=0.7, countdown_s=0.0), 0.0)
    drive.start(0.0)
    assert drive.belt.speed_kmh(0.7) == 0
    drive.stop(10.0)
    assert drive.belt.speed_kmh(10.7) == 1.0
    assert drive.belt.speed_kmh(math.inf) == 0
