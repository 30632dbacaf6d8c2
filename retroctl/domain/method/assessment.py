"""Assessment after four to six weeks (R17): speed, balance and muscle, each before and after or "not measured"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.domain.method.days import Day

DUE_FROM_DAYS: Final = 28
OVERDUE_AFTER_DAYS: Final = 42


class Due(StrEnum):
    """Whether an assessment is wanted today."""

    BASELINE = "the baseline is to be taken"
    NOT_YET = "not due yet"
    DUE = "due"
    OVERDUE = "overdue"


class Domain(StrEnum):
    """The three things that are assessed."""

    SPEED = "speed"
    BALANCE = "balance"
    MUSCLE = "muscle"


MEASURES: Final = {
    Domain.SPEED: ("fastest backward speed held for a minute at an RPE of 13 or less", "km/h"),
    Domain.BALANCE: ("time for 3 m walked backward", "s"),
    Domain.MUSCLE: ("stands from a chair in 30 s", ""),
}
"""What is measured in each, and its unit."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment; None is "not measured". `values` in the units of MEASURES."""

    day: Day
    speed_kmh: float | None = None
    balance_s: float | None = None
    stands: float | None = None

    def value(self, domain: Domain) -> float | None:
        """What was measured in a domain."""
        return {Domain.SPEED: self.speed_kmh, Domain.BALANCE: self.balance_s, Domain.MUSCLE: self.stands}[domain]


def due(done: Sequence[Assessment], today: Day) -> Due:
    """Whether an assessment is due, counted from the last one that was taken."""
    if not done:
        return Due.BASELINE
    since = today.days_since(max(each.day for each in done))
    if since < DUE_FROM_DAYS:
        return Due.NOT_YET
    return Due.DUE if since <= OVERDUE_AFTER_DAYS else Due.OVERDUE


def compared(before: Assessment | None, after: Assessment | None) -> tuple[str, ...]:
    """Each of the three domains in one line: before and after, or that it was not measured."""
    return tuple(_line(domain, before, after) for domain in Domain)


def _line(domain: Domain, before: Assessment | None, after: Assessment | None) -> str:
    what, unit = MEASURES[domain]
    values = [None if each is None else each.value(domain) for each in (before, after)]
    if values == [None, None]:
        return f"{domain}: not measured ({what})"
    first, second = ("not measured" if value is None else f"{value:g} {unit}".strip() for value in values)
    return f"{domain}: {first} before, {second} after ({what})"
