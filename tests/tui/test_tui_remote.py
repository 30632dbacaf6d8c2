"""The presenter remote: what a key may mean, its file, the lesson; and that both front ends understand it alike."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from tui_rig import Desk

from retroctl.adapters.console import key_names
from retroctl.adapters.console.key_names import names
from retroctl.adapters.console.trainer import KeyTrainer
from retroctl.adapters.remote import Lesson, forget_remote, read_remote, save_remote
from retroctl.adapters.tui.driver import guarded_driver
from retroctl.adapters.tui.keymap import LEAVE_KEYS, Urgent, understood, urgent
from retroctl.app.remote import STOP_KEYS, TEACHABLE, Meaning, Remote, why_not
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.errors import ConfigError

SENT = {"f6": "\x1b[17~", "f7": "\x1b[18~", "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "up": "\x1b[A", "tab": "\t"}
TAUGHT = Remote(
    {
        "f6": Meaning.STOP,
        "pageup": Meaning.HOLD,
        "pagedown": Meaning.CONFIRM,
        "up": Meaning.STEP_DOWN,
        "tab": Meaning.BALANCE_EVENT,
    }
)


# -- the rules ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [*STOP_KEYS, "shift+f5"])
def test_a_stop_key_can_be_given_no_other_meaning(key):
    assert [meaning for meaning in Meaning if why_not(key, meaning) is None] == [Meaning.STOP]
    assert urgent(key) is Urgent.STOP


@pytest.mark.parametrize("key", [*LEAVE_KEYS, "ctrl+a", "backspace", "y", "n", "p", "c", "1", "?", "ä", "ctrl+up", ""])
@pytest.mark.parametrize("meaning", Meaning)
def test_ways_out_and_keys_for_text_can_be_taught_nothing(key, meaning):
    assert why_not(key, meaning) is not None


def test_what_holds_everywhere_may_not_let_the_belt_rise():
    assert [meaning for meaning in Meaning if why_not("pageup", meaning) is not None] == [Meaning.CONFIRM]
    assert [meaning for meaning in Meaning if why_not("h", meaning) is None] == [Meaning.HOLD]
    assert [meaning for meaning in Meaning if why_not("enter", meaning) is None] == [Meaning.CONFIRM]


@given(st.dictionaries(st.sampled_from(sorted(TEACHABLE)) | st.text(max_size=4), st.sampled_from(Meaning), max_size=5))
def test_no_remote_takes_stop_or_a_way_out_from_a_key(keys):
    try:
        remote = Remote(keys)
    except ConfigError:
        return
    for key in STOP_KEYS:
        assert understood(key, remote) is Urgent.STOP
    for key in LEAVE_KEYS:
        assert understood(key, remote) is Urgent.LEAVE


# -- the file ----------------------------------------------------------------------------------------------------------


def test_what_is_saved_is_read_again_and_forgotten(tmp_path):
    file = tmp_path / "new folder" / "remote.toml"
    save_remote(file, TAUGHT)
    assert read_remote(file) == TAUGHT
    assert file.read_text().splitlines()[2:4] == ['stop = "f6"', 'hold = "pageup"']
    assert [each.name for each in file.parent.iterdir()] == ["remote.toml"]
    assert forget_remote(file) is True
    assert forget_remote(file) is False
    assert read_remote(file) == Remote()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('hold = "pageup"', "stop"),
        ('stop = "f6"\nhold = "f6"', "hold: F6 is STOP already"),
        ('stop = "f6"\nconfirm = "b"', "confirm: b is STOP, always"),
        ('stop = "f6"\nconfirm = "pageup"', "confirm: PageUp is HOLD"),
        ('stop = "f6"\nconfirm = "ctrl+c"', "confirm: Ctrl-C"),
        ('stop = "f6"\nlouder = "f8"', "louder"),
        ('stop = ["f6"]', "stop"),
        ("stop = 6", "stop"),
        ('stop = "\\u001b[2J"', "stop"),
        ("stop = [", ""),
        ("\xff", ""),
        ("#" * 20_000, "larger"),
        ("x = " + "[" * 3000, ""),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_file_and_key(tmp_path, text, words):
    file = tmp_path / "remote.toml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigError) as refused:
        read_remote(file)
    said = str(refused.value)
    assert str(file) in said
    assert words in said
    assert "retroctl remote" in said


def test_a_folder_where_the_file_should_be_is_named(tmp_path):
    for call in (read_remote, lambda file: save_remote(file, TAUGHT), forget_remote):
        with pytest.raises(ConfigError, match=str(tmp_path)):
            call(tmp_path)
    assert list(tmp_path.iterdir()) == []


# -- the lesson --------------------------------------------------------------------------------------------------------


class Pupil:
    """Presses buttons, a second apart."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.now = 0.0
        self.lesson = Lesson(self.said.append)

    def press(self, *keys: str, apart_s: float = 1.0) -> Pupil:
        for key in keys:
            self.now += apart_s
            self.lesson.press((key,), SENT.get(key, key), self.now)
        return self


def test_a_whole_lesson_asks_for_stop_first_and_gives_what_was_pressed():
    pupil = Pupil()
    assert "STOP" in pupil.said[-1]
    pupil.press("f6", "f6", "pageup", "pageup", "pagedown", "pagedown", "up", "up", "tab", "tab")
    assert pupil.lesson.saved is None
    pupil.press("y")
    assert pupil.lesson.over
    assert pupil.lesson.saved == TAUGHT


def test_only_stop_is_needed_and_n_saves_nothing():
    pupil = Pupil().press("backspace")
    assert "needs a button for STOP" in pupil.said[-1]
    pupil.press("f6", "f6", *["backspace"] * 4, "x")
    assert pupil.said[-1] == "y or n, please."
    pupil.press("n")
    assert (pupil.lesson.over, pupil.lesson.saved) == (True, None)
    pupil = Pupil().press("f6", "f6", *["backspace"] * 4, "y")
    assert pupil.lesson.saved == Remote({"f6": Meaning.STOP})


def test_bad_choices_are_refused_with_a_reason_and_asked_again():
    pupil = Pupil().press("f6", "f6")
    for key, words in (("f6", "STOP already"), ("escape", "STOP, always"), ("ctrl+d", "way out"), ("n", "text")):
        pupil.press(key)
        assert words in pupil.said[-1], key
    pupil.press("pageup", "pageup")
    assert "PageUp is HOLD" in pupil.said[-2]


def test_a_button_that_sends_two_stop_keys_in_turn_is_stop_and_any_other_pair_is_not():
    pupil = Pupil().press("f5", "escape")
    assert "F5 and Esc is STOP" in pupil.said[-2]
    pupil.press("pageup", "up")
    assert "arrived as PageUp, now as Up" in pupil.said[-1]
    pupil.press("up", "up")
    assert "Up is HOLD" in pupil.said[-2]


def test_a_button_held_down_is_one_press_and_a_mixture_is_none():
    pupil = Pupil().press("f6")
    pupil.press("f6", apart_s=0.1).press("f6", apart_s=0.1)
    assert "once more" in pupil.said[-1]
    pupil.now += 1
    pupil.lesson.press(("f6", "f7"), "\x1b[17~\x1b[18~", pupil.now)
    assert r"\x1b[17~\x1b[18~" in pupil.said[-1]
    assert "\x1b" not in pupil.said[-1]


# -- both front ends ---------------------------------------------------------------------------------------------------

SEQUENCES = sorted(
    {
        *(key for key in key_names._SINGLE if len(key) > 2 or key in "\r\t"),
        *(f"\x1b[{number}~" for number in key_names._NUMBERS),
        *(f"\x1b[{number};2~" for number in key_names._NUMBERS),
        *(f"\x1b[{letter}" for letter in "ABCDFH"),
        *(f"\x1b[1;2{letter}" for letter in key_names._LETTERS if letter != "R"),
        *(f"\x1bO{letter}" for letter in key_names._LETTERS),
    }
)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=ascii)
def test_lines_and_screen_have_the_same_name_for_what_a_terminal_sends(sequence):
    (key,) = XTermParser().feed(sequence)
    assert names(sequence) == (key.key,)


@given(st.text(max_size=30) | st.text(alphabet="\x1b[O;~0123456789AZP\x00\xe0", max_size=30), st.booleans())
def test_any_burst_has_names(burst, windows):
    assert all(isinstance(name, str) for name in names(burst, windows=windows))
    assert (len(names(burst, windows=windows)) > 0) == bool(burst)


def test_windows_sends_scan_codes():
    assert names("\xe0Q\x00?\x1b \x00", windows=True) == ("pagedown", "f5", "escape", "space", "")
    assert names("\xe0I" * 3, windows=True) == ("pageup",) * 3


class Lines:
    """The keys of the line mode in a running session."""

    def __init__(self, remote: Remote) -> None:
        self.did: list[object] = []
        self.now = 0.0
        self.trainer = KeyTrainer(
            lambda _text: None,
            self.did.append,
            lambda _source: self.did.append("STOP"),
            lambda _why: self.did.append("LEAVE"),
            remote=remote,
            real_now=lambda: self.now,
        )
        self.trainer(Report(0.0, Kind.STATE, {"state": "holding"}))

    def press(self, burst: str) -> list[object]:
        self.now += 1.0
        self.did.clear()
        self.trainer.pressed(burst)
        return list(self.did)


class Screen:
    """The driver of the trainer's screen, between a terminal and the queue of the screen."""

    def __init__(self, remote: Remote) -> None:
        self.did: list[object] = []
        self.text = False
        outer = self

        class Base(Driver):
            def __init__(self) -> None:
                self._loop = asyncio.new_event_loop()

            def process_message(self, message):
                outer.did.append(message.key)

            write = start_application_mode = disable_input = stop_application_mode = None

        made = guarded_driver(
            Base,
            urgent_key=lambda act: self.did.append(act.name),
            takes_text=lambda: self.text,
            repaint=lambda: None,
            gone=lambda: None,
            remote=remote,
        )
        self.driver = made()
        self.driver._loop.call_soon_threadsafe = lambda call: call()
        self.loop = self.driver._loop

    def press(self, burst: str) -> list[object]:
        self.did.clear()
        for event in XTermParser().feed(burst):
            if isinstance(event, events.Key):
                self.driver.process_message(event)
        return list(self.did)


STUMBLED = ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE)


@pytest.mark.parametrize(
    ("key", "in_lines", "on_screen"),
    [
        ("f6", "STOP", "STOP"),
        ("pageup", ev.HoldPressed(), "HOLD"),
        ("pagedown", ev.ConfirmPressed(), "pagedown"),
        ("up", ev.StepDownPressed(), "d"),
        ("tab", STUMBLED, "f24"),
    ],
)
def test_a_taught_key_does_the_same_in_both_front_ends(key, in_lines, on_screen):
    screen = Screen(TAUGHT)
    try:
        assert Lines(TAUGHT).press(SENT[key]) == [in_lines]
        assert Lines(TAUGHT).press(SENT[key] * 5) == [in_lines], "held down it counts once"
        assert screen.press(SENT[key]) == [on_screen]
    finally:
        screen.loop.close()


def test_what_was_not_taught_stops_in_the_line_mode_and_keeps_its_meaning_on_the_screen():
    screen = Screen(TAUGHT)
    try:
        for burst in ("\x1b[18~", "\x1b[5~\x1b[6~", "\x1b[6~x", "\x1b", " ", "b", ".", "\x1b[15~"):
            assert Lines(TAUGHT).press(burst) == ["STOP"], ascii(burst)
        assert screen.press("\x1b[18~") == ["f7"]
        assert screen.press("\x1b[15~") == ["STOP"]
        assert screen.press("h") == ["HOLD"]
    finally:
        screen.loop.close()
    untaught = Lines(Remote())
    assert untaught.press("\x1b[6~") == ["STOP"], "the line mode knows no remote that was not taught"


def test_pageup_taught_as_stop_stops_in_both():
    remote = Remote({"pageup": Meaning.STOP})
    screen = Screen(remote)
    try:
        assert screen.press("\x1b[5~") == ["STOP"]
        assert Lines(remote).press("\x1b[5~") == ["STOP"]
    finally:
        screen.loop.close()


def test_a_text_field_gets_its_arrows_while_nothing_is_armed():
    screen = Screen(TAUGHT)
    try:
        screen.text = True
        assert screen.press("\x1b[A") == ["up"]
    finally:
        screen.loop.close()


@pytest.mark.parametrize("state", ["idle", "briefing", "armed"])
def test_before_the_belt_moves_a_taught_key_starts_nothing(state):
    for key in ("pagedown", "pageup", "up", "tab"):
        lines = Lines(TAUGHT)
        lines.trainer(Report(0.0, Kind.STATE, {"state": state}))
        did = lines.press(SENT[key])
        assert not any(isinstance(event, ev.StartConfirmed | ev.ArmRequested | ev.BriefingAnswered) for event in did)
    lines = Lines(TAUGHT)
    lines.trainer(Report(0.0, Kind.STATE, {"state": state}))
    assert lines.press(SENT["f6"]) == ["STOP"]


async def test_the_help_of_a_small_screen_shows_a_taught_remote_and_still_ends_with_the_clip():
    desk = Desk()
    desk.app.view.remote = TAUGHT.lines
    async with desk.open(80, 24) as pilot:
        await desk.press(pilot, "question_mark")
        drawn = "\n".join("".join(part.text for part in row) for row in desk.app.screen._compositor.render_strips())
    assert "F6 STOP, PageUp HOLD, PageDown CONFIRM" in drawn
    assert "The safety clip is the emergency stop." in drawn
