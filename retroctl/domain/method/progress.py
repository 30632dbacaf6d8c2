"""A client's weeks: what was done, the one thing that rose, how it felt. Pure; the report and the lists draw it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.energy import BACKWARD_FACTOR
from retroctl.domain.method.assessment import DUE_FROM_DAYS, Assessment
from retroctl.domain.method.days import Day
from retroctl.domain.method.figures import Spent, rate
from retroctl.domain.method.levels import FAMILIARISATION
from retroctl.domain.method.one_variable import risen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.domain.method.figures import Figures
    from retroctl.domain.method.one_variable import Variable
    from retroctl.domain.method.practice import Kind
    from retroctl.units import Speed

WEEK_DAYS: Final = 7
LATELY_DAYS: Final = 14
"""The speed that an assessment takes from the record was held in the last so many days."""


@dataclass(frozen=True, slots=True)
class Done:
    """One session on its day."""

    day: Day
    figures: Figures


@dataclass(frozen=True, slots=True)
class Rise:
    """What rose from one completed session to the next of its kind: the variables, each from what to what."""

    day: Day
    kind: Kind
    variables: dict[Variable, str]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days. `number` counts from 1; None is "not known", never zero. Speeds and minutes are backward ones."""

    number: int
    first: Day
    done: tuple[Done, ...]
    rises: tuple[Rise, ...]

    @property
    def days(self) -> tuple[Day, ...]:
        """Its seven days."""
        return tuple(self.first.plus(day) for day in range(WEEK_DAYS))

    @property
    def peak(self) -> Speed | None:
        """The fastest speed held for a minute."""
        return max((peak for each in self.done if (peak := each.figures.peak) is not None), default=None)

    @property
    def backward_s(self) -> float | None:
        """Seconds backward, of the sessions whose time is known; None when none is."""
        known = [each.figures.backward_s for each in self.done if each.figures.backward_s is not None]
        return sum(known) if known else None

    @property
    def ratings(self) -> tuple[int, ...]:
        """Every exertion that was noted."""
        return tuple(rating.rating for each in self.done for rating in each.figures.ratings)

    @property
    def events(self) -> int:
        """Balance events."""
        return sum(len(each.figures.events) for each in self.done)

    @property
    def events_per_10_min(self) -> float | None:
        """Balance events in ten minutes backward, of the sessions whose time is known."""
        known = [each.figures for each in self.done if each.figures.backward_s is not None]
        return rate(sum(len(each.events) for each in known), sum(each.backward_s or 0.0 for each in known))


def monday(day: Day) -> Day:
    """The Monday of that week; day 1 of the calendar was one."""
    return Day(day.ordinal - (day.ordinal - 1) % WEEK_DAYS)


def weeks(done: Sequence[Done], first: Day, last: Day) -> tuple[Week, ...]:
    """The weeks from the one that begins on `first` to the one that holds `last`.

    What was done before `first` counts only for what has risen since.
    """
    rises = _rises(done)
    count = max(0, last.days_since(first)) // WEEK_DAYS + 1
    made: list[Week] = []
    for number in range(count):
        begin = first.plus(number * WEEK_DAYS)
        inside = range(begin.ordinal, begin.ordinal + WEEK_DAYS)
        made.append(
            Week(
                number + 1,
                begin,
                tuple(each for each in done if each.day.ordinal in inside),
                tuple(each for each in rises if each.day.ordinal in inside),
            )
        )
    return tuple(made)


def _rises(done: Iterable[Done]) -> list[Rise]:
    """What rose, between completed sessions of one kind, in their order (R11, R12)."""
    last: dict[Kind, Done] = {}
    found: list[Rise] = []
    for each in sorted(done, key=lambda one: one.day):
        figures = each.figures
        if not figures.completed:
            continue
        before = last.get(figures.kind)
        if before is not None:
            variables = risen(before.figures.shape, figures.shape)
            if variables:
                found.append(Rise(each.day, figures.kind, variables))
        last[figures.kind] = each
    return found


def rpe_at_fixed_speed(done: Iterable[Done]) -> tuple[Speed, tuple[tuple[Day, int], ...]] | None:
    """The speed that was rated on the most days, the fastest of several, with its last rating of each day.

    None where no speed was rated on two days: one rating shows no change.
    """
    by_speed: dict[Speed, dict[Day, int]] = {}
    for each in sorted(done, key=lambda one: one.day):
        for rating in each.figures.ratings:
            if rating.at is not None:
                by_speed.setdefault(rating.at, {})[each.day] = rating.rating
    if not by_speed:
        return None
    speed, series = max(by_speed.items(), key=lambda item: (len(item[1]), item[0]))
    return (speed, tuple(series.items())) if len(series) > 1 else None


def energy_of(done: Iterable[Done]) -> tuple[Spent, int] | None:
    """The energy of the sessions for which it was estimated, in kcal with its band, and how many these are."""
    spent = [each.figures.spent for each in done if each.figures.spent is not None]
    if not spent:
        return None
    whole = Spent(
        sum(each.kcal for each in spent),
        sum(each.low for each in spent),
        sum(each.high for each in spent),
        extrapolated=sum(each.kcal for each in spent if each.extrapolated) > sum(each.kcal for each in spent) / 2,
    )
    return whole, len(spent)


def forward_equivalent(done: Iterable[Done]) -> float | None:
    """What the model gives for the same speeds forward, kcal; None unless all the estimated time was backward (R21)."""
    found = 0.0
    for each in done:
        figures = each.figures
        if figures.spent is None:
            continue
        if figures.backward_s is None or figures.moving_s is None or figures.backward_s < figures.moving_s - 1.0:
            return None
        found += figures.spent.kcal / BACKWARD_FACTOR
    return found or None


def speed_assessments(done: Sequence[Done], today: Day) -> tuple[Assessment | None, Assessment | None]:
    """Speed before and after, from the record alone (R17): the fastest held for a minute at an RPE of 13 or less.

    Before: the first session after the two of familiarisation in which that is known. After: the best of the last
    fourteen days, when these are at least DUE_FROM_DAYS after the first. None is "not measured".
    """
    known = [
        (each.day, speed)
        for each in sorted(done, key=lambda one: one.day)[FAMILIARISATION:]
        if (speed := each.figures.assessed) is not None
    ]
    if not known:
        return None, None
    first_day, first = known[0]
    late = [
        (speed, day)
        for day, speed in known
        if day.days_since(first_day) >= DUE_FROM_DAYS and today.days_since(day) < LATELY_DAYS
    ]
    before = Assessment(first_day, speed_kmh=first.kmh)
    if not late:
        return before, None
    best, day = max(late)
    return before, Assessment(day, speed_kmh=best.kmh)
