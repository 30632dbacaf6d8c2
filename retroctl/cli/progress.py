"""How far something is, on standard error, once it takes long enough that one would wonder."""

from __future__ import annotations

import sys
import time
from typing import Final

_PATIENCE_S: Final = 1.0
_AGAIN_S: Final = 0.2
_AGAIN_UNSEEN_S: Final = 10.0
"""Into a file or a pipe: one line now and then."""


class Progress:
    """Call it with what is done and of how much; `end` clears the line."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE_S
        self._shown = False

    def __call__(self, done: int, of: int) -> None:
        """Tell of it, where it is time to."""
        now = time.monotonic()
        if now < self._next or sys.stderr is None:
            return
        share = f"{self._what}: {100 * done // max(of, 1)} %"
        if self._terminal:
            sys.stderr.write(f"\r{share} ")
            self._next, self._shown = now + _AGAIN_S, True
        else:
            sys.stderr.write(f"{share}\n")
            self._next = now + _AGAIN_UNSEEN_S
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
