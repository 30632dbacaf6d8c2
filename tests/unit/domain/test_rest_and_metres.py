"""When a told 0 is rest, and when metres and speed cannot both be right."""

from __future__ import annotations

import pytest

from retroctl.domain.belief import UNSEEN_FALL, Belief
from retroctl.domain.commands import Answer, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.monitors import DistanceCheck, other_unit, slower_unit
from retroctl.domain.stopping import StopWatch
from retroctl.units import REST, Speed


def metres(factor: float, *, kmh: float = 1.0, seconds: int = 120, every: int = 1) -> list[float]:
    """What the check says of a belt whose counter, in steps of `every` metres, runs `factor` times its told speed."""
    check = DistanceCheck()
    said = []
    for second in range(seconds):
        counted = int(kmh / 3.6 * factor * second / every) * every
        said.append(check.disagrees(Speed.from_kmh(kmh), counted, float(second)))
    return [ratio for ratio in said if ratio is not None]


@pytest.mark.parametrize("every", [1, 10])
@pytest.mark.parametrize(("factor", "near"), [(1.609, 1.61), (0.621, 0.62)])
def test_metres_in_another_unit_are_noticed_within_the_first_holds(factor, near, every):
    found = metres(factor, seconds=240, every=every)
    assert found
    assert found[0] == pytest.approx(near, rel=0.12)


def test_within_the_first_hold_at_1_kmh():
    assert metres(1.609, seconds=66)


@pytest.mark.parametrize("factor", [0.8, 0.9, 1.0, 1.1, 1.25, 0.0, 4.0, 100.0])
@pytest.mark.parametrize("kmh", [0.5, 1.0, 3.2, 9.7])
def test_metres_that_are_a_little_off_or_make_no_sense_at_all_are_no_other_unit(factor, kmh):
    assert metres(factor, kmh=kmh, seconds=600) == []


def test_one_garbled_record_is_not_enough():
    check = DistanceCheck()
    said = []
    for second in range(60):
        counted = second * 2 + (9 if second == 20 else 0)
        said.append(check.disagrees(Speed(720), counted, float(second)))
    assert said == [None] * 60


def test_a_counter_that_is_missing_or_falls_and_data_that_stay_away_begin_the_count_anew():
    check = DistanceCheck()
    for second in range(400):
        counted = int(second * 0.447) if second % 25 else (None if second % 50 else 0)
        assert check.disagrees(Speed(100), counted, float(second)) is None
    gaps = DistanceCheck()
    assert [gaps.disagrees(Speed(100), int(n * 2.7 * 0.447), n * 2.7) for n in range(90)] == [None] * 90


@pytest.mark.parametrize(
    ("measured", "target", "other"),
    [(161, 100, True), (62, 100, True), (100, 10, True), (10, 100, True), (100, 100, False), (250, 100, False)],
)
def test_miles_and_other_scales_are_other_units(measured, target, other):
    assert other_unit(Speed(measured), Speed(target)) is other


def test_a_belt_under_its_own_lowest_speed_may_be_told_in_miles():
    assert slower_unit(Speed(62), Speed(100))
    assert not slower_unit(Speed(100), Speed(100))
    assert not slower_unit(Speed(50), Speed(100))


def test_two_frames_of_0_in_a_tenth_of_a_second_are_no_rest():
    belief = Belief()
    for tenth in range(9):
        belief.measure(REST, tenth / 10)
        assert not belief.stands()
    belief.measure(REST, 0.9)
    assert belief.stands()


def test_a_belt_that_tells_0_and_counts_metres_does_not_stand():
    belief = Belief()
    for second in range(30):
        belief.measure(REST, float(second), second * 2)
        assert not belief.stands()
    assert belief.rolls
    belief.measure(REST, 30.0, 58)
    belief.measure(REST, 31.0, 58)
    assert belief.stands()


def test_a_fall_that_was_seen_is_believed_and_one_that_was_not_is_waited_for():
    seen, unseen = Belief(), Belief()
    for at, kmh in ((0.0, 1.0), (1.0, 0.4), (2.0, 0.0)):
        seen.measure(Speed.from_kmh(kmh), at)
    for at, kmh in ((0.0, 1.0), (1.0, 1.0), (2.0, 0.0)):
        unseen.measure(Speed.from_kmh(kmh), at)
    assert seen.falls_until() <= 2.0
    assert unseen.falls_until() == pytest.approx(1.0 + 100 / UNSEEN_FALL)


def test_ten_frames_a_second_show_a_fall_too():
    belief = Belief()
    for tenth in range(20):
        belief.measure(Speed(max(0, 100 - 8 * tenth)), tenth / 10)
    assert belief.falls_until() == 0.0


def stopping(*, start_at: float | None = None) -> StopWatch:
    watch = StopWatch(Speed(100), 100.0, Speed(100), start_at=start_at)
    watch.begin(quiet=False)
    return watch


def test_0_is_no_rest_before_the_fall_can_be_over_and_says_stopping_meanwhile():
    watch = stopping()
    for second in range(101, 114):
        watch.measure(REST, float(second), falls_until=114.3)
        assert watch.view(float(second)) is StopView.STOPPING
    watch.measure(REST, 115.0, falls_until=114.3)
    assert watch.view(115.0) is StopView.STOPPED


def test_time_alone_does_not_make_rest_when_the_data_end():
    watch = stopping()
    watch.answered(Stop(), Answer.SUCCESS, 100.1)
    for second in (101.0, 102.0, 103.0):
        watch.measure(REST, second, falls_until=114.3)
    assert watch.view(116.0) is StopView.SILENT
    assert watch.next_view_change(103.0) == 108.0  # five seconds after the last frame


def test_a_belt_that_rolls_while_it_tells_0_is_not_at_rest():
    watch = stopping()
    for second in range(101, 108):
        watch.measure(REST, float(second), rolls=True)
        assert not watch.at_rest()


def test_a_start_on_its_way_is_waited_for():
    watch = stopping(start_at=99.0)
    watch.answered(Stop(), Answer.SUCCESS, 100.1)
    for second in range(101, 109):
        watch.measure(REST, float(second))
        assert watch.view(float(second)) is StopView.STOPPING
    watch.measure(REST, 109.0)
    assert watch.view(109.0) is StopView.STOPPED


def test_rest_must_be_seen_anew_after_a_lost_link():
    watch = stopping()
    watch.measure(REST, 101.0)
    watch.link_lost()
    watch.measure(REST, 104.0)
    assert not watch.at_rest()
    watch.measure(REST, 105.0)
    assert watch.at_rest()


def test_a_counter_that_is_set_while_the_belt_stands_is_no_motion():
    belief = Belief()
    for at, counted in ((0.0, None), (1.0, 523), (2.0, 523), (3.0, 0), (4.0, 700)):
        belief.measure(REST, at, counted)
        assert not belief.rolls
    assert belief.stands()


def test_a_single_frame_far_too_fast_does_not_make_the_fall_longer():
    belief = Belief()
    for at, hundredths in ((0.0, 100), (1.0, 65535), (2.0, 100), (3.0, 100), (4.0, 0), (5.0, 65535), (6.0, 0)):
        belief.measure(Speed(hundredths), at)
    assert belief.falls_until() == pytest.approx(3.0 + 100 / UNSEEN_FALL)
