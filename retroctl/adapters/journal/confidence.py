"""Confidence before and after a session (R5), read from the record: the briefing's answer, and the one given later.

Old records have neither table nor row of it, and damaged ones anything at all: what cannot be read was not noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files, read
from retroctl.domain.briefing import CONFIDENCE
from retroctl.domain.events import BriefingItem
from retroctl.domain.method.figures import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BRIEFED = """
    SELECT s.id, j.data FROM journal j JOIN sessions s ON s.session = j.session
    WHERE s.client_id = ? AND j.kind = 'event' AND j.data LIKE '%BriefingAnswered%' ORDER BY j.session, j.seq
"""
_SAID_AFTER = """
    SELECT s.id, a.answer FROM answers_after a JOIN sessions s ON s.id = a.session_id
    WHERE s.client_id = ? AND a.question = 'confidence'
"""


def confidences(file: Path, client_id: str) -> dict[str, Confidence]:
    """Of each session of a client in which anything of it was noted, by the session's id. Raises JournalError."""
    if not sqlite.is_there(file):
        return {}
    with files.reading(file) as connection:
        briefed = connection.execute(_BRIEFED, (client_id,)).fetchall()
        known = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'answers_after'"
        later = connection.execute(known).fetchone() is not None
        said = connection.execute(_SAID_AFTER, (client_id,)).fetchall() if later else []
    answers: dict[str, list[dict[str, Any]]] = {}
    for session_id, text in briefed:
        answers.setdefault(session_id, []).append(read.as_object(text))
    after = dict(said)
    return {
        session_id: Confidence(before_of(answers.get(session_id, ())), on_scale(after.get(session_id)))
        for session_id in answers.keys() | after.keys()
    }


def before_of(events: Iterable[dict[str, Any]]) -> int | None:
    """What the briefing was answered, from the session's rows of the kind `event`: the last answer counts."""
    found = None
    for event in events:
        if event.get("event") == "BriefingAnswered" and event.get("item") == BriefingItem.CONFIDENCE.value:
            text = event.get("text")
            found = int(text) if isinstance(text, str) and text in CONFIDENCE else None
    return found


def on_scale(answer: object) -> int | None:
    """An answer given after a session."""
    return answer if isinstance(answer, int) and str(answer) in CONFIDENCE else None
