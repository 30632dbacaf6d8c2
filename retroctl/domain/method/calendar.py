"""A programme's weeks as boxes: what was done, cut short, missed, what is due and what lies ahead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.method.practice import in_order
from retroctl.domain.method.programme import A_WEEK, PROGRAMMES, ProgrammeName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retroctl.domain.method.days import Day
    from retroctl.domain.method.practice import Practice

DAYS: Final = 7
MOST_WEEKS: Final = 104
"""A calendar of more than two years is of no use; the programme was left."""


class Mark(StrEnum):
    """What became of a session."""

    DONE = "done"
    CUT_SHORT = "cut short"
    MISSED = "missed"
    DUE = "due"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Box:
    """One session of the calendar. `session` is what was done in it; None where nothing was."""

    mark: Mark
    session: Practice | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of a programme, counted from the day it began; `number` from 1."""

    number: int
    first: Day
    boxes: tuple[Box, ...]


def calendar(name: ProgrammeName, started: Day, history: Iterable[Practice], today: Day) -> tuple[Week, ...]:
    """The weeks of a programme that began on `started`, as planned, and more where sessions were missed.

    A week that is over has three boxes at least; what is left of them was missed. The programme goes on until its
    sessions are completed, so weeks are added at its end.
    """
    programme = PROGRAMMES[name]
    done = [each for each in in_order(history) if each.day >= started]
    completed = sum(each.completed for each in done)
    left = None if programme.sessions is None else max(0, programme.sessions - completed)
    running = max(0, today.days_since(started)) // DAYS + 1
    last = max([each.day.days_since(started) // DAYS + 1 for each in done], default=1)
    planned = running if programme.weeks is None else programme.weeks
    wanted = max(last, planned if left != 0 else last, running if left != 0 else last)
    weeks: list[Week] = []
    for number in range(1, min(wanted, MOST_WEEKS) + 1):
        first = started.plus((number - 1) * DAYS)
        boxes = [
            Box(Mark.DONE if each.completed else Mark.CUT_SHORT, each)
            for each in done
            if first <= each.day < first.plus(DAYS)
        ]
        free = 0 if left == 0 and number == last else max(0, A_WEEK - len(boxes))
        marks = [Mark.MISSED if number < running else Mark.AHEAD] * free
        if number == running and marks and today >= started:
            marks[0] = Mark.DUE
        weeks.append(Week(number, first, (*boxes, *map(Box, marks))))
    return tuple(weeks)


def counted(weeks: Iterable[Week]) -> dict[Mark, int]:
    """How many boxes of each mark there are."""
    marks = [box.mark for week in weeks for box in week.boxes]
    return {mark: marks.count(mark) for mark in Mark}
