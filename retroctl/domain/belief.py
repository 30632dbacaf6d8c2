"""What is known of the belt: requested, accepted and measured speed apart, each with its time; who moved it last."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from retroctl.units import REST, Speed

FRESH_S: Final = 2.0
"""Telemetry older than this says nothing about now."""

REST_FRAMES: Final = 2
"""So many frames of measured 0 in a row are rest."""

FRAMES_APART_S: Final = 0.05
"""Frames nearer than this are one frame that came twice: it proves nothing that the first did not."""

TARGET_MEMORY_S: Final = 10.0
"""A belt needs time to come down: the highest target of this long counts as asked for."""


class Mover(StrEnum):
    """Who changed the belt's speed last, as far as is known."""

    NOBODY = "nobody"
    PROGRAM = "program"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Reading:
    """A speed and the session second at which it was true."""

    speed: Speed
    at: float


@dataclass(slots=True)
class Belief:
    """The belt as known. Mutated only by the session that owns it."""

    requested: Reading | None = None
    accepted: Reading | None = None
    measured: Reading | None = None
    in_force: Reading | None = None
    """The target the belt is expected to run at: the last commanded or adopted one."""
    mover: Mover = Mover.NOBODY
    zero_frames: int = 0
    zero_since: float | None = None
    _zero_at: float = 0.0
    elapsed_s: int | None = None
    _targets: deque[Reading] = field(default_factory=deque[Reading])
    """Former targets with the time at which each went out of force."""

    def fresh(self, now: float) -> bool:
        """Whether telemetry says anything about now."""
        return self.measured is not None and now - self.measured.at <= FRESH_S

    def at_rest(self, now: float) -> bool:
        """Measured 0 in two frames, and lately."""
        return self.stands() and self.fresh(now)

    def moving(self) -> bool:
        """Whether the last frame showed motion."""
        return self.measured is not None and self.measured.speed > REST

    def stands(self) -> bool:
        """Whether the last frames showed rest; a single 0 may be a fluke of the machine's."""
        return self.zero_frames >= REST_FRAMES

    def measure(self, measured: Speed, now: float) -> None:
        """Take in a frame."""
        self.measured = Reading(measured, now)
        if measured > REST:
            self.zero_frames, self.zero_since = 0, None
        elif self.zero_since is None:
            self.zero_frames, self.zero_since, self._zero_at = 1, now, now
        elif now - self._zero_at >= FRAMES_APART_S:
            self.zero_frames += 1
            self._zero_at = now

    def put_in_force(self, target: Speed, now: float, mover: Mover) -> None:
        """From now the belt is expected at `target`."""
        if self.in_force is not None:
            self._targets.append(Reading(self.in_force.speed, now))
        self.in_force = Reading(target, now)
        self.mover = mover

    def forget_rest(self) -> None:
        """Nobody watches the belt: rest must be seen anew."""
        self.zero_frames, self.zero_since = 0, None

    def forget_targets(self) -> None:
        """The belt came to rest: nothing is in force."""
        self.in_force = self.requested = self.accepted = None
        self._targets.clear()

    def highest_target(self, now: float) -> Speed | None:
        """The highest target in force within the last 10 s; None while the belt is under no target."""
        return None if self.in_force is None else max(self.recent_targets(now))

    def recent_targets(self, now: float) -> list[Speed]:
        """Every target in force within the last 10 s."""
        while self._targets and now - self._targets[0].at > TARGET_MEMORY_S:
            self._targets.popleft()
        present = [] if self.in_force is None else [self.in_force.speed]
        return present + [former.speed for former in self._targets]
