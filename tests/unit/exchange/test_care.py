"""Backup, restore, check: consistent while a session writes, refused while one runs, and honest about damage."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from exchange_rig import STARTED, command, write_session

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.journal import FILE_NAME, SqliteJournal, care, read
from retroctl.adapters.safekeeping import copy_out
from retroctl.app.client_profile import Profile
from retroctl.domain.method.facts import Facts
from retroctl.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path


def add_ann(data: Path) -> str:
    return ClientStore(data).add("Ann", lambda new: Profile(new, "Ann", Facts(birth_year=1988)), by="test").id


def ids(folder: Path) -> list[str]:
    return [each.id for each in read.sessions(folder / FILE_NAME)]


def test_a_backup_brings_back_record_and_clients_and_keeps_what_was_there(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = write_session(data, hold_s=3, client_id=add_ann(data))
    assert command(capsys, "backup", "b.sqlite3").status == 0
    assert {each.name for each in tmp_path.iterdir()} == {"data", "b.sqlite3", "b-clients.sqlite3"}
    second = write_session(data, hold_s=3, started=STARTED + 100)
    ClientStore(data).change("Ann", lambda p: (Profile(p.id, "Bea", p.facts), {}), by="test", what="renamed")
    ran = command(capsys, "restore", "b.sqlite3")
    assert ran.status == 0, ran.err
    assert ids(data) == [first.id]
    assert [each.name for each in ClientStore(data).all()] == ["Ann"]
    (aside,) = data.glob("records-before-*.sqlite3")
    assert [each.id for each in read.sessions(aside)] == [second.id, first.id]
    assert len(list(data.glob("clients-before-*.sqlite3"))) == 1
    # The restored record is one to go on with.
    third = write_session(data, hold_s=3, started=STARTED + 200)
    assert ids(data) == [third.id, first.id]
    assert command(capsys, "check").status == 0


def test_a_backup_while_a_session_writes_is_one_moment_of_it(data: Path, tmp_path: Path) -> None:
    async def write_on(stop: threading.Event, running: threading.Event) -> None:
        journal = await SqliteJournal.open(data, wall=lambda: STARTED, batch_s=0.001)
        await journal.begin_session(program_version="0", simulated=True)
        t = 0.0
        while not stop.is_set():
            for _ in range(50):
                t += 1
                journal.append(t, "cue", {"text": "x" * 500})
                journal.sample(t, 100, 100, None)
            assert await journal.flush()
            running.set()
        journal.end_session(t, {})
        assert await journal.close()

    stop, running = threading.Event(), threading.Event()
    writer = threading.Thread(target=lambda: asyncio.run(write_on(stop, running)), daemon=True)
    writer.start()
    try:
        assert running.wait(20)
        for number in range(5):
            copy_out(data / FILE_NAME, tmp_path / f"b{number}.sqlite3", care.RECORD)
    finally:
        stop.set()
        writer.join(20)
    rows = []
    for number in range(5):
        file = tmp_path / f"b{number}.sqlite3"
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as copied:
            assert copied.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows.append(copied.execute("SELECT count(*) FROM journal").fetchone()[0])
        record = read.session(file, read.sessions(file)[0].id)
        assert read.verify(record) == ()
        # Whole batches: what one commit holds is there or is not.
        assert len(record.rows) == len(record.samples)
        assert not file.with_name(f"{file.name}-wal").exists()
    assert rows == sorted(rows)
    assert rows[0] >= 50


def test_nothing_is_restored_while_a_session_runs(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")

    async def in_session() -> tuple[int, str]:
        journal = await SqliteJournal.open(data)
        session_id = await journal.begin_session(program_version="0", simulated=True)
        ran = command(capsys, "restore", "b.sqlite3")
        journal.append(1.0, "cue", {"text": "still here"})
        journal.end_session(2.0, {})
        assert await journal.close()
        assert ids(data)[0] == session_id
        return ran.status, ran.err

    status, said = asyncio.run(in_session())
    assert status == 2
    assert "in use" in said
    assert not list(data.glob("*before*"))
    assert command(capsys, "restore", "b.sqlite3").status == 0


def test_a_record_that_cannot_even_be_opened_is_kept_aside_and_replaced(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")
    (data / FILE_NAME).write_bytes(b"not a database" * 100)
    assert command(capsys, "check").status in (1, 2)
    assert command(capsys, "restore", "b.sqlite3").status == 0
    assert ids(data) == [written.id]
    (aside,) = data.glob("records-before-*.sqlite3")
    assert aside.read_bytes().startswith(b"not a database")


def test_a_backup_onto_an_empty_computer(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "new"))
    assert command(capsys, "restore", "b.sqlite3").status == 0
    assert ids(tmp_path / "new") == [written.id]
    assert not list((tmp_path / "new").glob("*before*"))


def test_a_damaged_backup_is_refused_and_nothing_is_changed(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")
    whole = (tmp_path / "b.sqlite3").read_bytes()
    before = (data / FILE_NAME).read_bytes()
    dice = random.Random(3)  # noqa: S311 - the same every time
    for length in (0, 1, 50, 99, 100, 4095, *dice.sample(range(len(whole)), 20), len(whole) - 1, len(whole) + 1):
        (tmp_path / "bad.sqlite3").write_bytes((whole + b"x")[:length])
        ran = command(capsys, "restore", "bad.sqlite3")
        assert (ran.status, (data / FILE_NAME).read_bytes() == before) == (2, True), length
        assert "\n" not in ran.err
    # A flipped bit in a row's text passes SQLite's own check, and not the chain of hashes.
    place = whole.index(b'"easing_down"')
    (tmp_path / "bad.sqlite3").write_bytes(whole[:place] + b'"easinG_down"' + whole[place + 13 :])
    ran = command(capsys, "restore", "bad.sqlite3")
    assert (ran.status, "not as it was written" in ran.err) == (2, True)
    assert command(capsys, "restore", "bad.sqlite3", "--damaged").status == 0
    assert command(capsys, "check").status == 1


def test_other_programs_files_and_newer_versions_are_no_backup(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")
    with closing(sqlite3.connect(tmp_path / "other.sqlite3")) as other:
        other.execute("CREATE TABLE t (x)")
        other.commit()
    with closing(sqlite3.connect(tmp_path / "b.sqlite3")) as newer:
        newer.execute("PRAGMA user_version = 99")
    for name, said in (("other.sqlite3", "another program"), ("b.sqlite3", "newer retroctl"), ("none", "no such file")):
        ran = command(capsys, "restore", name)
        assert (ran.status, said.lower() in ran.err.lower()) == (2, True), ran.err
    assert not list(data.glob("*before*"))


def test_a_backup_with_rules_of_somebody_elses_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write_session(data, hold_s=3)
    command(capsys, "backup", "b.sqlite3")
    with closing(sqlite3.connect(tmp_path / "b.sqlite3")) as meddled:
        meddled.execute("CREATE TRIGGER evil AFTER INSERT ON journal BEGIN DELETE FROM notes; END")
        meddled.commit()
    ran = command(capsys, "restore", "b.sqlite3")
    assert (ran.status, "trigger evil is not retroctl's" in ran.err) == (2, True)


def test_a_backup_overwrites_nothing_unasked(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_session(data, hold_s=3)
    (tmp_path / "b.sqlite3").write_text("mine")
    assert command(capsys, "backup", "b.sqlite3").status == 2
    assert (tmp_path / "b.sqlite3").read_text() == "mine"
    assert command(capsys, "backup", "b.sqlite3", "--force").status == 0
    assert command(capsys, "backup", str(data / FILE_NAME), "--force").status == 2
    assert command(capsys, "backup", "none/b.sqlite3").status == 2
    assert {each.name for each in tmp_path.iterdir()} == {"data", "b.sqlite3"}


def test_check_says_what_is_known_of_an_interrupted_session(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write_session(data, hold_s=3, ended=False)
    ran = command(capsys, "check")
    assert ran.status == 0
    assert f"session {written.id} of 2026-11-18 11:06 UTC: interrupted after 0:29 of session time" in ran.out
    assert "in the state stopping; last measured 0.00 km/h at 0:" in ran.out
    assert "a stop had been sent. What the belt did then is unknown" in ran.out


def test_check_names_the_session_and_the_row_that_was_changed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = write_session(data, hold_s=3)
    with closing(sqlite3.connect(data / FILE_NAME)) as careless:
        careless.execute("DROP TRIGGER journal_is_never_changed")
        careless.execute("UPDATE journal SET data = '{}' WHERE seq = 4")
        careless.commit()
    ran = command(capsys, "check")
    assert ran.status == 1
    assert "trigger journal_is_never_changed is missing" in ran.out
    assert f"DAMAGED  session {written.id}" in ran.out
    assert "row 4" in ran.out


def test_check_without_a_record(capsys: pytest.CaptureFixture[str]) -> None:
    ran = command(capsys, "check")
    assert (ran.status, "no record yet" in ran.err) == (2, True)


def test_a_running_session_is_not_called_interrupted(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def in_session() -> str:
        journal = await SqliteJournal.open(data)
        await journal.begin_session(program_version="0", simulated=True)
        journal.append(1.0, "cue", {"text": "x"})
        assert await journal.flush()
        ran = command(capsys, "check")
        assert await journal.close()
        return ran.out

    assert "running?" in asyncio.run(in_session())


def test_copying_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no such file"):
        copy_out(tmp_path / "x.sqlite3", tmp_path / "y.sqlite3", care.RECORD)
