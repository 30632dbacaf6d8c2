"""The wall screen's small parts: where it listens, who is let in, what is told, what the terminal shows."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import pytest
import segno

from retroctl.adapters.wall import token
from retroctl.adapters.wall.address import DEFAULT_PORT, EVERYWHERE, WallAddress, names_this_computer, own_address
from retroctl.adapters.wall.news import news
from retroctl.adapters.wall.page import page
from retroctl.adapters.wall.qr import columns, qr_lines
from retroctl.adapters.wall.viewers import MOST, Viewer, Viewers
from retroctl.app.snapshot import Snapshot
from retroctl.cli.bare import with_bare_options
from retroctl.domain.effects import StopView
from retroctl.domain.transitions import State
from retroctl.errors import ConfigError
from retroctl.units import Speed

HOLDING = Snapshot(
    state=State.HOLDING,
    stage=1,
    measured=Speed(260),
    measured_age_s=0.4,
    target=Speed(260),
    hold_s=120.0,
    hold_remaining_s=73.51,
    next_target=Speed(340),
    raise_waits_for="the hold",
    stop_view=None,
)


@pytest.mark.parametrize(
    ("text", "lan", "host", "port"),
    [
        ("", False, "127.0.0.1", DEFAULT_PORT),
        ("9000", False, "127.0.0.1", 9000),
        (":9000", False, "127.0.0.1", 9000),
        ("127.0.0.2", False, "127.0.0.2", DEFAULT_PORT),
        ("localhost:80", False, "127.0.0.1", 80),
        ("[::1]:80", False, "::1", 80),
        ("", True, EVERYWHERE, DEFAULT_PORT),
        ("192.168.1.5:1", True, "192.168.1.5", 1),
        ("[::]", True, "::", DEFAULT_PORT),
    ],
)
def test_an_address_is_read(text, lan, host, port):
    assert WallAddress.parse(text, lan=lan) == WallAddress(host, port, lan)


@pytest.mark.parametrize(
    "text", ["x", "tv.local:80", "1.2.3:80", "127.0.0.1:70000", "127.0.0.1:-1", "::1", "a b", "[1]:2"]
)
@pytest.mark.parametrize("lan", [True, False])
def test_what_is_no_address_is_refused(text, lan):
    with pytest.raises(ConfigError, match="--wall"):
        WallAddress.parse(text, lan=lan)


@pytest.mark.parametrize("text", [EVERYWHERE, "192.168.1.5:8760", "[::]:1", "8.8.8.8"])
def test_another_host_than_this_computer_needs_leave(text):
    with pytest.raises(ConfigError, match="--wall-lan"):
        WallAddress.parse(text, lan=False)


def test_the_address_to_type_holds_the_token_and_a_host_that_can_be_reached():
    assert WallAddress("192.168.1.5", 0, lan=True).url(8760, "abc") == "http://192.168.1.5:8760/abc/"
    assert WallAddress("::1", 0, lan=False).url(1, None) == "http://[::1]:1/"
    everywhere = WallAddress(EVERYWHERE, 0, lan=True).url(1, "abc")
    assert everywhere == f"http://{own_address()}:1/abc/"
    assert EVERYWHERE not in everywhere


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ("127.0.0.1:8760", True),
        ("localhost", True),
        ("LOCALHOST:1", True),
        ("[::1]:8760", True),
        ("[::1]", True),
        ("evil.example:8760", False),
        ("localhost.evil.example", False),
        ("192.168.1.5:8760", False),
        ("", False),
    ],
)
def test_only_names_of_this_computer_pass_without_a_token(header, known):
    assert names_this_computer(header) is known


def test_tokens_are_random_and_compared_whole():
    tokens = {token.new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch(f"[{token.LETTERS}]{{12}}", each) for each in tokens)
    one = tokens.pop()
    assert token.fits(one, one)
    assert token.fits(one.upper(), one), "a television's keyboard begins with a capital"
    for wrong in ("", one[:-1], one + "0", "é" * 12, "\udcff" * 12, one[::-1] + "x"):
        assert not token.fits(wrong, one)


def test_what_is_told_is_this_and_no_more():
    told = json.loads(news(HOLDING, pace=1).removeprefix(b"data: "))
    assert told == {
        "speed": 2.6,
        "hold_left": 73.5,
        "hold": 120.0,
        "next": 3.4,
        "state": "holding",
        "stop": None,
        "age": 0.4,
        "by_hand": False,
    }
    assert set(json.loads(news(None, pace=1).removeprefix(b"data: "))) == set(told), "before there is a session, too"


def test_an_event_is_one_line_and_an_empty_one():
    assert re.fullmatch(rb"data: [^\n]+\n\n", news(HOLDING, pace=1))


def test_the_age_is_told_in_real_seconds_whatever_the_pace_of_the_session():
    told = json.loads(news(HOLDING, pace=10).removeprefix(b"data: "))
    assert (told["age"], told["hold_left"]) == (0.04, 73.5)


def test_the_page_runs_its_own_style_and_script_and_nothing_else():
    body, policy = page().body.decode(), page().headers["Content-Security-Policy"]
    for tag in ("style", "script"):
        inside = re.findall(f"<{tag}>(.*?)</{tag}>", body, flags=re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(r"https?:|//\w|@import|url\(|\bon\w+=|style=|\bsrc=|<link", body), (
        "nothing foreign, nothing loaded"
    )


def test_every_state_and_every_view_of_a_stop_has_something_to_say():
    script = page().body.decode()
    spoken_by_numbers = {State.HOLDING, State.READY, State.ANNOUNCING, State.STOPPING}
    for state in set(State) - spoken_by_numbers:
        assert re.search(rf"\b{state.value}: \"", script), state
    for view in (StopView.STOPPING, StopView.STOPPED):
        assert f'"{view.value}"' in script


def test_the_latest_wins_and_nothing_else_is_kept():
    viewer = Viewer(b"1")
    for event in (b"2", b"3"):
        viewer.put(event)
    assert (viewer._mail.qsize(), viewer._mail.get_nowait()) == (1, b"3")


def test_the_fifty_first_viewer_finds_no_room_until_one_leaves():
    viewers = Viewers()
    first, *_ = [viewers.join(b"") for _ in range(MOST)]
    assert MOST == 50
    assert viewers.join(b"") is None
    viewers.leave(first)
    assert viewers.join(b"") is not None


def test_the_code_in_the_terminal_is_the_address():
    url = "http://192.168.178.123:8760/0123456789ab/"
    lines = qr_lines(url)
    assert len({columns(line) for line in lines}) == 1
    assert columns(lines[0]) < 80
    assert len(lines) < 24
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = []
    for line in lines:
        cells = [dark[letter] for letter in re.sub("\x1b\\[[0-9;]*m", "", line)]
        rows += [[upper for upper, _ in cells], [lower for _, lower in cells]]
    expected = [list(row) for row in segno.make(url, error="l", micro=False).matrix_iter(border=2)]
    assert rows[: len(expected)] == expected
    assert not any(any(row) for row in rows[len(expected) :])


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (["run", "--wall"], ["run", "--wall="]),
        (["run", "--wall", "--yes"], ["run", "--wall=", "--yes"]),
        (["run", "--wall", "127.0.0.1:1", "--yes"], ["run", "--wall", "127.0.0.1:1", "--yes"]),
        (["run", "--wall=9"], ["run", "--wall=9"]),
        (["run", "--mqtt", "--sim", "standard"], ["run", "--mqtt=", "--sim", "standard"]),
        (["run", "--mqtt", "off"], ["run", "--mqtt", "off"]),
        ([], []),
    ],
)
def test_the_option_may_stand_alone(given, read):
    assert with_bare_options(given) == read
