"""Incline is told to the trainer and never written to the machine (R14)."""

from __future__ import annotations

import pytest
from rig import BELT, CLIENT, Rig

from retroctl.app.reports import Kind
from retroctl.domain.limits import Facing, caps_for
from retroctl.domain.plan import Stage, StageKind, build_plan
from retroctl.units import Speed


def steep_plan(*inclines: float):
    stages = tuple(Stage(StageKind.WORK, Facing.BACKWARD, Speed(100), 60.0, pct) for pct in inclines)
    return build_plan("steep", stages, BELT, caps_for(CLIENT, BELT, qualified=True), incline=True)


def told(*inclines: float) -> list[str]:
    rig = Rig(plan=steep_plan(*inclines))
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=600)
    assert rig.ended[-1].reason == "completed"
    assert {payload[:2] for payload in rig.written} <= {"00", "02", "07", "08"}, "opcode 03 is Set Target Inclination"
    return [cue["text"] for cue in rig.of(Kind.CUE) if "incline" in cue["text"]]


def test_the_trainer_is_told_each_change_and_at_the_end_to_take_it_back():
    assert told(0, 1, 1, 2) == [
        "Set the incline to 1 % at the console.",
        "Set the incline to 2 % at the console.",
        "Set the incline to 0 % at the console.",
    ]


def test_a_level_plan_says_nothing_of_incline():
    assert told(0, 0) == []


def spent_at(pct: float) -> float:
    rig = Rig(plan=steep_plan(0, pct, pct, pct))
    rig.engine.tally.mass_kg = 70.0
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=600)
    assert rig.engine.session.incline_pct == 0, "taken back at the end"
    return rig.engine.tally.kcal


def test_the_estimate_of_energy_counts_the_incline_that_was_told():
    """Found by hand: a session at 2 % was given the energy of one on the level."""
    level, steep = 3.5 + 0.1 * 1000 / 60, 1.8 * 1000 / 60 * 0.02  # mL/kg/min at 1 km/h, and what 2 % adds (ACSM)
    assert spent_at(2) / spent_at(0) == pytest.approx(1 + 0.75 * steep / level, abs=0.02)
