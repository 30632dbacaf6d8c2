"""Confidence before and after each session as it was noted, over weeks (R5). Nothing is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.app.charted import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.domain.method.days import Day
    from retroctl.domain.method.figures import Confidence
    from retroctl.domain.method.practice import Outing
    from retroctl.domain.method.progress import Week

NOT_NOTED: Final = "not noted"
NO_SESSION: Final = "-"
MOST: Final = 5
"""The upper end of the scale; 1 is the lower one."""


@dataclass(frozen=True, slots=True)
class Trend:
    """What was said before sessions and after them. Outdoors (R25) it is asked after a session only.

    `rows`: the number of a week, and each of its sessions before and after in words.
    """

    before: tuple[Point, ...]
    after: tuple[Point, ...]
    words: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class _Said:
    day: Day
    value: int | None
    outdoors: bool = False

    @property
    def words(self) -> str:
        value = NOT_NOTED if self.value is None else str(self.value)
        return f"{value} (outdoors)" if self.outdoors else value


def trend(span: Iterable[Week], outings: Sequence[Outing]) -> Trend:
    """The trend over these weeks, with the sessions outdoors in them."""
    every_before: list[_Said] = []
    every_after: list[_Said] = []
    rows: list[tuple[str, str, str]] = []
    for week in span:
        before = [_Said(each.day, each.figures.confidence.before) for each in week.done]
        after = [_Said(each.day, each.figures.confidence.after) for each in week.done]
        after += [_Said(each.day, each.confidence, outdoors=True) for each in outings if each.day in week.days]
        rows.append((str(week.number), _listed(before), _listed(after)))
        every_before += before
        every_after += sorted(after, key=lambda said: said.day)
    words = f"Before: {_from_to(every_before)} After: {_from_to(every_after)}"
    return Trend(_points(every_before, "before"), _points(every_after, "after"), words, tuple(rows))


def confidence_words(confidence: Confidence) -> str:
    """Both of one session."""
    before, after = confidence.before, confidence.after
    if before is None and after is None:
        return NOT_NOTED
    return f"{_of_scale(before)} before, {_of_scale(after)} after"


def _of_scale(value: int | None) -> str:
    return NOT_NOTED if value is None else f"{value} of {MOST}"


def _listed(said: Sequence[_Said]) -> str:
    """Each of a week's sessions; once only where nothing was noted of any."""
    if not said:
        return NO_SESSION
    if all(each.value is None for each in said):
        return NOT_NOTED
    return ", ".join(each.words for each in said)


def _points(said: Iterable[_Said], when: str) -> tuple[Point, ...]:
    return tuple(
        Point(each.day, float(each.value), f"{each.day}, {when}: {each.words}")
        for each in said
        if each.value is not None
    )


def _from_to(said: Sequence[_Said]) -> str:
    """The first and the last that were noted, and of how many sessions it was not."""
    noted = [each for each in said if each.value is not None]
    if not noted:
        return f"{NOT_NOTED}."
    first, last = noted[0], noted[-1]
    told = f"{first.value} on {first.day}" + ("" if first is last else f", {last.value} on {last.day}")
    missing = len(said) - len(noted)
    return f"{told}; {NOT_NOTED} in {missing} of {len(said)} sessions." if missing else f"{told}."
