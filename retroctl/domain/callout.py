"""A wire that is a person: what may not be written is told to whoever stands at the console, until it is done.

It decides nothing. The session proposes, the gate judges, as for a belt that can be commanded; what passes becomes an
instruction here instead of bytes, and is told again until the session no longer waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.commands import Command, Outcome, RequestControl, SetTargetSpeed, StartOrResume, Stop

if TYPE_CHECKING:
    from retroctl.units import Speed

AGAIN_S: Final = 8.0
"""A person reads, turns to the console and presses a few keys: an instruction is repeated so often, seconds."""
THERE: Final = 5
"""Measured this near to what is asked for, nobody needs to press anything, hundredths of km/h."""

MODE: Final = "CALL OUT: retroctl cannot move or stop this belt; it tells you what to press at the console"
MODE_WITH_STOP: Final = (
    "CALL OUT: retroctl sets no speed on this belt; it tells you what to press at the console; only Stop is sent"
)
PRESS_STOP: Final = "PRESS STOP AT THE CONSOLE - PULL THE CLIP"
PRESS_START: Final = "At the console: press START."
LEAVE: Final = "At the console: change nothing."


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a person is asked to do. `name`: the command it stands for, or `withdrawn`. `times`: told so often."""

    name: str
    text: str
    target: Speed | None = None
    times: int = 1


class CallOut:
    """One instruction at a time. Every method takes `now` in session seconds."""

    def __init__(self) -> None:
        self._asked: Command | None = None
        self._at = 0.0
        self._times = 0
        self._undone = self._lowers = False

    def ask(self, command: Command, measured: Speed, now: float) -> Instruction | None:
        """Tell it for the first time; None for Request Control, which a person at the console does not need."""
        if isinstance(command, RequestControl):
            return None
        same = isinstance(command, Stop) and isinstance(self._asked, Stop)
        self._asked, self._at, self._times = command, now, self._times + 1 if same else 1
        self._undone, self._lowers = False, isinstance(command, SetTargetSpeed) and command.target < measured
        return self._instruction(measured)

    def settled(self, outcome: Outcome) -> None:
        """The session has made up its mind about a target: one that was not reached is taken back."""
        self._undone = outcome is not Outcome.CONFIRMED and isinstance(self._asked, SetTargetSpeed)

    def follow(self, awaited: Command | None) -> Instruction | None:
        """What the session waits for now; whatever was told and is not waited for any more is told no more."""
        if awaited == self._asked:
            return None
        undone, self._undone = self._undone, False
        self._asked = None
        return Instruction("withdrawn", LEAVE) if undone and awaited is None else None

    def due(self, measured: Speed, now: float) -> Instruction | None:
        """Tell it again; but a belt that fell under the speed that it was to be lowered to is not sent up to it."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return None
        self._at = now
        if self._lowers and isinstance(self._asked, SetTargetSpeed) and self._under(self._asked.target, measured):
            return None
        self._times += 1
        return self._instruction(measured)

    def next_deadline(self) -> float | None:
        """When `due` has something to say."""
        return None if self._asked is None else self._at + AGAIN_S

    @staticmethod
    def _under(target: Speed, measured: Speed) -> bool:
        return measured.hundredths < target.hundredths - THERE

    def _instruction(self, measured: Speed) -> Instruction:
        match self._asked:
            case SetTargetSpeed(target=target):
                text = f"At the console: {_verb(target, measured)} {target.kmh:.2f} km/h ({target.mph:.1f} mph)."
                return Instruction("set-target-speed", text, target, self._times)
            case StartOrResume():
                return Instruction("start", PRESS_START, None, self._times)
            case _:
                return Instruction("stop", PRESS_STOP, None, self._times)


def _verb(target: Speed, measured: Speed) -> str:
    if abs(target.hundredths - measured.hundredths) <= THERE:
        return "leave it at"
    return "lower to" if target < measured else "set"
