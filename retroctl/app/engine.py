"""The whole controller without a loop: session, envelope and Control Point procedure wired together.

Events and frames go in with the time; writes to make and reports to show come out. The asyncio runner is a thin shell
around it, and a 20-minute session can be replayed through it in a blink.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from retroctl.app.answers import answer_of
from retroctl.app.reports import Kind, Report
from retroctl.app.summary import Tally
from retroctl.domain import events as ev
from retroctl.domain.briefing import to_be_recorded
from retroctl.domain.callout import MODE, MODE_WITH_STOP, CallOut, Instruction
from retroctl.domain.commands import Answer, Command, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.effects import (
    Alarm,
    Announce,
    AnnouncementWithdrawn,
    Cue,
    Effect,
    Ended,
    HeldStage,
    Noted,
    NoteKind,
    Propose,
    Refusal,
    Settled,
    StateEntered,
    StopProgress,
)
from retroctl.domain.limits import Facing
from retroctl.domain.transitions import State
from retroctl.domain.verdict import Allowed, Refused, Wire
from retroctl.errors import MalformedFrame
from retroctl.ftms import control_point as cp
from retroctl.ftms.heart_rate import Beats, decode_heart_rate
from retroctl.ftms.machine_status import decode_machine_status
from retroctl.ftms.opcodes import MachineStatusOp, StopAction
from retroctl.ftms.procedure import Action, Finished, Procedure, Stuck, Write
from retroctl.ftms.treadmill_data import RecordMerger, decode_treadmill_data
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.domain.envelope import Envelope
    from retroctl.domain.session import Session
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class DropLink:
    """A write holds the radio: drop the link and connect again; Stop is the first thing written."""


Output = Report | Write | DropLink | Announce | AnnouncementWithdrawn | Ended


class Engine:
    """One session on one machine. Every method takes `now`, in session seconds, and gives what is to be done."""

    def __init__(
        self,
        session: Session,
        envelope: Envelope,
        *,
        began_at: float,
        mass_kg: float | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        """`tags`: the words of the numbered tags, from number 1."""
        self.session, self.envelope = session, envelope
        self.procedure = Procedure(self._may_still_go)
        self.tally = Tally(mass_kg=mass_kg)
        self._began_at = began_at
        self._tags = dict(enumerate(tags, 1))
        self._in_flight: dict[bytes, Command] = {}
        self._hand = None if envelope.wire is Wire.OPEN else CallOut()
        """Who moves the belt where this program may not: told what it would have written."""
        self._merger, self._beats = RecordMerger(), Beats()
        self._events: deque[ev.Event] = deque()
        self._running = False

    # -- what goes in ----------------------------------------------------------------------------------------------

    def handle(self, event: ev.Event, now: float) -> list[Output]:
        """Something happened."""
        outputs: list[Output] = []
        if isinstance(event, ev.LinkRestored):
            self.procedure.link_back()
        if isinstance(event, ev.ProcessStalled):
            self.procedure.stood_still(event.seconds)
        if isinstance(event, ev.Connected) and self._hand is not None:
            mode = MODE if self.envelope.wire is Wire.CLOSED else MODE_WITH_STOP
            self._tell_person(Instruction("mode", mode), now, outputs)
        if not isinstance(event, ev.Ticked | ev.TelemetryReceived):
            outputs.append(self._report(now, Kind.EVENT, _described(event)))
        self._step(event, now, outputs)
        return outputs

    def frame(self, characteristic: str, data: bytes, now: float) -> list[Output]:
        """A notification or indication arrived."""
        outputs: list[Output] = []
        try:
            match characteristic:
                case "2acd":
                    self._treadmill_data(data, now, outputs)
                case "2ad9":
                    self._apply(self.procedure.indication(data, now), now, outputs)
                    self._proceed(now, outputs)
                case "2ada":
                    self._machine_status(data, now, outputs)
                case "2a37":
                    self._heart_rate(data, now, outputs)
                case _:
                    outputs.append(self._report(now, Kind.FRAME, {"char": characteristic, "hex": data.hex()}))
        except MalformedFrame as error:
            outputs.append(self._report(now, Kind.FRAME, {"char": characteristic, "error": str(error)}))
        return outputs

    def write_returned(self, token: int, now: float, *, error: int | None = None, lost: bool = False) -> list[Output]:
        """A write came back from the adapter."""
        outputs: list[Output] = []
        self._apply(self.procedure.write_returned(token, now, error=error, lost=lost), now, outputs)
        self._proceed(now, outputs)
        return outputs

    def link_dropped(self, now: float) -> list[Output]:
        """The connection is gone."""
        self.procedure.link_gone()
        self._merger.reset()
        return self.handle(ev.LinkDropped(), now)

    def urgent(self, now: float) -> bytes | None:
        """On a new connection, as soon as its Control Point can be written: the latched Stop, before anything else."""
        self.procedure.link_back()
        if not self.session.stop_latched or not self.envelope.writes(Stop()):
            return None
        payload = encode(Stop())
        self._in_flight[payload] = Stop()
        self.procedure.written_while_connecting(payload, now)
        return payload

    def tick(self, now: float) -> list[Output]:
        """Time has passed. Harmless at any moment."""
        outputs: list[Output] = []
        self._apply(self.procedure.tick(now), now, outputs)
        self._proceed(now, outputs)
        self._step(ev.Ticked(), now, outputs)
        if self._hand is not None:
            self._tell_person(self._hand.due(self._measured(), now), now, outputs)
        return outputs

    def next_deadline(self) -> float | None:
        """When `tick` will have something to do."""
        soonest = _sooner(self.session.next_deadline(), self.procedure.next_deadline())
        return soonest if self._hand is None else _sooner(soonest, self._hand.next_deadline())

    # -- session and gate ------------------------------------------------------------------------------------------

    def _step(self, event: ev.Event, now: float, outputs: list[Output]) -> None:
        """Gate first (it takes in what happened), then the session, then its proposals, judged with the same `now`.

        What a proposal causes in turn (a refusal, an immediate answer) waits until the effects before it are through.
        """
        self._events.append(event)
        if self._running:
            return
        self._running = True
        try:
            while self._events:
                happened = self._events.popleft()
                self.envelope.observe(happened, now)
                for effect in self.session.handle(happened, now):
                    self._perform(effect, now, outputs)
                in_force = self.session.belief.in_force
                self.envelope.follow(None if in_force is None else in_force.speed)
            if self._hand is not None:
                self._tell_person(self._hand.follow(self.session.awaited), now, outputs)
        finally:
            self._running = False
            self._events.clear()

    def _perform(  # noqa: C901, PLR0912 - a line for each effect
        self, effect: Effect, now: float, outputs: list[Output]
    ) -> None:
        match effect:
            case Propose():
                self._propose(effect, now, outputs)
            case StateEntered():
                self._entered(effect, now, outputs)
            case Announce():
                outputs += [effect, self._report(now, Kind.CUE, {"text": effect.text})]
            case AnnouncementWithdrawn():
                outputs.append(effect)
            case Ended(reason=reason, text=text):
                outputs += [self._report(now, Kind.ENDED, {"reason": reason.value, "text": text}), effect]
            case Cue(text=text):
                outputs.append(self._report(now, Kind.CUE, {"text": text}))
            case Refusal(rule=rule, reason=reason):
                outputs.append(self._report(now, Kind.REFUSAL, {"rule": rule, "reason": reason}))
            case Alarm(id=failsafe, text=text):
                outputs.append(self._report(now, Kind.ALARM, {"id": failsafe.value, "text": text}))
            case Settled(command=RequestControl()) if not self.envelope.writes(RequestControl()):
                pass  # a person at the console needs no permission
            case Settled(command=command, outcome=outcome):
                if self._hand is not None:
                    self._hand.settled(outcome)
                data: dict[str, Any] = {"name": command.name, "result": outcome.value, **_target(command)}
                outputs.append(self._report(now, Kind.OUTCOME, data))
            case StopProgress(view=view):
                outputs.append(self._report(now, Kind.STOP, {"view": view.value}))
            case HeldStage(target=target, seconds=seconds, hands=hands):
                self.tally.held(target, seconds, hands)
                data = {"target_kmh": target.kmh, "seconds": round(seconds, 2), "hands": hands.value}
                outputs.append(self._report(now, Kind.HELD, data))
            case _:
                outputs.append(self._note(effect, now))

    def _note(self, noted: Noted, now: float) -> Report:
        data: dict[str, Any] = {
            "note": noted.kind.value,
            "value": noted.value,
            "target_kmh": None if noted.target is None else noted.target.kmh,
            "measured_kmh": None if noted.measured is None else noted.measured.kmh,
        }
        if noted.kind is NoteKind.TAG:
            data["text"] = self._tags.get(int(noted.value), "")
        report = self._report(now, Kind.NOTE, data)
        self.tally.noted(report.t, data)
        return report

    def _propose(self, proposal: Propose, now: float, outputs: list[Output]) -> None:
        command = proposal.command
        self.envelope.follow(proposal.in_force)
        verdict = self.envelope.judge(command, now)
        if isinstance(verdict, Refused):
            data: dict[str, Any] = {"rule": verdict.rule, "reason": f"{command.name}: {verdict.reason}"}
            outputs.append(self._report(now, Kind.REFUSAL, data))
            self._step(ev.CommandRefusedByGate(command, f"{verdict.rule}: {verdict.reason}"), now, outputs)
            return
        if self._hand is not None:
            self._call_out(self._hand, command, now, outputs)
        if not self.envelope.writes(command):
            return
        payload = encode(command)
        self._in_flight[payload] = command
        data = {"name": command.name, **_target(command), "hex": payload.hex(), "source": proposal.source}
        outputs.append(self._report(now, Kind.COMMAND, data))
        send = self.procedure.stop if isinstance(command, Stop) else self.procedure.submit
        self._apply(send(payload, now), now, outputs)

    def _may_still_go(self, payload: bytes, now: float) -> bool:
        """A command that had to wait behind another on the air meets the gate again."""
        return isinstance(self.envelope.judge_again(self._in_flight[payload], now), Allowed)

    def _call_out(self, hand: CallOut, command: Command, now: float, outputs: list[Output]) -> None:
        """What was allowed is told to the person at the console, who always has control."""
        self._tell_person(hand.ask(command, self._measured(), now), now, outputs)
        if isinstance(command, RequestControl) and not self.envelope.writes(command):
            self._step(ev.CommandAnswered(command, Answer.SUCCESS), now, outputs)

    def _tell_person(self, instruction: Instruction | None, now: float, outputs: list[Output]) -> None:
        if instruction is not None:
            target = {} if instruction.target is None else {"target_kmh": instruction.target.kmh}
            data = {"name": instruction.name, **target, "text": instruction.text, "times": instruction.times}
            outputs.append(self._report(now, Kind.CALLOUT, data))

    def _measured(self) -> Speed:
        measured = self.session.belief.measured
        return REST if measured is None else measured.speed

    def _entered(self, entered: StateEntered, now: float, outputs: list[Output]) -> None:
        if entered.state is State.STOPPING:
            self.envelope.latch_stop()
            self._apply(self.procedure.drop_waiting(), now, outputs)
        elif entered.state is State.ARMED:
            # Each is believed only right after the trainer's own act; an abandoned start was neither.
            self.envelope.arm(self.session.facing, now)
            self.envelope.turned(self.session.facing, now)
        target = None if entered.target is None else entered.target.kmh
        if entered.state is State.STARTING and self._hand is not None:
            self._tell_person(self._hand.ask(StartOrResume(), REST, now), now, outputs)
        data = {"state": entered.state.value, "stage": entered.stage, "target_kmh": target}
        outputs.append(self._report(now, Kind.STATE, data))

    # -- the wire --------------------------------------------------------------------------------------------------

    def _proceed(self, now: float, outputs: list[Output]) -> None:
        self._apply(self.procedure.proceed(now), now, outputs)

    def _apply(self, actions: list[Action], now: float, outputs: list[Output]) -> None:
        for action in actions:
            match action:
                case Write():
                    outputs.append(action)
                case Stuck():
                    text = "a write does not return; dropping the link to free the radio, then Stop first"
                    outputs += [self._report(now, Kind.ALARM, {"id": "F2", "text": text}), DropLink()]
                case Finished():
                    command = self._in_flight[action.payload]
                    self._step(ev.CommandAnswered(command, answer_of(action)), now, outputs)
                case _:
                    stray = {"char": "2ad9", "hex": action.data.hex(), "stray": True}
                    outputs.append(self._report(now, Kind.FRAME, stray))

    def _treadmill_data(self, data: bytes, now: float, outputs: list[Output]) -> None:
        record = self._merger.add(decode_treadmill_data(data))
        if record.measured_speed is None:
            return  # the other half of a split record: it says nothing about the speed
        backward, grade_pct = self.session.facing is Facing.BACKWARD, self.session.incline_pct
        self.tally.measured(record.measured_speed, now, backward=backward, grade_pct=grade_pct)
        in_force = self.session.belief.in_force
        target = None if in_force is None else in_force.speed.kmh
        telemetry: dict[str, Any] = {"measured_kmh": record.measured_speed.kmh, "target_kmh": target}
        if self.session.heart.chosen:
            telemetry["heart_rate_bpm"] = self.session.heart.known(now)
        outputs.append(self._report(now, Kind.TELEMETRY, telemetry))
        event = ev.TelemetryReceived(record.measured_speed, record.elapsed_time_s, record.total_distance_m)
        self._step(event, now, outputs)

    def _heart_rate(self, data: bytes, now: float, outputs: list[Output]) -> None:
        frame = decode_heart_rate(data)
        self._step(ev.HeartRateReceived(frame.heart_rate_bpm, beats=self._beats.new(frame.rr_1024)), now, outputs)
        self.tally.heart_rate(self.session.heart.known(now))

    def _machine_status(self, data: bytes, now: float, outputs: list[Output]) -> None:
        event = status_event(data)
        outputs.append(self._report(now, Kind.FRAME, {"char": "2ada", "hex": data.hex()}))
        # Nobody here has control of a belt that a person moves; it cannot be lost.
        if event is not None and not (self._hand is not None and isinstance(event, ev.ControlLost)):
            self._step(event, now, outputs)

    def _report(self, now: float, kind: Kind, data: dict[str, Any]) -> Report:
        return Report(round(now - self._began_at, 3), kind, data)


def _sooner(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return one if other is None else other
    return min(one, other)


def encode(command: Command) -> bytes:
    """The bytes of a command."""
    match command:
        case RequestControl():
            return cp.encode_request_control()
        case StartOrResume():
            return cp.encode_start_or_resume()
        case SetTargetSpeed(target=target):
            return cp.encode_set_target_speed(target)
        case _:
            return cp.encode_stop()


def status_event(data: bytes) -> ev.Event | None:  # noqa: PLR0911 - a table
    """What a Machine Status frame means to a session; None where it means nothing. Raises MalformedFrame."""
    status = decode_machine_status(data)
    match status.op:
        case MachineStatusOp.STOPPED_OR_PAUSED_BY_USER:
            if status.stop_action == StopAction.STOP:
                return ev.MachineStopped(ev.MachineStop.CONSOLE)
            paused = status.stop_action == StopAction.PAUSE
            return ev.MachineStopped(ev.MachineStop.PAUSE if paused else ev.MachineStop.UNSTATED)
        case MachineStatusOp.STOPPED_BY_SAFETY_KEY:
            return ev.MachineStopped(ev.MachineStop.SAFETY_KEY)
        case MachineStatusOp.STARTED_OR_RESUMED_BY_USER:
            return ev.MachineStarted()
        case MachineStatusOp.TARGET_SPEED_CHANGED:
            return None if status.target_speed is None else ev.MachineTargetChanged(status.target_speed)
        case MachineStatusOp.CONTROL_PERMISSION_LOST | MachineStatusOp.RESET:
            return ev.ControlLost()
        case _:
            return None


def _target(command: Command) -> dict[str, float]:
    return {"target_kmh": command.target.kmh} if isinstance(command, SetTargetSpeed) else {}


def _described(event: ev.Event) -> dict[str, Any]:
    data = asdict(event) if is_dataclass(event) else {}
    if isinstance(event, ev.BriefingAnswered):
        data["text"] = to_be_recorded(event)
    return {"event": type(event).__name__, **{key: _plain(value) for key, value in data.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, Enum):
        return _plain(value.value)
    return value if isinstance(value, int | float | str | bool | None) else str(value)
