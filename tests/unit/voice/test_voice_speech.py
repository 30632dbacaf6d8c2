"""The system's own voice for what no clips are made of: last in the queue, given words, no shell, awaited by none."""

from __future__ import annotations

import asyncio
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from players import FakePlayer, NamedBank

from retroctl.adapters.voice import Voice, speech, system_engine
from retroctl.adapters.voice.players import Played
from retroctl.adapters.voice.speech import LONGEST, ProcessEngine, speakable
from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import Announce
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.app.ports import Telling

SLEEPS = "import time; time.sleep(60)"
REMINDER = "Knees soft, Anna."


class FakeEngine:
    """Speaks until it is cut off, or is told how it ends."""

    name = "fake"

    def __init__(self, ends: Played | None = None) -> None:
        self.ends = ends
        self.said: list[str] = []
        self.became: list[Played] = []
        self.changed = threading.Condition()

    def say(self, text: str, cut: threading.Event) -> Played:
        with self.changed:
            self.said.append(text)
            self.changed.notify_all()
        played = self.ends or (Played.CUT if cut.wait(20) else Played.WHOLE)
        with self.changed:
            self.became.append(played)
            self.changed.notify_all()
        return played

    def wait_for(self, kept: list[object], count: int = 1) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(kept) >= count, 10), (self.said, self.became)


class Speaking:
    """A voice with a player and a speech engine."""

    def __init__(self, engine: FakeEngine | None) -> None:
        self.player = FakePlayer(NamedBank())
        self.settled: list[Telling] = []
        self.voice = Voice(players=[self.player], bank=self.player.bank, engine=engine)

    async def __aenter__(self):
        self.voice.begin(lambda _why: None)
        self.player.wait_for(("silence",), ended=True)
        while not self.voice._worker.able:  # noqa: ASYNC110 - the voice tells only when it is not able
            await asyncio.sleep(0.001)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.voice.close(), "the thread ends"

    def cue(self, text: str, kind: Kind = Kind.CUE) -> None:
        self.voice(Report(0.0, kind, {"text": text}))


async def test_a_text_without_clips_is_spoken_and_one_with_clips_is_not():
    engine = FakeEngine(Played.WHOLE)
    async with Speaking(engine) as speaking:
        for text in ("Stopping.", "Slower. 2.6.", "Faster in 5 seconds: 2.6.", "3", "5", ""):
            speaking.cue(text)
        speaking.cue(REMINDER, Kind.EVENT)
        speaking.cue(REMINDER)
        engine.wait_for(engine.became)
    assert engine.said == [REMINDER]
    assert ("slower", "two-point", "six") in speaking.player.spoken


@pytest.mark.parametrize("text", ["Stopping.", "Slower. 2.6.", "2"])
async def test_whatever_has_clips_cuts_free_text_off(text):
    engine = FakeEngine()
    async with Speaking(engine) as speaking:
        speaking.cue(REMINDER)
        engine.wait_for(engine.said)
        speaking.cue(text)
        engine.wait_for(engine.became)
    assert engine.became == [Played.CUT]
    assert len(speaking.player.spoken) == 1


async def test_a_raise_waits_for_its_own_sentence_and_not_for_free_text():
    engine = FakeEngine()
    async with Speaking(engine) as speaking:
        speaking.cue(REMINDER)
        engine.wait_for(engine.said)
        speaking.voice.announce(Announce(1, Speed(260), 5.0, ""), speaking.settled.append)
        speaking.player.wait_for(("faster-in-five", "two-point", "six"), ended=True)
    assert engine.became == [Played.CUT]


async def test_free_text_that_comes_late_is_dropped_and_stop_drops_it_too(monkeypatch):
    engine = FakeEngine()
    async with Speaking(engine) as speaking:
        speaking.cue(REMINDER)
        engine.wait_for(engine.said)
        monkeypatch.setattr(speaking.voice._queue, "now", lambda: time.monotonic() + 2.0)
        speaking.cue("Shoulders down.")
        speaking.voice._queue.cut.set()
        engine.wait_for(engine.became)
        monkeypatch.setattr(speaking.voice._queue, "now", time.monotonic)
        speaking.cue("Eyes on the mark.")
        engine.wait_for(engine.said, 2)
        speaking.cue("Never said.")
        speaking.cue("Stopping.")
        speaking.player.wait_for(("stopping",))
    assert engine.said == [REMINDER, "Eyes on the mark."]


@pytest.mark.parametrize("engine", [None, FakeEngine(Played.FAILED)])
async def test_without_an_engine_or_with_a_broken_one_the_clips_go_on(engine):
    async with Speaking(engine) as speaking:
        speaking.cue(REMINDER)
        speaking.cue(REMINDER)
        if engine is not None:
            engine.wait_for(engine.became)
            speaking.cue(REMINDER)
        speaking.cue("Slower. 2.6.")
        speaking.player.wait_for(("slower", "two-point", "six"))
    if engine is not None:
        assert len(engine.said) == 1, "what failed is not asked again"


# -- the program -------------------------------------------------------------------------------------------------------


def program(code: str, **more: object) -> ProcessEngine:
    return ProcessEngine(sys.executable, "-c", code, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["Anna's turn; $(touch x) `id`", "--help -f /etc/passwd", "\x1b[2Jred\x00 \u202egnirts", "[[volm 9]]<speak>"],
)
def test_what_is_to_be_said_is_data_without_controls(text, tmp_path):
    by_pipe = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read(), encoding='utf-8')"
    engine = ProcessEngine(sys.executable, "-c", by_pipe, str(tmp_path / "said"))
    assert engine.say(text, threading.Event()) is Played.WHOLE
    assert (tmp_path / "said").read_text(encoding="utf-8") == speakable(text)
    by_argument = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(repr(sys.argv[2:]), encoding='utf-8')"
    engine = ProcessEngine(sys.executable, "-c", by_argument, str(tmp_path / "given"), as_argument=True)
    assert engine.say(text, threading.Event()) is Played.WHOLE
    assert (tmp_path / "given").read_text(encoding="utf-8") == repr(["--", speakable(text)])


@given(st.text(max_size=2000))
def test_what_is_speakable_is_one_short_plain_line(text):
    words = speakable(text)
    assert len(words) <= LONGEST
    assert words.isprintable()
    assert not set("[]{}<>|\\") & set(words)
    assert speakable(words) == words


def test_nothing_to_say_runs_nothing():
    assert ProcessEngine("/nonexistent").say("\x1b\x00 []", threading.Event()) is Played.WHOLE


def test_an_engine_that_is_missing_fails_or_hangs_has_failed(monkeypatch):
    monkeypatch.setattr(speech, "LONGEST_S", 0.3)
    began = time.monotonic()
    assert ProcessEngine("/nonexistent").say("Hello", threading.Event()) is Played.FAILED
    assert program("import sys; sys.exit(1)").say("Hello", threading.Event()) is Played.FAILED
    assert program(SLEEPS).say("Hello", threading.Event()) is Played.FAILED
    assert time.monotonic() - began < 5


def test_one_that_speaks_through_a_server_is_silenced_when_it_is_cut_off(tmp_path, monkeypatch):
    monkeypatch.setattr(speech, "KILLED_S", 20.0)
    mark = tmp_path / "silenced"
    hush = (sys.executable, "-c", "import sys, pathlib; pathlib.Path(sys.argv[1]).touch()", str(mark))
    cut = threading.Event()
    cut.set()
    engine = program(SLEEPS, as_argument=True, hush=hush)
    began = time.monotonic()
    assert engine.say("Hello", cut) is Played.CUT
    assert time.monotonic() - began < 5
    deadline = time.monotonic() + 5
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.01)  # a slow computer ends the waiting, not the program
    assert program("", hush=("/nonexistent",)).say("Hello", threading.Event()) is Played.WHOLE


@pytest.mark.parametrize(
    ("platform", "installed", "name", "with_"),
    [
        ("linux", ["espeak-ng", "espeak", "spd-say"], "espeak-ng", "--stdin"),
        ("linux", ["espeak"], "espeak", "--stdin"),
        ("linux", ["spd-say"], "spd-say", "--wait"),
        ("linux", [], None, ""),
        ("darwin", ["say"], "say", "-f"),
        ("darwin", ["espeak"], None, ""),
        ("win32", ["powershell"], "powershell", "-NonInteractive"),
        ("win32", [], None, ""),
    ],
)
def test_each_system_has_its_own_engine(monkeypatch, platform, installed, name, with_):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(shutil, "which", lambda asked: f"/usr/bin/{asked}" if asked in installed else None)
    engine = system_engine(70)
    if name is None:
        assert engine is None
    else:
        assert engine.name == name
        assert with_ in engine._command
