"""What is said after a session has ended: in ordinary tables, because words about a person must be erasable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.journal import files
from retroctl.app.afterwards import LONGEST_TEXT, After, Afterwards, ConfidenceAfter, FreeNote, Incident, SessionRpe

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

ERASED = "(erased)"
"""What stands for the words of an incident whose person was erased."""


def write(connection: sqlite3.Connection, session_id: str, client_id: str | None, utc_ms: int, said: After) -> None:
    """Keep it, inside a transaction of the caller's. Raises sqlite3.Error."""
    match said:
        case ConfidenceAfter(value=value):
            _answer(connection, session_id, "confidence", value, utc_ms)
        case SessionRpe(rating=rating):
            _answer(connection, session_id, "rpe", rating, utc_ms)
        case FreeNote(text=text):
            connection.execute(
                "INSERT INTO notes (session_id, client_id, written_utc_ms, text) VALUES (?, ?, ?, ?)",
                (session_id, client_id, utc_ms, _cut(text)),
            )
        case Incident(what=what, injury=injury, told=told):
            cursor = connection.execute(
                "INSERT INTO incidents (session_id, written_utc_ms, injury) VALUES (?, ?, ?)",
                (session_id, utc_ms, int(injury)),
            )
            connection.execute(
                "INSERT INTO incident_words (incident, client_id, what, told) VALUES (?, ?, ?, ?)",
                (cursor.lastrowid, client_id, _cut(what), _cut(told)),
            )


def afterwards(file: Path, session_id: str) -> Afterwards:
    """Everything that was said after a session; nothing for one without. Raises JournalError."""
    with files.reading(file) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        one = (session_id,)
        notes = connection.execute("SELECT text FROM notes WHERE session_id = ? ORDER BY note", one).fetchall()
        if "incidents" not in tables:  # a record that no newer program has opened for writing yet
            return Afterwards(notes=tuple(text for (text,) in notes))
        answers = dict(
            connection.execute("SELECT question, answer FROM answers_after WHERE session_id = ?", one).fetchall()
        )
        incidents = connection.execute(
            "SELECT w.what, i.injury, w.told FROM incidents i LEFT JOIN incident_words w USING (incident)"
            " WHERE i.session_id = ? ORDER BY i.incident",
            one,
        ).fetchall()
    return Afterwards(
        answers.get("confidence"),
        answers.get("rpe"),
        tuple(text for (text,) in notes),
        tuple(Incident(what or ERASED, bool(injury), told or ERASED) for what, injury, told in incidents),
    )


def _answer(connection: sqlite3.Connection, session_id: str, question: str, answer: int, utc_ms: int) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO answers_after (session_id, question, answer, written_utc_ms) VALUES (?, ?, ?, ?)",
        (session_id, question, answer, utc_ms),
    )


def _cut(text: str) -> str:
    return text[:LONGEST_TEXT].encode("utf-8", "replace").decode()  # half of a surrogate pair is no text
