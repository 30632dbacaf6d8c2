"""The line mode on a pseudo-terminal: every key, the terminal put back as it was, the belt's true speed at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

from terminal import LIMIT_S, LineTerminal, terminals

WIDE = 80


@pytest.fixture
def terminal(tmp_path):
    with terminals(LineTerminal, tmp_path) as make:
        yield make


def test_a_whole_ladder_by_keys_with_enter_for_the_raise(terminal):
    t = terminal()
    t.brief()
    t.press("p")
    t.see("Hold 60 seconds")
    t.press("\r")
    t.see("-- not done (R9)")
    t.see("ENTER = faster")
    t.press("\r")
    t.see("Faster in 5 seconds: 1.8")
    t.see("Ended: eased down to rest")

    assert t.end() == 0
    assert t.restored
    assert t.err == ""
    assert t.truth["true_speed"] == [0.0]
    assert t.moved_by == ["00", "07", "026400", "02b400", "026400", "0801"]
    for row in re.split(r"[\n\r]", re.sub(r"\x1b\[K", "", t.screen)):
        assert len(row) < WIDE or "records.sqlite3" in row, row


def test_no_in_the_briefing_leaves_and_writes_nothing(terminal):
    t = terminal()
    t.see("1/7")
    t.press("y")
    t.see("2/7")
    t.press("n")

    assert t.end() == 0
    assert "nothing has been written" in t.screen
    assert t.truth["written"] == []
    assert t.restored


def test_a_start_at_the_console_is_waited_for_and_given_up_after_a_minute(terminal):
    t = terminal()
    t.brief()
    t.press("c")
    t.see("Press START on the console")
    t.see("ANY OTHER KEY STOPS")
    t.see("nobody pressed START")
    t.press("x")

    assert t.end() == 0
    assert set(t.truth["written"]) <= {"0801", "00"}  # no control was asked for before: 00 is the stop path's own


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a letter", "x"),
        ("space", " "),
        ("an arrow", "\x1b[A"),
        ("escape", "\x1b"),
        ("Ctrl-S", "\x13"),
        ("Ctrl-D", "\x04"),
        ("Ctrl-V", "\x16"),
        ("a held key", "jjjjjjjj"),
        ("no ASCII", "ä"),
        ("Ctrl-C", "\x03"),
        ("Ctrl-Z", "\x1a"),
        ("Ctrl-backslash", "\x1c"),
    ],
)
def test_any_other_key_stops_the_belt(terminal, name, key):
    t = terminal()
    t.hold()
    t.press(key)

    assert t.end() == 0, name
    assert t.truth["true_speed"] == [0.0]
    assert t.moved_by[-1] == "0801"
    assert "Ended: stopped by" in t.screen
    assert t.restored


def test_hold_holds_and_down_goes_down(terminal):
    t = terminal()
    t.hold()
    t.see("ENTER = faster")
    t.press("h")
    t.see("Holding 1.0")
    t.see("HOLD: ENTER = go on")
    t.press("\r")
    t.see("Faster in 5 seconds")
    t.see("1.8. Hold 60 seconds")
    t.press("dddddd")  # held down: one step
    t.see("Slower. 1.0")
    t.see("1.0. Hold 60 seconds")
    t.press(" ")

    assert t.end() == 0
    assert t.moved_by == ["00", "07", "026400", "02b400", "026400", "0801"]


def test_a_terminal_that_is_closed_stops_the_belt(terminal):
    t = terminal(hang_up=True)
    t.hold()
    os.close(t.master)
    status = t.process.wait(timeout=LIMIT_S)

    assert status == 0
    assert t.truth["true_speed"] == [0.0]
    assert t.record.summary.outcome["belt_at_rest"] is True
    assert "the belt is at rest (measured)" in t.process.stderr.read()


def test_keys_typed_before_the_briefing_answer_nothing(terminal):
    t = terminal()
    t.press("yyyyyyy")
    t.see("1/7")
    t.press("q")

    assert t.end() == 0
    assert "2/7" not in t.screen
    assert t.truth["written"] == []


def test_json_lines_on_a_terminal_take_the_same_keys(terminal):
    t = terminal("--jsonl", "--yes")
    t.see('"state": "holding"')
    t.press("x")

    assert t.end() == 0
    lines = [json.loads(line) for line in t.screen.splitlines()]
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["belt_at_rest"] is True
    assert "ANY OTHER KEY STOPS" in t.err
    assert "key" in t.sources


def test_plain_with_a_terminal_and_yes_needs_enter_only_for_raises(terminal):
    t = terminal("--yes")
    t.see("ENTER = faster")
    t.press("\r")
    t.see("1.8. Hold 60 seconds")
    t.process.send_signal(signal.SIGTERM)

    assert t.end() == 0
    assert t.truth["true_speed"] == [0.0]
    assert t.restored


def test_a_belt_that_ignores_stop_is_left_by_the_human_with_status_4(terminal):
    t = terminal(sim="stop-ignored")
    t.hold()
    t.press(" ")
    t.see("NOT CONFIRMED - PULL THE CLIP")
    t.process.send_signal(signal.SIGINT)

    assert t.end() == 4
    assert "PULL THE CLIP" in t.err
    assert t.restored
