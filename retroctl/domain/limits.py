"""How fast a belt may go under whom: the machine's range, the client's level, and the caps they give.

The caps and levels are house rules (docs/SAFETY.md gives the reasons); a trainer may tighten them, nothing loosens
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retroctl.errors import PlanError, UnsupportedTreadmill
from retroctl.units import Speed

MAX_RAISE: Final = Speed(80)
"""0.5 mph is 0.804672 km/h; the greatest whole hundredth that does not exceed it."""

HARD_CEILING: Final = Speed(970)
"""9.7 km/h (6 mph): the fastest backward speed in the training studies, on trained and harnessed runners."""

FORWARD_CEILING: Final = Speed(1400)
"""14 km/h: the forward stages frame backward work; they are not for racing."""

_BACKWARD_SHARE: Final = (72, 100)
"""Backward runs were 26 to 28 % slower than forward ones at every effort (Uthoff et al. 2018, Sports 6(3):77)."""

MIN_BACKWARD_HOLD_S: Final = 60.0
"""A full minute at each speed is law for backward stages."""

MIN_FORWARD_RAISE_GAP_S: Final = 15.0
"""Seconds between two raises by the program while the client faces the console."""


class Facing(StrEnum):
    """Where the client looks; the belt itself always runs from the console to the rear."""

    BACKWARD = "backward"
    FORWARD = "forward"


class Level(StrEnum):
    """What a client has shown so far; raised only by the trainer's explicit act."""

    REHAB = "rehab"
    NEW = "new"
    NOVICE = "novice"
    PRACTISED = "practised"
    RUNNER = "runner"
    TRAINED = "trained"


LEVEL_CAPS: Final = {
    Level.REHAB: Speed(200),
    Level.NEW: Speed(320),
    Level.NOVICE: Speed(480),
    Level.PRACTISED: Speed(640),
    Level.RUNNER: Speed(800),
    Level.TRAINED: HARD_CEILING,
}
"""The fastest backward speed of each level, km/h."""

HANDS_FREE_LEVELS: Final = frozenset({Level.PRACTISED, Level.RUNNER, Level.TRAINED})
"""Levels at which a session may advance by announcement alone, once balance is mastered."""


@dataclass(frozen=True, slots=True)
class BeltRange:
    """The machine's Supported Speed Range, as announced at this connection or typed from the console by the trainer.

    Raises UnsupportedTreadmill when such a range cannot be a treadmill's.
    """

    minimum: Speed
    maximum: Speed
    increment: Speed

    def __post_init__(self) -> None:
        way_out = "read the lowest, highest and smallest step from the console and give them with --range MIN-MAX/STEP"
        if self.increment.hundredths == 0:
            raise UnsupportedTreadmill(f"the machine announces a speed increment of 0; {way_out}")
        if self.minimum.hundredths == 0:
            raise UnsupportedTreadmill(f"the machine announces a lowest speed of 0; {way_out}")
        if self.minimum > self.maximum:
            raise UnsupportedTreadmill(
                f"the machine announces a lowest speed of {self.minimum}, over its highest of {self.maximum}; {way_out}"
            )

    @property
    def tolerance(self) -> int:
        """How near measured speed must be to count as the target: 0.10 km/h or one increment, in hundredths."""
        return max(10, self.increment.hundredths)

    @property
    def near(self) -> int:
        """How near two speeds must be to be one and the same: the tolerance, but at most half a coarse machine's step.

        With steps of 0.5 km/h the tolerance alone would call a belt that never moved "at the next rung".
        """
        return max(10, self.increment.hundredths // 2)

    @property
    def excursion(self) -> int:
        """How far measured speed may stray within a hold: 0.30 km/h or two increments, in hundredths."""
        return max(30, 2 * self.increment.hundredths)

    def on_grid(self, speed: Speed) -> bool:
        """Whether the machine can be asked for exactly this speed."""
        inside = self.minimum <= speed <= self.maximum
        return inside and (speed.hundredths - self.minimum.hundredths) % self.increment.hundredths == 0

    def snap_down(self, speed: Speed) -> Speed:
        """The greatest speed on the grid that is not above `speed`. Raises PlanError below the minimum."""
        if speed < self.minimum:
            raise PlanError(
                f"{speed} is below the machine's lowest speed of {self.minimum}; ask for at least that (R6)"
            )
        top = min(speed, self.maximum).hundredths - self.minimum.hundredths
        return Speed(self.minimum.hundredths + top // self.increment.hundredths * self.increment.hundredths)


@dataclass(frozen=True, slots=True)
class Client:
    """What the limits need to know of a client; no name, so that it may stand in any record."""

    level: Level = Level.NEW
    comfortable_forward: Speed | None = None
    clinician_limit: Speed | None = None
    balance_mastered: bool = False
    rehab_reason: str | None = None
    """Why the cap of level rehab applies whatever the level is: an age of 65 or more, falls in the past."""

    @property
    def hands_free(self) -> bool:
        """Whether a session may advance by announcement alone."""
        return self.balance_mastered and self.level in HANDS_FREE_LEVELS and self.rehab_reason is None


@dataclass(frozen=True, slots=True)
class Caps:
    """The fastest speeds of this session, each with the reason that decided it."""

    backward: Speed
    forward: Speed
    backward_reason: str
    forward_reason: str

    def of(self, facing: Facing) -> Speed:
        """The cap for a facing."""
        return self.backward if facing is Facing.BACKWARD else self.forward

    def reason(self, facing: Facing) -> str:
        """Why the cap is what it is, for people."""
        return self.backward_reason if facing is Facing.BACKWARD else self.forward_reason


def caps_for(client: Client, belt: BeltRange, *, qualified: bool) -> Caps:
    """The caps of one client on one machine: the least of every limit that applies; unset means little.

    `qualified`: whether this machine's behaviour has been measured. One that has not gets at most the cap of level new.
    """
    level_cap, level_reason = LEVEL_CAPS[client.level], f"level {client.level}"
    if client.rehab_reason is not None and level_cap > LEVEL_CAPS[Level.REHAB]:
        level_cap, level_reason = LEVEL_CAPS[Level.REHAB], f"as level rehab: {client.rehab_reason}"
    backward = [(level_cap, level_reason), (HARD_CEILING, "the program's ceiling")]
    forward = [(FORWARD_CEILING, "the program's forward ceiling")]
    both = [(belt.maximum, "the machine's highest speed")]
    if client.comfortable_forward is None:
        forward.append((level_cap, f"{level_reason}, the comfortable forward speed being unknown"))
    else:
        share, whole = _BACKWARD_SHARE
        backward.append(
            (Speed(client.comfortable_forward.hundredths * share // whole), "0.72 of the comfortable forward speed")
        )
        forward.append((client.comfortable_forward, "the comfortable forward speed"))
    if client.clinician_limit is not None:
        both.append((client.clinician_limit, "the clinician's limit"))
    if not qualified:
        both.append((LEVEL_CAPS[Level.NEW], "a machine whose behaviour was never measured"))
    least_backward = min(backward + both, key=lambda limit: limit[0])
    least_forward = min(forward + both, key=lambda limit: limit[0])
    return Caps(least_backward[0], least_forward[0], least_backward[1], least_forward[1])
