"""Single keys from a terminal, without Enter; the terminal is put back as it was, whatever happens."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def keys(pressed: Callable[[str], None], gone: Callable[[], None]) -> Iterator[None]:
    """Call `pressed` for each key (a burst, such as an arrow's escape sequence, is one key); `gone` when none can come.

    `pressed` is called in the running event loop.
    """
    if sys.platform == "win32":
        with _windows_keys(pressed):
            yield
    else:
        with _posix_keys(pressed, gone):
            yield


@contextmanager
def _posix_keys(pressed: Callable[[str], None], gone: Callable[[], None]) -> Iterator[None]:
    import termios  # noqa: PLC0415 - not on Windows
    import tty  # noqa: PLC0415

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            data = os.read(descriptor, 1024)
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(descriptor)
            gone()
            return
        pressed(data.decode("utf-8", "replace"))

    tty.setcbreak(descriptor, termios.TCSANOW)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        try:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        except termios.error:
            pass  # the terminal is gone


@contextmanager
def _windows_keys(pressed: Callable[[str], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    done = threading.Event()

    def read() -> None:
        import msvcrt  # noqa: PLC0415 - only on Windows

        console: Any = msvcrt
        while not done.wait(0.02):
            burst = ""
            while console.kbhit():
                burst += console.getwch()
            if burst:
                loop.call_soon_threadsafe(pressed, burst)

    threading.Thread(target=read, name="keys", daemon=True).start()
    try:
        yield
    finally:
        done.set()
