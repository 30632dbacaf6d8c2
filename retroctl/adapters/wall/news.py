"""What the page is told, and nothing else: no name, no heart rate, nothing that came from outside as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.app.snapshot import Snapshot

OVER = b"event: over\ndata: {}\n\n"
"""The program has ended; what stands on the page is the last that was known."""


def news(picture: Snapshot | None, *, pace: float) -> bytes:
    """One server-sent event. Speeds in km/h, holds in session seconds, the age in real ones.

    `pace` is how many session seconds pass in a real one: a page that looks for silence lives in real time.
    """
    return b"data: " + json.dumps(_fields(picture, pace), separators=(",", ":")).encode() + b"\n\n"


def _fields(picture: Snapshot | None, pace: float) -> dict[str, object]:
    if picture is None:
        return dict.fromkeys(("speed", "hold_left", "hold", "next", "stop", "age")) | {
            "state": "idle",
            "by_hand": False,
        }
    age = picture.measured_age_s
    left = picture.hold_remaining_s
    return {
        "speed": None if picture.measured is None else picture.measured.kmh,
        "hold_left": None if left is None else round(left, 1),
        "hold": picture.hold_s,
        "next": None if picture.next_target is None else picture.next_target.kmh,
        "state": picture.state.value,
        "stop": None if picture.stop_view is None else picture.stop_view.value,
        "age": None if age is None else round(age / pace, 2),
        "by_hand": picture.by_hand,
    }
