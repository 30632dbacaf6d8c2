"""What a session amounts to: counted as it goes, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retroctl.domain.energy import Reach, energy, in_words
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retroctl.domain.energy import Energy

LONGEST_STEP_S = 2.0
"""Between two frames further apart than this nothing is known, so nothing is counted."""


@dataclass(slots=True)
class Tally:
    """Distance, time and energy from measured speed on our own clock; machines' own counters are not trusted."""

    mass_kg: float | None = None
    peak: Speed = REST
    distance_m: float = 0.0
    moving_s: float = 0.0
    kcal: float = 0.0
    kcal_low: float = 0.0
    kcal_high: float = 0.0
    extrapolated_s: float = 0.0
    """Of the moving time, at speeds below what the energy equations were made for."""
    holds: list[tuple[Speed, float]] = field(default_factory=list[tuple[Speed, float]])
    _last: tuple[Speed, float] | None = None

    def measured(self, speed: Speed, now: float, *, backward: bool = True) -> None:
        """Take in a frame; `backward`: how the client faces."""
        if self._last is not None:
            before, at = self._last
            step = now - at
            if before > REST and 0 < step <= LONGEST_STEP_S:
                self.moving_s += step
                self.distance_m += before.kmh / 3.6 * step
                if self.mass_kg is not None:
                    self._spend(energy(before.kmh, self.mass_kg, backward=backward), step)
        self._last = (speed, now)
        self.peak = max(self.peak, speed)

    def _spend(self, spent: Energy, seconds: float) -> None:
        self.kcal += spent.kcal_per_min * seconds / 60
        self.kcal_low += spent.kcal_per_min_low * seconds / 60
        self.kcal_high += spent.kcal_per_min_high * seconds / 60
        self.extrapolated_s += seconds if spent.reach is Reach.EXTRAPOLATED else 0.0

    def held(self, target: Speed, seconds: float) -> None:
        """A stage was left."""
        self.holds.append((target, seconds))


def energy_words(summary: Mapping[str, Any]) -> str:
    """The energy of a summary in words; empty where the client's mass is not known."""
    kcal = summary.get("kcal")
    if kcal is None:
        return ""
    low, high = summary.get("kcal_low", kcal), summary.get("kcal_high", kcal)
    return in_words(kcal, low, high, extrapolated=summary.get("kcal_extrapolated", False))
