"""What frames show: settled speeds, slopes, and when a belt began to move, to fall, to rest. Arithmetic only.

Frames come about once a second, so nothing is read off a single one: a ramp is a line through the frames on it, and
its ends are where that line meets the speed before and after. Speeds are hundredths of km/h, times seconds.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Sequence

FRAMES: Final = 6000
"""Ten minutes at ten a second; the oldest go first."""
SETTLED_FRAMES: Final = 3
SETTLED_S: Final = 1.9
SETTLED_SPREAD: Final = 5
ON_A_LINE: Final = 2
"""A frame belongs to a ramp when it is more than so much away from both of its ends."""


POOLED_S: Final = 0.2
"""Frames of several ramps together give a slope when they are so far apart, seconds after each was asked for."""


class Frame(NamedTuple):
    """One frame of Treadmill Data."""

    at: float
    speed: int
    distance_m: int | None


class Trace:
    """The frames of this test so far."""

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque(maxlen=FRAMES)

    @property
    def speed(self) -> int | None:
        """The last measured speed."""
        return self.frames[-1].speed if self.frames else None

    @property
    def last(self) -> Speed | None:
        """The same as a speed."""
        return None if self.speed is None else Speed(self.speed)

    def since(self, at: float) -> list[Frame]:
        """The frames from `at` on."""
        taken = list(takewhile(lambda frame: frame.at >= at, reversed(self.frames)))
        return taken[::-1]

    def settled(self, since: float) -> int | None:
        """The speed of the last frames, all in motion, if they agree: three or more over 1.9 s, none before `since`."""
        taken: list[Frame] = []
        for frame in reversed(self.frames):
            if frame.at < since or frame.speed == 0:
                return None
            taken.append(frame)
            if len(taken) >= SETTLED_FRAMES and taken[0].at - frame.at >= SETTLED_S:
                break
        speeds = [frame.speed for frame in taken]
        enough = len(taken) >= SETTLED_FRAMES and taken[0].at - taken[-1].at >= SETTLED_S
        return speeds[0] if enough and max(speeds) - min(speeds) <= SETTLED_SPREAD else None

    def interval_s(self) -> float | None:
        """The median time between two frames."""
        gaps = sorted(later.at - earlier.at for earlier, later in pairwise(self.frames))
        return gaps[len(gaps) // 2] if gaps else None


@dataclass(frozen=True, slots=True)
class Ramp:
    """One way from a speed to another."""

    begun: float
    """When it was asked for."""
    before: int
    after: int
    frames: tuple[Frame, ...]
    """From the first after it was asked for."""

    def on_the_way(self) -> list[Frame]:
        """The frames strictly between both ends, up to the first that has arrived."""
        low, high = sorted((self.before, self.after))
        way: list[Frame] = []
        for frame in self.frames:
            if low + ON_A_LINE < frame.speed < high - ON_A_LINE:
                way.append(frame)
            elif way or abs(frame.speed - self.after) <= ON_A_LINE:
                break
        return way

    def slope(self) -> float | None:
        """Hundredths of km/h per second, by least squares; None with fewer than two frames on the way."""
        return _line([(frame.at, frame.speed) for frame in self.on_the_way()])

    def jumps(self) -> bool:
        """Whether the speed went from one end to the other with no frame on the way."""
        # A belt that is all but at rest has been seen to fall.
        falling = self.after == 0 and any(0 < frame.speed < self.before - ON_A_LINE for frame in self.frames)
        arrived = any(abs(frame.speed - self.after) <= ON_A_LINE for frame in self.frames)
        return arrived and not falling and not self.on_the_way()

    def meets(self, speed: int, slope: float) -> float | None:
        """When a line of `slope` through the frames on the way meets `speed`; None with no frame on the way."""
        way = self.on_the_way()
        if not way or slope == 0:
            return None
        return sum(frame.at + (speed - frame.speed) / slope for frame in way) / len(way)

    def bracket(self, last_before: Frame | None) -> tuple[float, float] | None:
        """Between which times the way was begun: the last frame without, and the first frame with a change."""
        changed = next((f for f in self.frames if abs(f.speed - self.before) > ON_A_LINE), None)
        if changed is None:
            return None
        still = [f.at for f in self.frames if f.at < changed.at]
        earlier = still[-1] if still else (self.begun if last_before is None else last_before.at)
        return max(self.begun, earlier), changed.at


def pooled_slope(ramps: Sequence[Ramp]) -> float | None:
    """The slope of ramps that are over before two frames show one of them: their frames together, as if of one ramp.

    Each is asked for at another moment between two frames. Of ramps between the same ends only: those of the most.
    """
    ends = Counter((ramp.before, ramp.after) for ramp in ramps).most_common(1)
    alike = [ramp for ramp in ramps if ends and (ramp.before, ramp.after) == ends[0][0]]
    points = [(frame.at - ramp.begun, frame.speed) for ramp in alike for frame in ramp.on_the_way()]
    times = [at for at, _ in points]
    return _line(points) if points and max(times) - min(times) >= POOLED_S else None


def _line(points: Sequence[tuple[float, int]]) -> float | None:
    """The slope of the line through `points`, by least squares; None where there are not two moments."""
    if len(points) < 2:
        return None
    at = sum(each for each, _ in points) / len(points)
    height = sum(each for _, each in points) / len(points)
    spread = sum((each - at) ** 2 for each, _ in points)
    if spread == 0:  # one frame that came twice
        return None
    return sum((each - at) * (value - height) for each, value in points) / spread


def odometer_ratio(frames: Sequence[Frame]) -> float | None:
    """Metres by the machine's odometer for each metre by its speed; None where it has none or is too coarse.

    Counted from its first change to its last, so that its step does not matter.
    """
    edges = [
        index
        for index in range(1, len(frames))
        if frames[index].distance_m is not None and frames[index].distance_m != frames[index - 1].distance_m
    ]
    if len(edges) < 4:
        return None
    first, last = edges[0], edges[-1]
    begun, ended = frames[first].distance_m, frames[last].distance_m
    run_m = sum(
        (frames[i].speed + frames[i - 1].speed) / 2 / 360 * (frames[i].at - frames[i - 1].at)
        for i in range(first + 1, last + 1)
    )
    if begun is None or ended is None or run_m <= 0:
        return None
    return (ended - begun) / run_m


def percentile(values: Sequence[float], per_cent: float) -> float:
    """The smallest of `values` that at least `per_cent` of them do not exceed (nearest rank). Raises ValueError."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(len(values) * per_cent / 100) - 1)]


def median(values: Sequence[float]) -> float | None:
    """The middle one; None of none."""
    return sorted(values)[len(values) // 2] if values else None
