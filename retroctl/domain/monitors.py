"""The failsafes that watch measured speed: each a small judge that is fed frames and says when it trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from retroctl.domain.limits import Caps, Facing
    from retroctl.units import Speed

OVER_TARGET: Final = 50
"""F3: measured over the highest target by more than this, hundredths of km/h."""
OVER_TARGET_S: Final = 2.0
OVER_CAP: Final = 30
"""F4: measured over the cap by more than this, hundredths of km/h."""
OVER_CAP_APART_S: Final = 0.5
FASTER_UNIT: Final = (150, 172)
SLOWER_UNIT: Final = (56, 68)
"""F5: measured over target in percent when one side means mph and the other km/h (1.609 and 0.621)."""
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
    """F5: whether measured and target stand to each other as miles to kilometres."""
    return any(
        low * target.hundredths <= measured.hundredths * 100 <= high * target.hundredths
        for low, high in (FASTER_UNIT, SLOWER_UNIT)
    )


def restarted(before_s: int | None, after_s: int | None) -> bool:
    """F12: the machine's elapsed time fell by more than 2 s to less than 10 s: it has restarted."""
    if before_s is None or after_s is None:
        return False
    return after_s < RESTART_BELOW_S and before_s - after_s > RESTART_FALL_S
