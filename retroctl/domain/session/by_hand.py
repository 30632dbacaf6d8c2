"""What is different where a person at the console moves the belt: who is too fast is told so first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import Mover
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.session.core import PROGRESS, Core
from retroctl.domain.transitions import State, Trigger

if TYPE_CHECKING:
    from retroctl.units import Speed

TOLD_FIRST: Final = frozenset({FailsafeId.F3, FailsafeId.F4})
"""Too fast is most likely a key pressed too often: whoever pressed it lowers it, and stops it if it does not fall."""
LOWER_S: Final = 5.0
"""A belt that is too fast and does not fall for so long is to be stopped."""


def too_fast(core: Core, failsafe: FailsafeId, detail: str) -> None:
    """F3 and F4: told to lower it, once; whatever does not fall for 5 s is called out as a stop."""
    measured, now = core.measured, core.now
    if core.too_fast_at is None:
        core.too_fast_at, core.too_fast_lowest = now, measured
        core.alarm(failsafe, f"{detail}: LOWER IT AT THE CONSOLE")
        core.blocks.add(failsafe)
        _lower(core)
    elif measured.hundredths <= core.too_fast_lowest.hundredths - PROGRESS:
        core.too_fast_at, core.too_fast_lowest = now, measured
    elif now - core.too_fast_at >= LOWER_S:
        core.fail(failsafe, f"{detail}; it was not lowered")


def highest_target(core: Core) -> Speed | None:
    """What counts as asked for: a step down that nobody has made yet leaves the belt where it was allowed to be."""
    highest, before = core.belief.highest_target(core.now), core.in_force_before
    return highest if highest is None or before is None or core.pending is None else max(highest, before)


def _lower(core: Core) -> None:
    """Back to the speed that is in force, and never over the cap; the hold is served anew there."""
    allowed = min(core.in_force, core.caps.of(core.facing))
    target = core.belt.snap_down(max(core.belt.minimum, allowed))
    core.break_hold()
    core.command(target, "too fast")
    easing = core.state is State.EASING_DOWN
    if not easing:
        core.move(Trigger.COMMANDED)
    core.put_in_force(target, Mover.PROGRAM)
    if not easing:  # eased down, the stage is over: a turn at its end must find the next one
        core.course.relocate(target)
