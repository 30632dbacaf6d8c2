"""R13: until balance is mastered, only ladders and balance introductions."""

from __future__ import annotations

import pytest

from retroctl.domain.introduction import introduction_plan, refuse_before_balance
from retroctl.domain.limits import BeltRange, Client, Facing, Level, caps_for
from retroctl.domain.plan import Stage, StageKind, build_plan, ladder_plan
from retroctl.errors import PlanError
from retroctl.units import Speed

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
NEW = Client()
MASTERED = Client(Level.PRACTISED, comfortable_forward=Speed(900), balance_mastered=True)


def plan(*stages: tuple[StageKind, Facing, float, float]):
    built = tuple(Stage(kind, facing, Speed.from_kmh(kmh), hold_s) for kind, facing, kmh, hold_s in stages)
    return build_plan("test", built, BELT, caps_for(NEW, BELT, qualified=True))


LADDER, WORK = StageKind.LADDER, StageKind.WORK
BACK, FRONT = Facing.BACKWARD, Facing.FORWARD

INTERVALS = plan((LADDER, BACK, 1.0, 60), (WORK, BACK, 1.8, 60), (StageKind.RECOVERY, BACK, 1.0, 60))
THREE_TURNS = plan(*[(WORK, FRONT, 3.0, 120), (WORK, BACK, 1.0, 30)] * 3, (WORK, FRONT, 3.0, 120))


@pytest.mark.parametrize(("refused", "stage"), [(INTERVALS, 2), (THREE_TURNS, 1)])
def test_other_plans_wait_for_balance_and_the_refusal_names_stage_and_rule(refused, stage):
    with pytest.raises(PlanError, match=rf"^stage {stage}: .*R13"):
        refuse_before_balance(refused, NEW, BELT)
    refuse_before_balance(refused, MASTERED, BELT)


def test_a_ladder_and_an_introduction_are_for_everybody():
    caps = caps_for(NEW, BELT, qualified=True)
    refuse_before_balance(ladder_plan(BELT, caps, hold_s=60), NEW, BELT)
    refuse_before_balance(introduction_plan(BELT, caps, total_s=1800, intervals=2), NEW, BELT)


@pytest.mark.parametrize(
    "forward_s", [(60, 300), (300, 60), (60, 60, 1200), (600, 30, 600), (0.001, 0.001), (120, 700, 900)]
)
def test_intervals_that_are_not_evenly_spaced_in_the_run_wait_for_balance(forward_s):
    stages = [stage for each in forward_s for stage in ((WORK, FRONT, 3.0, each), (WORK, BACK, 1.0, 30))][:-1]
    with pytest.raises(PlanError, match=r"^stage 2: .*evenly.*\(R13\)|^stage 1: .*R13"):
        refuse_before_balance(plan(*stages), NEW, BELT)
    refuse_before_balance(plan(*stages), MASTERED, BELT)


def test_a_run_that_is_too_short_is_told_its_length():
    with pytest.raises(PlanError, match=r"^stage 2: .* in a run of 300 s or more; this one has 230 s \(R13\)"):
        refuse_before_balance(plan((WORK, FRONT, 3.0, 100), (WORK, BACK, 1.0, 30), (WORK, FRONT, 3.0, 100)), NEW, BELT)


@pytest.mark.parametrize("forward_s", [(300, 300), (300, 320), (200, 200, 200), (590, 580, 600)])
def test_intervals_in_a_run_of_equal_parts_are_evenly_spaced(forward_s):
    stages = [stage for each in forward_s for stage in ((WORK, FRONT, 3.0, each), (WORK, BACK, 1.0, 30))][:-1]
    refuse_before_balance(plan(*stages), NEW, BELT)


def test_a_run_without_a_backward_interval_is_no_introduction():
    with pytest.raises(PlanError, match="R13"):
        refuse_before_balance(plan((WORK, FRONT, 3.0, 120)), NEW, BELT)
