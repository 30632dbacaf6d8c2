"""The program's end of the guard: starts it, lets itself be heard, and says loudly when there is no guard."""

from __future__ import annotations

import asyncio
import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from retroctl.app.guard import HEARTBEAT_S, Word
from retroctl.app.reports import Kind
from retroctl.domain.transitions import ARMED_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from retroctl.app.clock import Clock
    from retroctl.app.reports import Report

READY_S: Final = 60.0
"""From the start of the process until it has joined the connection; about half a second on an idle laptop."""
START_AGAIN_S: Final = 2.0
STARTS: Final = 3
"""So many guards are started in one run; after that the session goes on without."""
END_S: Final = 2.0
"""A guard that was told the end is waited for so long, then killed."""
WITHOUT: Final = "if this program dies, the belt goes on; keep your hand on the clip"
_ARMED: Final = frozenset(state.value for state in ARMED_STATES)

_left: list[subprocess.Popen[bytes]] = []
"""Guards that were killed and are still to be reaped, or that go on without us."""


class _Process(NamedTuple):
    """A guard's process and our ends of its two pipes."""

    popen: subprocess.Popen[bytes]
    words: int
    lines: int

    def say(self, word: Word) -> None:
        """Never blocks. A pipe that is full, or whose reader is gone: the guard's end is told by the other pipe."""
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self.words, word.value.encode())

    def close(self) -> None:
        """Let go of the pipes."""
        os.close(self.words)
        os.close(self.lines)


class Keeper:
    """One guard at a time. Put it among the run's listeners; `begin` once the machine is connected, then `close`.

    Nothing here waits for the guard but `close`, within `END_S`.
    """

    def __init__(
        self,
        command: Sequence[str],
        clock: Clock,
        *,
        notice: Callable[[str], None],
        in_place: Callable[[bool], None],
        took_over: Callable[[str], None],
    ) -> None:
        """`notice` gets what the trainer must know of a missing guard, `in_place` whether that was said before.

        `took_over` gets why the guard stops the belt.
        """
        self._command, self._clock = tuple(command), clock
        self._notice, self._in_place, self._took_over = notice, in_place, took_over
        self._tasks: set[asyncio.Task[None]] = set()
        self._guard: _Process | None = None
        self._unread = b""
        self._why = ""
        """Why the guard ends, by its own words."""
        self._starts = 0
        self._ready = self._armed = self._closed = False
        self._linked = True
        self._missed = False
        """The trainer was told that there is no guard."""

    @property
    def process_id(self) -> int | None:
        """The guard's process, while there is one."""
        return None if self._guard is None else self._guard.popen.pid

    def begin(self) -> None:
        """Start the guard and let this event loop be heard from now on."""
        self._spawn(self._start(), "start the guard")
        self._spawn(self._beat(), "guard heartbeat")

    def __call__(self, report: Report) -> None:
        """Tell the guard of arming and of the link; returns at once."""
        if report.kind is Kind.STATE and report.data.get("state") in _ARMED and not self._armed:
            self._armed = True
            self._say(Word.ARM)
            if not self._ready:
                self._missed = True
                self._notice(f"NO GUARD YET: {WITHOUT}")
        elif report.kind is Kind.LINK and report.data.get("link") == "lost":
            self._linked = False
        elif report.kind is Kind.LINK and report.data.get("link") == "restored":
            self._linked = True
            self._say(Word.ATTACH)

    async def close(self, *, at_rest: bool) -> None:
        """End the guard, if the belt was measured at rest; otherwise it goes on without us.

        Takes `END_S` at the most.
        """
        self._closed = True
        for task in self._tasks:
            task.cancel()
        guard, self._guard = self._guard, None
        if guard is None:
            return
        ends = at_rest or not self._armed
        asyncio.get_running_loop().remove_reader(guard.lines)
        guard.say(Word.END if ends else Word.LEAVE)
        guard.close()
        if not ends:
            _left.append(guard.popen)
            return
        try:
            await asyncio.to_thread(guard.popen.wait, END_S)
        except subprocess.TimeoutExpired:
            guard.popen.kill()  # it has nothing left to do
            await asyncio.to_thread(guard.popen.wait)

    # -- starting --------------------------------------------------------------------------------------------------

    async def _start(self) -> None:
        self._starts += 1
        try:
            # In a thread: a computer that swaps may take its time to start a process.
            starting = asyncio.create_task(asyncio.to_thread(_started, self._command), name="start a process")
            guard = await asyncio.shield(starting)
        except OSError as error:
            self._missing(f"it could not be started ({error})")
            return
        except asyncio.CancelledError:
            starting.add_done_callback(_let_go)
            raise
        self._guard, self._why = guard, ""
        asyncio.get_running_loop().add_reader(guard.lines, self._read, guard)
        if self._armed:
            self._say(Word.ARM)
        if self._linked:
            self._say(Word.ATTACH)
        await self._clock.sleep(READY_S)
        if self._guard is guard and not self._ready:
            self._gone(guard)  # which takes nothing from the link
            self._missing(f"it was not ready within {READY_S:g} s")

    async def _start_again(self) -> None:
        await self._clock.sleep(START_AGAIN_S)
        await self._start()

    def _missing(self, why: str) -> None:
        """There is no guard: said at once, and tried again a few times."""
        again = self._starts < STARTS
        self._missed = True
        self._notice(f"NO GUARD ({why}{', trying again' if again else ''}): {WITHOUT}")
        if again:
            self._spawn(self._start_again(), "start the guard again")

    # -- the pipe --------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        while True:
            self._say(Word.HEARTBEAT)
            _left[:] = [process for process in _left if process.poll() is None]
            await self._clock.sleep(HEARTBEAT_S)

    def _say(self, word: Word) -> None:
        if self._guard is not None:
            self._guard.say(word)

    def _read(self, guard: _Process) -> None:
        try:
            data = os.read(guard.lines, 4096)
        except BlockingIOError:
            return
        if not data:
            self._gone(guard)
            self._missing(self._why or "its process ended")
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._told(line.decode(errors="replace"))

    def _told(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "attached":
            again, self._ready = self._ready, True
            if not again:
                missed, self._missed = self._missed, False
                self._in_place(missed)
        elif word == "failed":
            self._why = rest
        elif word == "stopping" and not self._closed:
            self._took_over(rest)

    # -- ending ----------------------------------------------------------------------------------------------------

    def _gone(self, guard: _Process) -> None:
        """Its process ended or is ended here: reaped, and nothing of it stays open."""
        self._guard, self._ready, self._unread = None, False, b""
        asyncio.get_running_loop().remove_reader(guard.lines)
        guard.close()
        guard.popen.kill()
        _left.append(guard.popen)

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _started(command: Sequence[str]) -> _Process:
    """Start the process. Raises OSError."""
    stdin, words = os.pipe()
    lines, stdout = os.pipe()
    try:
        os.set_blocking(words, False)
        os.set_blocking(lines, False)
        # A session of its own: Ctrl-C, a closed terminal and a signal to the whole group are for the program.
        popen = subprocess.Popen(command, stdin=stdin, stdout=stdout, start_new_session=True)  # noqa: S603 - ourselves
    except OSError:
        os.close(words)
        os.close(lines)
        raise
    finally:
        os.close(stdin)
        os.close(stdout)
    return _Process(popen, words, lines)


def _let_go(starting: asyncio.Task[_Process]) -> None:
    """A guard that was started when the run was over already: nobody arms it, and it ends when it sees our end."""
    if not starting.cancelled() and starting.exception() is None:
        starting.result().close()
        _left.append(starting.result().popen)
