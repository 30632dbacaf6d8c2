"""Any history, any client, any programme: what is proposed keeps every rule and could be run."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from retroctl.domain.events import BalanceEvent
from retroctl.domain.introduction import introduction_plan
from retroctl.domain.limits import HARD_CEILING, LEVEL_CAPS, MAX_RAISE, BeltRange, Facing, Level, caps_for
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.one_variable import refuse_two_rises, risen
from retroctl.domain.method.practice import Kind, Practice, Shape, in_order, last_comparable, shape_of
from retroctl.domain.method.programme import ProgrammeName
from retroctl.domain.method.proposal import NoSession, caps_of, next_session
from retroctl.domain.method.today import not_today
from retroctl.domain.plan import ladder_plan
from retroctl.errors import PlanError
from retroctl.units import Speed

START = Day.parse("2026-01-05")

days = st.integers(-60, 120).map(START.plus)
speeds = st.integers(0, 1200).map(Speed)
shapes = st.builds(
    Shape,
    speeds,
    st.floats(0, 3600, allow_nan=False),
    st.integers(0, 40),
    st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    st.floats(0, 20_000, allow_nan=False),
)
practices = st.builds(
    Practice,
    days,
    st.sampled_from(Kind),
    shapes,
    st.booleans(),
    speeds,
    st.lists(st.sampled_from(BalanceEvent), max_size=3).map(tuple),
    st.none() | st.integers(6, 20),
)
histories = st.lists(practices, max_size=12)
clearances = st.builds(
    Clearance,
    st.just("Dr Lee"),
    st.just(START),
    st.just(START.plus(100)),
    st.none() | st.integers(100, 900).map(Speed),
)
fit = st.builds(
    Facts,
    birth_year=st.integers(1970, 2005),
    level=st.sampled_from(Level),
    resting_bpm=st.integers(50, 70),
    comfortable_forward=st.none() | st.integers(500, 1400).map(Speed),
    balance_mastered=st.booleans(),
    screening=st.just(Screening(ScreeningOutcome.CLEAR, START.plus(-10), START.plus(300))),
    clearance=clearances,
    consent=st.just(START),
)
doings = st.tuples(
    st.sampled_from([1, 2, 2, 2, 3, 3, 8, 16, 30]),
    st.sampled_from([True, True, True, True, False]),
    st.sampled_from([(), (), (), (), (BalanceEvent.RAIL,), (BalanceEvent.FALL,)]),
    st.sampled_from([10, 11, 11, 12, 12, 12, 15, 18, None]),
    fit,
)
"""Days until the next session, whether it was completed, what happened, how hard it was, and who it is by then."""
clients = st.builds(
    Facts,
    birth_year=st.integers(1930, 2010),
    level=st.sampled_from(Level),
    resting_bpm=st.none() | st.integers(40, 80),
    beta_blocker=st.booleans(),
    comfortable_forward=st.none() | st.integers(300, 1400).map(Speed),
    fall_history=st.booleans(),
    balance_mastered=st.booleans(),
    screening=st.builds(
        Screening, st.sampled_from(ScreeningOutcome), st.just(START.plus(-60)), st.just(START.plus(300))
    ),
    clearance=st.none() | clearances,
    consent=st.just(START),
)  # fmt: skip


@given(clients, histories, st.sampled_from(ProgrammeName), days)
def test_whatever_was_done_the_next_session_keeps_every_rule(facts, history, name, today):
    try:
        found = next_session(facts, history, name, START, today)
    except PlanError:
        assert not (facts.balance_mastered if name is ProgrammeName.ECONOMY else facts.level is Level.REHAB)
        return
    assert found.why
    if isinstance(found, NoSession):
        return
    assert not_today(facts, today) == ()
    assert found.shape.peak <= min(HARD_CEILING, LEVEL_CAPS[facts.level], caps_of(facts, today).backward)
    assert found.shape.incline_pct == 0
    assert found.preset in {"ladder", "rehab"} or facts.balance_mastered
    before = last_comparable(history, found.kind)
    if before is None:
        assert found.variable is None
        return
    rises = risen(before.shape, found.shape)
    assert list(rises) == ([] if found.variable is None else [found.variable])
    last = in_order(history)[-1]
    if last.events or last.rpe is None or not last.completed or today.days_since(last.day) > 7:
        assert not rises


@given(st.lists(doings, min_size=4, max_size=20), st.sampled_from(ProgrammeName))
def test_a_programme_that_is_followed_raises_one_thing_at_a_time_and_never_after_a_bad_session(story, name):
    history: list[Practice] = []
    today = START
    for gap, completed, events, rpe, known in story:
        facts = replace(known, level=Level.REHAB) if name is ProgrammeName.REHAB else known
        today = today.plus(gap)
        if name is ProgrammeName.ECONOMY and not facts.balance_mastered:
            continue
        found = next_session(facts, history, name, START, today)
        if isinstance(found, NoSession):
            continue
        assert Speed(0) < found.shape.peak <= caps_of(facts, today).backward
        assert found.shape.interval_s >= 60
        assert found.shape.main_s <= 45 * 60
        before = last_comparable(history, found.kind)
        if before is not None:
            rises = risen(before.shape, found.shape)
            assert list(rises) == ([] if found.variable is None else [found.variable])
            assert found.shape.peak.hundredths - before.shape.peak.hundredths <= MAX_RAISE.hundredths
            last = history[-1]
            calm = last.completed and not last.events and last.rpe is not None and today.days_since(last.day) <= 7
            assert calm or not rises
        history.append(Practice(today, found.kind, found.shape, completed, found.shape.peak, events, rpe))


@given(shapes, shapes)
def test_a_plan_passes_only_with_one_rise_at_most(before, after):
    higher = [
        after.peak > before.peak,
        after.interval_s > before.interval_s or (after.main_s > before.main_s and after.count <= before.count),
        after.count > before.count,
        after.incline_pct > before.incline_pct,
    ]
    try:
        refuse_two_rises(before, after)
    except PlanError:
        assert sum(higher) > 1
    else:
        assert sum(higher) <= 1


@given(
    clients, st.integers(1, 150), st.integers(100, 2000), st.integers(1, 100), st.integers(1, 1200), st.floats(0, 4000)
)
def test_no_ladder_that_is_built_breaks_a_rule(facts, low, width, step, top, hold_s):
    belt = BeltRange(Speed(low), Speed(low + width), Speed(step))
    caps = caps_for(facts.limits(START), belt, qualified=True)
    try:
        plan = ladder_plan(belt, caps, top=Speed(top), hold_s=hold_s)
    except PlanError:
        return
    targets = [stage.target for stage in plan.stages]
    assert targets[0] == belt.minimum
    assert all(b.hundredths - a.hundredths <= MAX_RAISE.hundredths for a, b in pairwise(targets))
    assert all(60 <= stage.hold_s <= 3600 and stage.incline_pct == 0 for stage in plan.stages)
    assert max(targets) <= min(Speed(top), caps.backward, LEVEL_CAPS[facts.level], HARD_CEILING)
    assert shape_of(plan.stages).peak == plan.top


@given(clients, st.floats(0, 7200), st.integers(-1, 4))
def test_no_introduction_that_is_built_breaks_r13(facts, total_s, intervals):
    belt = BeltRange(Speed(100), Speed(1600), Speed(10))
    caps = caps_for(facts.limits(START), belt, qualified=True)
    try:
        plan = introduction_plan(belt, caps, total_s=total_s, intervals=intervals)
    except PlanError:
        return
    backward = [stage for stage in plan.stages if stage.facing is Facing.BACKWARD]
    assert len(backward) == intervals <= 2
    assert all((stage.target, stage.hold_s) == (belt.minimum, 30.0) for stage in backward)
    at, middles = 0.0, []
    for stage in plan.stages:
        if stage in backward:
            middles.append(at + stage.hold_s / 2)
        at += stage.hold_s
    wanted = [total_s * number / (intervals + 1) for number in range(1, intervals + 1)]
    assert all(abs(is_at - should) < 1 for is_at, should in zip(middles, wanted, strict=True))


@given(clients, st.sampled_from(Level), days)
def test_nobody_over_64_or_who_fell_is_faster_than_rehab(facts, level, today):
    assume(facts.fall_history or facts.age(today) >= 65)
    assert caps_of(facts, today).backward <= LEVEL_CAPS[Level.REHAB]
    assert not facts.limits(today).hands_free
