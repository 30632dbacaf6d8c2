"""Assessment after four to six weeks (R17): speed, balance and muscle, each before and after or "not measured"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.method.facts import MAX_BPM, RPE
from retroctl.errors import ClientError
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.domain.method.days import Day
    from retroctl.domain.method.practice import Practice
    from retroctl.units import Speed

DUE_FROM_DAYS: Final = 28
OVERDUE_AFTER_DAYS: Final = 42
CALM_RPE: Final = 13
"""A backward speed counts as the client's when it was held at this exertion or less."""


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
    """One assessment; None is "not measured". Values in the units of MEASURES.

    `forward_kmh`, `forward_bpm`, `forward_rpe`: the check of forward economy, at one fixed forward speed before and
    after (R18). Raises ClientError for what cannot be.
    """

    day: Day
    speed_kmh: float | None = None
    balance_s: float | None = None
    stands: float | None = None
    forward_kmh: float | None = None
    forward_bpm: float | None = None
    forward_rpe: float | None = None
    note: str = ""
    """What else was seen: knees, hips, posture (R24). Nothing is computed from it."""

    def __post_init__(self) -> None:
        for what, value, (low, high) in (
            ("a backward speed in km/h", self.speed_kmh, (0.1, 25.0)),
            ("a time for 3 m in seconds", self.balance_s, (0.5, 300.0)),
            ("stands in 30 s", self.stands, (0, 60)),
            ("a forward speed in km/h", self.forward_kmh, (0.1, 25.0)),
            ("a heart rate", self.forward_bpm, (40, MAX_BPM[1])),
            ("an RPE", self.forward_rpe, RPE),
        ):
            if value is not None and not low <= value <= high:
                raise ClientError(f"{what} of {value:g} cannot be; give {low:g} to {high:g}")
        if self.forward_kmh is None and (self.forward_bpm is not None or self.forward_rpe is not None):
            raise ClientError("a heart rate or RPE of the forward check goes with its speed")

    @property
    def measured(self) -> bool:
        """Whether anything was; a note alone is no assessment."""
        values = (self.speed_kmh, self.balance_s, self.stands, self.forward_kmh)
        return any(value is not None for value in values)

    def value(self, domain: Domain) -> float | None:
        """What was measured in a domain."""
        return {Domain.SPEED: self.speed_kmh, Domain.BALANCE: self.balance_s, Domain.MUSCLE: self.stands}[domain]


def due(done: Sequence[Assessment], today: Day) -> Due:
    """Whether an assessment is due, counted from the last one in which something was measured."""
    days = [each.day for each in done if each.measured]
    if not days:
        return Due.BASELINE
    since = today.days_since(max(days))
    if since < DUE_FROM_DAYS:
        return Due.NOT_YET
    return Due.DUE if since <= OVERDUE_AFTER_DAYS else Due.OVERDUE


def before_and_after(done: Iterable[Assessment]) -> tuple[Assessment | None, Assessment | None]:
    """The first and the last in which something was measured; of two on one day the one given later comes later."""
    taken = sorted((each for each in done if each.measured), key=lambda each: each.day)
    return (taken[0] if taken else None), (taken[-1] if len(taken) > 1 else None)


def compared(before: Assessment | None, after: Assessment | None) -> tuple[str, ...]:
    """Each of the three domains in one line: before and after, or that it was not measured."""
    lines = [_line(domain, before, after) for domain in Domain]
    if any(each is not None and each.forward_kmh is not None for each in (before, after)):
        lines.append(f"forward economy: {_economy(before)} before, {_economy(after)} after")
    lines += [f"noted {each.day}: {each.note}" for each in (before, after) if each is not None and each.note]
    return tuple(lines)


def fastest_calm(history: Iterable[Practice]) -> Speed:
    """The fastest backward speed held for a minute in a session at an RPE of 13 or less; 0 when there is none."""
    return max((done.peak for done in history if done.rpe is not None and done.rpe <= CALM_RPE), default=REST)


def _economy(taken: Assessment | None) -> str:
    if taken is None or taken.forward_kmh is None:
        return "not measured"
    rate = "heart rate not measured" if taken.forward_bpm is None else f"{taken.forward_bpm:g} beats a minute"
    rpe = "RPE not asked" if taken.forward_rpe is None else f"RPE {taken.forward_rpe:g}"
    return f"{rate}, {rpe} at {taken.forward_kmh:g} km/h"


def _line(domain: Domain, before: Assessment | None, after: Assessment | None) -> str:
    what, unit = MEASURES[domain]
    values = [None if each is None else each.value(domain) for each in (before, after)]
    if values == [None, None]:
        return f"{domain}: not measured ({what})"
    first, second = ("not measured" if value is None else f"{value:g} {unit}".strip() for value in values)
    return f"{domain}: {first} before, {second} after ({what})"
