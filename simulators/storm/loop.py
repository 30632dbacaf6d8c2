"""An event loop whose time is virtual: it leaps to the next timer instead of waiting, and nothing runs beside it."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor


class _Leap(selectors.SelectSelector):
    """No file is ever waited for: instead of waiting for one, time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let `timeout` pass. Raises RuntimeError when nothing is planned: what is waited for will never come."""
        if timeout is None:
            raise RuntimeError("everything waits, and nothing is planned")
        if timeout > 0:
            self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0. What is given to a thread is done at once instead: one order of events for each seed."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Virtual seconds."""
        return self._leap.now

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]  # the same, less general
        """No other thread runs while this loop turns, so that there is nobody to be woken."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(  # type: ignore[override]  # a coroutine's place is taken by a future, as callers await it
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Do it now, in its own thread where it has one, and wait for it."""
        done = self.create_future()
        try:
            done.set_result(func(*args) if executor is None else executor.submit(func, *args).result())
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits
            done.set_exception(error)
        return done
