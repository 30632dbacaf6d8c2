"""The balance introduction (R13): one or two backward intervals of 30 s, evenly spaced in a routine forward run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.plan import BACKWARD_INTERVAL_S, Plan, Stage, StageKind, build_plan
from retroctl.errors import PlanError

if TYPE_CHECKING:
    from retroctl.units import Speed

MOST_INTERVALS: Final = 2
SHORTEST_RUN_S: Final = 600.0
"""Shorter runs leave no time to come to rest, turn and start again between the intervals."""


def introduction_plan(
    belt: BeltRange, caps: Caps, *, total_s: float, intervals: int = 1, forward: Speed | None = None
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
    return build_plan("balance-introduction", tuple(stages[:-1]), belt, caps)
