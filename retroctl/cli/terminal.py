"""What the program was started on: a terminal that keys come from, one that can be drawn on."""

from __future__ import annotations

import os
import sys


def has_screen() -> bool:
    """Whether standard output is a terminal that can be drawn on."""
    try:
        drawn = sys.stdout is not None and sys.stdout.isatty() and sys.__stdout__ is not None
    except ValueError:  # closed
        return False
    return drawn and os.environ.get("TERM", "") != "dumb"


def has_terminal() -> bool:
    """Whether keys can come from standard input."""
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:  # closed
        return False
