"""The clients' file: found again, changed by two at once, damaged, of a newer version, erased."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from retroctl.adapters import sqlite
from retroctl.adapters.clients import FILE_NAME, ClientStore, Profile
from retroctl.adapters.clients.store import MIGRATIONS
from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Goal, Screening, ScreeningOutcome
from retroctl.errors import ClientError, JournalError
from retroctl.units import Speed

TODAY = Day.parse("2026-11-24")
WHOLE = Facts(
    1986, Level.NOVICE, Goal.OFF_SEASON, 70.5, TODAY, 60, 185, True, Speed(805), True, True, TODAY,
    Screening(ScreeningOutcome.FOLLOWED_UP, TODAY, TODAY.plus(90)),
    Clearance("Dr Łee", TODAY, TODAY.plus(30), Speed(150), 90, 120, 12, True), TODAY,
)  # fmt: skip


@pytest.fixture
def store(tmp_path) -> ClientStore:
    return ClientStore(tmp_path / "data", wall=lambda: 1_800_000_000.0)


def add(store: ClientStore, name: str, facts: Facts = WHOLE) -> Profile:
    return store.add(name, lambda client_id: Profile(client_id, name, facts, "left knee", "no stairs"), by="Kim")


def heavier(before: Profile) -> tuple[Profile, dict]:
    return replace(before, facts=replace(before.facts, mass_kg=(before.facts.mass_kg or 0) + 1)), {"mass_kg": "more"}


def test_a_client_comes_back_as_it_was_noted(store):
    added = add(store, "  Ann\u00a0 B. ")
    assert added.name == "Ann B."
    assert store.find("ann b.") == store.find(added.id) == store.all()[0] == added
    assert added.facts == WHOLE
    assert (added.injuries, added.limits) == ("left knee", "no stairs")
    assert len(added.id) == 16
    bare = add(store, "Bo", Facts(1990))
    assert store.find("BO") == bare


def test_the_file_is_for_its_owner_only(store):
    add(store, "Ann")
    assert store.file.stat().st_mode & 0o077 == 0


def test_without_a_file_there_is_nobody_and_none_is_made(store):
    assert store.all() == ()
    assert store.listed(TODAY) == ()
    assert store.changes("x") == ()
    assert not store.erase("x")
    with pytest.raises(ClientError, match="none yet"):
        store.find("Ann")
    with pytest.raises(ClientError, match="none yet"):
        store.change("Ann", heavier, by="Kim", what="edited")
    assert not store.file.exists()


@pytest.mark.parametrize("name", ["", "  ", "a\nb\x00", "\x1b[31mred", "x" * 81, "demo", "DEMO", "\udcff"])
def test_a_name_that_is_none_is_refused(store, name):
    with pytest.raises(ClientError):
        add(store, name)


@pytest.mark.parametrize("name", ["[bold]x[/]", "<b>&amp;</b>", "'; DROP TABLE clients; --", "Zoë", "名前", "-x"])
def test_any_other_name_is_kept_as_it_is(store, name):
    add(store, name)
    assert store.find(name).name == name


def test_two_clients_of_one_name_are_told_apart_by_nobody_so_refused(store):
    add(store, "Ann")
    for same in ("Ann", "ANN", "\uff21nn"):
        with pytest.raises(ClientError, match="already"):
            add(store, same)
    add(store, "Ann K.")
    with pytest.raises(ClientError, match="already"):
        store.change("Ann K.", lambda before: (replace(before, name="ann"), {}), by="Kim", what="edited")
    assert [each.name for each in store.all()] == ["Ann", "Ann K."]


def test_who_is_unknown_is_told_whom_there_is(store):
    for number in range(7):
        add(store, f"Client {number}")
    with pytest.raises(ClientError, match=r"'Client 0', .*'Client 4', \.\.\. \(retroctl client list\)"):
        store.find("x" * 5000)
    with pytest.raises(ClientError, match="known are"):
        store.change("Bob", heavier, by="Kim", what="edited")


def test_a_change_is_kept_with_who_and_when_and_an_error_changes_nothing(store):
    ann = add(store, "Ann")
    store.change("ann", heavier, by="Kim", what="edited")

    def broken(before: Profile) -> tuple[Profile, dict]:
        raise ClientError("no")

    with pytest.raises(ClientError, match="no"):
        store.change("ann", broken, by="Kim", what="edited")
    assert store.find("ann").facts.mass_kg == 71.5
    changes = store.changes(ann.id)
    assert [(each.what, each.by, each.utc_ms) for each in changes] == [
        ("added", "Kim", 1_800_000_000_000), ("edited", "Kim", 1_800_000_000_000),
    ]  # fmt: skip
    assert changes[1].data == {"mass_kg": "more"}


def test_of_two_programs_that_write_at_once_neither_undoes_the_other(store):
    add(store, "Ann")
    failed: list[Exception] = []

    def often() -> None:
        other = ClientStore(store.file.parent)
        try:
            for _ in range(10):
                other.change("Ann", heavier, by="Kim", what="edited")
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=often) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert store.find("Ann").facts.mass_kg == 70.5 + 20
    assert len(store.changes(store.find("Ann").id)) == 21


def test_a_file_that_another_program_holds_is_told_and_left(store, monkeypatch):
    add(store, "Ann")
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    with closing(sqlite3.connect(store.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for call in (lambda: add(store, "Bo"), lambda: store.find("Ann"), lambda: store.erase("x")):
            with pytest.raises(JournalError, match="another program"):
                call()
    assert [each.name for each in store.all()] == ["Ann"]


def test_a_chooser_gets_name_level_cap_and_whether_a_session_may_begin(store):
    add(store, "Ann", Facts(1961, Level.NOVICE))
    (row,) = store.listed(TODAY)
    assert (row.name, row.level, row.cap) == ("Ann", Level.NOVICE, "up to 2.00 km/h")
    assert len(row.not_today) == 3


# -- what may be wrong with the file


def every_call(store: ClientStore):
    for call in (
        store.all, lambda: store.find("Ann"), lambda: store.listed(TODAY), lambda: add(store, "Bo"),
        lambda: store.change("Ann", heavier, by="Kim", what="edited"), lambda: store.erase("x"),
    ):  # fmt: skip
        with pytest.raises(JournalError) as told:
            call()
        assert str(store.file) in str(told.value)
        assert "\n" not in str(told.value)
        yield str(told.value)


def test_a_folder_in_the_place_of_the_file_is_called_one_and_no_fault_of_the_disk(store):
    store.file.mkdir(parents=True)
    assert all("is a folder and no database" in told for told in every_call(store))


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in the file system")
def test_a_pipe_in_the_place_of_the_file_is_refused_and_not_waited_for(store):
    store.file.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(store.file)
    assert all("is no file" in told and "move it away" in told for told in every_call(store))


def test_a_file_of_a_newer_version_is_left_alone(store):
    add(store, "Ann")
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = store.file.read_bytes()
    assert all("newer retroctl" in told for told in every_call(store))
    assert store.file.read_bytes() == before


def test_another_programs_file_is_left_alone(store):
    store.file.parent.mkdir()
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    assert all("another program" in told for told in every_call(store))


def test_a_file_cut_off_in_the_middle_or_no_database_is_told_and_kept(store):
    for number in range(40):
        add(store, f"Client {number}")
    whole = store.file.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[: len(whole) - 100], b"no database at all" * 100):
        store.file.write_bytes(broken)
        assert all("damaged" in told for told in every_call(store))
        assert store.file.read_bytes() == broken


FROM_A_NEWER_VERSION = """replace(profile, '"birth_year"', '"shoe_size": 44, "birth_year"')"""


@pytest.mark.parametrize(
    "kept",
    [
        "'{'",
        "'[]'",
        """'{"birth_year": "x"}'""",
        "'null'",
        "''",
        "replace(profile, '8.05', '1e308')",
        FROM_A_NEWER_VERSION,
    ],
)
def test_a_client_that_cannot_be_read_hides_nobody_begins_nothing_and_can_be_erased(store, kept):
    ann, bo = add(store, "Annabella Quux"), add(store, "Bo")
    spoil(store, ann, f"profile = {kept}")
    broken, whole = store.all()
    assert whole == bo
    assert (broken.id, broken.name) == (ann.id, "Annabella Quux")
    assert f"client {ann.id} cannot be read" in broken.why
    assert f"retroctl client erase {ann.id}" in broken.why
    assert "\n" not in broken.why
    assert len(broken.why) < 600
    assert [each.name for each in store.listed(TODAY)] == ["Annabella Quux", "Bo"]
    assert store.names() == {ann.id: "Annabella Quux", bo.id: "Bo"}
    for call in (lambda: store.find(ann.id), lambda: store.change(ann.id, heavier, by="Kim", what="edited")):
        with pytest.raises(JournalError, match=f"client {ann.id} cannot be read"):
            call()
    assert store.known(ann.id) == store.known("annabella quux") == (ann.id, "Annabella Quux")
    assert store.erase(ann.id)
    assert store.all() == (bo,)
    assert not [word for word in (b"Annabella", b"annabella", ann.id.encode()) if word in store.file.read_bytes()]


def test_a_name_that_is_no_text_hides_nobody(store):
    ann, bo = add(store, "Ann"), add(store, "Bo")
    spoil(store, ann, "name = CAST(X'41ff42' AS TEXT), name_key = CAST(X'41ff42' AS TEXT)")
    assert [each.name for each in store.all()] == ["A\ufffdB", "Bo"]
    with pytest.raises(ClientError, match="known are"):
        store.find("Cy")
    assert store.erase(ann.id)
    assert store.all() == (bo,)


def spoil(store: ClientStore, client: Profile, change: str) -> None:
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute(f"UPDATE clients SET {change} WHERE client_id = ?", (client.id,))  # noqa: S608 - the test's own
        connection.commit()


def test_facts_that_no_client_can_have_are_not_read(store):
    add(store, "Ann")
    with closing(sqlite3.connect(store.file)) as connection:
        connection.execute("""UPDATE clients SET profile = replace(profile, '"mass_kg":70.5', '"mass_kg":700')""")
        connection.execute("UPDATE changes SET data = '[nothing'")
        connection.commit()
    with pytest.raises(JournalError, match="mass of 700"):
        store.find("Ann")
    assert [each.data for each in store.changes(store.file.name)] == []


def test_an_sqlite_that_is_too_old_is_told(store, monkeypatch):
    add(store, "Ann")
    monkeypatch.setattr(sqlite, "OLDEST", (99, 0, 0))
    with pytest.raises(JournalError, match="too old"):
        store.all()


# -- erasing


def test_after_erasing_no_byte_of_the_file_tells_of_the_person(store):
    ann = add(store, "Annabella Quux")
    add(store, "Bo")
    store.change("Bo", heavier, by="Kim", what="edited")
    store.change(ann.id, lambda before: (replace(before, injuries="Zehenbruch"), {"was": "x"}), by="Kim", what="edited")
    assert b"Annabella" in store.file.read_bytes()
    assert store.erase(ann.id)
    assert not store.erase(ann.id)
    for file in store.file.parent.iterdir():
        found = file.read_bytes()
        assert not [word for word in (b"Annabella", b"annabella", b"Zehenbruch", ann.id.encode()) if word in found], (
            file
        )
    assert [each.name for each in store.all()] == ["Bo"]
    assert len(store.changes(store.find("Bo").id)) == 2


def test_the_name_of_the_file():
    assert FILE_NAME == "clients.sqlite3"
