"""A whole session on the simulated machine with a voice on a broker; and a hub without a thread, for what is pure."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiomqtt
from broker_rig import until
from rig import Rig, answers
from whole import FrontEnd, Whole

from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.link import Incoming
from retroctl.adapters.mqtt.narrator import Identity
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.app.clock import ScaledClock
from retroctl.app.reports import Kind
from retroctl.app.snapshot import snapshot
from retroctl.domain import events as ev
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from broker_rig import Mosquitto

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.link import Standing

BELT_1 = Machine("club", "belt-1")
ADDRESS = "C0:FF:EE:00:00:01"


def identity(machine: Machine = BELT_1, **more: Any) -> Identity:
    return Identity(machine, "0123456789abcdef" * 2, "0.1.0", "Belt of the test", simulated=True, **more)


class Published:
    """A session and its publisher. `standings` and `notes` are what the controlling loop was told."""

    def __init__(self, hub: Hub, broker: Broker, clock: ScaledClock, *, name: str = "standard", **more: Any) -> None:
        radio = SimulatedRadio(clock)
        machine = FtmsMachine(personality(name), seed=3, now=clock.now())
        device = radio.add(machine, address=ADDRESS)
        front = FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: radio.drop(ADDRESS))
        self.run = Whole(front, clock=clock, attend=False)
        self.standings: list[Standing] = []
        self.notes: list[str] = []
        self.sources: list[tuple[str, float]] = []
        runner = self.run.runner

        def stop(source: str) -> None:
            self.sources.append((source, time.monotonic()))
            runner.stop(source)

        self.publisher = MachinePublisher(
            hub,
            broker,
            more.pop("identity", identity()),
            picture=lambda: None if runner.engine is None else snapshot(runner.engine, runner.now()),
            elapsed=lambda: runner.now() - runner.began_at,
            stop=stop,
            note=self.notes.append,
            standing=self.standings.append,
            **more,
        )
        runner._listeners.append(self.publisher)

    async def hold(self) -> None:
        """Brief, arm, start, and reach the first hold."""
        run = self.run
        self.publisher.begin()
        await run.begin()
        stages = [{"kind": "ladder", "facing": "backward", "target_kmh": 1.0, "hold_s": 60.0}]
        self.publisher.session_begun(cap_kmh=3.2, stages=stages)
        await run.until_state("briefing")
        for answer in answers():
            run.runner.tell(answer)
        run.runner.tell(ev.ArmRequested())
        run.runner.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
        await run.until_state("holding")

    async def end(self, wait_s: float = 60.0) -> bool:
        """The ordinary end; whether the publisher took its leave in time."""
        run = self.run
        run.runner.leave("the test is over")
        result = await run.finish()
        assert result.belt_at_rest
        summary = {"belt_at_rest": True, "peak_kmh": 1.0, "duration_s": 5.0, "distance_m": 1.0}
        self.publisher.session_ended(summary, int(result.status))
        return await self.publisher.close(wait_s)

    def stops_written(self) -> int:
        return self.run.written.count("0801")

    @property
    def states(self) -> list[str]:
        return [state["state"] for state in self.run.of(Kind.STATE)]


@asynccontextmanager
async def published(broker: Broker, *, factor: float = 20.0, **more: Any) -> AsyncIterator[Published]:
    """A session with a publisher, not begun yet; hub and clock are put away."""
    hub, clock = Hub(), ScaledClock(factor)
    session = Published(hub, broker, clock, **more)
    try:
        yield session
    finally:
        clock.stop()
        assert hub.close(30.0)


@asynccontextmanager
async def raw(mosquitto: Mosquitto, user: str = "floor", *, five: bool = True) -> AsyncIterator[aiomqtt.Client]:
    """A client of the library's own, for what our side would never send."""
    broker = mosquitto.broker(user, None)
    client = aiomqtt.Client(
        broker.address.host,
        broker.address.port,
        username=broker.address.user,
        password=broker.password,
        tls_context=broker.tls,
        protocol=aiomqtt.ProtocolVersion.V5 if five else aiomqtt.ProtocolVersion.V311,
    )
    with suppress(aiomqtt.MqttError):
        async with client:
            yield client


class Floor:
    """A watcher and all that it has heard."""

    def __init__(self, hub, broker):
        self.heard = []
        self.watcher = Watcher(hub, broker, "club")

    async def __aenter__(self):
        self.watcher.begin()
        self._task = asyncio.create_task(self._listen())
        await until(lambda: self.watcher.standing and self.watcher.standing.connected)
        return self

    async def __aexit__(self, *_):
        await self.watcher.close()
        await self._task

    async def _listen(self):
        async for batch in self.watcher.batches():
            self.heard += batch

    def of(self, kind):
        return [each.message for each in self.heard if isinstance(each.message, kind)]


class StillHub:
    """A hub whose calls are made at once and which connects to nothing: what it would send stays in the links."""

    def __init__(self) -> None:
        self.spawned: list[str] = []

    def spawn(self, work: Any, name: str) -> None:
        work.close()
        self.spawned.append(name)

    def call(self, function: Callable[..., object], *arguments: object) -> bool:
        function(*arguments)
        return True


class StillLoop:
    """A controlling loop in which what is called soon is called at once, and what is called later never."""

    def __init__(self) -> None:
        self.later: list[Callable[[], None]] = []

    def is_closed(self) -> bool:
        return False

    def call_soon_threadsafe(self, function: Callable[..., None], *arguments: object) -> None:
        function(*arguments)

    def call_soon(self, function: Callable[[], None]) -> Any:
        function()

    def call_later(self, _seconds: float, function: Callable[[], None]) -> Any:
        self.later.append(function)


class OnRig:
    """A publisher on the pure rig, its thread and its loops taken away. `acks` and `refused` are what it would send."""

    def __init__(self, rig: Rig, broker: Broker) -> None:
        self.rig = rig
        self.sources: list[str] = []
        self.notes: list[str] = []
        self.publisher = MachinePublisher(
            StillHub(),  # type: ignore[arg-type]
            broker,
            identity(),
            picture=lambda: snapshot(rig.engine, rig.now),
            elapsed=lambda: rig.now,
            stop=self._stop,
            note=self.notes.append,
            hail="homeassistant/status",
        )
        self.publisher._control = StillLoop()  # type: ignore[assignment]
        rig.person = self.publisher

    def _stop(self, source: str) -> None:
        self.sources.append(source)
        self.rig.tell(ev.StopRequested(source))

    def arrive(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        self.publisher._arrived(Incoming(topic, payload, retained))

    def run_for(self, seconds: float) -> None:
        """Time passes, with the publisher's looks."""
        for _ in range(max(1, round(seconds / 0.25))):
            self.rig.run_for(0.25)
            self.publisher._say_state()

    @property
    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """What waits to be sent and is no state: topic and content."""
        return [(each.topic, json.loads(each.payload)) for each in self.publisher.link._waiting.others]

    @property
    def acks(self) -> list[dict[str, Any]]:
        return [content for topic, content in self.waiting if topic.endswith("cmd/ack")]
