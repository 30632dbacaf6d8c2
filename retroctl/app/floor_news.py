"""What is heard of the machines of a club, whoever carries it: news of a state, a status, an alarm, an answer to Stop.

Foreign text is cut to its bound here, once; whoever shows it makes it plain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from retroctl.units import Speed

LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 120
MOST_ALARMS: Final = 6
"""Of one machine at a time; a session has fifteen failsafes and rarely more than two alarms."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it, and where it stands in the order of what that program says."""

    machine: str
    run: str
    """A random word for each start of the program: a new one is a restart."""
    seq: int
    """Counts up within a run."""
    sent_utc_s: float
    """Seconds since 1970 by the sender's clock, which may be wrong."""
    kept: bool = False
    """Kept by the broker for those who come later: it says what was, not what is."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A failsafe that has tripped."""

    id: str
    text: str

    def cut(self) -> Alarm:
        """Within the bounds of a line."""
        return Alarm(self.id[:8], self.text[:LONGEST_TEXT])


@dataclass(frozen=True, slots=True)
class StateNews:
    """How a session stands. Speeds are None where nothing is known."""

    origin: Origin
    state: str
    """A state's name; one that this version does not know counts as a belt that may be moving."""
    client: str | None = None
    """The client's pseudonym. Never a name."""
    measured: Speed | None = None
    measured_age_s: float | None = None
    """Seconds between the measurement and the sending."""
    target: Speed | None = None
    hold_left_s: float | None = None
    alarms: tuple[Alarm, ...] = ()
    stop: str | None = None
    """What may truthfully be said of a stop, in the words of the machine's own program."""
    problem: bool = False
    """The machine's program says that somebody should look."""


class Presence(StrEnum):
    """Whether a machine's program is there."""

    ONLINE = "online"
    SILENT = "silent"
    """It is connected, but what controls the belt says nothing."""
    ENDED = "ended"
    """It said goodbye."""
    LOST = "lost"
    """It did not: the broker says so in its place, the last will."""


@dataclass(frozen=True, slots=True)
class StatusNews:
    """Whether a machine's program is there."""

    origin: Origin
    presence: Presence


@dataclass(frozen=True, slots=True)
class AlarmNews:
    """An alarm, at the moment at which it tripped."""

    origin: Origin
    alarm: Alarm


class Answer(StrEnum):
    """How far a Stop has come."""

    ASKED = "asked"
    """Here, by a key; the broker has not taken it yet."""
    SENT = "sent"
    """The broker has it."""
    RECEIVED = "received"
    """The machine's program has it, and it is latched there."""
    WRITTEN = "written"
    """It was handed to the treadmill."""
    ACCEPTED = "accepted"
    """The treadmill has said yes to it."""
    AT_REST = "at rest"
    """The belt is measured at rest."""
    NOTHING = "nothing to stop"
    """There was no session, so nothing that this program could have moved."""
    NOT_CONFIRMED = "not confirmed"
    """No rest was measured: the clip, the console."""
    NO_ANSWER = "no answer"
    """Nothing came back in time."""
    NOT_SENT = "not sent"
    """It did not leave this computer."""
    REFUSED = "refused"
    """The machine's program, or the broker, would not take it."""


@dataclass(frozen=True, slots=True)
class AckNews:
    """A machine's program answers a Stop."""

    machine: str
    stop_id: str
    answer: Answer
    reason: str = ""


News = StateNews | StatusNews | AlarmNews | AckNews
