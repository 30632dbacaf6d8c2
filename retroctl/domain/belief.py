"""What is known of the belt: requested, accepted and measured speed apart, each with its time; who moved it last."""

from __future__ import annotations

import math
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

REST_SPAN_S: Final = 0.9
"""From the first to the last frame of rest at least: a machine that sends ten a second may send a few false 0."""

VISIBLE_FALL: Final = 5
VISIBLE_WITHIN_S: Final = 1.5
"""A speed lower by that, hundredths of km/h, than one so shortly before is seen falling."""

ROLLED_M: Final = 10
"""More metres than that from one frame to the next are a counter that was set, not a belt that ran."""

UNSEEN_FALL: Final = 7
"""How slowly a belt may fall, hundredths of km/h per second, when the machine tells its target and not its belt."""

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
    frames_gap_s: float = math.inf
    """Between the last two frames."""
    distance_m: int | None = None
    rolls: bool = False
    """The last frame told a speed of 0, and more metres than the one before: the belt does not stand."""
    stood: bool = False
    """Rest was seen, and no speed over 0 since: what moves now moves from rest, though metres were counted at 0."""
    ran: Reading | None = None
    """The last speed over 0; None once rest is certain."""
    seen_falling: bool = False
    """`ran` was lower than a speed shortly before it."""
    shows_ramps: bool = False
    """The machine has told speeds in between, one after another: it tells its belt, not its target."""
    _direction: int = 0
    """Whether the last frame was over, under or like the one before it."""
    _unwatched: bool = False
    """The belt came to 0 while no data came, so that no fall could be seen."""
    _lately: deque[Reading] = field(default_factory=deque[Reading])
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
        if self.zero_frames < REST_FRAMES or self.zero_since is None:
            return False
        return self._zero_at - self.zero_since >= REST_SPAN_S

    def falls_until(self) -> float:
        """Until when the belt may be falling though 0 is told; in the past when it was seen to fall.

        Some machines tell their target: 0 as soon as they are stopped. Then a belt's slowest fall is waited for.
        """
        if self.ran is None or self.seen_falling or (self.shows_ramps and self._unwatched):
            return 0.0
        return self.ran.at + self.ran.speed.hundredths / UNSEEN_FALL

    def measure(self, measured: Speed, now: float, distance_m: int | None = None) -> None:
        """Take in a frame."""
        moves, was, self.distance_m = measured > REST, self.distance_m, distance_m
        counted_m = 0 if was is None or distance_m is None else distance_m - was
        self.rolls = not moves and self.zero_since is not None and 0 < counted_m <= ROLLED_M
        before = self.measured
        self.frames_gap_s = math.inf if self.measured is None else now - self.measured.at
        self.measured = Reading(measured, now)
        self._note_ramp(measured, before)
        if moves:
            self.stood = False
            self._measure_motion(self.measured, before)
        if moves or self.rolls:
            self.zero_frames, self.zero_since = 0, None
        elif self.zero_since is None:
            self.zero_frames, self.zero_since, self._zero_at = 1, now, now
            self._unwatched = self.frames_gap_s > FRESH_S
        elif now - self._zero_at >= FRAMES_APART_S:
            self.zero_frames += 1
            self._zero_at = now
            self.stood = self.stood or self.stands()

    def _note_ramp(self, measured: Speed, before: Reading | None) -> None:
        change = 0 if before is None else measured.hundredths - before.speed.hundredths
        near = abs(change) < VISIBLE_FALL or self.frames_gap_s > VISIBLE_WITHIN_S
        direction = 0 if near else change // abs(change)
        self.shows_ramps = self.shows_ramps or direction == self._direction != 0
        self._direction = direction

    def _measure_motion(self, reading: Reading, before: Reading | None) -> None:
        """A single frame over 0, or much too high, is a fluke: the lower of two in a row is what the belt ran at."""
        while self._lately and reading.at - self._lately[0].at > VISIBLE_WITHIN_S:
            self._lately.popleft()
        last = 0 if before is None else before.speed.hundredths  # however long ago: the link may have been away
        highest = max([former.speed.hundredths for former in self._lately], default=last)
        self.seen_falling = reading.speed.hundredths <= highest - VISIBLE_FALL
        if before is not None and before.speed > REST:
            self.ran = Reading(min(before.speed, reading.speed), reading.at)
        self._lately.append(reading)

    def put_in_force(self, target: Speed, now: float, mover: Mover) -> None:
        """From now the belt is expected at `target`."""
        if self.in_force is not None:
            self._targets.append(Reading(self.in_force.speed, now))
        self.in_force = Reading(target, now)
        self.mover = mover

    def forget_rest(self) -> None:
        """Nobody watches the belt: rest must be seen anew."""
        self.zero_frames, self.zero_since, self.stood = 0, None, False

    def forget_targets(self) -> None:
        """The belt came to rest: nothing is in force."""
        self.in_force = self.requested = self.accepted = self.ran = None
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
