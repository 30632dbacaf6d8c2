"""A session with its wall screen: many viewers, one that never reads, and none of it costs the session anything."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest
from wall_tools import Watching, stalled
from whole import FrontEnd, Whole

from retroctl.adapters.wall import server
from retroctl.adapters.wall.address import WallAddress
from retroctl.adapters.wall.qr import qr_lines
from retroctl.adapters.wall.server import Wall
from retroctl.app.clock import ScaledClock
from retroctl.app.reports import Kind
from retroctl.app.snapshot import snapshot
from retroctl.cli.app import run_app
from retroctl.cli.front import Front
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "C0:FF:EE:00:00:01"
PACE = 40.0
VIEWERS = 50
LATE_S = 0.5
"""What failsafe F15 calls a blocked loop, in processor time: others share the two cores. When quiet it is a few ms."""
HUNG_S = 5.0
"""Real seconds that only a call which waits for a viewer takes: the one that never reads would hold it for ever."""


async def lateness(most: list[float]) -> None:
    """The longest that the loop worked, and that it took, between two looks."""
    loop = asyncio.get_running_loop()
    while True:
        due, worked = loop.time() + 0.01, time.thread_time()
        await asyncio.sleep(0.01)
        most[:] = max(most[0], time.thread_time() - worked), max(most[1], loop.time() - due)


async def test_fifty_viewers_and_one_that_never_reads_cost_the_session_nothing(monkeypatch):
    monkeypatch.setattr(server, "STALLED_S", 1.0)
    monkeypatch.setattr(server, "SEND_BUFFER", 2048)
    monkeypatch.setattr(server, "SPACING_S", 0.04)  # five times as much as there ever is to send
    monkeypatch.setattr(server, "URGENT_SPACING_S", 0.02)
    clock = ScaledClock(PACE)
    machine = FtmsMachine(personality("standard"), seed=3, now=clock.now())
    radio = SimulatedRadio(clock)
    device = radio.add(machine, address=ADDRESS)
    run = Whole(
        FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: radio.drop(ADDRESS)), clock=clock
    )

    def look():
        engine = run.runner.engine
        return None if engine is None else snapshot(engine, run.runner.now())

    failed: list[str] = []
    wall = Wall(WallAddress("127.0.0.1", 0, lan=False), look, pace=PACE, failed=failed.append)
    await wall.open()
    port = int(wall.url.split(":")[2].strip("/"))
    run.runner._listeners.append(wall)
    sleeper = stalled(port)
    viewers = [await Watching.at(port) for _ in range(VIEWERS - 1)]
    over_full = await Watching.at(port)
    readers = [asyncio.create_task(viewer.to_the_end()) for viewer in viewers]
    most = [0.0, 0.0]
    watch = asyncio.create_task(lateness(most))
    try:
        async with asyncio.timeout(60):
            await run.begin()
            result = await run.finish(within_s=3600)
        still_there = len(wall._viewers)
        await wall.close()
        async with asyncio.timeout(10):
            await asyncio.gather(*readers)
    finally:
        watch.cancel()
        clock.stop()
        sleeper.close()
        for viewer in (*viewers, over_full):
            await viewer.close()

    assert (result.status, result.belt_at_rest) == (0, True)
    assert run.written == ["00", "07", "026400", "02b400", "026400", "0801"]
    assert all(held["seconds"] >= 60 for held in run.of(Kind.HELD))
    assert run.of(Kind.ALARM) == []
    assert failed == []
    assert over_full.status == 503
    # Windows takes what it likes into its own buffers before it says that nobody reads.
    assert still_there == VIEWERS - 1 or sys.platform == "win32", "the one that never read was dropped"
    assert most[0] < LATE_S
    assert most[1] < HUNG_S
    for viewer in viewers:
        assert viewer.over
        states = {event["state"] for event in viewer.events}
        assert {"settling", "holding", "easing_down", "stopped"} <= states
        assert max(event["speed"] or 0 for event in viewer.events) == pytest.approx(1.8, abs=0.05)
        assert {event["stop"] for event in viewer.events} >= {None, "STOPPING"}


def started(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """`retroctl run` as a process, and the address of its wall screen."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "retroctl",
            "run",
            "--sim",
            "standard",
            "--yes",
            "--top",
            "1.8",
            "--hold",
            "60",
            *arguments,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "RETROCTL_DATA_DIR": str(folder)},
    )
    told: queue.Queue[str] = queue.Queue()

    def first_line() -> None:
        for line in process.stderr:
            if "wall screen" in line:
                told.put(line)
                return

    threading.Thread(target=first_line, daemon=True).start()
    return process, told.get(timeout=30).split("wall screen: ")[1].strip()


def fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the address that the program has just said
        return answer.read(400)


@pytest.mark.parametrize("output", ["--plain", "--jsonl"])
def test_the_program_serves_its_page_beside_either_output(tmp_path, output):
    process, url = started(tmp_path, output, "--speedup", "100", "--wall", "127.0.0.1:0")
    try:
        assert b"<!doctype html>" in fetched(url)
        assert fetched(url + "events").startswith(b'data: {"speed":')
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "\x1b" not in out + err, "no code of squares where there is no terminal"
    if output == "--jsonl":
        lines = [json.loads(line) for line in out.splitlines()]
        assert lines[-1]["type"] == "summary"
        assert lines[-1]["belt_at_rest"] is True


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_signal_still_stops_the_belt_with_a_viewer_looking_on(tmp_path):
    process, url = started(tmp_path, "--jsonl", "--speedup", "5", "--wall-lan", "--wall", "127.0.0.1:0")
    try:
        token = url.rstrip("/").rsplit("/", 1)[1]
        with urllib.request.urlopen(url + "events", timeout=10) as viewer:  # noqa: S310 - as above
            while b'"state":"settling"' not in viewer.readline():
                pass
            process.send_signal(signal.SIGTERM)
            rest = viewer.read()
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert b"STOPPING" in rest
    assert b"event: over" in rest
    assert json.loads(out.splitlines()[-1])["belt_at_rest"] is True
    assert token not in out, "the token is for the trainer's eyes, not for a log"
    assert "Traceback" not in err
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert kept
    assert token.encode() not in kept


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--wall", "192.168.1.5:1"], "add --wall-lan"),
        (["--wall", "nowhere"], "write it as HOST:PORT"),
        (["--wall", "1.2.3.4.5", "--wall-lan"], "write it as HOST:PORT"),
        (["--wall=127.0.0.1:99999"], "up to 65535"),
    ],
)
def test_a_wrong_address_is_one_line_and_status_2(monkeypatch, capsys, tmp_path, asked, words):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["retroctl", "run", "--sim", "standard", "--yes", *asked])
    with pytest.raises(SystemExit) as ended:
        run_app()
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert words in captured.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_on_a_terminal_the_address_comes_with_its_code(tmp_path):
    import fcntl  # noqa: PLC0415 - not on Windows
    import pty  # noqa: PLC0415
    import termios  # noqa: PLC0415

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "retroctl",
            "run",
            "--sim",
            "standard",
            "--yes",
            "--jsonl",
            "--speedup",
            "100",
            "--top",
            "1.8",
            "--hold",
            "60",
            "--wall-lan",
            "--wall",
            "127.0.0.1:0",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env={**os.environ, "RETROCTL_DATA_DIR": str(tmp_path)},
    )
    os.close(slave)
    told = b""
    try:
        while b"\x1b[0m" not in told or told.count(b"\n") < 10:
            told += os.read(master, 4096)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        os.close(master)
    url = told.decode().split("wall screen: ")[1].split()[0]
    assert [line.strip() for line in qr_lines(url)][:5] == [line.strip() for line in told.decode().splitlines()[1:6]]


async def test_running_out_of_sockets_is_noted_and_stops_nothing():
    noted, faults = [], []

    class Runner:
        report = staticmethod(lambda kind, data: noted.append((kind, data)))
        fault = staticmethod(faults.append)

    front = Front.__new__(Front)
    front._runner = Runner
    loop = asyncio.get_running_loop()
    context = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(24, "Too many"),
        "socket": None,
    }
    front._unexpected(loop, context)
    assert (len(noted), faults) == (1, [])
    front._unexpected(loop, {"message": "a bug", "exception": RuntimeError("a bug")})
    assert len(faults) == 1


def test_without_the_extra_one_line_says_how_to_get_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "segno", None)
    monkeypatch.delitem(sys.modules, "retroctl.adapters.wall.qr", raising=False)
    monkeypatch.setattr(sys, "argv", ["retroctl", "run", "--sim", "standard", "--yes", "--jsonl", "--wall"])
    with pytest.raises(SystemExit) as ended:
        run_app()
    captured = capsys.readouterr()
    assert ended.value.code == 2
    assert "pip install '.[wall]'" in captured.err
