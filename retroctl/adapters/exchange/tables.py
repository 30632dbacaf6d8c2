"""Sessions as CSV: one table of samples for each, and a table of sessions."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from retroctl.adapters.files import shown_text
from retroctl.domain.energy import two_digits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.app.portable import Lap, Portable

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
SAMPLE_COLUMNS: Final = (
    "session_s", "utc", "measured_kmh", "target_kmh", "heart_rate_bpm", "stage", "facing", "distance_m", "rpe",
)  # fmt: skip
SESSION_COLUMNS: Final = (
    "session", "started_utc", "client", "plan", "machine", "simulated", "ended", "reason", "duration_s", "backward_s",
    "distance_m", "kcal", "peak_kmh", "laps", "average_heart_rate_bpm", "maximum_heart_rate_bpm",
)  # fmt: skip


def write_samples(session: Portable) -> bytes:
    """Every reading in its order, also those before the first motion; an empty field is "not known"."""
    points = {point.reading.session_ms: point for point in session.points}
    rows: list[Sequence[object]] = []
    number = 0
    for reading in session.readings:
        point = points.get(reading.session_ms)
        while number + 1 < len(session.laps) and reading.session_ms >= session.laps[number + 1].start_ms:
            number += 1
        inside = point is not None
        lap = session.laps[number] if inside else None
        rows.append(
            (
                f"{reading.session_ms / 1000:.3f}", _time(session.started_utc_ms + reading.session_ms),
                _kmh(reading.measured_hundredths), _kmh(reading.target_hundredths), reading.heart_rate,
                _stage(lap), None if lap is None else lap.facing.value,
                None if point is None else f"{point.distance_m:.3f}", None if point is None else point.rpe,
            )
        )  # fmt: skip
    return _table(SAMPLE_COLUMNS, rows)


def write_sessions(sessions: Iterable[Portable]) -> bytes:
    """A row for each session."""
    rows: list[Sequence[object]] = []
    for each in sessions:
        rates = each.heart_rates
        rows.append(
            (
                each.id, _time(each.started_utc_ms), _text(each.who), _text(each.plan), _text(each.machine),
                int(each.simulated), int(each.ended), _text(each.reason), f"{each.duration_s:.1f}",
                f"{each.backward_s:.1f}", f"{each.distance_m:.1f}",
                None if each.kcal is None else two_digits(each.kcal), _kmh(each.peak_hundredths), len(each.laps),
                round(sum(rates) / len(rates)) if rates else None, max(rates, default=None),
            )
        )  # fmt: skip
    return _table(SESSION_COLUMNS, rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def _stage(lap: Lap | None) -> str | None:
    return None if lap is None else _text(lap.name)


def _text(text: str) -> str:
    """Foreign text as plain text: spreadsheets run what begins like a formula."""
    kept = shown_text(text, 200)
    return f"'{kept}" if kept.startswith(_FORMULA) else kept


def _kmh(hundredths: int | None) -> str | None:
    return None if hundredths is None else f"{hundredths / 100:.2f}"


def _time(utc_ms: int) -> str:
    try:
        at = _EPOCH + timedelta(milliseconds=utc_ms)
    except OverflowError:  # a clock beyond the year 9999
        return ""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
