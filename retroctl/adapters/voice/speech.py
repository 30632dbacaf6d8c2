"""The system's own voice, for texts that no clips are made of: a bounded child process, given its words and no shell.

It has the lowest urgency: whatever else is said cuts it off, and one that is late is dropped. No raise waits for it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from retroctl.adapters.voice.players import KILLED_S, LOOK_S, BoundedProcess, Played

if TYPE_CHECKING:
    import threading

LONGEST: Final = 160
"""Characters; a client on a belt listens to a sentence, not to a page."""
LONGEST_S: Final = 15.0
"""An engine that is not through by then is ended."""
_DESKTOP: Final = "spd-say"
_POWERSHELL: Final = (
    "Add-Type -AssemblyName System.Speech; "
    "$voice = New-Object System.Speech.Synthesis.SpeechSynthesizer; "
    "$voice.Volume = {volume}; $voice.Speak([Console]::In.ReadToEnd())"
)
"""Fixed words but for a number; what is to be said comes in on standard input."""


def speakable(text: str) -> str:
    """`text` as one short line of plain words: no control or direction characters, no brackets that engines obey."""
    kept = "".join(
        letter if letter.isprintable() and letter not in "[]{}<>|\\" else " " for letter in text[: 4 * LONGEST]
    )
    return " ".join(kept.split())[:LONGEST].strip()


class Engine(Protocol):
    """Something that can speak a sentence."""

    @property
    def name(self) -> str:
        """What it is called, for people."""
        ...

    def say(self, text: str, cut: threading.Event) -> Played:
        """Speak to the end, or until `cut` is set. Never raises; ends within `LONGEST_S` and a moment."""
        ...


class ProcessEngine:
    """A program that reads a sentence and speaks it; ending the program ends the sound."""

    def __init__(self, *command: str, as_argument: bool = False, hush: tuple[str, ...] = ()) -> None:
        """`as_argument`: it takes its text as the last argument. `hush`: silences the server it speaks through."""
        self._command, self._as_argument, self._hush = command, as_argument, hush
        self.name = Path(command[0]).stem

    def say(self, text: str, cut: threading.Event) -> Played:
        """Run the program with the text."""
        words = speakable(text)
        if not words:
            return Played.WHOLE
        command = [*self._command, "--", words] if self._as_argument else list(self._command)
        try:
            played = self._run(command, words, cut)
        except OSError:
            return Played.FAILED
        if played is not Played.WHOLE and self._hush:
            self._be_silent()
        return played

    def _run(self, command: list[str], words: str, cut: threading.Event) -> Played:
        began = time.monotonic()
        # A session of its own: Ctrl-C in the terminal is for the belt.
        with BoundedProcess(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            if process.stdin is not None:
                # Less than a pipe holds: this cannot wait for a program that does not read.
                with process.stdin as given:
                    given.write(b"" if self._as_argument else words.encode())
            while process.poll() is None:
                if cut.wait(LOOK_S):
                    return Played.CUT
                if time.monotonic() - began > LONGEST_S:
                    return Played.FAILED
        return Played.WHOLE if process.returncode == 0 else Played.FAILED

    def _be_silent(self) -> None:
        try:
            subprocess.run(  # noqa: S603 - as above
                self._hush,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=KILLED_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return


def system_engine(volume: int) -> Engine | None:
    """The speech engine of this computer at `volume` (1 to 100); None where there is none."""
    if sys.platform == "win32":
        shell = shutil.which("powershell")
        script = _POWERSHELL.format(volume=int(volume))
        return None if shell is None else ProcessEngine(shell, "-NoProfile", "-NonInteractive", "-Command", script)
    if sys.platform == "darwin":
        say = shutil.which("say")
        return None if say is None else ProcessEngine(say, "-f", "-")
    for name in ("espeak-ng", "espeak"):
        if (path := shutil.which(name)) is not None:
            return ProcessEngine(path, "--stdin", "-v", "en", "-a", str(int(volume)))
    path = shutil.which(_DESKTOP)
    if path is None:
        return None
    # It speaks through a server, which goes on when the program is ended: that is told to be silent.
    return ProcessEngine(path, "--wait", "-l", "en", as_argument=True, hush=(path, "--cancel"))
