"""Confidence before and after each session (R5): kept, read back, drawn as a trend, and nothing concluded from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from made_record import Made, RecordMaker

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.journal import FILE_NAME, erase
from retroctl.adapters.journal.confidence import before_of, confidences, on_scale
from retroctl.adapters.journal.history import outings
from retroctl.adapters.report import as_html
from retroctl.adapters.report.charts import lines
from retroctl.app.charted import Point
from retroctl.app.confidence import confidence_words, trend
from retroctl.app.report import Asked, page
from retroctl.cli.history import Wanted, history_command
from retroctl.cli.person import today
from retroctl.cli.report import report_command
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Facts
from retroctl.domain.method.figures import Confidence, Ending, Figures, Who
from retroctl.domain.method.practice import Kind, Outing, Shape
from retroctl.domain.method.progress import WEEK_DAYS, Done, monday, weeks
from retroctl.units import REST

DAY_MS = 86_400_000
MONDAY = Day.of(2026, 10, 5)
NOTHING = Figures("ladder", Kind.LADDER, Shape(REST, 0.0, 0), (), True, Ending(Who.PLAN, "to its end"))


def done(day: int, before: int | None, after: int | None) -> Done:
    return Done(MONDAY.plus(day), replace(NOTHING, confidence=Confidence(before, after)))


SESSIONS = (done(0, 2, 3), done(2, 2, None), done(8, None, None), done(21, 4, 4))
OUTDOORS = (Outing(MONDAY.plus(1), confidence=1), Outing(MONDAY.plus(9)), Outing(MONDAY.plus(40), confidence=5))


def span(sessions=SESSIONS):
    return weeks(sessions, MONDAY, MONDAY.plus(27))


def test_the_trend_says_what_was_noted_of_each_session_and_of_which_it_was_not():
    made = trend(span(), ())

    assert [(str(point.day), point.value) for point in made.before] == [
        ("2026-10-05", 2.0),
        ("2026-10-07", 2.0),
        ("2026-10-26", 4.0),
    ]
    assert [point.words for point in made.after] == ["2026-10-05, after: 3", "2026-10-26, after: 4"]
    assert made.rows == (
        ("1", "2, 2", "3, not noted"),
        ("2", "not noted", "not noted"),
        ("3", "-", "-"),
        ("4", "4", "4"),
    )
    assert made.words == (
        "Before: 2 on 2026-10-05, 4 on 2026-10-26; not noted in 1 of 4 sessions. "
        "After: 3 on 2026-10-05, 4 on 2026-10-26; not noted in 2 of 4 sessions."
    )


def test_outdoors_it_is_asked_afterwards_only_and_counts_where_the_page_says_outdoors():
    made = trend(span(), OUTDOORS)

    assert made.before == trend(span(), ()).before
    assert [(str(point.day), point.value) for point in made.after] == [
        ("2026-10-05", 3.0),
        ("2026-10-06", 1.0),
        ("2026-10-26", 4.0),
    ]
    assert made.rows[0] == ("1", "2, 2", "3, not noted, 1 (outdoors)")
    assert "not noted in 3 of 6 sessions." in made.words
    shown = page(Asked("Ann", SESSIONS, MONDAY, MONDAY.plus(27), outdoors=OUTDOORS))
    assert shown.confidence == made
    assert [row.confidence for row in shown.outdoors] == ["1", "not asked"]


def test_one_answer_is_no_course_and_none_is_said_as_none():
    assert trend(span(SESSIONS[:1]), ()).words == "Before: 2 on 2026-10-05. After: 3 on 2026-10-05."
    nothing = trend(span(()), ())
    assert (nothing.before, nothing.after, nothing.words) == ((), (), "Before: not noted. After: not noted.")
    assert "nothing to draw" in as_html(page(Asked("Ann", (), MONDAY, MONDAY.plus(27))))


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (Confidence(), "not noted"),
        (Confidence(2, None), "2 of 5 before, not noted after"),
        (Confidence(None, 5), "not noted before, 5 of 5 after"),
    ],
)
def test_one_session_says_both(confidence, words):
    assert confidence_words(confidence) == words


def test_two_lines_have_their_names_and_the_page_tells_them_apart_without_colour():
    made = trend(span(), ())

    picture = ET.fromstring(lines({"before": made.before, "after": made.after}, "w", bounds=(1.0, 5.0, 1.0)))  # noqa: S314 - our own

    assert [each.get("class") for each in picture.iter("polyline")] == ["line before", "line after"]
    assert len([each for each in picture.iter("circle") if each.get("class") == "dot before"]) == 3
    assert {"before", "after"} <= {each.text for each in picture.iter("text")}
    assert "stroke-dasharray" in as_html(page(Asked("Ann", SESSIONS, MONDAY, MONDAY.plus(27))))
    alone = ET.fromstring(lines({"before": (), "after": (Point(MONDAY, 3.0, ""),)}, "", bounds=(1.0, 5.0, 1.0)))  # noqa: S314 - our own
    assert len(list(alone.iter("polyline"))) == 1
    assert lines({"before": (), "after": ()}, "", bounds=None) == ""


# -- the record --------------------------------------------------------------------------------------------------------


def answered(text, item="confidence"):
    return {"event": "BriefingAnswered", "item": item, "yes": True, "text": text}


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ([], None),
        ([answered("2"), answered("4"), answered("", "clip"), {"event": "ArmRequested"}], 4),
        ([answered("2"), answered("")], None),
        ([answered("9")], None),
        ([answered("12")], None),
        ([answered(3)], None),
        ([answered([])], None),
        ([{"event": "BriefingAnswered", "item": {}}], None),
    ],
)
def test_the_last_answer_counts_and_what_cannot_be_read_was_not_noted(events, found):
    assert before_of(events) == found


@pytest.mark.parametrize(("answer", "found"), [(1, 1), (5, 5), (0, None), (6, None), (True, None), ("3", None)])
def test_an_answer_off_the_scale_was_not_noted(answer, found):
    assert on_scale(answer) == found


class Office:
    """A client with three sessions, and what the commands say of them."""

    def __init__(self, path, capsys) -> None:
        self.path, self.capsys = path, capsys
        self.file = path / FILE_NAME
        self.id = ClientStore(path).add("Ann", lambda ident: Profile(ident, "Ann", Facts(1990)), by="test").id
        first = (monday(today()).plus(-WEEK_DAYS)).days_since(Day.of(1970, 1, 1)) * DAY_MS + 36_000_000
        maker = RecordMaker(path)
        for number, confidence in enumerate([(2, 3), (3, None), ("often", 4)]):
            at = first + number * DAY_MS
            maker.write(Made(f"{number + 1:016x}", at, client_id=self.id, confidence=confidence, heart=False))
        maker.close()

    def report(self) -> str:
        out = self.path / "r.html"
        out.unlink(missing_ok=True)
        report_command("Ann", weeks=None, out=str(out), programme=None, began=None, with_simulated=False)
        return out.read_text(encoding="utf-8")

    def history(self, number: int) -> str:
        self.capsys.readouterr()
        history_command(Wanted(None, f"{number:016x}", None, everything=False, plain=True, screen=False))
        return self.capsys.readouterr().out


@pytest.fixture
def office(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    return Office(tmp_path, capsys)


def test_the_report_and_one_session_show_what_the_record_has(office):
    assert confidences(office.file, office.id) == {
        f"{1:016x}": Confidence(2, 3),
        f"{2:016x}": Confidence(3, None),
        f"{3:016x}": Confidence(None, 4),
    }
    assert "<td>2, 3, not noted</td><td>3, not noted, 4</td>" in office.report()
    assert "confidence   2 of 5 before, 3 of 5 after" in office.history(1)
    assert "confidence   3 of 5 before, not noted after" in office.history(2)
    assert "confidence   not noted before, 4 of 5 after" in office.history(3)


def test_a_record_from_before_anything_was_said_after_sessions(office):
    with closing(sqlite3.connect(office.file)) as connection:
        connection.execute("DROP TABLE answers_after")

    assert confidences(office.file, office.id)[f"{1:016x}"] == Confidence(2, None)
    assert outings(office.file, office.id) == ()
    assert "<td>2, 3, not noted</td><td>not noted</td>" in office.report()


def test_without_a_record_there_is_none(tmp_path):
    assert confidences(tmp_path / FILE_NAME, "c") == {}


def test_it_outlives_the_name_of_whom_it_was_asked(office):
    before = office.history(1)

    erase.erase_client(office.file, office.id)
    ClientStore(office.path).erase(office.id)

    assert office.history(1) == before.replace("client       Ann", "client       (erased)")
