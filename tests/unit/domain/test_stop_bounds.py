"""A stop at its bounds: what counts as a fall, as a frame, as rest, and what a lost link takes away."""

from __future__ import annotations

import pytest

from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.stopping import StopWatch
from retroctl.units import Speed


def wanted(
    measured: int | None = 300, *, began: float = 100.0, start_at: float | None = None, by_hand: bool = False
) -> StopWatch:
    speed = None if measured is None else Speed(measured)
    stop = StopWatch(Speed(100), began, speed, measured=speed, start_at=start_at, by_hand=by_hand)
    assert stop.begin(quiet=False) == [Stop()]
    return stop


def test_without_a_speed_before_it_a_fall_is_counted_from_the_first_frame():
    stop = wanted(None)
    stop.measure(Speed(300), 100.5)
    stop.measure(Speed(290), 101.0)
    assert stop.due(102.4) == []
    assert stop.due(102.5) == [Stop()]


def test_a_belt_that_moved_has_had_its_start_and_0_is_rest_as_always():
    stop = wanted(0, start_at=98.0)
    stop.measure(Speed(50), 101.0)
    stop.measure(Speed(0), 102.0)
    stop.measure(Speed(0), 103.0)
    assert stop.at_rest()


def test_motion_between_two_frames_of_0_takes_the_first_back():
    stop = wanted()
    stop.measure(Speed(0), 101.0)
    stop.measure(Speed(20), 102.0)
    stop.measure(Speed(0), 103.0)
    assert not stop.at_rest()
    stop.measure(Speed(0), 103.9)
    assert stop.at_rest()


def test_metres_that_count_on_take_a_frame_of_0_back():
    stop = wanted()
    stop.measure(Speed(0), 101.0)
    stop.measure(Speed(0), 102.0, rolls=True)
    assert not stop.at_rest()


def test_a_frame_that_came_twice_does_not_make_the_rest_longer():
    stop = wanted()
    stop.measure(Speed(0), 101.0)
    stop.measure(Speed(0), 101.87)
    stop.measure(Speed(0), 101.91)
    assert not stop.at_rest()
    stop.measure(Speed(0), 101.95)
    assert stop.at_rest()


def test_frames_005_s_apart_are_two():
    stop = wanted(began=-5.0)
    stop.measure(Speed(0), -0.85)
    stop.measure(Speed(0), 0.0)
    assert not stop.at_rest()
    stop.measure(Speed(0), 0.05)
    assert stop.at_rest()


def test_0_is_no_rest_before_an_unseen_fall_can_be_over():
    stop = wanted()
    stop.measure(Speed(0), 101.0, falls_until=110.0)
    stop.measure(Speed(0), 109.9, falls_until=110.0)
    assert not stop.at_rest()
    stop.measure(Speed(0), 110.0, falls_until=110.0)
    assert stop.at_rest()


def test_what_was_seen_before_the_link_was_lost_is_no_fall():
    stop = wanted()
    stop.measure(Speed(0), 101.0)
    assert stop.view(101.6) is StopView.STOPPING
    stop.link_lost()
    assert stop.view(102.6) is StopView.NOT_CONFIRMED


@pytest.mark.parametrize("lost", [True, False])
def test_control_that_was_asked_for_on_the_old_link_is_not_waited_for_on_the_new_one(lost):
    stop = wanted()
    assert stop.answered(Stop(), Answer.NOT_PERMITTED, 100.1) == [RequestControl()]
    if lost:
        stop.link_lost()
    assert stop.answered(RequestControl(), Answer.SUCCESS, 100.2) == ([] if lost else [Stop()])


def test_control_ends_with_the_link_and_is_asked_for_once_behind_a_repeat():
    stop = wanted()
    stop.link_lost()
    stop.measure(Speed(300), 101.0)
    assert stop.due(101.5) == [Stop(), RequestControl()]
    assert stop.due(103.0) == [Stop(), SetTargetSpeed(Speed(100))]


@pytest.mark.parametrize("measured", [0, None])
def test_control_that_ended_with_the_link_is_not_asked_for_while_the_belt_is_not_seen_moving(measured):
    stop = wanted(measured)
    stop.link_lost()
    if measured is not None:
        stop.measure(Speed(measured), 101.0)
    assert stop.due(101.5) == [Stop()]


def test_a_stop_that_went_out_with_the_new_connection_is_repeated_from_there():
    stop = wanted()
    stop.link_lost()
    stop.written(110.0)
    assert stop.due(111.4) == []
    assert stop.due(111.5) == [Stop()]


def test_another_target_that_did_not_go_out_is_not_the_lowest_speed():
    stop = wanted()
    for at in (101.5, 103.0):
        stop.due(at)
    stop.answered(SetTargetSpeed(Speed(180)), Answer.NOT_SENT, 103.1)
    assert stop.due(104.5) == [Stop()]


@pytest.mark.parametrize(
    ("by_hand", "measured", "asked"),
    [
        (False, 0, True),
        (False, None, True),
        (False, 300, True),
        (True, 0, False),
        (True, None, False),
        (True, 300, True),
    ],
)
def test_where_a_person_moves_the_belt_control_is_asked_for_only_while_it_moves(by_hand, measured, asked):
    stop = wanted(measured, by_hand=by_hand)
    assert stop.answered(Stop(), Answer.NOT_PERMITTED, 100.1) == ([RequestControl()] if asked else [])


def test_a_stop_in_the_first_second_of_a_session_is_repeated_as_any_other():
    assert wanted(began=0.25).due(1.75) == [Stop()]
    quiet = StopWatch(Speed(100), 0.25, Speed(300), measured=Speed(300))
    assert quiet.begin(quiet=True) == []
    assert quiet.due(1.75) == [Stop()]


def test_09_s_from_the_first_to_the_last_frame_of_0_are_enough():
    stop = wanted(began=-5.0)
    stop.measure(Speed(0), 0.0)
    stop.measure(Speed(0), 0.9)
    assert stop.at_rest()


def test_what_is_called_out_is_called_so_until_something_falls_or_10_s_are_over():
    stop = wanted(by_hand=True)
    assert stop.view(109.9) is StopView.CALLED_OUT
    assert stop.view(110.0) is StopView.NOT_CONFIRMED
    stop.measure(Speed(290), 102.0)
    assert stop.view(102.1) is StopView.STOPPING
    stop = wanted(by_hand=True)
    stop.measure(Speed(0), 102.0)
    assert stop.view(102.1) is StopView.STOPPING
    stop = wanted(5, by_hand=True)
    stop.measure(Speed(0), 102.0)
    assert stop.view(102.1) is StopView.STOPPING, "0 is told, though nothing fell by 0.1"
    assert wanted().view(101.0) is StopView.STOPPING


def test_0_that_is_told_while_the_belt_may_still_fall_is_waited_for_and_then_not_believed():
    stop = wanted()
    stop.measure(Speed(0), 101.0, falls_until=112.0)
    assert stop.view(111.9) is StopView.STOPPING
    assert stop.view(112.0) is StopView.NOT_CONFIRMED


def test_the_words_are_looked_at_again_when_they_may_change():
    stop = wanted()
    assert [stop.next_view_change(at) for at in (100.0, 101.5, 105.0, 110.0)] == [101.5, 105.0, 110.0, 111.5]
    stop.measure(Speed(290), 102.0)
    assert stop.next_view_change(102.0) == 103.5
    stop.measure(Speed(0), 104.0, falls_until=105.25)
    assert stop.next_view_change(104.0) == 105.25, "0.1 and more again: the fall counts from 104, which is later"
    early = wanted(began=0.25)
    assert early.next_view_change(0.25) == 1.75
    assert early.view(1.5) is StopView.STOPPING
    assert early.view(1.75) is StopView.NOT_CONFIRMED


def test_silence_is_counted_from_the_first_second_of_a_session_as_from_any_other():
    stop = wanted(began=0.25)
    assert stop.next_view_change(1.75) == 5.25
    stop.answered(Stop(), Answer.SUCCESS, 0.5)
    assert stop.view(5.25) is StopView.NOT_CONFIRMED
    assert stop.view(5.5) is StopView.SILENT
