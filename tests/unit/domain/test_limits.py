"""Ranges and caps: the least of what applies, and nothing that could not be a treadmill."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retroctl.domain.limits import (
    FORWARD_CEILING,
    HARD_CEILING,
    LEVEL_CAPS,
    BeltRange,
    Client,
    Facing,
    Level,
    caps_for,
)
from retroctl.errors import PlanError, UnsupportedTreadmill
from retroctl.units import Speed

BELT = BeltRange(Speed(100), Speed(2000), Speed(10))
speeds = st.integers(0, 3000).map(Speed)


@pytest.mark.parametrize(("low", "high", "step"), [(0, 1600, 10), (100, 1600, 0), (200, 100, 10)])
def test_a_range_that_cannot_be_a_treadmills_is_refused_with_the_way_out(low, high, step):
    with pytest.raises(UnsupportedTreadmill, match="--range"):
        BeltRange(Speed(low), Speed(high), Speed(step))


@pytest.mark.parametrize(
    ("speed", "on"), [(100, True), (90, False), (105, False), (110, True), (2000, True), (2010, False)]
)
def test_the_grid_is_counted_from_the_lowest_speed(speed, on):
    assert BELT.on_grid(Speed(speed)) is on


@given(st.integers(1, 300), st.integers(0, 2000), st.integers(1, 150), st.integers(0, 3000))
def test_snapping_goes_down_onto_the_grid_by_less_than_a_step(low, width, step, wanted):
    belt = BeltRange(Speed(low), Speed(low + width), Speed(step))
    if wanted < low:
        with pytest.raises(PlanError, match="below"):
            belt.snap_down(Speed(wanted))
        return
    snapped = belt.snap_down(Speed(wanted))
    assert belt.on_grid(snapped)
    assert snapped.hundredths <= wanted
    assert min(wanted, low + width) - snapped.hundredths < step


@pytest.mark.parametrize(
    ("step", "tolerance", "near", "excursion"), [(1, 10, 10, 30), (10, 10, 10, 30), (50, 50, 25, 100)]
)
def test_the_bands_grow_with_the_increment(step, tolerance, near, excursion):
    belt = BeltRange(Speed(100), Speed(2000), Speed(step))
    assert (belt.tolerance, belt.near, belt.excursion) == (tolerance, near, excursion)


@pytest.mark.parametrize("level", list(Level))
def test_nobody_is_faster_backward_than_his_level(level):
    assert caps_for(Client(level), BELT, qualified=True).backward == LEVEL_CAPS[level]
    assert caps_for(Client(level), BELT, qualified=True).of(Facing.FORWARD) == LEVEL_CAPS[level]


def test_no_client_named_is_a_new_one_and_a_machine_never_measured_allows_no_more():
    assert caps_for(Client(), BELT, qualified=True).backward == Speed(320)
    trained = Client(Level.TRAINED, comfortable_forward=Speed(1400))
    assert caps_for(trained, BELT, qualified=False).backward == Speed(320)
    assert caps_for(trained, BELT, qualified=False).of(Facing.FORWARD) == Speed(320)


def test_072_of_the_comfortable_forward_speed_rounds_down():
    caps = caps_for(Client(Level.TRAINED, comfortable_forward=Speed(801)), BELT, qualified=True)
    assert caps.backward == Speed(576)
    assert "0.72" in caps.reason(Facing.BACKWARD)
    assert caps.of(Facing.FORWARD) == Speed(801)
    assert "comfortable" in caps.reason(Facing.FORWARD)


@given(st.sampled_from(list(Level)), st.none() | speeds, st.none() | speeds, st.integers(1, 3000), st.booleans())
def test_the_caps_are_never_above_any_limit_that_applies(level, forward, clinician, maximum, qualified):
    belt = BeltRange(Speed(1), Speed(maximum), Speed(1))
    caps = caps_for(Client(level, forward, clinician), belt, qualified=qualified)
    limits = [LEVEL_CAPS[level].hundredths, HARD_CEILING.hundredths, maximum]
    limits += [] if forward is None else [forward.hundredths * 72 // 100]
    limits += [] if clinician is None else [clinician.hundredths]
    limits += [] if qualified else [320]
    assert caps.backward.hundredths == min(limits)
    forward_limits = [FORWARD_CEILING.hundredths, maximum]
    forward_limits += [LEVEL_CAPS[level].hundredths if forward is None else forward.hundredths]
    forward_limits += [] if clinician is None else [clinician.hundredths]
    forward_limits += [] if qualified else [320]
    assert caps.forward.hundredths == min(forward_limits)
