"""The record when the disk, the file or another program is in the way."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from retroctl.adapters import sqlite
from retroctl.adapters.journal import FILE_NAME, SqliteJournal, files, read
from retroctl.adapters.journal.pending import Pending, to_json
from retroctl.adapters.journal.writer import Batch, QueuedSample, Row, SessionStart, WritePoint, Writer
from retroctl.errors import DiskFull, JournalError, ProgrammingFault

FULL = sqlite3.OperationalError("database or disk is full")


class Faults:
    """Raises at the named points for as long as it is told to."""

    def __init__(self):
        self.error = None
        self.points = get_args(WritePoint)
        self.seen = []

    def __call__(self, point, connection):
        self.seen.append(point)
        if self.error is not None and point in self.points:
            raise self.error


async def begun(folder, seam, **how):
    journal = await SqliteJournal.open(folder, seam=seam, **how)
    return journal, await journal.begin_session(program_version="0", simulated=True)


async def test_a_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(tmp_path):
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults)
    journal.append(0, "state", {"n": 0})
    assert await journal.flush()
    faults.error = FULL
    for n in (1, 2):
        journal.append(n, "command", {"n": n})
        journal.sample(n, 100, 100, None)
        assert not await journal.flush()
        assert "no room left on the disk" in journal.problem
        assert str(journal.file) in journal.problem
    faults.error = None
    journal.end_session(3, {})
    assert await journal.close()
    assert journal.problem is None
    record = read.session(journal.file, session_id)
    assert [row.data.get("n") for row in record.rows] == [0, 1, 2, None]
    assert [sample.session_ms for sample in record.samples] == [1000, 2000]
    assert read.verify(record) == ()


async def test_it_tries_again_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("retroctl.adapters.journal.journal.RETRY_S", 0.01)
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults, batch_s=0)
    faults.error = FULL
    journal.append(0, "alarm", {"id": "F1"})
    await journal._start_writing()
    assert journal.problem is not None
    faults.error = None
    await journal._start_writing()
    assert journal.problem is None
    assert len(read.session(journal.file, session_id).rows) == 1
    assert await journal.close()


@pytest.mark.virtual
async def test_it_tries_again_every_second_of_a_fault_and_no_oftener(tmp_path):
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults)
    faults.error, faults.points = FULL, ("begin",)
    journal.append(0, "alarm", {"id": "F1"})
    tries = faults.seen.count("begin")
    await asyncio.sleep(60)
    assert 55 <= faults.seen.count("begin") - tries <= 61
    faults.error = None
    await asyncio.sleep(1.1)
    assert journal.problem is None
    assert len(read.session(journal.file, session_id).rows) == 1
    assert await journal.close()


async def test_a_database_that_may_not_grow_is_a_full_disk_and_nothing_is_lost(tmp_path):
    """SQLite's own limit on pages gives the error that a full disk gives, from SQLite itself."""
    limit = 10_000

    def seam(point, connection):
        if point == "begin":
            connection.execute(f"PRAGMA max_page_count = {limit}")

    journal, session_id = await begun(tmp_path, seam)
    limit = 1
    for n in range(200):
        journal.append(n, "event", {"n": n, "text": "x" * 500})
    assert not await journal.flush()
    assert journal.problem == f"{journal.file}: no room left on the disk; free some space"
    limit = 10_000
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert [row.data["n"] for row in record.rows] == list(range(200))
    assert read.verify(record) == ()


def batches():
    """A session of two and a half minutes in three batches: every write point is passed, most several times."""
    rows = [Row(n * 1000, n, "event", to_json({"n": n})) for n in range(6)]
    samples = [QueuedSample(n // 60 * 60_000, n, bytes([n % 60] + [0] * 8)) for n in range(150)]
    yield Batch(rows[:2], samples[:50])
    yield Batch(rows[2:4], samples[50:130])
    yield Batch(rows[4:], samples[130:], Row(150_000, 9, "end", "{}"))


def start():
    return SessionStart("id", 0, "0", None, None, None, simulated=True, plan="{}", settings="{}")


def points_of_a_session(folder):
    seen = []
    writer = Writer(files.prepare_folder(folder), lambda point, connection: seen.append(point))
    writer.connect()
    writer.begin(start())
    for batch in batches():
        writer.write(batch)
    writer.disconnect()
    assert set(seen) == set(get_args(WritePoint))
    return seen


def write_a_session(writer, file):
    """Every call is made again where it failed, as the journal does; gives how often one failed."""
    failures = 0
    for call, arguments in [
        (writer.connect, ()),
        (writer.begin, (start(),)),
        *((writer.write, (batch,)) for batch in batches()),
        (writer.disconnect, ()),
    ]:
        try:
            call(*arguments)
        except JournalError:
            failures += 1
            if call == writer.begin and read.sessions(file):
                break  # the beginning was kept although the commit reported an error: the program gives up there
            call(*arguments)
    writer.disconnect()
    return failures


def test_a_fault_at_any_write_point_loses_nothing_and_keeps_nothing_twice(tmp_path):
    """Each passage of each write point fails once; the same call is made again; the record is whole."""
    points = points_of_a_session(tmp_path / "clean")
    clean = read.session(tmp_path / "clean" / FILE_NAME, "id")
    for fail_at, point in enumerate(points):
        passages = itertools.count()

        def seam(_point, _connection, fail_at=fail_at, passages=passages):
            if next(passages) == fail_at:
                raise sqlite3.OperationalError("disk I/O error")

        file = files.prepare_folder(tmp_path / f"{fail_at}-{point}")
        assert write_a_session(Writer(file, seam), file) == 1, (fail_at, point)
        record = read.session(file, "id")
        assert read.verify(record) == (), (fail_at, point)
        if record.summary.status == "ended":
            assert [row.text for row in record.rows] == [row.text for row in clean.rows], (fail_at, point)
            assert record.samples == clean.samples
        else:
            assert point == "committed"
            assert record.rows == ()


async def test_a_locked_file_is_told_and_written_when_it_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    journal, session_id = await begun(tmp_path, Faults())
    with closing(sqlite3.connect(journal.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        journal.append(0, "state", {})
        assert not await journal.flush()
        assert "is held by another program" in journal.problem
        other.execute("ROLLBACK")
    assert await journal.close()
    assert len(read.session(journal.file, session_id).rows) == 1


async def test_a_file_that_is_no_database_is_refused_in_one_line_and_left_alone(tmp_path):
    file = tmp_path / FILE_NAME
    file.write_bytes(b"these are my notes, not a database. " * 100)
    with pytest.raises(JournalError, match=r"records\.sqlite3 is damaged or is no record.*move it away") as caught:
        await SqliteJournal.open(tmp_path)
    assert "\n" not in str(caught.value)
    assert file.read_bytes() == b"these are my notes, not a database. " * 100
    with pytest.raises(JournalError, match=r"move it away"):
        read.sessions(file)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
async def test_a_record_cut_in_the_middle_is_refused_in_one_line(tmp_path, part):
    journal, _ = await begun(tmp_path, Faults())
    for n in range(500):
        journal.append(n, "event", {"n": n, "text": "x" * 100})
    assert await journal.close()
    whole = journal.file.read_bytes()
    journal.file.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(JournalError, match="move it away"):
        await SqliteJournal.open(tmp_path)
    with pytest.raises(JournalError, match="move it away"):
        read.sessions(journal.file)


async def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    file = tmp_path / FILE_NAME
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = file.read_bytes()
    for open_it in (files.connect_to_write, files.connect_to_read):
        with pytest.raises(JournalError, match="database of another program"):
            open_it(file)
    assert file.read_bytes() == before


async def test_a_record_that_is_removed_in_mid_session_is_told(tmp_path):
    if sys.platform == "win32":
        pytest.skip("Windows does not let an open file be removed")
    journal, _ = await begun(tmp_path, Faults())
    journal.file.unlink()
    journal.append(0, "state", {})
    assert not await journal.flush()
    assert "moved or removed" in journal.problem
    assert not await journal.close()


async def test_a_session_is_not_begun_on_a_disk_that_has_filled_up(tmp_path):
    faults = Faults()
    journal = await SqliteJournal.open(tmp_path, seam=faults)
    faults.error = FULL
    with pytest.raises(DiskFull, match="no room left"):
        await journal.begin_session(program_version="0", simulated=True)
    faults.error = None
    await journal.close()


async def test_a_fault_of_our_own_in_the_writer_is_told_and_ends_nothing(tmp_path):
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults)
    faults.error = ZeroDivisionError("ours")
    journal.append(0, "state", {})
    assert not await journal.flush()
    assert "ZeroDivisionError" in journal.problem
    faults.error = None
    assert await journal.close()
    assert len(read.session(journal.file, session_id).rows) == 1


def test_damage_found_while_trying_again_is_told(tmp_path):
    """After an error the file is read again to see how far it came: what it says is not trusted."""
    faults = Faults()
    writer = Writer(files.prepare_folder(tmp_path), faults)
    writer.connect()
    writer.begin(start())
    first, second, _ = batches()
    writer.write(first)
    faults.error = FULL
    with pytest.raises(DiskFull):
        writer.write(second)
    faults.error = None
    with closing(files.connect_to_write(tmp_path / FILE_NAME)) as other:
        other.execute("DROP TRIGGER sample_tail_is_never_changed")
        other.execute("UPDATE sample_tail SET data = x'07'")
    with pytest.raises(JournalError, match="is damaged"):
        writer.write(second)
    writer.disconnect()


def test_making_a_writer_give_up_that_is_closing_just_now_is_harmless(tmp_path):
    writer = Writer(files.prepare_folder(tmp_path))
    writer.connect()
    writer._connection.close()
    writer.interrupt()
    writer.disconnect()


def test_a_row_before_its_session_is_our_fault(tmp_path):
    writer = Writer(files.prepare_folder(tmp_path))
    with pytest.raises(ProgrammingFault):
        writer.write(Batch())
    writer.disconnect()


READ_ONLY = """
import asyncio, os, sys, tempfile
from pathlib import Path
from retroctl.adapters.journal import SqliteJournal, read
from retroctl.errors import JournalError

async def sessions(folder):
    try:
        await (await SqliteJournal.open(folder)).close()
    except JournalError as error:
        print(error)
    return len(read.sessions(folder / "records.sqlite3"))

with tempfile.TemporaryDirectory() as name:
    # Once for the imports that Python puts off: its own files may lie where only root can read them.
    asyncio.run(sessions(Path(name)))
if os.geteuid() == 0:
    os.setuid(65534)
print(asyncio.run(sessions(Path(sys.argv[1]))))
"""


def test_a_folder_that_cannot_be_written_is_told_and_its_record_still_read():
    """Run as an ordinary user, for whom permissions hold."""
    if sys.platform == "win32":
        pytest.skip("permissions of POSIX systems")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        writer = Writer(files.prepare_folder(folder))
        writer.connect()
        writer.begin(start())
        writer.disconnect()
        (folder / FILE_NAME).chmod(0o444)
        folder.chmod(0o555)
        run = subprocess.run(
            [sys.executable, "-c", READ_ONLY, name], capture_output=True, text=True, timeout=30, check=False
        )
        folder.chmod(0o700)
    assert run.stderr == ""
    told, count = run.stdout.splitlines()
    assert FILE_NAME in told
    assert "check the permissions" in told
    assert count == "1"


def test_samples_are_dropped_before_rows_and_the_loss_is_told():
    pending = Pending(10)
    for n in range(8):
        pending.add_sample(QueuedSample(n * 60_000, n, b"x" * 9))
    for n in range(10):
        assert pending.add_row(Row(n * 1000, n, "alarm", "{}"))
    assert pending.samples_lost == 8
    assert not pending.add_row(Row(99_000, 99, "alarm", "{}"))
    pending.add_sample(QueuedSample(0, 0, b"x" * 9))
    assert (pending.rows_lost, pending.samples_lost) == (1, 9)
    pending.add_end(Row(100_000, 100, "end", "{}"))
    batch = pending.take()
    assert [row.kind for row in batch.rows] == ["alarm"] * 10 + ["gap"]
    assert batch.rows[-1].data == '{"rows_lost":1,"samples_lost":9,"from_ms":0,"to_ms":420000}'.replace(
        "420000", "420000"
    )
    assert batch.end is not None
    assert len(pending) == 0


def test_what_is_being_written_still_takes_room_until_it_is_kept():
    pending = Pending(2)
    pending.add_row(Row(0, 0, "event", "{}"))
    pending.take()
    assert pending.add_row(Row(1, 0, "event", "{}"))
    assert not pending.add_row(Row(2, 0, "event", "{}"))
    pending.take()
    pending.written()
    assert pending.add_row(Row(3, 0, "event", "{}"))


def test_the_newest_samples_are_the_ones_kept():
    pending = Pending(3)
    for n in range(5):
        pending.add_sample(QueuedSample(0, n, b"x" * 9))
    assert [sample.utc_ms for sample in pending.take().samples] == [2, 3, 4]


async def test_memory_stays_bounded_while_nothing_can_be_written(tmp_path):
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults, capacity=100)
    faults.error = FULL
    for n in range(500):
        journal.sample(n, 1, 1, None)
        journal.append(n, "event", {"n": n})
        if n == 5:
            assert not await journal.flush()
    assert len(journal._pending) + len(journal._batch) <= 101
    assert journal.rows_lost > 300
    assert "no room left" in journal.problem
    faults.error = None
    assert await journal.flush()
    assert journal.problem is None
    await journal.close()
    record = read.session(journal.file, session_id)
    gap = next(row for row in record.rows if row.kind == "gap")
    assert gap.data["rows_lost"] == journal.rows_lost
    assert gap.data["rows_lost"] + sum(row.kind == "event" for row in record.rows) == 500
    assert gap.data["samples_lost"] + len(record.samples) == 500
    assert read.verify(record) == ()


async def test_a_session_is_not_begun_while_the_one_before_is_unwritten(tmp_path):
    faults = Faults()
    journal, first = await begun(tmp_path, faults)
    faults.error = FULL
    journal.end_session(1, {})
    with pytest.raises(JournalError, match="no room left"):
        await journal.begin_session(program_version="0", simulated=True)
    faults.error = None
    assert await journal.begin_session(program_version="0", simulated=True) != first
    assert await journal.close()
    assert read.session(journal.file, first).summary.status == "ended"


async def test_a_fault_while_letting_go_of_the_file_is_told(tmp_path):
    faults = Faults()
    journal, session_id = await begun(tmp_path, faults)
    journal.append(0, "state", {})
    faults.error, faults.points = sqlite3.OperationalError("disk I/O error"), ("disconnect",)
    assert await journal.close()
    assert "error of the disk" in journal.problem
    assert len(read.session(journal.file, session_id).rows) == 1


def test_a_new_file_that_another_program_looks_at_is_told_as_held(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    file = files.prepare_folder(tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM sqlite_schema").fetchall()
        with pytest.raises(JournalError, match="held by another program"):
            Writer(file).connect()
    writer = Writer(file)
    writer.connect()
    writer.disconnect()


def test_a_disk_that_cannot_keep_a_write_ahead_log_is_refused():
    class Share:
        def execute(self, statement):
            assert statement == "PRAGMA journal_mode = WAL"
            return self

        def fetchone(self):
            return ("delete",)

    with pytest.raises(JournalError, match=r"records\.sqlite3.*network share"):
        files._use_wal(Share(), Path(FILE_NAME))


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull, "no room left"),
        (OSError(errno.EACCES, "Permission denied", "/x"), JournalError, "/x: Permission denied"),
        (sqlite3.OperationalError("database is locked"), JournalError, "close what else has it open"),
        (sqlite3.OperationalError("attempt to write a readonly database"), JournalError, "check the permissions"),
        (sqlite3.OperationalError("unable to open database file"), JournalError, "check the permissions"),
        (sqlite3.DatabaseError("file is not a database"), JournalError, "move it away"),
        (sqlite3.DatabaseError("database disk image is malformed"), JournalError, "move it away"),
        (sqlite3.OperationalError("disk I/O error"), JournalError, "check the disk"),
        (sqlite3.OperationalError("no such table: x"), JournalError, "no such table"),
    ],
)
def test_every_error_is_told_in_one_line_with_the_file_and_a_way_out(error, kind, told):
    explained = sqlite.explain(Path("folder") / FILE_NAME, error)
    assert type(explained) is kind
    assert FILE_NAME in str(explained)
    assert told in str(explained)
    assert "\n" not in str(explained)


def test_a_disk_that_does_not_say_its_room_is_told(tmp_path):
    with pytest.raises(JournalError, match="name another data folder"):
        files.demand_room(tmp_path / "gone" / FILE_NAME)


def test_a_second_journal_of_one_program_does_not_let_go_of_the_firsts_locks(tmp_path):
    """POSIX drops a process's locks on a file when any of its descriptors of that file is closed.

    Another program would then believe itself alone, and remove the log that the first journal still writes to.
    """
    file = files.prepare_folder(tmp_path)
    other = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM notes').fetchall(); c.close()"
    )
    with closing(files.connect_to_write(file)):
        files.prepare_folder(tmp_path)
        subprocess.run([sys.executable, "-c", other, str(file)], timeout=30, check=True)
        assert file.with_name(f"{FILE_NAME}-wal").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in the file system")
def test_a_pipe_in_the_place_of_the_record_is_refused_and_not_waited_for(tmp_path):
    pipe = tmp_path / "records.sqlite3"
    os.mkfifo(pipe)
    with pytest.raises(JournalError, match="is no file"):
        files.connect_to_write(pipe)
