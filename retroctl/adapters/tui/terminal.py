"""Whether the terminal is still there."""

from __future__ import annotations

import select
import sys
from typing import Final

LOOK_S: Final = 0.5
"""How often to look."""


def terminal_open() -> bool:
    """False when nobody has the other end of standard input open any more; Windows does not say."""
    if sys.platform == "win32" or sys.__stdin__ is None:
        return True
    poll = select.poll()
    poll.register(sys.__stdin__.fileno(), 0)
    return not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))
