"""All that the record holds of one client, as plain JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files, read

if TYPE_CHECKING:
    from pathlib import Path


def sessions_of(file: Path, client_id: str) -> list[dict[str, Any]]:
    """Every session of a client, whole, the earliest first. Raises JournalError.

    Samples are lists of session seconds, measured km/h, target km/h, beats a minute; null is "not known".
    """
    if not sqlite.is_there(file):
        return []
    return [_session(read.session(file, each.id)) for each in reversed(read.sessions(file, client_id=client_id))]


def notes_of(file: Path, client_id: str) -> list[dict[str, Any]]:
    """The free text about a client or written in one of their sessions, the earliest first. Raises JournalError."""
    if not sqlite.is_there(file):
        return []
    query = """SELECT session_id, written_utc_ms, text FROM notes
               WHERE client_id = ? OR session_id IN (SELECT id FROM sessions WHERE client_id = ?) ORDER BY note"""
    with files.reading(file) as connection:
        rows = connection.execute(query, (client_id, client_id)).fetchall()
    return [{"session": session, "utc_ms": utc_ms, "text": text} for session, utc_ms, text in rows]


def _session(record: read.SessionRecord) -> dict[str, Any]:
    summary = record.summary
    return {
        "id": summary.id,
        "started_utc": summary.started_utc.isoformat(),
        "program_version": summary.program_version,
        "machine_name": summary.machine_name,
        "machine_address": summary.machine_address,
        "simulated": summary.simulated,
        "status": summary.status,
        "plan": record.plan,
        "settings": record.settings,
        "rows": [{"session_s": row.session_s, "kind": row.kind, "data": row.data} for row in record.rows],
        "samples": [
            [
                sample.session_ms / 1000,
                None if sample.measured_hundredths is None else sample.measured_hundredths / 100,
                None if sample.target_hundredths is None else sample.target_hundredths / 100,
                sample.heart_rate,
            ]
            for sample in record.samples
        ],
        "remarks": list(record.remarks),
    }
