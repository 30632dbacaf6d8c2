"""A presenter remote on a pseudo-terminal: taught, then used in both front ends; the belt's true speed at the end."""

from __future__ import annotations

import sys
import time

import pytest

from retroctl.adapters.remote import read_remote, save_remote
from retroctl.adapters.remote.lesson import REPEAT_S
from retroctl.app.remote import Meaning, Remote

if sys.platform in ("win32", "darwin"):
    pytest.skip("pseudo-terminals, and XDG_CONFIG_HOME", allow_module_level=True)

from terminal import LineTerminal, ProgramTerminal, ScreenTerminal, terminals

F6, F7, F8, UP = "\x1b[17~", "\x1b[18~", "\x1b[19~", "\x1b[A"
TAUGHT = Remote({"f6": Meaning.STOP, "f7": Meaning.HOLD, "f8": Meaning.CONFIRM, "up": Meaning.STEP_DOWN})


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "retroctl" / "remote.toml"


def test_a_remote_is_taught_button_by_button(tmp_path, file):
    with terminals(ProgramTerminal, tmp_path) as make:
        t = make("remote")
        for number, key in enumerate((F6, F7, F8, UP), 1):
            t.see(f"{number}/5")
            t.press(key)
            t.see("once more")
            if number == 1:
                t.press(" ")  # another one: not the same button
                t.see("two buttons")
                t.press(key)
                t.see("once more")
            time.sleep(2 * REPEAT_S)  # a finger that presses twice, not one that rests on the button
            t.press(key)
        t.see("5/5")
        t.press("\x1b")
        t.see("Esc is STOP, always")
        t.press("\x7f")
        t.see("y saves this")
        t.press("y")
        t.see("Saved in")
        assert t.end() == 0
        assert t.restored
        assert read_remote(file) == TAUGHT


@pytest.mark.parametrize("way", ["\x03", "\x04", "\x1a"])
def test_who_leaves_saves_nothing_and_finds_the_terminal_as_it_was(tmp_path, file, way):
    with terminals(ProgramTerminal, tmp_path) as make:
        t = make("remote")
        t.see("1/5")
        t.press(F6)
        t.see("arrives as F6")
        t.press(way)
        t.see("Nothing was saved")
        assert t.end() == 0
        assert t.restored
        assert not file.exists()


def test_the_taught_keys_drive_a_session_in_lines(tmp_path, file):
    save_remote(file, TAUGHT)
    with terminals(LineTerminal, tmp_path) as make:
        t = make()
        t.see("F6 STOP")
        t.hold()
        t.see("ENTER = faster")
        t.press(F7)
        t.see("Holding 1.0")
        t.see("HOLD: ENTER = go on")
        t.press(F8 * 3)  # held down
        t.see("Faster in 5 seconds: 1.8")
        t.see("1.8. Hold 60 seconds")
        t.press(UP)
        t.see("Slower. 1.0")
        t.press(F6)
        assert t.end() == 0
        assert t.stopped
        assert t.moved_by == ["00", "07", "026400", "02b400", "026400", "0801"]
        assert t.restored
        assert t.record.settings["remote"] == TAUGHT.as_data


def test_the_taught_keys_drive_a_session_on_the_screen(tmp_path, file):
    save_remote(file, TAUGHT)
    with terminals(ScreenTerminal, tmp_path) as make:
        t = make()
        t.hold()
        t.see("YOUR TURN")
        t.press(F8)
        t.see("FASTER")
        t.press(F7)
        t.see("ON HOLD")
        t.press(F6)
        t.see("ENTER close")
        t.press("\r")
        assert t.end() == 0
        assert t.stopped
        assert t.moved_by == ["00", "07", "026400", "0801"]
        assert t.restored


def test_a_file_that_is_wrong_ends_a_run_in_one_line_before_anything_is_connected(tmp_path, file):
    file.parent.mkdir(parents=True)
    file.write_text('stop = "f6"\nconfirm = "escape"\n')
    with terminals(LineTerminal, tmp_path) as make:
        t = make()
        assert t.end() == 2
        assert t.err.count("\n") == 1
        assert f"{file}: confirm: Esc is STOP, always" in t.err
        assert t.screen == ""
        assert t.truth["written"] == []
        assert not (tmp_path / "data").exists()
