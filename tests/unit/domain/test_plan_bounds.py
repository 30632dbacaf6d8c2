"""Plans, introductions and the course at their bounds: the last that is allowed, the first that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rig import BELT, CLIENT

from retroctl.domain.course import Course, Move
from retroctl.domain.energy import Energy, Gait, Reach, energy
from retroctl.domain.introduction import introduction_plan, refuse_before_balance
from retroctl.domain.limits import BeltRange, Client, Facing, Level, caps_for
from retroctl.domain.plan import Plan, Stage, StageKind, build_plan, ladder_plan, ladder_targets
from retroctl.errors import PlanError
from retroctl.units import Speed

CAPS = caps_for(CLIENT, BELT, qualified=True)
NEW = Client(Level.NEW)
BACK, FORE = Facing.BACKWARD, Facing.FORWARD


def stage(facing: Facing, hundredths: int, hold_s: float = 60.0, *, incline: float = 0.0) -> Stage:
    return Stage(StageKind.WORK, facing, Speed(hundredths), hold_s, incline)


def plan(*stages: Stage) -> Plan:
    """As a plan file could hold it: nothing is checked."""
    return Plan("by hand", stages, (Speed(100),))


# -- plans


def test_500_stages_are_allowed():
    assert len(build_plan("many", (stage(FORE, 500, 1.0),) * 500, BELT, CAPS).stages) == 500


@pytest.mark.parametrize("seconds", [15.0, 30.0])
def test_easing_down_may_take_just_15_and_just_30_s_a_rung(seconds):
    assert ladder_plan(BELT, CAPS, ease_rung_s=seconds).ease_rung_s == seconds


def test_an_interval_may_be_the_last_of_a_forward_run_but_has_no_backward_stage_behind_it():
    run, interval = stage(FORE, 500), stage(BACK, 100, 30.0)
    assert build_plan("run", (run, interval), BELT, CAPS).stages == (run, interval)
    with pytest.raises(PlanError, match=r"stage 2: .*R9"):
        build_plan("run", (run, interval, stage(BACK, 100)), BELT, CAPS)


def test_an_interval_over_the_lowest_speed_is_refused_for_its_length():
    with pytest.raises(PlanError, match=r"stage 2: a hold of 30 s .*R9"):
        build_plan("run", (stage(FORE, 500), stage(BACK, 150, 30.0), stage(FORE, 500)), BELT, CAPS)


def test_an_incline_of_15_percent_is_the_steepest():
    level = stage(BACK, 100)
    assert build_plan("hill", (level, replace(level, incline_pct=15.0)), BELT, CAPS, incline=True)
    with pytest.raises(PlanError, match="R14"):
        build_plan("hill", (level, replace(level, incline_pct=15.1)), BELT, CAPS, incline=True)


def test_an_increment_of_half_a_mile_per_hour_is_no_coarse_step():
    belt = BeltRange(Speed(80), Speed(1600), Speed(80))
    assert ladder_plan(belt, CAPS, top=Speed(240)).remarks == ()


def test_a_top_below_the_lowest_speed_is_the_trainers_slip_and_not_the_clients_cap():
    with pytest.raises(PlanError, match="below the machine's lowest speed") as raised:
        ladder_plan(BELT, CAPS, top=Speed(90))
    assert "cap" not in str(raised.value)


def test_a_cap_at_the_lowest_speed_is_a_ladder_of_one_rung():
    belt = BeltRange(Speed(200), Speed(1600), Speed(10))
    assert ladder_plan(belt, caps_for(Client(Level.REHAB), belt, qualified=True)).ladder == (Speed(200),)


def test_a_hold_lasts_120_s_and_a_rung_of_easing_down_20_unless_something_else_is_said():
    ladder = ladder_plan(BELT, CAPS)
    assert {each.hold_s for each in ladder.stages} == {120.0}
    assert ladder.ease_rung_s == 20.0
    assert build_plan("one", (stage(BACK, 100),), BELT, CAPS).ease_rung_s == 20.0
    assert plan(stage(BACK, 100)).ease_rung_s == 20.0


def test_coarse_steps_are_accepted_by_nobody_unless_somebody_says_so():
    belt = BeltRange(Speed(100), Speed(1600), Speed(100))
    for attempt in (
        lambda: ladder_targets(belt, Speed(300)),
        lambda: ladder_plan(belt, CAPS),
        lambda: build_plan("one", (stage(BACK, 100),), belt, CAPS),
    ):
        with pytest.raises(PlanError, match="accept-coarse-steps"):
            attempt()


# -- before balance is mastered


def run_with(*backward: Stage) -> Plan:
    run = stage(FORE, 500, 300.0)
    return plan(run, *(each for interval in backward for each in (interval, run)))


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_gentle_intervals_in_a_forward_run_are_an_introduction(count):
    refuse_before_balance(introduction_plan(BELT, CAPS, total_s=1800, intervals=count), NEW, BELT)


def test_an_introduction_has_one_interval_unless_two_are_asked_for():
    assert len(introduction_plan(BELT, CAPS, total_s=1800).stages) == 3


@pytest.mark.parametrize(
    "refused",
    [
        run_with(),
        run_with(stage(BACK, 110, 30.0)),
        run_with(stage(BACK, 100, 30.1)),
        run_with(*[stage(BACK, 100, 30.0)] * 3),
        plan(stage(BACK, 100, 30.0)),
        plan(Stage(StageKind.LADDER, FORE, Speed(100), 60.0)),
    ],
    ids=["none", "faster", "longer", "three", "backward only", "a forward ladder"],
)
def test_what_is_no_introduction_waits_for_balance(refused):
    with pytest.raises(PlanError, match="R13"):
        refuse_before_balance(refused, NEW, BELT)


# -- the course


def course(*hundredths: int, index: int = 0, facing: Facing = BACK) -> Course:
    ladder = tuple(Speed(each) for each in range(100, 700, 80))
    return Course(Plan("course", tuple(stage(facing, each) for each in hundredths), ladder), index)


@pytest.mark.parametrize("facing", [BACK, FORE])
def test_a_next_stage_at_the_speed_in_force_is_neither_a_raise_nor_a_lowering(facing):
    assert course(180, 180, facing=facing).next_move(Speed(180), Speed(600)) == (Move.STAY, Speed(180))


@pytest.mark.parametrize(
    ("at", "index", "leads_to"),
    [
        (90, 0, 0),  # there is nothing before the first
        (180, 1, 1),
        (179, 1, 0),
        (259, 0, 1),
        (260, 0, 2),
        (600, 0, 2),  # nor behind the last of a rise
        (600, 2, 2),
    ],
)
def test_a_speed_belongs_to_the_last_stage_of_the_rise_that_is_not_above_it(at, index, leads_to):
    place = course(100, 180, 260, 180, index=index)
    place.relocate(Speed(at))
    assert place.index == leads_to


def test_the_last_stage_of_a_rise_is_reached():
    place = course(100, 180, 260)
    place.relocate(Speed(600))
    assert place.index == 2


@pytest.mark.parametrize(("stages", "index"), [((100, 180, 180), 1), ((100, 180, 180), 2), ((260, 180, 100), 2)])
def test_a_stage_whose_speed_the_belt_has_is_not_left(stages, index):
    place = course(*stages, index=index)
    place.relocate(Speed(stages[index]))
    assert place.index == index


# -- energy


@pytest.mark.parametrize(
    ("kmh", "gait", "reach"),
    [
        (3.0, Gait.WALK, Reach.OK),
        (2.99, Gait.WALK, Reach.EXTRAPOLATED),
        (4.8, Gait.RUN, Reach.JOG_ONLY),
        (4.79, Gait.RUN, Reach.EXTRAPOLATED),
        (8.05, Gait.RUN, Reach.OK),
        (8.03, Gait.RUN, Reach.JOG_ONLY),
    ],
)
def test_each_equation_reaches_as_far_as_it_was_stated(kmh, gait, reach):
    assert energy(kmh, 70.0, gait=gait).reach is reach


def test_an_estimate_of_which_nothing_is_said_is_within_reach():
    assert Energy(10.0, 4.0, 3.0, 5.0).reach is Reach.OK


def test_any_mass_above_0_has_an_estimate():
    assert energy(5.0, 1.0).kcal_per_min == pytest.approx(energy(5.0, 70.0).kcal_per_min / 70)
