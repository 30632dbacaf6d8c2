"""One story lived through by the whole program: its runner, its Bluetooth adapter, the real bleak and the real record.

What is in memory is the radio below bleak; what is virtual is time. The program's MQTT side is real down to its client,
and in that one's place there is a broker that misbehaves; through it STOP comes in every second story. The judge sits
where bleak begins: it sees what is handed to Bluetooth and what Bluetooth hands over.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.journal import SqliteJournal
from retroctl.app.clock import LoopClock
from retroctl.app.engine import Engine
from retroctl.app.ports import Telling
from retroctl.app.recorder import Recorder
from retroctl.app.reports import Kind
from retroctl.app.result import ExitStatus
from retroctl.app.runner import Runner
from retroctl.domain import events as ev
from retroctl.errors import RetroctlError
from simulators.bleak_backend import SimulatedRadio
from simulators.heart import SimulatedStrap, strap_traits
from simulators.person import PersonAtConsole
from simulators.storm.broker import FakeBroker
from simulators.storm.judge import Judge, Violation
from simulators.storm.loop import VirtualLoop
from simulators.storm.people import People
from simulators.storm.scene import Scene, Told
from simulators.storm.seen import REST_STATES
from simulators.storm.setting import Refused, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bleak.backends.characteristic import BleakGATTCharacteristic

    from retroctl.app.reports import Report
    from retroctl.app.result import Result
    from retroctl.domain.effects import Announce
    from retroctl.domain.session import Session
    from simulators.bluez_like import BlueZLikeClient
    from simulators.storm.setting import Setting
    from simulators.storm.story import Act, Story

ADDRESS: Final = "C0:DE:00:00:00:01"
EXIT_WAIT_S: Final = 15.0
END_S: Final = 200.0
"""After the way out is taken, the program has ended within so long, or it is stuck."""
SLACK_S: Final = 0.3
"""What the adapter's own steps take between the decision and bleak, virtual seconds."""
READY_S: Final = 1.6
"""On a new connection the Control Point is found and subscribed first, within about a second."""
_NOT_WAITED_FOR: Final = frozenset({"the treadmill was not found again"})


class WholeWorld(Scene):
    """The program on the radio in memory, with its people. Made inside its loop."""

    def __init__(self, story: Story, made: Setting, clock: LoopClock) -> None:
        super().__init__(story, made)
        self.machine.disconnect(0.0)
        self._made, self._clock = made, clock
        self.judge.slack_s = SLACK_S
        self.radio = SimulatedRadio(clock)
        device = self.radio.add(self.machine, address=ADDRESS)
        backend = _watched(self.radio.client_backend, self)
        treadmill = BleTreadmill(
            device, clock=clock, backend=backend, scanner=self.radio.scanner_backend, jitter=lambda: 0.5
        )
        self.listeners: list[Callable[[Report], None]] = [self.reported]
        self.runner = _Runner(
            treadmill,
            clock,
            listeners=self.listeners,
            exit_wait_s=EXIT_WAIT_S,
            attended=True,
            speech=_Voice(self),
            jitter=lambda: 0.5,
        )
        self.runner.judge = self.judge
        self.engine = Engine(made.session, made.envelope, began_at=self.runner.began_at)
        self.people = People(self)
        self.broker = FakeBroker(self, story.seed)
        self.listeners.append(self.broker.publisher)
        self.connections = 0
        self.gone = False
        """The program has let go of the belt."""
        self.violations: list[Violation] = []
        self.leaves_at = math.inf
        """When a way out was first taken: a program that waits for rest waits so long at least."""

    async def live(self, journal: SqliteJournal) -> Told:
        """From connecting to the program's end. Raises Violation."""
        story, runner = self.story, self.runner
        self.broker.begin()
        try:
            await runner.connect()
        except RetroctlError:
            await runner.abandon()
            await self.broker.end()
            if self.told.writes:
                raise Violation("a machine that is not used was written to") from None
            return self.end()
        identity = await journal.begin_session(program_version="storm", simulated=True)
        recorder = Recorder(journal, runner.tell)
        rows = [0]

        def record(report: Report) -> None:
            rows[0] += report.kind.value != "telemetry"
            recorder(report)

        self.listeners.append(record)
        self._begin()
        async with asyncio.timeout(story.acts[-1].at + END_S) as patience:
            result = await runner.finish()
        self.gone = self.left = True
        if patience.expired() and self.leaves_at < math.inf:
            raise Violation("the way out was taken, and the program has not ended")
        await self.broker.end({"belt_at_rest": result.belt_at_rest}, int(result.status))
        if patience.expired():
            return self.end()  # nobody ever left, in a story shrunk to that
        self.told.state = self.session.state.value
        journal.end_session(runner.now() - runner.began_at, {"exit_status": int(result.status)})
        await journal.flush(5.0)
        self._judge_end(result)
        _judge_record(journal, identity, rows[0])
        return self.end()

    def _begin(self) -> None:
        story = self.story
        self.runner.begin(self.engine)
        for act in story.acts:
            self._clock.call_at(act.at, _caught(self, self.people.act, act))
        self.later(story.look_s, self.people.look)
        self.later(0.25, self._watch)
        if story.strap:
            self.strap = SimulatedStrap(strap_traits(story.strap), self.machine.true_speed_kmh, seed=story.seed)
            self.strap.connect(self.time())
            self.strap.subscribe("2a37", self.time())
            self._clock.call_at(self.strap.next_event(self.time()), self._heart)
        if self.judge.called:
            self.console = PersonAtConsole(self.machine, self.time, self._clock.call_at)

    def _judge_end(self, result: Result) -> None:
        if result.status is ExitStatus.INTERNAL_ERROR:
            raise Violation(f"an internal error: {result.reason}")
        if result.belt_at_rest:
            self.judge.rests(self.least_true())
        elif self.judge.armed and result.status is not ExitStatus.NOT_AT_REST:
            raise Violation(f"rest was not measured, and the exit status is {result.status}")
        if not self.judge.armed or result.reason in _NOT_WAITED_FOR:
            return
        if self.runner.ended_in == "stopping" and self.time() < self.leaves_at + EXIT_WAIT_S:
            raise Violation("the program has ended, and its Stop is not through")
        if self.judge.state not in {*REST_STATES, "stopping"}:
            raise Violation(f"the program has ended, and its session goes on: {self.judge.state}")

    def _watch(self) -> None:
        """Four times a second, whether anything happens or not."""
        if not self.runner.over:
            with self.judging():
                self.judge.belt(self.true(), self.time())
            self.later(0.25, self._watch)

    @contextlib.contextmanager
    def judging(self) -> Iterator[None]:
        """What the judge finds ends the story; the program, which would take it for its own fault, does not see it."""
        try:
            yield
        except Violation as violation:
            self.violations.append(violation)
            self.runner.leave("a broken rule")

    def reported(self, report: Report) -> None:
        """The program says something."""
        with self.judging():
            super().reported(report)
            if report.kind is Kind.STOP:
                self.broker.said(report.data["view"])

    def _heart(self) -> None:
        strap = self.strap
        if strap is not None:
            for emission in strap.advance(self.time()):
                self.beat(emission, self.time())
                self.runner.heart_rate(emission.data)
            self._clock.call_at(strap.next_event(self.time()), self._heart)

    # -- the scene -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The session."""
        return self.engine.session

    def time(self) -> float:
        """Session seconds."""
        return self._clock.now()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something so much later."""
        self._clock.call_at(self.time() + seconds, call)

    def tell(self, event: ev.Event) -> None:
        """Something happened to the program."""
        self.runner.tell(event)

    def stop(self, *, person: bool) -> None:
        """STOP, from the keys or as a message; or a way out of the program."""
        self.judge.pressed_stop(self.time(), person=person)
        if person and not (self.story.seed % 2 and self.broker.ask_stop()):
            self.runner.stop("key")
        elif person:
            pass  # it came as a message
        else:
            self.leaves_at = min(self.leaves_at, self.time())
            self.runner.leave("storm")

    def lose_link(self, away_s: float) -> None:
        """The link is gone."""
        self.machine.absent_until = self.time() + away_s
        self.radio.drop(ADDRESS)


class _Runner(Runner):
    """The program's own; the judge hears when an announcement has come to its end, and when it lets go of the belt."""

    judge: Judge
    over = False
    ended_in = ""
    """The session's state then."""

    def tell(self, event: ev.Event) -> None:
        """Something happened."""
        if isinstance(event, ev.AnnouncementFinished):
            self.judge.announcement_over(event.number, self.now())
        super().tell(event)

    async def _close(self) -> None:
        self.over, self.ended_in = True, self.judge.state
        await super()._close()


class _Voice:
    """A voice that takes a while."""

    def __init__(self, world: WholeWorld) -> None:
        self._world = world

    def announce(self, announce: Announce, settled: Callable[[Telling], None]) -> None:
        """Speak."""
        self._world.judge.announced(announce.number)
        self._world.later(announce.seconds - 0.5, lambda: settled(Telling.GIVEN))

    def withdraw(self) -> None:
        """Fall silent."""
        self._world.judge.announced(None)


def _caught(world: WholeWorld, call: Callable[[Act], None], act: Act) -> Callable[[], None]:
    return lambda: None if world.gone or world.session.state.value == "idle" else call(act)


def _watched(backend: type[Any], world: WholeWorld) -> type[BlueZLikeClient]:
    """The radio's client, with the judge looking at what goes in and comes out."""

    class Watched(backend):  # type: ignore[misc]  # which backend it is, is the radio's
        async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: FBT001 - bleak's interface
            await super().connect(pair, **kwargs)
            world.connections += 1
            world.link_up = True
            if world.connections > 1:
                world.judge.link_back(world.time(), ready_s=READY_S)

        def link_is_gone(self, link: Any) -> None:
            if link is self._link and world.link_up:
                world.link_up = False
                world.judge.link_lost(world.time())
            super().link_is_gone(link)

        async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: Any, response: bool) -> None:  # noqa: FBT001 - bleak's interface
            payload = bytes(data)
            world.told.writes += 1
            with world.judging():
                world.judge.wrote(payload, world.time(), true=world.true())
            world.judge.sent()
            try:
                await super().write_gatt_char(characteristic, data, response)
            except Exception:
                world.judge.refused(payload, world.time())
                raise
            finally:
                world.judge.returned(world.time())

        async def start_notify(
            self, characteristic: BleakGATTCharacteristic, callback: Callable[[bytearray], None], **kwargs: Any
        ) -> None:
            def heard(data: bytearray) -> None:
                with world.judging():
                    world.heard(characteristic.obj, bytes(data), world.time())
                callback(data)

            await super().start_notify(characteristic, heard, **kwargs)

    return Watched


def _judge_record(journal: SqliteJournal, identity: str, rows: int) -> None:
    """Everything that was told is in the record, in its order."""
    if journal.problem is not None:
        raise Violation(f"the record cannot be written: {journal.problem}")
    with contextlib.closing(sqlite3.connect(journal.file)) as reader:
        query = "SELECT count(*) FROM journal JOIN sessions USING (session) WHERE sessions.id = ?"
        (kept,) = reader.execute(query, (identity,)).fetchone()
    if kept < rows:
        raise Violation(f"{rows} rows were told and {kept} are in the record")


async def _lived(story: Story, made: Setting) -> Told:
    loop = asyncio.get_running_loop()
    broken: list[BaseException] = []

    def handler(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        broken.append(context.get("exception") or RuntimeError(context["message"]))

    loop.set_exception_handler(handler)
    world = WholeWorld(story, made, LoopClock())
    memory = "/dev/shm"  # noqa: S108 - a disk that is none, where there is one
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        journal = await SqliteJournal.open(Path(folder), wall=lambda: 1_700_000_000.0 + world.time())
        try:
            told = await world.live(journal)
        except Exception as error:  # noqa: BLE001 - what the judge found before it comes first
            told = world.told
            broken.append(error)
        finally:
            await journal.close()
    broken = [*world.violations, *broken]
    if world.runner.error is not None:
        broken.append(world.runner.error)
    if broken:
        raise broken[0]
    return told


def lived(story: Story) -> Told | None:
    """What came of the story; None where no session can be made of it."""
    try:
        made = setting(story)
    except Refused:
        return None
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_lived(story, made))
