"""What happens in a test, what the test asks for, and its steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.commands import Command

if TYPE_CHECKING:
    from retroctl.domain.commands import Answer
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Pause:
    """Op code 08 02: pause. Exists in this test only; a session never pauses a belt."""

    name = "pause"


TrialCommand = Command | Pause


class Step(StrEnum):
    """The steps, in their order. None is ever gone back to."""

    WATCH = "watch"
    CONTROL = "control"
    LOWEST = "lowest"
    LONG_RUN = "long run"
    TARGETS = "targets"
    RAMPS = "ramps"
    RAMPING_STOP = "stop while ramping"
    COUNTDOWN = "stop in the countdown"
    PAUSE = "pause"
    LINK = "link"
    STOPS = "stops"
    SAFETY_KEY = "safety key"


WORDS: Final = {
    Step.WATCH: ("Connected. The belt should stand still; nothing is written yet", 3.0),
    Step.CONTROL: ("Asking for control; the belt should go on standing still", 10.0),
    Step.LOWEST: ("Start, the lowest speed, the unit of its targets, the first stop", 27.0),
    Step.LONG_RUN: ("Start again, and a minute at the lowest speed", 56.0),
    Step.TARGETS: ("A raise, one increment, targets that it should refuse", 36.0),
    Step.RAMPS: ("Up to the highest speed of this test, down, up, and a stop from there", 52.0),
    Step.RAMPING_STOP: ("A stop in the middle of a raise", 18.0),
    Step.COUNTDOWN: ("A start that is stopped before the belt moves", 24.0),
    Step.PAUSE: ("Pause, and resume from rest", 28.0),
    Step.LINK: ("The link is dropped on purpose: what does the belt do?", 32.0),
    Step.STOPS: ("Start and stop until there are twenty", 205.0),
    Step.SAFETY_KEY: ("The belt starts once more; pull the safety key when asked. Any key here: not tried", 36.0),
}
"""What a person reads at each step, and how many seconds it takes on an ordinary machine."""


def left_s(step: Step, for_s: float, *, attended: bool) -> float:
    """About how many seconds a test still takes that has been at `step` for so long."""
    steps = [each for each in Step if attended or each is not Step.SAFETY_KEY]
    later = sum(WORDS[each][1] for each in steps[steps.index(step) + 1 :])
    return later + max(0.0, WORDS[step][1] - for_s)


# -- what happens ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Connected:
    """The machine is connected, and the person has confirmed that nobody is on the belt and that it stands still."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A frame of Treadmill Data with a speed."""

    speed: Speed
    distance_m: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A command has gone on the air."""

    command: TrialCommand


@dataclass(frozen=True, slots=True)
class Answered:
    """What the wire says about a command. `result`: the Result Code, or the ATT error of a refused write."""

    command: TrialCommand
    answer: Answer
    result: int | None = None


@dataclass(frozen=True, slots=True)
class StatusTold:
    """A frame of Machine Status: its op code, and for "target changed" the speed."""

    op: int
    target: Speed | None = None


@dataclass(frozen=True, slots=True)
class WriteHung:
    """A write does not return: the link is being dropped to free the radio."""


@dataclass(frozen=True, slots=True)
class LinkGone:
    """The link is gone, on purpose or not."""


@dataclass(frozen=True, slots=True)
class LinkBack:
    """Connected again."""


@dataclass(frozen=True, slots=True)
class StopWanted:
    """A key, a signal, a closed terminal: whoever, whenever."""

    source: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The gate refused what the test proposed: a fault in this program."""

    command: TrialCommand
    reason: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Time has passed."""


Happening = (
    Connected
    | Measured
    | Sent
    | Answered
    | StatusTold
    | WriteHung
    | LinkGone
    | LinkBack
    | StopWanted
    | Refused
    | Passed
)


# -- what is asked for -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a command to the gate and, if it passes, on the wire."""

    command: TrialCommand


@dataclass(frozen=True, slots=True)
class Entered:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True)
class LetGo:
    """Drop the link on purpose and connect again `after_s` seconds later, to observe."""

    after_s: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something found, for people."""

    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person must act on."""

    text: str


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """The belt is at rest, and the test over."""


TrialEffect = Ask | Entered | LetGo | Note | Alert | TrialEnded
