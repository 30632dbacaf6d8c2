"""The voice of a run, as the options want it; and what the front ends hear of its troubles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.app.reports import Kind

if TYPE_CHECKING:
    from retroctl.adapters.voice import Voice
    from retroctl.app.runner import Runner
    from retroctl.cli.options import RunOptions


def voice_for(options: RunOptions) -> Voice | None:
    """A voice, or None where none is wanted."""
    if not options.voice:
        return None
    from retroctl.adapters.voice import Voice, system_engine  # noqa: PLC0415 - only when it speaks

    return Voice(
        volume=options.volume,
        mph=options.settings.voice_units == "mph",
        # Beside a clock that runs faster, a spoken sentence takes minutes of the session: no raise waits for it then.
        awaited=options.speedup == 1,
        engine=system_engine(options.volume),
    )


def report_voice(runner: Runner, why_silent: str | None) -> None:
    """Tell screen and record, once, that the cues are not heard; or that they are again."""
    if why_silent is None:
        runner.report(Kind.EVENT, {"event": "Voice", "text": "heard again"})
    else:
        reason = f"silent: {why_silent}; cues and count-downs are on the screen"
        runner.report(Kind.REFUSAL, {"rule": "voice", "reason": reason})
