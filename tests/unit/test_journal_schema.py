"""What the file itself refuses, how it is brought up to date, and what erasing leaves."""

from __future__ import annotations

import itertools
import re
import sqlite3
from contextlib import closing

import pytest

from retroctl.adapters import sqlite
from retroctl.adapters.journal import SqliteJournal, erase, files, read, schema
from retroctl.errors import JournalError


@pytest.fixture
async def record(tmp_path):
    """One ended session of two minutes and one interrupted one, whose second minute is not full."""
    journal = await SqliteJournal.open(tmp_path)
    ids = []
    for seconds in (120, 90):
        ids.append(await journal.begin_session(program_version="0", simulated=True, client_id="c1"))
        for n in range(seconds):
            journal.sample(n, 100 + n, 100, None)
            if n % 10 == 0:
                journal.append(n, "event", {"n": n})
            if n % 25 == 0:
                assert await journal.flush()
        if seconds == 120:
            journal.end_session(seconds, {"exit_status": 0})
            assert await journal.flush()
    assert await journal.close()
    return journal.file, *ids


def writing(file):
    return closing(files.connect_to_write(file))


REFUSED = [
    "UPDATE sessions SET machine_name = 'another'",
    "UPDATE journal SET data = '{}'",
    "UPDATE sample_minutes SET data = x'01'",
    "UPDATE sample_tail SET data = x'01'",
    "DELETE FROM sessions",
    "DELETE FROM journal WHERE kind = 'end'",
    "DELETE FROM sample_minutes",
    "DELETE FROM sample_tail",
    "INSERT OR REPLACE INTO sessions SELECT * FROM sessions",
    "INSERT OR REPLACE INTO journal SELECT session, seq, 0, 0, 'x', '{}', hash FROM journal WHERE session = 2",
    "INSERT OR REPLACE INTO sample_minutes SELECT * FROM sample_minutes WHERE session = 2",
    "INSERT OR REPLACE INTO sample_tail SELECT * FROM sample_tail",
    (
        "INSERT INTO journal SELECT session, seq + 2, 0, 0, 'x', '{}', hash FROM journal WHERE session = 2"
        " ORDER BY seq DESC LIMIT 1"
    ),
    (
        "INSERT INTO journal SELECT session, seq + 1, 0, 0, 'x', '{}', hash FROM journal WHERE session = 1"
        " ORDER BY seq DESC LIMIT 1"
    ),
    "INSERT INTO sample_tail SELECT 1, 3, 1, 0, 0, 1, x'01', hash FROM sessions WHERE session = 1",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_file_refuses_to_be_rewritten(record, statement):
    file, *ids = record
    before = [read.session(file, session_id) for session_id in ids]
    with writing(file) as connection, pytest.raises(sqlite3.IntegrityError, match=r"append-only|has ended"):
        connection.execute(statement)
    assert [read.session(file, session_id) for session_id in ids] == before


async def test_the_growing_minute_goes_only_when_its_packed_row_is_there(record):
    file, ended, interrupted = record
    with writing(file) as connection:
        assert connection.execute("SELECT DISTINCT session FROM sample_tail").fetchall() == [(2,)]
    assert len(read.session(file, ended).samples) == 120
    assert len(read.session(file, interrupted).samples) == 90
    assert [chunk.place for chunk in read.session(file, ended).chunks] == ["1", "2"]
    assert [chunk.place for chunk in read.session(file, interrupted).chunks] == ["1", "2.1", "2.2"]


UNGUARDED = [f"DROP TRIGGER {table}_is_never_{what}" for table in ("sessions", "journal", "sample_minutes")
             for what in ("changed", "thinned")] + [
    "DROP TRIGGER sample_tail_is_never_changed",
    "DROP TRIGGER sample_tail_is_thinned_when_packed",
]  # fmt: skip

TAMPERED = [
    ("ended", "UPDATE sessions SET simulated = 0", "beginning is not as it was written"),
    ("ended", "UPDATE sessions SET client_id = 'c2'", "beginning is not as it was written"),
    ("ended", "UPDATE journal SET data = '{\"n\":31}' WHERE seq = 4", r"row 4 \(event\) is not as it was written"),
    ("ended", "UPDATE journal SET utc_ms = utc_ms - 1 WHERE seq = 4", r"row 4 \(event\) is not as it was written"),
    ("ended", "UPDATE journal SET session_ms = NULL WHERE seq = 4", r"row 4 \(event\) is not as it was written"),
    ("ended", "DELETE FROM journal WHERE seq = 4", "row 4 is missing"),
    ("ended", "DELETE FROM journal WHERE seq = 12", "row 12 is missing"),
    ("interrupted", "DELETE FROM journal WHERE seq = 1", "row 1 is missing"),
    ("ended", "DELETE FROM sample_minutes WHERE seq = 1", "minute 1 are missing"),
    ("ended", "DELETE FROM sample_minutes WHERE seq = 2", "counts 120 samples"),
    ("ended", "UPDATE sample_minutes SET data = x'02aa' WHERE seq = 1", "minute 1 cannot be read"),
    ("ended", "UPDATE sample_minutes SET data = x'09' WHERE seq = 1", "format 9"),
    ("ended", "UPDATE sample_minutes SET start_ms = 1 WHERE seq = 2", "minute 2 are not as they were written"),
    ("interrupted", "DELETE FROM sample_tail WHERE part = 1", r"minute 2\.1 are missing"),
    ("interrupted", "UPDATE sample_tail SET count = 2 WHERE part = 2", r"minute 2\.2 are not as they were written"),
]


@pytest.mark.parametrize(("which", "statement", "told"), TAMPERED)
async def test_tampering_and_loss_show_and_the_rest_stays_readable(record, which, statement, told):
    file, ended, interrupted = record
    with writing(file) as connection:
        for drop in UNGUARDED:
            connection.execute(drop)
        connection.execute(statement)
    damaged = read.session(file, {"ended": ended, "interrupted": interrupted}[which])
    assert len(damaged.rows) >= 8
    faults = read.verify(damaged)
    assert faults
    assert any(re.search(told, fault) for fault in faults), faults


async def test_rows_that_are_no_json_do_not_stop_a_list_or_a_session(record):
    file, ended, _ = record
    with writing(file) as connection:
        for drop in UNGUARDED:
            connection.execute(drop)
        connection.execute("UPDATE journal SET data = 'not json', utc_ms = 9000000000000000000 WHERE kind = 'end'")
        connection.execute("UPDATE sessions SET plan = '[1]', started_utc_ms = -9000000000000000000")
    assert [summary.outcome for summary in read.sessions(file)] == [{}, {}]
    damaged = read.session(file, ended)
    assert damaged.plan == {}
    assert damaged.rows[-1].data == {}
    assert damaged.rows[-1].utc.year == 9999
    assert read.verify(damaged)


def test_a_file_of_an_older_version_is_brought_up_to_date_and_keeps_its_rows(tmp_path):
    added = ("ALTER TABLE clients ADD COLUMN born INTEGER",)
    file = files.prepare_folder(tmp_path)
    with writing(file) as connection:
        connection.execute("INSERT INTO clients VALUES ('c1', 'Ann', 0)")
        schema.migrate(connection, "x", [*schema.MIGRATIONS, added])
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) + 1,)
        assert connection.execute("SELECT * FROM clients").fetchall() == [("c1", "Ann", 0, None)]
        schema.migrate(connection, "x", [*schema.MIGRATIONS, added])


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = files.prepare_folder(tmp_path)
    steps = [*schema.MIGRATIONS, ("CREATE TABLE extra (x)", "CREATE TABLE clients (x)")]
    with writing(file) as connection:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            schema.migrate(connection, "x", steps)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
        assert connection.execute("SELECT * FROM sqlite_schema WHERE name = 'extra'").fetchall() == []


def test_a_newer_file_is_refused_in_one_line_and_left_alone(tmp_path):
    file = files.prepare_folder(tmp_path)
    with writing(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    for open_it in (files.connect_to_write, files.connect_to_read):
        with pytest.raises(JournalError, match=r"newer retroctl \(format 99, this one knows \d\); update") as caught:
            open_it(file)
        assert "\n" not in str(caught.value)
    assert file.read_bytes() == before


@pytest.mark.parametrize("looks", range(3))
def test_a_file_that_another_retroctl_is_making_just_now_is_not_taken_for_another_programs(tmp_path, looks):
    """The other one commits before the first, second or third question about the file."""
    file = files.prepare_folder(tmp_path)
    asked = itertools.count()

    class Looking(sqlite3.Connection):
        def execute(self, statement):
            if next(asked) == looks:
                files.connect_to_write(file).close()
            return super().execute(statement)

    with closing(sqlite3.connect(file, factory=Looking)) as connection:
        assert schema.check(connection, "x") in {0, len(schema.MIGRATIONS)}
    assert next(asked) > looks


def test_a_sqlite_too_old_for_the_record_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(JournalError, match=r"too old.*3\.37"):
        files.connect_to_write(files.prepare_folder(tmp_path))


def everything(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_erasing_a_client_leaves_no_trace_of_name_or_notes_and_keeps_the_sessions(record):
    file, ended, _ = record
    name, text = "Wilhelmina Unmistakable", "left knee, careful " * 300
    with writing(file) as connection:
        connection.execute("INSERT INTO clients VALUES ('c1', ?, 0), ('c2', 'Other Person', 0)", (name,))
        connection.execute("INSERT INTO notes (session_id, client_id, written_utc_ms, text) VALUES ('s', 'c1', 0, ?)",
                           (text,))  # fmt: skip
        connection.execute("UPDATE notes SET text = text || '.'")
        assert b"Unmistakable" in everything(file.parent)
    before = read.session(file, ended)
    assert erase.erase_client(file, "c1")
    assert b"Unmistakable" not in everything(file.parent)
    assert b"left knee" not in everything(file.parent)
    assert b"Other Person" in everything(file.parent)
    assert read.session(file, ended) == before
    assert read.verify(before) == ()
    assert not erase.erase_client(file, "c1")


async def test_erasing_waits_for_nobody_and_says_who_is_in_the_way(record, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    file, _, interrupted = record
    with files.reading(file) as reader:
        reader.execute("SELECT count(*) FROM journal").fetchone()
        with pytest.raises(JournalError, match=r"being read|held by another program"):
            erase.erase_client(file, "c1")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="held by another program"):
            erase.erase_client(file, "c1")
        writer.execute("ROLLBACK")
    assert read.verify(read.session(file, interrupted)) == ()


def test_erasing_in_a_record_that_is_not_there_is_told(tmp_path):
    with pytest.raises(JournalError, match="cannot be written or opened"):
        erase.erase_client(tmp_path / files.FILE_NAME, "c1")
    assert list(tmp_path.iterdir()) == []
