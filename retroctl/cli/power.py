"""What the computer's own power has to do with a run: told on screen and record, waited for by nobody."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from retroctl.app.reports import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retroctl.app.reports import Report
    from retroctl.app.runner import Runner
    from retroctl.cli.options import RunOptions


@contextmanager
def power_watched(options: RunOptions, runner: Runner, listeners: list[Callable[[Report], None]]) -> Iterator[None]:
    """While inside, the computer is kept awake from arming on, and a low battery is told.

    A simulated belt beside a clock that runs faster, or with nobody at a terminal, is nothing to stay awake for.
    """
    if options.sim is not None and (not options.terminal or options.speedup != 1):
        yield
        return
    from retroctl.adapters.power import Awake, BatteryWatch  # noqa: PLC0415 - only where a belt may move

    awake, battery = Awake(), BatteryWatch()
    listeners.append(awake)
    awake.begin(lambda held, words: _tell_awake(runner, words, held=held))
    battery.begin(lambda warning: runner.report(Kind.ALARM, {"id": "battery", "text": warning}))
    try:
        yield
    finally:
        battery.close()
        awake.close()


def _tell_awake(runner: Runner, words: str, *, held: bool) -> None:
    if held:
        runner.report(Kind.EVENT, {"event": "Awake", "text": words})
    else:
        reason = f"this computer may go to sleep, and the belt would run on: {words}; switch its sleep off"
        runner.report(Kind.REFUSAL, {"rule": "awake", "reason": reason})
