"""What a session came to, in numbers for programs and in words for people."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.console.chart import draw
from retroctl.adapters.console.text import plain
from retroctl.app.noted import noted, noted_lines
from retroctl.app.summary import energy_words
from retroctl.domain.failsafes import FAILSAFES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.console.chart import Point
    from retroctl.app.result import Result
    from retroctl.app.summary import Tally

FULL_HOLD_S: Final = 60.0
"""The minute that is law; a hold below it was cut short."""
DEBUG: Final = "RETROCTL_DEBUG"

_REASONS: Final = {
    "key": "stopped by a key",
    "SIGINT": "stopped by Ctrl-C",
    "SIGTERM": "stopped because the program was told to end (SIGTERM)",
    "SIGHUP": "stopped because the terminal was closed (SIGHUP)",
    "SIGTSTP": "stopped by Ctrl-Z",
    "SIGQUIT": "stopped by Ctrl-backslash",
    "SIGBREAK": "stopped by Ctrl-Break",
    "the end of easing down": "eased down to rest",
    "ease down without a running belt": "asked to ease down while the belt was not known to run, and stopped",
    "the belt moves already; somebody may be on it": "the belt moves already, somebody may be on it: stop it at its "
    "console, then start anew",
    "the machine sends no speed": "the machine sends no speed: wake it (press a key, step on the belt), then start "
    "anew",
    "the connection was lost before anything was armed": "the connection was lost before anything was armed: bring "
    "this computer nearer, then start anew",
}


def summary_of(tally: Tally, result: Result, record: str) -> dict[str, Any]:
    """The summary of JSON lines."""
    return {
        "peak_kmh": tally.peak.kmh,
        "held": [{"target_kmh": target.kmh, "seconds": round(s, 1)} for target, s in tally.holds],
        "duration_s": round(tally.moving_s, 1),
        "distance_m": round(tally.distance_m, 1),
        "kcal": None if tally.mass_kg is None else round(tally.kcal, 1),
        "belt_at_rest": result.belt_at_rest,
        "record": record,
        **_band(tally),
        **_heart(tally),
        **noted(tally),
    }


def _band(tally: Tally) -> dict[str, Any]:
    """The band of the energy estimate, where there is one."""
    if tally.mass_kg is None:
        return {}
    return {
        "kcal_low": round(tally.kcal_low, 1),
        "kcal_high": round(tally.kcal_high, 1),
        "kcal_extrapolated": tally.extrapolated_s > tally.moving_s / 2,
    }


def _heart(tally: Tally) -> dict[str, Any]:
    """The heart rate, where a strap gave one."""
    if tally.heart_peak_bpm is None:
        return {}
    return {"heart_average_bpm": tally.heart_average_bpm, "heart_peak_bpm": tally.heart_peak_bpm}


def reason_words(result: Result) -> str:
    """Why it ended. A failsafe's reason opens with its number: people get its words, and the number behind."""
    name, colon, detail = result.reason.partition(": ")
    failsafe = next((row for row in FAILSAFES.values() if row.id == name), None)
    if colon and failsafe is not None:
        return plain(f"{failsafe.alarm.capitalize()}: {detail} ({name})")
    return plain(_REASONS.get(result.reason, result.reason))


def belt_words(result: Result) -> str:
    """What is known of the belt, and what to do about it."""
    if not result.wrote:
        rest = ", and the belt is at rest (measured)" if result.belt_at_rest else ""
        return f"nothing was written to the machine{rest}"
    if result.belt_at_rest:
        return "the belt is at rest (measured)"
    return "THE BELT IS NOT CONFIRMED AT REST - LOOK AT IT, PULL THE CLIP"


def summary_lines(summary: dict[str, Any], result: Result, points: Sequence[Point]) -> list[str]:
    """The summary as a person reads it."""
    lines = ["", f"Ended: {reason_words(result)}."]
    for hold in summary["held"]:
        mark = "" if hold["seconds"] >= FULL_HOLD_S else "   (cut short)"
        lines.append(f"  held {hold['target_kmh']:5.2f} km/h for {hold['seconds']:5.1f} s{mark}")
    lines += [f"  {plain(line)}" for line in noted_lines(summary)]
    if summary["duration_s"]:
        energy = energy_words(summary)
        lines.append(
            f"  peak {summary['peak_kmh']:.2f} km/h, {summary['distance_m']:.0f} m in "
            f"{summary['duration_s'] / 60:.1f} min{', ' if energy else ''}{energy}"
        )
    if "heart_peak_bpm" in summary:
        lines.append(
            f"  heart rate {summary['heart_average_bpm']} a minute on average, {summary['heart_peak_bpm']} at most"
        )
    rest = belt_words(result)
    key = " Remove the safety key." if result.belt_at_rest and result.wrote else ""
    lines.append(f"  {rest[0].upper()}{rest[1:]}.{key}")
    picture = draw(points)
    return [*lines, *(["", *picture, ""] if picture else []), f"  Record: {summary['record']}"]


def fault_words(error: BaseException) -> list[str]:
    """A fault of ours: one line, and where it was for those who ask."""
    if os.environ.get(DEBUG):
        return [line for part in traceback.format_exception(error) for line in part.rstrip().splitlines()]
    return [f"retroctl: this is a fault in retroctl, please report it; {DEBUG}=1 shows where it is"]
