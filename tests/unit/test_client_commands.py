"""`retroctl client` from the command line: what it prints, refuses, records, exports and erases."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict

import pytest

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.journal import FILE_NAME, SqliteJournal, history
from retroctl.adapters.tui.choose.ports import Choice
from retroctl.app.client_forms import Act
from retroctl.app.clock import LoopClock
from retroctl.cli.app import run_app
from retroctl.cli.choosing import Air
from retroctl.cli.options import RunOptions
from retroctl.cli.person import DEMO, NOBODY, person, today
from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import Level
from retroctl.errors import ClientError, ConfigError, JournalError
from retroctl.units import Speed

FIT = ("--birth-year", "1986", "--screening", "clear", "--consent", "today")
STAGES = [
    {"kind": "ladder", "facing": "backward", "target_kmh": kmh, "hold_s": 60.0} for kmh in (1.0, 1.8)
]  # fmt: skip
WELL = {"exit_status": 0, "reason": "the end of easing down", "peak_kmh": 1.8}
HELD = [{"target_kmh": kmh, "seconds": 60.0} for kmh in (1.0, 1.8)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def client(folder, monkeypatch, capfd):
    def command(*arguments: str, status: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["retroctl", "client", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_app()
        said = capfd.readouterr()
        assert ended.value.code == status, said.err
        if status:
            assert said.out == ""
            assert said.err.count("\n") == 1
        return said.err if status else said.out

    return command


def keep_sessions(folder, client_id: str, *sessions: dict) -> None:
    """Sessions in the record as `run` leaves them."""

    async def keep() -> None:
        journal = await SqliteJournal.open(folder)
        for each in sessions:
            await journal.begin_session(
                program_version="1", simulated=each.get("simulated", False), client_id=client_id,
                plan=each.get("plan", {"name": "ladder", "stages": STAGES}),
            )  # fmt: skip
            for row in each.get("rows", []):
                journal.append(1.0, "event" if "event" in row else "note", row)
            journal.sample(1.0, 100, 180, None)
            if "outcome" in each:
                journal.end_session(200.0, each["outcome"])
            else:
                journal._running = False
        assert await journal.close()

    with ThreadPoolExecutor(1) as thread:  # a loop of its own, also for a test that runs in one
        thread.submit(asyncio.run, keep()).result(30)


def id_of(folder, name: str) -> str:
    return ClientStore(folder).find(name).id


# -- add, edit, show, list


def test_help_teaches_with_examples(client):
    assert "erase" in client()
    assert "Begin with" in client("--help")
    assert "retroctl client add Ann" in client("add", "--help")


def test_a_client_is_added_shown_listed_and_changed(client):
    assert "No clients yet" in client("list")
    said = client("add", "Ann", *FIT, "--mass", "70.5", "--resting-hr", "60", "--forward", "8km/h", "--by", "Kim")
    assert "at level new" in said
    assert "a session may begin" in said
    assert "60; up to 130 (level new); RPE up to 13" in said
    assert "may run today" in client("list")
    said = client("edit", "ann", "--mass", "68", "--injuries", "left knee", "--balance-mastered", "--by", "Kim")
    assert "screening is void when something has changed" in said
    assert "68 kg" in said
    assert "mastered" in said
    shown = client("show", "Ann")
    assert "edited: mass_kg, balance_mastered, injuries  by Kim" in shown
    assert "left knee" in shown
    assert "level novice (up to 4.80 km/h) asks for" in shown
    assert "Annabel" in client("edit", "Ann", "--rename", "Annabel")
    assert "is called 'Ann'" in client("show", "Ann", status=2)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--birth-year", "2090"), "birth year"),
        (("--birth-year", "x"), "'x' is not a whole number"),
        (("--birth-year", "1986", "--mass", "0"), "mass of 0"),
        (("--birth-year", "1986", "--mass", "700"), "mass of 700"),
        (("--birth-year", "1986", "--mass", "nan"), "'nan' is not a number"),
        (("--birth-year", "1986", "--mass-on", "today"), "--mass-on"),
        (("--birth-year", "1986", "--goal", "fame"), "general, rehab, race, off-season"),
        (("--birth-year", "1986", "--forward", "fast"), "--forward"),
        (("--birth-year", "1986", "--screening", "fine"), "clear, followed-up"),
        (("--birth-year", "1986", "--screened-on", "today"), "--screening"),
        (("--birth-year", "1986", "--screening", "clear", "--screening-expires", "2099-01-01"), "twelve months"),
        (("--birth-year", "1986", "--consent", "yesterday"), "--consent"),
        (("--birth-year", "1986", "--consent", "2099-01-01"), "still to come"),
        (("--birth-year", "1986", "--screening", "clear", "--screened-on", "9999-12-31"), "still to come"),
        (("--birth-year", "1986", "--injuries", "x" * 2001), "too many"),
        (("--birth-year", "1986", "--by", " "), "--by"),
        ((), "--birth-year"),
    ],
)
def test_what_cannot_be_is_one_line_and_adds_nobody(client, folder, arguments, word):
    assert word in client("add", "Ann", *arguments, status=2)
    assert ClientStore(folder).all() == ()


def test_a_consent_that_is_taken_back_ends_the_sessions_and_is_kept_as_a_change(client, folder):
    client("add", "Ann", *FIT)
    assert "NO SESSION: no consent" in client("edit", "Ann", "--consent", "withdrawn", "--by", "Kim")
    change = ClientStore(folder).changes(id_of(folder, "Ann"))[-1]
    assert (change.by, change.data["consent"]["to"]) == ("Kim", None)
    with pytest.raises(ClientError, match="no consent is noted"):
        person("Ann", folder, simulated=True)
    assert "write it as 2026-11-24" in client("add", "Bob", "--birth-year", "1986", "--consent", "withdrawn", status=2)


def test_a_client_whom_the_clock_makes_impossible_is_not_shown_as_fit_to_run(client, folder):
    client("add", "Ann", *FIT)
    with closing(sqlite3.connect(folder / "clients.sqlite3")) as connection:
        connection.execute("UPDATE clients SET profile = replace(profile, '1986', '1886')")
        connection.commit()
    assert "NOT TODAY" in client("list")
    assert "NO SESSION: a birth year of 1886 cannot be" in client("show", "Ann")


def test_names_and_texts_are_shown_as_plain_text(client, folder):
    client("add", "[red]x[/]<b>", *FIT)
    assert "[red]x[/]<b>" in client("list")
    with closing(sqlite3.connect(folder / "clients.sqlite3")) as connection:
        connection.execute("UPDATE clients SET name = 'x' || char(27) || '[31m'")
        connection.commit()
    assert "\x1b" not in client("list") + client("show", "[red]x[/]<b>")


def test_a_second_client_of_one_name_and_an_empty_edit_are_refused(client):
    client("add", "Ann", *FIT)
    assert "already" in client("add", "ANN", *FIT, status=2)
    assert "nothing to change" in client("edit", "Ann", status=2)
    assert "(retroctl client list)" in client("edit", "Bo", "--mass", "70", status=2)


# -- levels


def test_a_level_rises_by_the_trainers_act_alone_with_its_conditions_recorded(client, folder):
    client("add", "Ann", *FIT)
    assert "not met  2 completed backward sessions (0 done)" in client("level", "Ann")
    assert "--despite" in client("level", "Ann", "novice", status=2)
    assert "new, novice" in client("level", "Ann", "expert", status=2)
    assert "already" in client("level", "Ann", "new", status=2)
    said = client("level", "Ann", "novice", "--despite", "trained elsewhere", "--by", "Kim")
    assert "is at level novice now, set by Kim" in said
    change = ClientStore(folder).changes(id_of(folder, "Ann"))[-1]
    assert (change.by, change.what, change.data["from"], change.data["to"]) == ("Kim", "level", "new", "novice")
    assert change.data["despite"] == "trained elsewhere"
    assert [each["met"] for each in change.data["conditions"]] == ["met", "not met", "unknown"]
    assert "level new -> novice, 2 conditions not met, despite: trained elsewhere" in client("show", "Ann")
    assert "is at level new now" in client("level", "Ann", "new")  # down is free


def test_simulated_sessions_are_practice_only_where_that_is_said(client, folder):
    client("add", "Ann", *FIT)
    good = {"outcome": {**WELL, "held": HELD}, "simulated": True}
    keep_sessions(folder, id_of(folder, "Ann"), good, good)
    assert "2 completed backward sessions (0 done)" in client("level", "Ann", "novice", status=2)
    assert "(2 done)" in client("level", "Ann", "novice", "--with-simulated")
    assert ClientStore(folder).changes(id_of(folder, "Ann"))[-1].data["with_simulated"] is True


def test_a_clearance_is_noted_used_and_removed_and_rehab_is_left_by_a_clinicians_word(client, folder):
    client("add", "Ann", *FIT, "--resting-hr", "60")
    assert "both hands" in client("level", "Ann", "rehab").lower()
    assert "NO SESSION: level rehab needs" in client("show", "Ann")
    assert "--from WHO --ends DATE" in client("clear", "Ann", status=2)
    assert "clinician decides" in client("level", "Ann", "new", "--despite", "she feels fine", status=2)
    ends = str(today().plus(30))
    said = client(
        "clear", "Ann", "--from", "Dr Lee", "--ends", ends, "--max-speed", "1.5km/h", "--low-hr", "95",
        "--high-hr", "120", "--max-rpe", "11", "--limits", "no stairs", "--by", "Kim",
    )  # fmt: skip
    assert f"by Dr Lee, {today()} to {ends}, up to 1.50 km/h, 95 to 120 beats a minute, RPE up to 11" in said
    assert "up to 1.50 km/h (the clinician's limit)" in said
    assert "no stairs" in said
    assert "a session may begin" in said
    assert "is at level new now" in client("clear", "Ann", "--from", "Dr Lee", "--ends", ends, "--resume") + client(
        "level", "Ann", "new"
    )
    assert "clearance        none" in client("clear", "Ann", "--remove")
    told = client("show", "Ann").splitlines()
    assert any(line.endswith("UTC  clearance: limits  by Kim") for line in told)
    assert any("level new -> rehab, 1 condition not met  by " in line for line in told)
    assert any("clearance removed  by " in line for line in told)
    assert "cannot end before" in client("clear", "Ann", "--from", "x", "--ends", "2020-01-01", status=2)


# -- for `run`


def test_a_session_gets_level_caps_mass_and_practice_of_its_client(client, folder):
    client("add", "Ann", *FIT, "--mass", "70")
    ann = id_of(folder, "Ann")
    keep_sessions(folder, ann, {"outcome": {**WELL, "held": HELD}, "simulated": True})
    found = person("ann", folder, simulated=True)
    assert (found.client.level, found.mass_kg, found.client_id) == (Level.NEW, 70.0, ann)
    assert [each.peak for each in found.practice] == [Speed(180)]
    assert person("ann", folder, simulated=False).practice == ()
    assert person(None, folder, simulated=False) is NOBODY
    assert person("demo", folder, simulated=True) is DEMO


def test_who_may_not_run_today_gets_every_reason_and_no_session(client, folder):
    client("add", "Ann", "--birth-year", "1986", "--screening", "clear", "--screened-on", "2020-01-01")
    with pytest.raises(ClientError) as told:
        person("Ann", folder, simulated=True)
    for words in ("no session with Ann today", "no consent", "(R30)", "expired on 2020-12-31 (R20)", "client edit"):
        assert words in str(told.value)
    client("edit", "Ann", "--screening", "clear", "--consent", "today")
    ended = str(today().plus(-1))
    client("clear", "Ann", "--from", "Dr Lee", "--on", "2020-01-01", "--ends", ended)
    with pytest.raises(ClientError, match=rf"the clearance ended on {ended} \(R20\)"):
        person("Ann", folder, simulated=True)


# -- the record as history


def test_the_record_tells_what_was_done(client, folder):
    client("add", "Ann", *FIT)
    ann = id_of(folder, "Ann")
    forward = [{"kind": "work", "facing": "forward", "target_kmh": 6.0, "hold_s": 300.0}]
    back = [{"kind": "work", "facing": "backward", "target_kmh": 1.0, "hold_s": 30.0}]
    keep_sessions(
        folder, ann,
        {"outcome": {**WELL, "held": HELD}, "rows": [
            {"event": "BalanceEventNoted", "kind": 2}, {"note": "rpe", "value": 11},
            {"note": "rpe", "value": 13}, {"note": "rpe", "value": "x"},
            {"event": "BalanceEventNoted", "kind": 9}, {"event": "BalanceEventNoted"},
        ]},
        {"outcome": {**WELL, "held": HELD[:1]}},
        {"outcome": {**WELL, "held": HELD, "reason": "key"}},
        {"plan": {"name": "balance-introduction", "stages": forward + back},
         "outcome": {**WELL, "held": [{"target_kmh": 6.0, "seconds": 300}, {"target_kmh": 1.0, "seconds": 30}]}},
        {"rows": [{"event": "BalanceEventNoted", "kind": 4}]},
        {},
        {"plan": {"name": "ladder", "stages": [{"kind": "odd"}]}, "outcome": {**WELL, "held": HELD}},
        {"plan": {"name": "ladder", "stages": STAGES}, "outcome": {**WELL, "held": "nothing"}},
    )  # fmt: skip
    done = history.history(folder / FILE_NAME, ann, with_simulated=False)
    assert [(each.kind, each.completed, each.peak.kmh, each.rpe) for each in done] == [
        ("ladder", True, 1.8, 13), ("ladder", False, 1.0, None), ("ladder", False, 1.8, None),
        ("balance introduction", True, 0.0, None), ("ladder", False, 0.0, None),
    ]  # fmt: skip
    assert done[0].events == (BalanceEvent.STUMBLE,)
    assert done[4].stopped_by_balance
    assert {each.day for each in done} == {today()}


# -- export and erase


def test_an_export_is_one_readable_file_with_everything(client, folder, tmp_path):
    client("add", "Ann Ö.", *FIT, "--injuries", "left knee", "--by", "Kim")
    ann = id_of(folder, "Ann Ö.")
    keep_sessions(
        folder, ann, {"outcome": {**WELL, "held": HELD}}, {"rows": [{"event": "BalanceEventNoted", "kind": 1}]}
    )
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        connection.execute("INSERT INTO notes (client_id, written_utc_ms, text) VALUES (?, 1, 'was brave')", (ann,))
        connection.commit()
    assert "2 sessions" in client("export", "Ann Ö.", "--to", "out.json")
    file = tmp_path / "out.json"
    assert file.stat().st_mode & 0o077 == 0
    assert "Ann Ö." in file.read_text(encoding="utf-8")
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert whole["client"]["name"] == "Ann Ö."
    assert whole["client"]["injuries"] == "left knee"
    assert whole["changes"][0]["by"] == "Kim"
    assert whole["notes"] == [{"session": None, "utc_ms": 1, "text": "was brave"}]
    first, second = whole["sessions"]
    assert first["plan"]["stages"] == STAGES
    assert first["samples"] == [[1.0, 1.0, 1.8, None]]
    assert first["rows"][-1]["kind"] == "end"
    assert second["status"] == "interrupted"
    assert second["rows"][0]["data"]["kind"] == 1
    assert "already" in client("export", "Ann Ö.", "--to", "out.json", status=2)
    assert "cannot be written" in client("export", "Ann Ö.", "--to", "no/where.json", status=2)
    client("export", ann)
    assert (tmp_path / f"client-{ann}.json").exists()


class Typed(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_erasing_asks_for_the_name_once_more(client, folder, monkeypatch):
    client("add", "Ann", *FIT)
    assert "--yes" in client("erase", "Ann", status=2)
    monkeypatch.setattr(sys, "stdin", Typed("Bo\n"))
    monkeypatch.setattr(sys, "argv", ["retroctl", "client", "erase", "Ann"])
    with pytest.raises(SystemExit) as ended:
        run_app()
    assert ended.value.code == 2
    assert ClientStore(folder).find("Ann").name == "Ann"
    monkeypatch.setattr(sys, "stdin", Typed("Ann\n"))
    with pytest.raises(SystemExit) as ended:
        run_app()
    assert ended.value.code == 0
    assert ClientStore(folder).all() == ()


def test_after_erasing_nothing_tells_of_the_person_and_the_sessions_stay(client, folder):
    client("add", "Annabella Quux", *FIT, "--injuries", "Zehenbruch", "--by", "Kimberley")
    ann = id_of(folder, "Annabella Quux")
    keep_sessions(folder, ann, {"outcome": {**WELL, "held": HELD}})
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        (session,) = connection.execute("SELECT id FROM sessions").fetchone()
        connection.execute(
            "INSERT INTO notes (client_id, written_utc_ms, text) VALUES (?, 1, 'Quux was brave')", (ann,)
        )
        connection.execute("INSERT INTO notes (session_id, written_utc_ms, text) VALUES (?, 1, 'Quux too')", (session,))
        connection.commit()
    assert "Erased" in client("erase", "annabella quux", "--yes")
    for file in folder.iterdir():
        found = file.read_bytes()
        assert not [
            word for word in (b"Annabella", b"annabella", b"Quux", b"Zehenbruch", b"Kimberley") if word in found
        ]
    assert len(history.history(folder / FILE_NAME, ann, with_simulated=False)) == 1
    assert "none yet" in client("show", ann, status=2)


# -- a client that cannot be read


def spoil(folder, name: str, change: str) -> str:
    """Change a client's row by hand; gives the id."""
    client_id = id_of(folder, name)
    with closing(sqlite3.connect(folder / "clients.sqlite3")) as connection:
        connection.execute(f"UPDATE clients SET {change} WHERE client_id = ?", (client_id,))  # noqa: S608 - the test's own
        connection.commit()
    return client_id


def test_one_client_who_cannot_be_read_hides_nobody_and_is_erased_by_the_id(client, folder, monkeypatch):
    client("add", "Annabella Quux", *FIT, "--injuries", "Zehenbruch")
    client("add", "Bo", *FIT)
    quux = spoil(folder, "Annabella Quux", "profile = '{\"injuries\": \"Zehenbruch', name = 'Quux' || char(27)")
    keep_sessions(folder, quux, {"outcome": {**WELL, "held": HELD}})
    broken, whole = client("list").splitlines()
    assert f"Quux?  {quux}  UNREADABLE: " in broken
    assert f"retroctl client erase {quux}" in broken
    assert "may run today" in whole
    for command in ("show", "export"):
        assert f"retroctl client erase {quux}" in client(command, quux, status=2)
    monkeypatch.setattr(sys, "stdin", Typed(f"{quux}\n"))
    assert "Erased" in client("erase", quux)
    for file in folder.iterdir():
        assert not [word for word in (b"Annabella", b"annabella", b"Quux", b"Zehenbruch") if word in file.read_bytes()]
    assert "Bo" in client("list")


def test_the_record_is_read_beside_a_client_who_cannot_be_read(client, folder, monkeypatch, capfd):
    client("add", "Ann", *FIT)
    ann = spoil(folder, "Ann", "profile = '{'")
    keep_sessions(folder, ann, {"outcome": {**WELL, "held": HELD}})

    def said(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            run_app()
        told = capfd.readouterr()
        return ended.value.code, told.out + told.err

    for arguments in (("history", "--plain"), ("history", "Ann", "--plain")):
        status, told = said(*arguments)
        assert status == 0, told
        assert "Ann" in told
    status, told = said("check")
    assert status == 1
    assert f"client {ann} cannot be read" in told
    assert "1 clients." in told


# -- choosing on a screen


def chosen_as(**choice):
    """The options with a choice in them, as `run` makes them again."""
    given = dict.fromkeys(("sim", "address", "client", "plan", "top", "hold", "advance", "speed_range"))
    return RunOptions.checked(
        **{**given, **choice}, speedup="1", plain=False, jsonl=True, yes=True, coarse=False, terminal=False
    )


async def test_a_screen_offers_the_clients_and_builds_their_plan_under_their_rules(client, folder):
    client("add", "Ann", *FIT)
    client("add", "Bo", "--birth-year", "1986")
    air = Air(chosen_as(sim="standard"), lambda choice: chosen_as(**asdict(choice)), LoopClock())
    rows = {row.key: row for row in air.clients()}
    assert list(rows) == [None, "Ann", "Bo", "demo"]
    assert (rows["Ann"].level, rows["Ann"].cap, rows["Ann"].note) == (Level.NEW, "up to 3.20 km/h", "")
    assert rows["Bo"].note.startswith("not today: no consent")
    preview = air.preview(Choice(sim="standard", client="Ann"), None)
    assert preview.caps.backward == Speed(320)
    with pytest.raises(ConfigError, match="no session with Bo today"):
        air.preview(Choice(sim="standard", client="Bo"), None)
    keep_sessions(folder, id_of(folder, "Ann"), {"outcome": {**WELL, "held": HELD}, "simulated": True})
    with pytest.raises(ConfigError, match="R11"):
        air.preview(Choice(sim="standard", client="Ann", top="2.6", hold="90"), None)


async def test_a_screen_offers_the_others_beside_a_client_who_cannot_be_read(client, folder):
    client("add", "Ann", *FIT)
    client("add", "Bo", *FIT)
    ann = spoil(folder, "Ann", "profile = '{'")
    air = Air(chosen_as(sim="standard"), lambda choice: chosen_as(**asdict(choice)), LoopClock())
    rows = {row.name: row for row in air.clients()}
    assert list(rows) == ["nobody named", "Ann", "Bo", "demo"]
    assert rows["Bo"].note == ""
    assert f"retroctl client erase {ann}" in rows["Ann"].note
    with pytest.raises(ConfigError, match=f"client {ann} cannot be read"):
        air.preview(Choice(sim="standard", client=rows["Ann"].key), None)
    with pytest.raises(JournalError, match="cannot be read"):
        air.forms.open(Act.EDIT, rows["Ann"].client_id)


async def test_a_screen_says_why_the_clients_cannot_be_read_and_offers_none(client, folder):
    client("add", "Ann", *FIT)
    (folder / "clients.sqlite3").write_bytes(b"no database" * 100)
    air = Air(chosen_as(sim="standard"), lambda choice: chosen_as(**asdict(choice)), LoopClock())
    row = air.clients()[1]
    assert "damaged" in row.note
    with pytest.raises(ConfigError, match="damaged"):
        air.preview(Choice(sim="standard", client=row.key), None)
