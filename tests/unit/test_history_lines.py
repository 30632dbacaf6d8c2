"""`retroctl history` as lines: the list, one session opened, and what is asked wrongly."""

from __future__ import annotations

import sqlite3

import pytest
from made_record import Made, RecordMaker

from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal.overview import overview
from retroctl.cli.history import LATEST, Past, Wanted, history_command, list_lines, open_session
from retroctl.domain.method.facts import Facts
from retroctl.errors import ClientError, ConfigError

START_MS = 1_789_994_400_000
NASTY = "[bold]\x1b[31m\u202eevil\u2066 <b>\U0001f3c3"


class Folder:
    """A data folder with clients and sessions, and what the command prints of it."""

    def __init__(self, path, capsys) -> None:
        self.path, self.capsys = path, capsys
        self.store = ClientStore(path)

    def client(self, name: str) -> str:
        return self.store.add(name, lambda ident: Profile(ident, name, Facts(1990)), by="test").id

    def sessions(self, *made: Made) -> None:
        maker = RecordMaker(self.path)
        maker.write(*made)
        maker.close()

    def history(self, who=None, *, session=None, last=None, everything=False) -> str:
        history_command(Wanted(who, session, last, everything, plain=True, screen=False))
        return self.capsys.readouterr().out


@pytest.fixture
def folder(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    return Folder(tmp_path, capsys)


def made(number: int = 1, **more) -> Made:
    return Made(f"{number:08x}{number:08x}", START_MS + number * 86_400_000, **more)


def test_without_a_record_the_way_to_the_first_session_is_told(folder):
    assert folder.history() == "No sessions yet. Try one without a treadmill: retroctl demo\n"


def test_each_session_is_a_line_with_what_was_held_and_who_stopped(folder):
    ann = folder.client("Ann")
    folder.sessions(
        made(1, client_id=ann, rated={1: 12}, events={0: "rail"}),
        made(2, client_id="f" * 16, reason="key"),
        made(3, ended=False, simulated=True),
    )

    lines = folder.history().splitlines()

    assert lines[0].split() == [
        "id",
        "date",
        "client",
        "plan",
        "peak",
        "held",
        "backward",
        "RPE",
        "events",
        "ended",
        "by",
    ]
    assert lines[1].startswith("00000003")
    assert "nobody named" in lines[1]
    assert "SIMULATED" in lines[1]
    assert "interrupted" in lines[1]
    assert "(erased)" in lines[2]
    assert lines[2].endswith("trainer: STOP key")
    assert "Ann" in lines[3]
    assert " 2.60 km/h  6:58      12   1       plan: to its end" in lines[3]


def test_a_clients_own_sessions_and_so_many_of_them(folder):
    ann = folder.client("Ann")
    folder.sessions(*(made(number, client_id=ann if number % 2 else None, heart=False) for number in range(1, 48)))

    assert folder.history().count("ladder") == LATEST
    assert f"The latest {LATEST}; --all or --last N lists more." in folder.history()
    assert folder.history(everything=True).count("ladder") == 47
    assert folder.history("ann").count("ladder") == 24
    assert folder.history(last=3).count("ladder") == 3


def test_one_session_opens_to_its_graph_its_rungs_and_its_log(folder):
    folder.sessions(made(1, rated={2: 13}, events={1: "stumble"}))

    text = folder.history("0000")

    assert "plan: to its end" in text
    assert "at rest (measured)" in text
    assert "stumble at 1.80 km/h (1.4 in ten minutes)" in text
    assert "# measured   - target above it   . planned" in text
    assert "* heart rate, beats a minute" in text
    assert " 2.60 km/h    2:00   hands both   RPE 13" in text
    assert '"Easing down."' in text
    assert "STOP the belt" in text
    assert "DAMAGE" not in text
    assert text == folder.history(session="00000001")


def test_an_interrupted_session_has_its_times_from_the_samples(folder):
    folder.sessions(made(1, ended=False, heart=False))

    text = folder.history(session="00000001")

    assert "interrupted" in text
    assert "the belt     not known: the record does not say" in text
    assert "6:58 backward of 6:58 moving" in text
    assert "heart rate: not known" in text


def test_a_forward_session_has_no_minute_backward(folder):
    folder.sessions(made(1, ended=False, forward=True))

    assert "0:00 backward of" in folder.history(session="00000001")


def test_damage_is_told_and_the_rest_still_shown(folder):
    folder.sessions(made(1))
    with sqlite3.connect(folder.path / "records.sqlite3") as connection:
        connection.execute("DROP TRIGGER journal_is_never_changed")
        connection.execute("UPDATE journal SET data = '{}' WHERE kind = 'command'")
    connection.close()

    text = folder.history(session="00000001")

    assert "DAMAGE       row" in text
    assert "(a row that cannot be read: command)" in text
    assert "2.60 km/h" in text


def test_what_was_said_afterwards_stands_with_the_session_as_plain_text(folder):
    folder.sessions(made(1))
    with sqlite3.connect(folder.path / "records.sqlite3") as connection:
        ident = made(1).id
        connection.execute(
            "INSERT INTO notes (session_id, written_utc_ms, text) VALUES (?, 0, ?)", (ident, NASTY * 400)
        )
        connection.execute("INSERT INTO incidents VALUES (1, ?, 0, 1)", (ident,))
        connection.execute("INSERT INTO incident_words VALUES (1, NULL, 'fell off', 'Dr Lee')")
        connection.execute("INSERT INTO answers_after VALUES (?, 'confidence', 4, 0)", (ident,))
    connection.close()

    text = folder.history(session="00000001")

    assert "INCIDENT     fell off; somebody was hurt; told: Dr Lee" in text
    assert "confidence   3 of 5 before, 4 of 5 after" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 250


def test_who_led_is_plain_text_and_not_known_where_a_record_has_none_or_no_text(folder):
    settings = ('{"trainer":"Kim\\u001b[31m' + "x" * 500 + '"}', '{"trainer":5}', "{}")
    folder.sessions(*(made(number, settings=each) for number, each in enumerate(settings, 1)))

    texts = [folder.history(session=f"{number:08x}") for number in (1, 2, 3)]

    [line] = [line for line in texts[0].splitlines() if line.startswith("trainer ")]
    assert line.startswith("trainer      Kim?[31mx")
    assert len(line) < 100
    assert all("trainer      not known" in text for text in texts[1:])


def test_names_from_elsewhere_are_plain_text(folder):
    folder.sessions(made(1, machine=NASTY, name=NASTY * 10))

    listed, opened = folder.history(), folder.history(session="00000001")

    for text in (listed, opened):
        assert "\x1b" not in text
        assert "\u202e" not in text
    line = next(iter(list_lines([], left_out=False)))
    assert line.startswith("No sessions")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"session": "ffff"}, "no session has an id that begins with 'ffff'"),
        ({"session": "00"}, "no session has an id that begins with '00'"),
        ({"session": "0000"}, "2 sessions have an id that begins with '0000'"),
        ({"session": "%_''"}, "no session has an id"),
        ({"who": "Ann", "session": "0000"}, "exclude each other"),
        ({"last": 0}, "--last 0: give 1 or more"),
        ({"who": "beef"}, "no session has an id that begins with 'beef'"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_one_line(folder, asked, message):
    folder.sessions(made(1), made(2))

    with pytest.raises(ConfigError, match=message):
        folder.history(asked.pop("who", None), **asked)


def test_an_unknown_client_is_told_as_everywhere(folder):
    with pytest.raises(ClientError, match="no client is called 'Bob'"):
        folder.history("Bob")


def test_reading_changes_nothing(folder):
    folder.sessions(made(1))
    file = folder.path / "records.sqlite3"
    before = file.read_bytes()

    folder.history()
    folder.history(session="00000001")

    assert file.read_bytes() == before


def test_an_opened_session_knows_where_the_belt_began(folder):
    from retroctl.adapters.journal.overview import overview  # noqa: PLC0415

    folder.sessions(made(1))
    file = folder.path / "records.sqlite3"
    opened = open_session(file, Past(overview(file)[0], "Ann"))

    assert 10 <= opened.began_s <= 14
    assert opened.course[0] == (120.0, 1.0)
    assert opened.cap_kmh == 6.4
    assert opened.level == "practised"
    assert opened.remarks == ()


def test_of_ten_thousand_lines_the_first_are_there_before_the_last_are_read(folder):
    folder.sessions(*(made(number) for number in range(1, 4)))
    read = []

    class Entry(Past):
        @property
        def figures(self):
            read.append(self.id)
            return self.line.figures

    few = [Entry(line, "Ann") for line in overview(folder.path / FILE_NAME)]
    lines = list_lines([*few * 3_000], left_out=False)
    assert next(lines).split()[0] == "id"
    assert next(lines).startswith("00000003")
    assert 0 < len(read) < 2_000
    assert len(list(lines)) == 9_000 - 1 + 2
