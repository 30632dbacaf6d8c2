"""The choosing on a pseudo-terminal: to a session by keys, and out of it by every way that a system offers."""

from __future__ import annotations

import os
import sys
import time

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

from terminal import ScreenTerminal


@pytest.fixture
def terminal(tmp_path):
    made = []

    def make(*more, **named):
        made.append(ScreenTerminal(tmp_path, *more, sim=None, **named))
        return made[-1]

    yield make
    for each in made:
        each.close()


def untouched(t):
    """No machine was made, no record begun."""
    return t.truth["written"] == [] and not (t.folder / "data" / "records.sqlite3").exists()


def test_the_simulated_machine_is_chosen_by_keys_and_its_briefing_comes(terminal):
    t = terminal("--client", "demo", "--quiet")
    t.see("SIMULATED")
    t.press("\x1b[F")  # End
    t.see("> simulated")
    t.press("\r")
    t.see("given with")
    t.see("ENTER go on")
    time.sleep(0.4)  # the same key within 0.3 s counts as one held down
    t.press("\r")
    t.see("1/7")
    t.press("q")
    t.end()
    assert t.restored
    assert t.truth["written"] == [], "the briefing was left before arming"


@pytest.mark.parametrize("key", ["\x1b", "\x03"])
def test_who_leaves_gets_one_line_and_status_3_and_nothing_is_written(terminal, key):
    t = terminal()
    t.see("SIMULATED")
    t.press(key)
    assert t.end() == 3
    assert t.err == "retroctl: left before a treadmill was chosen; nothing was written to one\n"
    assert t.restored
    assert untouched(t)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGTSTP"])
def test_every_signal_leaves(terminal, name):
    t = terminal()
    t.see("SIMULATED")
    t.signal(name)
    assert t.end() == 3
    assert t.err == f"retroctl: left ({name}) before a treadmill was chosen; nothing was written to one\n"
    assert t.restored
    assert untouched(t)


def test_a_closed_terminal_leaves(terminal):
    t = terminal(hang_up=True)
    t.see("SIMULATED")
    os.close(t.master)
    t.process.wait(timeout=20)
    assert t.process.returncode == 3
    assert untouched(t)
