"""What waits to be written: bounded, with a policy, and nothing lost without a trace."""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.adapters.journal.writer import Batch, QueuedSample, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPACITY = 10_000
"""Rows and samples held while nothing can be written: more than two hours of a session at one sample a second."""

MAX_DATA_CHARS = 32_000
"""The most JSON of one row; what is longer is kept up to here, marked as cut."""

GAP = "gap"
"""The kind of the row that says how many rows and samples could not be held."""

_MAX_DEPTH = 20


@dataclass(slots=True)
class _Lost:
    rows: int = 0
    samples: int = 0
    from_ms: int | None = None
    to_ms: int | None = None
    utc_ms: int = 0


class Pending:
    """Rows and samples in their order. When full, the oldest samples make room; without any, the newest row is refused.

    What was lost is told by a row of the kind `gap` as soon as anything can be written again.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._rows: deque[Row] = deque()
        self._samples: deque[QueuedSample] = deque()
        self._end: Row | None = None
        self._taken = 0
        self._lost = _Lost()
        self.rows_lost = 0
        self.samples_lost = 0

    def __len__(self) -> int:
        """Count what waits; a loss that has still to be told counts as one."""
        told = not (self._lost.rows or self._lost.samples)
        return len(self._rows) + len(self._samples) + (self._end is not None) + (not told)

    def add_row(self, row: Row) -> bool:
        """Queue a row; False if it could not be held."""
        if self._full and self._samples:
            self._lose_sample(self._samples.popleft())
        if self._full:
            self.rows_lost += 1
            self._lost.rows += 1
            self._note(row.session_ms, row.utc_ms)
            return False
        self._rows.append(row)
        return True

    def add_sample(self, sample: QueuedSample) -> None:
        """Queue a sample, in the place of the oldest one if need be."""
        if self._full:
            if not self._samples:
                self._lose_sample(sample)
                return
            self._lose_sample(self._samples.popleft())
        self._samples.append(sample)

    def lose_sample(self, utc_ms: int) -> None:
        """Count a sample that cannot be written as it is."""
        self._count_sample(None, utc_ms)

    def add_end(self, end: Row) -> None:
        """Queue the session's last row; there is always room for it."""
        self._end = end

    def take(self) -> Batch:
        """Everything that waits, to be written as one. It counts as held until `written` is called."""
        rows = [*self._rows, *self._gap()]
        batch = Batch(rows, list(self._samples), self._end)
        self._rows.clear()
        self._samples.clear()
        self._end, self._lost = None, _Lost()
        self._taken = len(batch)
        return batch

    def written(self) -> None:
        """Free the room of the batch taken last: it is kept."""
        self._taken = 0

    @property
    def _full(self) -> bool:
        return len(self._rows) + len(self._samples) + self._taken >= self._capacity

    def _lose_sample(self, sample: QueuedSample) -> None:
        self._count_sample(sample.minute_ms, sample.utc_ms)

    def _count_sample(self, session_ms: int | None, utc_ms: int) -> None:
        self.samples_lost += 1
        self._lost.samples += 1
        self._note(session_ms, utc_ms)

    def _note(self, session_ms: int | None, utc_ms: int) -> None:
        lost = self._lost
        if session_ms is not None:
            lost.from_ms = session_ms if lost.from_ms is None else min(lost.from_ms, session_ms)
            lost.to_ms = session_ms if lost.to_ms is None else max(lost.to_ms, session_ms)
        lost.utc_ms = utc_ms

    def _gap(self) -> list[Row]:
        lost = self._lost
        if not (lost.rows or lost.samples):
            return []
        data = {"rows_lost": lost.rows, "samples_lost": lost.samples, "from_ms": lost.from_ms, "to_ms": lost.to_ms}
        return [Row(lost.to_ms, lost.utc_ms, GAP, to_json(data))]


def to_json(data: Mapping[str, object], most: int | None = MAX_DATA_CHARS) -> str:
    """Give `data` as compact ASCII JSON; what JSON cannot hold becomes text, what is too long is cut. Never fails."""
    try:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(_plain(data, _MAX_DEPTH), separators=(",", ":"))
    if most is not None and len(text) > most:
        text = json.dumps({"cut": text[:most]}, separators=(",", ":"))
    return text


def to_text(value: str) -> str:
    """Give `value` as SQLite can keep it: what is no character (half of a surrogate pair) becomes a question mark."""
    return value.encode("utf-8", "replace").decode()


def to_ms(seconds: float) -> int | None:
    """Whole milliseconds; None for what is no time: NaN, infinity, beyond 2**53 ms."""
    ms = seconds * 1000
    return round(ms) if math.isfinite(ms) and abs(ms) <= 2**53 else None


def _plain(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if depth and isinstance(value, dict):
        return {str(key): _plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth - 1) for item in value]
    return type(value).__name__ if isinstance(value, dict | list | tuple | set | frozenset) else str(value)
