"""What was said after a session, as plain JSON values and back; its words, which may name people, only when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.journal.checked import as_list, as_object, as_text, as_whole

if TYPE_CHECKING:
    import sqlite3

    from retroctl.adapters.journal.portable import Sealed

_QUESTIONS: Final = {"confidence": (1, 5), "rpe": (6, 20)}
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Said:
    """Answers (question, answer, when), incidents (when, injury, what and who was told or None), notes (when, text)."""

    answers: tuple[tuple[str, int, int], ...] = ()
    incidents: tuple[tuple[int, bool, tuple[str, str] | None], ...] = ()
    notes: tuple[tuple[int, str], ...] = ()

    def store(self, connection: sqlite3.Connection, session: Sealed) -> None:
        """Put it into a record, inside a transaction of the caller's. Raises sqlite3.Error."""
        client_id = session.record.summary.client_id
        for question, answer, utc_ms in self.answers:
            connection.execute("INSERT INTO answers_after VALUES (?, ?, ?, ?)", (session.id, question, answer, utc_ms))
        for utc_ms, injury, words in self.incidents:
            cursor = connection.execute(
                "INSERT INTO incidents (session_id, written_utc_ms, injury) VALUES (?, ?, ?)",
                (session.id, utc_ms, int(injury)),
            )
            if words is not None:
                connection.execute(
                    "INSERT INTO incident_words VALUES (?, ?, ?, ?)", (cursor.lastrowid, client_id, *words)
                )
        for utc_ms, text in self.notes:
            connection.execute(
                "INSERT INTO notes (session_id, client_id, written_utc_ms, text) VALUES (?, ?, ?, ?)",
                (session.id, client_id, utc_ms, text),
            )


def dump_after(connection: sqlite3.Connection, session_id: str, *, words: bool) -> dict[str, Any]:
    """What was said after a session; without `words` no free text. Raises sqlite3.Error."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    one = (session_id,)
    said: dict[str, Any] = {"answers": [], "incidents": []}
    if "incidents" in tables:  # else a record that no newer program has opened for writing yet
        said["answers"] = [
            {"question": question, "answer": answer, "written_utc_ms": utc_ms}
            for question, answer, utc_ms in connection.execute(
                "SELECT question, answer, written_utc_ms FROM answers_after WHERE session_id = ? ORDER BY question", one
            )
        ]
        said["incidents"] = [
            {"written_utc_ms": utc_ms, "injury": bool(injury)}
            | ({"what": what, "told": told} if words and what is not None else {})
            for utc_ms, injury, what, told in connection.execute(
                "SELECT i.written_utc_ms, i.injury, w.what, w.told FROM incidents i LEFT JOIN incident_words w"
                " USING (incident) WHERE i.session_id = ? ORDER BY i.incident",
                one,
            )
        ]
    if words:
        notes = connection.execute("SELECT written_utc_ms, text FROM notes WHERE session_id = ? ORDER BY note", one)
        said["notes"] = [{"written_utc_ms": utc_ms, "text": text} for utc_ms, text in notes]
    return said


def read_after(value: object) -> Said:
    """What was said, from its JSON. Raises ValueError, TypeError, KeyError with the reason."""
    given = as_object(value, frozenset({"answers", "incidents", "notes"}), "after")
    return Said(
        tuple(_answer(each) for each in as_list(given["answers"], "answers")),
        tuple(_incident(each) for each in as_list(given["incidents"], "incidents")),
        tuple(_note(each) for each in as_list(given.get("notes", []), "notes")),
    )


def _answer(value: object) -> tuple[str, int, int]:
    given = as_object(value, frozenset({"question", "answer", "written_utc_ms"}), "an answer")
    question, answer = as_text(given["question"], "question"), as_whole(given["answer"], "answer")
    least, most = _QUESTIONS.get(question, (0, -1))
    if not least <= answer <= most:
        raise ValueError(f"{answer} is no answer to {question!r}")
    return question, answer, as_whole(given["written_utc_ms"], "written_utc_ms")


def _incident(value: object) -> tuple[int, bool, tuple[str, str] | None]:
    given = as_object(value, frozenset({"written_utc_ms", "injury", "what", "told"}), "an incident")
    injury = given["injury"]
    if not isinstance(injury, bool):
        raise TypeError("injury is neither true nor false")
    words = None
    if "what" in given or "told" in given:
        words = as_text(given["what"], "what", _LONGEST), as_text(given["told"], "told", _LONGEST)
    return as_whole(given["written_utc_ms"], "written_utc_ms"), injury, words


def _note(value: object) -> tuple[int, str]:
    given = as_object(value, frozenset({"written_utc_ms", "text"}), "a note")
    return as_whole(given["written_utc_ms"], "written_utc_ms"), as_text(given["text"], "text", _LONGEST)
