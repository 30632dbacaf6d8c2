"""The guard at work: the decisions of `Guard` carried out on a treadmill, in the event loop of the guard's process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from retroctl.app.guard import Alarm, Connect, DropLink, Guard, Join, Over, Told
from retroctl.app.ports import Disconnected, FrameArrived
from retroctl.app.reconnect import Reconnector
from retroctl.errors import LinkLost, ProcedureTimeout, TreadmillError, UnsupportedTreadmill, WriteRefused
from retroctl.ftms.procedure import Write

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from retroctl.app.clock import Clock
    from retroctl.app.guard import Action
    from retroctl.app.ports import LinkEvent, Treadmill

JOIN_S: Final = 20.0
"""Joining a connection that stands takes well under a second. Below the stack's own bound for a connect, which it would
end by dropping the link for the program too: the guard's process ends first."""


CONNECT_AGAIN_S: Final = 1.0


class Guarding:
    """Carries out what the guard decides. `hear` and `died` are for the pipe; `run` ends when the guard is over.

    What is still under way when it is over is left to the end of the process: cancelling a connect would drop the
    link, which is the program's as well.
    """

    def __init__(
        self, clock: Clock, *, alarm: Callable[[str], None], tell: Callable[[str], None], over: Callable[[str], None]
    ) -> None:
        """`alarm` gets what people must hear of, `tell` a line for the program, `over` why the guard ends.

        None of them may block.
        """
        self._clock = clock
        self._alarm, self._tell, self._over = alarm, tell, over
        self._guard = Guard(clock.now())
        self._ended = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._treadmill: Treadmill
        self._reconnector: Reconnector

    def begin(self, treadmill: Treadmill) -> None:
        """Take the machine; it is reached only when the program says that it is connected."""
        self._treadmill = treadmill
        self._reconnector = Reconnector(
            treadmill, self._clock, sink=self._arrived, failed=lambda _why: None, lost=lambda: None
        )
        self._look()

    def beside(self) -> bool:
        """Whether the program still has the machine, so that its link must not be dropped from here."""
        return self._guard.beside

    @property
    def told_the_end(self) -> bool:
        """Whether the program ended in order."""
        return self._guard.told_the_end

    def hear(self, words: str) -> None:
        """Bytes of the program's."""
        for word in words:
            self._take(self._guard.hear(word, self._clock.now()))

    def died(self) -> None:
        """The program's end of the pipe is closed."""
        self._take(self._guard.died(self._clock.now()))

    # -- actions ---------------------------------------------------------------------------------------------------

    def _take(self, actions: list[Action]) -> None:
        if self._ended:
            return
        # Writes first: nothing stands between a decision and the wire.
        for action in sorted(actions, key=lambda each: not isinstance(each, Write)):
            match action:
                case Write():
                    self._spawn(self._write(action), f"write {action.payload.hex()}")
                case Join():
                    self._spawn(self._join(), "join the connection")
                case Connect():
                    self._spawn(self._connect(drop=False), "connect again")
                case DropLink():
                    self._spawn(self._connect(drop=True), "drop the link")
                case Alarm(text=text):
                    self._alarm(text)
                case Told(line=line):
                    self._tell(line)
                case Over(why=why):
                    self._ended = True
                    self._over(why)

    def _look(self) -> None:
        if not self._ended:
            self._take(self._guard.tick(self._clock.now()))
            self._clock.call_at(self._clock.now() + self._guard.look_again_s, self._look)

    def _arrived(self, event: LinkEvent) -> None:
        match event:
            case FrameArrived():
                self._take(self._guard.frame(event.characteristic, event.data, self._clock.now()))
            case Disconnected():
                self._take(self._guard.link_lost())

    # -- the link --------------------------------------------------------------------------------------------------

    def _urgent(self) -> bytes | None:
        return self._guard.urgent(self._clock.now())

    async def _join(self) -> None:
        opening = asyncio.ensure_future(self._treadmill.open(self._arrived, self._urgent))
        try:
            async with self._clock.timeout(JOIN_S):
                await asyncio.wait({opening})  # which leaves it alone when the time is up
        except TimeoutError:
            if not self._guard.beside:
                opening.cancel()  # the program has gone meanwhile: the link may be dropped, and is made anew
            self._take(self._guard.not_joined(f"no answer in {JOIN_S:g} s"))
            return
        try:
            await opening
        except TreadmillError as error:
            self._take(self._guard.not_joined(str(error)))
        else:
            self._take(self._guard.joined(self._clock.now()))

    async def _connect(self, *, drop: bool) -> None:
        """Nobody else makes the link again: try until it stands or the guard is over."""
        while not self._ended:
            info = await self._reconnector.run(self._urgent, drop=drop)
            if info is not None:
                self._take(self._guard.joined(self._clock.now()))
                return
            if self._reconnector.running:
                return  # another attempt is under way, and this one has dropped the link if that was wanted
            drop = False
            await self._clock.sleep(CONNECT_AGAIN_S)  # the reconnector may have given up at once: not the guard

    async def _write(self, write: Write) -> None:
        error: int | None = None
        lost = False
        try:
            await self._treadmill.write(write.payload)
        except WriteRefused as refused:
            error = refused.code
        except (LinkLost, ProcedureTimeout, UnsupportedTreadmill):
            lost = True
        self._take(self._guard.write_returned(write.token, self._clock.now(), error=error, lost=lost))

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug of ours: a guard that is broken must not look as if it were in place.
            self._alarm(f"a fault in the guard: {type(error).__name__}: {error}")
            self._take([Over("a fault in the guard")])
