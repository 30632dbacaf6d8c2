"""An estimate of the energy that backward walking and running cost.

Oxygen uptake by the ACSM metabolic equations (Bushman 2020, ACSM's Health & Fitness J 24(3) and (4)), gross, times
1.30 for going backward (about 30 % more at the same speed, Cavagna et al. 2011). At rest 3.5 mL/kg/min, no multiplier.
Published ratios scatter: walking 0.90 to 1.26 of this, running 0.79 to 1.05; any total is good to two digits at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

BACKWARD_FACTOR: Final = 1.30
REST_VO2: Final = 3.5
KCAL_PER_LITRE_O2: Final = 5.0
BACKWARD_RUN_FROM_KMH: Final = 5.87
"""Where people change from walking to running backward (Hreljac et al. 2005, J Sports Sci Med 4:446)."""


class Gait(StrEnum):
    """How the client moves."""

    WALK = "walk"
    RUN = "run"


BANDS: Final = {Gait.WALK: (0.90, 1.26), Gait.RUN: (0.79, 1.05)}
"""Measured over modelled, least and most, in the published comparisons."""


@dataclass(frozen=True, slots=True)
class Energy:
    """An estimate with its band. VO2 in mL/kg/min, energy in kcal/min."""

    vo2: float
    kcal_per_min: float
    kcal_per_min_low: float
    kcal_per_min_high: float

    @property
    def mets(self) -> float:
        """Multiples of the resting uptake."""
        return self.vo2 / REST_VO2


def energy(
    speed_kmh: float, mass_kg: float, *, backward: bool = True, gait: Gait | None = None, grade_pct: float = 0.0
) -> Energy:
    """Estimate at a steady speed. `gait` defaults to the one people choose at this speed backward.

    Raises ValueError for a negative grade (the equations do not hold downhill), a negative speed or no mass.
    """
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
    return Energy(vo2, kcal, kcal * low, kcal * high)
