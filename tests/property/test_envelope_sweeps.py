"""The gate swept: every target on the wire, densely in time and speed round each boundary, against plain arithmetic."""

from __future__ import annotations

import pytest
from gate import Gate
from hypothesis import given
from hypothesis import strategies as st

from retroctl.domain import events as ev
from retroctl.domain.commands import SetTargetSpeed
from retroctl.domain.limits import BeltRange, Client, Level
from retroctl.domain.verdict import Allowed
from retroctl.units import Speed


def verdicts(make, targets) -> list[int]:
    """The targets that pass. Judging a target that passes changes the gate, so each is asked of its own."""
    gate = make()
    passed = []
    for target in targets:
        if isinstance(gate.envelope.judge(SetTargetSpeed(Speed(target)), gate.now), Allowed):
            passed.append(target)
            gate = make()
    return passed


@pytest.mark.parametrize(
    ("belt", "cap"),
    [
        (BeltRange(Speed(100), Speed(1600), Speed(10)), 576),
        (BeltRange(Speed(80), Speed(1200), Speed(16)), 576),
        (BeltRange(Speed(50), Speed(120), Speed(1)), 120),
        (BeltRange(Speed(100), Speed(1600), Speed(50)), 576),
    ],
)
def test_of_every_target_on_the_wire_only_those_within_one_step_pass(belt, cap):
    low, step = belt.minimum.hundredths, belt.increment.hundredths
    most = 80 // step * step
    expected = [t for t in range(low, low + most + 1, step) if t <= min(cap, belt.maximum.hundredths)]
    assert verdicts(lambda: Gate(belt=belt).ready(), range(0x10000)) == expected


def test_before_the_hold_is_served_only_the_lowest_passes():
    assert verdicts(lambda: Gate().run(), range(2000)) == [100]


def test_before_arming_nothing_passes():
    def unarmed() -> Gate:
        gate = Gate()
        gate.frames(100, 70.0)
        return gate

    assert verdicts(unarmed, range(0, 0x10000, 5)) == []


@given(
    measured=st.integers(0, 400),
    target=st.integers(0, 700),
    age=st.floats(0.0, 4.0),
    held=st.sampled_from([0.0, 58.0, 59.9, 60.0, 61.0, 200.0]),
    consent=st.sampled_from([None, 0.0, 14.9, 15.1, 30.0]),
    announced=st.sampled_from([None, 0.0, 2.9, 3.1]),
    hands_free=st.booleans(),
    vetoed=st.booleans(),
    level=st.sampled_from(list(Level)),
)
def test_a_raise_passes_only_when_every_rule_holds(
    measured, target, age, held, consent, announced, hands_free, vetoed, level
):
    gate = Gate(hands_free=hands_free, client=Client(level)).run()
    gate.frames(100, max(0.0, held - 1.0))
    begun = gate.now - max(0.0, held - 1.0) - 1.0
    gate.now += 1.0 - (0.1 if held == 59.9 else 0.0)
    gate.see(measured)
    seen = gate.now
    times = []
    if consent is not None:
        times.append((seen + age - consent, ev.ConfirmPressed()))
    if announced is not None:
        times.append((seen + age - announced, ev.AnnouncementFinished(1)))
    for at, event in sorted(times, key=lambda pair: pair[0]):
        gate.envelope.observe(event, at)
    if vetoed:
        gate.envelope.observe(ev.HoldPressed(), seen + age)
    gate.now = seen + age
    passed = isinstance(gate.envelope.judge(SetTargetSpeed(Speed(target)), gate.now), Allowed)
    if target == 100 or not passed:
        return
    # It passed: then every rule must hold, by this count.
    assert measured > 0
    assert (target - 100) % 10 == 0
    assert 100 < target <= min(180, measured + 90, gate.caps.backward.hundredths)
    assert age <= 2.0
    assert not vetoed
    assert gate.now - begun >= 60.0
    assert announced is not None
    assert announced <= 3.0
    assert hands_free or (consent is not None and gate.now - consent >= begun + 45.0)
