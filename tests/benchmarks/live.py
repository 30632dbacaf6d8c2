"""A real `retroctl run` on a pseudo-terminal of 120x40 with somebody at its keys, watched from outside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

VIEWERS = 5
LIMIT_S = 60.0
CONTROLS = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """One run of the program with somebody at its keys."""

    def __init__(
        self,
        folder: Path,
        child: list[str],
        wanted: list[str],
        *,
        bare: bool = False,
        descriptors: tuple[int, ...] = (),
    ) -> None:
        """`child`: the script that runs the program, with its own arguments; `wanted`: what the program is asked.

        `bare`: without wall page and voice; `descriptors`: what the child inherits.
        """
        player = folder / "bin"
        player.mkdir(exist_ok=True)
        (player / "aplay").write_text("#!/bin/sh\nexec sleep 2\n")
        (player / "aplay").chmod(0o755)
        self.port = free_port()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        beside = ["--quiet"] if bare else ["--wall", f"127.0.0.1:{self.port}", "--voice"]
        self.process = subprocess.Popen(
            [sys.executable, *child, *wanted, *beside],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=descriptors,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads yet
            env={
                **os.environ,
                "RETROCTL_DATA_DIR": str(folder / f"data-{self.port}"),
                "TERM": "xterm-256color",
                "PATH": f"{player}:{os.environ['PATH']}",
            },
        )
        os.close(slave)
        self.painted = b""
        self._lock = threading.Lock()
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self.master, 65536):
                with self._lock:
                    self.painted = (self.painted + CONTROLS.sub(b"", data))[-200_000:]

    def see(self, *words: str) -> None:
        """Wait until one of these was painted since the last look."""
        end = time.monotonic() + LIMIT_S
        while not any(word.encode() in self.painted for word in words):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f"{words} never came: {self.painted[-2000:].decode('utf-8', 'replace')}")
            time.sleep(0.02)
        with self._lock:
            self.painted = b""

    def press(self, key: str) -> float:
        now = time.monotonic()
        os.write(self.master, key.encode())
        return now

    def begin(self) -> None:
        """Brief, arm, start, until the first hold."""
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

    def watch(self) -> list[socket.socket]:
        """Five viewers that read all they get; `seen` has how many bytes each."""
        self.seen, viewers = watch(self.port, self.process)
        return viewers

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, key: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+)", text)[1]) / 1024

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def watch(port: int, process: subprocess.Popen[bytes]) -> tuple[list[int], list[socket.socket]]:
    """Viewers of the wall page that read all they get, on a thread; how many bytes each has read, and their sockets."""
    viewers = []
    for _ in range(VIEWERS):
        viewer = socket.create_connection(("127.0.0.1", port))
        viewer.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        viewers.append(viewer)
    seen = [0] * VIEWERS

    def drain() -> None:
        with contextlib.suppress(OSError, ValueError):  # closed at the end
            while process.poll() is None:
                for ready in select.select(viewers, [], [], 0.5)[0]:
                    seen[viewers.index(ready)] += len(ready.recv(65536))

    threading.Thread(target=drain, name="viewers", daemon=True).start()
    return seen, viewers


def stops(writes: Path) -> list[float]:
    """When each Stop was handed to the Bluetooth library's backend, as screens_child.py tells it."""
    lines = (line.split() for line in writes.read_text().splitlines() if line.count(" ") == 1)
    return [float(at) for at, payload in lines if payload == "0801"]
