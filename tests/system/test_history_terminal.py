"""Past sessions on a pseudo-terminal: opened by keys, left by every way that a system offers, the terminal restored."""

from __future__ import annotations

import os
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("pseudo-terminals", allow_module_level=True)

from made_record import Made, RecordMaker
from terminal import ProgramTerminal, terminals


class HistoryTerminal(ProgramTerminal):
    """`retroctl history` on a record of two sessions."""

    def __init__(self, folder, *more, **named):
        maker = RecordMaker(folder / "data")
        maker.write(Made("a" * 16, 1_789_994_400_000), Made("b" * 16, 1_790_080_800_000, reason="key"))
        maker.close()
        super().__init__(folder, "history", *more, painted="--plain" not in more, **named)


@pytest.fixture
def terminal(tmp_path):
    with terminals(HistoryTerminal, tmp_path) as make:
        yield make


def test_a_session_is_opened_by_keys_and_left_by_keys(terminal):
    t = terminal()
    t.see("STOP key")
    t.press("\r")
    t.see("[PICTURE]")
    t.press("\t")
    t.see("energy")
    t.press("\x1b")
    t.see("ENTER open")
    t.press("q")
    assert t.end() == 0
    assert t.err == ""
    assert t.restored


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_leaves(terminal, name):
    t = terminal("bbbb")
    t.see("[PICTURE]")
    t.signal(name)
    assert t.end() == 0
    assert t.restored


def test_a_closed_terminal_leaves(terminal):
    t = terminal(hang_up=True)
    t.see("PAST SESSIONS")
    os.close(t.master)
    t.process.wait(timeout=20)
    assert t.process.returncode == 0


def test_lines_on_a_terminal_when_they_are_asked_for(terminal):
    t = terminal("--plain", columns=120)
    t.see("trainer: STOP key")
    assert t.end() == 0
    assert "\x1b" not in t.screen
