"""The single owner of a session: what arrives goes into the engine, what comes out is written, shown and recorded.

Everything here runs in one event loop and nothing in it waits for a screen, a disk or a broker. Stop has its own way:
`stop` goes into the engine in the same call, past the queue of frames, and its write is begun at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.last_resort import LastResort
from retroctl.app.ports import Disconnected, FrameArrived, LinkEvent, MachineInfo, Treadmill
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce, AnnouncementWithdrawn, Ended, EndReason
from retroctl.domain.transitions import ARMED_STATES, State
from retroctl.errors import LinkLost, ProcedureTimeout, TreadmillError, UnsupportedTreadmill, WriteRefused
from retroctl.ftms.procedure import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from retroctl.app.clock import Clock, Timer

QUEUE: Final = 512
"""Frames that may wait to be taken in; at 10 Hz nearly a minute. When full the oldest Treadmill Data go."""
RECONNECT_FOR_S: Final = 60.0
"""After a lost link, so long is spent on finding the machine again, to observe or stop."""
RECONNECT_PAUSE_S: Final = 1.0
COUNTDOWN_FROM: Final = 3
COUNTDOWN_SPARE_S: Final = 2
"""A countdown begins so long after the announcement, so that the sentence comes first."""


class ExitStatus(IntEnum):
    """The program's exit status."""

    OK = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    NO_TREADMILL = 3
    NOT_AT_REST = 4


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended."""

    status: ExitStatus
    reason: str
    belt_at_rest: bool


class Runner:
    """Runs one session on one treadmill: `connect`, `begin`, `finish`. Any exception or way out stops the belt."""

    def __init__(
        self,
        treadmill: Treadmill,
        clock: Clock,
        *,
        listeners: list[Callable[[Report], None]],
        exit_wait_s: float,
        attended: bool,
    ) -> None:
        """`exit_wait_s`: the longest wait for the belt to rest on the way out. `attended`: a person is at the keys."""
        self._treadmill, self.clock = treadmill, clock
        self._listeners = listeners
        self._exit_wait_s, self._attended = exit_wait_s, attended
        self.began_at = clock.now()
        self._engine: Engine | None = None
        self._queue: deque[LinkEvent] = deque()
        self._arrived = asyncio.Event()
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: Timer | None = None
        self._countdown: list[Timer] = []
        self._generation = 0
        self._end: Ended | None = None
        self._exit_source: str | None = None
        self._gave_up: str | None = None
        self._stop_began_at: float | None = None
        self._error: BaseException | None = None
        self._relinking = False

    # -- the life of a run -----------------------------------------------------------------------------------------

    async def connect(self) -> MachineInfo:
        """Connect and observe; nothing is written. Raises TreadmillError."""
        info = await self._treadmill.open(self._sink, lambda: None)
        self._generation = info.generation
        for remark in info.remarks:
            self.report(Kind.LINK, {"remark": remark})
        return info

    def begin(self, engine: Engine) -> None:
        """Hand over the engine, made from what the machine said of itself."""
        self._engine = engine
        self._spawn(self._pump(), "take in frames")
        self._take(engine.handle(ev.Connected(), self.now()))

    async def finish(self) -> Result:
        """Wait for the end, let go of the machine and say how it ended. Also the way out when cancelled."""
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            self.leave("cancelled")
            await self._over.wait()
        if self._error is not None:
            await self._save_belt()
        result = self._result()
        await self._close()
        return result

    async def abandon(self) -> None:
        """Let go of a machine on which no session was begun."""
        await self._close()

    # -- what people do --------------------------------------------------------------------------------------------

    def tell(self, event: ev.Event) -> None:
        """Something a person did, or a front end noticed."""
        engine = self._engine
        if engine is not None:
            self._guarded(lambda: engine.handle(event, self.now()))

    def stop(self, source: str, *, person: bool = True) -> None:
        """Stop: straight into the engine, and its write begins in this call."""
        self.tell(ev.StopRequested(source, person))

    def leave(self, source: str) -> None:
        """A way out of the program: stop if anything was armed, wait for rest within the bound, then end."""
        if self._exit_source is not None:
            return
        self._exit_source = source
        self.report(Kind.EVENT, {"event": "Leaving", "source": source})
        if self._engine is None:
            self._over.set()
            return
        self.stop(source, person=False)
        self.clock.call_at(self.now() + self._exit_wait_s, lambda: self._give_up("the belt was not seen at rest"))
        self._check_over()

    # -- looking at it ---------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Session time."""
        return self.clock.now()

    @property
    def engine(self) -> Engine | None:
        """The engine, once there is one. Read only."""
        return self._engine

    @property
    def leaving(self) -> bool:
        """Whether a way out has been taken."""
        return self._exit_source is not None

    def report(self, kind: Kind, data: dict[str, object]) -> None:
        """Tell the listeners something that is not the engine's."""
        self._tell_listeners(Report(round(self.now() - self.began_at, 3), kind, data))

    # -- engine in, outputs out ------------------------------------------------------------------------------------

    def _guarded(self, call: Callable[[], list[Output]]) -> None:
        """Run the engine; whatever goes wrong in it or in what follows stops the belt."""
        if self._error is not None:
            return
        try:
            self._take(call())
        except Exception as error:  # noqa: BLE001 - the end of the line for a bug: the belt is brought to rest first
            self._fail(error)

    def _take(self, outputs: list[Output]) -> None:
        # Writes first: a slow listener must not stand between a decision and the wire.
        for output in outputs:
            if isinstance(output, Write):
                self._spawn(self._write(output), f"write {output.payload.hex()}")
            elif isinstance(output, DropLink):
                self._spawn(self._relink(drop=True), "drop the link")
        for output in outputs:
            match output:
                case Report():
                    self._tell_listeners(output)
                case Announce():
                    self._announce(output)
                case AnnouncementWithdrawn():
                    self._silence()
                case Ended():
                    self._end = output
                case _:
                    pass
        self._watch_stop()
        self._arm_timer()
        self._check_over()

    def _tell_listeners(self, report: Report) -> None:
        for listener in self._listeners:
            listener(report)

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        engine = self._engine
        deadline = None if engine is None else engine.next_deadline()
        self._timer = None if deadline is None else self.clock.call_at(deadline, self._on_time)

    def _on_time(self) -> None:
        engine = self._engine
        if engine is not None:
            self._guarded(lambda: engine.tick(self.now()))

    def _watch_stop(self) -> None:
        """With nobody at the keys a stop that the belt does not obey must end some time, as not confirmed."""
        if self._engine is None or self._engine.session.state is not State.STOPPING:
            self._stop_began_at = None
        elif self._stop_began_at is None and not self._attended:
            began = self._stop_began_at = self.now()

            def give_up() -> None:
                if self._stop_began_at == began:
                    self._give_up("the belt was not seen at rest")

            self.clock.call_at(began + self._exit_wait_s, give_up)

    # -- announcements ---------------------------------------------------------------------------------------------

    def _announce(self, announce: Announce) -> None:
        self._silence()
        engine, ends = self._engine, self.now() + announce.seconds
        first = min(COUNTDOWN_FROM, int(announce.seconds) - COUNTDOWN_SPARE_S)
        for left in range(first, 0, -1):
            self._countdown.append(self.clock.call_at(ends - left, partial(self._count, left)))

        def finished() -> None:
            if engine is not None:
                self._guarded(lambda: engine.handle(ev.AnnouncementFinished(announce.number), self.now()))

        self._countdown.append(self.clock.call_at(ends, finished))

    def _count(self, left: int) -> None:
        self.report(Kind.CUE, {"text": f"{left}"})

    def _silence(self) -> None:
        for timer in self._countdown:
            timer.cancel()
        self._countdown.clear()

    # -- the link --------------------------------------------------------------------------------------------------

    def _sink(self, event: LinkEvent) -> None:
        """Called by the adapter: only enqueues. A full queue drops the oldest Treadmill Data, never anything else."""
        if len(self._queue) >= QUEUE:
            stale = next((e for e in self._queue if isinstance(e, FrameArrived) and e.characteristic == "2acd"), None)
            if stale is not None:
                self._queue.remove(stale)
        self._queue.append(event)
        self._arrived.set()

    async def _pump(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                self._arrive(self._queue.popleft())

    def _arrive(self, event: LinkEvent) -> None:
        engine = self._engine
        if engine is None or event.generation < self._generation:
            return
        match event:
            case FrameArrived():
                self._guarded(lambda: engine.frame(event.characteristic, event.data, self.now()))
            case Disconnected():
                self.report(Kind.LINK, {"link": "lost", "generation": event.generation})
                self._guarded(lambda: engine.link_dropped(self.now()))
                self._spawn(self._relink(drop=False), "connect again")

    async def _write(self, write: Write) -> None:
        engine = self._engine
        error: int | None = None
        lost = False
        try:
            await self._treadmill.write(write.payload)
        except WriteRefused as refused:
            error = refused.code
        except (LinkLost, ProcedureTimeout, UnsupportedTreadmill) as gone:
            lost = True
            self.report(Kind.LINK, {"write": write.payload.hex(), "failed": str(gone)})
        if engine is not None:
            self._guarded(lambda: engine.write_returned(write.token, self.now(), error=error, lost=lost))

    async def _relink(self, *, drop: bool) -> None:
        """Connect again to observe or to stop, within the bound; one such task at a time."""
        engine = self._engine
        if engine is None or self._relinking or self._over.is_set():
            return
        if not drop and engine.session.state not in ARMED_STATES - {State.STOPPED, State.FAULTED}:
            return
        self._relinking = True
        try:
            if drop:
                await self._treadmill.close()
                self._guarded(lambda: engine.link_dropped(self.now()))
            await self._connect_again(engine)
        finally:
            self._relinking = False

    async def _connect_again(self, engine: Engine) -> None:
        until = self.now() + RECONNECT_FOR_S
        while self.now() < until:
            try:
                async with self.clock.timeout(max(0.1, until - self.now())):
                    info = await self._treadmill.open(self._sink, lambda: engine.urgent(self.now()))
            except (TreadmillError, TimeoutError) as error:
                self.report(Kind.LINK, {"link": "not restored", "reason": str(error)})
                await self.clock.sleep(RECONNECT_PAUSE_S)
                continue
            self._generation = info.generation
            self.report(Kind.LINK, {"link": "restored", "generation": info.generation})
            self._guarded(lambda: engine.handle(ev.LinkRestored(), self.now()))
            return
        self._give_up("the treadmill was not found again")

    # -- the end ---------------------------------------------------------------------------------------------------

    def _check_over(self) -> None:
        if self._end is None:
            return
        resting = self._engine is None or self._engine.session.state is not State.STOPPING
        if self._end.reason in (EndReason.ALREADY_MOVING, EndReason.NO_DATA, EndReason.LINK_LOST) or resting:
            self._over.set()

    def _give_up(self, reason: str) -> None:
        if not self._over.is_set():
            self._gave_up = reason
            self._over.set()

    def _fail(self, error: BaseException) -> None:
        """A bug of ours: note it, and end; `finish` brings the belt to rest without the engine."""
        if self._error is None:
            self._error = error
            self._over.set()

    async def _save_belt(self) -> None:
        """The engine is not to be trusted any more: stop the belt without it, if anything was armed."""
        engine = self._engine
        if engine is None or engine.session.state not in ARMED_STATES:
            return
        last = LastResort(self._treadmill, self.clock, self._generation)
        self._queue.clear()
        taking = asyncio.create_task(self._feed(last), name="frames for the last stop")
        try:
            at_rest = await last.stop(self._exit_wait_s)
        finally:
            taking.cancel()
        if not at_rest:
            self._gave_up = "the belt was not seen at rest"

    async def _feed(self, last: LastResort) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                event = self._queue.popleft()
                if isinstance(event, FrameArrived):
                    last.take_in(event)

    def _result(self) -> Result:
        if self._gave_up is not None:
            return Result(ExitStatus.NOT_AT_REST, self._gave_up, belt_at_rest=False)
        if self._error is not None:
            reason = f"a fault in this program: {type(self._error).__name__}: {self._error}"
            return Result(ExitStatus.INTERNAL_ERROR, reason, belt_at_rest=True)
        end = self._end
        if end is None:
            return Result(ExitStatus.OK, self._exit_source or "left", belt_at_rest=self._seen_at_rest())
        if end.reason in (EndReason.ALREADY_MOVING, EndReason.NO_DATA, EndReason.LINK_LOST):
            return Result(ExitStatus.NO_TREADMILL, end.text, belt_at_rest=self._seen_at_rest())
        return Result(ExitStatus.OK, end.text or end.reason.value, belt_at_rest=self._seen_at_rest())

    def _seen_at_rest(self) -> bool:
        return self._engine is not None and self._engine.session.belief.zero_frames > 0

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._silence()
        await self._treadmill.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)
