"""One lasting connection to a broker: made again whenever it is lost, with what must be said again said first.

`put` may be called from the loop that controls the belt: it appends and wakes, and waits for nothing. Everything else
runs in the hub's thread.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiomqtt

from retroctl.adapters.mqtt.client import READ_A_TURN, REFUSED, Client
from retroctl.adapters.mqtt.outbox import Outbox
from retroctl.adapters.mqtt.reasons import AGAIN_AND_AGAIN, LOST, TAKEN_OVER, NotAllowed, plain_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.hub import Hub
    from retroctl.adapters.mqtt.outbox import Outgoing

CONNECT_S: Final = 12.0
"""Name, TCP, TLS and the broker's answer, all of it."""
BACKOFF_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Pauses before trying again, each with up to half of it in addition; the last one lasts until the session ends."""
STEADY_S: Final = 10.0
"""A connection that held so long begins with the first pause again."""
BRIEF: Final = 2
"""So many connections in a row that were made and soon lost are told as that, unless the broker said why."""
AT_ONCE: Final = 16
"""Messages that are on their way before the first of them is acknowledged, or as few as the broker allows (MQTT 5):
less than Mosquitto's 20, and over a network with 20 ms there and back a STOP ALL for 50 machines takes a tenth of a
second and not one."""
HANDED: Final = 1024
"""What waits for this thread to run at all."""
FAREWELL_S: Final = 1.0
"""For what still waits and the last word, and as much again for taking leave of the broker."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came. `retained`: the broker had kept it, and it says nothing about now."""

    topic: str
    payload: bytes
    retained: bool


@dataclass(slots=True)
class Counts:
    """What a link has done. Written in the hub's thread."""

    connects: int = 0
    sent: int = 0
    received: int = 0
    dropped_out: int = 0
    denied: int = 0
    failures: int = 0
    last_failure: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the link stands. `why`: of the last failure, in plain words; empty while connected."""

    connected: bool
    why: str = ""


def _nothing() -> Sequence[Outgoing]:
    return ()


@dataclass(slots=True)
class Handlers:
    """What a link asks and tells; all are called in the hub's thread and must be quick."""

    arrived: Callable[[Incoming], None] = lambda _message: None
    greeting: Callable[[], Sequence[Outgoing]] = _nothing
    """What is said first on every connection."""
    farewell: Callable[[], Sequence[Outgoing]] = _nothing
    """What is said last, when the link is closed in order."""
    standing: Callable[[Standing], None] = lambda _standing: None


class Link:
    """A connection that lasts until `close`."""

    _client = Client
    """Where the network begins: what a link in the storm has another of."""

    def __init__(
        self,
        hub: Hub,
        broker: Broker,
        *,
        identifier: str,
        subscriptions: Sequence[str] = (),
        lightly: Sequence[str] = (),
        wished: Sequence[str] = (),
        will: Outgoing | None = None,
        handlers: Handlers | None = None,
        jitter: Callable[[], float] = random.random,
        wake: Callable[[Callable[[], None]], object] = lambda rouse: rouse(),
        read_a_turn: int = READ_A_TURN,
    ) -> None:
        """`identifier`: unique at the broker; who comes with the same one throws the other off.

        `subscriptions` are listened to with QoS 1, `lightly` with QoS 0: what comes in numbers must not take the place
        of the few that count, where the broker has things waiting and drops what is too much. `wished`: topics that are
        listened to where the broker allows it; without a subscription there is no link. `wake` is given what rouses the
        hub's thread, and may do that a little later. `read_a_turn`: the client's.
        """
        self.counts = Counts()
        self._hub, self._broker, self._identifier = hub, broker, identifier
        self._subscriptions = tuple((topic, 1) for topic in subscriptions) + tuple((topic, 0) for topic in lightly)
        self._wished, self._will = tuple(wished), will
        self._handlers = handlers or Handlers()
        self._jitter, self._wake, self._read_a_turn = jitter, wake, read_a_turn
        self._handed: deque[Callable[[], Outgoing | None]] = deque()
        self._woken = False
        self._waiting = Outbox()
        self._fresh: asyncio.Event | None = None
        self._closing: asyncio.Event | None = None
        self._farewell_s = FAREWELL_S
        self._talking = self._ends = False
        self.connected = False
        self._over = threading.Event()

    # -- from any thread -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Connect, and stay connected."""
        self._hub.spawn(self._live(), f"mqtt link {self._identifier}")

    def put(self, make: Callable[[], Outgoing | None]) -> bool:
        """Have something published when that is possible. It is made in the hub's thread; None is nothing.

        False, and counted as dropped, where the hub's thread has not come to what was put before.
        """
        if len(self._handed) >= HANDED:
            self.counts.dropped_out += 1
            return False
        self._handed.append(make)
        if not self._woken:
            self._woken = True
            self._wake(self._rouse)
        return True

    def _rouse(self) -> None:
        self._hub.call(self._take_handed)

    def close(self, farewell_s: float = FAREWELL_S) -> None:
        """End in order, with the farewell, which may take so long; not waited for here."""
        self._hub.call(self._end, farewell_s)

    def ended(self, wait_s: float) -> bool:
        """Whether it has ended, within `wait_s`. Blocks at most so long."""
        return self._over.wait(wait_s)

    # -- in the hub's thread ---------------------------------------------------------------------------------------

    def _take_handed(self) -> None:
        self._woken = False
        while self._handed:
            try:
                message = self._handed.popleft()()
            except Exception as error:  # noqa: BLE001 - a message that cannot be made must not hold up the others
                self.counts.dropped_out += 1
                self.counts.last_failure = f"{type(error).__name__}: {error}"[:200]
                continue
            if message is None:
                continue
            self.counts.dropped_out += self._waiting.put(message)
        if self._fresh is not None:
            self._fresh.set()

    def _end(self, farewell_s: float) -> None:
        self._take_handed()
        self._farewell_s, self._ends = farewell_s, True
        if self._closing is not None:
            self._closing.set()

    async def _live(self) -> None:
        try:
            await self._again_and_again()
        finally:
            self.connected = False
            self._over.set()

    async def _again_and_again(self) -> None:
        self._fresh, self._closing = asyncio.Event(), asyncio.Event()
        if self._ends:  # closed before it had begun
            return
        loop = asyncio.get_running_loop()
        attempt = brief = 0
        while not self._closing.is_set():
            began = loop.time()
            why = await self._once()
            held_s = loop.time() - began if self.connected else 0.0
            brief = brief + 1 if 0 < held_s < STEADY_S else 0
            why = AGAIN_AND_AGAIN if brief >= BRIEF and why == LOST else why
            self.connected = False
            if self._closing.is_set():
                return
            self.counts.failures += 1
            self.counts.last_failure = why
            self._handlers.standing(Standing(connected=False, why=why))
            attempt = 0 if held_s >= STEADY_S else attempt + 1
            pause = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
            with suppress(TimeoutError):
                async with asyncio.timeout(pause * (1 + self._jitter() / 2)):
                    await self._closing.wait()

    async def _once(self) -> str:
        """One connection, from its making to its end; gives why it ended, in plain words."""
        will = self._will
        last = None if will is None else aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain)
        client = None
        try:
            client = self._client(self._broker, self._identifier, last, self._arrived, self._read_a_turn)
            async with asyncio.timeout(CONNECT_S):
                await client.__aenter__()
            # Leave is taken only behind the last word. Whatever else ends a connection ends it without a word, so that
            # the broker says the last will: what it keeps must not call this program well when it is gone.
            if await self._talk(client):
                with suppress(aiomqtt.MqttError, TimeoutError):
                    async with asyncio.timeout(self._farewell_s):
                        await client.__aexit__(None, None, None)
        except TimeoutError:
            return f"no answer within {CONNECT_S:g} s"
        except Exception as error:  # noqa: BLE001 - the end of a connection; the next one begins anew
            return TAKEN_OVER if client is not None and client.taken_over else plain_reason(error)
        finally:
            if client is not None:
                client.cut()
        return LOST

    async def _talk(self, client: Client) -> bool:
        """Until the connection ends; whether it was ended from here, with the last word said."""
        for topic, qos in self._subscriptions:
            await subscribed(client, topic, qos)
        for topic in self._wished:
            with suppress(NotAllowed):
                await subscribed(client, topic)
        greeting = self._handlers.greeting()
        if greeting and not await self._publish(client, greeting[:1]):
            raise NotAllowed(f"the broker's access list does not let this user speak on {greeting[0].topic}")
        await self._publish(client, greeting[1:])
        self.connected = True
        self.counts.connects += 1
        self._handlers.standing(Standing(connected=True))
        closing, fresh = self._closing, self._fresh
        if closing is None or fresh is None:
            return False
        self._talking = True
        ending = asyncio.create_task(closing.wait(), name="mqtt until closed")
        writer = asyncio.create_task(self._write(client, fresh), name="mqtt write")
        tasks = (ending, writer, asyncio.create_task(client.lost(), name="mqtt until lost"))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            until = asyncio.get_running_loop().time() + self._farewell_s
            if closing.is_set():
                # What is on its way is answered first: said again beside it, it would be more than the broker takes.
                self._talking = False
                fresh.set()
                done |= (await asyncio.wait((writer,), timeout=self._farewell_s))[0]
        finally:
            self._talking = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for ended in done:
            ended.result()  # raises what ended it
        if not closing.is_set() or writer not in done:
            return False
        async with asyncio.timeout_at(until):
            return await self._say_goodbye(client)

    async def _say_goodbye(self, client: Client) -> bool:
        """Whether the broker has taken the last word."""
        while messages := self._waiting.some(AT_ONCE, time.monotonic()):
            await self._publish(client, messages)
        return await self._publish(client, self._handlers.farewell())

    def _arrived(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as the client calls it
        self.counts.received += 1
        self._handlers.arrived(Incoming(topic, payload, retained))

    async def _write(self, client: Client, fresh: asyncio.Event) -> None:
        while self._talking:
            messages = self._waiting.some(AT_ONCE, time.monotonic())
            if not messages:
                fresh.clear()
                await fresh.wait()
                continue
            await self._publish(client, messages)

    async def _publish(self, client: Client, messages: Sequence[Outgoing]) -> bool:
        """Have the broker take them, in this order; whether its access list lets all through, as far as it says so.

        What it has not taken when this raises waits on.
        """
        at_once = min(AT_ONCE, client.receive_maximum)
        well = True
        for first in range(0, len(messages), at_once):
            several = messages[first : first + at_once]
            answers = [client.say(message) for message in several]  # all on their way before one is waited for
            for message, answer in zip(several, answers, strict=True):
                allowed = await client.answered(answer)
                self._waiting.done(message)
                self.counts.sent += 1
                self.counts.denied += not allowed
                well = well and allowed
                if message.taken is not None:
                    message.taken(allowed)
        return well


async def subscribed(client: Client, topic: str, qos: int = 1) -> None:
    """Subscribe. Raises NotAllowed."""
    granted = await client.subscribe(topic, qos=qos)
    first = granted[0]
    code = first if isinstance(first, int) else first.value
    if code >= REFUSED:
        raise NotAllowed(f"the broker's access list does not let this user read {topic}")
