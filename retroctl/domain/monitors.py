"""The failsafes that watch measured speed: each a small judge that is fed frames and says when it trips."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import FRESH_S
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.domain.limits import Caps, Facing

OVER_TARGET: Final = 50
"""F3: measured over the highest target by more than this, hundredths of km/h."""
OVER_TARGET_S: Final = 2.0
OVER_CAP: Final = 30
"""F4: measured over the cap by more than this, hundredths of km/h."""
OVER_CAP_APART_S: Final = 0.5
FASTER_UNIT: Final = (150, 172)
SLOWER_UNIT: Final = (56, 68)
"""F5: measured over target in percent when one side means mph and the other km/h (1.609 and 0.621)."""
ANOTHER_SCALE: Final = (25, 400)
"""F5: under or over these per cent of the target the machine counts in something else, such as tenths of km/h."""
MOST: Final = 0xFFFF
"""No speed on the wire is higher, hundredths of km/h: a garbled frame may tell just that."""
DISTANCE_FASTER: Final = (135, 300)
DISTANCE_SLOWER: Final = (30, 72)
"""F5: metres counted over metres by measured speed, in percent: wider, since both are known once a second only, and
speeds told at half or twice the belt's are no better. Further off it is the counter that makes no sense."""
DISTANCE_WINDOW_M: Final = 8.0
"""So far the belt runs before its metres are compared; 29 s at 1 km/h, where a second at each end is under 10 %."""
DISTANCE_WINDOWS: Final = 2
"""So many comparisons in a row must say the same: a single record may be garbled. Done within the first hold."""
RESTART_FALL_S: Final = 2
RESTART_BELOW_S: Final = 10


@dataclass(slots=True)
class OverTarget:
    """F3: the belt runs faster than anything asked of it lately."""

    _since: float | None = None

    def trips(self, measured: Speed, highest_target: Speed | None, now: float) -> bool:
        """Whether it has been too fast for 2 s."""
        if highest_target is None or measured.hundredths <= highest_target.hundredths + OVER_TARGET:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= OVER_TARGET_S


def highest_at_first(asked: Speed, before: Speed) -> Speed:
    """What counts as asked for (F3) while the first target, the lowest speed, has not settled.

    A belt that starts fast is still coming down to it. One that rises as far as another unit would send it is F5's,
    which names it once it is steady; what rises further is not waited for.
    """
    in_another_unit = asked.hundredths * FASTER_UNIT[1] // 100
    return max(asked, before, Speed(min(MOST, max(0, in_another_unit - OVER_TARGET))))


@dataclass(slots=True)
class OverCap:
    """F4: the belt is over the cap, whoever asked for it."""

    caps: Caps
    _since: float | None = None

    def trips(self, measured: Speed, facing: Facing, now: float) -> bool:
        """Whether two frames at least 0.5 s apart were over the cap."""
        if measured.hundredths <= self.caps.of(facing).hundredths + OVER_CAP:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= OVER_CAP_APART_S


def other_unit(measured: Speed, target: Speed) -> bool:
    """F5: whether measured and target stand to each other as miles to kilometres, or are not even of one scale."""
    percent = measured.hundredths * 100 / target.hundredths
    least, most = ANOTHER_SCALE
    return any(low <= percent <= high for low, high in (FASTER_UNIT, SLOWER_UNIT)) or not least < percent < most


def slower_unit(measured: Speed, lowest: Speed) -> bool:
    """F5: whether a belt runs under its own lowest speed by just what miles are under kilometres."""
    low, high = SLOWER_UNIT
    return low * lowest.hundredths <= measured.hundredths * 100 <= high * lowest.hundredths


@dataclass(slots=True)
class DistanceCheck:
    """F5: a machine that takes and gives speeds in miles agrees with itself; the metres it counts tell.

    Compared from one change of the counter to another, so that its resolution does not matter.
    """

    _last: tuple[Speed, float, int] | None = None
    """Speed, time and counter of the frame before."""
    _from_m: int | None = None
    """The counter where the window began."""
    _run_m: float = 0.0
    """Metres since then by measured speed."""
    _said: list[float] = field(default_factory=list[float])

    def disagrees(self, measured: Speed, distance_m: int | None, now: float) -> float | None:
        """How many times as fast the counter runs as the measured speed, once that is sure to be another unit."""
        last = self._last
        self._last = None if distance_m is None else (measured, now, distance_m)
        if distance_m is None or last is None or now - last[1] > FRESH_S or distance_m < last[2]:
            self._from_m, self._run_m = None, 0.0
            return None
        self._run_m += (last[0].hundredths + measured.hundredths) / 2 / 360 * (now - last[1])
        if distance_m == last[2]:
            return None
        if self._from_m is None:
            self._from_m, self._run_m = distance_m, 0.0
        elif self._run_m >= DISTANCE_WINDOW_M:
            ratio = (distance_m - self._from_m) / self._run_m
            self._from_m, self._run_m = distance_m, 0.0
            return self._judge(ratio)
        return None

    def _judge(self, ratio: float) -> float | None:
        self._said = [*self._said, ratio][-DISTANCE_WINDOWS:]
        sure = len(self._said) == DISTANCE_WINDOWS and any(
            all(low <= each * 100 <= high for each in self._said) for low, high in (DISTANCE_FASTER, DISTANCE_SLOWER)
        )
        return ratio if sure else None


def restarted(before_s: int | None, after_s: int | None) -> bool:
    """F12: the machine's elapsed time fell by more than 2 s to less than 10 s: it has restarted."""
    if before_s is None or after_s is None:
        return False
    return after_s < RESTART_BELOW_S and before_s - after_s > RESTART_FALL_S
