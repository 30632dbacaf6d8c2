"""`retroctl` on a pseudo-terminal of its own: `see` waits for words, `press` presses keys, `truth` is the belt's.

For Unix only: import it after a skip on Windows.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroctl.adapters.journal import read

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path(__file__).parent / "cli_driver.py"
LIMIT_S = 40.0
STOP = "0801"
STOP_PATH = {STOP, "00", "026400"}  # Stop, control asked for again, the machine's lowest speed
CONTROLS = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")


class ProgramTerminal:
    """The program with a terminal."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        rows: int = 24,
        columns: int = 80,
        driver: Path = DRIVER,
        hang_up: bool = False,
        painted: bool = False,
    ):
        """`hang_up`: nobody else keeps the terminal open; `painted`: what is drawn is kept without its controls."""
        self.folder = folder
        self.screen = ""
        self._seen = 0
        self._painted = painted
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            [sys.executable, str(driver), str(folder / "truth"), *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
            env={
                **os.environ,
                "TERM": "xterm-256color",
                "RETROCTL_DATA_DIR": str(folder / "data"),
                "XDG_CONFIG_HOME": str(folder / "config"),
            },
        )
        if hang_up:  # else ours is kept, to look at the terminal afterwards
            os.close(self.slave)

    def see(self, words: str) -> None:
        """Wait until `words` are printed, after what was waited for before."""
        end = time.monotonic() + LIMIT_S
        while words not in self.screen[self._seen :]:
            assert time.monotonic() < end, f"{words!r} never came: {self.screen[-1500:]}"
            assert self.process.poll() is None or self.read(0.1), (self.screen[-1500:], self.process.stderr.read())
            self.read(0.1)
        self._seen = self.screen.index(words, self._seen) + len(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            os.write(self.master, key.encode())

    def read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # nobody has the other end open any more
            return False
        text = data.decode("utf-8", "replace")
        self.screen += CONTROLS.sub("", text) if self._painted else text.replace("\r\n", "\n")
        return bool(data)

    def end(self) -> int:
        end = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.screen[-1500:]
            self.read(0.05)
        while self.read(0.05):
            pass
        self.err = self.process.stderr.read()
        self.process.stderr.close()
        return self.process.returncode

    def signal(self, name: str) -> None:
        os.kill(self.process.pid, getattr(signal, name))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self.process.stderr.closed:
            self.process.stderr.close()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @property
    def restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before

    @property
    def truth(self) -> dict[str, Any]:
        return json.loads((self.folder / "truth").read_text())

    @property
    def moved_by(self) -> list[str]:
        """Written up to the first Stop. Behind it only the stop path may write, as often as a late computer needs."""
        written = self.truth["written"]
        first = written.index(STOP) + 1
        assert set(written[first:]) <= STOP_PATH, written
        return written[:first]

    @property
    def stopped(self) -> bool:
        """The belt is at rest in truth, and Stop was written."""
        return self.truth["true_speed"] == [0.0] and STOP in self.truth["written"]

    @property
    def record(self) -> read.SessionRecord:
        file = self.folder / "data" / "records.sqlite3"
        return read.session(file, read.sessions(file)[0].id)


BRIEFING = ("y", "y", "1", "y", "y", "y", "4")


class LineTerminal(ProgramTerminal):
    """A session in lines and single keys."""

    def __init__(self, folder: Path, *more: str, sim: str = "standard", speedup: str = "200", **named: Any):
        lines = [] if "--jsonl" in more else ["--plain"]
        asked = ["run", *lines, "--sim", sim, "--speedup", speedup, "--top", "1.8", "--hold", "60", *more]
        super().__init__(folder, *asked, rows=30, **named)

    def brief(self) -> None:
        for number, answer in enumerate(BRIEFING, 1):
            self.see(f"{number}/7")
            self.press(answer)
        self.see("ANY OTHER KEY STOPS")

    def hold(self) -> None:
        """Brief, start, and wait for the first hold."""
        self.brief()
        self.press("p")
        self.see("Hold 60 seconds")

    @property
    def sources(self) -> list[str]:
        return [row.data["source"] for row in self.record.rows if row.kind == "command"]


class ScreenTerminal(ProgramTerminal):
    """A session on the trainer's screen."""

    def __init__(self, folder: Path, *more: str, sim: str | None = "standard", **named: Any):
        """`sim`: None for a run that lets the machine be chosen on the screen before it."""
        simulated = [] if sim is None else ["--sim", sim, "--speedup", "20"]
        asked = ["run", *simulated, "--top", "1.8", "--hold", "60", *more]
        super().__init__(folder, *asked, painted=True, **named)

    @property
    def painted(self) -> str:
        return self.screen

    def hold(self) -> None:
        """Brief, arm, start by keys, and wait for the first hold."""
        for number, answer in enumerate(BRIEFING, 1):
            self.see(f"{number}/7")
            self.press(answer)
        self.see("arms")
        self.press("\r")
        self.see("START?")
        self.press("p")
        self.see("starts the belt now")
        self.press("\r")
        self.see("left of")

    @property
    def rows(self) -> tuple[Any, ...]:
        """The journal of the session so far."""
        return tuple(self.record.rows)


@contextlib.contextmanager
def terminals(kind: type[ProgramTerminal], folder: Path) -> Iterator[Any]:
    """Opens terminals of a kind, and closes whatever was opened."""
    opened: list[ProgramTerminal] = []

    def make(*more: str, **options: Any) -> ProgramTerminal:
        opened.append(kind(folder, *more, **options))
        return opened[-1]

    try:
        yield make
    finally:
        for each in opened:
            each.close()
