"""Training programs of QZ (qdomyos-zwift), native XML: `rows` holds `row`, and `repeat` with `row` inside.

A row lasts a `duration` (`hh:mm:ss`) or a `distance` in km, at a `speed` in km/h or from `speedfrom` to `speedto`, at
an `inclination` in %. Rows that follow a heart rate (`zonehr`, `hrmin`), a power or a pace set no speed.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

from retroctl.adapters.files import shown_text
from retroctl.app.conversion import ForeignStep, ForeignWorkout
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retroctl.adapters.exchange.xmlread import Element

MOST_REPEATS: Final = 200
MOST_STEPS: Final = 500
_CLOCK: Final = re.compile(r"\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,3}))?\s*", re.ASCII)
_FOLLOWS: Final = ("zonehr", "hrmin", "hrmax", "power", "powerzone", "powerzonefrom", "pace_intensity", "mets")
"""What steers a row that gives no speed of its own."""


def read_qz(root: Element, name: str, *, title: str) -> ForeignWorkout:
    """Read a program from its `rows`; `title` becomes its name, it has none. Raises ConfigError naming the step."""
    steps: list[ForeignStep] = []
    advisory = following = 0
    for row in _rows(root, name):
        steps.append(_step(row, len(steps) + 1))
        advisory += row.attributes.get("forcespeed", "0").strip() in ("", "0", "false")
        following += any(_sets(row.attributes, key) for key in _FOLLOWS)
        if len(steps) > MOST_STEPS:
            raise ConfigError(f"{name}: more than {MOST_STEPS} steps; made from a track?")
    if not steps:
        raise ConfigError(f"{name}: holds no row")
    remarks: list[str] = []
    if advisory:
        remarks.append(f"rows that only advise a speed (no forcespeed) set it here ({advisory})")
    if following:
        remarks.append(f"of rows that also follow a heart rate or a power only the speed is kept ({following})")
    return ForeignWorkout(title or "qz", "QZ program", tuple(steps), tuple(remarks))


def _rows(parent: Element, name: str) -> Iterator[Element]:
    """The rows in the order in which they are run."""
    for child in parent.children:
        if child.name == "row":
            yield child
        elif child.name == "repeat":
            times = _number(child.attributes.get("times", ""), f"{name}: line {child.line}: repeat: times")
            if not (1 <= times <= MOST_REPEATS and times == int(times)):
                raise ConfigError(
                    f"{name}: line {child.line}: repeat {times:g} times: a whole number, 1 to {MOST_REPEATS}"
                )
            if any(inner.name == "repeat" for inner in child.children):
                raise ConfigError(f"{name}: line {child.line}: a repeat inside a repeat; QZ does not know it either")
            for _ in range(int(times)):
                yield from _rows(child, name)


def _step(row: Element, number: int) -> ForeignStep:
    where = f"step {number} (row, line {row.line})"
    written = row.attributes
    if "speedfrom" in written and "speedto" in written:
        begin = _number(written["speedfrom"], f"{where}: speedfrom")
        end = _number(written["speedto"], f"{where}: speedto")
    elif _sets(written, "speed"):
        begin = end = _number(written["speed"], f"{where}: speed")
    else:
        follows = next((key for key in _FOLLOWS if _sets(written, key)), None)
        why = "sets no speed" if follows is None else f"follows {follows} and sets no speed"
        raise ConfigError(f"{where}: {why}, so no stage can be made of it; give it a speed in the file")
    incline = _number(written["inclination"], f"{where}: inclination") if _sets(written, "inclination", -200) else 0.0
    return ForeignStep(where, _seconds(row, where, (begin + end) / 2), begin, end, incline_pct=incline)


def _sets(written: dict[str, str], key: str, unset_at: float = 0) -> bool:
    """QZ writes -1 (of an inclination -200), or 0 for what follows, where a row leaves something open."""
    if key not in written:
        return False
    if key == "speed":
        unset_at = -1
    try:
        return float(written[key]) > unset_at or math.isnan(float(written[key]))
    except ValueError:
        return True  # said, and wrong: it is refused where it is read


def _seconds(row: Element, where: str, kmh: float) -> float:
    duration = row.attributes.get("duration", "")
    found = _CLOCK.fullmatch(duration)
    if found is not None:
        hours, minutes, seconds = (int(part) for part in found.groups()[:3])
        if minutes < 60 and seconds < 60:
            whole = hours * 3600 + minutes * 60 + seconds + int((found[4] or "0").ljust(3, "0")) / 1000
            if whole or "distance" not in row.attributes:
                return whole
    elif duration:
        raise ConfigError(f"{where}: duration {shown_text(duration, 30)!r}: write it as hh:mm:ss")
    if "distance" in row.attributes:
        km = _number(row.attributes["distance"], f"{where}: distance")
        if not (0 < km <= 100 and kmh > 0):
            raise ConfigError(f"{where}: {km:g} km at {kmh:g} km/h is no step")
        return round(km / kmh * 3600, 1)
    if duration:
        raise ConfigError(f"{where}: duration {shown_text(duration, 30)!r}: minutes and seconds go up to 59")
    raise ConfigError(f"{where}: has neither a duration nor a distance")


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ConfigError(f"{what} {shown_text(text, 30)!r} is not a number") from None
    if not math.isfinite(value):
        raise ConfigError(f"{what} {shown_text(text, 30)!r} is not a finite number")
    return value
