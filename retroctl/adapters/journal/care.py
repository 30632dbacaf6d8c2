"""Looking after the record: is each session as it was written, and what can be said of those that have no end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from retroctl.adapters.journal import files, read, schema
from retroctl.adapters.safekeeping import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECORD: Final = Kind("the record", schema.APPLICATION_ID, schema.MIGRATIONS)
_MAY_RUN: Final = timedelta(seconds=30)
"""A session writes every half second; a row younger than this may be one of a session that is running."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `faults` are damage; `interrupted` are sentences about sessions without an end."""

    sessions: int
    faults: tuple[str, ...]
    interrupted: tuple[str, ...]


def look_through(
    file: Path, told: Callable[[int, int], None] = lambda _done, _of: None, *, now: datetime | None = None
) -> Findings:
    """Look at every session, the earliest first. Raises JournalError."""
    listed = list(reversed(read.sessions(file)))
    faults: list[str] = []
    interrupted: list[str] = []
    at = now or datetime.now(UTC)
    for done, summary in enumerate(listed):
        told(done, len(listed))
        record = read.session(file, summary.id)
        faults += [f"session {summary.id} of {summary.started_utc:%Y-%m-%d}: {fault}" for fault in read.verify(record)]
        if summary.status == "interrupted":
            interrupted.append(_interrupted(record, at))
    told(len(listed), len(listed))
    return Findings(len(listed), tuple(faults), tuple(interrupted))


def sound(file: Path) -> tuple[str, ...]:
    """What is wrong with the sessions of a file that nobody writes, such as a backup. Raises JournalError."""
    with files.reading(file):
        pass
    return look_through(file).faults


def _interrupted(record: read.SessionRecord, now: datetime) -> str:
    """What is known of a session without an end, and that nothing more is."""
    summary = record.summary
    where = f"session {summary.id} of {summary.started_utc:%Y-%m-%d %H:%M} UTC"
    if timedelta(0) <= now - summary.last_utc < _MAY_RUN:
        return (
            f"{where}: has no end yet; its last row is {(now - summary.last_utc).total_seconds():.0f} s old: running?"
        )
    rows = [row for row in record.rows if row.session_s is not None]
    heard = [*(row.session_s or 0.0 for row in rows[-1:]), *(each.session_s for each in record.samples[-1:])]
    after = f"{_clock(max(heard))} of session time" if heard else "its beginning"
    measured = next((each for each in reversed(record.samples) if each.measured_hundredths is not None), None)
    speed = (
        "no speed was measured"
        if measured is None
        else f"last measured {(measured.measured_hundredths or 0) / 100:.2f} km/h at {_clock(measured.session_s)}"
    )
    state = next((str(row.data.get("state")) for row in reversed(record.rows) if row.kind == "state"), "unknown")
    commands = [row for row in record.rows if row.kind == "command"]
    asked = any(row.data.get("name") == "stop" for row in commands)
    stop = "a stop had been sent" if asked else ("no stop had been sent" if commands else "nothing had been sent")
    return (
        f"{where}: interrupted after {after}, in the state {state}; {speed}; {stop}. What the belt did then is unknown"
    )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
