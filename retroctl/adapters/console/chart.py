"""A session as a picture of letters: what was planned, asked for and measured, over time; and the heart rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 60
HEIGHT: Final = 10
MEASURED: Final = "#"
TARGET: Final = "-"
PLANNED: Final = "."
PULSE: Final = "*"
LEAST: Final = 2
"""Fewer frames than this are no picture."""

MOST_POINTS: Final = 4096
FINEST_S: Final = 0.25

Point = tuple[float, float, float | None]
"""Session second, measured speed, target speed, in km/h."""


class Trace:
    """A listener that keeps what the chart needs: never more than MOST_POINTS, however long a session lasts.

    One point for each stretch of time, with the highest speeds in it, as a column of the chart shows them; when there
    are too many, the stretches are twice as long from then on.
    """

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._every_s = FINEST_S

    def __call__(self, report: Report) -> None:
        """Keep a frame."""
        if report.kind is not Kind.TELEMETRY:
            return
        self._add((report.t, report.data["measured_kmh"], report.data["target_kmh"]))
        if len(self.points) > MOST_POINTS:
            self._every_s *= 2
            kept, self.points = self.points, []
            for point in kept:
                self._add(point)

    def _add(self, point: Point) -> None:
        if self.points and self.points[-1][0] // self._every_s == point[0] // self._every_s:
            before = self.points.pop()
            targets = [target for target in (before[2], point[2]) if target is not None]
            point = (point[0], max(before[1], point[1]), max(targets, default=None))
        self.points.append(point)


def draw(
    points: Sequence[Point],
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    course: Sequence[tuple[float, float]] = (),
) -> list[str]:
    """The chart's lines; none where the belt never moved. Columns show the highest speed in their share of the time.

    `course`: the plan as (seconds, km/h), one after another, from where the belt began.
    """
    moving = [point for point in points if point[1] > 0 or point[2]]
    if len(points) < LEAST or not moving:
        return []
    begin, end = moving[0][0], max(points[-1][0], moving[0][0] + sum(seconds for seconds, _ in course))
    span = max(end - begin, 1e-9)
    top = max([max(measured, target or 0.0) for _, measured, target in points] + [speed for _, speed in course])
    measured, target = [0.0] * width, [0.0] * width
    seen = [False] * width
    for t, speed, wanted in points:
        if t < begin:
            continue
        column = _column(t, begin, span, width)
        seen[column] = True
        measured[column] = max(measured[column], speed)
        target[column] = max(target[column], wanted or 0.0)
    _fill(seen[: _column(points[-1][0], begin, span, width) + 1], measured, target)
    planned = _planned(course, span, width)
    rows = [
        _row(level / height * top, top / height, _label(level, top, height), (measured, target, planned))
        for level in range(height, 0, -1)
    ]
    axis = f"{0:5.1f} +{'-' * width}"
    left, right = _clock(begin), _clock(end)
    times = f"{'':6} {left}{right.rjust(width + 1 - len(left))}"
    plan = f"   {PLANNED} planned" if course else ""
    legend = f"{'':7}{MEASURED} measured   {TARGET} target above it{plan}   (km/h over session time)"
    return [*rows, axis, times, legend]


def _fill(seen: list[bool], *series: list[float]) -> None:
    """A column without a frame looks like the one before it: fewer frames than columns are no standstill."""
    for column in range(1, len(seen)):
        if not seen[column]:
            for each in series:
                each[column] = each[column - 1]


def draw_pulse(
    points: Sequence[tuple[float, int | None]], begin: float, end: float, *, width: int = WIDTH, height: int = 4
) -> list[str]:
    """The heart rate's lines, from (second, beats a minute); none where it is not known. Gaps stay gaps."""
    known = [(t, pulse) for t, pulse in points if pulse]
    if len(known) < LEAST:
        return []
    span = max(end - begin, 1e-9)
    low, high = min(pulse for _, pulse in known), max(pulse for _, pulse in known)
    most = [0] * width
    for t, pulse in known:
        column = _column(t, begin, span, width)
        most[column] = max(most[column], pulse)
    rows = []
    for level in range(height - 1, -1, -1):
        label = f"{high:5d}" if level == height - 1 else f"{low:5d}" if level == 0 else " " * 5
        marks = (PULSE if pulse and _level(pulse, low, high, height) == level else " " for pulse in most)
        rows.append(f"{label} |{''.join(marks)}".rstrip())
    return [*rows, f"{'':7}{PULSE} heart rate, beats a minute"]


def _level(pulse: int, low: int, high: int, height: int) -> int:
    return 0 if high == low else round((pulse - low) / (high - low) * (height - 1))


def _column(t: float, begin: float, span: float, width: int) -> int:
    return max(0, min(width - 1, int((t - begin) / span * width)))


def _planned(course: Sequence[tuple[float, float]], span: float, width: int) -> list[float]:
    """The planned speed of each column."""
    planned, at = [0.0] * width, 0.0
    for seconds, speed in course:
        for column in range(int(at / span * width), min(width, int((at + seconds) / span * width))):
            planned[column] = speed
        at += seconds
    return planned


def _row(speed: float, step: float, label: str, series: tuple[list[float], list[float], list[float]]) -> str:
    """The row whose cells end at `speed`, `step` high; of measured, target and planned speed."""
    # A cell is filled when the speed reaches its middle.
    floor, ceiling = speed - step / 2, speed + step / 2
    cells = "".join(
        MEASURED if measured >= floor else TARGET if wanted >= floor else PLANNED if floor <= plan < ceiling else " "
        for measured, wanted, plan in zip(*series, strict=True)
    )
    return f"{label} |{cells}".rstrip()


def _label(level: int, top: float, height: int) -> str:
    return f"{top * level / height:5.1f}" if level in (height, height // 2) else " " * 5


def _clock(t: float) -> str:
    return f"{int(t) // 60}:{int(t) % 60:02d}"
