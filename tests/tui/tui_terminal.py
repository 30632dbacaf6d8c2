"""`retroctl run` with its screen on a pseudo-terminal of its own."""

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
from typing import Any

from retroctl.adapters.journal import read

DRIVER = Path(__file__).parent.parent / "cli_driver.py"
LIMIT_S = 40.0
CONTROLS = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")


class ScreenTerminal:
    """The program on a terminal. `see` waits for words that were painted, `press` presses keys."""

    def __init__(
        self,
        folder: Path,
        *more: str,
        driver: Path = DRIVER,
        sim: str | None = "standard",
        hang_up: bool = False,
    ):
        self.folder = folder
        self.painted = ""
        self._seen = 0
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        simulated = [] if sim is None else ["--sim", sim, "--speedup", "20"]
        asked = ["run", *simulated, "--top", "1.8", "--hold", "60", *more]
        self.process = subprocess.Popen(
            [sys.executable, str(driver), str(folder / "truth"), *asked],
            stdin=self.slave,
            stdout=self.slave,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
            env={**os.environ, "RETROCTL_DATA_DIR": str(folder / "data"), "TERM": "xterm-256color"},
        )
        if hang_up:  # else ours is kept, to look at the terminal afterwards
            os.close(self.slave)

    def read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # nobody has the other end open any more
            return False
        self.painted += CONTROLS.sub("", data.decode("utf-8", "replace"))
        return bool(data)

    def see(self, words: str) -> None:
        end = time.monotonic() + LIMIT_S
        while words not in self.painted[self._seen :]:
            assert time.monotonic() < end, f"{words!r} never came: {self.painted[-1500:]}"
            assert self.process.poll() is None or self.read(0.1), self.process.stderr.read()
            self.read(0.1)
        self._seen = self.painted.index(words, self._seen) + len(words)

    def press(self, *keys: str) -> None:
        for key in keys:
            os.write(self.master, key.encode())

    def hold(self) -> None:
        """Brief, arm, start by keys, and wait for the first hold."""
        for number, answer in enumerate(("y", "y", "1", "y", "y", "y", "4"), 1):
            self.see(f"{number}/7")
            self.press(answer)
        self.see("arms")
        self.press("\r")
        self.see("START?")
        self.press("p")
        self.see("starts the belt now")
        self.press("\r")
        self.see("left of")

    def end(self) -> int:
        end = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < end, self.painted[-1500:]
            self.read(0.05)
        while self.read(0.05):
            pass
        self.err = self.process.stderr.read()
        self.process.stderr.close()
        return self.process.returncode

    def signal(self, name: str) -> None:
        os.kill(self.process.pid, getattr(signal, name))

    @property
    def truth(self) -> dict[str, Any]:
        return json.loads((self.folder / "truth").read_text())

    @property
    def stopped(self) -> bool:
        """The belt is at rest in truth, and Stop was written."""
        return self.truth["true_speed"] == [0.0] and "0801" in self.truth["written"]

    @property
    def rows(self) -> tuple[Any, ...]:
        """The journal of the session so far."""
        file = self.folder / "data" / "records.sqlite3"
        return tuple(read.session(file, read.sessions(file)[0].id).rows)

    @property
    def restored(self) -> bool:
        return termios.tcgetattr(self.slave) == self.before

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self.process.stderr.closed:
            self.process.stderr.close()
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)
