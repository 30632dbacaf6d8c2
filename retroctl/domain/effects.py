"""What a session wants done or told. Only `Propose` can reach the belt, and only through the envelope."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.domain.commands import Command, Outcome
    from retroctl.domain.events import Hands
    from retroctl.domain.failsafes import FailsafeId
    from retroctl.domain.transitions import State
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Propose:
    """Send this, if the envelope allows it."""

    command: Command
    source: str
    """Who wanted it: trainer, plan, failsafe number, stop repeat."""
    in_force: Speed | None
    """At what target the session expects the belt until then."""


@dataclass(frozen=True, slots=True)
class StateEntered:
    """The session is in another state, or at another stage."""

    state: State
    stage: int | None
    """Index into the plan's stages; None while no stage runs."""
    target: Speed | None


@dataclass(frozen=True, slots=True)
class Cue:
    """A short sentence for the client and the trainer, shown and spoken."""

    text: str


@dataclass(frozen=True, slots=True)
class Announce:
    """A raise is coming: say so for `seconds`, count down, then report `AnnouncementFinished(number)`."""

    number: int
    target: Speed
    seconds: float
    text: str


@dataclass(frozen=True, slots=True)
class AnnouncementWithdrawn:
    """The raise that was being announced will not come; fall silent."""

    number: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was asked is not done, and why."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """A failsafe tripped. `text` opens with the words of its row in the table."""

    id: FailsafeId
    text: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a command."""

    command: Command
    outcome: Outcome


class StopView(StrEnum):
    """What may truthfully be said of a stop."""

    CALLED_OUT = "PRESS STOP AT THE CONSOLE - PULL THE CLIP"
    """Nothing that this program does stops this belt, and it has not been seen to fall."""
    STOPPING = "STOPPING"
    NOT_CONFIRMED = "NOT CONFIRMED - PULL THE CLIP"
    SILENT = "STOPPED, NOT CONFIRMED - LOOK AT THE BELT"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class StopProgress:
    """What screen and voice say while the belt comes to rest."""

    view: StopView


@dataclass(frozen=True, slots=True)
class HeldStage:
    """A stage was left: how long its speed was held without a break, in seconds."""

    target: Speed
    seconds: float
    hands: Hands
    """Which hands were on the rails when it was left."""


class NoteKind(StrEnum):
    """What a trainer notes during a session."""

    RPE = "rpe"
    HANDS = "hands"
    BALANCE = "balance"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Noted:
    """Something the trainer noted, with the speeds it belongs to. It moves nothing."""

    kind: NoteKind
    value: int | str
    """The rating, the hands, the balance event or the tag's number."""
    target: Speed | None
    """Of RPE the speed that was held last, else the target in force; None while there is none."""
    measured: Speed | None
    """Measured lately; None where that is not known."""


class EndReason(StrEnum):
    """Why a session cannot go on from here."""

    COMPLETED = "completed"
    ALREADY_MOVING = "already moving"
    NO_DATA = "no data"
    LINK_LOST = "link lost"
    STOPPED = "stopped"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will happen by itself."""

    reason: EndReason
    text: str


Effect = (
    Propose
    | StateEntered
    | Cue
    | Announce
    | AnnouncementWithdrawn
    | Refusal
    | Alarm
    | Settled
    | StopProgress
    | HeldStage
    | Noted
    | Ended
)
