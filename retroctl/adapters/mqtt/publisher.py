"""One machine's voice on a broker, and its ear for Stop.

Beside the loop that controls the belt: a listener of reports that only hands over, a look once a second, and the way
of a remote Stop, which goes into the runner in one call like a key. Everything else is done in the hub's thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.mqtt.desk import StopDesk
from retroctl.adapters.mqtt.door import Door, Refused, source_of
from retroctl.adapters.mqtt.link import Handlers, Link
from retroctl.adapters.mqtt.messages import Ack, Event, encoded
from retroctl.adapters.mqtt.narrator import Narrator, outcome_of
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.topics import Leaf
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.hub import Hub
    from retroctl.adapters.mqtt.link import Counts, Incoming, Standing
    from retroctl.adapters.mqtt.messages import FromMachine, Stop
    from retroctl.adapters.mqtt.narrator import Identity
    from retroctl.app.snapshot import Snapshot

STATE_S: Final = 1.0
"""The state is told at least so often."""
STOPPING_S: Final = 0.25
"""And while a stop is under way, or somebody waits to hear of one."""
SILENT_S: Final = 3.0
"""When the controlling loop has handed over nothing for so long, the status says so."""
AGAIN_S: Final = 0.5
"""Remote stops closer together than this are one, while the belt is being stopped: a flood must not fill the record."""
STOPS: Final = 64
"""Requests on their way into the controlling loop."""
RECORDED: Final = 200
"""Refusals that a run records."""
AFTER_S: Final = 0.005
"""The hub's thread is woken so long after something was handed over: a Stop is on its way by then."""
CLOSE_S: Final = 2.0

_AT_ONCE: Final = frozenset({Kind.STATE, Kind.STOP, Kind.ALARM})


class MachinePublisher:
    """`begin` in the controlling loop, give it every report, `close` at the end."""

    def __init__(
        self,
        hub: Hub,
        broker: Broker,
        identity: Identity,
        *,
        picture: Callable[[], Snapshot | None],
        elapsed: Callable[[], float],
        stop: Callable[[str], None],
        note: Callable[[str], None] = lambda _text: None,
        standing: Callable[[Standing], None] = lambda _standing: None,
        extras: Sequence[Outgoing] = (),
        hail: str | None = None,
        link: type[Link] = Link,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """All functions are called in the controlling loop.

        `picture`: the session as it is, None before there is one. `elapsed`: seconds since the run began. `stop`:
        what a STOP key calls, with who asked. `note`: a line for the record. `standing`: how the connection stands.
        `extras`: retained messages said on every connection, and when `hail` (a topic) says `online`. `link`, `clock`:
        another way to a broker, and its time.
        """
        self._hub, self._identity = hub, identity
        self._picture, self._elapsed = picture, elapsed
        self._stop, self._note, self._standing = stop, note, standing
        self._extras, self._hail = tuple(extras), hail
        self._clock = clock
        self._narrator = Narrator(identity)
        machine = identity.machine
        will = self._retained(Leaf.STATUS, self._narrator.status("lost"))
        self.link = link(
            hub,
            broker,
            # A dot stands in no name: machine 1 of the club north-west is not west-1 of north.
            identifier=f"retroctl-{machine.club}.{machine.name}",
            subscriptions=[machine.topic(Leaf.STOP)],
            wished=[hail] if hail else [],
            will=will,
            handlers=Handlers(self._arrived, self._greeting, self._farewell, self._stands),
            wake=self._wake,
        )
        self._door = Door(machine.topic(Leaf.STOP))
        self._desk = StopDesk()
        # Of the hub's thread.
        self._last: dict[Leaf, Outgoing] = {}
        self._seen_at = self._clock()
        self._silent = False
        # Between the two.
        self._stops: deque[tuple[Stop, float]] = deque()
        self._control: asyncio.AbstractEventLoop | None = None
        self._control_thread = 0
        # Of the controlling loop.
        self._look: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None
        self._pressed_at = float("-inf")
        self._recorded = 0
        self._at_rest = False
        self._closed = False

    # -- in the controlling loop -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Connect, in the hub's thread, and tell the state from now on."""
        self._control, self._control_thread = asyncio.get_running_loop(), threading.get_ident()
        self.link.begin()
        self._hub.spawn(self._watch(), f"mqtt watch {self._identity.machine.path}")
        self._say_state()

    def __call__(self, report: Report) -> None:
        """Something happened in the run: handed over, to be told when that is possible."""
        if self._closed:
            return
        self.link.put(lambda: self._event(report))
        picture = self._picture() if self._desk or report.kind is Kind.COMMAND else None
        self._acknowledge(self._desk.take_in(report, picture, self._clock()))
        if report.kind in _AT_ONCE and self._soon is None and self._control is not None:
            self._soon = self._control.call_soon(self._say_state)

    def session_begun(self, *, cap_kmh: float, stages: Sequence[Mapping[str, Any]]) -> None:
        """The session has a plan. `stages`: kind, facing, target_kmh, hold_s of each."""
        kept = tuple(dict(stage) for stage in stages)
        self.link.put(lambda: self._kept(Leaf.SESSION, self._narrator.session(cap_kmh=cap_kmh, stages=kept)))

    def session_ended(self, summary: Mapping[str, Any], exit_status: int) -> None:
        """The run has ended so."""
        self._at_rest = bool(summary.get("belt_at_rest"))
        outcome = outcome_of(summary, exit_status)
        self.link.put(lambda: self._kept(Leaf.SESSION, self._narrator.session(outcome=outcome)))

    async def close(self, wait_s: float = CLOSE_S) -> bool:
        """Say that it is over, and end the connection; whether that was done in time."""
        # What the broker keeps from here on says nothing of a person.
        self.link.put(self._narrator.forget_client)
        self._say_state()
        self._closed = True
        for handle in (self._look, self._soon):
            if handle is not None:
                handle.cancel()
        self._acknowledge(self._desk.end(at_rest=self._at_rest, now=self._clock()))
        self.link.close(wait_s / 2)
        return await asyncio.to_thread(self.link.ended, wait_s)

    @property
    def counts(self) -> Counts:
        """What the link has done."""
        return self.link.counts

    @property
    def uncounted(self) -> int:
        """Requests to stop that were not told what became of them, because too many waited."""
        return self._desk.uncounted

    def _say_state(self) -> None:
        for handle in (self._look, self._soon):
            if handle is not None:
                handle.cancel()
        self._look = self._soon = None
        if self._closed or self._control is None:
            return
        picture, t, made = self._picture(), self._elapsed(), self._clock()
        self.link.put(lambda: self._state(picture, t, made))
        self._acknowledge(self._desk.look(picture, made))
        pause = STOPPING_S if self._desk or self._desk.stopping else STATE_S
        self._look = self._control.call_later(pause, self._say_state)

    def _acknowledge(self, acks: list[dict[str, Any]]) -> None:
        for fields in acks:
            self._put_ack(fields)

    def _put_ack(self, fields: dict[str, Any]) -> None:
        self.link.put(lambda: self._passing(Leaf.ACK, self._narrator.ack(**fields)))

    def _take_stops(self) -> None:
        """What came in is pressed like a key. The belt first, the paperwork behind it."""
        came: list[tuple[Stop, float]] = []
        while self._stops:
            came.append(self._stops.popleft())
        if not came or self._closed:
            return
        now = self._clock()
        for stop, at in came:
            self._acknowledge(self._desk.ask(stop.id, at))
        if self._desk.stopping and now - self._pressed_at < AGAIN_S:
            return
        self._pressed_at = now
        self._stop(source_of(came[0][0]))
        if self._picture() is None:
            self._acknowledge(self._desk.nothing(now))

    def _record(self, refused: Refused) -> None:
        self._recorded += 1
        if self._recorded <= RECORDED and not self._closed:
            self._note(refused.words)

    def _wake(self, rouse: Callable[[], None]) -> None:
        """Not before what this turn decided is on its way: a thread that wakes up now would take its place."""
        control = self._control
        if control is None or threading.get_ident() != self._control_thread:
            rouse()
        else:
            control.call_later(AFTER_S, rouse)

    def _told(self, standing: Standing) -> None:
        if not self._closed:
            self._standing(standing)

    # -- in the hub's thread ---------------------------------------------------------------------------------------

    def _to_control(self, function: Callable[..., None], *arguments: object) -> None:
        control = self._control
        if control is not None and not control.is_closed():
            try:
                control.call_soon_threadsafe(function, *arguments)
            except RuntimeError:
                return  # it was closed meanwhile: the run is over

    def _arrived(self, message: Incoming) -> None:
        now = self._clock()
        if self._hail is not None and message.topic == self._hail:
            if message.payload == b"online" and not message.retained:
                for extra in (*self._extras, *self._last.values()):
                    self.link.put(partial(_itself, extra))
            return
        judged = self._door.judge(message, now)
        if isinstance(judged, Refused):
            refused = judged
            self.link.put(lambda: self._passing(Leaf.ACK, self._refusal(refused)))
            self._to_control(self._record, judged)
        elif judged is not None and len(self._stops) < STOPS:
            stop_id = judged.id
            self.link.put(lambda: self._passing(Leaf.ACK, self._received(stop_id)))
            self._stops.append((judged, now))
            self._to_control(self._take_stops)

    def _received(self, stop_id: str) -> Ack:
        return self._narrator.ack(id=stop_id, result="received", text="received; it is being handed to the session")

    def _refusal(self, refused: Refused) -> Ack:
        return self._narrator.ack(id=None, result="refused", text=refused.words[:300])

    def _event(self, report: Report) -> Outgoing | None:
        event = self._narrator.event(report)
        return None if event is None else self._passing(Leaf.EVENT, event)

    def _state(self, picture: Snapshot | None, t: float, made: float) -> Outgoing:
        self._seen_at = max(self._seen_at, made)
        return self._kept(Leaf.STATE, self._narrator.state(picture, t))

    def _kept(self, leaf: Leaf, message: FromMachine) -> Outgoing:
        outgoing = self._last[leaf] = self._retained(leaf, message)
        return outgoing

    def _retained(self, leaf: Leaf, message: FromMachine) -> Outgoing:
        return Outgoing(self._narrator.topic(leaf), encoded(message), retain=True, latest=True)

    def _passing(self, leaf: Leaf, message: Event | Ack) -> Outgoing:
        return Outgoing(self._narrator.topic(leaf), encoded(message))

    def _greeting(self) -> Sequence[Outgoing]:
        known = [self._last[leaf] for leaf in (Leaf.SESSION, Leaf.STATE) if leaf in self._last]
        return (self._standing_status(), *known, *self._extras)

    def _standing_status(self) -> Outgoing:
        return self._kept(Leaf.STATUS, self._narrator.status("silent" if self._silent else "running"))

    def _farewell(self) -> Sequence[Outgoing]:
        return (self._retained(Leaf.STATUS, self._narrator.status("ended")),)

    def _stands(self, standing: Standing) -> None:
        self._to_control(self._told, standing)

    async def _watch(self) -> None:
        """Say so when the controlling loop has handed over nothing for too long: nobody may take it for well."""
        while not self.link.ended(0):
            await asyncio.sleep(1.0)
            silent = self._clock() - self._seen_at > SILENT_S
            if silent != self._silent and not self._closed:
                self._silent = silent
                self.link.put(self._standing_status)


def _itself(outgoing: Outgoing) -> Outgoing:
    return outgoing
