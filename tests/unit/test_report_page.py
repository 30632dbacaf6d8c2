"""The report: its figures, its words and their limits, and what becomes of foreign text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_record import Made, RecordMaker, six_weeks

from retroctl.adapters.clients import Begun, ClientStore, Profile
from retroctl.adapters.journal.overview import local_day, overview
from retroctl.adapters.report import as_html
from retroctl.adapters.report.charts import bars, line
from retroctl.app.report import Asked, Bar, Point, page, without_rules
from retroctl.cli.person import today
from retroctl.cli.report import report_command
from retroctl.domain.events import BalanceEvent
from retroctl.domain.method.assessment import Assessment
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Facts, Screening, ScreeningOutcome
from retroctl.domain.method.practice import Outing
from retroctl.domain.method.programme import ProgrammeName
from retroctl.domain.method.progress import WEEK_DAYS, Done, monday
from retroctl.errors import ClientError, ConfigError

DAY_MS = 86_400_000
LARGEST = 300_000
FORBIDDEN = re.compile(
    r"\b(will|cure|heal|treat|diagnos\w*|guarantee\w*|promis\w*|improv\w*|burn\w*|fat|weight|lap|laps|knees?|spine|"
    r"younger|healthier|better)\b",
    re.IGNORECASE,
)
"""Promises, findings, and what the studies do not carry: no body composition, no eight laps."""


class Text(HTMLParser):
    """The words of a page, its tags, and whatever could ask for something outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.outside: list[str] = []
        self._style = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._style = tag == "style"
        self.outside += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "action", "xlink:href")]

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def week_one() -> Day:
    return monday(today()).plus(-6 * WEEK_DAYS)


def at_ten(day: Day) -> int:
    """10:00 UTC of that day, in ms since 1970."""
    return day.days_since(Day.of(1970, 1, 1)) * DAY_MS + 36_000_000


def six(tmp_path, **more) -> Asked:
    maker = RecordMaker(tmp_path)
    maker.write(*six_weeks("c" * 16, at_ten(week_one()), **more))
    maker.close()
    done = tuple(Done(local_day(each.started_utc), each.figures) for each in reversed(overview(maker.file)))
    return Asked("Ann", done, week_one(), today(), next_step=("The same once more (R11).",))


def test_six_weeks_in_figures(tmp_path):
    made = page(six(tmp_path))

    assert [tile[1] for tile in made.tiles] == ["18", "256 min", "5.80 km/h", "3"]
    assert made.tiles[0][2] == "16 to their planned end"
    assert [row.sessions for row in made.rows] == [3, 3, 3, 3, 3, 3, 0]
    assert made.rows[0].rose == "nothing rose"
    assert made.rows[3].rose == "length from 120 s to 180 s; speed from 4.20 km/h to 5.00 km/h"
    assert made.rows[6].rose == "-"
    assert [point.value for point in made.exertion][:4] == [14.0] * 4
    assert made.exertion_title == "Exertion at 1.80 km/h"
    assert made.balance[0].words == "1.4"
    assert made.balance[6].words == "no session"
    assert made.balance_words == "3 noted in all; the gravest: stumble."
    assert made.assessment[0][:3] == ("speed", "2.6 km/h", "4.2 km/h")
    assert made.assessment[1][1:3] == ("not measured", "not measured")
    assert made.energy[0].startswith("In all 18 sessions: about ")
    assert made.next_step == ("The same once more.",)
    squares = made.calendar[0][1]
    assert [square.marks for square in squares] == [1, 0, 1, 0, 1, 0, 0]
    assert squares[4].cut
    assert made.weekdays == ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def test_nothing_done_is_said_as_nothing_and_never_as_zero():
    made = page(Asked("Ann", (), week_one(), today()))

    assert [tile[1] for tile in made.tiles] == ["0", "-", "-", "0"]
    assert made.speed_words == "No speed was held for a minute yet."
    assert made.minute_words == "No minutes are known."
    assert made.exertion_words == "Not measured: no speed was rated on two days."
    assert made.energy == ("Not estimated: the client's mass is not noted.",)
    assert {row[1] for row in made.assessment} == {"not measured"}
    assert "nothing to draw" in as_html(made)


def test_sessions_outdoors_stand_apart_as_they_were_noted_and_in_no_figure(tmp_path):
    asked = six(tmp_path)
    first = week_one()
    outings = (
        Outing(first.plus(-1), (BalanceEvent.FALL,), 20, 60),  # before the page's weeks
        Outing(first.plus(1), (), None, None),
        Outing(first.plus(8), (BalanceEvent.STUMBLE, BalanceEvent.FALL), 12, 25),
    )
    indoors, both = page(asked), page(replace(asked, outdoors=outings))
    assert [(each.minutes, each.rpe, each.balance) for each in both.outdoors] == [
        ("not asked", "not asked", "no event noted"),
        ("25", "12", "stumble, fall"),
    ]
    for same in ("speeds", "minutes", "exertion", "balance", "rows", "assessment", "energy", "speed_words"):
        assert getattr(both, same) == getattr(indoors, same), same
    assert both.tiles[0][2].endswith("; 2 more outdoors")
    assert both.tiles[3][1] == indoors.tiles[3][1]
    assert both.tiles[3][2].endswith("; 2 more outdoors")
    assert both.balance_words.endswith("Outdoors 2 more, not in this picture; the gravest: fall.")
    assert [square.outdoors for square in both.calendar[1][1]] == [0, 1, 0, 0, 0, 0, 0]
    said = Text(as_html(both)).text
    assert "Noted by the trainer after each session; nothing was measured." in said
    assert "○ outdoors, as noted" in said
    assert FORBIDDEN.findall(said) == []
    assert "utdoors" not in Text(as_html(indoors)).text
    only = page(Asked("Ann", (), first, today(), outdoors=outings))
    assert only.balance_words.startswith("No balance event was noted on a treadmill. Outdoors 2 more")


def test_assessments_that_were_noted_stand_before_and_after(tmp_path):
    asked = six(tmp_path)
    noted = (Assessment(week_one(), 2.0, 6.1, None), Assessment(today(), None, 5.0, 14.0))

    made = page(Asked("Ann", asked.done, asked.first, asked.today, assessments=noted))

    assert made.assessment[0][1:3] == ("2 km/h", "not measured")
    assert made.assessment[1][1:3] == ("6.1 s", "5 s")
    assert made.assessment[2][1:3] == ("not measured", "14")
    assert made.assessment_words == "The next assessment is not due yet."


def test_a_programme_counts_its_sessions(tmp_path):
    asked = six(tmp_path)

    made = page(Asked("Ann", asked.done, asked.first, asked.today, programme=("six-week", 18)))
    endless = page(Asked("Ann", asked.done, asked.first, asked.today, programme=("rehab", None)))

    assert made.calendar_title == "Calendar of the programme six-week: 16 sessions done to their end, of 18"
    assert endless.calendar_title.endswith("until the clearance ends")


def test_the_words_promise_nothing_and_find_nothing_medical(tmp_path):
    for made in (page(six(tmp_path)), page(Asked("Ann", (), week_one(), today()))):
        text = Text(as_html(made)).text
        assert FORBIDDEN.findall(text) == []
        assert "estimate" in text or "Not estimated" in text
        assert "no medical finding" in text


def test_energy_has_two_digits_and_its_band(tmp_path):
    sentence = page(six(tmp_path)).energy[0]

    numbers = re.findall(r"\d+", sentence.split(":", 1)[1])
    assert len(numbers) == 3
    assert all(re.fullmatch(r"\d\d?0*", number) for number in numbers)


def test_the_page_is_alone_small_and_asks_for_nothing(tmp_path):
    html = as_html(page(six(tmp_path)))
    read = Text(html)

    assert len(html.encode()) < LARGEST
    assert read.outside == []
    assert "script" not in read.tags
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "{{ page.done }} {% raw %}",
        "\u202eevil \u2066right-to-left\u2069 \u0645\u0631\u062d\u0628\u0627",
        "\U0001f3c3\u200d\u2640\ufe0f Ann",
        "x" * 10_000,
        "a & b </title></style>",
    ],
)
def test_a_name_is_text_whatever_stands_in_it(tmp_path, name):
    plain = Text(as_html(page(six(tmp_path))))
    shown = Text(as_html(page(Asked(name, six_done(tmp_path), week_one(), today()))))

    assert len(shown.tags) <= len(plain.tags)
    assert set(shown.tags) <= set(plain.tags)
    assert " ".join(name.split())[:40] in " ".join(shown.words)
    assert len(max(shown.words, key=len)) < 2000


def six_done(tmp_path):
    return tuple(Done(local_day(each.started_utc), each.figures) for each in overview(tmp_path / "records.sqlite3"))


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 20)), max_size=60))
def test_a_line_is_well_formed_and_stays_in_its_frame(values):
    points = [Point(Day(700_000 + day), value, "<&>") for day, value in sorted(values)]

    svg = line(points, "a & b", bounds=None)

    assert (svg == "") is (not points)
    if svg:
        picture = ET.fromstring(svg)  # noqa: S314 - our own
        places = [float(dot.get("cy", "")) for dot in picture.iter("circle")]
        assert len(places) == len(points)
        assert all(0 <= y <= 150 for y in places)


@given(st.lists(st.none() | st.floats(0, 5000), min_size=1, max_size=20))
def test_bars_are_well_formed_and_what_is_not_known_is_no_bar(values):
    weeks = [Bar(str(number), value, "") for number, value in enumerate(values, 1)]

    svg = bars(weeks, "")

    if any(value for value in values if value is not None):
        picture = ET.fromstring(svg)  # noqa: S314 - our own
        assert len(list(picture.iter("rect"))) == sum(value is not None for value in values)
        assert [text.text for text in picture.iter("text")].count("?") == values.count(None)
        assert all(float(bar.get("height", "")) >= 0 for bar in picture.iter("rect"))
    else:
        assert svg == ""


@pytest.mark.parametrize(
    ("said", "shown"), [("wait (R9)", "wait"), ("both (R11, R12) rise", "both rise"), ("(Rome)", "(Rome)")]
)
def test_the_numbers_of_rules_are_not_the_clients(said, shown):
    assert without_rules(said) == shown


# -- the command -------------------------------------------------------------------------------------------------------


class Office:
    """A client, sessions, and what the command writes."""

    def __init__(self, path, capsys) -> None:
        self.path, self.capsys = path, capsys
        screening = Screening(ScreeningOutcome.CLEAR, today(), today().plus(300))
        facts = Facts(1988, mass_kg=70.0, mass_day=today(), screening=screening, consent=today())
        self.id = ClientStore(path).add("Ann", lambda ident: Profile(ident, "Ann", facts), by="test").id

    def sessions(self, *made: Made) -> None:
        maker = RecordMaker(self.path)
        maker.write(*made)
        maker.close()

    def report(self, name="Ann", **more) -> str:
        asked = {"weeks": None, "out": None, "programme": None, "began": None, "with_simulated": False, **more}
        report_command(name, **asked)
        return self.capsys.readouterr().out


@pytest.fixture
def office(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path, capsys)


def test_the_command_writes_one_private_file_and_makes_it_anew_the_same_day(office):
    office.sessions(*six_weeks(office.id, at_ten(week_one())))

    said = office.report()

    file = office.path / f"report-{office.id}-{today()}.html"
    assert said == f"{file.name}: Ann, 18 sessions. It holds personal data: keep it safe.\n"
    assert file.stat().st_mode & 0o077 == 0
    office.report()
    assert [path.name for path in office.path.glob("*.html")] == [file.name]
    assert list(office.path.glob(".report*")) == []


def test_so_many_weeks_and_never_from_before_the_first_session(office):
    office.sessions(*six_weeks(office.id, at_ten(week_one())))

    office.report(weeks=2, out="two.html")
    office.report(weeks=16, out="all.html")

    assert Text((office.path / "two.html").read_text()).tags.count("figure") == 5
    assert "week 3" not in (office.path / "two.html").read_text()
    assert "week 7" in (office.path / "all.html").read_text()
    assert "week 8" not in (office.path / "all.html").read_text()


def test_simulated_sessions_are_left_out_or_named(office):
    made = six_weeks(office.id, at_ten(week_one()))
    for each in made[:3]:
        each.simulated = True
    office.sessions(*made)

    said = office.report(out="real.html")
    office.report(out="with.html", with_simulated=True)

    assert "15 sessions" in said
    assert "3 sessions on the simulated treadmill are left out" in said
    assert "SIMULATED" not in (office.path / "real.html").read_text()
    assert "SIMULATED" in (office.path / "with.html").read_text()


def test_with_a_programme_the_next_step_is_its_next_session(office):
    office.sessions(*six_weeks(office.id, at_ten(week_one())))

    office.report(programme="six-week", out="a.html")

    text = Text((office.path / "a.html").read_text()).text
    assert "Calendar of the programme six-week" in text
    assert "Session 17: once" in text
    assert "(R" not in text


def test_the_programme_that_was_begun_and_the_assessments_that_were_kept_stand_in_it(office):
    office.sessions(*six_weeks(office.id, at_ten(week_one())))
    store = ClientStore(office.path)
    store.begin_programme(office.id, Begun(ProgrammeName.SIX_WEEK, week_one(), "test"))
    store.assess(office.id, Assessment(week_one(), 2.0, 6.1, None), by="test")

    office.report(out="a.html")

    text = Text((office.path / "a.html").read_text()).text
    assert "Calendar of the programme six-week" in text
    assert "6.1 s" in text


def test_who_may_not_run_today_is_told_what_is_missing(office):
    ClientStore(office.path).add("Ben", lambda ident: Profile(ident, "Ben", Facts(1990)), by="test")

    office.report("Ben", out="ben.html")

    text = Text((office.path / "ben.html").read_text()).text
    assert "Before the next session: No consent is noted" in text
    assert "No screening is noted." in text


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"weeks": 0}, "--weeks 0: give 1 to 26"),
        ({"weeks": 27}, "--weeks 27: give 1 to 26"),
        ({"programme": "marathon"}, "give one of six-week, economy, rehab"),
        ({"began": "2026-01-01"}, "--began goes with --programme"),
        ({"programme": "rehab", "began": "soon"}, "--began: 'soon' is not a day"),
        ({"programme": "rehab", "began": "9000-01-01"}, "still to come"),
        ({"out": "there.html"}, "there is a file already"),
        ({"out": "nowhere/x.html"}, "cannot be written"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line_and_nothing_is_written(office, asked, message):
    (office.path / "there.html").write_text("mine")

    with pytest.raises(ConfigError, match=re.escape(message)):
        office.report(**asked)

    assert [path.name for path in office.path.glob("*.html")] == ["there.html"]
    assert (office.path / "there.html").read_text() == "mine"


def test_an_unknown_client_has_no_report(office):
    with pytest.raises(ClientError, match="no client is called 'Zoe'"):
        office.report("Zoe")
