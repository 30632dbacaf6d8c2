"""Every way out of the program that a system offers, led to one place: stop the belt, then end."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from retroctl.cli import early
from retroctl.errors import TreadmillNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import FrameType
    from typing import Any

T = TypeVar("T")


@contextmanager
def ways_out(leave: Callable[[str], None]) -> Iterator[None]:
    """While inside, each of the signals in `early.NAMES` calls `leave` with its name, in the event loop.

    One that came before the loop ran is told at once.
    """
    loop = asyncio.get_running_loop()
    undo: list[Callable[[], object]] = []
    for name in early.NAMES:
        number = getattr(signal, name, None)
        if number is not None:
            undo.append(_install(loop, number, name, leave))
    missed = early.taken()
    if missed is not None:
        leave(missed)
    try:
        yield
    finally:
        for each in undo:
            each()


async def unless_left(work: Coroutine[Any, Any, T], doing: str) -> T:
    """Do `work`, unless a way out is taken. Raises TreadmillNotFound then; nothing has been written."""
    task = asyncio.ensure_future(work)
    left: list[str] = []

    def leave(name: str) -> None:
        left.append(name)
        task.cancel()

    with ways_out(leave):
        try:
            return await task
        except asyncio.CancelledError:
            if not left:
                raise
            raise TreadmillNotFound(f"left ({left[0]}) while {doing}; nothing was written to a treadmill") from None


def _install(
    loop: asyncio.AbstractEventLoop, number: signal.Signals, name: str, leave: Callable[[str], None]
) -> Callable[[], object]:
    before = signal.getsignal(number)
    try:
        loop.add_signal_handler(number, leave, name)
    except NotImplementedError:  # loops on Windows
        pass
    else:

        def undo() -> None:
            loop.remove_signal_handler(number)
            signal.signal(number, before)

        return undo

    def handler(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(leave, name)

    signal.signal(number, handler)
    return lambda: signal.signal(number, before)
