"""How the guard makes itself heard: text and bell on the terminal, and a sound. Two threads, since each may hang."""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING: Final = 8
"""So many alarms may wait for a terminal that hangs; later ones are dropped, since they say the same."""
_LEAVE_SCREEN: Final = "\x1b[?1049l\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[0m"
"""The program may have died with its screen over the terminal: back to the plain one, no mouse, a cursor."""


class Siren:
    """Shows and sounds alarms. `sound` plays one alarm sound and may take its time."""

    def __init__(self, terminal: str | None, sound: Callable[[], None]) -> None:
        """`terminal`: the device of the trainer's terminal; without one, standard error is written to."""
        self._terminal, self._sound = terminal, sound
        self._texts: queue.Queue[str] = queue.Queue(WAITING)
        self._loud = threading.Event()
        self.plain_screen = False
        """The program's screen is to be left first."""
        threading.Thread(target=self._show, name="siren", daemon=True).start()
        threading.Thread(target=self._play, name="siren's sound", daemon=True).start()

    def __call__(self, text: str) -> None:
        """Alarm; returns at once."""
        with suppress(queue.Full):
            self._texts.put_nowait(text)
        self._loud.set()

    @property
    def quiet(self) -> bool:
        """Whether everything has been shown and sounded."""
        return self._texts.unfinished_tasks == 0 and not self._loud.is_set()

    def last(self, text: str) -> None:
        """Show a last line, without the thread; best effort."""
        self._write(text)

    def _show(self) -> None:
        while True:
            self._write(self._texts.get())
            self._texts.task_done()

    def _play(self) -> None:
        while self._loud.wait():
            with suppress(Exception):  # whatever a sound system may raise, the next alarm is sounded
                self._sound()
            self._loud.clear()

    def _write(self, text: str) -> None:
        screen = _LEAVE_SCREEN if self.plain_screen and self._terminal is not None else ""
        self.plain_screen = False
        # The terminal may be without line discipline, and nobody is there to set it right: both ends of a line.
        data = f"{screen}\a\r\n!! GUARD  {text}\r\n".encode(errors="replace")
        with suppress(OSError):
            if self._terminal is None:
                os.write(2, data)
                return
            # Non-blocking: a terminal that was stopped with Ctrl-S takes nothing and must not hold anybody.
            descriptor = os.open(self._terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)
