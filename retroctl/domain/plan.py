"""What a session intends: stages in their order, validated when built.

A plan that could never be allowed is refused here, with the stage and the rule named, before anything
is written to a machine. Speeds that people write snap down to the machine's grid, and the plan says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from retroctl.domain.limits import MAX_RAISE, MIN_BACKWARD_HOLD_S, BeltRange, Caps, Facing
from retroctl.errors import PlanError
from retroctl.units import Speed

DEFAULT_HOLD_S: Final = 120.0
"""One to two minutes at each speed is the method; the longer is the default."""

BACKWARD_INTERVAL_S: Final = 30.0
"""A backward interval inside a forward run (R13): at the machine's lowest speed, so no raise hangs on its length."""

MAX_HOLD_S: Final = 3600.0
EASE_RUNG_BACKWARD_S: Final = (15.0, 20.0, 30.0)
"""Least, default and most seconds on a rung while easing down backward."""
EASE_RUNG_FORWARD_S: Final = 5.0
MAX_STAGES: Final = 500
MAX_TOTAL_S: Final = 10800.0
"""All stages together. The method's longest session has 45 minutes (R16) beside its warm-up; three hours is a slip."""

STEEPEST_PCT: Final = 15.0
"""Of a written plan; steeper is a slip of the pen. How much of it a client may have is R14's business."""


class StageKind(StrEnum):
    """What a stage is for."""

    LADDER = "ladder"
    WORK = "work"
    RECOVERY = "recovery"
    COOL_DOWN = "cool-down"


@dataclass(frozen=True, slots=True)
class Stage:
    """One target speed and the least time at it. `incline_pct` is an instruction to the trainer, never written."""

    kind: StageKind
    facing: Facing
    target: Speed
    hold_s: float
    incline_pct: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The stages of a session. `remarks` are plain sentences about what was changed when the plan was built."""

    name: str
    stages: tuple[Stage, ...]
    ladder: tuple[Speed, ...]
    """Every rung between the machine's minimum and the fastest target, for raises and for easing down."""
    ease_rung_s: float = EASE_RUNG_BACKWARD_S[1]
    remarks: tuple[str, ...] = field(default=())

    @property
    def top(self) -> Speed:
        """The fastest target of the plan."""
        return max(stage.target for stage in self.stages)


def raise_step(belt: BeltRange, *, coarse_accepted: bool = False) -> Speed:
    """The largest raise on this machine's grid within 0.5 mph.

    Raises PlanError when one increment is already more, unless the trainer accepted that for this session.
    """
    if belt.increment <= MAX_RAISE:
        return Speed(MAX_RAISE.hundredths // belt.increment.hundredths * belt.increment.hundredths)
    if coarse_accepted:
        return belt.increment
    raise PlanError(
        f"this machine can only change speed in steps of {belt.increment}, more than the 0.80 km/h (0.5 mph) that a "
        "raise may be (R7); --accept-coarse-steps runs it all the same and is recorded"
    )


def ladder_targets(belt: BeltRange, top: Speed, *, coarse_accepted: bool = False) -> tuple[Speed, ...]:
    """The rungs from the machine's minimum to `top` (on the grid): full steps, the last may be a part step."""
    step = raise_step(belt, coarse_accepted=coarse_accepted)
    last = belt.snap_down(top)
    rungs = list(range(belt.minimum.hundredths, last.hundredths, step.hundredths))
    return tuple(Speed(rung) for rung in [*rungs, last.hundredths])


def ladder_plan(
    belt: BeltRange,
    caps: Caps,
    *,
    top: Speed | None = None,
    hold_s: float = DEFAULT_HOLD_S,
    ease_rung_s: float = EASE_RUNG_BACKWARD_S[1],
    coarse_accepted: bool = False,
    name: str = "ladder",
) -> Plan:
    """The warm-up ladder: the machine's lowest speed, raises within 0.5 mph, one hold at each rung, ease down.

    `top` is where it ends (default: the cap). Raises PlanError: over the cap, below the minimum, a hold under 60 s.
    """
    remarks: list[str] = []
    if top is None:
        wanted = caps.backward
    else:
        _refuse_over_cap("the top of the ladder", top, caps, Facing.BACKWARD)
        wanted = top
    if wanted < belt.minimum and top is None:
        raise PlanError(
            f"the cap of {caps.backward} ({caps.backward_reason}) is below the machine's lowest speed of "
            f"{belt.minimum}; this client cannot run on this machine"
        )
    snapped = belt.snap_down(wanted)
    if snapped != wanted:
        remarks.append(f"the top of {wanted} is not on the machine's grid; the ladder ends at {snapped}")
    targets = ladder_targets(belt, snapped, coarse_accepted=coarse_accepted)
    if belt.increment > MAX_RAISE:
        remarks.append(f"steps of {belt.increment} were accepted for this session")
    stages = tuple(Stage(StageKind.LADDER, Facing.BACKWARD, target, hold_s) for target in targets)
    return build_plan(
        name, stages, belt, caps, ease_rung_s=ease_rung_s, coarse_accepted=coarse_accepted, remarks=tuple(remarks)
    )


def build_plan(
    name: str,
    stages: tuple[Stage, ...],
    belt: BeltRange,
    caps: Caps,
    *,
    ease_rung_s: float = EASE_RUNG_BACKWARD_S[1],
    coarse_accepted: bool = False,
    incline: bool = False,
    remarks: tuple[str, ...] = (),
) -> Plan:
    """Check every stage against the machine and the caps, snap targets down to the grid, and give the plan.

    `incline`: whether the client may be one for whom incline is unlocked; the caller asks R14 about the whole plan.

    Raises PlanError naming the stage (counted from 1) and the rule.
    """
    if not stages:
        raise PlanError("a plan needs at least one stage")
    if len(stages) > MAX_STAGES:
        raise PlanError(f"a plan of {len(stages)} stages is over the {MAX_STAGES} that a session may have")
    least, _, most = EASE_RUNG_BACKWARD_S
    if not least <= ease_rung_s <= most:
        raise PlanError(f"easing down takes {least:g} to {most:g} seconds a rung, not {ease_rung_s:g}")
    step = raise_step(belt, coarse_accepted=coarse_accepted)
    said = list(remarks)
    checked: list[Stage] = []
    for number, stage in enumerate(stages, start=1):
        alone = all(near.facing is Facing.FORWARD for near in _neighbours(stages, number - 1))
        snapped = _checked_stage(f"stage {number}", stage, belt, caps, alone=alone and len(stages) > 1)
        _refuse_incline(number, snapped, checked[-1] if checked else None, allowed=incline)
        if snapped.target != stage.target:
            said.append(f"stage {number}: {stage.target} is not on the machine's grid; it becomes {snapped.target}")
        _refuse_jump(number, snapped, checked[-1] if checked else None, belt, step)
        checked.append(snapped)
    _refuse_too_long(checked)
    top = max(stage.target for stage in checked)
    rungs = set(ladder_targets(belt, top, coarse_accepted=coarse_accepted))
    if any(stage.facing is Facing.FORWARD for stage in checked) and caps.forward >= belt.minimum:
        # Forward the client may go faster than any stage asks: easing down needs rungs from up there.
        rungs |= set(ladder_targets(belt, caps.forward, coarse_accepted=coarse_accepted))
    ladder = tuple(sorted(rungs))
    return Plan(name, tuple(checked), ladder, ease_rung_s, tuple(said))


def _refuse_too_long(stages: list[Stage]) -> None:
    total_s = 0.0
    for number, stage in enumerate(stages, start=1):
        total_s += stage.hold_s
        if total_s > MAX_TOTAL_S:
            raise PlanError(
                f"stage {number}: with it the plan lasts {total_s / 60:.0f} minutes, over the {MAX_TOTAL_S / 60:.0f} "
                "that a session may have; the longest of the method are 45 minutes and a warm-up (R16)"
            )


def _neighbours(stages: tuple[Stage, ...], index: int) -> tuple[Stage, ...]:
    return stages[max(0, index - 1) : index] + stages[index + 1 : index + 2]


def _checked_stage(name: str, stage: Stage, belt: BeltRange, caps: Caps, *, alone: bool) -> Stage:
    """`alone`: both neighbours are forward, so a backward stage is an interval in a forward run (R13)."""
    if not math.isfinite(stage.hold_s) or stage.hold_s > MAX_HOLD_S:
        raise PlanError(f"{name}: a hold lasts at most {MAX_HOLD_S:g} seconds, not {stage.hold_s:g} (R9)")
    if stage.target < belt.minimum:
        raise PlanError(f"{name}: {stage.target} is below the machine's lowest speed of {belt.minimum} (R6)")
    interval = alone and stage.hold_s == BACKWARD_INTERVAL_S and belt.snap_down(stage.target) == belt.minimum
    if stage.facing is Facing.BACKWARD and stage.hold_s < MIN_BACKWARD_HOLD_S and not interval:
        raise PlanError(
            f"{name}: a hold of {stage.hold_s:g} s is under the {MIN_BACKWARD_HOLD_S:g} s that every backward speed is "
            "held (R9); give at least 60"
        )
    if stage.hold_s <= 0:
        raise PlanError(f"{name}: a stage must last longer than {stage.hold_s:g} seconds")
    _refuse_over_cap(name, stage.target, caps, stage.facing)
    return Stage(stage.kind, stage.facing, belt.snap_down(stage.target), stage.hold_s, stage.incline_pct)


def _refuse_incline(number: int, stage: Stage, before: Stage | None, *, allowed: bool) -> None:
    """Incline is an instruction to the trainer; it comes late (R14), and never in one step with more speed (R11)."""
    name, pct = f"stage {number}", stage.incline_pct
    if pct == 0:
        return
    if not allowed:
        raise PlanError(f"{name}: an incline of {pct:g} % needs a client for whom it is unlocked (R14)")
    if not 0 < pct <= STEEPEST_PCT:
        raise PlanError(f"{name}: an incline of {pct:g} % cannot be; give 0 to {STEEPEST_PCT:g} % (R14)")
    if stage.facing is Facing.FORWARD:
        raise PlanError(f"{name}: forward stages have no incline here; the client sets it at the console (R14)")
    if before is None or before.facing is Facing.FORWARD:
        raise PlanError(f"{name}: every backward start is on the level, at the lowest speed (R6)")
    if pct > before.incline_pct and stage.target > before.target:
        raise PlanError(f"{name}: speed and incline would rise in one step; put a stage between (R11)")


def _refuse_over_cap(name: str, target: Speed, caps: Caps, facing: Facing) -> None:
    cap = caps.of(facing)
    if target > cap:
        raise PlanError(
            f"{name}: {target} is over the cap of {cap} ({caps.reason(facing)}); ask for {cap.kmh:g} km/h or less (R10)"
        )


def _refuse_jump(number: int, stage: Stage, before: Stage | None, belt: BeltRange, step: Speed) -> None:
    starts_here = before is None or before.facing is not stage.facing
    if starts_here and stage.facing is Facing.BACKWARD and stage.target != belt.minimum:
        raise PlanError(
            f"stage {number}: {stage.target} cannot follow a belt at rest; every backward start is at the machine's "
            f"lowest speed of {belt.minimum} (R6)"
        )
    if starts_here or before is None:
        return
    rise = stage.target.hundredths - before.target.hundredths
    if stage.facing is Facing.BACKWARD and rise > step.hundredths:
        raise PlanError(
            f"stage {number}: {before.target} to {stage.target} is a raise of {rise / 100:.2f} km/h; a raise is at "
            f"most {step} on this machine (R7): put a stage between"
        )
