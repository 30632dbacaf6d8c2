"""What the screens cost: `python tests/benchmarks/screens.py [MINUTES] [PRESSES]` (10 and 200; about 15 minutes).

A real `retroctl run` on a pseudo-terminal of 120x40: trainer's screen, wall screen with five viewers, voice, record,
and a simulated treadmill that reports ten times a second. First its processor time and memory over MINUTES of it,
then the time from a STOP key in the terminal to the Stop handed to the Bluetooth backend, on a treadmill that ignores
Stop, so that each press is answered by a write: without and with 1,000 log lines a second. The player is a program that
sleeps for two seconds: there is no sound device to wait for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import random
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

CHILD = Path(__file__).with_name("screens_child.py")
MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
PRESSES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
VIEWERS = 5
LIMIT_S = 60.0
CONTROLS = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78])")
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """One run of the program with somebody at its keys."""

    def __init__(self, folder: Path, port: int, *, sim: str, lines: int) -> None:
        self.writes = folder / f"writes-{sim}-{lines}"
        player = folder / "bin"
        player.mkdir(exist_ok=True)
        (player / "aplay").write_text("#!/bin/sh\nexec sleep 2\n")
        (player / "aplay").chmod(0o755)
        self.port = port
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        top = "4.2" if sim == "standard" else "2.6"  # no other simulated machine was ever measured: 3.2 km/h at most
        wanted = ["run", "--sim", sim, "--client", "demo", "--top", top, "--hold", "120", "--advance", "auto"]
        self.process = subprocess.Popen(
            [sys.executable, CHILD, self.writes, str(lines), *wanted, "--wall", f"127.0.0.1:{port}", "--voice"],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads yet
            env={
                **os.environ,
                "RETROCTL_DATA_DIR": str(folder / f"data-{sim}-{lines}"),
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
        """Five viewers that read all they get."""
        viewers = []
        for _ in range(VIEWERS):
            viewer = socket.create_connection(("127.0.0.1", self.port))
            viewer.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            viewers.append(viewer)
        self.seen = [0] * VIEWERS

        def drain() -> None:
            with contextlib.suppress(OSError, ValueError):  # closed at the end
                while self.process.poll() is None:
                    for ready in select.select(viewers, [], [], 0.5)[0]:
                        self.seen[viewers.index(ready)] += len(ready.recv(65536))

        threading.Thread(target=drain, name="viewers", daemon=True).start()
        return viewers

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, key: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+)", text)[1]) / 1024

    def stops(self) -> list[float]:
        lines = (line.split() for line in self.writes.read_text().splitlines() if line.count(" ") == 1)
        return [float(at) for at, payload in lines if payload == "0801"]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def cost(folder: Path) -> None:
    program = Program(folder, free_port(), sim="standard", lines=0)
    try:
        program.begin()
        viewers = program.watch()
        time.sleep(2.0)
        began, used, most = time.monotonic(), program.processor_s(), 0.0
        while time.monotonic() - began < MINUTES * 60 and program.process.poll() is None:
            time.sleep(1.0)
            most = max(most, program.memory_mb("VmRSS"))
        took = time.monotonic() - began
        spent = program.processor_s() - used
        print(
            f"{took:.0f} s with trainer's screen, {VIEWERS} viewers, voice, 10 Hz: {spent / took:.2%} of one core, "
            f"RSS at most {most:.0f} MB; viewers got {min(program.seen) / 1024:.0f} kB each; "
            f"load now {os.getloadavg()[0]:.1f}"
        )
        for viewer in viewers:
            viewer.close()
    finally:
        program.end()


def latency(folder: Path, lines: int) -> None:
    program = Program(folder, free_port(), sim="stop-ignored", lines=lines)
    try:
        program.begin()
        viewers = program.watch()
        random.seed(7)
        pressed = []
        for _ in range(PRESSES):
            # Within half a second a press is the same press to the program; after 1.5 s it repeats Stop by itself.
            time.sleep(random.uniform(0.6, 1.1))  # noqa: S311 - not for secrets
            pressed.append(program.press(random.choice((" ", "s", ".", "b"))))  # noqa: S311
        time.sleep(1.0)
        stops = program.stops()
        late = []
        for at in pressed:
            after = next((stop for stop in stops if stop >= at), None)
            late.append(float("inf") if after is None else (after - at) * 1000)
        late.sort()
        print(
            f"STOP key to backend, {lines} log lines a second, {PRESSES} presses: p50 {late[len(late) // 2]:.1f} ms, "
            f"p99 {late[int(0.99 * (len(late) - 1))]:.1f} ms, max {late[-1]:.1f} ms; load now {os.getloadavg()[0]:.1f}"
        )
        for viewer in viewers:
            viewer.close()
    finally:
        program.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for lines in (0, 1000):
            latency(Path(name), lines)
        cost(Path(name))
