"""Each number of the rules, from both sides: what is just inside and what is just outside.

The numbers stand here a second time, as docs/SAFETY.md and docs/FAILSAFES.md give them to people; nothing is imported
from the tables that are being looked at.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from retroctl.domain.belief import Belief, Mover
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.events import StartKind
from retroctl.domain.failsafes import FAILSAFES, HEART_NEAR_HIGHEST, HEART_UNKNOWN, FailsafeId
from retroctl.domain.heart import HeartNews, HeartWatch
from retroctl.domain.hold import HoldNews, HoldTimer, Steady
from retroctl.domain.limits import BeltRange, Caps, Client, Facing, Level, caps_for
from retroctl.domain.method.heart import HeartLimits
from retroctl.domain.monitors import DistanceCheck, OverCap, OverTarget, other_unit, restarted, slower_unit
from retroctl.domain.starting import Phase, StartAttempt, StartNews
from retroctl.domain.stopping import StopWatch
from retroctl.domain.transitions import State
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.domain.session.core import Core

FAST = BeltRange(Speed(100), Speed(2000), Speed(10))
FINE = BeltRange(Speed(100), Speed(2000), Speed(1))

# -- caps --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "cap"),
    [("rehab", 200), ("new", 320), ("novice", 480), ("practised", 640), ("runner", 800), ("trained", 970)],
)
def test_the_cap_of_each_level(level, cap):
    assert caps_for(Client(Level(level)), FAST, qualified=True).backward == Speed(cap)


def test_the_ceilings_hold_whatever_else_is_said():
    caps = caps_for(Client(Level.TRAINED, comfortable_forward=Speed(2000)), FAST, qualified=True)
    assert (caps.backward, caps.forward) == (Speed(970), Speed(1400))
    assert (caps.backward_reason, caps.forward_reason) == ("level trained", "the program's forward ceiling")


def test_072_of_the_forward_speed_is_neither_more_nor_less():
    caps = caps_for(Client(Level.TRAINED, comfortable_forward=Speed(1000)), FAST, qualified=True)
    assert caps.backward == Speed(720)


def test_old_age_and_falls_mean_the_cap_of_rehab_and_its_own_reason_where_it_is_lower_already():
    careful = Client(Level.TRAINED, rehab_reason="66 years")
    assert caps_for(careful, FAST, qualified=True).backward == Speed(200)
    assert caps_for(careful, FAST, qualified=True).backward_reason == "as level rehab: 66 years"
    assert caps_for(Client(Level.REHAB, rehab_reason="66 years"), FAST, qualified=True).backward_reason == "level rehab"


@pytest.mark.parametrize("level", list(Level))
def test_only_from_practised_on_may_a_session_go_hands_free(level):
    assert Client(level, balance_mastered=True).hands_free is (level in {"practised", "runner", "trained"})
    assert not Client(level).hands_free
    assert not Client(level, balance_mastered=True, rehab_reason="fell in May").hands_free


# -- F3, F4, F5, F12 ---------------------------------------------------------------------------------------------------


def test_f3_is_over_by_more_than_050_for_2_s():
    watch = OverTarget()
    assert not watch.trips(Speed(350), Speed(300), 0.0)
    assert not watch.trips(Speed(350), Speed(300), 9.0)
    assert not watch.trips(Speed(351), Speed(300), 10.0)
    assert not watch.trips(Speed(351), Speed(300), 11.95)
    assert watch.trips(Speed(351), Speed(300), 12.0)
    assert not watch.trips(Speed(350), Speed(300), 12.5), "back inside"
    assert not watch.trips(Speed(900), None, 13.0), "no target, nothing to be over"
    assert not watch.trips(Speed(351), Speed(300), 14.0), "counted anew"


def test_f4_is_over_the_cap_by_more_than_030_in_two_frames_half_a_second_apart():
    caps = Caps(Speed(300), Speed(500), "", "")
    for facing, cap in ((Facing.BACKWARD, 300), (Facing.FORWARD, 500)):
        watch = OverCap(caps)
        assert not watch.trips(Speed(cap + 30), facing, 0.0)
        assert not watch.trips(Speed(cap + 30), facing, 9.0)
        assert not watch.trips(Speed(cap + 31), facing, 10.0)
        assert not watch.trips(Speed(cap + 31), facing, 10.45)
        assert watch.trips(Speed(cap + 31), facing, 10.5)
        assert not watch.trips(Speed(cap + 30), facing, 10.6)
        assert not watch.trips(Speed(cap + 31), facing, 11.0), "counted anew"


@pytest.mark.parametrize(
    ("percent", "other"),
    [
        (149, False),
        (150, True),
        (161, True),
        (172, True),
        (173, False),
        (399, False),
        (400, True),
        (500, True),
        (69, False),
        (68, True),
        (62, True),
        (56, True),
        (55, False),
        (26, False),
        (25, True),
        (5, True),
        (100, False),
    ],
)
def test_f5_takes_just_these_ratios_for_another_unit(percent, other):
    assert other_unit(Speed(2 * percent), Speed(200)) is other


@pytest.mark.parametrize(("measured", "slower"), [(55, False), (56, True), (62, True), (68, True), (69, False)])
def test_f5_knows_a_lowest_speed_in_miles(measured, slower):
    assert slower_unit(Speed(measured), Speed(100)) is slower


@pytest.mark.parametrize(
    ("before", "after", "yes"),
    [(100, 9, True), (100, 10, False), (5, 2, True), (5, 3, False), (5, 4, False), (None, 3, False), (9, None, False)],
)
def test_f12_a_clock_that_falls_by_more_than_2_s_to_less_than_10_is_a_restart(before, after, yes):
    assert restarted(before, after) is yes


def counted(*ratios: float, metres: float = 8.0, seconds_apart: float = 1.0) -> list[float | None]:
    """What the check says of two windows, in which so many times as many metres are counted as run."""
    check, speed = DistanceCheck(), Speed(round(360 / seconds_apart))  # one metre from each frame to the next
    said = [check.disagrees(speed, 1000, 0.0), check.disagrees(speed, 1001, seconds_apart)]  # opens at a change
    at, counter = seconds_apart, 1001
    for ratio in ratios:
        for _ in range(round(metres) - 1):
            at += seconds_apart
            said.append(check.disagrees(speed, counter, at))
        at, counter = at + seconds_apart, counter + round(metres * ratio)
        said.append(check.disagrees(speed, counter, at))
    return said


@pytest.mark.parametrize(
    ("ratio", "other"),
    [(1.34, False), (1.35, True), (3.0, True), (3.01, False), (0.73, False), (0.72, True), (0.3, True), (0.29, False)],
)
def test_f5_counts_metres_for_and_against_the_speed_twice_over_8_m(ratio, other):
    said = counted(ratio, ratio, metres=100.0)
    assert said[:-1] == [None] * (len(said) - 1), "not before the second window"
    assert (said[-1] is not None) is other


def test_f5_compares_no_metres_before_the_belt_has_run_8_m():
    assert counted(1.5, 1.5)[-1] == 1.5
    assert counted(10 / 7, 10 / 7, metres=7.0)[-1] is None, "7 m are too few"


@pytest.mark.parametrize("seconds_apart", [0.5, 2.0])
def test_f5_counts_metres_at_any_rate_of_frames(seconds_apart):
    assert counted(1.5, 1.5, seconds_apart=seconds_apart)[-1] == pytest.approx(1.5)
    assert counted(1.0, 1.0, seconds_apart=seconds_apart)[-1] is None


def test_f5_takes_no_metres_across_a_gap_or_a_counter_that_fell():
    assert counted(1.5, 1.5, seconds_apart=2.1) == [None] * 18


def test_f5_looks_at_each_8_m_by_themselves():
    assert counted(1.5, 1.25, metres=100.0)[-1] is None


# -- rest, freshness, falling -----------------------------------------------------------------------------------------


def test_data_are_fresh_for_2_s():
    belief = Belief()
    belief.measure(Speed(100), 10.0)
    assert belief.fresh(12.0)
    assert not belief.fresh(12.1)


def test_rest_is_two_frames_of_0_and_09_s_between_the_first_and_the_last():
    belief = Belief()
    for at, stands in ((10.0, False), (10.5, False), (10.89, False), (10.945, True)):
        belief.measure(Speed(0), at)
        assert belief.stands() is stands, at


def test_two_frames_of_0_are_enough_and_a_frame_that_came_twice_is_one():
    belief = Belief()
    belief.measure(Speed(0), 10.0)
    belief.measure(Speed(0), 10.04)
    assert belief.zero_frames == 1
    belief.measure(Speed(0), 10.055)
    assert belief.zero_frames == 2
    belief.measure(Speed(0), 11.0)
    assert belief.stands()


@pytest.mark.parametrize(("metres", "rolls"), [(0, False), (1, True), (10, True), (11, False)])
def test_a_belt_at_0_whose_metres_count_on_rolls_unless_the_counter_was_set(metres, rolls):
    belief = Belief()
    belief.measure(Speed(0), 10.0, 100)
    belief.measure(Speed(0), 11.0, 100 + metres)
    assert belief.rolls is rolls


@pytest.mark.parametrize(
    ("lower", "apart", "seen"), [(5, 1.0, True), (4, 1.0, False), (50, 1.5, True), (4, 1.5, False)]
)
def test_a_fall_of_005_within_15_s_is_seen(lower, apart, seen):
    belief = Belief()
    belief.measure(Speed(300), 10.0)
    belief.measure(Speed(300 - lower), 10.0 + apart)
    assert belief.seen_falling is seen


def test_a_fall_that_nobody_saw_is_waited_for_at_007_a_second():
    belief = Belief()
    belief.measure(Speed(280), 9.0)
    belief.measure(Speed(280), 10.0)
    assert belief.falls_until() == pytest.approx(10.0 + 280 / 7)


def test_a_former_target_counts_for_10_s():
    belief = Belief()
    belief.put_in_force(Speed(300), 0.0, Mover.PROGRAM)
    belief.put_in_force(Speed(200), 5.0, Mover.PROGRAM)
    assert belief.highest_target(15.0) == Speed(300)
    assert belief.highest_target(15.1) == Speed(200)


@pytest.mark.parametrize(
    ("speeds", "apart", "ramps"),
    [
        ([100, 105, 110], 1.0, True),
        ([100, 104, 108], 1.0, False),
        ([120, 110, 104], 1.0, True),
        ([100, 110, 100], 1.0, False),
        ([100, 110, 110, 120], 1.0, False),
        ([100, 110, 120, 120, 110], 1.0, True),
        ([100, 105, 110], 1.5, True),
        ([100, 105, 110], 1.6, False),
        ([100, 150], 1.0, False),
    ],
)
def test_a_machine_that_tells_speeds_in_between_shows_its_belt(speeds, apart, ramps):
    belief = Belief()
    for n, speed in enumerate(speeds):
        belief.measure(Speed(speed), 10.0 + n * apart)
    assert belief.shows_ramps is ramps


@pytest.mark.parametrize(
    ("speeds", "gap", "until"),
    [
        ([240, 260, 280, 280], 2.1, 0.0),
        ([240, 260, 280, 280], 2.0, 13.0 + 280 / 7),
        ([280, 280, 280, 280], 2.1, 13.0 + 280 / 7),
        ([300, 290, 280, 270], 2.0, 0.0),
    ],
)
def test_a_belt_that_came_to_0_unwatched_is_believed_where_ramps_are_shown(speeds, gap, until):
    belief = Belief()
    for n, speed in enumerate(speeds):
        belief.measure(Speed(speed), 10.0 + n)
    belief.measure(Speed(0), 13.0 + gap)
    assert belief.falls_until() == pytest.approx(until)


@pytest.mark.parametrize(("at", "seen"), [(11.5, True), (11.6, False)])
def test_a_fall_is_seen_against_the_highest_speed_of_15_s(at, seen):
    belief = Belief()
    for when, speed in ((10.0, 310), (11.0, 306), (at, 305)):
        belief.measure(Speed(speed), when)
    assert belief.seen_falling is seen


def test_metres_make_a_belt_roll_only_while_it_tells_0_and_told_it_before():
    belief = Belief()
    assert not belief.moving()
    belief.measure(Speed(100), 10.0, 100)
    assert belief.moving()
    belief.measure(Speed(0), 11.0, 101)
    assert not belief.rolls, "it has only just come to rest"
    belief.measure(Speed(50), 12.0, 102)
    assert not belief.rolls, "it says that it moves"
    belief.measure(Speed(0), 13.0, 102)
    belief.measure(Speed(0), 14.0, None)
    assert not belief.rolls
    belief.measure(Speed(0), 15.0, 103)
    assert not belief.rolls, "from nothing to 103 is no count"
    belief.measure(Speed(0), 16.0, 104)
    assert belief.rolls
    assert belief.zero_frames == 0


def test_two_frames_of_0_005_s_apart_are_two():
    belief = Belief()
    belief.measure(Speed(0), 0.0)
    belief.measure(Speed(0), 0.05)
    assert belief.zero_frames == 2


def test_at_rest_every_target_is_forgotten():
    belief = Belief()
    belief.measure(Speed(300), 4.0)
    belief.measure(Speed(300), 5.0)
    belief.put_in_force(Speed(300), 4.0, Mover.PROGRAM)
    belief.put_in_force(Speed(200), 5.0, Mover.PROGRAM)
    belief.forget_targets()
    assert belief.highest_target(6.0) is None
    assert belief.recent_targets(6.0) == []
    assert belief.in_force is belief.requested is belief.accepted is None
    assert belief.falls_until() == 0.0


def test_who_moved_the_belt_last_is_known():
    belief = Belief()
    assert belief.mover is Mover.NOBODY
    belief.put_in_force(Speed(300), 0.0, Mover.CONSOLE)
    assert belief.mover is Mover.CONSOLE


def test_the_grid_begins_at_the_lowest_speed_wherever_that_is():
    belt = BeltRange(Speed(104), Speed(2000), Speed(10))
    assert [speed for speed in range(100, 130) if belt.on_grid(Speed(speed))] == [104, 114, 124]


# -- settled, steady, held ---------------------------------------------------------------------------------------------


def test_settled_is_1_s_and_two_frames_near_the_target():
    hold = HoldTimer(FAST)
    hold.aim(Speed(300))
    assert hold.measure(Speed(310), 10.0) is HoldNews.NOTHING
    assert hold.measure(Speed(290), 10.95) is HoldNews.NOTHING
    assert hold.measure(Speed(300), 11.0) is HoldNews.SETTLED
    assert hold.seconds(15.0) == 4.0
    assert hold.remaining(60.0, 15.0) == 56.0
    assert hold.remaining(60.0, 90.0) == 0.0


def test_two_frames_a_second_apart_settle_and_one_outside_begins_anew():
    hold = HoldTimer(FAST)
    hold.aim(Speed(300))
    hold.measure(Speed(300), 10.0)
    assert hold.measure(Speed(311), 10.5) is HoldNews.NOTHING
    assert hold.measure(Speed(300), 11.0) is HoldNews.NOTHING
    assert hold.measure(Speed(300), 12.0) is HoldNews.SETTLED


@pytest.mark.parametrize(
    ("step", "off", "settles"),
    [(1, 5, True), (1, 6, False), (8, 7, True), (8, 8, False), (40, 10, True), (40, 11, False)],
)
def test_a_small_step_must_be_seen_to_have_been_made(step, off, settles):
    hold = HoldTimer(FINE)
    hold.aim(Speed(300), Speed(300 - step))
    hold.measure(Speed(300 - off), 10.0)
    assert (hold.measure(Speed(300 - off), 11.0) is HoldNews.SETTLED) is settles


@pytest.mark.parametrize(("off", "seconds", "broken"), [(30, 9.0, False), (31, 1.95, False), (31, 2.0, True)])
def test_an_excursion_breaks_the_hold_after_2_s(off, seconds, broken):
    hold = HoldTimer(FAST)
    hold.aim(Speed(300))
    hold.measure(Speed(300), 0.0)
    hold.measure(Speed(300), 1.0)
    assert hold.measure(Speed(300 + off), 10.0) is HoldNews.NOTHING
    assert (hold.measure(Speed(300 + off), 10.0 + seconds) is HoldNews.BROKEN) is broken
    assert (hold.settled_at is None) is broken


def test_a_hold_that_broke_and_settled_again_bears_an_excursion_as_a_new_one_does():
    hold = HoldTimer(FAST)
    assert hold.seconds(5.0) == 0.0
    hold.aim(Speed(300))
    for at, speed in ((0.0, 300), (1.0, 300), (2.0, 340), (4.0, 340), (5.0, 300), (6.0, 300)):
        news = hold.measure(Speed(speed), at)
    assert news is HoldNews.SETTLED
    assert hold.measure(Speed(340), 7.0) is HoldNews.NOTHING


def test_two_short_excursions_are_not_one_long_one():
    hold = HoldTimer(FAST)
    hold.aim(Speed(300))
    hold.measure(Speed(300), 0.0)
    hold.measure(Speed(300), 1.0)
    for at, speed in ((10.0, 340), (11.0, 300), (11.5, 340), (12.5, 340), (13.0, 300)):
        assert hold.measure(Speed(speed), at) is HoldNews.NOTHING


def test_steady_is_three_frames_and_so_many_seconds():
    steady = Steady(FAST)
    assert not steady.lasted(0.0, 0.0), "nothing was seen"
    steady.measure(Speed(300), 10.0)
    steady.measure(Speed(310), 11.0)
    assert not steady.lasted(1.0, 12.0), "two frames"
    steady.measure(Speed(290), 12.0)
    assert steady.lasted(2.0, 12.0)
    assert not steady.lasted(2.1, 12.0)
    steady.measure(Speed(311), 13.0)
    assert steady.anchor == Speed(311)
    assert not steady.lasted(0.0, 13.0), "another speed begins anew"
    steady.measure(Speed(311), 15.0)
    steady.measure(Speed(311), 16.0)
    assert steady.lasted(3.0, 16.0), "2 s apart is no gap"
    steady.measure(Speed(311), 18.25)
    steady.measure(Speed(311), 18.5)
    assert not steady.lasted(0.0, 18.5), "2.25 s apart is one: three frames again"
    steady.measure(Speed(311), 18.75)
    assert steady.lasted(0.5, 18.75)
    assert not steady.lasted(0.6, 18.75)
    steady.reset()
    steady.measure(Speed(311), 19.0)
    assert not steady.lasted(0.0, 19.0)


# -- a start -----------------------------------------------------------------------------------------------------------


def begun(kind: StartKind) -> StartAttempt:
    return StartAttempt(kind, FAST, 100.0)


@pytest.mark.parametrize(("at", "news"), [(159.9, StartNews.NOTHING), (160.0, StartNews.WINDOW_CLOSED)])
def test_the_window_at_the_console_is_open_for_60_s(at, news):
    start = begun(StartKind.CONSOLE)
    assert start.first() is StartNews.NOTHING
    assert start.due(at) is news


@pytest.mark.parametrize(("at", "news"), [(110.0, StartNews.START), (110.1, StartNews.CONFIRMATION_STALE)])
def test_a_confirmation_is_good_for_10_s(at, news):
    start = begun(StartKind.PROGRAM)
    assert start.first() is StartNews.ASK_CONTROL
    assert start.control_answered(at) is news


@pytest.mark.parametrize(("at", "news"), [(110.0, StartNews.NOTHING), (110.01, StartNews.CONFIRMATION_STALE)])
def test_a_confirmation_that_nothing_answers_grows_old_by_itself(at, news):
    assert begun(StartKind.PROGRAM).due(at) is news


@pytest.mark.parametrize(("at", "news"), [(120.9, StartNews.NOTHING), (121.0, StartNews.NO_MOTION)])
def test_a_started_belt_moves_within_20_s(at, news):
    start = begun(StartKind.PROGRAM)
    start.control_answered(101.0)
    assert start.due(at) is news


def test_the_first_target_waits_for_2_s_of_steady_motion():
    start = begun(StartKind.PROGRAM)
    start.control_answered(101.0)
    assert start.measure(Speed(0), 102.0) is StartNews.NOTHING
    for at in (103.0, 103.5, 104.0, 104.95):
        assert start.measure(Speed(100), at) is StartNews.NOTHING
    assert start.measure(Speed(100), 105.0) is StartNews.WRITE_MINIMUM
    assert start.phase is Phase.TARGET
    assert start.deadline() is None


@pytest.mark.parametrize(("at", "news"), [(132.9, StartNews.NOTHING), (133.0, StartNews.NEVER_STEADY)])
def test_a_belt_that_is_not_steady_within_30_s_never_is(at, news):
    start = begun(StartKind.PROGRAM)
    start.control_answered(101.0)
    start.measure(Speed(100), 103.0)
    assert start.due(at) is news


@pytest.mark.parametrize(("at", "news"), [(107.9, StartNews.NOTHING), (108.0, StartNews.WRITE_MINIMUM)])
def test_control_that_nobody_answers_is_waited_for_5_s(at, news):
    start = begun(StartKind.CONSOLE)
    for second in (101.0, 102.0):
        start.measure(Speed(100), second)
    assert start.measure(Speed(100), 103.0) is StartNews.ASK_CONTROL
    for second in (104.0, 105.0, 106.0, 107.0):
        assert start.measure(Speed(100), second) is StartNews.NOTHING
    assert start.due(at) is news


def test_a_belt_that_was_turned_up_while_control_was_asked_for_must_be_steady_again_and_is_not_asked_for_twice():
    start = begun(StartKind.CONSOLE)
    for second in (101.0, 102.0, 103.0):
        news = start.measure(Speed(100), second)
    assert news is StartNews.ASK_CONTROL
    start.measure(Speed(200), 104.0)
    assert start.control_answered(104.5) is StartNews.NOTHING
    assert start.phase is Phase.STEADYING
    assert start.measure(Speed(200), 105.0) is StartNews.NOTHING
    assert start.measure(Speed(200), 106.0) is StartNews.WRITE_MINIMUM
    assert start.phase is Phase.TARGET
    assert start.due(1000.0) is StartNews.NOTHING


def test_control_answered_on_a_steady_belt_is_the_end_of_the_start():
    start = begun(StartKind.CONSOLE)
    for second in (101.0, 102.0, 103.0):
        start.measure(Speed(100), second)
    assert start.control_answered(103.5) is StartNews.WRITE_MINIMUM
    assert start.phase is Phase.TARGET
    assert start.control_answered(103.6) is StartNews.NOTHING, "once"


@pytest.mark.parametrize(("kind", "phase"), [(StartKind.PROGRAM, Phase.MOTION), (StartKind.CONSOLE, Phase.WINDOW)])
def test_a_belt_that_stops_while_it_gets_going_is_waited_for_and_its_next_motion_has_its_own_30_s(kind, phase):
    start = begun(kind)
    start.control_answered(101.0)
    start.measure(Speed(100), 103.0)
    start.measure(Speed(0), 104.0)
    assert start.phase is phase
    start.measure(Speed(100), 110.0)
    assert start.deadline() == 140.0


# -- a stop ------------------------------------------------------------------------------------------------------------


def wanted(measured: int | None = 300, **how: object) -> StopWatch:
    speed = None if measured is None else Speed(measured)
    stop = StopWatch(Speed(100), 100.0, speed, measured=speed, **how)  # type: ignore[arg-type]
    assert stop.begin(quiet=False) == [Stop()]
    return stop


def test_stop_goes_out_again_when_15_s_brought_no_fall_of_01():
    stop = wanted()
    assert stop.due(101.4) == []
    stop.measure(Speed(291), 101.4)
    assert stop.due(101.5) == [Stop()], "a fall of 0.09 is none"
    stop.measure(Speed(290), 102.0)
    assert stop.due(103.4) == [], "a fall of 0.10 is one"
    assert stop.due(103.5) == [Stop(), SetTargetSpeed(Speed(100))]


def test_a_quiet_stop_writes_nothing_until_15_s_brought_no_fall():
    stop = StopWatch(Speed(100), 100.0, Speed(300), measured=Speed(300))
    assert stop.begin(quiet=True) == []
    assert stop.due(101.4) == []
    assert stop.due(101.5) == [Stop()]


def test_the_lowest_speed_goes_with_the_third_stop_once():
    stop = wanted()
    assert stop.due(101.5) == [Stop()]
    assert stop.due(103.0) == [Stop(), SetTargetSpeed(Speed(100))]
    assert stop.due(104.5) == [Stop()]
    stop.answered(SetTargetSpeed(Speed(100)), Answer.NOT_SENT, 104.6)
    assert stop.due(106.0) == [Stop(), SetTargetSpeed(Speed(100))], "it never left"


def test_a_stop_that_never_left_is_not_counted():
    stop = wanted()
    stop.answered(Stop(), Answer.NOT_SENT, 100.1)
    assert stop.due(101.5) == [Stop()]
    assert stop.due(103.0) == [Stop()]
    assert stop.due(104.5) == [Stop(), SetTargetSpeed(Speed(100))]


@pytest.mark.parametrize("measured", [100, 0, None])
def test_the_lowest_speed_is_never_asked_of_a_belt_that_is_not_faster(measured):
    stop = wanted(measured)
    for at in (101.5, 103.0, 104.5, 106.0):
        assert stop.due(at) == [Stop()]


@pytest.mark.parametrize(("at", "again"), [(100.4, []), (100.5, [Stop()])])
def test_a_key_held_down_is_a_stop_each_half_second(at, again):
    assert wanted().press_again(at) == again


def test_a_stop_that_could_not_leave_does_not_keep_a_pressed_one_from_leaving():
    """A write took 1.6 s: the repeat behind it was not sent, and half a second had not passed since."""
    stop = wanted()
    assert stop.due(101.5) == [Stop()]
    stop.answered(Stop(), Answer.NOT_SENT, 101.5)
    assert stop.press_again(101.7) == [Stop()], "it counts from the first, which left at 100"
    assert stop.press_again(102.1) == [], "this one left"
    assert stop.press_again(102.2) == [Stop()]


def test_a_first_stop_that_could_not_leave_counts_for_nothing():
    stop = wanted()
    stop.answered(Stop(), Answer.NOT_SENT, 100.0)
    assert stop.press_again(100.1) == [Stop()]


def test_a_stop_written_while_connecting_is_one_that_left():
    stop = wanted()
    stop.written(103.0)
    assert stop.press_again(103.4) == []
    assert stop.press_again(103.5) == [Stop()]


def test_control_that_was_denied_is_asked_for_and_stop_follows_its_answer():
    stop = wanted()
    assert stop.answered(Stop(), Answer.NOT_PERMITTED, 100.1) == [RequestControl()]
    assert stop.answered(RequestControl(), Answer.SUCCESS, 100.2) == [Stop()]
    assert stop.answered(RequestControl(), Answer.SUCCESS, 100.3) == [], "not asked for again"
    assert stop.answered(Stop(), Answer.NOT_PERMITTED, 101.5) == [], "asked for a moment ago"
    assert stop.answered(Stop(), Answer.NOT_PERMITTED, 101.6) == [RequestControl()], "and once more after 1.5 s"


def test_control_that_ended_with_the_link_is_asked_for_behind_the_first_repeat():
    stop = wanted(control_gone=True)
    assert stop.due(101.5) == [Stop(), RequestControl()]
    assert stop.due(103.0) == [Stop(), SetTargetSpeed(Speed(100))], "once"


def test_control_asked_for_before_the_stop_and_granted_in_it_is_not_asked_for_again():
    stop = wanted(control_gone=True)
    assert stop.answered(RequestControl(), Answer.SUCCESS, 100.1) == []
    assert stop.due(101.5) == [Stop()]


def test_rest_in_a_stop_is_two_frames_of_0_and_09_s():
    stop = wanted()
    for at, rests in ((101.0, False), (101.04, False), (101.5, False), (101.89, False), (101.95, True)):
        stop.measure(Speed(0), at)
        assert stop.at_rest() is rests, at


def test_a_start_on_its_way_is_waited_for_10_s_and_a_belt_at_0_for_5():
    stop = wanted(0, start_at=98.0)
    for at, rests in ((101.0, False), (107.9, False), (108.0, True)):
        stop.measure(Speed(0), at)
        assert stop.at_rest() is rests, at
    late = wanted(0, start_at=94.0)
    for at, rests in ((101.0, False), (105.9, False), (106.0, True)):
        late.measure(Speed(0), at)
        assert late.at_rest() is rests, at


def test_what_may_be_said_of_a_stop():
    stop = wanted()
    assert stop.view(101.4) is StopView.STOPPING
    assert stop.view(101.5) is StopView.NOT_CONFIRMED
    stop.measure(Speed(200), 102.0)
    assert stop.view(103.4) is StopView.STOPPING
    assert stop.view(103.5) is StopView.NOT_CONFIRMED
    for at in range(103, 110):
        stop.measure(Speed(300 - 10 * (at - 90)), float(at))
    assert stop.view(109.9) is StopView.STOPPING
    assert stop.view(110.0) is StopView.NOT_CONFIRMED, "10 s, whatever falls"


@pytest.mark.parametrize(("at", "view"), [(105.9, StopView.NOT_CONFIRMED), (106.0, StopView.SILENT)])
def test_5_s_without_a_frame_after_an_accepted_stop_are_silence(at, view):
    stop = wanted()
    stop.answered(Stop(), Answer.SUCCESS, 100.2)
    stop.measure(Speed(290), 101.0)
    assert stop.view(at) is view


def test_silence_is_never_counted_from_before_the_stop_was_accepted():
    stop = wanted()
    stop.answered(Stop(), Answer.SUCCESS, 103.0)
    assert stop.view(107.9) is StopView.NOT_CONFIRMED
    assert stop.view(108.0) is StopView.SILENT
    stop.answered(Stop(), Answer.SUCCESS, 107.0)
    assert stop.view(108.0) is StopView.SILENT, "from the first acceptance"


def test_not_confirmed_is_said_each_5_s_and_120_times_at_most():
    stop = wanted()
    assert stop.to_be_said(StopView.NOT_CONFIRMED, 102.0)
    assert not stop.to_be_said(StopView.NOT_CONFIRMED, 106.9)
    said, at = 0, 107.0
    while stop.next_said() < math.inf:
        assert stop.next_said() == at
        assert stop.to_be_said(StopView.NOT_CONFIRMED, at)
        said, at = said + 1, at + 5.0
    assert said == 120
    assert not stop.to_be_said(StopView.NOT_CONFIRMED, at + 1000.0)
    assert stop.to_be_said(StopView.STOPPING, at + 1001.0)
    assert stop.next_said() == math.inf
    assert stop.to_be_said(StopView.NOT_CONFIRMED, at + 1002.0)
    assert stop.next_said() == at + 1007.0


# -- the heart ---------------------------------------------------------------------------------------------------------

LIMITS = HeartLimits(None, 150, 168, 14, rpe_leads=False, why="level practised")


def beating(watch: HeartWatch, bpm: int, first: float, last: float) -> list[tuple[float, HeartNews]]:
    news = []
    at = first
    while at <= last:
        watch.heard(bpm, beats=True, now=at)
        news += [(at, each) for each in watch.due(at)]
        at += 1.0
    return news


def test_over_the_limit_is_told_at_15_s_a_step_down_at_30_s_and_again_each_30_s():
    watch = HeartWatch(LIMITS, chosen=True)
    assert beating(watch, 150, 0.0, 20.0) == []
    news = beating(watch, 151, 100.0, 195.0)
    assert news == [
        (115.0, HeartNews.OVER),
        (130.0, HeartNews.STEP_DOWN),
        (160.0, HeartNews.STEP_DOWN),
        (190.0, HeartNews.STEP_DOWN),
    ]


def test_near_the_highest_is_told_at_once_and_each_15_s():
    watch = HeartWatch(LIMITS, chosen=True)
    near = [at for at, each in beating(watch, 168, 100.0, 131.0) if each is HeartNews.NEAR_MAXIMUM]
    assert near == [100.0, 115.0, 130.0]
    assert HeartNews.NEAR_MAXIMUM not in [each for _, each in beating(HeartWatch(LIMITS, chosen=True), 167, 0.0, 9.0)]


def test_under_the_limit_counts_after_5_s():
    watch = HeartWatch(LIMITS, chosen=True)
    beating(watch, 151, 100.0, 101.0)
    beating(watch, 150, 102.0, 106.0)
    beating(watch, 150, 106.9, 106.9)
    assert watch.over(106.9)
    beating(watch, 150, 107.0, 107.0)
    assert not watch.over(107.0)


def test_a_rate_is_known_for_5_s_and_told_missing_just_after():
    watch = HeartWatch(LIMITS, chosen=True)
    watch.heard(120, beats=True, now=100.0)
    assert watch.known(105.0) == 120
    assert watch.known(105.1) is None
    assert watch.due(105.0) == []
    assert min(watch.marks()) == pytest.approx(105.01)
    assert watch.due(105.01) == [HeartNews.LOST]
    assert watch.due(106.0) == [], "once"
    watch.heard(120, beats=True, now=107.0)
    assert watch.due(107.0) == [HeartNews.BACK]
    assert watch.due(107.5) == []


def test_the_same_rate_without_a_beat_is_none_after_10_s():
    watch = HeartWatch(LIMITS, chosen=True)
    for second in range(12):
        watch.heard(120, beats=False, now=100.0 + second)
    assert watch.known(110.0) == 120
    assert watch.known(110.1) is None
    watch.heard(121, beats=False, now=112.0)
    assert watch.known(112.0) == 121


def test_a_rate_that_comes_back_after_a_gap_is_alive_though_it_is_the_same():
    watch = HeartWatch(LIMITS, chosen=True)
    watch.heard(120, beats=False, now=100.0)
    watch.heard(120, beats=False, now=111.0)
    assert watch.known(111.0) == 120
    assert watch.marks() == [pytest.approx(116.01), pytest.approx(121.01)]


def test_a_rate_over_the_limit_blocks_for_5_s_after_its_last_frame():
    watch = HeartWatch(LIMITS, chosen=True)
    assert watch.over_at == -math.inf
    watch.heard(151, beats=True, now=100.0)
    assert watch.over_at == 100.0
    assert watch.over(105.0)
    assert not watch.over(105.1)


def test_a_rate_after_a_gap_begins_anew():
    watch = HeartWatch(LIMITS, chosen=True)
    watch.heard(151, beats=True, now=100.0)
    watch.heard(151, beats=True, now=105.0)
    assert 115.0 in watch.marks(), "5 s apart is no gap"
    watch.heard(151, beats=True, now=110.1)
    assert 125.1 in [pytest.approx(mark) for mark in watch.marks()]


# -- the failsafes -----------------------------------------------------------------------------------------------------

PROMISED = {
    "F1": ("stop", "data are back, the hold served anew", "NO DATA FROM THE TREADMILL"),
    "F2": (
        "alarm",
        "the trainer arms again",
        "LINK LOST - BELT MAY BE MOVING - PULL THE CLIP OR PRESS STOP ON THE CONSOLE",
    ),
    "F3": ("stop", "never in this session", "THE BELT RUNS FASTER THAN ASKED"),
    "F4": ("stop", "never in this session", "THE BELT IS OVER THE CAP"),
    "F5": ("stop", "never in this session", "THE MACHINE TAKES OR GIVES SPEEDS IN ANOTHER UNIT"),
    "F6": ("adopt and ask", "the trainer confirms", "SPEED CHANGED AT THE CONSOLE"),
    "F7": ("session ends", "never in this session", "STOPPED AT THE MACHINE"),
    "F8": ("alarm", "the trainer arms again", "THE MACHINE NO LONGER TAKES OUR COMMANDS"),
    "F9": ("hold and tell", "the trainer confirms", "THE MACHINE DID NOT DO WHAT IT WAS ASKED"),
    "F10": (
        "hold and tell",
        "under the limit for 5 s; where not known, a rating (RPE) of this speed",
        "HEART RATE OVER THE LIMIT",
    ),
    "F11": ("hold and tell", "the trainer confirms", "BALANCE EVENT"),
    "F12": ("stop", "never in this session", "THE BELT MOVES AND NOBODY ASKED FOR IT"),
    "F13": ("stop", "never in this session", "A FAULT IN THIS PROGRAM - THE BELT IS BEING STOPPED"),
    "F14": ("alarm", "the record can be written again", "THE RECORD CANNOT BE WRITTEN"),
    "F15": ("stop", "never in this session", "THIS COMPUTER STOOD STILL"),
}
"""What is done, what lifts it, and the words that a trainer has learnt: a change of one is meant, or a fault."""


def test_every_failsafe_acts_is_lifted_and_is_called_as_promised():
    found = {str(each): (row.act.value, row.clears.value, row.alarm) for each, row in FAILSAFES.items()}
    assert found == PROMISED
    assert (HEART_UNKNOWN, HEART_NEAR_HIGHEST) == ("HEART RATE UNKNOWN", "near the highest")


@pytest.mark.parametrize("failsafe", [each for each, promised in PROMISED.items() if promised[1].startswith("never")])
def test_what_is_never_lifted_ends_the_session_for_good(failsafe, bare_core: Core):
    bare_core.armed, bare_core.state = True, State.HOLDING
    bare_core.fail(FailsafeId(failsafe), "seen")
    assert bare_core.state is State.STOPPING
    assert bare_core.fault is FailsafeId(failsafe)


@pytest.mark.parametrize("failsafe", [each for each, row in PROMISED.items() if not row[1].startswith("never")])
def test_what_can_be_lifted_leaves_no_fault(failsafe, bare_core: Core):
    bare_core.armed, bare_core.state = True, State.HOLDING
    bare_core.fail(FailsafeId(failsafe), "seen")
    assert bare_core.fault is None
