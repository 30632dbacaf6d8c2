"""A test without a loop: its steps, its gate and the Control Point procedure wired together, as `engine` does it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retroctl.app.answers import answer_of
from retroctl.app.engine import DropLink, encode
from retroctl.domain.commands import SetTargetSpeed, Stop
from retroctl.domain.qualify import happenings as hp
from retroctl.errors import MalformedFrame
from retroctl.ftms.control_point import encode_pause
from retroctl.ftms.machine_status import decode_machine_status
from retroctl.ftms.procedure import Action, Finished, Procedure, Stuck, Write
from retroctl.ftms.treadmill_data import RecordMerger, decode_treadmill_data

if TYPE_CHECKING:
    from retroctl.domain.qualify import Trial, TrialGate


@dataclass(frozen=True, slots=True)
class Told:
    """Something for people and programs: `type` as in the JSON lines of `qualify`; `t`: seconds since connecting."""

    t: float
    type: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])


TrialOutput = Write | DropLink | hp.LetGo | Told | hp.TrialEnded


class TrialEngine:
    """One test on one machine. Every method takes `now`, in session seconds, and gives what is to be done."""

    def __init__(self, trial: Trial, gate: TrialGate) -> None:
        self.trial, self.gate = trial, gate
        self.procedure = Procedure()
        self._merger = RecordMerger()
        self._in_flight: dict[bytes, hp.TrialCommand] = {}
        self._events: deque[hp.Happening] = deque()
        self._running = False
        self._began_at: float | None = None

    def handle(self, happened: hp.Happening, now: float) -> list[TrialOutput]:
        """Something happened."""
        outputs: list[TrialOutput] = []
        if self._began_at is None:
            self._began_at = now
        self._step(happened, now, outputs)
        return outputs

    def frame(self, characteristic: str, data: bytes, now: float) -> list[TrialOutput]:
        """A notification or indication arrived; bytes of which nothing can be said are passed over."""
        outputs: list[TrialOutput] = []
        try:
            match characteristic:
                case "2acd":
                    self._treadmill_data(data, now, outputs)
                case "2ad9":
                    self._apply(self.procedure.indication(data, now), now, outputs)
                    self._apply(self.procedure.proceed(now), now, outputs)
                case "2ada":
                    status = decode_machine_status(data)
                    outputs.append(self._told(now, "status", hex=data.hex()))
                    self._step(hp.StatusTold(status.op, status.target_speed), now, outputs)
                case _:
                    pass
        except MalformedFrame as error:
            outputs.append(self._told(now, "malformed", char=characteristic, error=str(error)))
        return outputs

    def write_returned(
        self, token: int, now: float, *, error: int | None = None, lost: bool = False
    ) -> list[TrialOutput]:
        """A write came back from the adapter."""
        outputs: list[TrialOutput] = []
        self._apply(self.procedure.write_returned(token, now, error=error, lost=lost), now, outputs)
        self._apply(self.procedure.proceed(now), now, outputs)
        return outputs

    def link_dropped(self, now: float) -> list[TrialOutput]:
        """The connection is gone."""
        self.procedure.link_gone()
        self._merger.reset()
        return self.handle(hp.LinkGone(), now)

    def link_restored(self, now: float) -> list[TrialOutput]:
        """Connected again."""
        self.procedure.link_back()
        return self.handle(hp.LinkBack(), now)

    def urgent(self, now: float) -> bytes | None:
        """On a new connection: the Stop that is wanted, before anything else."""
        self.procedure.link_back()
        if not self.trial.stop_wanted:
            return None
        payload = encode(Stop())
        self._in_flight[payload] = Stop()
        self.gate.judge(Stop(), now)
        self.procedure.written_while_connecting(payload, now)
        return payload

    def tick(self, now: float) -> list[TrialOutput]:
        """Time has passed. Harmless at any moment."""
        outputs: list[TrialOutput] = []
        self._apply(self.procedure.tick(now), now, outputs)
        self._apply(self.procedure.proceed(now), now, outputs)
        self._step(hp.Passed(), now, outputs)
        return outputs

    def next_deadline(self) -> float | None:
        """When `tick` will have something to do."""
        marks = (self.trial.next_deadline(), self.procedure.next_deadline())
        return min((mark for mark in marks if mark is not None), default=None)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _step(self, happened: hp.Happening, now: float, outputs: list[TrialOutput]) -> None:
        """The gate first, then the test, then what it asks for, judged with the same `now`."""
        self._events.append(happened)
        if self._running:
            return
        self._running = True
        try:
            while self._events:
                each = self._events.popleft()
                self.gate.observe(each, now)
                for effect in self.trial.handle(each, now):
                    self._perform(effect, now, outputs)
        finally:
            self._running = False
            self._events.clear()

    def _perform(self, effect: hp.TrialEffect, now: float, outputs: list[TrialOutput]) -> None:
        match effect:
            case hp.Ask(command=command):
                self._ask(command, now, outputs)
            case hp.Entered(step=step):
                self.gate.enter(step)
                outputs.append(self._told(now, "step", step=step.value, text=hp.WORDS[step][0]))
            case hp.Note(text=text):
                outputs.append(self._told(now, "note", text=text))
            case hp.Alert(text=text):
                outputs.append(self._told(now, "alarm", text=text))
            case _:
                outputs.append(effect)

    def _ask(self, command: hp.TrialCommand, now: float, outputs: list[TrialOutput]) -> None:
        reason = self.gate.judge(command, now)
        if self.trial.ending and isinstance(command, Stop):
            self.gate.finish()
        if reason is not None:
            self._step(hp.Refused(command, reason), now, outputs)
            return
        payload = encode_pause() if isinstance(command, hp.Pause) else encode(command)
        self._in_flight[payload] = command
        send = self.procedure.stop if isinstance(command, Stop) else self.procedure.submit
        self._apply(send(payload, now), now, outputs)

    def _apply(self, actions: list[Action], now: float, outputs: list[TrialOutput]) -> None:
        for action in actions:
            match action:
                case Write():
                    outputs.append(action)
                    command = self._in_flight[action.payload]
                    target = {"target_kmh": command.target.kmh} if isinstance(command, SetTargetSpeed) else {}
                    outputs.append(self._told(now, "command", name=command.name, hex=action.payload.hex(), **target))
                    self._step(hp.Sent(command), now, outputs)
                case Finished(payload=payload, result=result):
                    command = self._in_flight[payload]
                    answer = answer_of(action)
                    outputs.append(self._told(now, "answer", name=command.name, answer=answer.value, result=result))
                    self._step(hp.Answered(command, answer, result), now, outputs)
                case Stuck():
                    outputs.append(DropLink())
                    self._step(hp.WriteHung(), now, outputs)
                case _:
                    outputs.append(self._told(now, "stray", hex=action.data.hex()))

    def _treadmill_data(self, data: bytes, now: float, outputs: list[TrialOutput]) -> None:
        record = self._merger.add(decode_treadmill_data(data))
        speed = record.measured_speed
        if speed is None:
            return
        outputs.append(self._told(now, "telemetry", measured_kmh=speed.kmh))
        self._step(hp.Measured(speed, record.total_distance_m), now, outputs)

    def _told(self, now: float, kind: str, **data: Any) -> Told:
        began = now if self._began_at is None else self._began_at
        return Told(round(now - began, 3), kind, data)
