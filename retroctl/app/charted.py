"""What a chart of the report is drawn from: points on days, and a bar for each week. Text is raw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day


@dataclass(frozen=True, slots=True)
class Point:
    """A value on a day, in words too."""

    day: Day
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A week's value; None is "not known"."""

    label: str
    value: float | None
    words: str
