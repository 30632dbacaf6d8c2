"""What a session amounts to: counted as it goes, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field

from retroctl.domain.energy import energy
from retroctl.units import REST, Speed

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
                    self.kcal += energy(before.kmh, self.mass_kg, backward=backward).kcal_per_min * step / 60
        self._last = (speed, now)
        self.peak = max(self.peak, speed)

    def held(self, target: Speed, seconds: float) -> None:
        """A stage was left."""
        self.holds.append((target, seconds))
