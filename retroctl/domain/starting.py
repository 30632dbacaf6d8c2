"""One attempt to get the belt moving: by a person at the console (preferred), or by the program, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import StartKind
from retroctl.domain.hold import Steady
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange

WINDOW_S: Final = 60.0
"""So long after the trainer opened the window, motion counts as the start at the console."""
CONFIRMATION_S: Final = 10.0
"""A confirmation to start is fresh for so long."""
MOTION_S: Final = 20.0
"""A started belt moves within this (countdowns of 3 to 6 s are usual)."""
STEADY_S: Final = 2.0
"""No target is written before the belt has run steadily for so long: some machines crash on it."""
NEVER_STEADY_S: Final = 30.0
CONTROL_S: Final = 5.0
"""Request Control counts as unanswered after so long; some machines obey all the same."""


class Phase(Enum):
    """Where a start is."""

    WINDOW = "waiting for START at the console"
    CONTROL = "asking for control"
    MOTION = "start sent, waiting for motion"
    STEADYING = "moving, not yet steady"
    CONTROL_WHILE_MOVING = "steady, asking for control"
    TARGET = "steady and in control"


class StartNews(Enum):
    """What is due."""

    NOTHING = 0
    ASK_CONTROL = 1
    START = 2
    WRITE_MINIMUM = 3
    WINDOW_CLOSED = 4
    NO_MOTION = 5
    NEVER_STEADY = 6
    CONFIRMATION_STALE = 7


@dataclass(slots=True)
class StartAttempt:
    """Fed with frames, answers and time; says what is due. Sends nothing itself."""

    kind: StartKind
    belt: BeltRange
    confirmed_at: float
    phase: Phase = field(init=False)
    start_sent_at: float | None = None
    moving_since: float | None = None
    asked_at: float | None = None
    asked: bool = False
    """Request Control was answered, or will not be, since the belt moves."""
    steady: Steady = field(init=False)

    def __post_init__(self) -> None:
        self.phase = Phase.WINDOW if self.kind is StartKind.CONSOLE else Phase.CONTROL
        self.steady = Steady(self.belt)

    def first(self) -> StartNews:
        """What is due at once."""
        return StartNews.NOTHING if self.kind is StartKind.CONSOLE else StartNews.ASK_CONTROL

    def control_answered(self, now: float) -> StartNews:
        """Request Control was answered, or nobody answered it: some machines obey all the same."""
        if self.phase is Phase.CONTROL_WHILE_MOVING:
            self.asked = True
            # Meanwhile somebody may have turned the speed up at the console: then it must be steady again first.
            steady = self.steady.lasted(STEADY_S, now)
            self.phase = Phase.TARGET if steady else Phase.STEADYING
            return StartNews.WRITE_MINIMUM if steady else StartNews.NOTHING
        if self.phase is not Phase.CONTROL:
            return StartNews.NOTHING
        if now - self.confirmed_at > CONFIRMATION_S:
            return StartNews.CONFIRMATION_STALE
        self.phase, self.start_sent_at = Phase.MOTION, now
        return StartNews.START

    def measure(self, measured: Speed, now: float) -> StartNews:
        """Take in a frame."""
        if measured == REST:
            # A frame of 0 after motion: whatever moved has stopped; wait for it to move on or for the deadline.
            self.moving_since = None
            self.steady.reset()
            if self.phase in (Phase.STEADYING, Phase.CONTROL_WHILE_MOVING):
                self.phase = Phase.MOTION if self.start_sent_at is not None else Phase.WINDOW
            return StartNews.NOTHING
        if self.moving_since is None:
            self.moving_since = now
        self.steady.measure(measured, now)
        if self.phase in (Phase.WINDOW, Phase.CONTROL, Phase.MOTION):
            self.phase = Phase.STEADYING
        if self.phase is Phase.STEADYING and self.steady.lasted(STEADY_S, now):
            if self.kind is StartKind.PROGRAM or self.asked:
                self.phase = Phase.TARGET
                return StartNews.WRITE_MINIMUM
            self.phase, self.asked_at = Phase.CONTROL_WHILE_MOVING, now
            return StartNews.ASK_CONTROL
        return StartNews.NOTHING

    def due(self, now: float) -> StartNews:
        """What has become due by time alone."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return StartNews.NOTHING
        if self.phase is Phase.CONTROL_WHILE_MOVING:
            return self.control_answered(now)
        return _TOO_LATE[self.phase]

    def deadline(self) -> float | None:
        """When `due` has something to say."""
        since, limit = {
            Phase.WINDOW: (self.confirmed_at, WINDOW_S),
            Phase.CONTROL: (self.confirmed_at, CONFIRMATION_S + 0.01),
            Phase.MOTION: (self.start_sent_at, MOTION_S),
            Phase.STEADYING: (self.moving_since, NEVER_STEADY_S),
            Phase.CONTROL_WHILE_MOVING: (self.asked_at, CONTROL_S),
            Phase.TARGET: (None, 0.0),
        }[self.phase]
        return None if since is None else since + limit


_TOO_LATE: Final = {
    Phase.WINDOW: StartNews.WINDOW_CLOSED,
    Phase.CONTROL: StartNews.CONFIRMATION_STALE,
    Phase.MOTION: StartNews.NO_MOTION,
    Phase.STEADYING: StartNews.NEVER_STEADY,
}
"""What it means when a phase's deadline passes."""
