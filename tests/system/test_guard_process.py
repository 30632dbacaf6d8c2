"""The guard as a process: its parent is killed, frozen, blocked or ends; what the guard writes is read from a file.

Both programs here are the program's own parts; only the treadmill is a stand-in, whose belt falls when told.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retroctl.adapters.ble.lock import machine_lock
from retroctl.cli.guard import Post
from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the guard needs Linux")

LEAVES_SCREEN = "\x1b[?1049l"

GUARD = """
import asyncio, json, sys, time
from retroctl.app.ports import FrameArrived, MachineInfo
from retroctl.cli.guard import Post, stand

post = Post(**json.loads(sys.argv[1]))

class StandIn:
    name, address = "stand-in", "AA"

    def __init__(self, clock, beside):
        self.kmh = 3.0
        self.falls = False

    async def open(self, sink, urgent):
        self.sink = sink
        assert urgent() is None
        self.frames = asyncio.create_task(self.tell())
        return MachineInfo("stand-in", "AA", 1, True, True, False, None, None, None)

    async def write(self, payload):
        with open(post.path, "a") as file:
            file.write(f"{time.monotonic()} {payload.hex()}\\n")
        self.falls = True
        self.sink(FrameArrived(1, "2ad9", bytes((0x80, payload[0], 1))))

    async def tell(self):
        while True:
            await asyncio.sleep(0.1)
            if self.falls:
                self.kmh = max(0.0, self.kmh - (0.01 if post.name == "slow" else 0.5))
            self.sink(FrameArrived(1, "2acd", b"\\0\\0" + round(self.kmh * 100).to_bytes(2, "little")))

stand(post, StandIn)
"""

PROGRAM = """
import asyncio, sys, time
from retroctl.adapters.guard.keeper import Keeper
from retroctl.app.clock import LoopClock
from retroctl.app.reports import Kind, Report

async def main():
    def say(*words):
        print(*words, flush=True)

    keeper = Keeper(
        [sys.executable, "-c", *sys.argv[1:]], LoopClock(), notice=lambda text: say("notice", text),
        in_place=lambda missed: say("in place", keeper.process_id, missed), took_over=lambda why: say("took over", why),
    )
    keeper.begin()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        match line.decode().strip():
            case "arm":
                keeper(Report(0.0, Kind.STATE, {"state": "armed"}))
                say("armed")
            case "block":
                time.sleep(5)
                say("awake")
            case "end":
                await keeper.close(at_rest=True)
                say("ended")
            case "leave":
                await keeper.close(at_rest=False)
                return

asyncio.run(main())
"""


class Program:
    def __init__(self, process: subprocess.Popen[str], folder: Path, terminal: int) -> None:
        self.process, self.terminal = process, terminal
        self._file = folder / "writes"
        self.guard = 0

    def say(self, word: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def in_place(self, *, arm: bool = True) -> None:
        words = self.line().split()
        assert words[:2] == ["in", "place"], words
        self.guard = int(words[2])
        if arm:
            self.say("arm")
            assert self.line() == "armed"

    @property
    def written(self) -> list[tuple[float, str]]:
        if not self._file.exists():
            return []
        lines = [line.split() for line in self._file.read_text().splitlines()]
        return [(float(at), payload) for at, payload in lines]

    def shown(self) -> str:
        with suppress(BlockingIOError):
            return os.read(self.terminal, 65536).decode()
        return ""


@contextmanager
def program(folder: Path, *, name: str = "stand-in") -> Iterator[Program]:
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    post = Post("AA", name, str(folder / "writes"), os.ttyname(theirs), str(folder / "locks"), 0)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, GUARD, json.dumps(asdict(post))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    running = Program(process, folder, ours)
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        if running.guard:
            with suppress(ProcessLookupError):
                os.kill(running.guard, signal.SIGKILL)
        os.close(ours)
        os.close(theirs)


def until(happened: Callable[[], object], seconds: float, what: str) -> float:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return time.monotonic()


def alive(process: int) -> bool:
    """Whether it runs; what has ended and was not reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def free(locks: Path) -> bool:
    """Whether a program may take the machine."""
    try:
        with machine_lock("AA", "stand-in", folder=locks):
            return True
    except TreadmillError:
        return False


def test_a_killed_program_is_followed_by_stop_at_once_and_the_guard_ends_when_the_belt_rests(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        time.sleep(0.6)
        assert run.written == []
        at = time.monotonic()
        run.process.kill()
        until(lambda: run.written, 5, "Stop")
        stop_at, payload = run.written[0]
        assert payload == "0801"
        assert stop_at - at < 2.5, "sooner than a program that merely stands still is stopped, on a late computer too"
        until(lambda: not alive(run.guard), 15, "the guard ends")
        assert {payload for _, payload in run.written} == {"0801"}
        shown = run.shown()
        assert "\a" in shown
        assert LEAVES_SCREEN in shown
        assert "retroctl has died. The guard stops the belt" in shown
        assert "the belt is measured at rest" in shown


def test_a_program_killed_before_arming_is_followed_without_a_write(tmp_path):
    with program(tmp_path) as run:
        run.in_place(arm=False)
        run.process.kill()
        until(lambda: not alive(run.guard), 5, "the guard ends")
        assert run.written == []
        assert run.shown() == ""


@pytest.mark.parametrize("how", ["frozen", "blocked"])
def test_a_program_that_stands_still_is_stopped_after_3_s_and_told_when_it_is_back(tmp_path, how):
    with program(tmp_path) as run:
        run.in_place()
        at = time.monotonic()
        if how == "frozen":
            run.process.send_signal(signal.SIGSTOP)
        else:
            run.say("block")
        until(lambda: run.written, 6, "Stop")
        stop_at, payload = run.written[0]
        assert payload == "0801"
        assert 2.4 < stop_at - at < 4.0
        if how == "frozen":
            run.process.send_signal(signal.SIGCONT)
        else:
            assert run.line() == "awake"
        assert run.line() == "took over retroctl does not answer"
        assert alive(run.guard), "it guards on"


def test_signals_that_a_closed_terminal_or_a_logout_sends_do_not_end_the_guard(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        assert os.getpgid(run.guard) != os.getpgid(run.process.pid)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
            os.kill(run.guard, number)
        os.killpg(run.process.pid, signal.SIGHUP)  # the program of this test dies of it
        until(lambda: run.written, 5, "Stop")


def test_an_end_at_rest_ends_the_guard_without_a_write_and_leaves_no_process(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        run.say("end")
        assert run.line() == "ended"
        assert not Path(f"/proc/{run.guard}").exists(), "reaped"
        assert run.written == []
        assert run.shown() == ""


def test_a_program_that_ends_with_the_belt_not_seen_at_rest_leaves_the_guard_to_stop_it(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        run.say("leave")
        until(lambda: run.written, 5, "Stop")
        until(lambda: not alive(run.guard), 15, "the guard ends")
        shown = run.shown()
        assert "retroctl has ended and the belt was not seen at rest" in shown
        assert LEAVES_SCREEN not in shown, "the program does that itself"


def test_a_guard_that_dies_is_told_and_replaced_and_never_stops_a_belt_that_is_well(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        for number in range(2):
            os.kill(run.guard, signal.SIGKILL)
            assert run.line().startswith("notice NO GUARD (its process ended, trying again): if this program dies")
            until(lambda: not Path(f"/proc/{run.guard}").exists(), 5, "reaped")
            line = run.line()
            assert line.startswith("in place"), line
            assert line.endswith("True"), "the trainer was told that there was none"
            assert int(line.split()[2]) != run.guard, number
            run.guard = int(line.split()[2])
        os.kill(run.guard, signal.SIGKILL)
        assert run.line().startswith("notice NO GUARD (its process ended): if this program dies, the belt goes on")
        assert run.written == []


def test_a_new_guard_is_armed_like_the_one_before(tmp_path):
    with program(tmp_path) as run:
        run.in_place()
        os.kill(run.guard, signal.SIGKILL)
        assert run.line().startswith("notice")
        run.guard = int(run.line().split()[2])
        time.sleep(0.2)
        run.process.kill()
        until(lambda: run.written, 5, "Stop")


def test_while_the_guard_stops_a_belt_no_second_program_may_take_the_machine(tmp_path):
    with program(tmp_path, name="slow") as run:
        run.in_place()
        run.process.kill()
        until(lambda: run.written, 5, "Stop")
        holder = tmp_path / "locks" / "AA.holder"
        until(lambda: holder.exists() and holder.read_text() == str(run.guard), 10, "the lock")
        with (
            pytest.raises(TreadmillError, match=f"process {run.guard}"),
            machine_lock("AA", "stand-in", folder=tmp_path / "locks"),
        ):
            pass
        os.kill(run.guard, signal.SIGKILL)
        until(lambda: free(tmp_path / "locks"), 5, "the lock is free: its last thread ends a moment after the process")
