"""A past session drawn: planned, commanded and measured speed over time, the cap, and the heart rate below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.tui.ladder import AXIS, BLOCKS, CAP, COMMANDED, PLANNED, Cell, cell_of, label_of, row_of
from retroctl.adapters.tui.text import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.app.history import Moment, Opened

HEART: Final = "•"
LEGEND: Final = f"{BLOCKS[8]} measured {COMMANDED} commanded {PLANNED} planned {HEART} heart rate, per min"
HEART_ROWS: Final = 4
ROOM_FOR_HEART: Final = 12
"""Rows from which there is room for both pictures."""

Column = float | None


def draw(opened: Opened, width: int, height: int) -> list[list[Cell]]:
    """Rows of cells, the topmost first; none where there is no room, or the belt never moved."""
    columns = width - AXIS
    moments = [moment for moment in opened.moments if moment.t >= opened.began_s]
    if columns < 10 or height < 3 or not any(moment.measured for moment in moments):
        return []
    span = max(moments[-1].t - opened.began_s, sum(seconds for seconds, _ in opened.course), 1.0)
    at = [min(columns - 1, int((moment.t - opened.began_s) / span * columns)) for moment in moments]
    heart = _most(at, [moment.heart_rate for moment in moments], columns)
    with_heart = height >= ROOM_FOR_HEART and any(heart)
    rows = height - 1 - (HEART_ROWS if with_heart else 0)
    picture = _speeds(opened, moments, at, (columns, rows), span)
    if with_heart:
        picture += _heart(heart)
    return [*picture, _times(opened.began_s, span, columns)]


def _speeds(
    opened: Opened, moments: Sequence[Moment], at: Sequence[int], size: tuple[int, int], span: float
) -> list[list[Cell]]:
    columns, rows = size
    measured = _most(at, [moment.measured for moment in moments], columns)
    commanded = _most(at, [moment.target for moment in moments], columns)
    for series in (measured, commanded):
        _fill(series, at)
    planned = _planned(opened.course, span, columns)
    highest = max([1.0, *(speed for series in (measured, commanded, planned) for speed in series if speed)])
    cap = opened.cap_kmh or 0.0
    top = (cap if highest < cap <= highest * 1.4 else highest) * 1.08
    picture: list[list[Cell]] = []
    for row in range(rows - 1, -1, -1):
        cells: list[Cell] = [(letter, "axis") for letter in label_of(row, rows, top, cap or top * 2)]
        for x in range(columns):
            cell = cell_of(row, rows, top, measured=measured[x], commanded=commanded[x], planned=None)
            plan = planned[x]
            apart = plan is not None and abs(plan - (measured[x] or 0.0)) > 0.6 * top / rows
            if plan is not None and apart and row_of(plan, rows, top) == row and cell[0] in (" ", BLOCKS[8]):
                cell = (PLANNED, "planned" if cell[0] == " " else "over")
            elif cell[0] == " " and cap and row_of(cap, rows, top) == row:
                cell = (CAP, "cap")
            cells.append(cell)
        picture.append(cells)
    return picture


def _most(at: Sequence[int], values: Sequence[float | None], columns: int) -> list[Column]:
    """The highest value of each column; None where none is known."""
    most: list[Column] = [None] * columns
    for x, value in zip(at, values, strict=True):
        if value is not None:
            most[x] = value if most[x] is None else max(most[x] or 0.0, value)
    return most


def _fill(series: list[Column], at: Sequence[int]) -> None:
    """Of a short session there are fewer samples than columns: one without looks like the one before it."""
    seen = frozenset(at)
    for x in range(1, at[-1] + 1):
        if series[x] is None and x not in seen:
            series[x] = series[x - 1]


def _planned(course: Sequence[tuple[float, float]], span: float, columns: int) -> list[Column]:
    planned: list[Column] = [None] * columns
    begin = 0.0
    for seconds, speed in course:
        for x in range(int(begin / span * columns), min(columns, int((begin + seconds) / span * columns))):
            planned[x] = speed
        begin += seconds
    return planned


def _heart(heart: Sequence[Column]) -> list[list[Cell]]:
    known = [beats for beats in heart if beats]
    low, high = min(known), max(known)
    picture: list[list[Cell]] = []
    for row in range(HEART_ROWS - 1, -1, -1):
        label = high if row == HEART_ROWS - 1 else low if row == 0 else None
        text = " " * AXIS if label is None else f"{label:4.0f}".ljust(AXIS)
        cells: list[Cell] = [(letter, "axis") for letter in text]
        cells += [(HEART, "heart") if beats and _level(beats, low, high) == row else (" ", "") for beats in heart]
        picture.append(cells)
    return picture


def _level(beats: float, low: float, high: float) -> int:
    return 0 if high == low else round((beats - low) / (high - low) * (HEART_ROWS - 1))


def _times(began_s: float, span: float, columns: int) -> list[Cell]:
    line = [" "] * columns
    begin, end = clock(began_s), clock(began_s + span)
    for start, text in ((0, begin), (columns - len(end), end), ((columns - len(LEGEND)) // 2, LEGEND)):
        if start >= 0 and not "".join(line[max(0, start - 1) : start + len(text) + 1]).strip():
            line[start : start + len(text)] = text
    return [(letter, "axis") for letter in " " * AXIS + "".join(line[:columns])]
