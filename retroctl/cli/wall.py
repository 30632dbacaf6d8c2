"""The wall screen of a run: opened before the treadmill is looked for, closed after the summary."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import Snapshot, snapshot
from retroctl.errors import ConfigError, needs_extra

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from retroctl.app.runner import Runner
    from retroctl.cli.options import RunOptions


@asynccontextmanager
async def wall_screen(
    options: RunOptions, runner: Runner, listeners: list[Callable[[Report], None]], say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Serve the page while inside, if it was asked for. `say` prints a line; the token goes there and nowhere else.

    Raises ConfigError when the address cannot be had.
    """
    if options.wall is None:
        yield
        return
    try:
        from retroctl.adapters.wall.qr import columns, qr_lines  # noqa: PLC0415 - an extra, and only for those who ask
        from retroctl.adapters.wall.server import Wall  # noqa: PLC0415 - heavy
    except ImportError as error:
        raise ConfigError(f"--wall needs {needs_extra('wall')} ({error})") from error

    def picture() -> Snapshot | None:
        return None if runner.engine is None else snapshot(runner.engine, runner.now())

    def failed(text: str) -> None:
        runner.report(Kind.EVENT, {"event": "WallFailed", "text": text})

    wall = Wall(options.wall, picture, pace=options.speedup, failed=failed)
    await wall.open()
    listeners.append(wall)
    try:
        say(f"The client's wall screen: {wall.url}")
        if options.wall.lan:
            code = qr_lines(wall.url)
            for line in code if columns(code[0]) < _columns() else []:
                say(line)
        yield
    finally:
        await wall.close()


def _columns() -> int:
    """How wide the terminal behind standard error is; 0 where there is none: a code in a file is noise."""
    try:
        return os.get_terminal_size(2).columns
    except OSError:
        return 0
