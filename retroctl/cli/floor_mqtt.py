"""A club's MQTT messages as the floor's news, and the floor's Stops as messages."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.adapters.mqtt.messages import Ack, Event, State, Status, Stop, encoded, now_ts
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.topics import Leaf, Machine
from retroctl.app.floor_news import AckNews, Alarm, AlarmNews, Answer, Origin, Presence, StateNews, StatusNews
from retroctl.domain.effects import StopView
from retroctl.domain.failsafes import FAILSAFES, FailsafeId
from retroctl.errors import ConfigError
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.mqtt.messages import Said
    from retroctl.adapters.mqtt.watcher import Heard, Watcher
    from retroctl.app.floor import Floor
    from retroctl.app.floor_news import News

LEAVES: Final = (Leaf.STATUS, Leaf.STATE, Leaf.EVENT, Leaf.ACK)
"""What the floor listens to; plans and outcomes are not shown."""
AGAIN_S: Final = 0.02
"""The way to the broker's thread is bounded; where it is full, what is left is handed over a little later."""
LOOK_S: Final = 0.5
DENIED: Final = "the broker does not let this user stop it"

_QUIET: Final = frozenset({FailsafeId.F6.value})
"""A speed changed at the console is adopted by the trainer who stands there: a state, no alarm."""
_WORDS: Final = {
    "called_out": StopView.CALLED_OUT.value,
    "stopping": StopView.STOPPING.value,
    "not_confirmed": StopView.NOT_CONFIRMED.value,
    "silent": StopView.SILENT.value,
    "stopped": StopView.STOPPED.value,
}
_PRESENCE: Final = {
    "running": Presence.ONLINE,
    "silent": Presence.SILENT,
    "ended": Presence.ENDED,
    "lost": Presence.LOST,
}
_ANSWERS: Final = {
    "received": Answer.RECEIVED,
    "sent": Answer.WRITTEN,
    "accepted": Answer.ACCEPTED,
    "at_rest": Answer.AT_REST,
    "not_confirmed": Answer.NOT_CONFIRMED,
    "nothing_to_stop": Answer.NOTHING,
    "refused": Answer.REFUSED,
}


def news_of(heard: Heard) -> News | None:
    """What a message means to the floor; None for what it does not show."""
    name, message = heard.machine.name, heard.message
    match message:
        case State():
            return _state(_origin(name, message, heard), message)
        case Status():
            return StatusNews(_origin(name, message, heard), _PRESENCE[message.reason])
        case Event() if message.event == "alarm" and message.id is not None and message.id not in _QUIET:
            return AlarmNews(_origin(name, message, heard), Alarm(message.id, message.text or _alarm(message.id).text))
        case Ack() if message.id is not None:
            return AckNews(name, message.id, _ANSWERS[message.result])
        case _:
            return None


def _state(origin: Origin, message: State) -> StateNews:
    return StateNews(
        origin,
        message.state,
        client=message.client,
        measured=_speed(message.measured_kmh),
        measured_age_s=message.measured_age_s,
        target=_speed(message.target_kmh),
        hold_left_s=message.hold_left_s,
        alarms=tuple(_alarm(block) for block in message.blocks if block not in _QUIET),
        stop=None if message.stop is None else _WORDS[message.stop],
        problem=message.problem,
    )


def _origin(name: str, message: Said, heard: Heard) -> Origin:
    try:
        sent = datetime.fromisoformat(message.ts).timestamp()
    except ValueError:  # a month 13 has the right shape too
        sent = 0.0
    return Origin(name, message.run, message.seq, sent, kept=heard.retained)


def _speed(kmh: float | None) -> Speed | None:
    return None if kmh is None else Speed.from_kmh(kmh)


def _alarm(block: str) -> Alarm:
    try:
        return Alarm(block, FAILSAFES[FailsafeId(block)].alarm)
    except ValueError:  # of a newer program
        return Alarm(block, "AN ALARM THAT THIS VERSION DOES NOT KNOW")


class FloorWatch:
    """Fills a floor from a watcher, in the loop of both, and sends its Stops."""

    def __init__(self, floor: Floor, watcher: Watcher, club: str, *, changed: Callable[[], None] | None = None) -> None:
        """`changed` is called behind everything that was taken in."""
        self._floor, self._watcher, self._club = floor, watcher, club
        self._changed = changed or (lambda: None)
        self._linked: bool | None = None
        self._waiting: deque[tuple[str, str]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Until the watcher is closed."""
        looking = asyncio.create_task(self._look(), name="floor: looks at the broker")
        try:
            async for batch in self._watcher.batches():
                self._take(batch)
        finally:
            looking.cancel()

    def send(self, machine: str, stop_id: str) -> None:
        """Have a Stop published, as soon as the broker is there; waits for nothing."""
        self._waiting.append((machine, stop_id))
        if len(self._waiting) == 1:
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self.hand_over)

    def hand_over(self) -> None:
        """What was asked for goes to the broker's thread, as far as there is room."""
        try:
            while self._waiting:
                first = self._waiting.popleft()  # at once: one that cannot be made must not stand before the others
                if not self._handed(*first):
                    self._waiting.appendleft(first)
                    break
        finally:
            if self._waiting and self._loop is not None:
                self._loop.call_later(AGAIN_S, self.hand_over)

    def _handed(self, machine: str, stop_id: str) -> bool:
        try:
            topic = Machine(self._club, machine).topic(Leaf.STOP)
        except ConfigError as error:
            self._floor.sent(stop_id, time.monotonic(), failed=str(error))
            return True
        outgoing = Outgoing(
            topic,
            encoded(Stop(id=stop_id, ts=now_ts(), by="floor")),
            latest=True,  # of each machine the newest waits: a queue of all would drop the oldest
            until=self._floor.fresh_until(stop_id),
            taken=partial(self._soon, stop_id),
        )
        return self._watcher.link.put(lambda: outgoing)

    def _soon(self, stop_id: str, allowed: bool) -> None:
        """From the broker's thread into this one."""
        if self._loop is not None:
            with suppress(RuntimeError):  # closed meanwhile
                self._loop.call_soon_threadsafe(self._taken, stop_id, allowed)

    def _taken(self, stop_id: str, allowed: bool) -> None:
        now = time.monotonic()
        if allowed:
            self._floor.sent(stop_id, now)
        else:
            self._floor.refused(stop_id, DENIED, now)

    def _take(self, batch: list[Heard]) -> None:
        now, utc = time.monotonic(), time.time()
        self._stands(now)
        for heard in batch:
            news = news_of(heard)
            if news is not None:
                self._floor.hear(news, heard.at, utc - (now - heard.at))
        self._changed()

    def _stands(self, now: float) -> None:
        standing = self._watcher.standing
        if standing is None or standing.connected is self._linked:
            return
        self._linked = standing.connected
        if standing.connected:
            self._floor.linked(now)
        else:
            self._floor.unlinked(now, standing.why)

    async def _look(self) -> None:
        """What nobody answered is sent again."""
        while True:
            await asyncio.sleep(LOOK_S)
            for machine, stop_id in self._floor.due(time.monotonic()):
                self.send(machine, stop_id)
