"""Erasing a person: their names and notes go for good; the sessions stay, under an id that leads to nobody."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files
from retroctl.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path


def erase_client(file: Path, client_id: str) -> bool:
    """Erase a client's row, notes and the words of incidents; False if there was nothing of them.

    They go from the file's free space and log too. That an incident happened stays, without its words.
    Needs the record for itself: raises JournalError while a session is being written or read. The names may by then
    be out of the tables and still in the file's free space: erase again when nobody else has it open.
    """
    try:
        connection = files.connect_to_write(file)
    except (sqlite3.Error, OSError) as error:
        raise sqlite.explain(file, error) from error
    try:
        # Zeros over what is deleted; then the file is written anew without free pages, and the log is emptied.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        of_client = "client_id = ? OR session_id IN (SELECT id FROM sessions WHERE client_id = ?)"
        notes = connection.execute(f"DELETE FROM notes WHERE {of_client}", (client_id, client_id)).rowcount  # noqa: S608 - constant
        words = connection.execute("DELETE FROM incident_words WHERE client_id = ?", (client_id,)).rowcount
        clients = connection.execute("DELETE FROM clients WHERE client_id = ?", (client_id,)).rowcount
        connection.execute("COMMIT")
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        raise sqlite.explain(file, error) from error
    finally:
        connection.close()
    if busy:
        raise JournalError(f"{file} is being read by another program; close it and erase again")
    return bool(notes or words or clients)
