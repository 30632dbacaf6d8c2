"""Who makes the sound: the system's own player, each bounded, none trusted.

A player runs in the voice's thread. It may be missing, fail, hang or lose its device in mid-cue; it answers within the
sound's own length and `GRACE_S`, or it is ended.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import threading

    from retroctl.adapters.voice.bank import Sound

GRACE_S: Final = 2.0
"""A player may take so much longer than the sound lasts: start, buffers, the device waking up."""
LOOK_S: Final = 0.02
KILLED_S: Final = 0.5
"""How long to wait for a player that was killed; one that stays is left behind."""

_COMMANDS: Final = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
)
"""What plays a WAV file on Linux: PipeWire, PulseAudio, ALSA; the sound server of the desktop comes first."""


class Played(Enum):
    """What became of a sound."""

    WHOLE = "whole"
    CUT = "cut"
    FAILED = "failed"


class Player(Protocol):
    """Something that can play a sound."""

    @property
    def name(self) -> str:
        """What it is called, for people."""
        ...

    def play(self, sound: Sound, cut: threading.Event) -> Played:
        """Play to the end, or until `cut` is set. Never raises; takes `GRACE_S` longer than the sound at most.

        It does not return before the sound's own length has passed, unless it was cut or failed.
        """
        ...


class ProcessPlayer:
    """A program that plays a file and then ends."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self.name = Path(command[0]).stem

    def play(self, sound: Sound, cut: threading.Event) -> Played:
        """Run the program on a file of its own."""
        try:
            with tempfile.TemporaryDirectory(prefix="retroctl-voice-", ignore_cleanup_errors=True) as folder:
                path = Path(folder) / "cue.wav"
                path.write_bytes(sound.data)
                return self._run(path, sound.seconds, cut)
        except OSError:
            return Played.FAILED

    def _run(self, path: Path, seconds: float, cut: threading.Event) -> Played:
        began = time.monotonic()
        # A session of its own: Ctrl-C in the terminal is for the belt, not for what says "Stopping".
        with BoundedProcess(
            [*self._command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            while process.poll() is None:
                if cut.wait(LOOK_S):
                    return Played.CUT
                if time.monotonic() - began > seconds + GRACE_S:
                    return Played.FAILED
        if process.returncode != 0:
            return Played.FAILED
        rest = began + seconds - time.monotonic()
        return Played.CUT if rest > 0 and cut.wait(rest) else Played.WHOLE


class BoundedProcess(subprocess.Popen[bytes]):
    """A process that does not outlive its block, and whose end is waited for only so long."""

    def __exit__(self, *_: object) -> None:
        if self.poll() is None:
            self.kill()
            try:
                self.wait(KILLED_S)
            except subprocess.TimeoutExpired:
                return  # stuck in the sound driver: left to the system


class WindowsPlayer:
    """The player that comes with Python on Windows."""

    name = "winsound"

    def play(self, sound: Sound, cut: threading.Event) -> Played:
        """Let Windows play a file in the background, for as long as it lasts."""
        try:
            winsound: Any = import_module("winsound")
            flags = winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT
            with tempfile.TemporaryDirectory(prefix="retroctl-voice-", ignore_cleanup_errors=True) as folder:
                path = Path(folder) / "cue.wav"
                path.write_bytes(sound.data)
                winsound.PlaySound(str(path), flags)
                was_cut = cut.wait(sound.seconds)
                winsound.PlaySound(None, 0)
        except (ImportError, OSError, RuntimeError):
            return Played.FAILED
        return Played.CUT if was_cut else Played.WHOLE


def system_players() -> list[Player]:
    """The players of this computer, best first; none where nothing can play."""
    if sys.platform == "win32":
        return [WindowsPlayer()]
    commands = (("afplay",),) if sys.platform == "darwin" else _COMMANDS
    found = ((shutil.which(command[0]), command[1:]) for command in commands)
    return [ProcessPlayer(path, *rest) for path, rest in found if path is not None]
