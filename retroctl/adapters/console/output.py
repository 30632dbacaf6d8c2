"""Printing that cannot block: a thread of its own, a bounded queue, and a word when the reader is gone."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LINES: Final = 5000
"""Lines that may wait for a slow reader; beyond that telemetry is dropped first, then anything: the belt goes before."""
TELEMETRY_LINES: Final = 4000
CLOSE_S: Final = 2.0


class Output:
    """Lines to a file descriptor. `closed` is called once, from the thread, when nobody reads any more."""

    def __init__(self, descriptor: int, closed: Callable[[], None]) -> None:
        self._descriptor, self._closed = descriptor, closed
        self._queue: queue.Queue[bytes | None] = queue.Queue(maxsize=LINES)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._broken = False
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

    def close(self) -> None:
        """Print what waits, within 2 s."""
        try:
            self._queue.put(None, timeout=CLOSE_S)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:  # the reader is gone, or the terminal is
                self._broken = True
                self._closed()
                return
