"""The belt: speed and distance as exact functions of time.

The motion is a list of breakpoints joined by straight lines, so a reading does not depend on when, or how
often, anybody looked. Speeds are float km/h (a belt does not know the wire's hundredths), times float
seconds, distances metres. The whole history is kept: a test can judge a run by what the belt really did.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

_KMH_PER_M_S = 3.6


class Breakpoint(NamedTuple):
    """Where the line bends: from here on the belt heads for the next breakpoint, or keeps its speed."""

    at: float
    speed_kmh: float
    distance_m: float


class Belt:
    """A belt at rest from `now`. Every command must be given at a time not before the previous one."""

    def __init__(self, now: float = 0.0) -> None:
        self._times = [now]
        self._speeds = [0.0]
        self._distances = [0.0]
        self._commanded_at = now

    @property
    def breakpoints(self) -> list[Breakpoint]:
        """The whole motion so far and as planned."""
        return [Breakpoint(*row) for row in zip(self._times, self._speeds, self._distances, strict=True)]

    @property
    def goal_kmh(self) -> float:
        """The speed at which the belt is, or will be, steady."""
        return self._speeds[-1]

    @property
    def steady_at(self) -> float:
        """When the belt is, or was, at `goal_kmh` for good."""
        return self._times[-1]

    def speed_kmh(self, at: float) -> float:
        """Give the belt's speed at any time, past or planned; 0 before it existed."""
        if at >= self._times[-1]:
            return self._speeds[-1]
        index = bisect_right(self._times, at)
        if index == 0:
            return 0.0
        before, after = self._times[index - 1], self._times[index]
        slow, fast = self._speeds[index - 1], self._speeds[index]
        return slow + (fast - slow) * (at - before) / (after - before)

    def distance_m(self, at: float) -> float:
        """Metres run from the beginning to `at`: the integral of the speed."""
        if at >= self._times[-1]:
            return self._distances[-1] + self._speeds[-1] / _KMH_PER_M_S * (at - self._times[-1])
        index = max(0, bisect_right(self._times, at) - 1)
        seconds = max(0.0, at - self._times[index])
        mean_kmh = (self._speeds[index] + self.speed_kmh(at)) / 2
        return self._distances[index] + mean_kmh / _KMH_PER_M_S * seconds

    def peak_kmh(self) -> float:
        """Give the fastest the belt ever was or is going to be."""
        return max(self._speeds)

    def moving(self, at: float) -> bool:
        """Tell whether the speed is not zero."""
        return self.speed_kmh(at) > 0

    def ramp_to(self, goal_kmh: float, now: float, *, rate: float, not_before: float | None = None) -> None:
        """Head for `goal_kmh` at `rate` km/h per second from `not_before` (default `now`); earlier plans end.

        Until `not_before` the belt keeps the speed it has now: a start countdown, or a sluggish console.
        Raises ValueError for a negative goal, a rate that is not positive, or a time before the last command.
        """
        if goal_kmh < 0 or rate <= 0:
            raise ValueError(f"a belt cannot ramp to {goal_kmh} km/h at {rate} km/h/s")
        if now < self._commanded_at:
            raise ValueError(f"the belt was commanded at {self._commanded_at}, later than {now}")
        self._commanded_at = now
        self._cut(now)
        begins = now if not_before is None else max(now, not_before)
        if begins > self._times[-1]:
            self._append(begins, self._speeds[-1])
        gap = abs(goal_kmh - self._speeds[-1])
        if gap > 0:
            self._append(begins + gap / rate, goal_kmh)

    def _cut(self, now: float) -> None:
        """Forget the plan after `now`, keeping the point where the belt is."""
        speed, distance = self.speed_kmh(now), self.distance_m(now)
        keep = bisect_right(self._times, now)
        del self._times[keep:], self._speeds[keep:], self._distances[keep:]
        if self._times[-1] < now:
            self._times.append(now)
            self._speeds.append(speed)
            self._distances.append(distance)

    def _append(self, at: float, speed_kmh: float) -> None:
        mean_kmh = (self._speeds[-1] + speed_kmh) / 2
        self._distances.append(self._distances[-1] + mean_kmh / _KMH_PER_M_S * (at - self._times[-1]))
        self._times.append(at)
        self._speeds.append(speed_kmh)
