"""The ladder as a picture of cells: planned, commanded and measured speed over time, now, and the cap as an edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import Facing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.facts import Facts
    from retroctl.adapters.tui.feed import Point
    from retroctl.app.snapshot import Snapshot

BLOCKS: Final = " ▁▂▃▄▅▆▇█"
COMMANDED: Final = "━"
PLANNED: Final = "┄"
NOW: Final = "│"
CAP: Final = "▔"
LEGEND: Final = f"{BLOCKS[8]} measured {COMMANDED} commanded {PLANNED} planned"
RAISE_S: Final = 8.0
"""What a raise takes beside its hold: the announcement and the belt's way up."""
LEAST_SPAN_S: Final = 120.0
AXIS: Final = 6
ENDED: Final = frozenset({"stopping", "stopped", "faulted"})

Cell = tuple[str, str]
"""A character and the name of what it belongs to: measured, commanded, planned, now, cap, axis, or nothing."""


@dataclass(frozen=True, slots=True)
class Course:
    """What the picture shows. Times are session seconds, speeds km/h; `ahead` holds (seconds, speed) from now on."""

    points: Sequence[Point]
    now: float
    ahead: Sequence[tuple[float, float]]
    cap: float
    top: float


def ahead(facts: Facts, picture: Snapshot) -> list[tuple[float, float]]:
    """What follows if nothing holds it up: seconds and speed, one after another."""
    state = picture.state.value
    if state in ENDED:
        return []
    stages = facts.plan.stages
    running = state not in ("idle", "observing", "briefing", "armed", "starting", "turning")
    if state == "easing_down":
        return _down(facts, 0.0 if picture.target is None else picture.target.kmh, stages[picture.stage].facing)
    here = stages[picture.stage]
    left = picture.hold_remaining_s
    speed = picture.target.kmh if running and picture.target is not None else here.target.kmh
    course = [(here.hold_s + RAISE_S if left is None else left, speed)]
    before = here
    for stage in stages[picture.stage + 1 :]:
        if stage.facing is not before.facing:
            course += [*_down(facts, course[-1][1], before.facing), (20.0, 0.0)]
        course.append((stage.hold_s + RAISE_S, stage.target.kmh))
        before = stage
    return course + _down(facts, course[-1][1], before.facing)


def _down(facts: Facts, speed: float, facing: Facing) -> list[tuple[float, float]]:
    rung_s = 5.0 if facing is Facing.FORWARD else facts.plan.ease_rung_s
    return [(rung_s, rung.kmh) for rung in sorted(facts.plan.ladder, reverse=True) if rung.kmh < speed]


def draw(course: Course, width: int, height: int) -> list[list[Cell]]:
    """Rows of cells, the topmost first; none where there is no room for a picture."""
    columns, rows = width - AXIS, height - 1
    if columns < 10 or rows < 2:
        return []
    begin = course.points[0].t if course.points else course.now
    span = max(LEAST_SPAN_S, course.now - begin + sum(seconds for seconds, _ in course.ahead))
    measured, commanded, planned = _columns(course, begin, span, columns)
    top = _scale(course, measured)
    now_at = min(columns - 1, max(0, int((course.now - begin) / span * columns)))
    picture: list[list[Cell]] = []
    for row in range(rows - 1, -1, -1):
        cells: list[Cell] = [(letter, "axis") for letter in label_of(row, rows, top, course.cap)]
        for x in range(columns):
            cell = cell_of(row, rows, top, measured=measured[x], commanded=commanded[x], planned=planned[x])
            if x == now_at:
                cell = (NOW, "now")
            elif cell[0] == " " and row_of(course.cap, rows, top) == row:
                cell = (CAP, "cap")
            cells.append(cell)
        picture.append(cells)
    picture.append([(letter, "axis") for letter in _times(span, columns, now_at)])
    return picture


def _columns(
    course: Course, begin: float, span: float, columns: int
) -> tuple[list[float | None], list[float | None], list[float | None]]:
    measured: list[float | None] = [None] * columns
    commanded: list[float | None] = [None] * columns
    planned: list[float | None] = [None] * columns
    for point in course.points:
        x = min(columns - 1, int((point.t - begin) / span * columns))
        measured[x] = max(measured[x] or 0.0, point.measured)
        commanded[x] = point.target
    now_at = min(columns - 1, int((course.now - begin) / span * columns))
    for x in range(1, now_at + 1):
        if measured[x] is None:
            measured[x], commanded[x] = measured[x - 1], commanded[x - 1]
    at = course.now - begin
    for seconds, speed in course.ahead:
        for x in range(max(now_at + 1, int(at / span * columns)), min(columns, int((at + seconds) / span * columns))):
            planned[x] = speed
        at += seconds
    return measured, commanded, planned


def _scale(course: Course, measured: Sequence[float | None]) -> float:
    """The speed at the top of the picture: the cap, unless it is far above everything else."""
    highest = max([course.top, 1.0, *(speed for speed in measured if speed is not None)])
    return (course.cap if highest < course.cap <= highest * 1.4 else highest) * 1.08


def row_of(speed: float, rows: int, top: float) -> int:
    """The row, from 0 at the bottom, in which a speed's line lies."""
    return math.ceil(speed / top * rows - 1e-9) - 1


def cell_of(
    row: int, rows: int, top: float, *, measured: float | None, commanded: float | None, planned: float | None
) -> Cell:
    """What stands in one cell of a column with these speeds."""
    if planned is not None and row_of(planned, rows, top) == row:
        return PLANNED, "planned"
    filled = 0 if measured is None else round(min(1.0, max(0.0, measured / top * rows - row)) * 8)
    # Where the belt does what it was asked, one mark is enough: the line shows a difference that can be seen.
    apart = commanded is not None and (measured is None or abs(measured - commanded) > 0.6 * top / rows)
    aimed = apart and commanded is not None and commanded > 0 and row_of(commanded, rows, top) == row
    if aimed and filled in (0, 8):
        return COMMANDED, "commanded" if filled == 0 else "over"
    return BLOCKS[filled], "measured" if filled else ""


def label_of(row: int, rows: int, top: float, cap: float) -> str:
    """What stands left of a row."""
    if row_of(cap, rows, top) == row:
        return f"cap{cap:4.1f}"[:AXIS].rjust(AXIS - 1) + " " if cap >= 10 else f"cap{cap:.1f}".ljust(AXIS)
    if row == rows - 1 and cap > top:
        return f"↑{cap:.1f}".ljust(AXIS)
    if row in (0, rows // 2):
        return f"{top * row / rows:4.1f}".ljust(AXIS)
    return " " * AXIS


def _times(span: float, columns: int, now_at: int) -> str:
    line = [" "] * columns
    now_at = min(columns - 3, max(0, now_at - 1))
    end = f"{int(span) // 60}:{int(span) % 60:02d}"
    legend_at = (columns - len(LEGEND)) // 2
    legend_at += len(LEGEND) // 2 if legend_at > 6 and now_at < columns // 2 else -len(LEGEND) // 2
    for at, text in ((now_at, "now"), (columns - len(end), end), (0, "0:00"), (legend_at, LEGEND)):
        room = line[max(0, at - 1) : at + len(text) + 1]
        if 0 <= at <= columns - len(text) and not "".join(room).strip():
            line[at : at + len(text)] = text
    return " " * AXIS + "".join(line)
