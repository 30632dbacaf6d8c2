"""The tasks of a run: each has a name and this owner, and none ends unheard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

PATIENCE_S: Final = 1.0
"""Tasks that were cancelled have so long to end."""


class Tasks:
    """Begun by `spawn`, ended together by `close`; one that fails is told of."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        """Those that run."""
        return iter(tuple(self._tasks))

    def spawn(self, work: Coroutine[None, None, None], name: str) -> None:
        """Begin one."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def close(self) -> None:
        """End them all."""
        for task in self:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
