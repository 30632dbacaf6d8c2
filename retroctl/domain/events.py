"""Everything that can happen to a session, in the past tense. Time is handed in beside the event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from retroctl.domain.commands import Answer, Command
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Connected:
    """The machine is connected and observed; nothing was written."""


@dataclass(frozen=True, slots=True)
class TelemetryReceived:
    """A Treadmill Data record that carried a speed.

    `elapsed_s` and `distance_m` are the machine's own clock and counter of metres, where it gives them.
    """

    measured: Speed
    elapsed_s: int | None = None
    distance_m: int | None = None


class MachineStop(StrEnum):
    """Why a machine says that it stopped."""

    SAFETY_KEY = "the safety key was pulled"
    CONSOLE = "stop was pressed at the console"
    PAUSE = "pause was pressed at the console"
    UNSTATED = "the machine stopped and gave no cause"


@dataclass(frozen=True, slots=True)
class MachineStopped:
    """Machine Status 02 or 03."""

    cause: MachineStop


@dataclass(frozen=True, slots=True)
class MachineStarted:
    """Machine Status 04: started or resumed by the user."""


@dataclass(frozen=True, slots=True)
class MachineTargetChanged:
    """Machine Status 05. Machines send it for our own commands too; only a target nobody here asked for is news."""

    target: Speed


@dataclass(frozen=True, slots=True)
class ControlLost:
    """Machine Status FF, or a reset: control permission is gone."""


@dataclass(frozen=True, slots=True)
class CommandAnswered:
    """The wire's part of a command's outcome."""

    command: Command
    answer: Answer


@dataclass(frozen=True, slots=True)
class CommandRefusedByGate:
    """The envelope refused what the session proposed: a bug of ours."""

    command: Command
    reason: str


@dataclass(frozen=True, slots=True)
class LinkDropped:
    """The connection is gone and nobody here asked for it."""


@dataclass(frozen=True, slots=True)
class LinkRestored:
    """Connected again, to observe or stop only."""


class BriefingItem(StrEnum):
    """What is asked before every session (R1 to R5), in the order of asking."""

    CLIP = "clip"
    CLIP_TRIED = "clip-tried"
    GAZE_TARGET = "gaze-target"
    RAILS = "rails"
    SPACE_BEHIND = "space-behind"
    REMINDERS = "reminders"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class BriefingAnswered:
    """One item answered: yes or no, with what was said (the named gaze target; confidence 1 to 5)."""

    item: BriefingItem
    yes: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class ArmRequested:
    """The trainer arms: from here the program may write, and every way out stops the belt."""


class StartKind(StrEnum):
    """Who starts the belt."""

    CONSOLE = "console"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class StartConfirmed:
    """The trainer's fresh act: open the window for a start at the console, or let the program start once."""

    kind: StartKind


@dataclass(frozen=True, slots=True)
class ConfirmPressed:
    """Consent to the next raise; also lifts what only a trainer can lift."""


@dataclass(frozen=True, slots=True)
class HoldPressed:
    """Stay at this speed: ends all advancing until the trainer confirms."""


@dataclass(frozen=True, slots=True)
class StepDownPressed:
    """One rung down, at once."""


@dataclass(frozen=True, slots=True)
class EaseDownPressed:
    """Walk the rungs down and stop: the normal end."""


class BalanceEvent(IntEnum):
    """How bad it was; 3 and 4 stop the belt."""

    RAIL = 1
    STUMBLE = 2
    STEPPED_OFF = 3
    FALL = 4


@dataclass(frozen=True, slots=True)
class BalanceEventNoted:
    """The trainer saw a balance event."""

    kind: BalanceEvent


LEAST_RPE: Final = 6
MOST_RPE: Final = 20
"""Borg's scale of perceived exertion: 6 is rest, 20 the most that one can."""


@dataclass(frozen=True, slots=True)
class RpeGiven:
    """The client's perceived exertion on Borg's scale, 6 to 20, said of the speed held last."""

    rating: int


class Hands(StrEnum):
    """Which hands are on the rails."""

    BOTH = "both"
    ONE = "one"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class HandsNoted:
    """The client holds the rails otherwise from now (R4)."""

    hands: Hands


TAGS: Final = 9
"""Tags are numbered from 1 to this: one key each."""


@dataclass(frozen=True, slots=True)
class TagNoted:
    """The trainer noted what the tag `number`, 1 to 9, stands for; the words are the configuration's."""

    number: int


SLOWEST_BPM: Final = 25
FASTEST_BPM: Final = 250
"""What a strap sends outside of these is a fault of it (255 and 65535 say "none" on some), and no heart's rate."""


def plausible(bpm: int) -> bool:
    """Whether a heart may beat so often a minute."""
    return SLOWEST_BPM <= bpm <= FASTEST_BPM


@dataclass(frozen=True, slots=True)
class HeartRateReceived:
    """The strap sent a frame. `bpm`: beats a minute, None where it gives none (0, or no skin under it).

    `beats`: the frame came with times between beats, which a strap off the chest does not send.
    """

    bpm: int | None
    beats: bool = False


@dataclass(frozen=True, slots=True)
class KeyboardLost:
    """The trainer's screen has lost the keyboard to another window: keys, STOP too, do not arrive."""


@dataclass(frozen=True, slots=True)
class AnnouncementFinished:
    """Voice and screen have finished announcing the raise with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class StopRequested:
    """Stop. `person`: somebody pressed it; otherwise it is a way out of the program or a failsafe."""

    source: str
    person: bool = True


@dataclass(frozen=True, slots=True)
class RestWitnessed:
    """A human says that the belt stands. Recorded; it does not count as measured."""


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """The record cannot be written (F14)."""

    reason: str


@dataclass(frozen=True, slots=True)
class RecordRestored:
    """The record can be written again."""


@dataclass(frozen=True, slots=True)
class ProcessStalled:
    """This program did nothing for so many seconds of real time though it should have (F15)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ComputerSlept:
    """This computer slept for so many seconds; the program's own time stood still meanwhile (F15)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ticked:
    """Nothing happened but time."""


Event = (
    Connected
    | TelemetryReceived
    | MachineStopped
    | MachineStarted
    | MachineTargetChanged
    | ControlLost
    | CommandAnswered
    | CommandRefusedByGate
    | LinkDropped
    | LinkRestored
    | BriefingAnswered
    | ArmRequested
    | StartConfirmed
    | ConfirmPressed
    | HoldPressed
    | StepDownPressed
    | EaseDownPressed
    | BalanceEventNoted
    | RpeGiven
    | HandsNoted
    | TagNoted
    | HeartRateReceived
    | KeyboardLost
    | AnnouncementFinished
    | StopRequested
    | RestWitnessed
    | RecordFailed
    | RecordRestored
    | ProcessStalled
    | ComputerSlept
    | Ticked
)
