"""Calls into a Bluetooth stack that may never return, and may not even react to being cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from retroctl.app.clock import Clock

T = TypeVar("T")

_strays: set[asyncio.Task[Any]] = set()
"""Calls that were given up and are still ending; kept so that they are not collected half-way."""


def _forget(task: asyncio.Task[Any]) -> None:
    _strays.discard(task)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report a call that was given up


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel a call that is still running and let it end by itself; harmless when it is done."""
    if task.done():
        _forget(task)
        return
    _strays.add(task)
    task.add_done_callback(_forget)
    task.cancel()


async def bounded(work: Coroutine[Any, Any, T], seconds: float, what: str, clock: Clock) -> T:
    """Give the call's result. Raises TimeoutError after `seconds` of session time, or what the call raises."""
    task = asyncio.create_task(work, name=what)
    try:
        async with clock.timeout(seconds):
            await asyncio.wait({task})
    except TimeoutError:
        if not task.done():
            raise TimeoutError(f"no answer to: {what}") from None
    finally:
        abandon(task)
    return task.result()
