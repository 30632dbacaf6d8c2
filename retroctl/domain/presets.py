"""Sessions with a main set: a warm-up of rungs, then one long interval or several with recoveries between them."""

from __future__ import annotations

from typing import Final

from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.plan import (
    EASE_RUNG_BACKWARD_S,
    MAX_STAGES,
    Plan,
    Stage,
    StageKind,
    build_plan,
    ladder_targets,
    raise_step,
)
from retroctl.errors import PlanError
from retroctl.units import Speed

INTERVAL_S: Final = 180.0
STEADY_S: Final = 600.0
REHAB_S: Final = 300.0
WARM_UP_HOLD_S: Final = 60.0
"""At each rung on the way up: the law (R9). The main set is where the time goes."""
RECOVERY_S: Final = 60.0
COUNT: Final = 5


def main_set_plan(
    name: str,
    belt: BeltRange,
    caps: Caps,
    *,
    top: Speed | None = None,
    interval_s: float = STEADY_S,
    count: int = 1,
    recovery_s: float = RECOVERY_S,
    hold_s: float = WARM_UP_HOLD_S,
    ease_rung_s: float = EASE_RUNG_BACKWARD_S[1],
    coarse_accepted: bool = False,
    work: StageKind = StageKind.WORK,
) -> Plan:
    """Rungs of `hold_s` up to `top` (default: the cap), then `count` intervals there, one raise lower between them.

    `work` LADDER is for clients who have no more than ladders yet. Raises PlanError naming stage and rule.
    """
    if top is None and caps.backward < belt.minimum:
        raise PlanError(
            f"the cap of {caps.backward} ({caps.backward_reason}) is below the machine's lowest speed of "
            f"{belt.minimum}; this client cannot run on this machine"
        )
    wanted = caps.backward if top is None else top
    if wanted < belt.minimum:
        raise PlanError(f"a peak of {wanted} is below the machine's lowest speed of {belt.minimum} (R6)")
    if wanted > caps.backward:
        raise PlanError(
            f"a peak of {wanted} is over the cap of {caps.backward} ({caps.backward_reason}); ask for "
            f"{caps.backward.kmh:g} km/h or less"
        )
    if count < 1 or count > MAX_STAGES // 2:
        raise PlanError(f"{count} intervals cannot be; give 1 to {MAX_STAGES // 2}")
    peak = belt.snap_down(wanted)
    said = () if peak == wanted else (f"the peak of {wanted} is not on the machine's grid; it becomes {peak}",)
    if count > 1 and peak == belt.minimum:
        raise PlanError(
            f"intervals need a speed above the machine's lowest of {belt.minimum} to come down to between them; "
            "ask for a higher peak, or for one interval"
        )
    step = raise_step(belt, coarse_accepted=coarse_accepted)
    lower = belt.snap_down(Speed(max(belt.minimum.hundredths, peak.hundredths - step.hundredths)))
    back, rungs = Facing.BACKWARD, ladder_targets(belt, peak, coarse_accepted=coarse_accepted)
    stages = [Stage(StageKind.LADDER, back, rung, hold_s) for rung in rungs[:-1]]
    for number in range(count):
        if number:
            stages.append(Stage(StageKind.RECOVERY, back, lower, recovery_s))
        stages.append(Stage(work, back, peak, interval_s))
    return build_plan(
        name, tuple(stages), belt, caps, ease_rung_s=ease_rung_s, coarse_accepted=coarse_accepted, remarks=said
    )
