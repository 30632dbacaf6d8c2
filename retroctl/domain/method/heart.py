"""How hard: heart-rate limits by the reserve (Karvonen) and the level, and the highest RPE. They only ever limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import Level

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts

NEAR_MAXIMUM: Final = 0.90
"""Of the reserve: from here on a stop is proposed, at every level."""


@dataclass(frozen=True, slots=True)
class Intensity:
    """What a level allows: shares of the heart rate reserve and the highest RPE (Borg, 6 to 20)."""

    low: float | None
    high: float
    rpe_max: int


INTENSITIES: Final = {
    Level.REHAB: Intensity(0.40, 0.59, 12),
    Level.NEW: Intensity(None, 0.59, 13),
    Level.NOVICE: Intensity(None, 0.59, 13),
    Level.PRACTISED: Intensity(None, 0.75, 14),
    Level.RUNNER: Intensity(None, 0.89, 16),
    Level.TRAINED: Intensity(None, 0.89, 16),
}
"""Moderate is 40 to 59 % of the reserve, RPE 12 to 13; vigorous 60 to 89 %, RPE 14 to 17 (ACSM, Garber et al. 2011)."""


@dataclass(frozen=True, slots=True)
class HeartLimits:
    """The limits of one client today, beats a minute; None is "not known", and then RPE leads.

    `low_bpm` only where there is a band: to stay under it is no danger, and never a reason to go faster.
    """

    low_bpm: int | None
    high_bpm: int | None
    near_max_bpm: int | None
    rpe_max: int
    rpe_leads: bool
    why: str


def highest_rate(age: int, *, beta_blocker: bool = False, measured: int | None = None) -> float:
    """The highest heart rate to expect, beats a minute: a measured one wins.

    208 - 0.7 * age (Tanaka et al. 2001); on beta-blockers 164 - 0.7 * age (as the FAME programme for stroke does).
    """
    if measured is not None:
        return float(measured)
    return (164.0 if beta_blocker else 208.0) - 0.7 * age


def at_share(resting_bpm: float, highest_bpm: float, share: float) -> float:
    """The heart rate at a share (0 to 1) of the reserve, beats a minute (Karvonen)."""
    return resting_bpm + share * (highest_bpm - resting_bpm)


def intensity(facts: Facts, today: Day) -> HeartLimits:
    """The limits of this client: the level's shares, the clinician's limits where there are any.

    Rounded to the safe side. The clinician's band replaces rehab's; elsewhere it may only lower a ceiling.
    """
    held = facts.held_to_rehab(today) is not None
    level = Level.REHAB if held else facts.level
    allowed, clinician = INTENSITIES[level], facts.clearance
    rpe_max = allowed.rpe_max
    if clinician is not None and clinician.rpe_max is not None:
        rehab = level is Level.REHAB and not held
        rpe_max = clinician.rpe_max if rehab else min(rpe_max, clinician.rpe_max)
    low, high, near = _bpm(facts, today, allowed)
    why = f"level {level}" if not held else "as level rehab"
    if clinician is not None and clinician.high_bpm is not None:
        high = clinician.high_bpm if high is None or level is Level.REHAB else min(high, clinician.high_bpm)
        high = high if near is None else min(high, near)
        why = "the clinician's limit" if high == clinician.high_bpm else why
    if clinician is not None and clinician.low_bpm is not None and level is Level.REHAB:
        low = clinician.low_bpm
    band = facts.level is Level.REHAB
    return HeartLimits(low if band else None, high, near, rpe_max, facts.beta_blocker or high is None, why)


def without_facts(level: Level) -> HeartLimits:
    """What a level alone says, where nobody is named: no limit of the heart rate is known, so RPE leads."""
    return HeartLimits(None, None, None, INTENSITIES[level].rpe_max, rpe_leads=True, why=f"level {level}")


def _bpm(facts: Facts, today: Day, allowed: Intensity) -> tuple[int | None, int | None, int | None]:
    if facts.resting_bpm is None:
        return None, None, None
    highest = highest_rate(facts.age(today), beta_blocker=facts.beta_blocker, measured=facts.max_bpm)
    if highest <= facts.resting_bpm:
        return None, None, None  # old, on beta-blockers, with a quick pulse: the formula says nothing
    low = None if allowed.low is None else math.ceil(at_share(facts.resting_bpm, highest, allowed.low))
    high = math.floor(at_share(facts.resting_bpm, highest, allowed.high))
    return low, high, math.floor(at_share(facts.resting_bpm, highest, NEAR_MAXIMUM))
