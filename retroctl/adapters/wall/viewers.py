"""The screens that look on. Each has room for one piece of news; newer news replaces what it has not taken."""

from __future__ import annotations

import asyncio
from typing import Final

MOST: Final = 50
"""Screens at a time. One room has one or two; this bounds what a mistake or a mischief in the network may cost."""


class Viewer:
    """A mailbox for one event: the latest wins, so a slow screen sees less often, never later."""

    def __init__(self, first: bytes) -> None:
        self._mail: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        self._mail.put_nowait(first)

    def put(self, event: bytes) -> None:
        """Leave an event, in place of one not yet taken."""
        if self._mail.full():
            self._mail.get_nowait()
        self._mail.put_nowait(event)

    async def take(self) -> bytes:
        """The latest event, once there is one."""
        return await self._mail.get()


class Viewers:
    """All screens that look on."""

    def __init__(self) -> None:
        self._all: set[Viewer] = set()
        self.nobody = asyncio.Event()
        """Set while nobody looks on."""
        self.nobody.set()

    def __len__(self) -> int:
        return len(self._all)

    def join(self, first: bytes) -> Viewer | None:
        """One more, who sees `first` at once; None when there are enough."""
        if len(self._all) >= MOST:
            return None
        viewer = Viewer(first)
        self._all.add(viewer)
        self.nobody.clear()
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """One less."""
        self._all.discard(viewer)
        if not self._all:
            self.nobody.set()

    def publish(self, event: bytes) -> None:
        """Leave an event for everybody; waits for nobody."""
        for viewer in self._all:
            viewer.put(event)
