"""Single keys from a terminal, without Enter; the terminal is put back as it was, whatever happens."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def keys(pressed: Callable[[str], None], gone: Callable[[], None]) -> Iterator[None]:
    """Call `pressed` for each key (a burst, such as an arrow's escape sequence, is one key); `gone` when none can come.

    `pressed` is called in the running event loop. What was typed before or is left over afterwards is thrown away:
    it was not meant for this program, or not for the shell.
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

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            data = os.read(descriptor, 1024)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            loop.remove_reader(descriptor)
            gone()
            return
        pressed(data.decode("utf-8", "replace"))

    _one_by_one(descriptor)
    try:
        loop.add_reader(descriptor, read)
        yield
    finally:
        loop.remove_reader(descriptor)
        with suppress(termios.error):  # the terminal may be gone
            termios.tcflush(descriptor, termios.TCIFLUSH)
            # At once: waiting for the output to drain would hang on a terminal that was stopped.
            termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _one_by_one(descriptor: int) -> None:
    """Each key as it is pressed and unseen, Ctrl-S, Ctrl-Q, Ctrl-V and Ctrl-O included: each of them is STOP.

    Ctrl-C, Ctrl-Z and Ctrl-backslash stay signals, which are ways out and stop the belt too.
    """
    import termios  # noqa: PLC0415 - not on Windows

    mode = termios.tcgetattr(descriptor)
    mode[0] &= ~(termios.IXON | termios.IXOFF)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSANOW, mode)
    termios.tcflush(descriptor, termios.TCIFLUSH)


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
