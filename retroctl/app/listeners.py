"""Those who are told what happens in a run: a screen, the record, a voice. Any of them may fail; the belt goes on."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Listeners(Generic[T]):
    """Each is told everything, in the order in which it happened.

    One that raises is called no more, and `failed` hears why.
    """

    def __init__(self, listeners: list[Callable[[T], None]], failed: Callable[[BaseException], None]) -> None:
        self._listeners, self._failed = listeners, failed
        # Bounded by what is told within one turn of the loop.
        self._waiting = deque[T]()
        self._holds = False
        self._latest = 0
        """Numbers the calls of `let_writes_begin`."""

    def let_writes_begin(self) -> None:
        """Keep what is told until the tasks that were begun before this call have had their first step.

        A slow listener would otherwise stand between a decision and the wire.
        """
        self._holds = True
        self._latest += 1
        asyncio.get_running_loop().call_soon(self._begun, self._latest)

    def _begun(self, number: int) -> None:
        if number == self._latest:  # behind an earlier one another write may have been begun in the same turn
            self.catch_up()

    def catch_up(self) -> None:
        """Tell what was kept, now."""
        self._holds = False
        while self._waiting and not self._holds:
            self._tell(self._waiting.popleft())

    def tell(self, what: T) -> None:
        """Tell each of them, or keep it where writes have yet to begin."""
        if self._holds or self._waiting:
            self._waiting.append(what)
        else:
            self._tell(what)

    def _tell(self, what: T) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(what)
            except Exception as error:  # noqa: BLE001 - a screen or a disk may fail; the belt and the others go on
                with suppress(ValueError):  # it failed within itself too, when it was told what it caused
                    self._listeners.remove(listener)
                self._failed(error)
