"""What a trainer noted in a session, for the summary: as fields for programs, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retroctl.domain.effects import NoteKind
from retroctl.domain.events import Hands

if TYPE_CHECKING:
    from retroctl.app.summary import Tally

MOST: Final = 20
"""Of what was noted, so much is listed of each kind, the latest; the record keeps all of it."""


def noted(tally: Tally) -> dict[str, Any]:
    """What the trainer noted; a key stands there only where there is something to say."""
    both = all(hands is Hands.BOTH for _, hands in tally.hands)  # the rule at the beginning, and no news
    told: dict[str, Any] = {
        "rpe": [_pick(note, "t", "target_kmh", rating="value") for note in tally.notes_of(NoteKind.RPE)],
        "hands": [] if both else [{"target_kmh": target.kmh, "hands": hands.value} for target, hands in tally.hands],
        "balance_events": [
            _pick(note, "t", "target_kmh", "measured_kmh", event="value") for note in tally.notes_of(NoteKind.BALANCE)
        ],
        "tags": [_pick(note, "t", "target_kmh", "text", number="value") for note in tally.notes_of(NoteKind.TAG)],
    }
    return {key: value for key, value in told.items() if value}


def _pick(note: dict[str, Any], *keys: str, **renamed: str) -> dict[str, Any]:
    return {key: note[key] for key in keys} | {name: note[key] for name, key in renamed.items()}


def noted_lines(summary: dict[str, Any]) -> list[str]:
    """What the trainer noted, as a person reads it: hands and exertion at each speed, balance events, tags."""
    lines: list[str] = []
    rungs = [f"{_kmh(rung['target_kmh'])} {rung['hands']}" for rung in summary.get("hands", [])]
    if rungs:
        lines.append(f"hands on the rails: {', '.join(rungs[-MOST:])}")
    rated = [f"{each['rating']} at {_kmh(each['target_kmh'])}" for each in summary.get("rpe", [])]
    if rated:
        lines.append(f"RPE: {', '.join(rated[-MOST:])}")
    lines += [
        f"balance: {event['event']} at {_kmh(event['measured_kmh'])}, {_clock(event['t'])}"
        for event in summary.get("balance_events", [])[-MOST:]
    ]
    lines += [
        f"noted: {tag['text'] or tag['number']}, at {_kmh(tag['target_kmh'])}, {_clock(tag['t'])}"
        for tag in summary.get("tags", [])[-MOST:]
    ]
    return lines


def _clock(t: float) -> str:
    return f"{int(t) // 60}:{int(t) % 60:02d}"


def _kmh(speed: float | None) -> str:
    return "an unknown speed" if speed is None else f"{speed:.2f} km/h"
