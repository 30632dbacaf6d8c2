"""From an error to the exit status that docs/JSONL.md promises. Light: `--help` imports it."""

from __future__ import annotations

from typing import Final

from retroctl.errors import ConfigError, JournalError, TreadmillError

OK: Final = 0
INTERNAL: Final = 1
USAGE: Final = 2
NO_TREADMILL: Final = 3


def status_of(error: BaseException) -> int:
    """The exit status of an error that ended the program before or instead of a session."""
    if isinstance(error, ConfigError | JournalError):
        return USAGE
    return NO_TREADMILL if isinstance(error, TreadmillError) else INTERNAL
