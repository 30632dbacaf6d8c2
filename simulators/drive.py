"""The treadmill without its radio: belt, countdown, safety key and the session's counters."""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING

from simulators.belt import Belt

if TYPE_CHECKING:
    from simulators.traits import Traits

_KCAL_PER_M = 0.075
"""Walking or running costs about 1 kcal per kilogram and kilometre; the machine assumes 75 kg."""


class Phase(enum.Enum):
    """What the console believes; the belt may still be falling in `IDLE` and `PAUSED`."""

    IDLE = "idle"
    STARTED = "started"
    PAUSED = "paused"


class Drive:
    """What the motor controller does. Every method takes the time, which never runs backwards."""

    def __init__(self, traits: Traits, now: float) -> None:
        self.belt = Belt(now)
        self.phase = Phase.IDLE
        self.key_in = True
        self.incline = 0
        """Inclination in 0.1 %, reached at once."""
        self.target_kmh = 0.0
        """The belt speed wanted while started; 0 when it is not."""
        self.preset_kmh: float | None = None
        """A speed set before the start, at which the next start arrives; a stop forgets it."""
        self._traits = traits
        self._motion_at = math.inf
        self._elapsed_before_s = 0.0
        self._distance_base_m = 0.0

    def counting_down(self, now: float) -> bool:
        """Tell whether the time is between an accepted start and the belt's first motion."""
        return self.phase is Phase.STARTED and now < self._motion_at

    def can_start(self, now: float) -> bool:
        """Tell whether a start would be obeyed: key in, not started, belt at rest."""
        return self.key_in and self.phase is not Phase.STARTED and not self.belt.moving(now)

    @property
    def motion_at(self) -> float:
        """When the present, or the last, start set or will set the belt in motion."""
        return self._motion_at

    def start(self, now: float, *, countdown_s: float | None = None, speed_kmh: float | None = None) -> None:
        """Count down, then ramp to the start speed. After a pause the counters go on, else they begin at 0."""
        if self.phase is Phase.IDLE:
            self._elapsed_before_s = 0.0
            self._distance_base_m = self.belt.distance_m(now)
        self.phase = Phase.STARTED
        wait_s = self._traits.countdown_s if countdown_s is None else countdown_s
        self._motion_at = now + wait_s
        preset = self._traits.start_speed.kmh if self.preset_kmh is None else self.preset_kmh
        self.set_speed(preset if speed_kmh is None else speed_kmh, now)

    def set_speed(self, speed_kmh: float, now: float) -> None:
        """Ramp to a speed; while counting down, once the belt moves; before a start, keep it for the start."""
        if self.phase is not Phase.STARTED:
            self.preset_kmh = speed_kmh
            return
        self.target_kmh = speed_kmh
        rising = speed_kmh > self.belt.speed_kmh(now)
        rate = self._traits.ramp_up if rising else self._traits.ramp_down
        begins = max(now + self._traits.lag_s, self._motion_at)
        self.belt.ramp_to(speed_kmh, now, rate=rate, not_before=begins)

    def stop(self, now: float, *, pause: bool = False, rate: float | None = None) -> None:
        """Let the belt fall to rest; a stop forgets the session, a pause keeps it."""
        self._elapsed_before_s = self.elapsed_s(now)
        self.phase = Phase.PAUSED if pause else Phase.IDLE
        self.target_kmh = 0.0
        self.preset_kmh = None
        fall = self._traits.stop_rate if rate is None else rate
        self.belt.ramp_to(0.0, now, rate=fall, not_before=now + self._traits.lag_s)

    def cut(self, now: float) -> None:
        """Pull the safety key: the motor is off."""
        self.key_in = False
        self.stop(now, rate=self._traits.key_rate)

    def elapsed_s(self, now: float) -> float:
        """Count the seconds in motion of this session; a pause and the countdown do not count."""
        running_s = max(0.0, now - self._motion_at) if self.phase is Phase.STARTED else 0.0
        return self._elapsed_before_s + running_s

    def shift_clock(self, seconds: float, now: float) -> None:
        """Let the session's clock jump; it does not fall below zero."""
        self._elapsed_before_s += max(seconds, -self.elapsed_s(now))

    def distance_m(self, now: float) -> float:
        """Count the metres of this session."""
        return self.belt.distance_m(now) - self._distance_base_m

    @staticmethod
    def energy_kcal(distance_m: float) -> float:
        """Give the kilocalories of so many metres."""
        return distance_m * _KCAL_PER_M

    def clear_counters(self, now: float) -> None:
        """Set the counters to zero: Reset, or a reboot; the machine is stopped first."""
        self._elapsed_before_s = 0.0
        self._distance_base_m = self.belt.distance_m(now)
