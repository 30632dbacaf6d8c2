"""What ends a test at once, judged from one frame or one status: motion nobody asked for, a belt faster than asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import MAX_RAISE
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify.happenings import Step

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange

FASTER: Final = 50
"""So much over what was asked for, in hundredths of km/h, ends the test."""
ROSE: Final = 20
SUDDEN: Final = 200
"""More than 2 km/h between two frames may be a fluke of one: the belt is stopped, and the next frame decides."""
START_ROOM: Final = 10
CAME_ALL_THE_SAME: Final = "a start that was stopped in its countdown came all the same"
HUNG: Final = "a write was never answered: a Stop behind it has to wait until the link is made again"
DENIED: Final = "it answered Control Not Permitted to"
STOPPED, SAFETY_KEY, TARGET_CHANGED, CONTROL_LOST = 0x02, 0x03, 0x05, 0xFF
"""Op codes of Machine Status (FTMS v1.0.1, section 4.17)."""


class Over(Exception):  # noqa: N818 - it ends the steps, and is no error of the program
    """The steps cannot go on. Only inside this package."""

    def __init__(self, verdict: Verdict, text: str) -> None:
        self.verdict, self.text = verdict, text
        super().__init__(text)


class Expect(Enum):
    """What the belt is expected to do."""

    REST = "rest"
    START = "start"
    MOTION = "motion"
    ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Trip:
    """A guard has tripped. `suspect`: over this speed, hundredths of km/h, the next frame makes it dangerous."""

    verdict: Verdict
    text: str
    suspect: int | None = None


def seen(
    belt: BeltRange,
    step: Step | None,
    expect: Expect,
    *,
    target: int | None,
    lowest: int | None,
    speed: int,
    before: int,
    rested: bool,
) -> Trip | None:
    """What a frame of `speed`, after one of `before`, trips. Speeds in hundredths of km/h.

    `target`: the one in force; `lowest`: the lowest speed since it was asked for. `rested`: rest has been seen.
    """
    if expect is Expect.REST:
        return unasked(step, speed) if speed > 0 else None
    if expect is Expect.ANYTHING:
        return None
    if target is None:
        trip = before_a_target(belt, speed, before)
    else:
        trip = under_a_target(belt, target, target if lowest is None else lowest, speed, before)
    if trip is None and expect is Expect.MOTION and rested:
        trip = Trip(Verdict.INCOMPLETE, "its belt stopped by itself, though nobody asked it to")
    return trip


def unasked(step: Step | None, speed: int) -> Trip:
    """A belt that moves from rest though nothing set it in motion."""
    kmh = f"{speed / 100:.2f} km/h"
    text = f"its belt moved from rest by itself ({kmh})"
    if step is Step.WATCH:
        text = f"it sets its belt in motion when it is connected to ({kmh}), with nothing written"
    elif step is Step.CONTROL:
        text = f"it sets its belt in motion before any Start, after Request Control ({kmh})"
    elif step is Step.COUNTDOWN:
        text = CAME_ALL_THE_SAME
    return Trip(Verdict.DANGEROUS, text)


def before_a_target(belt: BeltRange, speed: int, before: int) -> Trip | None:
    """After a start, before anything was asked for. `before`: the last frame's speed."""
    limit = belt.minimum.hundredths + max(MAX_RAISE.hundredths, belt.increment.hundredths) + START_ROOM
    if speed <= limit:
        return None
    text = f"a start takes it to {speed / 100:.2f} km/h by itself, more than one raise above its lowest speed"
    return _fluke(speed, limit) if speed - before > SUDDEN else Trip(Verdict.DANGEROUS, text)


def under_a_target(belt: BeltRange, target: int, lowest: int, speed: int, before: int) -> Trip | None:
    """Faster than asked. `lowest`: the lowest speed since the target was asked for; `before`: the last frame's."""
    limit = target + FASTER
    if target <= belt.minimum.hundredths:
        # The unit shows here: room for a machine that takes the target for miles, so that it can be named.
        limit = max(limit, belt.minimum.hundredths * 7 // 4 + ROSE)
    if speed <= limit or speed <= lowest + ROSE:
        return None
    if speed - before > SUDDEN:
        return _fluke(speed, limit)
    how = "a lower target raised the speed" if target < lowest else "its belt sped up by itself"
    text = f"{how}: {speed / 100:.2f} km/h where {target / 100:.2f} was asked for"
    return Trip(Verdict.DANGEROUS, text)


def _fluke(speed: int, limit: int) -> Trip:
    return Trip(Verdict.INCOMPLETE, f"one frame said {speed / 100:.2f} km/h, far over what was asked for", limit)


def told(op: int, step: Step | None, expect: Expect, *, recent: bool) -> str | None:
    """What a Machine Status means that this test did not cause; None where it did, or it means nothing.

    `recent`: something was written so lately that this may be its echo.
    """
    moving = expect in {Expect.MOTION, Expect.START}
    if op == SAFETY_KEY and step is not Step.SAFETY_KEY:
        return "the safety key was pulled"
    if op == CONTROL_LOST:
        return "another app, or the console, took control away"
    if recent or not moving:
        return None
    if op == STOPPED:
        return "it was stopped at its console"
    return "its speed was changed at its console" if op == TARGET_CHANGED else None
