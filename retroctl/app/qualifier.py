"""The shell around a test: frames in, writes out, one timer, the link; and every way out stops the belt.

It owns its engine as `runner` owns a session's, and shares its parts: the connection, the tasks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from retroctl.app.clock import Deadline
from retroctl.app.connection import Connection
from retroctl.app.engine import DropLink
from retroctl.app.listeners import Listeners
from retroctl.app.ports import Disconnected, FrameArrived
from retroctl.app.tasks import Tasks
from retroctl.app.trial_engine import Told, TrialEngine, TrialOutput
from retroctl.domain.qualify import happenings as hp
from retroctl.ftms.procedure import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo, Treadmill

LONGEST_FALL_S: Final = 120.0
"""However slowly a belt falls, rest is waited for no longer than this; who leaves waits less."""
LOOK_S: Final = 1.0


class Qualifier:
    """Runs one test on one treadmill: `connect`, `begin`, `finish`."""

    def __init__(
        self, treadmill: Treadmill, clock: Clock, *, listeners: list[Callable[[Told], None]], exit_wait_s: float
    ) -> None:
        """`exit_wait_s`: so long without any fall after the last Stop, or after leaving, and rest is not confirmed."""
        self.clock = clock
        self._connection = Connection(treadmill, clock, not_restored=self._not_restored, lost=self._give_up)
        self._tasks = Tasks(self._end_on)
        self._told, self._exit_wait_s = Listeners(listeners, self.fault), exit_wait_s
        self._engine: TrialEngine | None = None
        self._over = asyncio.Event()
        self._hurry = asyncio.Event()
        self._timer = Deadline(clock, self._on_time)
        self._left: str | None = None
        self._leaving_at: float | None = None
        self._ending_at: float | None = None
        self._saved = False
        self.error: BaseException | None = None
        """The fault in this program that ended the test."""
        self.gave_up = False
        """Rest was waited for in vain."""

    @property
    def wrote(self) -> bool:
        """Whether anything was sent to the machine."""
        return self._connection.wrote

    async def connect(self) -> MachineInfo:
        """Connect; nothing is written. Raises TreadmillError, also when somebody leaves meanwhile."""
        return await self._connection.make()

    def begin(self, engine: TrialEngine) -> None:
        """The test begins. A way out taken before is taken now."""
        self._engine = engine
        self._tasks.spawn(self._connection.pump(self._arrive), "take in frames")
        self._guarded(lambda: engine.handle(hp.Connected(), self.clock.now()))
        if self._left is not None:
            self.stop(self._left)

    async def finish(self) -> bool:
        """Wait for the end and let go of the machine; whether the belt was seen at rest. Cancelling is a way out."""
        while not self._over.is_set():
            try:
                await self._over.wait()
            except asyncio.CancelledError:
                self.leave("cancelled")
        engine = self._engine
        measured = engine is not None and engine.trial.over and engine.trial.at_rest
        if self.error is not None and self.wrote and not measured:
            await self._save_belt()
        await self._close()
        return self._saved or (measured and not self.gave_up)

    async def abandon(self) -> None:
        """Let go of a machine on which no test was begun."""
        await self._close()

    # -- what people do --------------------------------------------------------------------------------------------

    def stop(self, source: str) -> None:
        """Stop and end the test: straight into the engine, and its write begins in this call."""
        self._hurry.set()
        engine = self._engine
        if engine is not None:
            self._guarded(lambda: engine.handle(hp.StopWanted(source), self.clock.now()))

    def leave(self, source: str) -> None:
        """A way out of the program: stop, wait for rest within the bound, end."""
        if self._left is not None:
            return
        self._left, self._leaving_at = source, self.clock.now()
        if self._engine is None:
            self._connection.give_up(source, patience_s=0.0)
        self.stop(source)
        self.clock.call_at(self.clock.now() + self._exit_wait_s, self._give_up)

    def fault(self, error: BaseException) -> None:
        """A bug outside the engine: the ordinary way to rest, then the end."""
        if self.error is None:
            self.error = error
        self.leave("a fault in this program")

    # -- engine in, outputs out ------------------------------------------------------------------------------------

    def _guarded(self, call: Callable[[], list[TrialOutput]]) -> None:
        if self._connection.on_its_own or self._over.is_set():
            return
        try:
            self._take(call())
        except Exception as error:  # noqa: BLE001 - the end of the line for a bug: the belt is brought to rest first
            self._end_on(error)

    def _take(self, outputs: list[TrialOutput]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                self._tasks.spawn(self._write(output), f"write {output.payload.hex()}")
                self._told.let_writes_begin()
            elif isinstance(output, DropLink):
                self._tasks.spawn(self._relink(after_s=0.0, drop=True), "drop the link")
                self._told.let_writes_begin()
            elif isinstance(output, hp.LetGo):
                self._tasks.spawn(self._relink(after_s=output.after_s, drop=True), "let go of the link")
        for output in outputs:
            if isinstance(output, Told):
                self._told.tell(output)
            elif isinstance(output, hp.TrialEnded):
                self._over.set()
        self._arm_timer()

    def _arm_timer(self) -> None:
        engine = self._engine
        self._timer.set(None if engine is None else engine.next_deadline())
        if engine is not None and engine.trial.ending and self._ending_at is None:
            self._ending_at = self.clock.now()
            self.clock.call_at(self._ending_at + self._exit_wait_s, self._look_at_rest)

    def _on_time(self) -> None:
        engine = self._engine
        if engine is not None:
            self._guarded(lambda: engine.tick(self.clock.now()))

    def _look_at_rest(self) -> None:
        """A belt that no longer falls is not waited for any more; one that falls slowly is, within a bound."""
        engine, began = self._engine, self._ending_at
        if engine is None or began is None or self._over.is_set():
            return
        trial, now = engine.trial, self.clock.now()
        falling = trial.link_up and not trial.stop_silent() and not trial.stop_stuck(self._exit_wait_s)
        if falling and now - began < LONGEST_FALL_S:
            self.clock.call_at(now + LOOK_S, self._look_at_rest)
        elif trial.link_up or now - began >= LONGEST_FALL_S:
            self._give_up()
        else:
            self.clock.call_at(now + LOOK_S, self._look_at_rest)

    def _give_up(self) -> None:
        if not self._over.is_set():
            self.gave_up = True
            self._over.set()

    # -- the link --------------------------------------------------------------------------------------------------

    def _arrive(self, event: LinkEvent) -> None:
        engine = self._engine
        if engine is None:
            return
        match event:
            case FrameArrived():
                self._guarded(lambda: engine.frame(event.characteristic, event.data, self.clock.now()))
            case Disconnected():
                self._guarded(lambda: engine.link_dropped(self.clock.now()))
                self._tasks.spawn(self._relink(after_s=0.0, drop=False), "connect again")

    async def _write(self, write: Write) -> None:
        engine = self._engine
        written = await self._connection.write(write.payload)
        now, lost = self.clock.now(), written.lost is not None
        if engine is not None:
            self._guarded(lambda: engine.write_returned(write.token, now, error=written.error, lost=lost))

    async def _relink(self, *, after_s: float, drop: bool) -> None:
        """Connect again, to observe or to stop; on purpose only after a while, unless somebody wants to stop."""
        engine = self._engine
        if engine is None or self._over.is_set():
            return
        if drop:
            self._guarded(lambda: engine.link_dropped(self.clock.now()))
            await self._connection.close()
        if after_s > 0:
            try:
                async with self.clock.timeout(after_s):
                    await self._hurry.wait()
            except TimeoutError:
                pass
        again = await self._connection.make_again(lambda: engine.urgent(self.clock.now()), drop=False)
        if again is not None:
            self._guarded(lambda: engine.link_restored(self.clock.now()))

    def _not_restored(self, reason: str) -> None:
        now = self.clock.now()
        self._told.tell(Told(now, "link", {"restored": False, "reason": reason}))

    # -- the end ---------------------------------------------------------------------------------------------------

    async def _save_belt(self) -> None:
        """The engine is not to be trusted any more: stop the belt without it."""
        self._saved = await self._connection.stop_without_engine(self._exit_wait_s)
        self.gave_up = not self._saved

    def _end_on(self, error: BaseException) -> None:
        """A bug of ours in the engine or a task: `finish` brings the belt to rest without them."""
        self.error = self.error or error
        self._over.set()

    async def _close(self) -> None:
        self._told.catch_up()
        self._timer.cancel()
        await self._tasks.close()
        await self._connection.close()
