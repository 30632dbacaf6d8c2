"""What the screens cost: `python tests/benchmarks/screens.py [MINUTES] [PRESSES]` (10 and 200; about 15 minutes).

A real `retroctl run` on a pseudo-terminal of 120x40: trainer's screen, wall screen with five viewers, voice, record,
and a simulated treadmill that reports ten times a second. First its processor time and memory over MINUTES of it,
then the time from a STOP key in the terminal to the Stop handed to the Bluetooth backend, on a treadmill that ignores
Stop, so that each press is answered by a write: without and with 1,000 log lines a second. The player is a program that
sleeps for two seconds: there is no sound device to wait for.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from live import VIEWERS, Program, stops

CHILD = Path(__file__).with_name("screens_child.py")
MINUTES = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
PRESSES = int(sys.argv[2]) if len(sys.argv) > 2 else 200


def start(folder: Path, *, sim: str, lines: int) -> Program:
    top = "4.2" if sim == "standard" else "2.6"  # no other simulated machine was ever measured: 3.2 km/h at most
    wanted = ["run", "--sim", sim, "--client", "demo", "--top", top, "--hold", "120", "--advance", "auto"]
    return Program(folder, [str(CHILD), str(writes(folder, lines)), str(lines)], wanted)


def writes(folder: Path, lines: int) -> Path:
    return folder / f"writes-{lines}"


def cost(folder: Path) -> None:
    program = start(folder, sim="standard", lines=0)
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
    program = start(folder, sim="stop-ignored", lines=lines)
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
        written = stops(writes(folder, lines))
        late = []
        for at in pressed:
            after = next((stop for stop in written if stop >= at), None)
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
