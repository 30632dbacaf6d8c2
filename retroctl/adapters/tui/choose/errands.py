"""What is asked of the clients' file and the record while a screen is up: in a thread, one at a time, with a deadline.

SQLite waits up to two seconds for a file that another program holds, and a disk may not answer at all. The screen and
its keys go on meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from retroctl.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_S: Final = 8.0
"""The most that one may take: the two seconds of each file that it opens, and room for a slow disk."""
SHOWN_AFTER_S: Final = 0.3
"""A wait that is shorter than this is not shown: it would only flicker."""
NOT_ANSWERED: Final = (
    f"the clients' file or the record has not answered in {WAIT_S:.0f} s: another program holds it, or the disk does "
    "not answer; close what has it open, then try again"
)

_Found = TypeVar("_Found")


class NotAnswered(JournalError):  # noqa: N818 - as its siblings: it says what happened
    """The deadline is over and the work is not; whether it will still be done is not known."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    task: asyncio.Task[None]
    began: float


class Errands:
    """Work for the screen's files. Of errands with one name the last counts: what an earlier one finds is dropped."""

    def __init__(self, now: Callable[[], float], fault: Callable[[Exception], None]) -> None:
        """`now`: real seconds, for what is shown. `fault`: gets what no errand should raise."""
        self._now, self._fault = now, fault
        self._under_way: dict[str, _UnderWay] = {}
        self._thread: asyncio.Future[Any] | None = None
        """What the thread that was begun last will give; there is never a second one beside it."""

    def start(
        self,
        name: str,
        work: Callable[[], _Found],
        then: Callable[[_Found], None],
        failed: Callable[[ConfigError | JournalError], None],
        late: Callable[[_Found], None] | None = None,
    ) -> None:
        """Do `work` in the thread, then call `then` or `failed`, in the loop.

        `late` gets what was found after the deadline, which `failed` was told of as NotAnswered: for work that changes
        something.
        """
        self.drop(name)
        task = asyncio.get_running_loop().create_task(self._do(name, work, then, failed, late), name=f"errand: {name}")
        self._under_way[name] = _UnderWay(task, self._now())

    def drop(self, name: str) -> None:
        """Want no more what this errand finds. Work that has begun is done to its end."""
        before = self._under_way.pop(name, None)
        if before is not None:
            before.task.cancel()

    def waiting(self, name: str) -> bool:
        """Whether it is under way."""
        return name in self._under_way

    def words(self, name: str) -> str:
        """For how long it has been waited for; empty while there is nothing to say of it."""
        found = self._under_way.get(name)
        waited = 0.0 if found is None else self._now() - found.began
        return "" if waited < SHOWN_AFTER_S else f"waiting for the clients' file, {waited:.0f} s (at most {WAIT_S:.0f})"

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait({each.task for each in self._under_way.values()})

    async def let_go(self) -> None:
        """Want nothing any more. The thread holds up nobody's end."""
        tasks = {each.task for each in self._under_way.values()}
        for name in list(self._under_way):
            self.drop(name)
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)

    async def _do(
        self,
        name: str,
        work: Callable[[], _Found],
        then: Callable[[_Found], None],
        failed: Callable[[ConfigError | JournalError], None],
        late: Callable[[_Found], None] | None,
    ) -> None:
        try:
            try:
                found = await self._in_thread(work, late)
            finally:
                if (mine := self._under_way.get(name)) is not None and mine.task is asyncio.current_task():
                    del self._under_way[name]
            then(found)
        except (ConfigError, JournalError) as error:
            failed(error)
        except Exception as error:  # noqa: BLE001 - the end of a task; the command line tells it
            self._fault(error)

    async def _in_thread(self, work: Callable[[], _Found], late: Callable[[_Found], None] | None) -> _Found:
        loop = asyncio.get_running_loop()
        end = loop.time() + WAIT_S
        while self._thread is not None and not self._thread.done():
            await asyncio.wait({self._thread}, timeout=max(0.0, end - loop.time()))
            if loop.time() >= end and not self._thread.done():
                raise NotAnswered(NOT_ANSWERED)
        given: asyncio.Future[_Found] = loop.create_future()
        given.add_done_callback(lambda done: done.exception())  # seen, also where nobody waits for it any more
        self._thread = given
        threading.Thread(target=_work, args=(work, given, loop), name="errand", daemon=True).start()
        await asyncio.wait({given}, timeout=max(0.0, end - loop.time()))
        if not given.done():
            if late is not None:
                given.add_done_callback(lambda done: None if done.exception() else late(done.result()))
            raise NotAnswered(NOT_ANSWERED)
        return given.result()


def _work(work: Callable[[], _Found], given: asyncio.Future[_Found], loop: asyncio.AbstractEventLoop) -> None:
    """In the thread. The loop may be closed by the time something is found."""
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(given.set_exception, error)
    else:
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(given.set_result, found)
