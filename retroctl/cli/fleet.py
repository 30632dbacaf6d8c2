"""`simulate --fleet N`: N whole controllers on simulated treadmills in one process, each on the broker like a real one.

Each has its own runner, engine, gate, attendant and publisher, and the real Bluetooth library on a radio in memory.
Only the record is left out: a disk full of what nobody did.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import uuid
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from retroctl import __version__
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.narrator import Identity
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.adapters.mqtt.topics import Machine
from retroctl.app.attendant import Attendant
from retroctl.app.clock import LoopClock
from retroctl.app.engine import Engine
from retroctl.app.reports import Kind, Report
from retroctl.app.result import ExitStatus
from retroctl.app.runner import Runner
from retroctl.app.snapshot import Snapshot, snapshot
from retroctl.app.stillness import Stillness
from retroctl.cli.machine import EXIT_WAIT_SIM_S, STANDARD
from retroctl.cli.session import announced_range
from retroctl.cli.status import OK
from retroctl.cli.ways_out import ways_out
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import Client, Level, caps_for
from retroctl.domain.plan import ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.errors import ConfigError, RetroctlError
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.app.clock import Timer
    from simulators.bleak_backend import SimulatedRadio

MOST: Final = 1000
"""Controllers in one process; each is a connection to the broker, and one core carries a few hundred."""
A_SECOND: Final = 20
"""So many begin in a second, as people come: all at once would be a storm of connections that no club has."""
BETWEEN_S: Final = 5.0
"""Between two sessions of one machine."""
FREEZE_S: Final = 10.0
"""After the last has begun, what they are made of is taken out of the garbage collector's sight: a look through the
heap of 500 controllers stops all of them for 0.2 s, measured. One controller in a process has nothing to freeze."""
LATE_S: Final = 0.1
"""A timer that is later has missed its deadline: a twentieth of what makes data old, a fifth of what counts as a stall
(F15)."""
TOP: Final = Speed(420)
HOLD_S: Final = 120.0
CLIENT: Final = Client(Level.PRACTISED, comfortable_forward=Speed(800), balance_mastered=True)
SAY_S: Final = 10.0


class Lateness:
    """How late timers were, in milliseconds, as a histogram: bounded, however long it counts."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.missed = 0
        self.worst_s = 0.0

    def note(self, late_s: float) -> None:
        """One timer."""
        self._counts[min(int(late_s * 1000), 9999)] += 1
        self.missed += late_s > LATE_S
        self.worst_s = max(self.worst_s, late_s)

    def reset(self) -> None:
        """Begin anew."""
        self._counts.clear()
        self.missed, self.worst_s = 0, 0.0

    @property
    def count(self) -> int:
        """How many."""
        return self._counts.total()

    def share(self, part: float) -> int:
        """The milliseconds that this part of the timers was not later than, rounded up."""
        left = part * self.count
        for milliseconds in sorted(self._counts):
            left -= self._counts[milliseconds]
            if left <= 0:
                return milliseconds + 1
        return 0


class WatchedClock(LoopClock):
    """The loop's time, with a note of how late each timer was: those of every controller and every machine."""

    def __init__(self, lateness: Lateness) -> None:
        super().__init__()
        self._lateness = lateness

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """As LoopClock; what was due before it was asked for is late by nobody's fault."""
        due = max(when, self.now())

        def run() -> None:
            self._lateness.note(max(0.0, self.now() - due))
            callback()

        return super().call_at(when, run)


class Fleet:
    """The controllers. `run` until `over`; `alarms` counts by failsafe, `results` by how sessions ended."""

    def __init__(
        self,
        hub: Hub,
        broker: Broker,
        count: int,
        *,
        clock: WatchedClock,
        lateness: Lateness,
        sim: str = STANDARD,
    ) -> None:
        """`sim`: which simulated treadmill they all have. Raises ConfigError for one that there is not."""
        from simulators.bleak_backend import SimulatedRadio  # noqa: PLC0415 - not needed for a real treadmill
        from simulators.personality import personality  # noqa: PLC0415

        self._personality = personality(sim)
        self.clock, self.lateness = clock, lateness
        self._hub, self._broker, self._count = hub, broker, count
        self._radio: SimulatedRadio = SimulatedRadio(clock)
        self.alarms: Counter[str] = Counter()
        self.results: Counter[str] = Counter()
        self.not_at_rest = 0
        """Sessions that ended with a belt not measured at rest."""
        self.running: dict[str, Runner] = {}
        self.publishers: dict[str, MachinePublisher] = {}
        self._leaving = asyncio.Event()

    def leave(self, why: str) -> None:
        """Every belt to rest, then the end."""
        self._leaving.set()
        for runner in tuple(self.running.values()):
            runner.leave(why)

    async def run(self) -> None:
        """Until `leave`, and every belt rests. Raises what is a fault of ours."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._freeze(), name="fleet freeze")
            for number in range(self._count):
                tasks.create_task(self._machine(number), name=f"fleet {number + 1}")

    async def _machine(self, number: int) -> None:
        from simulators.machine import FtmsMachine  # noqa: PLC0415

        name = f"sim-{number + 1:0{max(3, len(str(self._count)))}}"
        if await self._left_within(number / A_SECOND):
            return
        machine = FtmsMachine(self._personality, seed=number, now=self.clock.now())
        address = ":".join(["C0", "DE", *(f"{byte:02X}" for byte in (number + 1).to_bytes(4, "big"))])
        device = self._radio.add(machine, address=address)
        try:
            while not self._leaving.is_set():
                treadmill = BleTreadmill(
                    device, clock=self.clock, backend=self._radio.client_backend, scanner=self._radio.scanner_backend
                )
                await self._session(name, treadmill)
                if await self._left_within(BETWEEN_S):
                    return
        except Exception:
            self.leave("a fault in this program")  # a session that is cancelled comes to its end and another follows
            raise
        finally:
            self._radio.remove(address)

    async def _freeze(self) -> None:
        if not await self._left_within(self._count / A_SECOND + FREEZE_S):
            gc.collect()
            gc.freeze()
            await self._leaving.wait()
            gc.unfreeze()

    async def _left_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._leaving.wait()
        return self._leaving.is_set()

    async def _session(self, name: str, treadmill: BleTreadmill) -> None:
        """One session as `run` does it, without a record, a screen or a voice."""
        stillness = Stillness(asyncio.get_running_loop().time)
        listeners: list[Callable[[Report], None]] = [self._hear]
        runner = Runner(
            treadmill,
            self.clock,
            listeners=listeners,
            exit_wait_s=EXIT_WAIT_SIM_S,
            attended=False,
            stillness=stillness,
        )
        listeners.append(Attendant(self.clock, runner.tell, alone=True))

        def picture() -> Snapshot | None:
            return None if runner.engine is None else snapshot(runner.engine, runner.now())

        identity = Identity(
            Machine(self._broker.address.club, name),
            run=uuid.uuid4().hex,
            version=__version__,
            treadmill=treadmill.name,
            simulated=True,
            client=f"c-{uuid.uuid4().hex[:4]}",
        )
        publisher = MachinePublisher(
            self._hub,
            self._broker,
            identity,
            picture=picture,
            elapsed=lambda: runner.now() - runner.began_at,
            stop=runner.stop,
        )
        listeners.append(publisher)
        self.running[name], self.publishers[name] = runner, publisher
        publisher.begin()
        try:
            runner.begin(await self._engine(runner, publisher))
            result = await runner.finish()
            self.results[result.reason] += 1
            self.not_at_rest += not result.belt_at_rest
            publisher.session_ended({"belt_at_rest": result.belt_at_rest}, int(result.status))
            if runner.error is not None:
                raise runner.error
        except RetroctlError as error:
            self.results[type(error).__name__] += 1
            await runner.abandon()
        finally:
            del self.running[name], self.publishers[name]
            await publisher.close()

    async def _engine(self, runner: Runner, publisher: MachinePublisher) -> Engine:
        belt = announced_range(await runner.connect())
        caps = caps_for(CLIENT, belt, qualified=True)
        plan = ladder_plan(belt, caps, top=TOP, hold_s=HOLD_S)
        session = Session(plan, belt, caps, advance=Advance.AUTO)
        envelope = Envelope(belt, caps, raise_step(belt), hold_s=HOLD_S, hands_free=True)
        stages = [
            {"kind": s.kind.value, "facing": s.facing.value, "target_kmh": s.target.kmh, "hold_s": s.hold_s}
            for s in plan.stages
        ]
        publisher.session_begun(cap_kmh=caps.backward.kmh, stages=stages)
        return Engine(session, envelope, began_at=runner.began_at)

    def _hear(self, report: Report) -> None:
        if report.kind is Kind.ALARM:
            self.alarms[report.data["id"]] += 1


def fleet_command(count: int, broker: Broker, *, sim: str = STANDARD, seconds: float | None) -> int:
    """Run it; 0 when every session ended with its belt at rest, 4 when one did not. Raises ConfigError."""
    return asyncio.run(_run(count, broker, sim, seconds))


async def _run(count: int, broker: Broker, sim: str, seconds: float | None) -> int:
    lateness = Lateness()
    hub = Hub()
    fleet = Fleet(hub, broker, count, clock=WatchedClock(lateness), lateness=lateness, sim=sim)
    club, where = broker.address.club, broker.address.shown
    _say(f"{count} simulated treadmills with a controller each, on {where} as club {club}. Ctrl-C stops all belts.")
    _say(f"Watch them: retroctl floor --mqtt {where}/{club}")
    saying = asyncio.create_task(_keep_saying(fleet), name="fleet says how it is")
    loop = asyncio.get_running_loop()
    timer = None if seconds is None else loop.call_later(seconds, fleet.leave, "time is up")
    try:
        with ways_out(fleet.leave):
            await fleet.run()
    finally:
        saying.cancel()
        if timer is not None:
            timer.cancel()
        await asyncio.to_thread(hub.close)
    _say(words(fleet))
    _say("Ended: " + (", ".join(f"{number} {why}" for why, number in sorted(fleet.results.items())) or "nothing ran"))
    if fleet.not_at_rest:
        _say(f"{fleet.not_at_rest} sessions ended with a belt that was NOT measured at rest")
        return int(ExitStatus.NOT_AT_REST)
    return OK


async def _keep_saying(fleet: Fleet) -> None:
    while True:
        await asyncio.sleep(SAY_S)
        _say(words(fleet))


def words(fleet: Fleet) -> str:
    """How the fleet does, in a line."""
    late = fleet.lateness
    alarms = ", ".join(f"{failsafe} {number}" for failsafe, number in sorted(fleet.alarms.items())) or "none"
    spoken = sum(publisher.link.connected for publisher in fleet.publishers.values())
    return (
        f"{len(fleet.running)} controllers run, {spoken} on the broker; {late.count} timers, 99 % of them at most "
        f"{late.share(0.99)} ms late, the worst {late.worst_s * 1000:.0f} ms, {late.missed} over "
        f"{LATE_S * 1000:.0f} ms; alarms: {alarms}"
    )


def checked_count(count: int) -> None:
    """Raises ConfigError for more than one process carries, and for none."""
    if not 1 <= count <= MOST:
        raise ConfigError(f"--fleet {count}: give a number from 1 to {MOST}")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
