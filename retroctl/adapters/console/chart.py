"""A session as a picture of letters: what was asked for and what was measured, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 60
HEIGHT: Final = 10
MEASURED: Final = "#"
TARGET: Final = "-"
LEAST: Final = 2
"""Fewer frames than this are no picture."""

Point = tuple[float, float, float | None]
"""Session second, measured speed, target speed, in km/h."""


class Trace:
    """A listener that keeps what the chart needs."""

    def __init__(self) -> None:
        self.points: list[Point] = []

    def __call__(self, report: Report) -> None:
        """Keep a frame."""
        if report.kind is Kind.TELEMETRY:
            self.points.append((report.t, report.data["measured_kmh"], report.data["target_kmh"]))


def draw(points: Sequence[Point], *, width: int = WIDTH, height: int = HEIGHT) -> list[str]:
    """The chart's lines; none where the belt never moved. Columns show the highest speed in their share of the time."""
    moving = [point for point in points if point[1] > 0 or point[2]]
    if len(points) < LEAST or not moving:
        return []
    begin, end = moving[0][0], points[-1][0]
    span = max(end - begin, 1e-9)
    top = max(max(measured, target or 0.0) for _, measured, target in points)
    measured, target = [0.0] * width, [0.0] * width
    seen = [False] * width
    for t, speed, wanted in points:
        if t < begin:
            continue
        column = min(width - 1, int((t - begin) / span * width))
        seen[column] = True
        measured[column] = max(measured[column], speed)
        target[column] = max(target[column], wanted or 0.0)
    _fill(seen, measured, target)
    rows = [_row(level, top, height, measured, target) for level in range(height, 0, -1)]
    axis = f"{0:5.1f} +{'-' * width}"
    left, right = _clock(begin), _clock(end)
    times = f"{'':6} {left}{right.rjust(width + 1 - len(left))}"
    legend = f"{'':7}{MEASURED} measured   {TARGET} target above it   (km/h over session time)"
    return [*rows, axis, times, legend]


def _fill(seen: list[bool], *series: list[float]) -> None:
    """A column without a frame looks like the one before it: fewer frames than columns are no standstill."""
    for column in range(1, len(seen)):
        if not seen[column]:
            for each in series:
                each[column] = each[column - 1]


def _row(level: int, top: float, height: int, measured: list[float], target: list[float]) -> str:
    # A cell is filled when the speed reaches its middle.
    floor = (level - 0.5) / height * top
    cells = "".join(
        MEASURED if speed >= floor else TARGET if wanted >= floor else " "
        for speed, wanted in zip(measured, target, strict=True)
    )
    label = f"{top * level / height:5.1f}" if level == height or level == height // 2 else " " * 5
    return f"{label} |{cells}".rstrip()


def _clock(t: float) -> str:
    return f"{int(t) // 60}:{int(t) % 60:02d}"
