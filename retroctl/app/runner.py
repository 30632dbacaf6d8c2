"""The single owner of a session: what arrives goes into the engine, what comes out is written, shown and recorded.

Everything here runs in one event loop and nothing in it waits for a screen, a disk or a broker. Stop has its own way:
`stop` goes into the engine in the same call, past the queue of frames, and its write is begun at once.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from retroctl.app.announcer import Announcer
from retroctl.app.clock import Deadline
from retroctl.app.connection import Connection
from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.listeners import Listeners
from retroctl.app.ports import Disconnected, FrameArrived
from retroctl.app.reports import Kind, Report
from retroctl.app.result import NO_TREADMILL, Result, judged
from retroctl.app.saving import save_belt
from retroctl.app.stillness import BEAT_S, LATE_FRAMES_S
from retroctl.app.tasks import Tasks
from retroctl.domain import events as ev
from retroctl.domain.belief import REST_FRAMES
from retroctl.domain.effects import Announce, AnnouncementWithdrawn, Ended
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.transitions import ARMED_STATES, State
from retroctl.domain.verdict import Wire
from retroctl.ftms.procedure import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo, Speech, Treadmill
    from retroctl.app.stillness import Stillness


LEAVE_S: Final = 5.0
"""Who leaves before anything was armed waits at most so long for the belt to be seen at rest; nothing is written."""

_CONNECTED_FOR_NOTHING: Final = frozenset({State.STOPPED, State.FAULTED})
_AFTER_LEAVING: Final = (ev.StopRequested, ev.RestWitnessed, ev.RecordFailed, ev.RecordRestored)


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
        speech: Speech | None = None,
        stillness: Stillness | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`exit_wait_s`: the longest wait for the belt to rest on the way out. `attended`: a person is at the keys.

        `speech`: who speaks an announcement; without one, the count-down on the screen is all of it.
        `stillness`: looks whether this program or computer stood still; None where time is not real.
        `jitter`: numbers from 0 to 1 that spread the pauses of connecting again.
        A listener that raises is called no more, and the belt is stopped.
        """
        self.clock = clock
        self._connection = Connection(
            treadmill,
            clock,
            not_restored=lambda reason: self.report(Kind.LINK, {"link": "not restored", "reason": reason}),
            lost=lambda: self._give_up("the treadmill was not found again"),
            jitter=jitter,
        )
        self._tasks = Tasks(self._fail)
        self._listeners, self._told = listeners, Listeners(listeners, self.fault)
        self._exit_wait_s, self._attended = exit_wait_s, attended
        self.began_at = clock.now()
        self._engine: Engine | None = None
        self._announcer = Announcer(
            clock,
            lambda number: self.report(Kind.CUE, {"text": number}),
            lambda number: self.tell(ev.AnnouncementFinished(number)),
            speech,
        )
        self._stillness, self._late_until = stillness, clock.now()
        self._over = asyncio.Event()
        self._timer = Deadline(clock, self._on_time)
        self._stop_patience = Deadline(clock, self._not_seen_at_rest)
        self._end: Ended | None = None
        self._exit_source: str | None = None
        self._gave_up: str | None = None
        self._error: BaseException | None = None
        self._engine_failed = self._letting_go = False

    # -- the life of a run -----------------------------------------------------------------------------------------

    async def connect(self) -> MachineInfo:
        """Connect and observe; nothing is written. Raises TreadmillError, also when somebody leaves meanwhile."""
        self.report(Kind.STATE, {"state": State.IDLE.value, "stage": None, "target_kmh": None})
        info = await self._connection.make()
        for remark in info.remarks:
            self.report(Kind.LINK, {"remark": remark})
        return info

    def begin(self, engine: Engine) -> None:
        """Hand over the engine, made from what the machine said of itself."""
        self._engine = engine
        self._tasks.spawn(self._connection.pump(self._arrive), "take in frames")
        if self._stillness is not None:
            self._tasks.spawn(self._beat(self._stillness), "look whether time stood still")
        self._guarded(lambda: engine.handle(ev.Connected(), self.now()))
        if self._exit_source is not None:
            self._leave_unarmed()

    async def finish(self) -> Result:
        """Wait for the end, let go of the machine and say how it ended. Also the way out when cancelled."""
        while not self._over.is_set() or self._stopped_again():
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                self.leave("cancelled")
        if self._engine_failed:
            await self._save_belt()
        result = self._result()
        await self._close()
        return result

    async def abandon(self) -> None:
        """Let go of a machine on which no session was begun."""
        await self._close()

    # -- what people do --------------------------------------------------------------------------------------------

    def tell(self, event: ev.Event) -> None:
        """Something a person did, or a front end noticed. After the end, or a way out, only Stop: nothing is begun."""
        engine, over = self._engine, self.leaving or self._end is not None or self._over.is_set()
        heard = not over or isinstance(event, _AFTER_LEAVING)
        if engine is not None and heard:
            self._guarded(lambda: engine.handle(event, self.now()))

    def heart_rate(self, data: bytes) -> None:
        """A frame of the client's strap (0x2A37). It can only hold raises back."""
        if (engine := self._engine) is not None:
            self._guarded(lambda: engine.frame("2a37", data, self.now()))

    def stop(self, source: str, *, person: bool = True) -> None:
        """Stop: straight into the engine; its write begins in the loop's next turn. Before there is one, leave.

        While the machine is let go of nothing can be written any more, and how it ended has been judged.
        """
        if self._engine is None:
            self.leave(source)
        elif self._letting_go:
            self.report(Kind.EVENT, {"event": "StopTooLate", "source": source})
        self.tell(ev.StopRequested(source, person))

    def leave(self, source: str) -> None:
        """A way out of the program: stop if anything was armed, wait for rest within the bound, then end."""
        if self.leaving:
            return
        self._exit_source = source
        self.report(Kind.EVENT, {"event": "Leaving", "source": source})
        if self._engine is None:
            self._connection.give_up(source, patience_s=LEAVE_S)
        elif self._armed:
            self.stop(source, person=False)
            self.clock.call_at(self.now() + self._exit_wait_s, self._not_seen_at_rest)
            self._check_over()
        else:
            self._leave_unarmed()

    def fault(self, error: BaseException) -> None:
        """A bug of ours outside the engine: the belt is brought to rest the ordinary way, then the program ends."""
        if self._error is None:
            self._error = error
            self.report(Kind.EVENT, {"event": "Fault", "error": f"{type(error).__name__}: {error}"})
        self.leave("a fault in this program")

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

    @property
    def error(self) -> BaseException | None:
        """The fault in this program that ended the run."""
        return self._error

    def report(self, kind: Kind, data: dict[str, object]) -> None:
        """Tell the listeners something that is not the engine's."""
        self._told.tell(Report(round(self.now() - self.began_at, 3), kind, data))

    @property
    def _armed(self) -> bool:
        return self._engine is not None and self._engine.session.state in ARMED_STATES

    @property
    def _stopping(self) -> bool:
        return self._engine is not None and self._engine.session.state is State.STOPPING

    @property
    def _by_hand(self) -> bool:
        return self._engine is not None and self._engine.envelope.wire is not Wire.OPEN

    # -- engine in, outputs out ------------------------------------------------------------------------------------

    def _guarded(self, call: Callable[[], list[Output]]) -> None:
        """Run the engine; whatever goes wrong in it or in what follows stops the belt."""
        if self._engine_failed or self._letting_go:
            return
        try:
            self._look()
            self._take(call())
        except Exception as error:  # noqa: BLE001 - the end of the line for a bug: the belt is brought to rest first
            self._fail(error)

    async def _beat(self, stillness: Stillness) -> None:
        stillness.look()
        while True:
            await asyncio.sleep(BEAT_S)
            self._guarded(list)

    def _look(self) -> None:
        """Before anything else is taken in: what waited while nobody watched is old, and a Stop goes out first."""
        engine, stillness = self._engine, self._stillness
        if engine is not None and stillness is not None and (event := stillness.look()) is not None:
            self._late_until = self.now() + LATE_FRAMES_S
            self._take(engine.handle(event, self.now()))

    def _take(self, outputs: list[Output]) -> None:
        self._begin_writes(outputs)
        for output in outputs:
            if isinstance(output, Report):
                self._told.tell(output)
            elif isinstance(output, Announce):
                self._announcer.announce(output)
            elif isinstance(output, AnnouncementWithdrawn):
                self._announcer.silence()
        self._watch_stop()
        self._timer.set(None if self._engine is None else self._engine.next_deadline())
        if self.leaving and not self._armed:
            self._leave_if_at_rest()
        self._check_over()

    def _begin_writes(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                self._tasks.spawn(self._write(output), f"write {output.payload.hex()}")
                self._told.let_writes_begin()
            elif isinstance(output, DropLink):
                self._tasks.spawn(self._relink(drop=True), "drop the link")
                self._told.let_writes_begin()
            elif isinstance(output, Ended):
                self._end = output  # before anybody is told: who is may begin nothing anew

    def _on_time(self) -> None:
        if (engine := self._engine) is not None:
            self._guarded(lambda: engine.tick(self.now()))

    def _watch_stop(self) -> None:
        """With nobody at the keys a stop that the belt does not obey must end some time, as not confirmed."""
        if not self._stopping:
            self._stop_patience.cancel()
        elif not self._attended and not self._stop_patience.pending:
            self._stop_patience.set(self.now() + self._exit_wait_s)

    # -- the link --------------------------------------------------------------------------------------------------

    def _arrive(self, event: LinkEvent) -> None:
        if (engine := self._engine) is None:
            return
        match event:
            case FrameArrived() if event.characteristic == "2acd" and self._waited():
                self.report(Kind.FRAME, {"char": "2acd", "hex": event.data.hex(), "late": True})
            case FrameArrived():
                self._guarded(lambda: engine.frame(event.characteristic, event.data, self.now()))
            case Disconnected():
                self.report(Kind.LINK, {"link": "lost", "generation": event.generation})
                self._guarded(lambda: engine.link_dropped(self.now()))
                self._tasks.spawn(self._relink(drop=False), "connect again")

    def _waited(self) -> bool:
        """Whether what arrives now waited while this program stood still, and so says nothing about now."""
        self._guarded(list)
        return self.now() < self._late_until

    async def _write(self, write: Write) -> None:
        engine = self._engine
        written = await self._connection.write(write.payload)
        if lost := written.lost is not None:
            self.report(Kind.LINK, {"write": write.payload.hex(), "failed": written.lost})
        if words := written.wants_pairing:
            self.report(Kind.REFUSAL, {"rule": "pairing", "reason": words})
        if engine is not None:
            self._guarded(lambda: engine.write_returned(write.token, self.now(), error=written.error, lost=lost))

    async def _relink(self, *, drop: bool) -> None:
        """Connect again to observe or to stop; after a drop that was seen, only while something is armed."""
        engine = self._engine
        if engine is None or self._over.is_set():
            return
        if not drop and (not self._armed or engine.session.state in _CONNECTED_FOR_NOTHING):
            return
        if drop:
            self._guarded(lambda: engine.link_dropped(self.now()))
        generation = await self._connection.make_again(lambda: engine.urgent(self.now()), drop=drop)
        if generation is None:
            return
        self.report(Kind.LINK, {"link": "restored", "generation": generation})
        self._guarded(lambda: engine.handle(ev.LinkRestored(), self.now()))

    # -- the end ---------------------------------------------------------------------------------------------------

    def _leave_unarmed(self) -> None:
        """Nothing was armed, so nothing is written; only the belt's rest is still to be seen, for a moment."""
        self.clock.call_at(self.now() + LEAVE_S, self._end_unarmed)
        self._leave_if_at_rest()

    def _leave_if_at_rest(self) -> None:
        if self._end is None and self._rest_frames() >= REST_FRAMES:
            self._end_unarmed()

    def _end_unarmed(self) -> None:
        if self._end is None and not self._armed:
            self.tell(ev.StopRequested(self._exit_source or "left", person=False))

    def _check_over(self) -> None:
        if self._end is not None and (self._end.reason in NO_TREADMILL or not self._stopping):
            self._over.set()

    def _stopped_again(self) -> bool:
        """A Stop between the end and the letting go is seen through like any other: the run is not over yet."""
        if self._stopping and not self._engine_failed and self._gave_up is None:
            self._over.clear()
            self._check_over()
        return not self._over.is_set()

    def _give_up(self, reason: str) -> None:
        if not self._over.is_set():
            self._gave_up = reason
            self._over.set()

    def _not_seen_at_rest(self) -> None:
        if self._engine is not None and self._engine.session.coming_to_rest(self.now()):
            self._stop_patience.set(self.now() + BEAT_S)
        else:
            self._give_up("the belt was not seen at rest")

    def _fail(self, error: BaseException) -> None:
        """A bug of ours in the engine: note it, and end; `finish` brings the belt to rest without the engine."""
        self._error, self._engine_failed = self._error or error, True
        self._over.set()

    async def _save_belt(self) -> None:
        """The engine is not to be trusted any more: stop the belt without it, if anything was armed."""
        self._told.let_writes_begin()
        self.report(Kind.EVENT, {"event": "Fault", "error": f"{type(self._error).__name__}: {self._error}"})
        wire = Wire.OPEN if self._engine is None else self._engine.envelope.wire
        told, within_s = self._told, self._exit_wait_s
        if self._armed and not await save_belt(self._connection, within_s, wire=wire, told=told, report=self.report):
            self._gave_up = "the belt was not seen at rest"

    def _result(self) -> Result:
        return judged(
            self._end,
            left=self._exit_source,
            gave_up=self._gave_up,
            error=self._error,
            our_fault=self._engine is not None and self._engine.session.fault is FailsafeId.F13,
            at_rest=self._connection.on_its_own or self._rest_frames() > 0,
            # What was told to a person moves a belt all the same.
            wrote=self._connection.wrote or (self._by_hand and self._armed),
        )

    def _rest_frames(self) -> int:
        return 0 if self._engine is None else self._engine.session.belief.zero_frames

    async def _close(self) -> None:
        self._told.catch_up()
        self._letting_go = True
        self._timer.cancel()
        self._announcer.silence()
        # Tasks first: one that connects again could open a link while the old one is being let go of.
        await self._tasks.close()
        await self._connection.close()
