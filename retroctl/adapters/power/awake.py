"""Keeps the computer from sleeping from arming to the end of the run. A listener; nothing waits for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from retroctl.adapters.power.inhibit import Refused, hold_awake
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.power.inhibit import Held

CLOSE_S: Final = 1.5
"""The end of a run waits so long at most; the request ends with the process in any case."""


class Awake:
    """Put it among the run's listeners; `begin` in the event loop, `close` at the end."""

    def __init__(self, ask: Callable[[], Held] = hold_awake) -> None:
        """`ask` blocks and raises Refused; it is called in a thread of its own."""
        self._ask = ask
        self._released = threading.Event()
        self._thread: threading.Thread | None = None
        self._tell: Callable[[bool, str], None] = lambda _held, _words: None
        self._loop: asyncio.AbstractEventLoop | None = None

    def begin(self, tell: Callable[[bool, str], None]) -> None:
        """`tell` gets, once and in the event loop, whether the computer stays awake, and by what or why not."""
        self._loop, self._tell = asyncio.get_running_loop(), tell

    def __call__(self, report: Report) -> None:
        """Ask the system when the session is armed; returns at once."""
        armed = report.kind is Kind.STATE and report.data.get("state") == "armed"
        if armed and self._thread is None and not self._released.is_set():
            self._thread = threading.Thread(target=self._hold, name="awake", daemon=True)
            self._thread.start()

    def close(self) -> bool:
        """Let the computer sleep again; False where the thread is left behind."""
        self._released.set()
        if self._thread is None:
            return True
        self._thread.join(CLOSE_S)
        return not self._thread.is_alive()

    def _hold(self) -> None:
        try:
            held = self._ask()
        except Refused as refused:
            self._say(False, str(refused))  # noqa: FBT003 - the signature of tell
            return
        except Exception as error:  # noqa: BLE001 - the end of this thread; the session goes on as it would without it
            self._say(False, f"{type(error).__name__}: {error}")  # noqa: FBT003 - the signature of tell
            return
        self._say(True, held.words)  # noqa: FBT003 - the signature of tell
        self._released.wait()
        held.release()

    def _say(self, held: bool, words: str) -> None:  # noqa: FBT001 - as above
        loop = self._loop
        if loop is None or self._released.is_set():
            return
        try:
            loop.call_soon_threadsafe(self._tell, held, words)
        except RuntimeError:  # the loop has ended; nobody waits any more
            return
