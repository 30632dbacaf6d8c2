"""Plans: what could never be allowed is refused when built, with stage and rule named."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import BELT, CLIENT

from retroctl.domain.course import Course, Move
from retroctl.domain.limits import BeltRange, Client, Facing, Level, caps_for
from retroctl.domain.plan import MAX_STAGES, Stage, StageKind, build_plan, ladder_plan, ladder_targets, raise_step
from retroctl.errors import PlanError
from retroctl.units import Speed

CAPS = caps_for(CLIENT, BELT, qualified=True)


def back(kmh: float, incline: float) -> Stage:
    return stage(kmh, incline=incline)


def stage(kmh: float, hold_s: float = 60.0, *, facing: Facing = Facing.BACKWARD, incline: float = 0.0) -> Stage:
    return Stage(StageKind.WORK, facing, Speed.from_kmh(kmh), hold_s, incline)


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([], "at least one stage"),
        ([stage(1.0)] * (MAX_STAGES + 1), "over the 500"),
        ([stage(1.0)] * 181, r"stage 181: .*lasts 181 minutes, over the 180 .*R16"),
        ([stage(1.0, 3600.0)] * 4, r"stage 4: .*240 minutes.*R16"),
        ([stage(1.0, 59.9)], r"stage 1: .*60 s.*R9"),
        ([stage(1.0, 30.0)], r"stage 1: .*R9"),
        ([stage(1.0), stage(1.0, 30.0)], r"stage 2: .*R9"),
        ([stage(1.0, math.nan)], "stage 1: a hold lasts"),
        ([stage(1.0, math.inf)], "stage 1: a hold lasts"),
        ([stage(1.0, 3601.0)], "stage 1: a hold lasts"),
        ([stage(1.0, 0.0, facing=Facing.FORWARD)], "stage 1: a stage must last"),
        ([stage(1.0, incline=1.0)], r"stage 1: an incline .*R14"),
        ([stage(1.8)], r"stage 1: .*R6"),
        ([stage(0.9)], r"stage 1: .*R6"),
        ([stage(1.0), stage(1.9)], r"stage 2: .*R7"),
        ([stage(1.0), stage(5.8)], "stage 2: .* over the cap"),
        ([stage(5.0, facing=Facing.FORWARD), stage(1.8)], r"stage 2: .*R6"),
        ([stage(9.0, facing=Facing.FORWARD)], "stage 1: .* over the cap"),
    ],
)
def test_a_plan_that_could_never_be_allowed_names_stage_and_rule(stages, words):
    with pytest.raises(PlanError, match=words):
        build_plan("test", tuple(stages), BELT, CAPS)


def test_three_hours_to_the_second_are_allowed():
    assert len(build_plan("long", (stage(1.0, 3600.0),) * 3, BELT, CAPS).stages) == 3


@pytest.mark.parametrize("seconds", [14.9, 30.1])
def test_easing_down_takes_15_to_30_s_a_rung(seconds):
    with pytest.raises(PlanError, match="easing down"):
        ladder_plan(BELT, CAPS, ease_rung_s=seconds)


def test_speeds_snap_down_to_the_grid_and_the_plan_says_so():
    plan = build_plan("test", (stage(1.0), stage(1.79)), BELT, CAPS)
    assert plan.stages[1].target == Speed(170)
    assert plan.remarks == ("stage 2: 1.79 km/h is not on the machine's grid; it becomes 1.70 km/h",)
    assert ladder_plan(BELT, CAPS, top=Speed(265)).remarks == (
        "the top of 2.65 km/h is not on the machine's grid; the ladder ends at 2.60 km/h",
    )


def test_without_a_top_the_ladder_ends_at_the_cap():
    assert ladder_plan(BELT, CAPS).top == Speed(570)


def test_a_top_over_the_cap_is_refused_not_lowered():
    with pytest.raises(PlanError, match=r"over the cap of 5.76 km/h \(0.72 of"):
        ladder_plan(BELT, CAPS, top=Speed(577))


@pytest.mark.parametrize(("step", "largest"), [(1, 80), (10, 80), (16, 80), (50, 50), (80, 80), (30, 60)])
def test_a_raise_is_the_most_whole_increments_within_half_a_mile_per_hour(step, largest):
    assert raise_step(BeltRange(Speed(100), Speed(900), Speed(step))) == Speed(largest)


def test_an_increment_over_half_a_mile_per_hour_needs_the_trainers_acceptance():
    belt = BeltRange(Speed(100), Speed(900), Speed(81))
    with pytest.raises(PlanError, match="accept-coarse-steps"):
        raise_step(belt)
    assert raise_step(belt, coarse_accepted=True) == Speed(81)


@given(st.integers(1, 300), st.integers(0, 1500), st.integers(1, 80), st.integers(0, 1500))
def test_a_ladder_starts_at_the_lowest_speed_and_never_steps_over_half_a_mile_per_hour(low, width, step, above):
    belt = BeltRange(Speed(low), Speed(low + width), Speed(step))
    rungs = ladder_targets(belt, Speed(low + above))
    assert rungs[0] == belt.minimum
    assert all(belt.on_grid(rung) for rung in rungs)
    rises = [b.hundredths - a.hundredths for a, b in itertools.pairwise(rungs)]
    assert all(0 < rise <= 80 for rise in rises)
    assert len(set(rises[:-1])) <= 1, "only the last may be a part step"
    assert rungs[-1] == belt.snap_down(Speed(low + above))


def test_an_interval_of_30_s_is_allowed_only_inside_a_forward_run_at_the_lowest_speed():
    run = stage(5.0, 200.0, facing=Facing.FORWARD)
    assert build_plan("run", (run, stage(1.0, 30.0), run), BELT, CAPS).stages[1].hold_s == 30.0
    for hold_s in (29.0, 45.0):
        with pytest.raises(PlanError, match="R9"):
            build_plan("run", (run, stage(1.0, hold_s), run), BELT, CAPS)
    with pytest.raises(PlanError, match="R9"):
        build_plan("run", (run, stage(1.0, 60.0), stage(1.8, 30.0), run), BELT, CAPS)


def test_a_forward_plan_has_rungs_from_as_fast_as_the_client_may_go():
    assert build_plan("run", (stage(2.0, facing=Facing.FORWARD),), BELT, CAPS).ladder[-1] == CAPS.forward
    slow = caps_for(Client(Level.REHAB, clinician_limit=Speed(120)), BELT, qualified=True)
    assert build_plan("run", (stage(1.0),), BELT, slow).ladder == (Speed(100),)


# -- where in it a session is


def course(*kmh: float) -> Course:
    return Course(build_plan("test", tuple(stage(speed) for speed in kmh), BELT, CAPS))


def test_after_an_upward_override_the_next_target_is_the_first_rung_above_it():
    at = course(1.0, 1.8, 2.6, 3.4)
    at.relocate(Speed(210))
    assert at.index == 1
    assert at.next_move(Speed(210), Speed(290)) == (Move.RAISE, Speed(260))


def test_a_rung_on_the_way_to_the_next_stage_is_not_the_next_stage():
    at = course(1.0, 1.8, 2.6)
    at.index = 1
    assert at.next_move(Speed(120), Speed(200)) == (Move.RAISE, Speed(180))
    at.take(Speed(180))
    assert at.index == 1
    at.take(Speed(260))
    assert at.index == 2
    at.take(Speed(260))
    assert at.index == 2


def test_relocating_stays_on_this_side_of_a_turn():
    stages = (stage(1.0), stage(1.8), stage(2.0, 100, facing=Facing.FORWARD), stage(1.0), stage(1.8))
    at = Course(build_plan("turns", stages, BELT, CAPS), index=1)
    at.relocate(Speed(500))
    assert at.index == 1
    at.index = 3
    at.relocate(Speed(50))
    assert at.index == 3


def test_rungs_below():
    at = course(1.0, 1.8, 2.6)
    assert at.rung_below(Speed(180)) == Speed(100)
    assert at.rung_below(Speed(100)) is None
    assert [at.rungs_below(Speed(speed)) for speed in (100, 180, 190)] == [0, 1, 2]
    assert at.following is not None
    assert course(1.0).following is None


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([back(1.0, 1.0)], r"stage 1: every backward start is on the level.*R6"),
        ([stage(3.0, facing=Facing.FORWARD), back(1.0, 1.0)], r"stage 2: every backward start.*R6"),
        ([back(1.0, 0.0), back(1.0, -1.0)], r"stage 2: an incline of -1 % cannot be.*R14"),
        ([back(1.0, 0.0), back(1.0, 15.1)], r"stage 2: an incline of 15.1 % cannot be.*R14"),
        ([back(1.0, 0.0), back(1.0, math.nan)], r"stage 2: an incline of nan % cannot be.*R14"),
        ([stage(3.0, facing=Facing.FORWARD, incline=1.0)], r"stage 1: forward stages have no incline.*R14"),
        ([back(1.0, 0.0), back(1.8, 1.0)], r"stage 2: speed and incline would rise in one step.*R11"),
    ],
)
def test_incline_is_refused_by_stage_and_rule_also_where_it_is_unlocked(stages, words):
    with pytest.raises(PlanError, match=words):
        build_plan("test", tuple(stages), BELT, CAPS, incline=True)


def test_incline_that_is_unlocked_is_kept_as_an_instruction():
    stages = (back(1.0, 0.0), back(1.0, 1.0), back(1.8, 1.0), back(1.0, 2.0))
    assert build_plan("test", stages, BELT, CAPS, incline=True).stages == stages
