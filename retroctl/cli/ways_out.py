"""Every way out of the program that a system offers, led to one place: stop the belt, then end."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGQUIT", "SIGBREAK")
"""Ctrl-C, kill, a closed terminal, Ctrl-Z, Ctrl-backslash, Ctrl-Break; each system has some of them."""


@contextmanager
def ways_out(leave: Callable[[str], None]) -> Iterator[None]:
    """While inside, each of these signals calls `leave` with its name, in the event loop."""
    loop = asyncio.get_running_loop()
    undo: list[Callable[[], object]] = []
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None:
            undo.append(_install(loop, number, name, leave))
    try:
        yield
    finally:
        for each in undo:
            each()


def _install(
    loop: asyncio.AbstractEventLoop, number: signal.Signals, name: str, leave: Callable[[str], None]
) -> Callable[[], object]:
    try:
        loop.add_signal_handler(number, leave, name)
    except NotImplementedError:  # loops on Windows
        pass
    else:
        return lambda: loop.remove_signal_handler(number)

    def handler(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(leave, name)

    before = signal.signal(number, handler)
    return lambda: signal.signal(number, before)
