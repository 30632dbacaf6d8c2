"""A broker that keeps to few rules, where the program's own client would be: the storm's end of the port of messages.

The program's publisher, link, door and desk are real; in the place of the network there is this. It takes what is
published and looks at it, hands over requests to stop, and between them everything that a broker may do to a belt:
garbage, floods, kept requests, being away, hanging, forbidding, throwing out.
"""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any, Final, Self

import aiomqtt

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.client import IO_S
from retroctl.adapters.mqtt.link import AT_ONCE, Link
from retroctl.adapters.mqtt.narrator import Identity
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.adapters.mqtt.topics import Machine
from retroctl.app.reports import Kind
from retroctl.app.snapshot import snapshot
from simulators.storm.judge import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from retroctl.adapters.mqtt.link import Counts, Standing
    from retroctl.adapters.mqtt.outbox import Outgoing
    from simulators.storm.whole import WholeWorld

PREFIX: Final = "retroctl/v1/club/belt-1/"
KEPT: Final = frozenset({"status", "state", "session"})
PASSING: Final = frozenset({"event", "cmd/ack"})
LARGEST: Final = 16 * 1024
TROUBLE_GAP_S: Final = 90.0
"""From one trouble with the broker to the next, on the average."""
FLOOD: Final = 200
ANSWER_S: Final = 0.005
STOP: Final = b'{"schema":"retroctl.stop/1","id":"storm","by":"a panel"}'
GARBAGE: Final = (
    b"",
    b"stop",
    b"\xff\xfe\x00",
    b"[" * 900,
    b"{" * 5000,
    b'{"schema":"retroctl.start/1","id":"storm"}',
    b'{"schema":"retroctl.stop/1"}',
    b'{"schema":"retroctl.stop/1","id":7}',
    b'{"schema":"retroctl.stop/2","id":"storm"}',
    b'{"target_kmh":16}',
)
TROUBLES: Final = ("garbage", "garbage", "flood", "kept", "elsewhere", "lost", "away", "hangs", "denies", "taken over")


class FakeBroker:
    """What the program publishes arrives here; `ask_stop` is a panel's STOP."""

    def __init__(self, world: WholeWorld, seed: int) -> None:
        self._world, self._rng = world, random.Random(f"broker {seed}")  # noqa: S311 - not for secrets
        self.client: FakeClient | None = None
        self.receive_maximum = self._rng.choice((1, 3, 10, 0xFFFF))
        self.away = self.hangs = self.denies = False
        self.taken = 0
        self.spoilt = 0
        """How often a connection was given a reason to end."""
        self._seq: dict[str, int] = {}
        self._asked = False
        """A request to stop is on its way into the program."""
        self._rested = False
        """The program said that the belt stands, and nobody has asked for a stop since."""
        self.last_status: Any = None
        self._hub = _SameLoop()
        broker = self

        class Wire(FakeClient):
            def __init__(self, *_what: object) -> None:
                super().__init__(broker, _what[2], _what[3])  # type: ignore[arg-type]  # the client's own: will, who is told

        class FakeLink(Link):
            _client = Wire  # type: ignore[assignment]  # its port, without a network

            def ended(self, wait_s: float) -> bool:
                return super().ended(0.0 * wait_s)

        self.publisher = MachinePublisher(
            self._hub,  # type: ignore[arg-type]  # the same without a thread
            Broker.checked(parse_url("mqtt://127.0.0.1/club/belt-1")),
            Identity(Machine("club", "belt-1"), "0" * 32, "storm", world.story.machine, simulated=True),
            picture=lambda: None if world.runner.engine is None else snapshot(world.runner.engine, world.time()),
            elapsed=world.time,
            stop=self._stop,
            note=lambda text: world.runner.report(Kind.EVENT, {"event": "MqttRefused", "text": text}),
            standing=self._standing,
            link=FakeLink,
            clock=world.time,
        )

    def begin(self) -> None:
        """The program connects; trouble comes now and then."""
        self.publisher.begin()
        self._soon()

    async def end(self, summary: dict[str, Any] | None = None, status: int = 0) -> None:
        """The program takes its leave. Raises Violation when what arrived is not what was sent."""
        if summary is not None:
            self.publisher.session_ended(summary, status)
        connected = self.publisher.link.connected and not (self.away or self.hangs or self.denies)
        await self.publisher.close()
        await asyncio.sleep(2.0)
        counts: Counts = self.publisher.counts
        await self._hub.close()
        if counts.failures > self.spoilt:
            raise Violation(f"a connection ended and nothing had happened to it: {counts.last_failure}")
        # Of each connection some messages may have been taken and not been acknowledged.
        if not counts.sent <= self.taken <= counts.sent + AT_ONCE * (counts.connects + counts.failures + 1):
            raise Violation(f"{counts.sent} messages were sent, and the broker has {self.taken}")
        if connected and (self.last_status or {}).get("status") != "offline":
            raise Violation("the program has ended, and the broker keeps it as there")

    def ask_stop(self) -> bool:
        """A request to stop, from a panel; False where the broker does not reach the program."""
        client = self.client
        if client is None or self.away or self.hangs or not client.listens:
            return False
        self._asked, self._rested = True, False
        client.arrives(PREFIX + "cmd/stop", STOP)
        return True

    def said(self, view: str) -> None:
        """What the program says of a stop at its own screen."""
        self._rested = self._rested or view == "STOPPED"

    def connected(self, client: FakeClient) -> None:
        """Another connection: what was not acknowledged in the last one comes once more."""
        self.client = client
        for leaf in PASSING:
            self._seq.pop(leaf, None)

    def published(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Something came. Raises Violation where it may not be said."""
        leaf = topic.removeprefix(PREFIX)
        told = json.loads(payload)
        _need(topic.startswith(PREFIX) and leaf in KEPT | PASSING, f"published on {topic}")
        _need(retain is (leaf in KEPT), f"{leaf} is kept: {retain}")
        _need(len(payload) <= LARGEST, f"{len(payload)} bytes of {leaf}")
        _need(told["schema"] == f"retroctl.{leaf.removeprefix('cmd/')}/1", f"{told['schema']} on {leaf}")
        # The last one comes once more with each new connection.
        _need(leaf == "status" or told["seq"] >= self._seq.get(leaf, 0), f"an old message of {leaf}")
        self._seq[leaf] = told["seq"]
        self.taken += 1
        if leaf == "status":
            self.last_status = told
        if leaf == "cmd/ack" and told["result"] == "at_rest":
            _need(self._rested or self._world.runner.over, "a panel is told that the belt stands, and nobody else")

    # -- the program's side ----------------------------------------------------------------------------------------

    def _stop(self, source: str) -> None:
        with self._world.judging():
            _need(self._asked, "the belt is being stopped over the broker, and nobody asked for it")
        self._asked = False
        self._world.runner.stop(source)

    def _standing(self, standing: Standing) -> None:
        what = {"event": "Mqtt", "connected": standing.connected, "why": standing.why}
        self._world.runner.report(Kind.EVENT, what)

    # -- trouble ---------------------------------------------------------------------------------------------------

    def _soon(self) -> None:
        self._world.later(self._rng.expovariate(1 / TROUBLE_GAP_S), self._trouble)

    def _trouble(self) -> None:
        rng, client = self._rng, self.client
        if self._world.runner.over:
            return
        match rng.choice(TROUBLES):
            case "away":
                self._for_a_while("away", rng.uniform(1.0, 40.0))
                self._cut("the broker is away")
            case "hangs":
                self._for_a_while("hangs", rng.uniform(0.5, 20.0))
            case "denies":
                self._for_a_while("denies", rng.uniform(1.0, 30.0))
            case "lost":
                self._cut("the connection was lost")
            case "taken over" if client is not None:
                client.taken_over = True
                self._cut("another one")
            case what if client is not None and client.listens:
                for _ in range(FLOOD if what == "flood" else rng.randint(1, 3)):
                    topic = "retroctl/v1/club/belt-2/cmd/stop" if what == "elsewhere" else PREFIX + "cmd/stop"
                    genuine = what in {"kept", "elsewhere"}
                    client.arrives(topic, STOP if genuine else rng.choice(GARBAGE), retained=what == "kept")
            case _:
                pass
        self._soon()

    def _for_a_while(self, name: str, seconds: float) -> None:
        setattr(self, name, True)
        self._world.later(seconds, lambda: setattr(self, name, False))

    def _cut(self, why: str) -> None:
        if self.client is not None:
            self.client.lose(why)


class FakeClient:
    """One connection, as the link uses the program's own client."""

    def __init__(
        self, broker: FakeBroker, will: aiomqtt.Will | None, arrived: Callable[[str, bytes, bool], None]
    ) -> None:
        self._broker, self._will, self._arrived = broker, will, arrived
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.taken_over = self.listens = False
        self.receive_maximum, self._on_their_way = broker.receive_maximum, 0

    async def __aenter__(self) -> Self:
        await self._answer()
        self._broker.connected(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._will = None  # it takes leave
        await self._answer()

    async def subscribe(self, topic: str, qos: int) -> tuple[int]:
        """Listen; 0x87 is a refusal."""
        await self._answer()
        self.listens = topic == PREFIX + "cmd/stop" and not self._broker.denies
        self._broker.spoilt += self._broker.denies
        return (qos if self.listens else 0x87,)

    def say(self, message: Outgoing) -> bool:
        """Publish; it is there before the answer is. What `answered` gives."""
        if self._lost.done():
            raise aiomqtt.MqttError("Unexpected disconnection")
        self._on_their_way += 1
        if not self._broker.away and not self._broker.hangs:
            with self._broker._world.judging():  # noqa: SLF001 - its own client
                _need(self._on_their_way <= self.receive_maximum, "more messages at a time than the broker allows")
                self._broker.published(message.topic, message.payload, retain=message.retain)
        self._broker.spoilt += self._broker.denies
        return not self._broker.denies

    async def answered(self, allowed: bool) -> bool:  # noqa: FBT001 - as the link calls it
        """Whether the access list let it through."""
        await self._answer()
        self._on_their_way -= 1
        return allowed

    async def lost(self) -> None:
        """Wait until it is."""
        await asyncio.shield(self._lost)

    def cut(self) -> None:
        """The socket is closed."""
        self.listens = False
        if self._broker.client is self:
            self._broker.client = None
            if self._will is not None:
                self._broker.last_status = json.loads(self._will.payload)  # type: ignore[arg-type]  # it is bytes
        self._lost.cancel()

    def lose(self, why: str) -> None:
        """The broker has gone."""
        self.listens = False
        self._broker.spoilt += 1
        if not self._lost.done():
            self._lost.set_exception(aiomqtt.MqttError(why))
            self._lost.exception()  # it is known, also where nobody waits for it

    def arrives(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """A message comes."""
        self._arrived(topic, payload, retained)

    async def _answer(self) -> None:
        if self._broker.hangs:
            self._broker.spoilt += 1
            await asyncio.sleep(IO_S)
            raise aiomqtt.MqttError("Operation timed out")
        await asyncio.sleep(ANSWER_S)
        if self._broker.away or self._lost.done():
            self._broker.spoilt += 1
            raise aiomqtt.MqttError("Unexpected disconnection")


class _SameLoop:
    """A hub without a thread: one order of events for each seed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it."""
        self._tasks.add(self._loop.create_task(work, name=name))

    def call(self, function: Callable[..., object], *arguments: object) -> bool:
        """Call it soon."""
        self._loop.call_soon(function, *arguments)
        return True

    async def close(self) -> None:
        """End everything. Raises what a task has failed with."""
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _need(fact: object, otherwise: str) -> None:
    if not fact:
        raise Violation(otherwise)
