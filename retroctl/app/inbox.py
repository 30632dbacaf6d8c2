"""What the Bluetooth adapter delivers, in its order, until the runner takes it in: bounded, with a policy."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from retroctl.app.ports import FrameArrived, LinkEvent

if TYPE_CHECKING:
    from collections.abc import Callable

QUEUE: Final = 512
"""Frames that may wait to be taken in; at 10 Hz nearly a minute."""


class Inbox:
    """When full the oldest Treadmill Data go, never anything else: the next frame says the same and newer."""

    def __init__(self) -> None:
        self._queue: deque[LinkEvent] = deque()
        self._arrived = asyncio.Event()

    def put(self, event: LinkEvent) -> None:
        """Only enqueue; the adapter calls this from the event loop and is never held up."""
        if len(self._queue) >= QUEUE:
            stale = next((e for e in self._queue if isinstance(e, FrameArrived) and e.characteristic == "2acd"), None)
            if stale is not None:
                self._queue.remove(stale)
        self._queue.append(event)
        self._arrived.set()

    async def pump(self, take: Callable[[LinkEvent], None]) -> None:
        """Hand each event to `take`; goes on until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                take(self._queue.popleft())
