"""Levels, the one variable, incline, assessment: what is read from what was done."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import LEVEL_CAPS, Facing, Level
from retroctl.domain.method.assessment import Assessment, Due, before_and_after, compared, due
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.incline import refuse_incline
from retroctl.domain.method.levels import Met, advice, all_met, conditions
from retroctl.domain.method.one_variable import Variable, refuse_two_rises
from retroctl.domain.method.practice import (
    Kind,
    Outing,
    Practice,
    Shape,
    fastest_held,
    kind_of,
    last_comparable,
    shape_of,
    was_completed,
)
from retroctl.domain.plan import Stage, StageKind
from retroctl.errors import PlanError
from retroctl.units import REST, Speed

TODAY = Day.parse("2026-11-24")
CLEAR = Screening(ScreeningOutcome.CLEAR, TODAY.plus(-60), TODAY.plus(300))
FACTS = Facts(1986, screening=CLEAR, consent=TODAY.plus(-60))
SHAPE = Shape(Speed(200), 180.0, 5, 0.0, 900.0)
RISES = {
    Variable.SPEED: {"peak": Speed(210)},
    Variable.LENGTH: {"interval_s": 190.0},
    Variable.COUNT: {"count": 6},
    Variable.INCLINE: {"incline_pct": 0.5},
}


def done(days_ago: int, **fields) -> Practice:
    made = {"day": TODAY.plus(-days_ago), "kind": Kind.LADDER, "shape": Shape(Speed(200), 120.0, 1), "peak": Speed(200)}
    return Practice(**{**made, **fields})


def unmet(level: Level, facts: Facts = FACTS, history: tuple[Practice, ...] = ()) -> dict[str, Met]:
    return {each.text: each.met for each in conditions(level, facts, history, TODAY) if each.met is not Met.MET}


# -- levels


def test_nothing_done_is_shown_as_not_met_or_unknown():
    assert unmet(Level.NEW) == {}
    assert set(unmet(Level.NOVICE).values()) == {Met.NOT_MET, Met.UNKNOWN}
    assert len(unmet(Level.TRAINED)) == 7
    assert unmet(Level.NEW, Facts(1986)) == {"a screening that is valid today and needs no clinician": Met.UNKNOWN}
    old = replace(FACTS, screening=Screening(ScreeningOutcome.CLEAR, TODAY.plus(-9), TODAY.plus(-1)))
    assert set(unmet(Level.NEW, old).values()) == {Met.NOT_MET}


def test_two_calm_sessions_make_a_novice_possible():
    assert all_met(conditions(Level.NOVICE, FACTS, (done(5), done(3)), TODAY))
    assert len(unmet(Level.NOVICE, history=(done(5), done(3, events=(BalanceEvent.RAIL,))))) == 1
    assert len(unmet(Level.NOVICE, history=(done(5), done(3, completed=False)))) == 2
    assert len(unmet(Level.NOVICE, history=(done(5), done(3, kind=Kind.INTRODUCTION)))) == 2


def test_practised_asks_for_mastered_balance_and_four_weeks():
    mastered = replace(FACTS, balance_mastered=True)
    assert unmet(Level.PRACTISED, mastered, (done(28), done(3))) == {}
    assert len(unmet(Level.PRACTISED, mastered, (done(27), done(3)))) == 1
    assert len(unmet(Level.PRACTISED, FACTS, (done(28), done(3)))) == 1


@pytest.mark.parametrize(
    ("fields", "met"),
    [
        ({"rpe": 13}, None), ({"rpe": 14}, Met.NOT_MET), ({"rpe": None}, Met.UNKNOWN),
        ({"rpe": 13, "completed": False}, Met.NOT_MET), ({"rpe": 13, "peak": Speed(630)}, Met.NOT_MET),
    ],
)  # fmt: skip
def test_a_runner_has_held_6_4_at_an_rpe_of_13(fields, met):
    mastered = replace(FACTS, balance_mastered=True)
    history = (done(42), done(30), done(3, **{"peak": Speed(640), **fields}), done(2))
    found = unmet(Level.RUNNER, mastered, history)
    assert list(found.values()) == ([] if met is None else [met])


def test_trained_asks_for_five_weeks_at_8_0():
    mastered = replace(FACTS, balance_mastered=True)
    held = done(35, peak=Speed(800), rpe=12)
    assert unmet(Level.TRAINED, mastered, (done(50), held, done(2))) == {}
    assert len(unmet(Level.TRAINED, mastered, (done(50), replace(held, day=TODAY.plus(-34)), done(2)))) == 1


def test_rehab_needs_a_clearance_and_only_a_clinician_ends_it():
    rehab = replace(FACTS, level=Level.REHAB)
    assert list(unmet(Level.REHAB, rehab).values()) == [Met.NOT_MET]
    ended = Clearance("Dr Lee", TODAY.plus(-9), TODAY.plus(-1))
    assert list(unmet(Level.REHAB, replace(rehab, clearance=ended)).values()) == [Met.NOT_MET]
    valid = replace(ended, ends=TODAY)
    assert unmet(Level.REHAB, replace(rehab, clearance=valid)) == {}
    resumed = conditions(Level.NEW, replace(rehab, clearance=valid), (), TODAY)
    assert [(each.met, each.binding) for each in resumed if each.binding] == [(Met.NOT_MET, True)]
    assert unmet(Level.NEW, replace(rehab, clearance=replace(valid, resume=True))) == {}


def outdoors(days_ago: int, *events: BalanceEvent) -> Outing:
    return Outing(TODAY.plus(-days_ago), events=events, minutes=20)


@pytest.mark.parametrize("level", [Level.NOVICE, Level.PRACTISED, Level.RUNNER, Level.TRAINED])
@pytest.mark.parametrize("days_ago", [0, 3, 4, 5])
def test_a_balance_event_outdoors_speaks_against_a_level_as_one_on_a_belt_does(level, days_ago):
    history = (done(8, events=(BalanceEvent.FALL,)), done(5), done(3))
    stumbled = (outdoors(days_ago, BalanceEvent.STUMBLE),)
    before = {each.text: each for each in conditions(level, FACTS, history, TODAY, outdoors=(outdoors(days_ago),))}
    after = {each.text: each for each in conditions(level, FACTS, history, TODAY, outdoors=stumbled)}
    calm = "no balance event in the last two of them, nor outdoors since"
    assert (before[calm].met, before[calm].why) == (Met.MET, "0 noted")
    assert (after[calm].met, after[calm].why) == (Met.NOT_MET, "0 noted, 1 outdoors")
    assert {text for text in after if after[text] != before[text]} == {calm}


def test_what_went_wrong_outdoors_before_the_last_two_sessions_is_over_as_on_a_belt():
    fell = (outdoors(6, BalanceEvent.FALL),)
    assert all_met(conditions(Level.NOVICE, FACTS, (done(5), done(3)), TODAY, outdoors=fell))
    assert not all_met(conditions(Level.NOVICE, FACTS, (done(6), done(3)), TODAY, outdoors=fell))


def test_sessions_outdoors_bring_no_level_nearer():
    assert set(unmet(Level.NOVICE, FACTS, (done(3),)).values()) == {Met.NOT_MET, Met.UNKNOWN}
    many = tuple(outdoors(each) for each in range(60))
    asked = conditions(Level.TRAINED, FACTS, (done(3),), TODAY, outdoors=many)
    assert asked == conditions(Level.TRAINED, FACTS, (done(3),), TODAY)


def test_what_a_level_needs_beside_its_conditions_is_said():
    assert "both hands" in (advice(Level.REHAB) or "")
    assert "harness" in (advice(Level.TRAINED) or "")
    assert advice(Level.NOVICE) is None


# -- shapes


def stage(kind: StageKind, target: int, hold_s: float, facing: Facing = Facing.BACKWARD) -> Stage:
    return Stage(kind, facing, Speed(target), hold_s)


LADDER = [stage(StageKind.LADDER, 100, 60), stage(StageKind.LADDER, 180, 120)]
INTERVALS = [
    *LADDER, stage(StageKind.WORK, 180, 90), stage(StageKind.RECOVERY, 100, 60), stage(StageKind.WORK, 180, 60),
]  # fmt: skip


def test_the_shape_of_a_plan_leaves_its_warm_up_out():
    assert shape_of(LADDER) == Shape(Speed(180), 120, 1, 0.0, 120)
    assert shape_of(INTERVALS) == Shape(Speed(180), 90, 2, 0.0, 150)
    assert shape_of([stage(StageKind.WORK, 500, 60, Facing.FORWARD)]) == Shape(REST, 0.0, 0)
    assert shape_of([stage(StageKind.WORK, 500, 60, Facing.FORWARD), stage(StageKind.WORK, 100, 30)]).peak == Speed(100)


FORWARD = stage(StageKind.WORK, 600, 300, Facing.FORWARD)
GUEST = stage(StageKind.WORK, 100, 30)


@pytest.mark.parametrize(
    ("stages", "kind"),
    [
        (LADDER, Kind.MAIN_SET),
        ([stage(StageKind.WORK, 100, 60), stage(StageKind.RECOVERY, 180, 60)], Kind.LADDER),
        ([*LADDER[:1], stage(StageKind.LADDER, 180, 60)], Kind.LADDER),
        ([*LADDER, stage(StageKind.LADDER, 180, 60)], Kind.MAIN_SET),
        (LADDER[:1], Kind.LADDER),
        ([stage(StageKind.LADDER, 100, 121)], Kind.MAIN_SET),
        (INTERVALS, Kind.MAIN_SET),
        ([FORWARD], Kind.MAIN_SET),
        ([FORWARD, GUEST, FORWARD], Kind.INTRODUCTION),
        ([FORWARD, stage(StageKind.WORK, 100, 60), FORWARD], Kind.LADDER),
    ],
)
def test_the_kind_is_told_from_the_stages_alone(stages, kind):
    """R11 is not escaped by another name, nor by calling work a ladder."""
    assert kind_of(stages) is kind


def test_hidden_work_counts_and_what_follows_without_a_break_is_one_interval():
    called_otherwise = [replace(each, kind=StageKind.COOL_DOWN) for each in INTERVALS[-1:]]
    assert shape_of([*INTERVALS[:-1], *called_otherwise]) == shape_of(INTERVALS)
    halves = [*LADDER[:1], stage(StageKind.WORK, 180, 60), stage(StageKind.WORK, 180, 60)]
    assert shape_of(halves) == Shape(Speed(180), 120, 1, 0.0, 120)
    guests = shape_of([FORWARD, GUEST, FORWARD, GUEST, FORWARD])
    assert (guests.count, guests.interval_s) == (2, 30)
    only_warm = [stage(StageKind.LADDER, 100, 60), stage(StageKind.WORK, 180, 60), stage(StageKind.LADDER, 260, 60)]
    assert shape_of(only_warm) == Shape(Speed(260), 120, 1, 0.0, 120)


def test_a_session_is_completed_when_its_main_set_was_held():
    assert was_completed(LADDER, [(Speed(100), 60.0), (Speed(180), 119.5)])
    assert not was_completed(LADDER, [(Speed(100), 60.0), (Speed(180), 100.0)])
    assert was_completed(INTERVALS, [(Speed(180), 120.0), (Speed(180), 90.0)])
    assert not was_completed(INTERVALS, [(Speed(180), 120.0)])
    assert not was_completed([], [])


def test_only_a_minute_counts_as_held():
    assert fastest_held([(Speed(180), 60.0), (Speed(260), 59.9)]) == Speed(180)
    assert fastest_held([]) == REST


def test_comparable_is_the_last_completed_one_of_the_kind():
    history = [done(1, completed=False), done(9), done(4, kind=Kind.MAIN_SET), done(5)]
    found = last_comparable(history, Kind.LADDER)
    assert found is not None
    assert found.day == TODAY.plus(-5)
    assert last_comparable(history, Kind.INTRODUCTION) is None


# -- one variable (R11)


@pytest.mark.parametrize("variable", list(Variable))
def test_each_variable_may_rise_alone(variable):
    assert refuse_two_rises(SHAPE, replace(SHAPE, **RISES[variable])) is variable


@pytest.mark.parametrize("pair", list(itertools.combinations(Variable, 2)), ids=" + ".join)
def test_two_together_are_refused_by_both_names(pair):
    after = replace(SHAPE, **RISES[pair[0]], **RISES[pair[1]])
    with pytest.raises(PlanError, match="R11") as refused:
        refuse_two_rises(SHAPE, after)
    assert all(variable.value in str(refused.value) for variable in pair)


def test_decreases_are_free_also_beside_a_rise():
    less = Shape(Speed(100), 60.0, 1, 0.0, 60.0)
    assert refuse_two_rises(SHAPE, less) is None
    assert refuse_two_rises(SHAPE, SHAPE) is None
    assert refuse_two_rises(SHAPE, replace(less, peak=Speed(260))) is Variable.SPEED


def test_more_time_in_as_many_intervals_is_longer_intervals():
    assert refuse_two_rises(SHAPE, replace(SHAPE, main_s=890.0)) is None
    assert refuse_two_rises(SHAPE, replace(SHAPE, main_s=960.0)) is Variable.LENGTH
    with pytest.raises(PlanError, match="in all"):
        refuse_two_rises(SHAPE, replace(SHAPE, main_s=960.0, peak=Speed(210)))


# -- R14: incline

PRACTISED = replace(FACTS, balance_mastered=True, incline_confirmed=TODAY)
TWELVE = tuple(done(30 - 2 * number) for number in range(12))
STEEP = replace(SHAPE, incline_pct=1.0)


def test_incline_is_unlocked_by_five_things_together():
    refuse_incline(None, STEEP, PRACTISED, TWELVE, TODAY)
    refuse_incline(SHAPE, SHAPE, FACTS, (), TODAY)  # level: nothing to unlock


def test_a_balance_event_outdoors_locks_it_too_until_six_sessions_are_done_since():
    sixth = TWELVE[6].day
    for day, locked in ((TODAY, True), (sixth, True), (sixth.plus(-1), False)):
        fell = (Outing(day, events=(BalanceEvent.STUMBLE,)),)
        if locked:
            with pytest.raises(PlanError, match="no balance event in the last 6 sessions, nor outdoors since"):
                refuse_incline(None, STEEP, PRACTISED, TWELVE, TODAY, outdoors=fell)
        else:
            refuse_incline(None, STEEP, PRACTISED, TWELVE, TODAY, outdoors=fell)
    refuse_incline(None, STEEP, PRACTISED, TWELVE, TODAY, outdoors=(Outing(TODAY, minutes=5),))


@pytest.mark.parametrize(
    ("facts", "history", "missing"),
    [
        (replace(PRACTISED, balance_mastered=False), TWELVE, "balance mastered"),
        (replace(PRACTISED, incline_confirmed=None), TWELVE, "confirmation"),
        (PRACTISED, TWELVE[1:], "12 completed"),
        (PRACTISED, tuple(replace(each, day=each.day.plus(3)) for each in TWELVE), "4 weeks"),
        (PRACTISED, (*TWELVE[:6], replace(TWELVE[6], events=(BalanceEvent.RAIL,)), *TWELVE[7:]), "balance event"),
        (PRACTISED, (), "12 completed"),
    ],
)
def test_any_one_of_them_missing_keeps_it_locked(facts, history, missing):
    with pytest.raises(PlanError, match="R14") as refused:
        refuse_incline(None, STEEP, facts, history, TODAY)
    assert missing in str(refused.value)


def test_incline_rises_by_one_per_cent_a_session_at_most_and_never_with_speed():
    with pytest.raises(PlanError, match="R14"):
        refuse_incline(None, replace(STEEP, incline_pct=1.1), PRACTISED, TWELVE, TODAY)
    refuse_incline(STEEP, replace(STEEP, incline_pct=2.0), PRACTISED, TWELVE, TODAY)
    with pytest.raises(PlanError, match=r"held on the level: 2.00 km/h so far, not 2.10 km/h \(R14\)"):
        refuse_incline(None, replace(STEEP, peak=Speed(210)), PRACTISED, TWELVE, TODAY)
    with pytest.raises(PlanError, match="R11"):
        refuse_two_rises(STEEP, replace(STEEP, incline_pct=2.0, peak=Speed(210)))


# -- R17: assessment


@pytest.mark.parametrize(
    ("days", "state"), [(0, Due.NOT_YET), (27, Due.NOT_YET), (28, Due.DUE), (42, Due.DUE), (43, Due.OVERDUE)]
)
def test_assessment_opens_on_day_28_and_is_overdue_after_day_42(days, state):
    taken = [Assessment(TODAY.plus(-days), stands=0), Assessment(TODAY.plus(-100), balance_s=5.0)]
    assert due(taken, TODAY) is state


def test_an_assessment_in_which_nothing_was_measured_is_no_baseline_and_postpones_nothing():
    noted = Assessment(TODAY.plus(-1), note="calm, looks ahead")
    assert due([noted], TODAY) is Due.BASELINE
    taken = [noted, *(Assessment(TODAY.plus(-days), stands=10 + days) for days in (30, 29, 28))]
    assert due(taken, TODAY) is Due.DUE
    assert before_and_after([noted]) == (None, None)
    assert before_and_after(taken[:2]) == (taken[1], None)
    assert before_and_after([*taken, noted]) == (taken[1], taken[3])
    for measure in ({"speed_kmh": 2.0}, {"balance_s": 5.0}, {"stands": 0}, {"forward_kmh": 8.0}):
        assert Assessment(TODAY, **measure).measured
    assert due([], TODAY) is Due.BASELINE


def test_what_was_not_measured_is_said():
    lines = compared(Assessment(TODAY.plus(-30), speed_kmh=3.2, stands=12), Assessment(TODAY, speed_kmh=4.0))
    assert lines[0].startswith("speed: 3.2 km/h before, 4 km/h after")
    assert lines[1].startswith("balance: not measured")
    assert lines[2].startswith("muscle: 12 before, not measured after")
    assert all(": not measured" in line for line in compared(None, None))


def test_every_level_names_its_cap():
    assert set(LEVEL_CAPS) == set(Level)
