"""The programmes (R16, R18, R20): three sessions a week, in which one thing rises at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retroctl.domain.limits import HARD_CEILING, LEVEL_CAPS, Level
from retroctl.domain.method.practice import Kind
from retroctl.units import Speed

A_WEEK: Final = 3
"""Sessions a week, as in the six-week trial (Terblanche et al. 2005, Int J Sports Med 26(3):214-219)."""


class ProgrammeName(StrEnum):
    """The programmes there are."""

    SIX_WEEK = "six-week"
    ECONOMY = "economy"
    REHAB = "rehab"


@dataclass(frozen=True, slots=True)
class Ramp:
    """How one preset's sessions grow. Lengths and counts rise in the first session of a week, speed in the third.

    `counts` and `peaks` have an entry a week; the last one holds for all weeks after it.
    """

    preset: str
    first_peak: Speed
    speed_step: Speed
    first_s: float
    step_s: float
    most_s: float
    counts: tuple[int, ...] = (1,)
    peaks: tuple[Speed, ...] = (HARD_CEILING,)
    carries_on: bool = True
    """Whether it goes on from what was done before it, in the programme or not."""

    @property
    def kind(self) -> Kind:
        """The kind of its sessions: with which of the past they are compared."""
        return Kind.LADDER if self.preset == "ladder" else Kind.MAIN_SET

    def count(self, week: int) -> int:
        """Intervals in a week, counted from 0."""
        return self.counts[min(week, len(self.counts) - 1)]

    def peak(self, week: int) -> Speed:
        """The fastest speed of a week, counted from 0."""
        return self.peaks[min(week, len(self.peaks) - 1)]


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme. `weeks` None: until the clearance ends. `before_balance`: what is done until balance is mastered."""

    name: ProgrammeName
    ramp: Ramp
    weeks: int | None
    before_balance: Ramp | None

    @property
    def sessions(self) -> int | None:
        """How many sessions it has."""
        return None if self.weeks is None else self.weeks * A_WEEK


_LADDER = Ramp("ladder", Speed(200), Speed(40), 120.0, 60.0, 300.0)
_INTERVALS = Ramp("intervals", Speed(200), Speed(40), 180.0, 0.0, 180.0, counts=(5, 7, 9, 11, 13, 15))
"""15, 21, 27, 33, 39 and 45 minutes a session: the ends are the trial's, the steps between them a house rule."""
_STEADY = Ramp(
    "economy", Speed(320), Speed(40), 600.0, 120.0, 1200.0,
    peaks=(LEVEL_CAPS[Level.RUNNER],) * 5 + (LEVEL_CAPS[Level.TRAINED],),
)  # fmt: skip
"""Five weeks of run-in at 8.0 km/h, then five at 9.7 (Ordway et al. 2016); the lengths are a house rule."""
_REHAB = Ramp("rehab", Speed(100), Speed(20), 300.0, 60.0, 900.0, peaks=(LEVEL_CAPS[Level.REHAB],), carries_on=False)

PROGRAMMES: Final = {
    ProgrammeName.SIX_WEEK: Programme(ProgrammeName.SIX_WEEK, _INTERVALS, 6, _LADDER),
    ProgrammeName.ECONOMY: Programme(ProgrammeName.ECONOMY, _STEADY, 10, None),
    ProgrammeName.REHAB: Programme(ProgrammeName.REHAB, _REHAB, None, _REHAB),
}
