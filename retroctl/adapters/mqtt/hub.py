"""The thread in which all that concerns brokers runs, with an event loop of its own.

aiomqtt needs `add_reader`, which Windows' default loop has not, and what a broker does must never stand in the loop
that controls the belt. What crosses between the two crosses by `call_soon_threadsafe`, which waits for nobody.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

SWITCH_S: Final = 0.001
"""Python runs one thread at a time, and one that wants to run waits this long: by default five times as much, which is
too long for a Stop behind a thread that reads a flood."""
CLOSE_S: Final = 2.0
"""How long the end of the program waits for the thread; what still hangs is left to the process' end."""


class _Loop(asyncio.SelectorEventLoop):
    """A selector loop whose blocking calls run in threads that nobody waits for.

    aiomqtt looks up names, connects and shakes hands in the loop's executor. The usual one joins its threads when the
    interpreter ends: a broker that accepts and never answers would hold up the end of a session.
    """

    def run_in_executor(  # type: ignore[override]  # the same, less general
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        del executor
        future: asyncio.Future[Any] = self.create_future()

        def settle(outcome: Any, error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(outcome)
            else:
                future.set_exception(error)

        def work() -> None:
            outcome, error = None, None
            try:
                outcome = func(*args)
            except BaseException as raised:  # noqa: BLE001 - carried to the loop, as an executor does
                error = raised
            try:
                self.call_soon_threadsafe(settle, outcome, error)
            except RuntimeError:
                return  # the loop has ended meanwhile

        threading.Thread(target=work, name="mqtt blocking call", daemon=True).start()
        return future


class Hub:
    """One thread, one loop, any number of connections."""

    def __init__(self) -> None:
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_S))
        self._loop: _Loop | None = None
        self._ready = threading.Event()
        self._over = threading.Event()
        self._stopping: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()
        self._ready.wait()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it in the hub's loop. Callable from any thread; waits for nothing."""
        if not self.call(self._start, work, name):
            work.close()

    def call(self, function: Callable[..., object], *arguments: object) -> bool:
        """Call it in the hub's loop, soon. False where the hub has ended."""
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return False
        return True

    def close(self, wait_s: float = CLOSE_S) -> bool:
        """End everything that runs here; whether it ended within `wait_s`. Blocks at most so long."""
        self.call(self._stop)
        return self._over.wait(wait_s)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop(self) -> None:
        if self._stopping is not None:
            self._stopping.set()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_Loop) as runner:
                runner.run(self._main())
        finally:
            self._ready.set()
            self._over.set()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        # Left to itself asyncio would log to standard error, over the trainer's screen.
        loop.set_exception_handler(lambda _loop, _context: None)
        self._stopping = asyncio.Event()
        self._loop = loop  # type: ignore[assignment]  # the factory's
        self._ready.set()
        await self._stopping.wait()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_S)


def run_aside(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end in a loop that aiomqtt can use on every system, in this thread."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
