"""The tables of the record, as a list of migrations, and the rules that the file itself keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters import sqlite

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

APPLICATION_ID = 0x5254_524F
"""`RTRO`, in the file's header: tells our record from any other program's database."""

_FIRST = (
    # What was known when the session began. Never changed: how it ended is a row of the journal, of the kind `end`.
    """CREATE TABLE sessions (
        session INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        started_utc_ms INTEGER NOT NULL,
        program_version TEXT NOT NULL,
        machine_name TEXT,
        machine_address TEXT,
        client_id TEXT,
        simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)),
        plan TEXT NOT NULL,
        settings TEXT NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32)
    ) STRICT""",
    "CREATE INDEX sessions_by_time ON sessions (started_utc_ms)",
    "CREATE INDEX sessions_by_client ON sessions (client_id, started_utc_ms)",
    # Clustered by session: opening one of ten thousand reads neighbouring pages and no index.
    """CREATE TABLE journal (
        session INTEGER NOT NULL REFERENCES sessions,
        seq INTEGER NOT NULL,
        session_ms INTEGER,
        utc_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (session, seq)
    ) STRICT, WITHOUT ROWID""",
    # One end at most, and found at once when listing.
    "CREATE UNIQUE INDEX journal_end ON journal (session) WHERE kind = 'end'",
    """CREATE TABLE sample_minutes (
        session INTEGER NOT NULL REFERENCES sessions,
        seq INTEGER NOT NULL,
        start_ms INTEGER NOT NULL,
        utc_ms INTEGER NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        data BLOB NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (session, seq)
    ) STRICT, WITHOUT ROWID""",
    # The minute that is not full yet, as it grows. `minute` is the seq that its packed row will have.
    """CREATE TABLE sample_tail (
        session INTEGER NOT NULL REFERENCES sessions,
        minute INTEGER NOT NULL,
        part INTEGER NOT NULL,
        start_ms INTEGER NOT NULL,
        utc_ms INTEGER NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        data BLOB NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        PRIMARY KEY (session, minute, part)
    ) STRICT, WITHOUT ROWID""",
    # Names and free text stand apart, in ordinary tables, so that they can be erased.
    """CREATE TABLE clients (
        client_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        added_utc_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE notes (
        note INTEGER PRIMARY KEY,
        session_id TEXT,
        client_id TEXT,
        written_utc_ms INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX notes_by_client ON notes (client_id)",
    "CREATE INDEX notes_by_session ON notes (session_id)",
    *(
        f"""CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
        for table in ("sessions", "journal", "sample_minutes", "sample_tail")
    ),
    *(
        f"""CREATE TRIGGER {table}_is_never_thinned BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
        for table in ("sessions", "journal", "sample_minutes")
    ),
    # The one exception: a piece of the growing minute goes when the packed minute holds it.
    """CREATE TRIGGER sample_tail_is_thinned_when_packed BEFORE DELETE ON sample_tail
        WHEN NOT EXISTS (SELECT 1 FROM sample_minutes WHERE session = OLD.session AND seq = OLD.minute)
        BEGIN SELECT RAISE(ABORT, 'sample_tail is append-only until its minute is packed'); END""",
    # INSERT OR REPLACE passes the DELETE triggers by: so a number may be taken only once, and in order.
    """CREATE TRIGGER sessions_are_new BEFORE INSERT ON sessions
        WHEN EXISTS (SELECT 1 FROM sessions WHERE id = NEW.id OR session = NEW.session)
        BEGIN SELECT RAISE(ABORT, 'sessions is append-only'); END""",
    *(
        f"""CREATE TRIGGER {table}_has_no_hole BEFORE INSERT ON {table}
            WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM {table} WHERE session = NEW.session)
            BEGIN SELECT RAISE(ABORT, '{table} is append-only and numbered without a hole'); END"""  # noqa: S608 - the names are these
        for table in ("journal", "sample_minutes")
    ),
    """CREATE TRIGGER sample_tail_has_no_hole BEFORE INSERT ON sample_tail
        WHEN NEW.part <> (SELECT coalesce(max(part), 0) + 1 FROM sample_tail
                          WHERE session = NEW.session AND minute = NEW.minute)
        BEGIN SELECT RAISE(ABORT, 'sample_tail is append-only and numbered without a hole'); END""",
    *(
        f"""CREATE TRIGGER {table}_ends_with_the_end BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM journal WHERE session = NEW.session AND kind = 'end')
            BEGIN SELECT RAISE(ABORT, 'the session has ended'); END"""  # noqa: S608 - the names are these
        for table in ("journal", "sample_minutes", "sample_tail")
    ),
)

_AFTERWARDS = (
    # What is said after a session has ended. Numbers about a random session id name nobody and may be corrected.
    """CREATE TABLE answers_after (
        session_id TEXT NOT NULL,
        question TEXT NOT NULL CHECK (question IN ('confidence', 'rpe')),
        answer INTEGER NOT NULL CHECK (answer BETWEEN CASE question WHEN 'rpe' THEN 6 ELSE 1 END
                                       AND CASE question WHEN 'rpe' THEN 20 ELSE 5 END),
        written_utc_ms INTEGER NOT NULL,
        PRIMARY KEY (session_id, question)
    ) STRICT, WITHOUT ROWID""",
    # That an incident happened stays; its words stand apart, so that they, and only they, can be erased.
    """CREATE TABLE incidents (
        incident INTEGER PRIMARY KEY,
        session_id TEXT NOT NULL,
        written_utc_ms INTEGER NOT NULL,
        injury INTEGER NOT NULL CHECK (injury IN (0, 1))
    ) STRICT""",
    "CREATE INDEX incidents_by_session ON incidents (session_id)",
    """CREATE TABLE incident_words (
        incident INTEGER PRIMARY KEY REFERENCES incidents,
        client_id TEXT,
        what TEXT NOT NULL,
        told TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX incident_words_by_client ON incident_words (client_id)",
    *(
        f"""CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, 'an incident is append-only: amend it with another'); END"""
        for table in ("incidents", "incident_words")
    ),
    """CREATE TRIGGER incidents_is_never_thinned BEFORE DELETE ON incidents
        BEGIN SELECT RAISE(ABORT, 'incidents is append-only'); END""",
    *(
        f"""CREATE TRIGGER {table}_are_new BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE incident = NEW.incident)
            BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""  # noqa: S608 - the names are these
        for table in ("incidents", "incident_words")
    ),
)

MIGRATIONS: Sequence[Sequence[str]] = (_FIRST, _AFTERWARDS)
"""Step n brings a file from `user_version` n to n + 1. A step that has been released is never edited: add one."""


def check(connection: sqlite3.Connection, name: str, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """How many migrations the file called `name` has had (0: it is new). Raises JournalError as `sqlite.check`."""
    return sqlite.check(connection, name, APPLICATION_ID, migrations)


def migrate(connection: sqlite3.Connection, name: str, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the file up to date, all steps or none. Raises JournalError, sqlite3.Error as SQLite does."""
    sqlite.migrate(connection, name, APPLICATION_ID, migrations)
