"""The whole program as a trainer runs it: a process of its own, a terminal for its keys, its JSON lines read back."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radio import say, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from radio import SimulatedTreadmill

Line = dict[str, Any]

ENTER, STOP, CONSOLE_START = b"\r", b" ", b"c"
BRIEFING = (b"y", b"y", b"1", b"y", b"y", b"y", b"4")
"""Clip, clip tried, gaze target, rails, space behind, reminders, confidence."""
QUIET = frozenset({"telemetry"})
UP_S = 240.0
"""From the command to the first question: emulated on a busy computer, the imports alone took 70 s."""
KEY_S = 20.0
EXIT_S = 60.0


class Program:
    """One running `retroctl run --jsonl`. `lines` holds what it has said, each with `at`: monotonic seconds here."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._news = asyncio.Condition()
        self._readers = [
            asyncio.create_task(self._read_lines(), name="program's lines"),
            asyncio.create_task(self._read_questions(), name="program's questions"),
        ]
        self.lines: list[Line] = []
        self.questions: list[str] = []

    def press(self, key: bytes) -> float:
        """Press a key on the terminal; gives the time of it."""
        say(f"pressed {key!r}")
        os.write(self._terminal, key)
        return time.monotonic()

    @property
    def process_id(self) -> int:
        """The program's process."""
        return self._process.pid

    def signal(self, number: int) -> float:
        """Send the program a signal; gives the time of it."""
        self._process.send_signal(number)
        return time.monotonic()

    async def brief_and_arm(self) -> None:
        """Answer the briefing, each question when it stands there; then the session is armed and nothing written."""
        await self.state("briefing", UP_S)
        for number, key in enumerate(BRIEFING, 1):
            await until(lambda number=number: self._asks(number), KEY_S, f"question {number}")
            self.press(key)
        await self.state("armed", KEY_S)

    def _asks(self, number: int) -> bool:
        """Whether a question of the briefing was put; what the answer before it was is printed as well."""
        return any(line.startswith(f"{number}/{len(BRIEFING)}  ") for line in self.questions)

    async def start_at_the_console(self, treadmill: SimulatedTreadmill) -> None:
        """Open the window, press START on the machine, within the 60 s of the window."""
        self.press(CONSOLE_START)
        await self.state("starting", KEY_S)
        assert treadmill.machine.console_start(time.monotonic())

    async def until(self, wanted: Callable[[Line], bool], seconds: float, what: str, *, since: int = 0) -> Line:
        """Wait for a line, one from number `since` on. Raises AssertionError, with what was said last."""
        try:
            async with asyncio.timeout(seconds), self._news:
                while True:
                    for line in self.lines[since:]:
                        if wanted(line):
                            return line
                    if self._readers[0].done():
                        raise AssertionError(f"the program ended before: {what}")
                    since = max(since, len(self.lines))
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s: {what}; last: {self.lines[-3:]}") from None

    async def state(self, name: str, seconds: float, *, since: int = 0) -> Line:
        """Wait until the session is in a state."""
        return await self.until(
            lambda line: line["type"] == "state" and line["state"] == name, seconds, f"state {name}", since=since
        )

    async def ended(self, seconds: float = EXIT_S) -> int:
        """Wait for the end; gives the exit status. Raises AssertionError."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait(self._readers)
                return await self._process.wait()
        except TimeoutError:
            raise AssertionError(f"the program did not end within {seconds} s; last: {self.lines[-3:]}") from None

    def said(self, kind: str) -> list[Line]:
        """All lines of a type."""
        return [line for line in self.lines if line["type"] == kind]

    async def _read_lines(self) -> None:
        assert self._process.stdout is not None
        async for raw in self._process.stdout:
            line = json.loads(raw)
            if line["type"] not in QUIET:
                say(f"program: {raw.decode().strip()}")
            async with self._news:
                self.lines.append({**line, "at": time.monotonic()})
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()

    async def _read_questions(self) -> None:
        assert self._process.stderr is not None
        async for raw in self._process.stderr:
            self.questions.append(raw.decode(errors="replace").rstrip())
            say(f"program asks: {self.questions[-1]}")

    async def end(self) -> None:
        """Whatever happened: no process is left behind."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await asyncio.wait(self._readers, timeout=5)
        for reader in self._readers:
            reader.cancel()


@asynccontextmanager
async def run_program(*arguments: str) -> AsyncIterator[Program]:
    """Start `retroctl run` with a terminal on its input."""
    async with gated_program(*arguments) as let_go:
        yield let_go()


@asynccontextmanager
async def gated_program(*arguments: str) -> AsyncIterator[Callable[[], Program]]:
    """The same, which imports what it needs and then waits until it is let go; what is yielded lets it go."""
    ours, theirs = os.openpty()
    waits, opens = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(Path(__file__).with_name("gated.py")), "run", "--jsonl", *arguments,
            stdin=theirs, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            pass_fds=[waits], env={**os.environ, "GATE": str(waits)},
        )  # fmt: skip
        os.close(theirs)
        program = Program(process, ours)

        def let_go() -> Program:
            os.write(opens, b".")
            return program

        try:
            yield let_go
        finally:
            await program.end()
    finally:
        for descriptor in (ours, waits, opens):
            os.close(descriptor)
