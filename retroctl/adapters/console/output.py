"""Printing that cannot block: a thread of its own, a bounded queue, and a word when the reader is gone."""

from __future__ import annotations

import os
import queue
import select
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LINES: Final = 5000
"""Lines that may wait for a slow reader; beyond that telemetry is dropped, then anything: the belt goes before."""
TELEMETRY_LINES: Final = 4000
CLOSE_S: Final = 2.0
LOOK_S: Final = 0.25
"""How often to look whether anybody still reads, while there is nothing to print."""


class Output:
    """Lines to a file descriptor. `closed` is called once, from the thread, when nobody reads any more."""

    def __init__(self, descriptor: int, closed: Callable[[], None]) -> None:
        self._descriptor, self._closed = descriptor, closed
        self._queue: queue.Queue[bytes | None] = queue.Queue(maxsize=LINES)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._broken = self._ended = False
        self._thread.start()

    def line(self, text: str, *, telemetry: bool = False) -> None:
        """Queue one line; returns at once."""
        self.text(f"{text}\n", telemetry=telemetry)

    def text(self, text: str, *, telemetry: bool = False) -> None:
        """Queue text as it is; returns at once."""
        if self._broken or (telemetry and self._queue.qsize() >= TELEMETRY_LINES):
            return
        try:
            self._queue.put_nowait(text.encode("utf-8", "replace"))
        except queue.Full:
            return

    def close(self) -> bool:
        """Print what waits, within 2 s; False where not all of it found a reader."""
        if not self._ended:
            self._ended = True
            try:
                self._queue.put_nowait(None)
            except queue.Full:
                return False
        self._thread.join(CLOSE_S)
        return not self._broken and not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                data = self._queue.get(timeout=LOOK_S)
            except queue.Empty:
                if not _unread(self._descriptor):
                    continue
                data = b"\n"  # the write will say what is the matter
            if data is None:
                return
            try:
                _write(self._descriptor, data)
            except OSError:  # the reader is gone, or the terminal is
                self._broken = True
                self._closed()
                return


def _write(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:  # somebody who shares the descriptor has made it non-blocking
            select.select((), (descriptor,), (), LOOK_S)


def _unread(descriptor: int) -> bool:
    """Whether a pipe has lost its reader."""
    if sys.platform == "win32":
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    try:
        return any(flags & (select.POLLERR | select.POLLNVAL) for _, flags in poll.poll(0))
    except OSError:
        return False
