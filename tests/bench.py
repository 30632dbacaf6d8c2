"""An engine on a belt made by hand: every frame, answer and delay is the test's own choice.

Where `rig` has the simulated treadmill, `bench` has none: a `Belt` that obeys, is deaf or jumps, and answers that come,
come late, come twice or never. Deterministic, in pure virtual time.
"""

from __future__ import annotations

import heapq
import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from judge import Judge
from rig import BELT, CLIENT, answers

from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce, AnnouncementWithdrawn, Ended
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Client, caps_for
from retroctl.domain.plan import Plan, ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.ftms.procedure import Write
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.domain.heart import HeartWatch

SUCCESS, NOT_SUPPORTED, INVALID, FAILED, NOT_PERMITTED = 1, 2, 3, 4, 5


@dataclass
class Belt:
    """Speeds in hundredths of km/h. `obeys`: whether targets, start and stop are heeded."""

    speed: float = 0.0
    goal: float = 0.0
    rate: float = 50.0
    """Hundredths of km/h per second."""
    obeys: bool = True
    at: float = 0.0
    elapsed: float = 0.0

    def move(self, now: float) -> None:
        step = self.rate * (now - self.at)
        self.elapsed += now - self.at if self.speed > 0 else 0.0
        self.at = now
        if self.speed < self.goal:
            self.speed = min(self.goal, self.speed + step)
        else:
            self.speed = max(self.goal, self.speed - step)

    def set(self, kmh: float) -> None:
        """By hand, at once."""
        self.speed = self.goal = kmh * 100


@dataclass
class Air:
    """How writes and frames fare. Change it at any time."""

    frames: bool = True
    interval_s: float = 1.0
    write_s: float = 0.02
    """Until a write returns; infinity = it hangs."""
    att_error: int | None = None
    lost: bool = False
    result: int | dict[int, int] = SUCCESS
    """The Result Code, or one for each op code."""
    answer_s: float | None = 0.05
    """Until the indication comes; None = never."""
    copies: int = 1
    clock: bool = False
    """Whether Treadmill Data carry the machine's elapsed time."""


@dataclass
class Written:
    at: float
    payload: bytes
    connection: int = 1


@dataclass(order=True)
class Due:
    at: float
    order: int
    call: Callable[[], list[Output] | None] = field(compare=False)


class Bench:
    """Drive it with `advance`, speak to it with `tell`; what left is in `written`."""

    def __init__(
        self,
        *,
        top: float = 2.6,
        hold_s: float = 60.0,
        advance: Advance = Advance.CONFIRM,
        client: Client = CLIENT,
        plan: Plan | None = None,
        belt: BeltRange = BELT,
        coarse: bool = False,
        voice: bool = True,
        connect: bool = True,
        heart: HeartWatch | None = None,
        wire: Wire = Wire.OPEN,
    ) -> None:
        self.now = 0.0
        self.range = belt
        self.caps = caps_for(client, belt, qualified=True)
        self.plan = plan or ladder_plan(belt, self.caps, top=Speed.from_kmh(top), hold_s=hold_s, coarse_accepted=coarse)
        shortest = min(stage.hold_s for stage in self.plan.stages)
        hands_free = advance is Advance.AUTO
        self.step = raise_step(belt, coarse_accepted=coarse)
        by_hand = wire is not Wire.OPEN
        self.session = Session(
            self.plan, belt, self.caps, advance=advance, coarse_accepted=coarse, by_hand=by_hand, heart=heart
        )
        self.engine = Engine(
            self.session,
            Envelope(
                belt,
                self.caps,
                self.step,
                hold_s=shortest,
                hands_free=hands_free,
                wire=wire,
                heart_limit_bpm=None if heart is None else heart.high_bpm,
            ),
            began_at=0.0,
        )
        self.belt, self.air = Belt(), Air()
        self.wire_open, self.person_waits_s = wire, 2.0
        self.voice = voice
        confirm = advance is Advance.CONFIRM
        self.judge = Judge.of(
            belt, client, self.plan, confirm=confirm, coarse=coarse, heart=heart, called=wire is not Wire.OPEN
        )
        self.reports: list[Report] = []
        self.outputs: list[Output] = []
        self.ended: list[Ended] = []
        self.written: list[Written] = []
        self.connection = 1
        self.link_up = True
        self.drops = 0
        self._order = 0
        self._due: list[Due] = []
        self._frame_at = 0.3
        if connect:
            self.tell(ev.Connected())

    # -- speaking to it

    def tell(self, *events: ev.Event) -> None:
        for event in events:
            self.judge.told(event, self.now)
            self._take(self.engine.handle(event, self.now))

    def frame(self, kmh: float) -> None:
        """One Treadmill Data record, now, whatever the belt does."""
        self.send_frame(round(kmh * 100))

    def send_frame(self, hundredths: int, *, metres: int | None = None) -> None:
        self.judge.heard(hundredths, self.now)
        data = struct.pack("<HH", 0, hundredths)
        if metres is not None:
            data = struct.pack("<HH", 1 << 2, hundredths) + metres.to_bytes(3, "little")
        if self.air.clock:
            data = struct.pack("<HHH", 1 << 10, hundredths, int(self.belt.elapsed))
        self._take(self.engine.frame("2acd", data, self.now))

    def status(self, *data: int) -> None:
        if data[0] == 0x05:
            self.judge.pressed_console(self.now)
        self.judge.status(data[0], self.now)
        if data[0] == 0x05:
            self.judge.pressed_console(self.now)
        self._take(self.engine.frame("2ada", bytes(data), self.now))

    def indicate(self, op: int, result: int) -> None:
        self.judge.answered(op, result, self.now)
        self._take(self.engine.frame("2ad9", bytes((0x80, op, result)), self.now))

    def brief(self) -> None:
        self.until("briefing")
        self.tell(*answers())

    def arm(self) -> None:
        self.brief()
        self.tell(ev.ArmRequested())
        assert self.state == "armed"

    def start(self, kind: ev.StartKind = ev.StartKind.PROGRAM) -> None:
        self.arm()
        self.tell(ev.StartConfirmed(kind))

    def hold_at(self, kmh: float = 1.0) -> None:
        """Start and climb, with every consent, to the hold at `kmh`."""
        self.start()
        self.until("holding")
        while self.target < kmh - 0.001:
            self.climb()

    def climb(self) -> None:
        """Serve the hold, consent, and hold at the next rung."""
        before = self.target
        self.until("ready")
        self.tell(ev.ConfirmPressed())
        self.until("settling", limit_s=20)
        self.until("holding", limit_s=30)
        assert self.target > before

    # -- looking at it

    @property
    def state(self) -> str:
        return self.session.state.value

    @property
    def target(self) -> float:
        in_force = self.session.belief.in_force
        return 0.0 if in_force is None else in_force.speed.kmh

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [report.data | {"t": report.t} for report in self.reports if report.kind is kind]

    def alarms(self) -> list[str]:
        return [alarm["id"] for alarm in self.of(Kind.ALARM)]

    def refusals(self) -> list[str]:
        return [refusal["rule"] for refusal in self.of(Kind.REFUSAL)]

    def outcomes(self) -> list[tuple[str, str]]:
        return [(outcome["name"], outcome["result"]) for outcome in self.of(Kind.OUTCOME)]

    def wire(self, since: float = 0.0) -> list[str]:
        return [write.payload.hex() for write in self.written if write.at >= since]

    # -- time

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            at = self._next()
            if at > end:
                break
            self._step(at)
        self.now = end
        self.belt.move(end)

    def until(self, *states: str, limit_s: float = 200.0) -> None:
        end = self.now + limit_s
        while self.state not in states:
            at = self._next()
            assert at <= end, f"{states} not reached within {limit_s} s: {self.state} at {self.target}"
            self._step(at)

    def drop_link(self) -> None:
        self.link_up = False
        self._due.clear()
        self.judge.told(ev.LinkDropped(), self.now)
        self._take(self.engine.link_dropped(self.now))

    def restore_link(self) -> None:
        self.link_up = True
        self.judge.link_back(self.now)
        self.connection += 1
        self.air.write_s = 0.02 if self.air.write_s == float("inf") else self.air.write_s
        urgent = self.engine.urgent(self.now)
        if urgent is not None:
            self._note(urgent)
            self.judge.returned(self.now)
            self._answer_later(urgent)
        self.tell(ev.LinkRestored())

    def later(self, seconds: float, call: Callable[[], list[Output] | None]) -> None:
        """What stands here is methods and partials, not lambdas: a bench can be copied whole (tests/explore)."""
        self._order += 1
        heapq.heappush(self._due, Due(self.now + seconds, self._order, call))

    def _next(self) -> float:
        marks = [self._frame_at if self.link_up else float("inf")]
        marks += [self._due[0].at] if self._due else []
        deadline = self.engine.next_deadline()
        marks += [] if deadline is None else [deadline]
        return max(self.now, min(marks))

    def _step(self, at: float) -> None:
        self.now = at
        self.judge.belt(self.belt.speed, at)
        self.belt.move(at)
        while self._due and self._due[0].at <= at:
            self._take(heapq.heappop(self._due).call() or [])
        if self._frame_at <= at:
            self._frame_at = at + self.air.interval_s
            if self.air.frames and self.link_up:
                self.send_frame(round(self.belt.speed))
        deadline = self.engine.next_deadline()
        if deadline is not None and deadline <= at:
            self._take(self.engine.tick(at))
            again = self.engine.next_deadline()
            assert again is None or again > at or again != deadline, "a deadline that time does not move"

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.outputs.append(output)
            match output:
                case Report():
                    self.reports.append(output)
                    self.judge.reported(output)
                    if output.kind is Kind.CALLOUT:
                        self._called(output.data)
                case Write(token=token, payload=payload):
                    self._write(token, payload)
                case Announce(number=number, seconds=seconds):
                    if self.voice:
                        self.later(seconds, partial(self.tell, ev.AnnouncementFinished(number)))
                    self.judge.announced(number)
                case AnnouncementWithdrawn():
                    self.judge.announced(None)
                case Ended():
                    self.ended.append(output)
                case DropLink():
                    self.drops += 1

    def _called(self, data: dict[str, Any]) -> None:
        """What is called out is judged as if it were written; somebody at the console does it, unless deaf."""
        payload = {"start": b"\x07", "stop": b"\x08\x01"}.get(data["name"], b"")
        if data["name"] == "set-target-speed":
            payload = b"\x02" + round(data["target_kmh"] * 100).to_bytes(2, "little")
            if data["times"] == 1:
                self.judge.wrote(payload, self.now)
            else:
                self.judge.repeated(round(data["target_kmh"] * 100))
        if payload and self.belt.obeys:
            self.later(self.person_waits_s, partial(self._obey, payload))

    def _note(self, payload: bytes) -> None:
        self.judge.wrote(payload, self.now)
        self.judge.sent()
        self.written.append(Written(self.now, payload, self.connection))

    def _write(self, token: int, payload: bytes) -> None:
        assert self.link_up, "a write without a link"
        assert self.wire_open is not Wire.CLOSED, "a write on a closed wire"
        stops = self.wire_open is Wire.OPEN or payload in (b"\x08\x01", b"\x00")
        assert stops, "a write that no stop needs"
        self._note(payload)
        air = self.air
        error, lost = air.att_error, air.lost
        if air.write_s != float("inf"):
            self.later(air.write_s, partial(self._returned, token, error, lost=lost))
        if error is None and air.write_s != float("inf"):
            self._answer_later(payload)

    def _returned(self, token: int, error: int | None, *, lost: bool) -> list[Output]:
        self.judge.returned(self.now)
        return self.engine.write_returned(token, self.now, error=error, lost=lost)

    def _answer_later(self, payload: bytes) -> None:
        air, op = self.air, payload[0]
        result = air.result if isinstance(air.result, int) else air.result.get(op, SUCCESS)
        if result == SUCCESS and self.belt.obeys:
            self._obey(payload)
        if air.answer_s is not None:
            for copy in range(air.copies):
                self.later(air.answer_s + copy * 0.01, partial(self.indicate, op, result))

    def _obey(self, payload: bytes) -> None:
        belt = self.belt
        belt.move(self.now)
        match payload[0]:
            case 0x07 if belt.speed == 0:
                # A countdown: in motion three seconds later, unless a stop comes first.
                belt.goal = 0.0
                self.later(3.0, partial(self._go, self.now))
            case 0x02 if belt.speed > 0:
                belt.goal = float(int.from_bytes(payload[1:3], "little"))
            case 0x08:
                belt.goal = 0.0
            case _:
                pass

    def _go(self, began: float) -> None:
        stopped = any(write.payload[0] == 0x08 and write.at >= began for write in self.written)
        if not stopped and self.belt.speed == 0:
            self.belt.goal = float(self.range.minimum.hundredths)
