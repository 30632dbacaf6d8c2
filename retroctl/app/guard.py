"""The guard's decisions: when the program that runs the session is gone, and what is done about it.

Pure: it is told what it hears of the program and of the machine, with the time, and gives back what to do. The guard
is a process of its own (retroctl/cli/guard.py) with a connection of its own to the machine. It can do one thing: once
armed, when the program has died or is silent, write Stop until rest is measured, and raise the alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retroctl.app.answers import answer_of
from retroctl.domain.belief import Belief
from retroctl.domain.commands import Command, RequestControl, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.stopping import StopWatch
from retroctl.errors import MalformedFrame
from retroctl.ftms.control_point import encode_request_control, encode_stop
from retroctl.ftms.procedure import Action as WireAction
from retroctl.ftms.procedure import Finished, Procedure, Stuck, Write
from retroctl.ftms.treadmill_data import RecordMerger, decode_treadmill_data
from retroctl.units import Speed

HEARTBEAT_S: Final = 0.5
"""So often the program's event loop lets itself be heard."""
SILENT_S: Final = 3.0
"""A program that was not heard for so long does not steer the belt any more."""
LATE_S: Final = 1.0
"""The guard's own loop was this late: the whole computer stood still, and the program is given as long to be heard."""
GIVE_UP_S: Final = 600.0
"""So long after it took over the guard ends in any case."""
ALARM_AGAIN_S: Final = 5.0
WATCH_EVERY_S: Final = 0.25
ACT_EVERY_S: Final = 0.05
_NO_LOWEST: Final = Speed(0xFFFF)
"""The guard sets no speed, whatever a stop may ask for besides Stop."""


class Word(StrEnum):
    """What the program tells its guard, a byte each."""

    HEARTBEAT = "."
    ATTACH = "a"
    """The program is connected (again): join."""
    ARM = "!"
    END = "e"
    """The session is over and the belt was measured at rest."""
    LEAVE = "q"
    """The session is over, and the belt was not seen at rest."""


class Cause(StrEnum):
    """Why the guard took over."""

    DIED = "retroctl has died"
    SILENT = "retroctl does not answer"
    LEFT = "retroctl has ended and the belt was not seen at rest"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Make people look: a sound and this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line to the program, which may not be there any more."""

    line: str


@dataclass(frozen=True, slots=True)
class Join:
    """Attach to the connection that the program holds."""


@dataclass(frozen=True, slots=True)
class Connect:
    """The link is down and nobody else makes it again: connect, Stop first."""


@dataclass(frozen=True, slots=True)
class DropLink:
    """A write that does not return holds the radio: drop the link, connect again, Stop first."""


@dataclass(frozen=True, slots=True)
class Over:
    """End the guard's process."""

    why: str


Action = Write | Alarm | Told | Join | Connect | DropLink | Over


class Guard:
    """What the guard knows and decides. Every method takes `now` in seconds and gives what is to be done."""

    def __init__(self, now: float) -> None:
        self._heard_at = self._looked_at = now
        self._forgiven = False
        """The program was given more time once already since it was last heard."""
        self._armed = False
        self._cause: Cause | None = None
        self._took_over_at = now
        self._watch: StopWatch | None = None
        self._view: StopView | None = None
        self._alarmed_at = now
        self._invited = False
        """The program said that it is connected, and the guard has not joined that connection yet."""
        self._joining = False
        self._link_up = False
        self._procedure = Procedure()
        self._merger = RecordMerger()
        self._belief = Belief()

    @property
    def beside(self) -> bool:
        """Whether the program still has the machine: then the link is its own, to make and to drop."""
        return self._cause is None

    @property
    def told_the_end(self) -> bool:
        """Whether the program ended in order, and puts its terminal in order by itself."""
        return self._cause is Cause.LEFT

    @property
    def look_again_s(self) -> float:
        """`tick` wants to be called again after so long."""
        return WATCH_EVERY_S if self._watch is None else ACT_EVERY_S

    # -- the program -----------------------------------------------------------------------------------------------

    def hear(self, word: str, now: float) -> list[Action]:
        """Take in one byte of the program's; an unknown one is a heartbeat like any other."""
        self._heard_at, self._forgiven = now, False
        if self._cause is Cause.SILENT and self._watch is None:
            self._cause = None  # it is back, and the belt was brought to rest meanwhile
        match word:
            case Word.ARM:
                self._armed = True
            case Word.ATTACH:
                self._invited = True
                return self._join()
            case Word.END:
                return [Over("the session is over and the belt at rest")]
            case Word.LEAVE:
                return self._program_gone(Cause.LEFT, now)
            case _:
                pass
        return []

    def died(self, now: float) -> list[Action]:
        """The program's end of the pipe is closed, and it did not say that the belt is at rest."""
        return [] if self._cause is Cause.LEFT else self._program_gone(Cause.DIED, now)

    def _program_gone(self, cause: Cause, now: float) -> list[Action]:
        if not self._armed:
            return [Over("nothing was armed")]
        if self._watch is not None:
            self._cause = cause
            return [Alarm(f"{cause}: the guard goes on stopping the belt")]
        return self._take_over(cause, now)

    # -- the machine -----------------------------------------------------------------------------------------------

    def joined(self, now: float) -> list[Action]:
        """The connection is the guard's too."""
        self._invited = self._joining = False
        self._link_up = True
        return [Told("attached"), *self._proceed(now)]

    def not_joined(self, why: str) -> list[Action]:
        """It could not be joined: a guard that cannot act ends, and says so, unless it must act already."""
        self._joining = False
        self._forget_link()
        return [Told(f"failed {why}"), Over(why)] if self.beside else [Connect()]

    def frame(self, characteristic: str, data: bytes, now: float) -> list[Action]:
        """A notification or indication of the machine."""
        actions: list[Action] = []
        if characteristic == "2ad9":
            self._apply(self._procedure.indication(data, now), now, actions)
        elif characteristic == "2acd":
            self._take_in(data, now)
        return actions + self._proceed(now)

    def write_returned(self, token: int, now: float, *, error: int | None = None, lost: bool = False) -> list[Action]:
        """A write came back: `error` is the ATT error code, `lost` that the link went or the bound passed."""
        actions: list[Action] = []
        self._apply(self._procedure.write_returned(token, now, error=error, lost=lost), now, actions)
        return actions + self._proceed(now)

    def link_lost(self) -> list[Action]:
        """The link is gone, for the program too."""
        self._forget_link()
        if not self.beside:
            return [Connect()]
        return self._join()  # only where the program has said already that it is connected again

    def urgent(self, now: float) -> bytes | None:
        """On a new connection, as soon as its Control Point can be written: Stop, if the guard has taken over."""
        self._procedure.link_back()
        self._link_up = True
        if self._watch is None:
            return None
        self._watch.written(now)
        payload = encode_stop()
        self._procedure.written_while_connecting(payload, now)
        return payload

    def tick(self, now: float) -> list[Action]:
        """Time has passed."""
        late = now - self._looked_at - self.look_again_s >= LATE_S
        self._looked_at = now
        if self._cause is None:
            return self._listen(now, late=late)
        if now - self._took_over_at >= GIVE_UP_S:
            if self._watch is None:
                return [Over("the belt is at rest, and the program does not come back")]
            minutes = f"{GIVE_UP_S / 60:.0f} minutes"
            return [Alarm(f"the guard gives up after {minutes}: PULL THE CLIP, look at the belt"), Over("given up")]
        actions: list[Action] = []
        self._apply(self._procedure.tick(now), now, actions)
        if self._watch is not None and self._link_up:
            self._send(self._watch.due(now), now, actions)
        return actions + self._proceed(now)

    # -- within ----------------------------------------------------------------------------------------------------

    def _listen(self, now: float, *, late: bool) -> list[Action]:
        if late and not self._forgiven:
            self._forgiven = True
            self._heard_at = max(self._heard_at, now - SILENT_S + LATE_S)
        if self._armed and now - self._heard_at >= SILENT_S:
            return self._take_over(Cause.SILENT, now)
        return []

    def _take_over(self, cause: Cause, now: float) -> list[Action]:
        self._cause, self._took_over_at = cause, now
        # A Start may be under way that the guard has not seen: a belt at rest is believed only after a while.
        resting = not self._belief.moving()
        self._watch = StopWatch(_NO_LOWEST, began=now, lowest=None, start_at=now if resting else None)
        self._view, self._alarmed_at = StopView.STOPPING, now
        actions: list[Action] = []
        if self._link_up:
            self._send(self._watch.begin(quiet=False), now, actions)
        elif not self._joining:
            actions.append(Connect())
        text = f"{cause}. The guard stops the belt. Watch the client; the clip is the emergency stop"
        return [*actions, Alarm(text), Told(f"stopping {cause}")]

    def _join(self) -> list[Action]:
        if not self._invited or self._joining or self._link_up or not self.beside:
            return []
        self._joining = True
        return [Join()]

    def _take_in(self, data: bytes, now: float) -> None:
        try:
            record = self._merger.add(decode_treadmill_data(data))
        except MalformedFrame:
            return
        if record.measured_speed is None:
            return
        belief = self._belief
        belief.measure(record.measured_speed, now, record.total_distance_m)
        if self._watch is not None:
            self._watch.measure(record.measured_speed, now, falls_until=belief.falls_until(), rolls=belief.rolls)

    def _proceed(self, now: float) -> list[Action]:
        """What has waited for the radio goes out; and what is to be said of the stop."""
        actions: list[Action] = []
        self._apply(self._procedure.proceed(now), now, actions)
        if self._watch is None:
            return actions
        view = self._watch.view(now)
        if view is StopView.STOPPED:
            return actions + self._at_rest()
        changed = view is not self._view
        if changed or now - self._alarmed_at >= ALARM_AGAIN_S:
            self._view, self._alarmed_at = view, now
            actions.append(Alarm(_words(view, self._cause, linked=self._link_up)))
        return actions

    def _at_rest(self) -> list[Action]:
        self._watch = None
        said: list[Action] = [Alarm("the belt is measured at rest"), Told("rest")]
        return said if self._cause is Cause.SILENT else [*said, Over("the belt is at rest")]

    def _apply(self, wire: list[WireAction], now: float, actions: list[Action]) -> None:
        for action in wire:
            match action:
                case Write():
                    actions.append(action)
                case Stuck() if not self.beside:
                    self._forget_link()
                    actions += [
                        Alarm("a write does not return: the guard drops the link to free the radio"),
                        DropLink(),
                    ]
                case Finished() if self._watch is not None:
                    command = Stop() if action.payload == encode_stop() else RequestControl()
                    self._send(self._watch.answered(command, answer_of(action), now), now, actions)
                case _:
                    pass

    def _send(self, commands: list[Command], now: float, actions: list[Action]) -> None:
        for command in commands:
            match command:
                case Stop():
                    self._apply(self._procedure.stop(encode_stop(), now), now, actions)
                case RequestControl():
                    self._apply(self._procedure.submit(encode_request_control(), now), now, actions)
                case _:
                    pass

    def _forget_link(self) -> None:
        self._link_up = False
        self._procedure.link_gone()
        self._merger.reset()
        self._belief.forget_rest()  # rest, and whether the belt moves, must be seen anew
        self._belief.measured = None
        if self._watch is not None:
            self._watch.link_lost()


def _words(view: StopView, cause: Cause | None, *, linked: bool) -> str:
    where = "" if linked else " and the link is down"
    return f"{cause}{where}. The guard: {view.value}"
