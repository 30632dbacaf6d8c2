"""The guard of a run on a real machine, where this system can have one; and what is said where it cannot."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from retroctl.adapters.guard.keeper import WITHOUT, Keeper
from retroctl.app.reports import Kind
from retroctl.cli.guard import Post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from retroctl.adapters.ble.treadmill import BleTreadmill
    from retroctl.app.reports import Report
    from retroctl.app.runner import Runner

ALARM_ID = "guard"
NOT_HERE = f"NO GUARD (it needs Linux with BlueZ): {WITHOUT}"


class NoGuard:
    """Where there can be no guard: said once, when the session begins."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice

    def begin(self) -> None:
        """Say so."""
        self._notice(NOT_HERE)

    def __call__(self, report: Report) -> None:
        """Nothing to tell anybody."""

    async def close(self, *, at_rest: bool) -> None:
        """Nothing to end."""


def guard_for(treadmill: BleTreadmill, runner: Runner, *, data_dir: Path, volume: int) -> Keeper | NoGuard:
    """The guard for a run on this machine."""

    def notice(text: str) -> None:
        runner.report(Kind.ALARM, {"id": ALARM_ID, "text": text})

    def in_place(missed: bool) -> None:
        if missed:
            notice("the guard is in place")
        runner.report(Kind.EVENT, {"event": "Guard", "text": "in place"})

    def took_over(why: str) -> None:
        runner.report(Kind.ALARM, {"id": ALARM_ID, "text": f"the guard stops the belt: {why}"})
        runner.stop("the guard", person=False)

    path = treadmill.system_path
    if path is None or sys.platform != "linux":
        return NoGuard(notice)
    post = Post(treadmill.address, treadmill.name, path, _terminal(), str(data_dir / "locks"), volume)
    return Keeper(post.command(), runner.clock, notice=notice, in_place=in_place, took_over=took_over)


def _terminal() -> str | None:
    """The terminal on which the trainer looks, if there is one."""
    for descriptor in (2, 1, 0):
        try:
            return os.ttyname(descriptor)
        except OSError:
            continue
    return None
