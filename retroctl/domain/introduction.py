"""The balance introduction (R13): one or two backward intervals of 30 s, evenly spaced in a routine forward run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import BeltRange, Caps, Client, Facing
from retroctl.domain.plan import BACKWARD_INTERVAL_S, Plan, Stage, StageKind, build_plan
from retroctl.errors import PlanError

if TYPE_CHECKING:
    from retroctl.units import Speed

MOST_INTERVALS: Final = 2
UNEVEN_S: Final = 30.0
"""So far from its even place the middle of a written interval may be: forward parts of one length are a little off."""
SHORTEST_WRITTEN_S: Final = 300.0
SHORTEST_RUN_S: Final = 600.0
"""Shorter runs leave no time to come to rest, turn and start again between the intervals."""


def introduction_plan(
    belt: BeltRange,
    caps: Caps,
    *,
    total_s: float,
    intervals: int = 1,
    forward: Speed | None = None,
    name: str = "balance-introduction",
) -> Plan:
    """A forward run of `total_s` seconds with the middle of interval i at i * total / (intervals + 1), as planned.

    `forward`: what the client is expected to run at (default: the forward cap); he sets it himself at the console. The
    backward intervals are at the machine's lowest speed, timed from settled speed; a delay shifts what comes after it.
    Raises PlanError: more than two intervals, or a run of less than ten minutes.
    """
    if not 1 <= intervals <= MOST_INTERVALS:
        raise PlanError(f"a balance introduction has one interval, or two at most, not {intervals} (R13)")
    if total_s < SHORTEST_RUN_S:
        raise PlanError(f"a balance introduction lasts at least {SHORTEST_RUN_S:g} seconds, not {total_s:g}")
    middles = [total_s * number / (intervals + 1) for number in range(1, intervals + 1)]
    ends = [0.0, *(middle + BACKWARD_INTERVAL_S / 2 for middle in middles)]
    begins = [*(middle - BACKWARD_INTERVAL_S / 2 for middle in middles), total_s]
    target = belt.snap_down(caps.forward if forward is None else forward)
    stages: list[Stage] = []
    for ended, begun in zip(ends, begins, strict=True):
        stages += [
            Stage(StageKind.WORK, Facing.FORWARD, target, begun - ended),
            Stage(StageKind.WORK, Facing.BACKWARD, belt.minimum, BACKWARD_INTERVAL_S),
        ]
    return build_plan(name, tuple(stages[:-1]), belt, caps)


def refuse_before_balance(plan: Plan, client: Client, belt: BeltRange) -> None:
    """Until a client's balance is mastered, only ladders and balance introductions.

    Raises PlanError naming the first stage that is neither (R13).
    """
    if client.balance_mastered:
        return
    if _is_introduction(plan, belt):
        _refuse_uneven(plan)
        return
    for number, stage in enumerate(plan.stages, start=1):
        if stage.kind is not StageKind.LADDER or stage.facing is not Facing.BACKWARD:
            raise PlanError(
                f"stage {number}: {stage.facing} {stage.kind} is for clients whose balance is mastered (R13); until "
                "then only a ladder, or one or two backward intervals of 30 s at the lowest speed inside a forward run"
            )


def _refuse_uneven(plan: Plan) -> None:
    """The intervals of a run that somebody wrote down: about where the preset would have them."""
    total_s = sum(stage.hold_s for stage in plan.stages)
    backward = [stage for stage in plan.stages if stage.facing is Facing.BACKWARD]
    begun, found = 0.0, 0
    for number, stage in enumerate(plan.stages, start=1):
        if stage.facing is Facing.BACKWARD:
            found += 1
            if total_s < SHORTEST_WRITTEN_S:
                raise PlanError(
                    f"stage {number}: until balance is mastered intervals are spaced evenly in a run of "
                    f"{SHORTEST_WRITTEN_S:g} s or more; this one has {total_s:g} s (R13)"
                )
            middle, even = begun + stage.hold_s / 2, total_s * found / (len(backward) + 1)
            if abs(middle - even) > UNEVEN_S:
                raise PlanError(
                    f"stage {number}: until balance is mastered the intervals are spaced evenly: the middle of "
                    f"this one is to be at {even:.0f} s, not at {middle:.0f} s (R13)"
                )
        begun += stage.hold_s


def _is_introduction(plan: Plan, belt: BeltRange) -> bool:
    backward = [stage for stage in plan.stages if stage.facing is Facing.BACKWARD]
    gentle = all(stage.target == belt.minimum and stage.hold_s <= BACKWARD_INTERVAL_S for stage in backward)
    return gentle and 1 <= len(backward) <= MOST_INTERVALS and len(backward) < len(plan.stages)
