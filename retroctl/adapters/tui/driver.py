"""Textual's driver for a real terminal, with its three dangers for a belt taken out.

Its output cannot make the event loop wait (see `writer`). Its handlers for Ctrl-Z do not replace ours: a suspended
program controls nothing. And the urgent keys go from the input thread straight to the event loop, past Textual's
queue of messages: a screen that is slow, wrong or dead cannot stand between STOP and the belt.
"""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final, cast

from textual import events

from retroctl.adapters.tui.keymap import TEXT_KEYS, Urgent, understood
from retroctl.adapters.tui.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.driver import Driver
    from textual.message import Message

    from retroctl.app.remote import Remote

_OURS: Final = ("SIGTSTP", "SIGCONT")
KEYS_A_SECOND: Final = 40
"""More than anybody types; what a stuck key or a paste brings beyond it is dropped. Urgent keys are not counted."""


def guarded_driver(  # noqa: C901 - it is one class
    base: type[Driver],
    *,
    urgent_key: Callable[[Urgent], None],
    takes_text: Callable[[], bool],
    repaint: Callable[[], None],
    gone: Callable[[], None],
    remote: Remote,
) -> type[Driver]:
    """A driver class made from Textual's own for this system.

    `urgent_key`, `repaint` and `gone` (the terminal does not take our output any more) are called in the event loop;
    `takes_text` from the input thread. The keys that `remote` was taught become those of the screen here.
    """

    class Guarded(base):  # type: ignore[misc, valid-type]  # the base is chosen at run time
        def __init__(self, *arguments: Any, **named: Any) -> None:
            before = {number: signal.getsignal(number) for number in _numbers()}
            self._second_began, self._keys = 0.0, 0
            super().__init__(*arguments, **named)
            for number, handler in before.items():
                signal.signal(number, handler)
                signal.siginterrupt(number, False)  # noqa: FBT003 - the function takes it by position only

        @property
        def _writer_thread(self) -> Writer:
            writer = self.__dict__.get("_writer")
            if writer is None:
                output = cast("Any", sys.__stdout__)
                writer = self.__dict__["_writer"] = Writer(
                    output.fileno(),
                    lambda: self._soon(repaint),
                    lambda: self._soon(gone),
                    # A console of Windows takes UTF-8 only through Python's own layer.
                    print_bytes=output.buffer.raw.write if sys.platform == "win32" else None,
                )
            return cast("Writer", writer)

        @_writer_thread.setter
        def _writer_thread(self, _theirs: object) -> None:
            """The base class makes one of its own; it is not used."""

        def process_message(self, message: Message) -> None:
            if isinstance(message, events.Key):
                act = understood(message.key, remote)
                if isinstance(act, Urgent) and not (message.key.lower() in TEXT_KEYS and takes_text()):
                    self._soon(lambda: urgent_key(act))
                    return
                if not self._allowed():
                    return
                if not isinstance(act, Urgent) and act != message.key and not takes_text():
                    message = events.Key(act, act if len(act) == 1 else None)
            super().process_message(message)

        def _allowed(self) -> bool:
            """Whether one more key may go into Textual's queue, which has no bound of its own."""
            now = time.monotonic()
            if now - self._second_began >= 1.0:
                self._second_began, self._keys = now, 0
            self._keys += 1
            return self._keys <= KEYS_A_SECOND

        def _soon(self, call: Callable[[], None]) -> None:
            try:
                self._loop.call_soon_threadsafe(call)
            except RuntimeError:
                return  # the loop is closed: the program has ended

    return Guarded


def _numbers() -> list[signal.Signals]:
    return [cast("signal.Signals", getattr(signal, name)) for name in _OURS if hasattr(signal, name)]
