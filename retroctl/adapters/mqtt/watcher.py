"""The reading side, for whoever looks at a whole club: parsed messages of all machines, and Stop for any of them."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from retroctl.adapters.mqtt.link import Handlers, Link
from retroctl.adapters.mqtt.messages import (
    FINAL,
    Ack,
    Session,
    State,
    Status,
    Stop,
    Unreadable,
    decoded,
    encoded,
    now_ts,
)
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.topics import Leaf, Machine, of_club, parsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.hub import Hub
    from retroctl.adapters.mqtt.link import Counts, Incoming, Standing
    from retroctl.adapters.mqtt.messages import FromMachine

ALL: Final = (Leaf.STATUS, Leaf.STATE, Leaf.EVENT, Leaf.SESSION, Leaf.ACK)
_MANY: Final = frozenset({Leaf.STATE, Leaf.EVENT})
"""Nine of ten messages. A state is followed by the next, and what an alarm blocks stands in it."""
MACHINES: Final = 2000
"""More machines than that are not taken in: a club's broker has been flooded with made-up ones."""
EVENTS: Final = 4096
"""Events and acknowledgements that wait to be read; the oldest are dropped and counted."""
READ_A_TURN: Final = 200
"""10,000 packets a second: no belt is controlled where somebody watches, and what is not read waits at the broker. One
keeps 1,000 messages for a client and drops the rest; a STOP ALL for 500 machines brought 5,000 a second."""
ACK_S: Final = 30.0
"""A stop's end is awaited for so long: a belt may take 10 s, and is called not confirmed then; and a machine that
connects anew may be back only after 23 s."""
AGAIN_S: Final = 2.0
"""A stop of which nothing is heard is asked for again so often."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message, with how it came.

    `retained`: the broker had kept it: its age is known by its `ts` only. `at`: `time.monotonic()` when it came.
    """

    machine: Machine
    message: FromMachine
    retained: bool
    at: float


@dataclass(frozen=True, slots=True)
class Garbage:
    """Something on a machine's topic that is none of its messages."""

    topic: str
    why: str


@dataclass(slots=True)
class Read:
    """What a watcher has come across. Written in the hub's thread."""

    messages: int = 0
    garbage: int = 0
    replaced: int = 0
    """Newer of the same topic came before the older was read."""
    dropped: int = 0
    last_garbage: Garbage | None = None


@dataclass(slots=True)
class _Box:
    """What waits to be read: of each status, state and session the newest, events and acknowledgements in order."""

    newest: dict[tuple[Machine, Leaf], Heard] = field(default_factory=dict)
    passing: deque[Heard] = field(default_factory=deque)


class Watcher:
    """Watches every machine of a club, or only some of its topics.

    Made and used in one loop; the connection lives in the hub's thread, and is made again for as long as this lasts.
    A slow reader sees less often, never later: it gets the newest of each machine.
    """

    def __init__(
        self, hub: Hub, broker: Broker, club: str, *, leaves: tuple[Leaf, ...] = ALL, name: str = "watch"
    ) -> None:
        """`name`: what the identifier at the broker begins with."""
        self._loop = asyncio.get_running_loop()
        self._box, self._lock = _Box(), threading.Lock()
        self._machines: set[Machine] = set()
        self._fresh = asyncio.Event()
        self._tried = asyncio.Event()
        self._woken = False
        self._waiting: dict[tuple[Machine, str], asyncio.Queue[Ack]] = {}
        """Of each Stop, by its machine: another that knows the id must not speak for it."""
        self.read = Read()
        self.standing: Standing | None = None
        """How the connection stands, None before the first try; of the loop in which this was made."""
        self.link = Link(
            hub,
            broker,
            identifier=f"retroctl-{name}-{club}-{secrets.token_hex(4)}",
            subscriptions=[of_club(club, leaf) for leaf in leaves if leaf not in _MANY],
            lightly=[of_club(club, leaf) for leaf in leaves if leaf in _MANY],
            handlers=Handlers(arrived=self._arrived, standing=self._stands),
            read_a_turn=READ_A_TURN,
        )
        self._closed = False

    @property
    def counts(self) -> Counts:
        """What the link has done."""
        return self.link.counts

    def begin(self) -> None:
        """Connect, and stay connected."""
        self.link.begin()

    async def reached(self, wait_s: float) -> Standing | None:
        """How the connection stands once it was tried, or None where that takes more than `wait_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._tried.wait()
        return self.standing

    async def close(self, wait_s: float = 1.5) -> None:
        """End; iteration ends too."""
        self._closed = True
        self._fresh.set()
        self.link.close()
        await asyncio.to_thread(self.link.ended, wait_s)

    async def batches(self) -> AsyncIterator[list[Heard]]:
        """What came since the last time, again and again, until closed; also an empty list when only `standing` did."""
        while not self._closed:
            await self._fresh.wait()
            self._fresh.clear()
            yield self.take()

    def take(self) -> list[Heard]:
        """What came since the last time, at once: newest states first, then events in order."""
        with self._lock:
            self._woken = False
            box, self._box = self._box, _Box()
        return [*box.newest.values(), *box.passing]

    async def stop(self, machine: Machine, *, by: str, wait_s: float = ACK_S) -> AsyncIterator[Ack]:
        """Ask a machine to stop, and give what is heard of it, until it is final or `wait_s` have passed.

        Nothing at all: neither broker nor machine has answered. Until something is heard the request goes out again
        and again, since a machine's program that is just connecting has not heard it.
        """
        request = Stop(id=secrets.token_hex(8), ts=now_ts(), by=by[:80])
        waiting: asyncio.Queue[Ack] = asyncio.Queue(maxsize=16)
        self._waiting[machine, request.id] = waiting
        outgoing = Outgoing(machine.topic(Leaf.STOP), encoded(request))
        self.link.put(lambda: outgoing)
        heard = False
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    try:
                        async with asyncio.timeout(None if heard else AGAIN_S):
                            ack = await waiting.get()
                    except TimeoutError:
                        self.link.put(lambda: outgoing)
                        continue
                    heard = True
                    yield ack
                    if ack.result in FINAL and ack.result != "not_confirmed":
                        return
        except TimeoutError:
            return
        finally:
            del self._waiting[machine, request.id]

    # -- in the hub's thread ---------------------------------------------------------------------------------------

    def _stands(self, standing: Standing) -> None:
        def note() -> None:
            self.standing = standing
            self._tried.set()
            self._fresh.set()

        self._to_loop(note)

    def _arrived(self, incoming: Incoming) -> None:
        place = parsed(incoming.topic)
        if place is None or place[1] is Leaf.STOP:
            return
        machine, leaf = place
        if not incoming.payload and incoming.retained is False:
            return  # somebody cleared what was retained
        try:
            message = decoded(leaf, incoming.payload)
        except Unreadable as error:
            self.read.garbage += 1
            self.read.last_garbage = Garbage(incoming.topic[:120], str(error))
            return
        if machine not in self._machines and len(self._machines) >= MACHINES:
            self.read.dropped += 1
            return
        self._machines.add(machine)
        self.read.messages += 1
        if not isinstance(message, Stop):
            self._keep(leaf, Heard(machine, message, incoming.retained, time.monotonic()))

    def _keep(self, leaf: Leaf, heard: Heard) -> None:
        with self._lock:  # held for a moment, here and where it is read; the belt's control does not come by
            self._put_in(self._box, leaf, heard)
            rouse, self._woken = not self._woken, True
        if isinstance(heard.message, Ack):
            self._to_loop(self._acknowledged, heard.machine, heard.message)
        if rouse:
            self._to_loop(self._fresh.set)

    def _put_in(self, box: _Box, leaf: Leaf, heard: Heard) -> None:
        if isinstance(heard.message, Status | State | Session):
            key = (heard.machine, leaf)
            self.read.replaced += key in box.newest
            box.newest[key] = heard
            return
        if len(box.passing) >= EVENTS:
            box.passing.popleft()
            self.read.dropped += 1
        box.passing.append(heard)

    def _acknowledged(self, machine: Machine, ack: Ack) -> None:
        waiting = None if ack.id is None else self._waiting.get((machine, ack.id))
        if waiting is not None and not waiting.full():
            waiting.put_nowait(ack)

    def _to_loop(self, function: object, *arguments: object) -> None:
        if self._loop.is_closed():
            return
        try:
            self._loop.call_soon_threadsafe(function, *arguments)  # type: ignore[arg-type]
        except RuntimeError:
            return  # closed meanwhile
