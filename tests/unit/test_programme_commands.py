"""`retroctl programme` from the command line: begun, proposed, shown, assessed; and a session outdoors."""

from __future__ import annotations

import io
import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path

import pytest
from made_record import Made, RecordMaker

from retroctl.adapters.clients import Begun, ClientStore
from retroctl.adapters.clients import store as store_module
from retroctl.adapters.journal import FILE_NAME, read
from retroctl.adapters.journal.afterwards import afterwards
from retroctl.cli import person, session
from retroctl.cli.app import run_app
from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.assessment import Assessment
from retroctl.domain.method.days import Day
from retroctl.domain.method.programme import ProgrammeName
from retroctl.errors import ClientError, JournalError

FIT = ("--birth-year", "1986", "--screening", "clear", "--consent", "today", "--resting-hr", "60")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def retroctl(folder, monkeypatch, capfd):
    def command(*arguments: str, status: int = 0, typed: str | None = None) -> str:
        monkeypatch.setattr(sys, "argv", ["retroctl", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed or ""))
        with pytest.raises(SystemExit) as ended:
            run_app()
        said = capfd.readouterr()
        assert ended.value.code == status, said.err
        if status:
            assert said.err.count("\n") == 1
        return said.err if status else said.out

    return command


@pytest.fixture
def ann(retroctl):
    retroctl("client", "add", "Ann K", *FIT)
    return "Ann K"


def test_a_programme_is_begun_once_and_proposes_with_the_exact_command(retroctl, ann):
    assert "18 sessions, three a week" in retroctl("programme", "start", ann, "six-week", "--by", "Kim")
    assert "--instead" in retroctl("programme", "start", ann, "six-week", status=2)
    said = retroctl("programme", "next", ann, "--", "--volume", "60")
    assert "session 1 of 18: ladder" in said
    assert "balance is not mastered: ladders until it is (R13)" in said
    assert "retroctl run --client 'Ann K' --plan ladder:top=2.00km/h,hold_s=120 --volume 60" in said
    assert "the baseline is to be taken (R17)" in said
    assert "begun" in retroctl("programme", "show", ann)
    assert retroctl("programme").startswith("Usage") or "Commands" in retroctl("programme")


def test_a_missing_name_of_a_programme_or_file_is_named(retroctl, ann):
    assert "Missing argument 'PROGRAMME'" in retroctl("programme", "start", ann, status=2)
    assert "a file to write: retroctl plan new PRESET FILE" in retroctl("plan", "new", "monday.toml", status=2)


def test_whom_a_programme_is_not_for_is_refused_when_it_would_begin(retroctl, ann):
    for name, rule in (("economy", "R13"), ("rehab", "R20"), ("marathon", "six-week, economy, rehab")):
        assert rule in retroctl("programme", "start", ann, name, status=2)
    assert "is in no programme yet" in retroctl("programme", "next", ann, status=2)
    assert "no client is called" in retroctl("programme", "next", "Bo", status=2)
    for day in ("0001-01-01", "9999-12-31"):
        assert "more than a year from today" in retroctl("programme", "start", ann, "six-week", "--on", day, status=2)
    later = str(person.today().plus(30))
    retroctl("programme", "start", ann, "six-week", "--on", later)
    assert f"begins on {later}" in retroctl("programme", "next", ann, status=2)


def test_who_may_not_run_today_gets_the_reasons_and_nothing_is_run(retroctl, ann):
    retroctl("programme", "start", ann, "six-week")
    retroctl("client", "clear", ann, "--from", "Dr Lee", "--ends", "2999-01-01")
    retroctl("client", "level", ann, "rehab")
    retroctl("client", "clear", ann, "--remove")
    said = retroctl("programme", "next", ann, "--run")
    assert "No session with Ann K today" in said
    assert "R20" in said
    assert "retroctl run" not in said


def test_next_runs_what_it_prints(retroctl, ann, monkeypatch):
    seen: list[object] = []
    monkeypatch.setattr(session, "run_session", lambda options: seen.append(options) or 0)
    retroctl("programme", "start", ann, "six-week")
    retroctl("programme", "next", ann, "--sim", "standard", "--run", "--", "--yes", "--speedup", "50")
    options = seen[0]
    assert (options.request.top.kmh, options.request.hold_s, options.sim) == (2.0, 120, "standard")
    assert (options.client_id is not None, options.yes, options.speedup) == (True, True, 50)


@pytest.mark.parametrize("other", [("--client", "Bo"), ("--plan=x.toml",), ("--top", "9"), ("--hold=60",)])
def test_what_is_proposed_is_run_with_whom_and_as_it_was_proposed(retroctl, ann, monkeypatch, other):
    """Found by hand: behind -- another client ran this one's session, or a faster plan ran under its name."""
    monkeypatch.setattr(session, "run_session", lambda options: pytest.fail(f"run with {options}"))
    retroctl("programme", "start", ann, "six-week")
    said = retroctl("programme", "next", ann, "--sim", "standard", "--run", "--", "--yes", *other, status=2)
    assert f"{other[0].partition('=')[0]} is the proposal's own" in said


def test_a_name_like_an_option_is_given_by_its_id(retroctl, folder):
    retroctl("client", "add", *FIT, "--", "-x")
    retroctl("programme", "start", "--", "-x", "six-week")
    client_id = ClientStore(folder).find("-x").id
    said = retroctl("programme", "next", client_id)
    assert f"--client {client_id} --plan" in said
    assert f"retroctl programme assess {client_id}\n" in said


def test_an_assessment_has_three_domains_before_and_after_or_not_measured(retroctl, ann, monkeypatch):
    said = retroctl("programme", "assess", ann, "--balance", "5.5", "--speed", "2km/h", "--on", "today")
    assert "balance: 5.5 s before, not measured after" in said
    assert "muscle: not measured" in said
    day = person.today()
    assert f"the next one is due from {day.plus(28)} (R17)" in said
    monkeypatch.setattr(person, "today", lambda: day.plus(28))
    assert "due (R17)" in retroctl("programme", "assess", ann)
    monkeypatch.setattr(person, "today", lambda: day.plus(43))
    assert "overdue (R17)" in retroctl("programme", "assess", ann)
    said = retroctl("programme", "assess", ann, "--balance", "4.9", "--forward", "8km/h", "--forward-hr", "142")
    assert "No speed in the record at an RPE of 13 or less" in said
    assert "balance: 5.5 s before, 4.9 s after" in said
    assert "speed: 2 km/h before, not measured after" in said
    assert "forward economy: not measured before, 142 beats a minute, RPE not asked at 8 km/h after" in said


def test_with_nothing_measured_there_is_a_note_and_no_baseline(retroctl, ann):
    said = retroctl("programme", "assess", ann, "--note", "calm, looks ahead")
    assert "Nothing was measured, so this is a note and no assessment: --balance, --stands or --speed" in said
    assert "the baseline is to be taken" in said
    said = retroctl("programme", "assess", ann, "--balance", "5.5")
    assert "balance: 5.5 s before, not measured after" in said
    assert "calm, looks ahead" in said
    assert "baseline" not in said


def test_what_else_was_seen_is_kept_as_it_was_said_and_erased_with_the_client(retroctl, ann, folder):
    retroctl("programme", "assess", ann, "--note", "left knee [quieter]\x1b[31m")
    assert "noted " in retroctl("programme", "assess", ann)
    assert "left knee [quieter]?[31m" in retroctl("programme", "assess", ann)
    retroctl("client", "erase", ann, "--yes")
    assert b"left knee" not in (folder / "clients.sqlite3").read_bytes()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--balance", "nan"), "'--balance': 'nan' is not a number"),
        (("--balance", "0"), "a time for 3 m in seconds of 0 cannot be"),
        (("--stands", "61"), "stands in 30 s of 61"),
        (("--forward-hr", "140"), "goes with its speed"),
        (("--speed", "fast"), "--speed: 'fast' is not a speed"),
        (("--stands", "9", "--on", "2999-01-01"), "still to come"),
        (("--on", "today"), "--on goes with what was measured"),
    ],
)
def test_measures_that_cannot_be_are_refused_and_not_kept(retroctl, ann, folder, given, words):
    assert words in retroctl("programme", "assess", ann, *given, status=2)
    store = ClientStore(folder)
    assert store.assessments(store.find(ann).id) == ()


def test_programme_and_assessments_are_exported_and_erased_with_the_client(retroctl, ann, folder, tmp_path):
    retroctl("programme", "start", ann, "six-week", "--by", "Kim")
    retroctl("programme", "assess", ann, "--stands", "14")
    client_id = ClientStore(folder).find(ann).id
    retroctl("client", "export", ann, "--to", "ann.json")
    kept = json.loads((tmp_path / "ann.json").read_text())
    assert kept["programme"]["name"] == "six-week"
    assert kept["assessments"][0]["stands"] == 14
    retroctl("client", "erase", ann, "--yes")
    store = ClientStore(folder)
    assert (store.programme(client_id), store.assessments(client_id)) == (None, ())
    assert b"six-week" not in (folder / "clients.sqlite3").read_bytes()
    for call in (
        lambda: store.begin_programme(client_id, Begun(ProgrammeName.REHAB, Day.parse("2026-01-01"), "Kim")),
        lambda: store.assess(client_id, Assessment(Day.parse("2026-01-01")), by="Kim"),
    ):
        with pytest.raises(ClientError, match="no client is called"):
            call()


def test_a_file_of_before_is_read_and_brought_up_to_date(retroctl, ann, folder, monkeypatch):
    store = ClientStore(folder)
    file = folder / "clients.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("DROP TABLE programmes; DROP TABLE assessments; PRAGMA user_version = 1;")
    client_id = store.find(ann).id
    assert (store.programme(client_id), store.assessments(client_id)) == (None, ())
    retroctl("programme", "start", ann, "six-week")
    assert store.programme(client_id).name is ProgrammeName.SIX_WEEK
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(store_module.MIGRATIONS),)
        connection.execute("UPDATE programmes SET name = 'of a newer version'")
        connection.commit()
    with pytest.raises(JournalError, match="a programme cannot be read"):
        store.programme(client_id)
    nowhere = ClientStore(folder / "elsewhere")
    assert nowhere.programme(client_id) is None
    with pytest.raises(ClientError, match="there are none yet"):
        nowhere.assess(client_id, Assessment(Day.parse("2026-01-01")), by="Kim")


# -- R25: outdoors

ASKED = "y\ny\nn\n\n12\n11\nstumble\n4\nwindy [b]\n"


def test_an_outdoor_session_is_a_row_of_its_own_kind_and_no_practice(retroctl, ann, folder):
    assert "Kept in" in retroctl("run", "--plan", "outdoor", "--client", ann, "--by", "Kim", typed=ASKED)
    file = folder / FILE_NAME
    [summary] = read.sessions(file)
    record = read.session(file, summary.id)
    assert read.verify(record) == ()
    assert (summary.machine_name, summary.simulated, summary.status) == (None, False, "ended")
    assert record.plan == {"name": "outdoor", "kind": "outdoor", "stages": []}
    assert summary.outcome["backward_minutes"] == 12
    assert record.settings == {"trainer": "Kim", "level": "new", "outdoor": True}
    kinds = {row.kind: row.data for row in record.rows}
    assert kinds["briefing"]["outdoor"] == {"empty_track": True, "spotter": True, "mirror": False}
    assert kinds["event"] == {"event": "BalanceEventNoted", "kind": 2}
    said = afterwards(file, summary.id)
    assert (said.confidence, said.rpe, said.notes) == (4, 11, ("windy [b]",))
    assert person.person(ann, folder, simulated=True).practice == ()


def test_a_programme_counts_a_session_outdoors_for_rest_and_says_so(retroctl, ann):
    retroctl("programme", "start", ann, "six-week")
    said = retroctl("run", "--plan", "outdoor", "--client", ann, typed=ASKED)
    assert "a day's session for rest (R16)" in said
    proposed = retroctl("programme", "next", ann)
    assert "there was a session today already" in proposed
    assert "Outdoors in the last seven days: 1." in proposed
    shown = retroctl("programme", "show", ann)
    assert "outdoors: 12 min, RPE 11, balance: stumble" in shown
    assert "0 of 18 done" in shown


def test_a_stumble_outdoors_stands_beside_the_next_level_and_in_the_report_as_noted(retroctl, ann, folder):
    retroctl("run", "--plan", "outdoor", "--client", ann, typed=ASKED)
    assert "0 on a treadmill, 0 of them to their end, 1 outdoors" in retroctl("client", "show", ann)
    [outing] = person.person(ann, folder, simulated=False).outdoors
    assert outing.events == (BalanceEvent.STUMBLE,)
    client_id = ClientStore(folder).find(ann).id
    days = person.today().plus(-9), person.today().plus(-3)
    maker = RecordMaker(folder)
    for number, day in enumerate(days):
        at = day.days_since(Day.of(1970, 1, 1)) * 86_400_000 + 36_000_000
        maker.write(Made(f"{number:016x}", at, client_id=client_id))
    maker.close()
    level = retroctl("client", "level", ann)
    assert "met      2 completed backward sessions (2 done)" in level
    assert "not met  no balance event in the last two of them, nor outdoors since (0 noted, 1 outdoors)" in level
    assert "1 outdoors" in retroctl("client", "level", ann, "novice", status=2)
    assert "2 sessions, 1 outdoors." in retroctl("report", ann, "--out", "ann.html")
    written = Path("ann.html").read_text(encoding="utf-8")
    assert "<h2>Outdoors</h2>" in written
    row = written.split(f'<td class="days">{person.today()}</td>')[1].split("</tr>")[0]
    assert re.findall(r">(\w+)<", row) == ["12", "11", "4", "stumble"]
    assert "nothing was measured" in written


def test_questions_may_be_left_open_and_are_asked_three_times_at_most(retroctl, folder):
    retroctl("run", "--plan", "outdoor", typed="yes\nyes\nno\n\n\n\nn\n\n\n")
    [summary] = read.sessions(folder / FILE_NAME)
    assert summary.outcome["backward_minutes"] is None
    assert "answer yes, no" in retroctl("run", "--plan", "outdoor", typed="x\n\nmaybe\n", status=2)
    said = retroctl("run", "--plan", "outdoor", typed="y\ny\ny\n\n-1\n9999\nx\n", status=2)
    assert "answer with a number from 0 to 600" in said


@pytest.mark.parametrize(
    ("typed", "client", "words"),
    [
        ("n\ny\ny\n", "new", "only on a fairly empty track (R25)"),
        ("y\nn\ny\n", "new", "needs a spotter"),
        ("n\nn\nn\n", "demo", "needs a spotter or a mirror"),
        ("", "new", "nobody answers"),
    ],
)
def test_the_checklist_decides_and_nothing_is_noted(retroctl, folder, typed, client, words):
    whom = () if client == "new" else ("--client", client)
    assert words in retroctl("run", "--plan", "outdoor", *whom, typed=typed, status=2)
    assert not (folder / FILE_NAME).exists()


def test_the_experienced_go_with_a_mirror_and_nobody_takes_a_machine_along(retroctl):
    retroctl("run", "--plan", "outdoor", "--client", "demo", typed="n\nn\ny\n\n10\n\nn\n\n\n")
    for machine in (("--sim", "standard"), ("--address", "AA")):
        assert "controls no machine (R25)" in retroctl("run", "--plan", "outdoor", *machine, status=2)
    assert "no such key" in retroctl("run", "--plan", "outdoor:top=3", status=2)


# -- sessions that ended otherwise, and clocks


def at_local(day: Day, hour: int) -> int:
    """Milliseconds of that hour of the day where this computer is."""
    return int(datetime.combine(date.fromordinal(day.ordinal), time(hour)).astimezone().timestamp() * 1000)


def write(folder: Path, *made: Made) -> None:
    maker = RecordMaker(folder)
    maker.write(*made)
    maker.close()


def test_a_session_that_was_cut_by_a_crash_counts_as_a_session_of_its_day(retroctl, ann, folder):
    """Found by hand: a record without an end row was as if nothing had been run, and the day's second was proposed."""
    retroctl("programme", "start", ann, "six-week")
    client_id = ClientStore(folder).find(ann).id
    write(folder, Made("00", at_local(person.today(), 0), client_id=client_id, rated={1: 19}, ended=False))
    assert "there was a session today already" in retroctl("programme", "next", ann)
    assert "1 cut short" in retroctl("programme", "show", ann)
    [done] = person.person(ann, folder, simulated=False).practice
    assert (done.completed, done.peak.kmh, done.rpe) == (False, 2.6, 19)


def test_a_session_that_ended_after_midnight_is_the_new_days_session_too(retroctl, ann, folder, monkeypatch):
    """Found by hand: at half past twelve the next one was proposed, minutes after the last."""
    begun = person.today()
    retroctl("programme", "start", ann, "six-week")
    client_id = ClientStore(folder).find(ann).id
    write(folder, Made("00", at_local(begun, 23) + 3_480_000, client_id=client_id))
    monkeypatch.setattr(person, "today", lambda: begun.plus(1))
    assert "there was a session today already" in retroctl("programme", "next", ann)
    monkeypatch.setattr(person, "today", lambda: begun.plus(2))
    assert "session 2 of 18" in retroctl("programme", "next", ann)


def test_a_session_dated_to_come_is_called_that_and_the_clock_is_named(retroctl, ann, folder, monkeypatch):
    """Found by hand: after a clock set back it said that there had been a session today."""
    client_id = ClientStore(folder).find(ann).id
    retroctl("programme", "start", ann, "six-week")
    day = person.today()
    write(folder, Made("00", at_local(day.plus(2), 10), client_id=client_id))
    said = retroctl("programme", "next", ann)
    assert f"the last session is dated {day.plus(2)}, which is still to come (this computer says that" in said
    assert "today already" not in said
