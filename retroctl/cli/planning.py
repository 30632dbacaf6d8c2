"""The plan of a session on the machine it is for, under every rule that a plan can be judged by beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from retroctl.adapters.plans import Preset
from retroctl.domain.introduction import refuse_before_balance
from retroctl.domain.limits import BeltRange, Facing, Level, caps_for
from retroctl.domain.method.heart import intensity
from retroctl.domain.method.incline import refuse_incline
from retroctl.domain.method.one_variable import refuse_two_rises
from retroctl.domain.method.practice import kind_of, last_comparable, shape_of
from retroctl.errors import PlanError
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.plans import PlanRequest
    from retroctl.cli.options import RunOptions
    from retroctl.cli.person import Person
    from retroctl.domain.limits import Caps
    from retroctl.domain.plan import Plan

USUAL_LOWEST: Final = tuple(Speed(tenth * 10) for tenth in range(3, 11))
"""The lowest speeds of nearly every treadmill, 0.3 to 1.0 km/h."""
FAST_LOWEST: Final = tuple(Speed(tenth * 10) for tenth in range(11, 41))
"""Those of machines that begin faster than nearly all; the trainer gives them as --range if it matters."""
USUAL_STEPS: Final = (Speed(1), Speed(10), Speed(16), Speed(20), Speed(50))


def planned(options: RunOptions, belt: BeltRange, *, qualified: bool) -> tuple[Plan, Caps]:
    """The plan and the caps of a session as asked for. See `judged`."""
    return judged(options.request, options.who, belt, qualified=qualified, coarse=options.coarse)


def judged(
    request: PlanRequest, who: Person, belt: BeltRange, *, qualified: bool, coarse: bool = False
) -> tuple[Plan, Caps]:
    """The plan and the caps, for this client on this machine. Raises PlanError naming stage and rule.

    What rises against the client's last completed session of the kind stands in the plan's remarks (R11, R12).
    """
    plan, caps = _built(request, who, belt, qualified=qualified, coarse=coarse)
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


def refuse_everywhere(options: RunOptions) -> None:
    """Refuse, before any machine is looked for, what no treadmill could take. Raises PlanError.

    What compares with the client's last session (R11, R14) waits for the machine: its lowest speed decides there.
    """
    belts = [options.belt] if options.belt is not None else _belts(options.request, USUAL_LOWEST)
    why = _refused_on_all(options, belts)
    if why is None:
        return
    if options.belt is None and _refused_on_all(options, _belts(options.request, FAST_LOWEST)) is None:
        raise PlanError(f"{why}; if yours begins over 1 km/h, give its speeds: --range MIN-MAX/STEP")
    raise why


def assumed_belt(request: PlanRequest) -> BeltRange:
    """A range on which only that is refused which every machine refuses: the plan decides its lowest speed."""
    backward = [stage.target for stage in request.stage if stage.facing is Facing.BACKWARD]
    targets = [stage.target for stage in request.stage]
    lowest = backward[0] if backward else min(targets, default=USUAL_LOWEST[-1])
    if not request.stage and request.top is not None:
        lowest = min(USUAL_LOWEST[-1], request.top)
    return BeltRange(max(lowest, Speed(1)), Speed(0xFFFF), Speed(1))


def _belts(request: PlanRequest, lowest: Sequence[Speed]) -> list[BeltRange]:
    """The first is the one whose refusal reads best."""
    every = [BeltRange(least, Speed(0xFFFF), step) for least in reversed(lowest) for step in USUAL_STEPS]
    return [assumed_belt(request), *every]


def _refused_on_all(options: RunOptions, belts: Sequence[BeltRange]) -> PlanError | None:
    """The first refusal, if there is one on each of these machines, measured ones and others."""
    first: PlanError | None = None
    for belt in belts:
        for qualified in (True, False):
            try:
                _built(options.request, options.who, belt, qualified=qualified, coarse=options.coarse)
            except PlanError as error:
                first = first or error
            else:
                return None
    return first


def _built(request: PlanRequest, who: Person, belt: BeltRange, *, qualified: bool, coarse: bool) -> tuple[Plan, Caps]:
    caps = caps_for(who.client, belt, qualified=qualified)
    plan = request.build(belt, caps, coarse_accepted=coarse, incline=who.facts is not None)
    refuse_before_balance(plan, who.client, belt)
    return plan, caps


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
