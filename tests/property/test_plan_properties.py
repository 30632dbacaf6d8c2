"""Any plan, any history, any machine: what is built and what is proposed keeps R6 to R14 and the caps.

The judge below is written from the rules, not from the code that builds.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import event, given, settings
from hypothesis import strategies as st
from test_method_properties import START, days, doings, histories

from retroctl.adapters.plans import PRESETS, Preset, read_plan
from retroctl.cli.person import Person
from retroctl.cli.planning import judged
from retroctl.cli.programme_work import spec_of
from retroctl.domain.limits import BeltRange, Facing, Level, caps_for
from retroctl.domain.method.facts import Clearance, Facts, Screening, ScreeningOutcome
from retroctl.domain.method.practice import Practice, Shape, kind_of, last_comparable, shape_of
from retroctl.domain.method.programme import ProgrammeName
from retroctl.domain.method.proposal import NoSession, caps_of, next_session
from retroctl.domain.plan import Plan, Stage, StageKind, build_plan
from retroctl.errors import ConfigError, PlanError
from retroctl.units import Speed

belts = st.builds(
    lambda low, width, step: BeltRange(Speed(low), Speed(low + width), Speed(step)),
    st.sampled_from([50, 80, 80, 100, 100, 161]),
    st.sampled_from([200, 1100, 1500, 1900]),
    st.sampled_from([1, 10, 10, 16, 50, 80]),
)
able = st.builds(
    Facts,
    birth_year=st.sampled_from([1950, 1986, 1986, 2000]),
    level=st.sampled_from(Level),
    resting_bpm=st.just(60),
    comfortable_forward=st.none() | st.integers(500, 1400).map(Speed),
    balance_mastered=st.sampled_from([True, True, False]),
    screening=st.just(Screening(ScreeningOutcome.CLEAR, START.plus(-10), START.plus(300))),
    clearance=st.builds(
        Clearance, st.just("Dr Lee"), st.just(START), st.just(START.plus(100)), st.sampled_from([None, Speed(300)])
    ),
    consent=st.just(START),
)
steps = st.tuples(
    st.sampled_from([0, 40, 70, 70, 70, 80, 90, -80, -80, -200]),
    st.sampled_from([60.0] * 12 + [120.0, 120.0, 600.0, 30.0, 59.9, 4000.0]),
    st.sampled_from(StageKind),
    st.sampled_from([Facing.BACKWARD] * 12 + [Facing.FORWARD]),
    st.sampled_from([0.0] * 20 + [1.0, 1.0, 2.0, -1.0, 20.0]),
)


@st.composite
def walks(draw, low: int) -> tuple[Stage, ...]:
    """Stages as somebody would write them who keeps to the rules most of the time."""
    speed, found = low, []
    for rise, hold_s, kind, facing, incline_pct in draw(st.lists(steps, min_size=1, max_size=8)):
        speed = max(low, speed + rise) if found else low
        found.append(Stage(kind, facing, Speed(speed), hold_s, incline_pct))
    return tuple(found)


@st.composite
def specs(draw) -> str:
    """A preset with some of its keys, most of them within their bounds."""
    preset = draw(st.sampled_from([each for each in Preset if each is not Preset.OUTDOOR]))
    values = {
        "top": st.floats(1, 10).map(lambda kmh: f"{kmh:.2f}km/h"),
        "forward": st.floats(3, 12).map(lambda kmh: f"{kmh:.2f}km/h"),
        "hold_s": st.integers(58, 300),
        "interval_s": st.integers(58, 1500),
        "count": st.integers(1, 2) if preset is Preset.BALANCE_INTRODUCTION else st.integers(0, 20),
        "recovery_s": st.integers(58, 200),
        "total_s": st.integers(590, 3600),
        "ease_rung_s": st.integers(14, 31),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(PRESETS[preset].keys)), max_size=3))
    written = ",".join(f"{key}={draw(values[key])}" for key in sorted(chosen))
    return f"{preset}:{written}" if written else preset.value


def breaks(plan: Plan, belt: BeltRange, cap: Speed, forward_cap: Speed) -> list[str]:
    """The rules that a plan breaks: R6, R7, R9, R10, R13's interval, R14, the caps."""
    found: list[str] = []
    before: Stage | None = None
    for place, stage in enumerate(plan.stages):
        back = stage.facing is Facing.BACKWARD
        near = [each.facing for each in (*plan.stages[max(0, place - 1) : place], *plan.stages[place + 1 : place + 2])]
        guest = len(plan.stages) > 1 and all(each is Facing.FORWARD for each in near) and stage.target == belt.minimum
        fresh = before is None or before.facing is not stage.facing
        rise = 0 if fresh else stage.target.hundredths - before.target.hundredths
        found += ["R6"] * (back and fresh and (stage.target != belt.minimum or stage.incline_pct != 0))
        found += ["R7"] * (back and rise > 80)
        found += ["R9"] * (back and stage.hold_s < 60 and not (guest and stage.hold_s == 30))
        found += ["R10"] * (stage.target > (cap if back else forward_cap))
        found += ["R14"] * (stage.incline_pct < 0 or (stage.incline_pct > 0 and not back))
        found += ["R11"] * (not fresh and rise > 0 and stage.incline_pct > before.incline_pct)
        found += ["grid"] * (not belt.on_grid(stage.target))
        before = stage
    return found


@settings(max_examples=200)
@given(st.data(), st.booleans(), belts, able)
def test_no_stages_that_pass_break_a_rule(data, incline, belt, facts):
    caps = caps_for(facts.limits(START), belt, qualified=True)
    try:
        plan = build_plan("any", data.draw(walks(belt.minimum.hundredths)), belt, caps, incline=incline)
    except PlanError as refused:
        said = str(refused)
        assert re.search(r"\(R\d+\)|stage \d+: .*(cap of|seconds)", said)
        return
    event(f"built with {min(3, len(plan.stages))} stages or more")
    assert breaks(plan, belt, caps.backward, caps.forward) == []
    assert incline or not any(stage.incline_pct for stage in plan.stages)


@settings(max_examples=200)
@given(specs(), belts, able, histories, days)
def test_no_preset_for_any_client_breaks_a_rule(spec, belt, facts, history, today):
    caps = caps_for(facts.limits(today), belt, qualified=True)
    who = Person(facts.limits(today), None, "id", tuple(history), facts, today)
    preset = spec.split(":")[0]
    try:
        plan, _ = judged(read_plan(spec), who, belt, qualified=True)
    except (ConfigError, PlanError):
        return
    event(f"built {preset}")
    assert breaks(plan, belt, caps.backward, caps.forward) == []
    assert facts.balance_mastered or preset in ("ladder", "rehab", "balance-introduction")
    if preset == "balance-introduction":
        backward = [stage for stage in plan.stages if stage.facing is Facing.BACKWARD]
        assert len(backward) in (1, 2)
        assert {stage.hold_s for stage in backward} == {30.0}
    if preset == "rehab":
        assert facts.level is Level.REHAB
        assert plan.top <= Speed(200)
    before = last_comparable(history, kind_of(plan.stages))
    if before is not None:
        assert sum(rises(before.shape, shape_of(plan.stages))) <= 1


@given(st.lists(doings, min_size=4, max_size=20), st.sampled_from(ProgrammeName), belts, able)
def test_a_programme_that_is_followed_can_be_run_and_keeps_every_rule(story, name, belt, facts):
    """Proposed, written as `--plan` takes it, built on the machine, done, and counted for the next."""
    history: list[Practice] = []
    today = START
    facts = replace(facts, level=Level.REHAB) if name is ProgrammeName.REHAB else facts
    for gap, completed, events, rpe, _ in story:
        today = today.plus(gap)
        try:
            found = next_session(facts, history, name, START, today)
        except PlanError:
            assert not facts.balance_mastered
            return
        if isinstance(found, NoSession):
            continue
        who = Person(facts.limits(today), None, "id", tuple(history), facts, today)
        caps = caps_for(who.client, belt, qualified=True)
        try:
            plan, _ = judged(read_plan(spec_of(found)), who, belt, qualified=True)
        except PlanError as refused:
            # The machine is too quick at its slowest, or too slow at its fastest; nothing else may come up.
            assert re.search("lowest (speed )?of|the machine's highest speed", str(refused))  # noqa: PT017 - as above
            return
        event(f"built {found.preset}")
        assert breaks(plan, belt, caps.backward, caps.forward) == []
        shape = shape_of(plan.stages)
        assert shape.peak <= min(found.shape.peak, caps_of(facts, today).backward)
        assert (shape.count, shape.interval_s) == (found.shape.count, found.shape.interval_s)
        assert facts.balance_mastered or found.preset in ("ladder", "rehab")
        kind = kind_of(plan.stages)
        before = last_comparable(history, kind)
        if before is not None:
            assert sum(rises(before.shape, shape)) <= 1
            last = history[-1]
            if last.events or last.rpe is None or not last.completed or today.days_since(last.day) > 7:
                assert not any(rises(before.shape, shape))
        history.append(Practice(today, kind, shape, completed, shape.peak, events, rpe))


def rises(old: Shape, new: Shape) -> list[bool]:
    """Which of the four are higher (R11)."""
    return [
        new.peak > old.peak,
        new.interval_s > old.interval_s or (new.main_s > old.main_s and new.count <= old.count),
        new.count > old.count,
        new.incline_pct > old.incline_pct,
    ]
