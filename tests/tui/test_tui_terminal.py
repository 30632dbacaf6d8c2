"""The screen on a real (pseudo-)terminal: keys past every queue, signals, a closed, stalled or broken screen.

Each test ends with the belt's true speed, the status, and the terminal as it was.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

from terminal import ScreenTerminal, terminals

from retroctl.adapters.journal import read
from retroctl.adapters.journal.afterwards import afterwards
from retroctl.app.afterwards import Incident

BROKEN = Path(__file__).parent / "tui_broken_driver.py"


@pytest.fixture
def terminal(tmp_path):
    with terminals(ScreenTerminal, tmp_path) as make:
        yield make


@pytest.mark.parametrize("key", ["S", "\x1b[15~"])
def test_a_stop_key_stops_and_the_summary_waits_for_a_key(terminal, key):
    t = terminal()
    t.hold()
    t.press(key)
    t.see("ENTER close")
    t.press("\r")
    assert t.end() == 0
    assert t.stopped
    assert t.restored
    assert "Ended: stopped by a key." in t.painted
    assert t.err == ""


def test_a_whole_ladder_by_keys(terminal):
    t = terminal()
    t.hold()
    t.see("YOUR TURN")
    t.press("\x1b[6~")  # PageDown, as a presenter remote sends it
    t.see("FASTER")
    t.see("LAST RUNG")
    t.press("e")
    t.see("EASING")
    t.see("ENTER close")
    t.press("\r")
    assert t.end() == 0
    assert t.moved_by == ["00", "07", "026400", "02b400", "026400", "0801"]
    assert t.restored


def test_a_fall_by_a_key_opens_the_form_and_what_is_typed_is_in_the_record(terminal):
    t = terminal()
    t.hold()
    t.press("p", "1", "3")
    t.see("RPE 13 at 1.00")
    t.press("4")
    t.see("INCIDENT 1/3")
    t.press("s. b ", "\r")  # every letter is a letter here, also those of STOP
    t.see("INCIDENT 2/3")
    t.press("n")
    t.see("INCIDENT 3/3")
    t.press("desk\r")
    t.see("incident: kept")
    t.press("\r")
    assert t.end() == 0
    assert t.stopped
    assert t.restored
    file = t.folder / "data" / "records.sqlite3"
    kept = afterwards(file, read.sessions(file)[0].id)
    assert kept.incidents == (Incident("s. b", injury=False, told="desk"),)
    assert "RPE: 13 at 1.00 km/h" in t.painted


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGTSTP"])
def test_every_signal_stops_the_belt_though_textual_has_handlers_of_its_own(terminal, name):
    t = terminal()
    t.hold()
    t.signal(name)
    assert t.end() == 0
    assert t.stopped
    assert t.restored


@pytest.mark.parametrize("key", ["\x03", "\x1a"])
def test_what_would_be_a_signal_on_a_plain_terminal_stops_and_leaves(terminal, key):
    t = terminal()
    t.hold()
    t.press(key)
    assert t.end() == 0
    assert t.stopped
    assert t.restored


def test_a_closed_terminal_stops_the_belt(terminal):
    t = terminal(hang_up=True)
    t.hold()
    os.close(t.master)
    t.process.wait(timeout=30)
    assert t.stopped


def test_a_terminal_that_reads_nothing_does_not_hold_up_the_session(terminal):
    t = terminal()
    t.hold()
    time.sleep(9.0)  # three minutes of session time; what a pseudo-terminal takes is long full
    t.press("d", "s")
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if any('"STOPPED"' in row.text for row in t.rows):
            break
        time.sleep(0.2)
    else:
        pytest.fail("the belt was not stopped while the terminal was stalled")
    t.signal("SIGTERM")
    assert t.end() == 0
    assert t.stopped


def test_a_broken_screen_stops_the_belt_and_goes_on_in_lines(terminal):
    t = terminal(driver=BROKEN)
    t.hold()
    assert t.end() == 1
    assert t.stopped
    assert t.restored
    assert "a broken screen" in t.err
    assert "Traceback" not in t.err + t.painted
    assert "the belt is at rest" in t.err


def test_keys_still_stop_after_the_screen_has_broken(terminal):
    t = terminal("--speedup", "3", driver=BROKEN, sim="stop-ignored")
    t.hold()
    t.see("== NOT CONFIRMED - PULL THE CLIP")
    t.press("s")
    assert t.end() == 4
    assert any('"source":"key","person":true' in row.text for row in t.rows)


def test_a_stuck_key_does_not_keep_stop_waiting(terminal):
    t = terminal()
    t.hold()
    t.press("x" * 20_000, " ")
    t.see("ENTER close")
    time.sleep(1.1)  # for a second after such a flood only the urgent keys are taken
    t.press("\r")
    assert t.end() == 0
    assert t.stopped
