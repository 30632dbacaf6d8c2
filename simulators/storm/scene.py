"""What a story needs of the world it happens in, be that the core alone or the whole program."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from simulators.storm.judge import SEEN_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.domain.session import Session
    from simulators.faults import Emission
    from simulators.heart import SimulatedStrap
    from simulators.machine import FtmsMachine
    from simulators.person import PersonAtConsole
    from simulators.storm.setting import Setting
    from simulators.storm.story import Story

TOLD_SPEED: Final = 4
"""A record with its flags and a speed has so many bytes at least."""


@dataclass
class Told:
    """What came of a story."""

    seconds: float = 0.0
    frames: int = 0
    writes: int = 0
    raises: int = 0
    acts: int = 0
    faults: int = 0
    state: str = ""
    at_rest: bool = False
    alarms: dict[str, int] = field(default_factory=dict[str, int])


class Scene(ABC):
    """The belt, the judge, and what the program says; `now` in session seconds."""

    machine: FtmsMachine
    console: PersonAtConsole | None = None
    strap: SimulatedStrap | None = None

    def __init__(self, story: Story, made: Setting) -> None:
        self.story = story
        self.machine, self.judge = made.machine, made.judge
        self.told = Told()
        self.link_up, self.left, self.left_at = True, False, math.inf
        self.late_s = 0.0
        """The longest that frames have lately been held up on the air."""

    @property
    @abstractmethod
    def session(self) -> Session:
        """The session, to look at as a trainer looks at the screen."""

    @abstractmethod
    def time(self) -> float:
        """Session seconds."""

    @abstractmethod
    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something so much later."""

    @abstractmethod
    def tell(self, event: ev.Event) -> None:
        """Something happened to the program."""

    @abstractmethod
    def lose_link(self, away_s: float) -> None:
        """The link is gone, and can be made again `away_s` later at the earliest."""

    def stop(self, *, person: bool) -> None:
        """STOP, or a way out of the program."""
        self.judge.pressed_stop(self.time(), person=person)
        self.tell(ev.StopRequested("storm", person))

    def begun_anew(self) -> None:  # noqa: B027 - the whole program ends by itself, and nothing is begun anew
        """The trainer goes on with the session that had ended."""

    def held_up(self, seconds: float) -> None:
        """Frames are held up on the air so long; what is told may be that old for a while afterwards."""
        self.late_s = max(self.late_s, seconds)

    def true(self) -> float:
        """The belt's true speed, hundredths of km/h."""
        return self.machine.true_speed_kmh(self.time()) * 100

    def end(self) -> Told:
        """What came of it."""
        told = self.told
        told.seconds, told.state, told.raises = self.time(), self.session.state.value, self.judge.raises
        told.at_rest = self.true() == 0
        return told

    # -- what the judge sees ---------------------------------------------------------------------------------------

    def heard(self, characteristic: str, data: bytes, now: float) -> None:
        """Something from the machine reached the program."""
        judge = self.judge
        if characteristic == "2acd":
            self.told.frames += 1
            if len(data) >= TOLD_SPEED and not data[0] & 1:
                judge.heard(data[2] | data[3] << 8, now)
        elif characteristic == "2ada" and data:
            said = int.from_bytes(data[1:3], "little") if data[0] == 0x05 and len(data) == 3 else None
            judge.status(data[0], now, target=said)
        elif characteristic == "2ad9" and len(data) == 3 and data[0] == 0x80:
            judge.answered(data[1], data[2], now)

    def beat(self, emission: Emission, now: float) -> None:
        """A frame of the strap reached the program."""
        flags, bpm = emission.data[0], emission.data[1]
        self.judge.beat(bpm if bpm and flags & 0x06 != 0x04 else None, now)

    def reported(self, report: Report) -> None:
        """The program says something."""
        told = _REPORTED.get(report.kind)
        if told is not None:
            told(self, report.data)

    def _entered(self, data: dict[str, Any]) -> None:
        now, state = self.time(), data["state"]
        self.judge.entered(state, now)
        if state in {"stopped", "faulted", "turning"}:
            self.judge.rests(self.least_true())

    def least_true(self) -> float:
        """The least that the belt ran at within what can be seen: what is told may be as old as the air has made it."""
        now, seen = self.time(), SEEN_S + self.late_s
        return min(self.machine.true_speed_kmh(now - back * seen / 10) for back in range(11)) * 100

    def _alarmed(self, data: dict[str, Any]) -> None:
        number = data["id"]
        self.told.alarms[number] = self.told.alarms.get(number, 0) + 1
        self.judge.alarmed(number)

    def _said(self, data: dict[str, Any]) -> None:
        self.judge.says(data["view"])

    def _commanded(self, data: dict[str, Any]) -> None:
        target = data.get("target_kmh")
        said = bytes.fromhex(data["hex"]) if target is None else b"\x02" + round(target * 100).to_bytes(2, "little")
        self.judge.commanded(said)

    def _called(self, data: dict[str, Any]) -> None:
        """What is called out is judged as if it were written; somebody at the console does it."""
        target = data.get("target_kmh")
        if target is not None:
            hundredths = round(target * 100)
            if data["times"] == 1:
                self.judge.wrote(b"\x02" + hundredths.to_bytes(2, "little"), self.time())
            else:
                self.judge.repeated(hundredths)
        if self.console is not None:
            self.console.hear(data["name"], target)


_REPORTED: Final[dict[Kind, Callable[[Scene, dict[str, Any]], None]]] = {
    Kind.STATE: Scene._entered,  # noqa: SLF001 - its own table
    Kind.ALARM: Scene._alarmed,  # noqa: SLF001
    Kind.STOP: Scene._said,  # noqa: SLF001
    Kind.COMMAND: Scene._commanded,  # noqa: SLF001
    Kind.CALLOUT: Scene._called,  # noqa: SLF001
}
