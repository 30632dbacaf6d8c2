"""The plan of a session on the machine it is for, under every rule that a plan can be judged by beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retroctl.adapters.plans import Preset
from retroctl.domain.introduction import refuse_before_balance
from retroctl.domain.limits import Level, caps_for
from retroctl.domain.method.heart import intensity
from retroctl.domain.method.incline import refuse_incline
from retroctl.domain.method.one_variable import refuse_two_rises
from retroctl.domain.method.practice import kind_of, last_comparable, shape_of
from retroctl.errors import PlanError

if TYPE_CHECKING:
    from retroctl.adapters.plans import PlanRequest
    from retroctl.cli.options import RunOptions
    from retroctl.cli.person import Person
    from retroctl.domain.limits import BeltRange, Caps
    from retroctl.domain.plan import Plan


def planned(options: RunOptions, belt: BeltRange, *, qualified: bool) -> tuple[Plan, Caps]:
    """The plan and the caps of a session as asked for. See `judged`."""
    return judged(options.request, options.who, belt, qualified=qualified, coarse=options.coarse)


def judged(
    request: PlanRequest, who: Person, belt: BeltRange, *, qualified: bool, coarse: bool = False
) -> tuple[Plan, Caps]:
    """The plan and the caps, for this client on this machine. Raises PlanError naming stage and rule.

    What rises against the client's last completed session of the kind stands in the plan's remarks (R11, R12).
    """
    caps = caps_for(who.client, belt, qualified=qualified)
    plan = request.build(belt, caps, coarse_accepted=coarse, incline=who.facts is not None)
    refuse_before_balance(plan, who.client, belt)
    remarks = list(plan.remarks)
    if request.preset is Preset.REHAB and not request.stage:
        remarks.append(_band(who))
    kind, shape = kind_of(plan.stages), shape_of(plan.stages)
    before = last_comparable(who.practice, kind)
    if who.facts is not None and who.day is not None:
        refuse_incline(
            None if before is None else before.shape, shape, who.facts, who.practice, who.day, outdoors=who.outdoors
        )
    if before is not None:
        variable = refuse_two_rises(before.shape, shape)
        rises = "nothing rises" if variable is None else f"the {variable} rises, and nothing else"
        called = "" if before.name in ("", kind) else f" ({before.name})"
        remarks.append(f"against the last completed {kind}{called}, of {before.day}, {rises} (R11)")
    return replace(plan, remarks=tuple(remarks)), caps


def _band(who: Person) -> str:
    """The band of heart rates in words. Raises PlanError for a client who is not in rehab under a clearance (R20)."""
    facts, day = who.facts, who.day
    if facts is None or day is None or facts.level is not Level.REHAB or facts.clearance is None:
        raise PlanError(
            "the preset rehab is for a client at level rehab with a clinician's clearance (R20): give --client, and "
            "note what is missing with retroctl client clear and retroctl client level"
        )
    limits = intensity(facts, day)
    return (
        f"rehab: keep the heart rate from {limits.low_bpm} to {limits.high_bpm} a minute and the RPE at "
        f"{limits.rpe_max} or less ({limits.why}; R20)"
    )
