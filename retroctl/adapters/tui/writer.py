"""Output to a terminal that cannot hold up the program: a thread of its own and a bounded store.

Textual's own writer keeps thirty pieces and then makes the event loop wait; a terminal that stops reading (a hung
connection, a window in copy mode) would stop the belt's control. Here pictures are dropped instead, and the whole
screen is painted anew when the terminal reads again.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STORE_BYTES: Final = 512 * 1024
"""About twenty full pictures of a large terminal; beyond that they are out of date anyway."""
CLOSE_S: Final = 2.0


class Writer:
    """What Textual's driver writes to."""

    def __init__(
        self,
        descriptor: int,
        drained: Callable[[], None],
        gone: Callable[[], None],
        *,
        print_bytes: Callable[[memoryview], int] | None = None,
    ) -> None:
        """From the thread: `drained` when there is room again after something was dropped, `gone` when nobody reads.

        `print_bytes` writes some bytes and says how many: a console of Windows wants its own way.
        """
        self._descriptor, self._drained, self._gone = descriptor, drained, gone
        self._print_bytes = print_bytes or (lambda data: os.write(descriptor, data))
        self._store: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = self._ended = self._broken = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)

    def start(self) -> None:
        """Begin to print."""
        self._thread.start()

    def write(self, text: str) -> None:
        """Keep `text` to be printed, or drop it when the store is full; never waits."""
        data = text.encode("utf-8", "replace")
        with self._changed:
            if self._broken or self._ended:
                return
            if self._bytes + len(data) > STORE_BYTES:
                self._dropped = True
                return
            self._store.append(data)
            self._bytes += len(data)
            self._changed.notify()

    def flush(self) -> None:
        """Everything is printed as soon as the terminal takes it."""

    def isatty(self) -> bool:
        """It is one."""
        return True

    def fileno(self) -> int:
        """The terminal."""
        return self._descriptor

    def stop(self) -> None:
        """Print what waits, within a bound."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._store and not self._ended:
                    self._changed.wait()
                if not self._store:
                    return
                data = b"".join(self._store)
                self._store.clear()
            if not self._print(data):
                return
            with self._changed:
                self._bytes = sum(map(len, self._store))
                again, self._dropped = self._dropped and not self._store, self._dropped and bool(self._store)
            if again:
                self._drained()

    def _print(self, data: bytes) -> bool:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._print_bytes(rest) :]
        except OSError:
            with self._changed:
                self._broken = True
                self._store.clear()
            self._gone()
            return False
        return True
