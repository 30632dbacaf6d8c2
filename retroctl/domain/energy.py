"""An estimate of the energy that backward walking and running cost.

Oxygen uptake by the ACSM metabolic equations (Bushman 2020, ACSM's Health & Fitness J 24(3) and (4)), gross, times
1.30 for going backward (about 30 % more at the same speed, Cavagna et al. 2011). At rest 3.5 mL/kg/min, no multiplier.
Published ratios scatter: walking 0.90 to 1.26 of this, running 0.79 to 1.05; any total is good to two digits at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MODEL: Final = "ACSM x 1.30"
"""Kept with each session: a later model must not change what an earlier one said."""

BACKWARD_FACTOR: Final = 1.30
REST_VO2: Final = 3.5
KCAL_PER_LITRE_O2: Final = 5.0
BACKWARD_RUN_FROM_KMH: Final = 5.87
"""Where people change from walking to running backward (Hreljac et al. 2005, J Sports Sci Med 4:446)."""


class Gait(StrEnum):
    """How the client moves."""

    WALK = "walk"
    RUN = "run"


class Reach(StrEnum):
    """How far the equations are trusted at a speed."""

    OK = "ok"
    EXTRAPOLATED = "extrapolated"
    """Slower than what the equation was made for: most early rungs."""
    JOG_ONLY = "jog_only"
    """Good for people who truly jog; for a quick walk it says too much."""


WALK_FROM_M_MIN: Final = 50.0
JOG_FROM_M_MIN: Final = 80.0
RUN_FROM_M_MIN: Final = 134.0
"""The walking equation is stated from 50 m/min (3 km/h), the running one from 134 (8 km/h), for jogging from 80."""

BANDS: Final = {Gait.WALK: (0.90, 1.26), Gait.RUN: (0.79, 1.05)}
"""Measured over modelled, least and most, in the published comparisons."""


@dataclass(frozen=True, slots=True)
class Energy:
    """An estimate with its band. VO2 in mL/kg/min, energy in kcal/min."""

    vo2: float
    kcal_per_min: float
    kcal_per_min_low: float
    kcal_per_min_high: float
    reach: Reach = Reach.OK

    @property
    def mets(self) -> float:
        """Multiples of the resting uptake."""
        return self.vo2 / REST_VO2


def energy(
    speed_kmh: float, mass_kg: float, *, backward: bool = True, gait: Gait | None = None, grade_pct: float = 0.0
) -> Energy:
    """Estimate at a steady speed. `gait` defaults to the one people choose at this speed backward.

    Raises ValueError: a negative grade (the equations do not hold downhill), a negative speed, no mass or no number.
    """
    if not all(math.isfinite(value) for value in (speed_kmh, mass_kg, grade_pct)):
        raise ValueError("energy needs numbers that are finite")
    if grade_pct < 0:
        raise ValueError("the energy equations do not hold downhill")
    if speed_kmh < 0 or mass_kg <= 0:
        raise ValueError("energy needs a speed of 0 or more and a mass above 0")
    chosen = gait or (Gait.RUN if speed_kmh >= BACKWARD_RUN_FROM_KMH else Gait.WALK)
    metres_per_min, grade = speed_kmh * 1000 / 60, grade_pct / 100
    if metres_per_min == 0:
        vo2 = REST_VO2
    else:
        level, slope = (0.1, 1.8) if chosen is Gait.WALK else (0.2, 0.9)
        vo2 = REST_VO2 + level * metres_per_min + slope * metres_per_min * grade
        vo2 *= BACKWARD_FACTOR if backward else 1.0
    kcal = vo2 * mass_kg / 1000 * KCAL_PER_LITRE_O2
    low, high = BANDS[chosen] if backward and metres_per_min else (1.0, 1.0)
    return Energy(vo2, kcal, kcal * low, kcal * high, _reach(metres_per_min, chosen))


def two_digits(value: float) -> str:
    """A number for people, of two significant digits at most: 4.7, 24, 120, 1300. Raises ValueError for no number."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number for people")
    if value == 0:
        return "0"
    digits = 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):g}" if digits > 0 else f"{round(value, digits):.0f}"


def in_words(kcal: float, low: float, high: float, *, extrapolated: bool = False) -> str:
    """An amount of energy for people, kcal: with its band, and that it is an estimate."""
    band = "" if low == high else f" ({two_digits(low)} to {two_digits(high)})"
    slow = ", extrapolated at these low speeds; falls by up to a fifth with practice" if extrapolated else ""
    return f"about {two_digits(kcal)} kcal{band}, an estimate{slow}"


def _reach(metres_per_min: float, gait: Gait) -> Reach:
    if metres_per_min == 0:
        return Reach.OK
    if gait is Gait.WALK:
        return Reach.OK if metres_per_min >= WALK_FROM_M_MIN else Reach.EXTRAPOLATED
    if metres_per_min >= RUN_FROM_M_MIN:
        return Reach.OK
    return Reach.JOG_ONLY if metres_per_min >= JOG_FROM_M_MIN else Reach.EXTRAPOLATED
