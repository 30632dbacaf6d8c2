"""The first lines that run: what must be in order before anything is imported that takes time."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGQUIT", "SIGBREAK")
"""Ctrl-C, kill, a closed terminal, Ctrl-Z, Ctrl-backslash, Ctrl-Break; each system has some of them."""

LONGEST: Final = 1000
"""What people write may be long, and a line is meant to be read."""

_taken: list[str] = []


def prepare(arguments: list[str]) -> None:
    """Give the standard streams a descriptor each; for a session, remember a way out taken while it is imported."""
    for descriptor in range(3):
        _occupy(descriptor)
    if arguments[:1] in (["run"], ["demo"], ["qualify"]):
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, _remember)


def _remember(number: int, _frame: FrameType | None) -> None:
    _taken.append(signal.Signals(number).name)


def taken() -> str | None:
    """The way out that was taken before the session could hear of it."""
    return _taken[0] if _taken else None


def last_words(text: str) -> None:
    """One line on standard error, if there is anybody to read it; for when nothing else is running any more."""
    if sys.stderr is None:
        return
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    if len(shown) > LONGEST:
        shown = f"{shown[: LONGEST // 2]} ... {shown[-LONGEST // 2 :]}"
    try:
        sys.stderr.write(f"{shown}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def _occupy(descriptor: int) -> None:
    """A closed standard descriptor would be given to the next file opened, and what is printed would land in it."""
    try:
        os.fstat(descriptor)
    except OSError:
        if os.open(os.devnull, os.O_RDWR) != descriptor:  # lower ones are occupied by now
            return
