"""Charts as SVG without any colour of their own: the page's style sheet colours them, for light, dark and paper alike.

By hand, because a chart library writes its colours into the picture, and some fetch a script; these are two shapes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retroctl.app.charted import Bar, Point

WIDTH: Final = 320
HEIGHT: Final = 150
LEFT: Final = 34
RIGHT: Final = 10
TOP: Final = 14
BOTTOM: Final = 20
STEPS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
MOST_LINES: Final = 5
MOST_LABELS: Final = 14
MOST_DOTS: Final = 40
LEGEND: Final = 70
"""Room for the name of a line above the picture."""


def line(points: Sequence[Point], words: str, *, bounds: tuple[float, float, float] | None) -> str:
    """A line over days; `bounds` are the axis: lowest, highest, step of its lines; from 0 up where none are given.

    Empty without points. `words` say the same to those who do not see it.
    """
    return lines({"": points}, words, bounds=bounds)


def lines(named: Mapping[str, Sequence[Point]], words: str, *, bounds: tuple[float, float, float] | None) -> str:
    """Several lines over the same days, each of the class that its name is; a name is written above the picture."""
    every = [point for points in named.values() for point in points]
    if not every:
        return ""
    low, high, step = _axis(bounds, max(point.value for point in every))
    svg = _picture(words, low, high, step)
    first, last = min(point.day for point in every), max(point.day for point in every)
    days = max(1, last.days_since(first))
    for name, points in named.items():
        places = [(_x(point.day.days_since(first) / days), _y(point.value, low, high)) for point in points]
        _curve(svg, name, points, places)
    _legend(svg, [name for name in named if name])
    _text(svg, (LEFT, HEIGHT - 5), str(first), "start")
    if last > first:
        _text(svg, (WIDTH - RIGHT, HEIGHT - 5), str(last), "end")
    return ET.tostring(svg, encoding="unicode")


def _curve(svg: ET.Element, name: str, points: Sequence[Point], places: Sequence[tuple[float, float]]) -> None:
    if not points:
        return
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    ET.SubElement(svg, "polyline", {"class": f"line {name}".strip(), "points": path})
    for point, (x, y) in zip(points, places, strict=True):
        where = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "2.6"}
        dot = ET.SubElement(svg, "circle", {"class": f"dot {name}".strip(), **where})
        if len(points) <= MOST_DOTS:
            ET.SubElement(dot, "title").text = point.words
    x, y = places[-1]
    _text(svg, (min(x, WIDTH - RIGHT), max(TOP - 4, y - 6)), f"{points[-1].value:g}", "end", "value")


def _legend(svg: ET.Element, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        x = LEFT + 4 + place * LEGEND
        ends = {"x1": str(x), "x2": str(x + 18), "y1": "5", "y2": "5"}
        ET.SubElement(svg, "line", {"class": f"line {name}", **ends})
        _text(svg, (x + 22, 8), name, "start")


def bars(weeks: Sequence[Bar], words: str) -> str:
    """A bar for each week; one that is not known is a question mark. Empty where no week has a value above zero."""
    known = [bar.value for bar in weeks if bar.value is not None]
    if not any(known):
        return ""
    low, high, step = _axis(None, max(known))
    svg = _picture(words, low, high, step)
    room = (WIDTH - LEFT - RIGHT) / len(weeks)
    every = math.ceil(len(weeks) / MOST_LABELS)
    for place, bar in enumerate(weeks):
        x = LEFT + place * room
        if place % every == 0:
            _text(svg, (x + room / 2, HEIGHT - 5), bar.label, "middle")
        if bar.value is None:
            _text(svg, (x + room / 2, _y(low, low, high) - 3), "?", "middle")
            continue
        y = _y(bar.value, low, high)
        size = {"x": f"{x + room * 0.15:.1f}", "y": f"{y:.1f}", "width": f"{room * 0.7:.1f}"}
        box = ET.SubElement(svg, "rect", {"class": "bar", **size, "height": f"{HEIGHT - BOTTOM - y:.1f}"})
        ET.SubElement(box, "title").text = f"week {bar.label}: {bar.words}"
        if bar.value and len(weeks) <= MOST_LABELS:
            _text(
                svg, (x + room / 2, y - 3), f"{bar.value:.0f}" if high > 10 else f"{bar.value:.1f}", "middle", "value"
            )
    return ET.tostring(svg, encoding="unicode")


def _picture(words: str, low: float, high: float, step: float) -> ET.Element:
    svg = ET.Element("svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-label": words})
    for number in range(round((high - low) / step) + 1):
        value = low + number * step
        y = f"{_y(value, low, high):.1f}"
        ET.SubElement(svg, "line", {"class": "grid", "x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": y, "y2": y})
        _text(svg, (LEFT - 5, _y(value, low, high) + 3), f"{value:g}", "end")
    return svg


def _axis(bounds: tuple[float, float, float] | None, most: float) -> tuple[float, float, float]:
    """Lowest and highest value of the axis, and the step of its lines."""
    if bounds is not None:
        return bounds
    low, high = 0.0, most or 1.0
    step = next((each for each in STEPS if (high - low) / each <= MOST_LINES), STEPS[-1])
    return low, low + step * max(1, math.ceil((high - low) / step - 1e-9)), step


def _x(share: float) -> float:
    return LEFT + 4 + share * (WIDTH - LEFT - RIGHT - 8)


def _y(value: float, low: float, high: float) -> float:
    return TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM)


def _text(svg: ET.Element, at: tuple[float, float], words: str, anchor: str, kind: str = "label") -> None:
    place = {"class": kind, "x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}", "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = words
