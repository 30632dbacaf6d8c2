"""The record as it is used: written through the event loop, read back whole."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sqlite3
import stat
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from retroctl.adapters.journal import FILE_NAME, SqliteJournal, files, new_id, read
from retroctl.errors import ConfigError, DiskFull, JournalError, ProgrammingFault

BEGINNING = {"program_version": "0.1.0", "simulated": True, "machine_name": "Sim", "machine_address": "AA:BB"}


async def begun(folder, **how):
    journal = await SqliteJournal.open(folder, **how)
    return journal, await journal.begin_session(**BEGINNING, plan={"top": 320}, settings={"advance": "confirm"})


async def ended(*threads):
    """Wait for the writer's thread, which ends when nobody can give it work any more; its log goes with it."""
    for thread in threads:
        await asyncio.to_thread(thread.join, 10)
        assert not thread.is_alive()


async def test_a_session_is_read_back_as_it_was_written(tmp_path):
    journal, session_id = await begun(tmp_path, wall=iter(range(1000, 2000)).__next__)
    journal.append(0.25, "state", {"state": "armed", "stage": None})
    journal.append(1.5, "command", {"name": "set_target_speed", "target_kmh": 1.0, "hex": "026400"})
    journal.sample(1.0, 0, 100, None)
    journal.sample(2.0, 97, 100, 88)
    journal.end_session(3.0, {"exit_status": 0, "belt_at_rest": True, "peak_kmh": 1.0})
    assert await journal.close()
    assert journal.problem is None

    record = read.session(journal.file, session_id)
    assert record.summary.status == "ended"
    assert record.summary.outcome == {"exit_status": 0, "belt_at_rest": True, "peak_kmh": 1.0}
    assert record.summary.ended_s == 3.0
    assert record.summary.machine_name == "Sim"
    assert record.summary.simulated
    assert record.plan == {"top": 320}
    assert record.settings == {"advance": "confirm"}
    assert [(row.session_s, row.kind, row.data) for row in record.rows[:2]] == [
        (0.25, "state", {"state": "armed", "stage": None}),
        (1.5, "command", {"name": "set_target_speed", "target_kmh": 1.0, "hex": "026400"}),
    ]
    assert [row.utc_ms for row in record.rows[:2]] == [1_001_000, 1_002_000]
    assert [(s.session_s, s.measured_hundredths, s.target_hundredths, s.heart_rate) for s in record.samples] == [
        (1.0, 0, 100, None),
        (2.0, 97, 100, 88),
    ]
    assert read.verify(record) == ()


async def test_the_folder_is_private_and_so_are_all_its_files(tmp_path):
    if sys.platform == "win32":
        pytest.skip("Windows keeps a user's folder private by its own means")
    journal, _ = await begun(tmp_path / "new" / "records")
    journal.append(0, "state", {})
    assert await journal.flush()
    folder = journal.file.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys([FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"], 0o600)
    await journal.close()


async def test_a_record_that_others_could_read_is_made_private(tmp_path):
    if sys.platform == "win32":
        pytest.skip("Windows keeps a user's folder private by its own means")
    file = tmp_path / FILE_NAME
    file.touch(mode=0o644)
    journal, _ = await begun(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await journal.close()


async def test_every_commit_is_asked_to_reach_the_disk(tmp_path):
    seen = {}

    def look(point, connection):
        if point == "commit":
            for name in ("synchronous", "journal_mode", "fullfsync", "foreign_keys"):
                seen[name] = connection.execute(f"PRAGMA {name}").fetchone()[0]

    journal, _ = await begun(tmp_path, seam=look)
    await journal.close()
    assert seen == {"synchronous": 2, "journal_mode": "wal", "fullfsync": 1, "foreign_keys": 1}


async def test_the_connection_is_used_by_one_thread_which_is_not_the_loops(tmp_path):
    threads = set()
    journal, _ = await begun(tmp_path, seam=lambda point, connection: threads.add(threading.current_thread()))
    journal.append(0, "state", {})
    await journal.close()
    assert len(threads) == 1
    assert threading.main_thread() not in threads


@pytest.mark.virtual
async def test_rows_reach_the_file_without_being_asked_within_a_second(tmp_path):
    journal, session_id = await begun(tmp_path)
    for kind in ("state", "command", "alarm"):
        journal.append(0, kind, {})
        journal.sample(0, 1, 1, 1)
        await asyncio.sleep(0.9)
        assert read.session(journal.file, session_id).rows[-1].kind == kind
    assert len(read.session(journal.file, session_id).samples) == 3
    await journal.close()


@pytest.mark.virtual
async def test_half_a_second_of_rows_is_one_commit(tmp_path):
    points = []
    journal, _ = await begun(tmp_path, seam=lambda point, connection: points.append(point))
    points.clear()
    for n in range(10):
        journal.append(n, "event", {})
        journal.sample(n, 1, 1, 1)
        await asyncio.sleep(0.04)
    await asyncio.sleep(1)
    assert points == ["begin", *["row"] * 10, "tail", "commit", "committed"]
    await journal.close()


@pytest.mark.virtual
async def test_a_thousand_waiting_samples_are_written_at_once(tmp_path):
    """A scaled clock makes hundreds of samples a real second: they are not left to fill the queue."""
    journal, session_id = await begun(tmp_path)
    for n in range(1000):
        journal.sample(n, 1, 1, 1)
    await asyncio.sleep(0.001)
    assert len(read.session(journal.file, session_id).samples) == 1000
    await journal.close()


async def test_append_does_not_wait_for_a_hanging_disk_and_the_problem_is_told(tmp_path, monkeypatch):
    free, stuck = threading.Event(), threading.Event()

    def seam(point, connection):
        if point == "row":
            stuck.set()
            free.wait(10)

    journal, session_id = await begun(tmp_path, seam=seam, batch_s=0)
    journal.append(0, "state", {})
    assert await asyncio.to_thread(stuck.wait, 10)
    before = time.perf_counter()
    for n in range(1000):
        journal.append(n, "event", {"n": n})
    assert time.perf_counter() - before < 1
    assert journal.problem is None
    monkeypatch.setattr("retroctl.adapters.journal.journal.STUCK_S", 0)
    assert "has not answered" in journal.problem
    free.set()
    assert await journal.close()
    assert journal.problem is None
    assert len(read.session(journal.file, session_id).rows) == 1001


async def test_closing_is_bounded_while_the_disk_hangs_and_the_file_is_let_go_of_when_it_answers(tmp_path):
    free, threads = threading.Event(), set()

    def seam(point, connection):
        threads.add(threading.current_thread())
        if point == "row":
            free.wait(10)

    journal, _ = await begun(tmp_path, seam=seam)
    journal.append(0, "state", {})
    before = time.monotonic()
    assert not await journal.close(timeout_s=0.3)
    assert time.monotonic() - before < 5
    assert str(journal.file) in journal.problem
    free.set()
    await ended(*threads)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


async def test_a_cancelled_close_still_lets_go_of_the_file(tmp_path):
    free, stuck, threads = threading.Event(), threading.Event(), set()

    def seam(point, connection):
        threads.add(threading.current_thread())
        if point == "row":
            stuck.set()
            free.wait(10)

    journal, session_id = await begun(tmp_path, seam=seam)
    journal.append(0, "state", {})
    closing = asyncio.create_task(journal.close())
    assert await asyncio.to_thread(stuck.wait, 10)
    closing.cancel()
    asyncio.get_running_loop().call_soon(free.set)
    await asyncio.wait({closing})
    assert closing.cancelled()
    await ended(*threads)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]
    assert len(read.session(tmp_path / FILE_NAME, session_id).rows) == 1


async def test_a_cancelled_opening_closes_what_its_thread_still_opens(tmp_path):
    free, stuck, threads = threading.Event(), threading.Event(), set()

    def seam(point, connection):
        threads.add(threading.current_thread())
        if point == "connect":
            stuck.set()
            free.wait(10)

    opening = asyncio.create_task(SqliteJournal.open(tmp_path, seam=seam))
    assert await asyncio.to_thread(stuck.wait, 10)
    opening.cancel()
    await asyncio.wait({opening})
    assert opening.cancelled()
    free.set()
    await ended(*threads)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


async def test_closing_twice_is_harmless(tmp_path):
    journal, _ = await begun(tmp_path)
    assert await journal.close()
    assert await journal.close()


async def test_what_was_queued_before_a_cancelled_write_is_kept_once(tmp_path):
    """A cancelled task does not stop the thread: the same batch given again must not be kept twice."""
    free, stuck = threading.Event(), threading.Event()

    def seam(point, connection):
        if point == "row":
            stuck.set()
            free.wait(10)

    journal, session_id = await begun(tmp_path, seam=seam, batch_s=0)
    journal.append(0, "state", {})
    await asyncio.to_thread(stuck.wait, 10)
    journal._task.cancel()
    await asyncio.wait({journal._task})
    free.set()
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert len(record.rows) == 1
    assert read.verify(record) == ()


async def test_a_session_without_an_end_is_interrupted_and_readable(tmp_path):
    journal, session_id = await begun(tmp_path)
    journal.append(1, "state", {"state": "holding"})
    journal.sample(1, 100, 100, None)
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert record.summary.status == "interrupted"
    assert record.summary.ended_s is None
    assert record.summary.outcome == {}
    assert [row.kind for row in record.rows] == ["state"]
    assert len(record.samples) == 1
    assert read.verify(record) == ()


async def test_one_journal_keeps_one_session_after_another(tmp_path):
    journal, first = await begun(tmp_path)
    journal.append(0, "state", {"n": 1})
    journal.end_session(1, {})
    second = await journal.begin_session(**BEGINNING)
    journal.append(0, "state", {"n": 2})
    journal.end_session(1, {})
    assert await journal.close()
    assert first != second
    for session_id, n in ((first, 1), (second, 2)):
        record = read.session(journal.file, session_id)
        assert record.rows[0].data == {"n": n}
        assert record.summary.status == "ended"
        assert read.verify(record) == ()


async def test_a_session_is_not_begun_in_another_or_ended_without_one(tmp_path):
    journal, _ = await begun(tmp_path)
    with pytest.raises(ProgrammingFault):
        await journal.begin_session(**BEGINNING)
    journal.end_session(0, {})
    with pytest.raises(ProgrammingFault):
        journal.end_session(0, {})
    await journal.close()
    with pytest.raises(ProgrammingFault):
        await journal.begin_session(**BEGINNING)


@pytest.mark.parametrize("kind", ["end", "gap"])
async def test_the_journals_own_kinds_are_not_for_callers(tmp_path, kind):
    journal, _ = await begun(tmp_path)
    with pytest.raises(ProgrammingFault):
        journal.append(0, kind, {})
    await journal.close()


async def test_a_row_outside_a_session_is_told_not_swallowed(tmp_path):
    journal, session_id = await begun(tmp_path)
    journal.end_session(1, {})
    journal.append(2, "alarm", {"id": "F7"})
    journal.sample(2, 0, None, None)
    assert "alarm" in journal.problem
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert [row.kind for row in record.rows] == ["end"]
    assert read.verify(record) == ()


async def test_odd_values_are_kept_as_far_as_they_can_be(tmp_path):
    """Whatever a caller hands in, the row is kept and what follows it too."""
    journal, session_id = await begun(tmp_path)
    recursive = {}
    recursive["self"] = recursive
    odd = [
        {"nan": float("nan"), "bytes": b"\x08\x01", "set": {1}},
        {"half": "\ud800", "nul": "a\x00b", "rtl": "\u202e", "emoji": "🏃"},
        {(1, 2): "tuple key"},
        {"exception": ValueError("x"), "nested": [{"inf": float("inf")}], "tuple": (1, None)},
        {"long": "x" * 100_000},
        recursive,
    ]
    for data in odd:
        journal.append(float("nan"), "ev\ud800ent", data)
    journal.append(1e300, "event", {})
    journal.append(-1, "event", {})
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert read.verify(record) == ()
    assert [row.session_s for row in record.rows] == [None] * 7 + [-1.0]
    assert record.rows[0].data == {"nan": "nan", "bytes": "0801", "set": [1]}
    assert record.rows[1].data == odd[1]
    assert record.rows[2].data == {"(1, 2)": "tuple key"}
    assert record.rows[3].data == {"exception": "x", "nested": [{"inf": "inf"}], "tuple": [1, None]}
    assert len(record.rows[4].text) < 40_000
    assert record.rows[4].data["cut"].startswith('{"long":"xxx')
    assert record.rows[5].data


async def test_later_changes_to_what_was_appended_do_not_reach_the_record(tmp_path):
    journal, session_id = await begun(tmp_path)
    data = {"n": 1}
    journal.append(0, "event", data)
    data["n"] = 2
    await journal.close()
    assert read.session(journal.file, session_id).rows[0].data == {"n": 1}


@pytest.mark.parametrize(
    "values",
    [(float("nan"), 1, 1, 1), (1e300, 1, 1, 1), (1, -1, 1, 1), (1, 1, 65536, 1), (1, 1, 1, 70000), (1, 1.5, 1, 1)],
)
async def test_a_sample_that_does_not_fit_is_counted_in_the_record(tmp_path, values):
    journal, session_id = await begun(tmp_path)
    journal.sample(*values)
    journal.sample(1, 100, 100, 60)
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert len(record.samples) == 1
    assert [(row.kind, row.data["samples_lost"]) for row in record.rows] == [("gap", 1)]
    assert journal.samples_lost == 1


async def test_lists_are_latest_first_and_by_client(tmp_path):
    journal = await SqliteJournal.open(tmp_path, wall=iter(range(1, 100)).__next__)
    ids = []
    for client_id in ("c1", None, "c1"):
        ids.append(await journal.begin_session(**BEGINNING, client_id=client_id))
        journal.end_session(1, {"peak_kmh": 2.6})
    await journal.close()
    assert [s.id for s in read.sessions(journal.file)] == ids[::-1]
    assert [s.id for s in read.sessions(journal.file, limit=1)] == [ids[2]]
    assert [s.id for s in read.sessions(journal.file, client_id="c1")] == [ids[2], ids[0]]
    third = read.sessions(journal.file)[0]
    assert [s.id for s in read.sessions(journal.file, before=third.started_utc)] == [ids[1], ids[0]]
    assert third.outcome == {"peak_kmh": 2.6}


async def test_there_is_no_record_before_the_first_session_and_no_session_of_any_name(tmp_path):
    with pytest.raises(JournalError, match="no record yet"):
        read.sessions(tmp_path / FILE_NAME)
    assert list(tmp_path.iterdir()) == []
    journal = await SqliteJournal.open(tmp_path)
    await journal.close()
    assert read.sessions(journal.file) == []
    with pytest.raises(JournalError, match="no session 'x'"):
        read.session(journal.file, "x")


async def test_reading_changes_nothing_and_needs_no_end_of_writing(tmp_path):
    journal, session_id = await begun(tmp_path)
    journal.append(0, "state", {"n": 0})
    await journal.flush()
    with files.reading(journal.file) as connection:
        count = "SELECT count(*) FROM journal"
        assert connection.execute(count).fetchone() == (1,)
        journal.append(1, "state", {"n": 1})
        assert await journal.flush()
        assert connection.execute(count).fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("INSERT INTO clients VALUES ('c', 'Ann', 0)")
    assert len(read.session(journal.file, session_id).rows) == 2
    await journal.close()


@pytest.mark.virtual
async def test_half_an_hour_of_virtual_time_is_kept_on_a_virtual_loop(tmp_path):
    loop = asyncio.get_running_loop()
    commits = []
    journal, session_id = await begun(tmp_path, seam=lambda point, connection: commits.append(point), batch_s=1.0)
    began = loop.time()
    for second in range(1800):
        journal.sample(second, 100, 100, None)
        await asyncio.sleep(1)
    assert loop.time() - began == pytest.approx(1800)
    journal.end_session(1800, {"exit_status": 0})
    assert await journal.close()
    record = read.session(journal.file, session_id)
    assert [sample.session_ms for sample in record.samples] == [1000 * n for n in range(1800)]
    assert len(record.chunks) == 30
    assert read.verify(record) == ()
    assert commits.count("commit") > 1500


async def test_a_nearly_full_disk_is_refused_before_anything_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=49_000_000))
    with pytest.raises(DiskFull, match=r"only 49 MB are free.*records\.sqlite3.*free at least 50 MB"):
        await SqliteJournal.open(tmp_path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=r"file.*name another data folder") as caught:
        await SqliteJournal.open(tmp_path / "file" / "records")
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, ConfigError)


def test_ids_are_random_and_short():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 16 and int(i, 16) >= 0 for i in ids)


async def test_after_closing_one_file_remains_and_no_log(tmp_path):
    journal, _ = await begun(tmp_path)
    journal.append(0, "state", {})
    await journal.close()
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


DOCUMENT = (Path(__file__).parents[2] / "docs" / "RECORDS.md").read_text(encoding="utf-8")


async def test_the_documents_own_ways_of_reading_work(tmp_path, monkeypatch, capsys):
    journal, session_id = await begun(tmp_path)
    for n in range(90):
        journal.sample(n, 0 if n else None, 100, None)
    journal.append(1.5, "event", {"n": 1})
    await journal.close()
    monkeypatch.chdir(tmp_path)
    python = re.search(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)[1]
    exec(compile(python, "RECORDS.md", "exec"), space := {})  # noqa: S102 - the document's example
    space["record"].close()
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["0.0 None 1.0 None", "1.0 0.0 1.0 None"]
    assert len(printed) == 90
    questions = re.findall(r'records\.sqlite3 "\n(.*?)"\n', DOCUMENT, re.DOTALL)
    assert len(questions) == 2
    with files.reading(journal.file) as connection:
        listed, rows = (connection.execute(q.replace("0123456789abcdef", session_id)).fetchall() for q in questions)
    assert [(row[0], row[2]) for row in listed] == [(session_id, "interrupted")]
    assert rows == [(1.5, "event", '{"n":1}')]


async def test_the_hashes_are_those_that_the_document_describes(tmp_path):
    def sha(before, *fields, blob=b""):
        return hashlib.sha256(before + json.dumps(fields, separators=(",", ":")).encode() + blob).digest()

    journal, session_id = await begun(tmp_path)
    for n in range(70):
        journal.sample(n, 100, 100, None)
    journal.append(1.5, "event", {"text": "Schritt für Schritt"})
    await journal.close()
    record = read.session(journal.file, session_id)
    with files.reading(journal.file) as connection:
        start = connection.execute(
            "SELECT id, started_utc_ms, program_version, machine_name, machine_address, client_id, simulated, plan,"
            " settings FROM sessions"
        ).fetchone()
    first = sha(b"", "retroctl session", *start)
    (row,) = record.rows
    assert row.hash == sha(first, 1, 1500, row.utc_ms, "event", row.text)
    minute, part = record.chunks
    assert (minute.place, part.place) == ("1", "2.1")
    assert minute.hash == sha(first, "1", 0, minute.utc_ms, 60, blob=minute.data)
    assert part.hash == sha(minute.hash, "2.1", 60_000, part.utc_ms, 10, blob=part.data)
