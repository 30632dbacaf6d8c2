"""The time of day where this computer is, also where its time zone is set to nonsense."""

from __future__ import annotations

from datetime import UTC, datetime


def local_now() -> datetime:
    """Now, by this computer's clock and time zone; in UTC where TZ names no zone that can be (an offset of 99 h)."""
    now = datetime.now(UTC)
    try:
        return now.astimezone()
    except (OverflowError, OSError, ValueError):
        return now
