"""Players as they come: one that plays, fails, hangs, is missing. Each answers within its bound."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import types

import pytest

from retroctl.adapters.voice import players
from retroctl.adapters.voice.bank import Sound
from retroctl.adapters.voice.players import Played, ProcessPlayer, WindowsPlayer, system_players

SOUND = Sound(b"RIFF....", 0.05)
READS = "import sys, pathlib; assert pathlib.Path(sys.argv[1]).read_bytes() == b'RIFF....'"


def program(code: str) -> ProcessPlayer:
    return ProcessPlayer(sys.executable, "-c", code)


def test_a_player_that_plays_is_given_the_sound_as_a_file():
    assert program(READS).play(SOUND, threading.Event()) is Played.WHOLE


def test_a_player_that_ends_before_the_sound_could_is_waited_for_until_it_is_over():
    """The end of speech is what a raise waits for: never earlier than the sentence is long."""
    began = time.monotonic()
    assert program("").play(Sound(b"", 0.6), threading.Event()) is Played.WHOLE
    assert time.monotonic() - began >= 0.6


def test_a_player_without_a_device_has_failed():
    assert program("import sys; sys.exit(1)").play(SOUND, threading.Event()) is Played.FAILED


@pytest.mark.parametrize(
    "ends",
    [
        "sys.exit(1)",
        pytest.param("os.kill(os.getpid(), 9)", marks=pytest.mark.skipif(sys.platform == "win32", reason="signals")),
    ],
)
def test_a_device_unplugged_in_mid_cue_is_a_failure_long_before_the_sound_would_end(ends):
    began = time.monotonic()
    player = program(f"import os, sys, time; time.sleep(0.1); {ends}")
    assert player.play(Sound(b"", 60.0), threading.Event()) is Played.FAILED
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("command", ["/nonexistent/player", "/"])
def test_a_player_that_is_not_there_has_failed(command):
    assert ProcessPlayer(command).play(SOUND, threading.Event()) is Played.FAILED


def test_a_player_that_hangs_is_ended_within_its_bound(monkeypatch):
    monkeypatch.setattr(players, "GRACE_S", 0.3)
    began = time.monotonic()
    assert program("import time; time.sleep(60)").play(SOUND, threading.Event()) is Played.FAILED
    assert time.monotonic() - began < 5


def test_a_sound_that_is_cut_off_ends_the_player_at_once():
    cut = threading.Event()
    threading.Timer(0.2, cut.set).start()
    began = time.monotonic()
    assert program("import time; time.sleep(60)").play(Sound(b"", 30.0), cut) is Played.CUT
    assert time.monotonic() - began < 5


def test_no_room_for_a_file_is_a_failure_not_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(players.tempfile, "tempdir", str(tmp_path / "gone"))
    assert program("").play(SOUND, threading.Event()) is Played.FAILED


class FakeWinsound(types.ModuleType):
    SND_FILENAME, SND_ASYNC, SND_NODEFAULT = 0x20000, 1, 2

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("winsound")
        self.error, self.calls = error, []

    def PlaySound(self, sound: str | None, flags: int) -> None:  # noqa: N802 - as it is called there
        self.calls.append((sound is not None, flags))
        if self.error is not None:
            raise self.error


def test_windows_plays_in_the_background_and_is_told_to_stop(monkeypatch):
    monkeypatch.setitem(sys.modules, "winsound", fake := FakeWinsound())
    assert WindowsPlayer().play(SOUND, threading.Event()) is Played.WHOLE
    cut = threading.Event()
    cut.set()
    assert WindowsPlayer().play(Sound(b"", 30.0), cut) is Played.CUT
    assert fake.calls == [(True, 0x20003), (False, 0)] * 2


def test_windows_without_a_device_has_failed(monkeypatch):
    monkeypatch.setitem(sys.modules, "winsound", FakeWinsound(RuntimeError("Failed to play sound")))
    assert WindowsPlayer().play(SOUND, threading.Event()) is Played.FAILED


@pytest.mark.parametrize(
    ("platform", "installed", "names"),
    [
        ("linux", ["pw-play", "paplay", "aplay"], ["pw-play", "paplay", "aplay"]),
        ("linux", ["aplay"], ["aplay"]),
        ("linux", [], []),
        ("darwin", ["afplay", "aplay"], ["afplay"]),
        ("win32", [], ["winsound"]),
    ],
)
def test_each_system_has_its_own_players_the_desktop_s_first(monkeypatch, platform, installed, names):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name in installed else None)
    assert [player.name for player in system_players()] == names
