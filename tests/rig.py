"""The whole controller on the simulated machine, in pure virtual time: no loop, no clock, no radio.

`Rig` moves from one thing that happens to the next, so a 20-minute session takes milliseconds.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce, Ended
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Client, Level, caps_for
from retroctl.domain.plan import Plan, ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.ftms.procedure import Write
from retroctl.units import Speed
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
CLIENT = Client(Level.PRACTISED, comfortable_forward=Speed(800), balance_mastered=True)


def answers() -> list[ev.Event]:
    """A briefing in order."""
    said = {ev.BriefingItem.GAZE_TARGET: "mark on the wall", ev.BriefingItem.CONFIDENCE: "4"}
    return [ev.BriefingAnswered(item, yes=True, text=said.get(item, "")) for item in ev.BriefingItem]


@dataclass
class Wish:
    at: float
    event: ev.Event


class Rig:
    """A session on a machine. Drive it with `run_until`, speak to it with `tell`."""

    def __init__(
        self,
        name: str = "standard",
        *,
        top: float = 2.6,
        hold_s: float = 60.0,
        advance: Advance = Advance.AUTO,
        client: Client = CLIENT,
        plan: Plan | None = None,
        machine: FtmsMachine | None = None,
        belt: BeltRange = BELT,
        wire: Wire = Wire.OPEN,
    ) -> None:
        self.now = 0.0
        self.machine = machine or FtmsMachine(personality(name), seed=1)
        caps = caps_for(client, belt, qualified=True)
        self.plan = plan or ladder_plan(belt, caps, top=Speed.from_kmh(top), hold_s=hold_s)
        session = Session(self.plan, belt, caps, advance=advance, by_hand=wire is not Wire.OPEN)
        shortest = min(stage.hold_s for stage in self.plan.stages)
        hands_free = advance is Advance.AUTO
        envelope = Envelope(belt, caps, raise_step(belt), hold_s=shortest, hands_free=hands_free, wire=wire)
        self.engine = Engine(session, envelope, began_at=0.0)
        self.reports: list[Report] = []
        self.ended: list[Ended] = []
        self.link_up = True
        self.dropped = 0
        self.person: Callable[[Report], None] = lambda report: None
        """At the console: hears every report."""
        self._later: list[tuple[float, int, Callable[[], list[Output]]]] = []
        self._order = itertools.count()
        self._connect()
        self._take(self.engine.handle(ev.Connected(), self.now))

    # -- speaking to it

    def tell(self, event: ev.Event) -> None:
        self._take(self.engine.handle(event, self.now))

    def brief_and_arm(self) -> None:
        self.run_until(lambda: self.state == "briefing", limit_s=10)
        for answer in answers():
            self.tell(answer)
        self.tell(ev.ArmRequested())
        assert self.state == "armed"

    def start(self) -> None:
        self.brief_and_arm()
        self.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))

    def start_and_hold(self, kmh: float = 1.0) -> None:
        self.start()
        self.run_until(lambda: self.state == "holding" and abs(self.target - kmh) < 0.001, limit_s=600)

    # -- looking at it

    @property
    def state(self) -> str:
        return self.engine.session.state.value

    @property
    def target(self) -> float:
        in_force = self.engine.session.belief.in_force
        return 0.0 if in_force is None else in_force.speed.kmh

    @property
    def true_speed(self) -> float:
        return self.machine.true_speed_kmh(self.now)

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [report.data | {"t": report.t} for report in self.reports if report.kind is kind]

    def alarms(self) -> list[str]:
        return [alarm["id"] for alarm in self.of(Kind.ALARM)]

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for entry in self.machine.log if entry.characteristic == "2ad9"]

    # -- time

    def run_until(self, done: Callable[[], bool], *, limit_s: float) -> None:
        """Go on until `done()`; fails when that takes more than `limit_s` session seconds."""
        end = self.now + limit_s
        while not done():
            following = self._next()
            if following > end:
                raise AssertionError(f"not reached within {limit_s} s: state {self.state}, target {self.target}")
            self._step(following)

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        while (following := self._next()) <= end:
            self._step(following)
        self.now = end

    def drop_link(self) -> None:
        self.machine.disconnect(self.now)
        self.link_up = False
        self._later.clear()
        self._take(self.engine.link_dropped(self.now))

    def reconnect(self) -> None:
        self._connect()
        self.link_up = True
        urgent = self.engine.urgent(self.now)
        if urgent is not None:
            self.machine.write("2ad9", urgent, self.now)
        self._take(self.engine.handle(ev.LinkRestored(), self.now))

    def _connect(self) -> None:
        self.machine.connect(self.now)
        for characteristic in ("2ad9", "2acd", "2ada"):
            self.machine.subscribe(characteristic, self.now)

    def _next(self) -> float:
        deadline = self.engine.next_deadline()
        marks = [self.machine.next_event(self.now)]
        marks += [] if deadline is None else [deadline]
        marks += [self._later[0][0]] if self._later else []
        return max(self.now, min(marks))

    def _step(self, at: float) -> None:
        self.now = at
        for emission in self.machine.advance(at):
            if self.link_up:
                self._take(self.engine.frame(emission.characteristic, emission.data, at))
        while self._later and self._later[0][0] <= at:
            self._take(heapq.heappop(self._later)[2]())
        deadline = self.engine.next_deadline()
        if deadline is not None and deadline <= at:
            self._take(self.engine.tick(at))

    def _at(self, when: float, call: Callable[[], list[Output]]) -> None:
        heapq.heappush(self._later, (when, next(self._order), call))

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Report():
                    self.reports.append(output)
                    self.person(output)
                case Write(token=token, payload=payload):
                    self._write(token, payload)
                case Announce(number=number, seconds=seconds):
                    self._at(
                        self.now + seconds,
                        lambda number=number: self.engine.handle(ev.AnnouncementFinished(number), self.now),
                    )
                case Ended():
                    self.ended.append(output)
                case DropLink():
                    self.dropped += 1
                case _:
                    pass

    def _write(self, token: int, payload: bytes) -> None:
        if not self.link_up:
            self._at(self.now, lambda: self.engine.write_returned(token, self.now, lost=True))
            return
        result = self.machine.write("2ad9", payload, self.now)
        if result.after_s == float("inf"):
            return
        error = result.error
        self._at(
            self.now + max(0.02, result.after_s),
            lambda: self.engine.write_returned(token, self.now, error=error),
        )
