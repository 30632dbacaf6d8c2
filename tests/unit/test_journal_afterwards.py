"""What is said after a session: kept, corrected or amended, never able to harm the record; its words can be erased."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from retroctl.adapters.journal import SqliteJournal, erase, files, read, schema
from retroctl.adapters.journal.afterwards import ERASED, afterwards
from retroctl.app.afterwards import LONGEST_TEXT, Afterwards, ConfidenceAfter, FreeNote, Incident, SessionRpe
from retroctl.errors import JournalError, ProgrammingFault

NAME = "Kim Example, knee, 07700 900123"
FALL = Incident("fell off the rear", injury=True, told=NAME)


@pytest.fixture
async def journal(tmp_path):
    opened = await SqliteJournal.open(tmp_path)
    yield opened
    await opened.close()


async def a_session(journal, client_id="c1"):
    session_id = await journal.begin_session(program_version="0", simulated=True, client_id=client_id)
    journal.append(0.0, "state", {"state": "idle"})
    journal.end_session(1.0, {"exit_status": 0})
    return session_id


async def test_everything_that_is_said_is_kept_after_the_end_row(journal):
    session_id = await a_session(journal)
    for said in (ConfidenceAfter(4), SessionRpe(13), FreeNote("went well"), FALL):
        await journal.keep(said)
    assert await journal.close()
    assert afterwards(journal.file, session_id) == Afterwards(4, 13, ("went well",), (FALL,))
    record = read.session(journal.file, session_id)
    assert record.summary.status == "ended"
    assert read.verify(record) == ()


async def test_a_number_is_corrected_and_a_text_is_added(journal):
    session_id = await a_session(journal)
    for said in (ConfidenceAfter(4), ConfidenceAfter(2), FreeNote("one"), FreeNote("two")):
        await journal.keep(said)
    kept = afterwards(journal.file, session_id)
    assert kept.confidence == 2
    assert kept.notes == ("one", "two")


async def test_each_session_has_its_own(journal):
    first = await a_session(journal)
    await journal.keep(FreeNote("first"))
    second = await a_session(journal)
    await journal.keep(FreeNote("second"))
    assert afterwards(journal.file, first).notes == ("first",)
    assert afterwards(journal.file, second).notes == ("second",)


async def test_an_incident_is_amended_and_never_changed_or_deleted(journal):
    session_id = await a_session(journal)
    await journal.keep(FALL)
    await journal.keep(Incident("a bruise showed later", injury=True, told="the doctor"))
    await journal.close()
    with closing(files.connect_to_write(journal.file)) as connection:
        for statement in (
            "UPDATE incidents SET injury = 0",
            "DELETE FROM incidents",
            "INSERT OR REPLACE INTO incidents VALUES (1, 'x', 0, 0)",
            "UPDATE incident_words SET what = 'nothing'",
            "INSERT OR REPLACE INTO incident_words VALUES (1, NULL, 'nothing', '')",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    assert [incident.what for incident in afterwards(journal.file, session_id).incidents] == [
        "fell off the rear",
        "a bruise showed later",
    ]


async def test_erasing_a_person_takes_the_words_and_leaves_that_it_happened(journal):
    session_id = await a_session(journal)
    await journal.keep(FALL)
    await journal.keep(FreeNote(NAME))
    await journal.close()
    assert erase.erase_client(journal.file, "c1")
    assert afterwards(journal.file, session_id) == Afterwards(
        incidents=(Incident(ERASED, injury=True, told=ERASED),),
    )
    for path in journal.file.parent.iterdir():
        assert b"07700" not in path.read_bytes(), path


async def test_a_text_of_any_length_and_kind_is_kept_as_text_and_cut(journal):
    session_id = await a_session(journal)
    await journal.keep(FreeNote("'; DROP TABLE notes; --\x00\ud800\u202e" + "w" * 20_000))
    (note,) = afterwards(journal.file, session_id).notes
    assert note.startswith("'; DROP TABLE notes; --\x00?\u202e")
    assert len(note) == LONGEST_TEXT


@pytest.mark.parametrize("said", [ConfidenceAfter(0), ConfidenceAfter(6), SessionRpe(5), SessionRpe(21)])
async def test_a_number_off_its_scale_is_refused_by_the_file(journal, said):
    session_id = await a_session(journal)
    with pytest.raises(JournalError, match=r"records\.sqlite3"):
        await journal.keep(said)
    await journal.keep(FreeNote("and the next is kept"))
    assert afterwards(journal.file, session_id) == Afterwards(notes=("and the next is kept",))


async def test_what_cannot_be_kept_is_said(tmp_path):
    def full(point, _connection):
        if point == "begin" and broken:
            raise sqlite3.OperationalError("database or disk is full")

    broken: list[bool] = []
    journal = await SqliteJournal.open(tmp_path, seam=full)
    with pytest.raises(ProgrammingFault):
        await journal.keep(FreeNote("before any session"))
    session_id = await a_session(journal)
    await journal.flush()
    broken.append(True)
    with pytest.raises(JournalError, match="no room left"):
        await journal.keep(FreeNote("lost"))
    broken.clear()
    await journal.keep(FreeNote("room again"))
    assert afterwards(journal.file, session_id).notes == ("room again",)
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.keep(FreeNote("too late"))


async def test_a_record_of_an_older_program_is_read_and_brought_up_to_date(tmp_path, monkeypatch):
    monkeypatch.setattr(schema.migrate, "__defaults__", (schema.MIGRATIONS[:1],))
    monkeypatch.setattr(schema.check, "__defaults__", (schema.MIGRATIONS[:1],))
    old = await SqliteJournal.open(tmp_path)
    session_id = await a_session(old)
    await old.close()
    monkeypatch.undo()
    assert afterwards(old.file, session_id) == Afterwards()
    new = await SqliteJournal.open(tmp_path)
    await a_session(new)
    await new.keep(SessionRpe(11))
    await new.close()
    assert read.session(old.file, session_id).summary.status == "ended"
