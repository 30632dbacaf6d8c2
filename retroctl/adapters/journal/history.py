"""What the rules between sessions need to know of a client's sessions, read from the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files, read
from retroctl.adapters.journal.confidence import confidences
from retroctl.adapters.journal.overview import local_day, stages_of
from retroctl.domain.effects import NoteKind
from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.figures import EASED, NO_CONFIDENCE
from retroctl.domain.method.practice import Outing, Practice, fastest_held, kind_of, shape_of, was_completed
from retroctl.units import Speed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

OUTDOOR: Final = "outdoor"
"""The kind of the plan of a session outdoors, in the record."""

_NOTED = """
    SELECT s.id, j.data FROM journal j JOIN sessions s ON s.session = j.session
    WHERE s.client_id = ? AND ((j.kind = 'event' AND j.data LIKE '%BalanceEventNoted%')
                               OR (j.kind = 'note' AND j.data LIKE '%"rpe"%'))
"""
_HELD = """
    SELECT s.id, j.data FROM journal j JOIN sessions s ON s.session = j.session
    WHERE s.client_id = ? AND j.kind = 'held'
      AND NOT EXISTS (SELECT 1 FROM journal e WHERE e.session = s.session AND e.kind = 'end') ORDER BY j.seq
"""
"""What was held in sessions without an end row: the program died, or they are running now."""
_SAID_AFTER = """
    SELECT s.id, a.answer FROM answers_after a JOIN sessions s ON s.id = a.session_id
    WHERE s.client_id = ? AND a.question = 'rpe'
"""


def history(file: Path, client_id: str, *, with_simulated: bool) -> tuple[Practice, ...]:
    """The sessions of a client in which the belt moved, the earliest first. Raises JournalError.

    `with_simulated`: those on the simulated treadmill too; they are practice for nobody's legs.
    """
    if not sqlite.is_there(file):
        return ()
    summaries = read.sessions(file, client_id=client_id)
    with files.reading(file) as connection:
        plans = dict(connection.execute("SELECT id, plan FROM sessions WHERE client_id = ?", (client_id,)).fetchall())
        noted, cut = _noted(connection, client_id), _cut(connection, client_id)
    wanted = [each for each in summaries if with_simulated or not each.simulated]
    done = [
        _practice(each, plans.get(each.id, ""), noted.get(each.id, ()), cut.get(each.id, ()))
        for each in reversed(wanted)
    ]
    return tuple(each for each in done if each is not None)


def outings(file: Path, client_id: str) -> tuple[Outing, ...]:
    """The sessions of a client outdoors (R25), the earliest first. Raises JournalError."""
    if not sqlite.is_there(file):
        return ()
    summaries = read.sessions(file, client_id=client_id)
    with files.reading(file) as connection:
        plans = dict(connection.execute("SELECT id, plan FROM sessions WHERE client_id = ?", (client_id,)).fetchall())
        noted = _noted(connection, client_id)
    confidence = confidences(file, client_id)
    return tuple(
        _outing(each, noted.get(each.id, ()), confidence.get(each.id, NO_CONFIDENCE).after)
        for each in reversed(summaries)
        if not each.simulated and read.as_object(plans.get(each.id, "")).get("kind") == OUTDOOR
    )


def _outing(summary: read.SessionSummary, noted: Iterable[dict[str, Any]], confidence: int | None) -> Outing:
    told = list(noted)
    minutes = summary.outcome.get("backward_minutes")
    return Outing(
        day=local_day(summary.started_utc),
        events=tuple(sorted(kind for each in told if (kind := _balance(each)) is not None)),
        rpe=max((rating for each in told if (rating := _rpe(each)) is not None), default=None),
        minutes=minutes if isinstance(minutes, int) and not isinstance(minutes, bool) else None,
        confidence=confidence,
    )


def _noted(connection: sqlite3.Connection, client_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for session_id, data in connection.execute(_NOTED, (client_id,)):
        found.setdefault(session_id, []).append(read.as_object(data))
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if "answers_after" in tables:  # a record that no newer program has opened for writing yet has none
        for session_id, rating in connection.execute(_SAID_AFTER, (client_id,)):
            found.setdefault(session_id, []).append({"note": NoteKind.RPE.value, "value": rating})
    return found


def _cut(connection: sqlite3.Connection, client_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for session_id, data in connection.execute(_HELD, (client_id,)):
        found.setdefault(session_id, []).append(read.as_object(data))
    return found


def _practice(
    summary: read.SessionSummary, plan: str, noted: Iterable[dict[str, Any]], cut: Iterable[dict[str, Any]] = ()
) -> Practice | None:
    """One session; None for one that never came to a hold or a balance event, or whose plan cannot be read.

    `cut`: what was held, where it has no end row.
    """
    written = read.as_object(plan)
    try:
        stages = stages_of(written)
        held = [(Speed.from_kmh(each["target_kmh"]), float(each["seconds"])) for each in (*_held(summary), *cut)]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    shape = shape_of(stages)
    events = tuple(sorted(kind for each in noted if (kind := _balance(each)) is not None))
    rpes = [rating for each in noted if (rating := _rpe(each)) is not None]
    if not stages or not (held or events):
        return None
    # A forward stage's speed is no backward speed, and the record's holds do not say which way the client faced.
    backward = [(speed, seconds) for speed, seconds in held if speed <= shape.peak]
    ended = summary.status == "ended" and summary.outcome.get("reason") == EASED
    return Practice(
        day=local_day(summary.started_utc),
        kind=kind_of(stages),
        shape=shape,
        completed=ended and was_completed(stages, held),
        peak=fastest_held(backward),
        events=events,
        rpe=max(rpes, default=None),
        simulated=summary.simulated,
        name=str(written.get("name", "")),
        until=local_day(summary.last_utc),
    )


def _held(summary: read.SessionSummary) -> list[Any]:
    held = summary.outcome.get("held", [])
    return held if isinstance(held, list) else []


def _balance(noted: dict[str, Any]) -> BalanceEvent | None:
    try:
        return BalanceEvent(noted["kind"]) if noted.get("event") == "BalanceEventNoted" else None
    except (KeyError, ValueError):
        return None


def _rpe(noted: dict[str, Any]) -> int | None:
    """Exertion at a speed, or of the whole session as said after it: the highest counts."""
    rating = noted.get("value") if noted.get("note") == NoteKind.RPE else None
    return rating if isinstance(rating, int) else None
