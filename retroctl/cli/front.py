"""What a person or a program sees of a run, and the ways by which they act on it."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.console.chart import Trace
from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.console.keys import keys
from retroctl.adapters.console.lines import PlainLines
from retroctl.adapters.console.output import Output
from retroctl.adapters.console.text import plain
from retroctl.adapters.console.trainer import KeyTrainer
from retroctl.app.attendant import Attendant
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import Snapshot, snapshot
from retroctl.cli.summing_up import belt_words, reason_words, summary_lines
from retroctl.cli.ways_out import ways_out
from retroctl.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AsyncExitStack

    from retroctl.adapters.tui.facts import Facts
    from retroctl.adapters.tui.screen import TrainerScreen
    from retroctl.app.afterwards import After
    from retroctl.app.result import Result
    from retroctl.app.runner import Runner
    from retroctl.cli.options import RunOptions

KEEP_S: Final = 6.0
"""What was said last is waited for so long, a little more than the record takes at most."""


class Front:
    """What a person or a program sees of a run, and the ways by which they act on it."""

    def __init__(
        self,
        options: RunOptions,
        runner: Runner,
        errors: Output,
        stack: AsyncExitStack,
        *,
        machine: tuple[str, str],
        said: list[str],
        keep: Callable[[After], Coroutine[None, None, None]],
    ) -> None:
        """Everything that must be undone goes on `stack`.

        `machine`: name and address of the treadmill; `said`: lines that the trainer's screen covers; `keep`: brings
        what is said after the session into the record, bounded.
        """
        loop = asyncio.get_running_loop()

        def reader_gone() -> None:
            loop.call_soon_threadsafe(runner.leave, "the output was closed")

        self._runner, self._errors, self._stack = runner, errors, stack
        self._waits = not options.yes
        self._keep = keep
        self._keeping: set[asyncio.Task[None]] = set()
        self._screen: TrainerScreen | None = None
        self._output = Output(1, reader_gone)
        stack.callback(self._output.close)
        stack.callback(loop.set_exception_handler, None)
        loop.set_exception_handler(self._unexpected)
        stack.enter_context(ways_out(runner.leave))
        self._lines: PlainLines | None = None
        self._trace = Trace()
        self.listeners: list[Callable[[Report], None]] = []
        if options.jsonl:
            self.listeners.append(JsonLines(self._output))
        else:
            self._lines = PlainLines(self._output, self._picture, columns=_columns if _is_terminal() else None)
            self.listeners += [self._print, self._trace]
        if options.yes:
            rates = options.strap is not None and options.heart.high_bpm is None
            self.listeners.append(Attendant(runner.clock, runner.tell, alone=not options.terminal, rates=rates))
        if options.terminal:
            self._trainer = KeyTrainer(
                self._say, runner.tell, runner.stop, runner.leave, answered=options.yes, remote=options.remote
            )
            self.listeners.append(self._trainer)
            if options.screen:
                self._open_screen(*machine, said, options)
            else:
                self._take_keys()

    def introduce(self, text: list[str], facts: Callable[[], Facts]) -> None:
        """What is going to happen, on whom and on what."""
        if self._screen is not None:
            self._screen.plan(facts())
        elif self._lines is not None:
            for line in text:
                self._lines.note(line)

    async def show_end(self, result: Result) -> None:
        """On the trainer's screen, until a key; then the terminal is as it was."""
        if self._screen is not None:
            if self._waits and not self._runner.leaving:
                await self._screen.show_end(reason_words(result), belt_words(result))
            if self._keeping:
                await asyncio.wait(self._keeping, timeout=KEEP_S)
            await self._screen.close()

    def sum_up(self, summary: dict[str, Any], result: Result) -> None:
        """What it came to, for a person."""
        if self._lines is not None:
            for line in summary_lines(summary, result, self._trace.points):
                self._lines.note(line)

    def close(self) -> bool:
        """Print what waits; False where not all of it found a reader."""
        return self._output.close()

    # -- the trainer's screen --------------------------------------------------------------------------------------

    def _open_screen(self, name: str, address: str, said: list[str], options: RunOptions) -> None:
        from retroctl.adapters.tui.controls import Controls  # noqa: PLC0415 - heavy, and not needed for lines
        from retroctl.adapters.tui.facts import Machine  # noqa: PLC0415 - heavy
        from retroctl.adapters.tui.screen import TrainerScreen  # noqa: PLC0415 - heavy

        runner = self._runner
        controls = Controls(
            runner.tell,
            runner.stop,
            runner.leave,
            self._picture,
            lambda: runner.now() - runner.began_at,
            self._keep_after,
        )
        self._screen = TrainerScreen(
            controls,
            Machine(name, address, options.sim is not None),
            said=tuple(said),
            remote=options.remote,
            failed=self._screen_failed,
            gone=self._terminal_gone,
            ended=self._take_keys,
        )
        self.listeners.append(self._screen.feed)
        self._stack.push_async_callback(self._screen.close)
        self._screen.open()

    def _keep_after(self, said: After, told: Callable[[str | None], None]) -> None:
        """What was said after the session, into the record; the screen is told what became of it."""

        async def keep() -> None:
            try:
                await self._keep(said)
            except JournalError as error:
                told(str(error))
                self._errors.line(f"retroctl: what was said after the session is NOT kept: {plain(str(error))}")
            else:
                told(None)

        task = asyncio.create_task(keep(), name="keep what was said afterwards")
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    def _screen_failed(self, error: BaseException) -> None:
        """The screen is broken: stop. Lines and keys take its place as long as the belt needs somebody."""
        self._runner.fault(error)

    def _terminal_gone(self) -> None:
        self._runner.leave("the terminal was closed")

    def _take_keys(self) -> None:
        """Single keys, from the beginning or after the screen has failed; it is called in the loop either way."""
        self._stack.enter_context(keys(self._trainer.pressed, self._terminal_gone))

    def _print(self, report: Report) -> None:
        """Lines are printed only while no screen is over them."""
        if self._lines is not None and (self._screen is None or not self._screen.alive):
            self._lines(report)

    def _picture(self) -> Snapshot | None:
        engine = self._runner.engine
        return None if engine is None else snapshot(engine, self._runner.now())

    def _say(self, text: str) -> None:
        if self._screen is not None and self._screen.alive:
            return  # it asks by itself
        if self._lines is not None:
            self._lines.note(text)
        else:
            self._errors.line(text)

    def _unexpected(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What no one caught: a fault of ours stops the belt; a library's forgotten future is only noted."""
        error, message = context.get("exception"), str(context.get("message"))
        # The system ran out of sockets for a page's viewers: asyncio tries again in a second, and the belt is well.
        no_room = isinstance(error, OSError) and "socket" in context
        if error is None or no_room or "never retrieved" in message:
            self._runner.report(Kind.EVENT, {"event": "Unexpected", "text": f"{message}: {error}"})
        else:
            self._runner.fault(error)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _columns() -> int:
    try:
        return os.get_terminal_size(1).columns or 80
    except OSError:
        return 80
