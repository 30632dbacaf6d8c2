"""The record of sessions: an append-only SQLite file. docs/RECORDS.md says what is in it."""

from retroctl.adapters.journal.files import FILE_NAME
from retroctl.adapters.journal.journal import SqliteJournal, new_id

__all__ = ["FILE_NAME", "SqliteJournal", "new_id"]
