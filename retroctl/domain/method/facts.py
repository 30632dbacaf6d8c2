"""What is noted of a client, without a name, and what of it cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import LEAST_RPE, MOST_RPE
from retroctl.domain.limits import Client, Level
from retroctl.errors import ClientError

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day
    from retroctl.units import Speed

YOUNGEST: Final = 13
"""Treadmills are built and labelled for users of 13 and more (ASTM F2115)."""
OLDEST: Final = 110
REHAB_FROM_AGE: Final = 65
"""Old people lose stride length backward (Laufer 2005); from this age the cap is that of level rehab."""
MASS_KG: Final = (20.0, 300.0)
RESTING_BPM: Final = (25, 120)
MAX_BPM: Final = (80, 230)
LEAST_RESERVE_BPM: Final = 20
"""Between the resting and the highest heart rate; with less, one of the two is a slip of the pen."""
FORWARD_HUNDREDTHS: Final = (50, 2500)
SCREENING_DAYS: Final = 365
"""A screening holds for twelve months at most."""
RPE: Final = (LEAST_RPE, MOST_RPE)
"""Borg's scale."""


class Goal(StrEnum):
    """What the client trains for."""

    GENERAL = "general"
    REHAB = "rehab"
    RACE = "race"
    OFF_SEASON = "off-season"


class ScreeningOutcome(StrEnum):
    """How the questionnaire before exercise ended; its wording and answers are never kept."""

    CLEAR = "clear"
    """Every question answered no."""
    FOLLOWED_UP = "followed-up"
    """Something answered yes, and the follow-up pages found nothing against it."""
    REFERRED = "referred"
    """A clinician has to say."""
    BALANCE = "balance"
    """Dizziness or lost balance answered yes: nothing backward without a clearance."""


CLEARANCE_NEEDED: Final = frozenset({ScreeningOutcome.REFERRED, ScreeningOutcome.BALANCE})


@dataclass(frozen=True, slots=True)
class Screening:
    """A screening: when, how it ended, its last valid day. Raises ClientError for a validity over twelve months."""

    outcome: ScreeningOutcome
    day: Day
    expires: Day

    def __post_init__(self) -> None:
        if self.expires < self.day:
            raise ClientError(f"the screening of {self.day} cannot expire before it, on {self.expires}")
        if self.expires.days_since(self.day) > SCREENING_DAYS:
            raise ClientError(
                f"a screening holds for twelve months at most: one of {self.day} expires by "
                f"{self.day.plus(SCREENING_DAYS)}, not on {self.expires}"
            )


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a clinician allows: who, when, until when, within which limits (R20).

    `resume`: back to training without the rehab band. Raises ClientError for limits that cannot be.
    """

    by: str
    day: Day
    ends: Day
    max_speed: Speed | None = None
    low_bpm: int | None = None
    high_bpm: int | None = None
    rpe_max: int | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise ClientError("a clearance names who gave it (R20)")
        if self.ends < self.day:
            raise ClientError(f"the clearance of {self.day} cannot end before it, on {self.ends}")
        if self.max_speed is not None and not self.max_speed.hundredths:
            raise ClientError("a clearance with a highest speed of 0 allows no session; give one, or leave it out")
        for bpm in (self.low_bpm, self.high_bpm):
            _within("a heart rate limit", bpm, (40, MAX_BPM[1]), "beats a minute")
        if self.low_bpm is not None and self.high_bpm is not None and self.low_bpm >= self.high_bpm:
            raise ClientError(f"a heart rate band from {self.low_bpm} to {self.high_bpm} is none")
        _within("the highest RPE", self.rpe_max, RPE, "on Borg's scale")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is noted of a client; None is "not known". Raises ClientError naming what cannot be."""

    birth_year: int
    level: Level = Level.NEW
    goal: Goal = Goal.GENERAL
    mass_kg: float | None = None
    mass_day: Day | None = None
    resting_bpm: int | None = None
    max_bpm: int | None = None
    """Measured in a test, not computed."""
    beta_blocker: bool = False
    comfortable_forward: Speed | None = None
    fall_history: bool = False
    balance_mastered: bool = False
    incline_confirmed: Day | None = None
    """When the trainer confirmed that incline may begin (R14)."""
    screening: Screening | None = None
    clearance: Clearance | None = None
    consent: Day | None = None

    def __post_init__(self) -> None:
        if self.mass_kg is not None and not math.isfinite(self.mass_kg):
            raise ClientError(f"a mass of {self.mass_kg} kg cannot be; give {MASS_KG[0]:g} to {MASS_KG[1]:g} kg")
        _within("a mass", self.mass_kg, MASS_KG, "kg")
        _within("a resting heart rate", self.resting_bpm, RESTING_BPM, "beats a minute")
        _within("a highest heart rate", self.max_bpm, MAX_BPM, "beats a minute")
        if self.comfortable_forward is not None:
            low, high = FORWARD_HUNDREDTHS
            if not low <= self.comfortable_forward.hundredths <= high:
                raise ClientError(
                    f"a comfortable forward speed of {self.comfortable_forward} cannot be; "
                    f"give {low / 100:g} to {high / 100:g} km/h"
                )
        if self.resting_bpm and self.max_bpm and self.max_bpm - self.resting_bpm < LEAST_RESERVE_BPM:
            raise ClientError(
                f"a resting heart rate of {self.resting_bpm} and a highest of {self.max_bpm} are too near each other"
            )

    def age(self, today: Day) -> int:
        """The age reached this year, in years: the birthday is not noted, so the older, stricter reading."""
        return today.year - self.birth_year

    def check(self, today: Day) -> None:
        """Raise ClientError for what cannot be as of today: a birth year or a date to come, an age out of bounds."""
        age = self.age(today)
        if not YOUNGEST <= age <= OLDEST:
            raise ClientError(
                f"a birth year of {self.birth_year} cannot be: treadmills are made for people of {YOUNGEST} and more; "
                f"give {today.year - OLDEST} to {today.year - YOUNGEST}"
            )
        dated: dict[str, Day | None] = {
            "the mass": self.mass_day,
            "the incline's release": self.incline_confirmed,
            "the consent": self.consent,
            "the screening": None if self.screening is None else self.screening.day,
            "the clearance": None if self.clearance is None else self.clearance.day,
        }
        for what, day in dated.items():
            if day is not None and day > today:
                raise ClientError(
                    f"{what} is dated {day}, which is still to come (this computer says that today is {today})"
                )

    def held_to_rehab(self, today: Day) -> str | None:
        """Why the cap of level rehab applies whatever the level is; None when it does not."""
        if self.age(today) >= REHAB_FROM_AGE:
            return f"an age of {REHAB_FROM_AGE} or more"
        return "falls in the past" if self.fall_history else None

    def limits(self, today: Day) -> Client:
        """What the caps need to know."""
        return Client(
            self.level,
            self.comfortable_forward,
            self.clearance.max_speed if self.clearance is not None else None,
            self.balance_mastered,
            self.held_to_rehab(today),
        )


def _within(what: str, value: float | None, bounds: tuple[float, float], unit: str) -> None:
    low, high = bounds
    if value is not None and not low <= value <= high:
        raise ClientError(f"{what} of {value:g} {unit} cannot be; give {low:g} to {high:g}")
