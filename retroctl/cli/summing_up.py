"""What a session came to, in numbers for programs and in words for people."""

from __future__ import annotations

import os
import traceback
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.console.chart import draw
from retroctl.adapters.console.text import plain
from retroctl.domain.effects import NoteKind
from retroctl.domain.events import Hands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.console.chart import Point
    from retroctl.app.result import Result
    from retroctl.app.summary import Tally

FULL_HOLD_S: Final = 60.0
"""The minute that is law; a hold below it was cut short."""
MOST: Final = 20
"""Of what was noted, so much is listed of each kind, the latest; the record keeps all of it."""
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
        **_noted(tally),
    }


def _noted(tally: Tally) -> dict[str, Any]:
    """What the trainer noted; a key stands there only where there is something to say."""
    told: dict[str, Any] = {
        "rpe": [_pick(note, "t", "target_kmh", rating="value") for note in tally.notes_of(NoteKind.RPE)],
        "hands": [{"target_kmh": target.kmh, "hands": hands.value} for target, hands in tally.hands],
        "balance_events": [
            _pick(note, "t", "target_kmh", "measured_kmh", event="value") for note in tally.notes_of(NoteKind.BALANCE)
        ],
        "tags": [
            _pick(note, "t", "target_kmh", "text", number="value") for note in tally.notes_of(NoteKind.TAG)
        ],
    }
    return {key: value for key, value in told.items() if value}


def _pick(note: dict[str, Any], *keys: str, **renamed: str) -> dict[str, Any]:
    return {key: note[key] for key in keys} | {name: note[key] for name, key in renamed.items()}


def reason_words(result: Result) -> str:
    """Why it ended."""
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
    lines += noted_lines(summary)
    if summary["duration_s"]:
        energy = "" if summary["kcal"] is None else f", about {summary['kcal']:.2g} kcal (an estimate)"
        lines.append(
            f"  peak {summary['peak_kmh']:.2f} km/h, {summary['distance_m']:.0f} m in "
            f"{summary['duration_s'] / 60:.1f} min{energy}"
        )
    rest = belt_words(result)
    key = " Remove the safety key." if result.belt_at_rest and result.wrote else ""
    lines.append(f"  {rest[0].upper()}{rest[1:]}.{key}")
    picture = draw(points)
    return [*lines, *(["", *picture, ""] if picture else []), f"  Record: {summary['record']}"]


def noted_lines(summary: dict[str, Any]) -> list[str]:
    """What the trainer noted, as a person reads it: hands and exertion at each speed, balance events, tags."""
    lines: list[str] = []
    rungs = [f"{_kmh(rung['target_kmh'])} {rung['hands']}" for rung in summary.get("hands", [])]
    if any(not rung.endswith(Hands.BOTH) for rung in rungs):
        lines.append(f"  hands on the rails: {', '.join(rungs[-MOST:])}")
    rated = [f"{each['rating']} at {_kmh(each['target_kmh'])}" for each in summary.get("rpe", [])]
    if rated:
        lines.append(f"  RPE: {', '.join(rated[-MOST:])}")
    for event in summary.get("balance_events", [])[-MOST:]:
        lines.append(f"  balance: {event['event']} at {_kmh(event['measured_kmh'])}, {_clock(event['t'])}")
    for tag in summary.get("tags", [])[-MOST:]:
        words = plain(tag["text"]) or f"tag {tag['number']}"
        lines.append(f"  noted: {words}, at {_kmh(tag['target_kmh'])}, {_clock(tag['t'])}")
    return lines


def _clock(t: float) -> str:
    return f"{int(t) // 60}:{int(t) % 60:02d}"


def _kmh(speed: float | None) -> str:
    return "an unknown speed" if speed is None else f"{speed:.2f} km/h"


def fault_words(error: BaseException) -> list[str]:
    """A fault of ours: one line, and where it was for those who ask."""
    if os.environ.get(DEBUG):
        return [line for part in traceback.format_exception(error) for line in part.rstrip().splitlines()]
    return [f"retroctl: this is a fault in retroctl, please report it; {DEBUG}=1 shows where it is"]
