"""When a speed counts as reached, how long it has been held, and what breaks a hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import FRESH_S
from retroctl.units import REST

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange
    from retroctl.units import Speed

SETTLE_S: Final = 1.0
SETTLE_FRAMES: Final = 2
"""Settled: within the tolerance of the target for so long and so many frames. The hold runs from there."""

LEAST_BAND: Final = 5
"""However small the step, measured speed this near its end is at its end, in hundredths."""

EXCURSION_S: Final = 2.0
"""Outside the excursion band for so long, the speed is another one and the hold is broken."""

STEADY_FRAMES: Final = 3


class HoldNews(Enum):
    """What a frame did to the hold."""

    NOTHING = 0
    SETTLED = 1
    BROKEN = 2


@dataclass(slots=True)
class Steady:
    """For how long measured speed has stayed near one value, whatever the target."""

    belt: BeltRange
    anchor: Speed | None = None
    since: float = 0.0
    frames: int = 0
    _last: float = 0.0

    def reset(self) -> None:
        """Forget what was seen."""
        self.anchor, self.frames = None, 0

    def measure(self, measured: Speed, now: float) -> None:
        """Take in a frame."""
        gap = now - self._last > FRESH_S
        self._last = now
        if gap or self.anchor is None or abs(measured.hundredths - self.anchor.hundredths) > self.belt.near:
            self.anchor, self.since, self.frames = measured, now, 1
        else:
            self.frames += 1

    def lasted(self, seconds: float, now: float) -> bool:
        """Whether the speed has been steady for `seconds` and at least three frames."""
        return self.anchor is not None and self.frames >= STEADY_FRAMES and now - self.since >= seconds


@dataclass(slots=True)
class HoldTimer:
    """The hold at one target. Its owner restarts it when data were missing."""

    belt: BeltRange
    target: Speed = REST
    settled_at: float | None = None
    _band: int = 0
    """How near measured speed must come to settle, in hundredths."""
    _near_since: float = 0.0
    _near_frames: int = 0
    _away_since: float | None = None

    def aim(self, target: Speed, before: Speed | None = None) -> None:
        """Another target: nothing is settled yet.

        `before` is the target so far. A step that is smaller than the tolerance must still be seen to have been made.
        """
        step = 0 if before is None else abs(target.hundredths - before.hundredths)
        self.target, self._band = target, min(self.belt.near, max(LEAST_BAND, step - 1)) if step else self.belt.near
        self.restart()

    def restart(self) -> None:
        """The same target, but it must settle anew and the whole hold runs again."""
        self.settled_at = None
        self._near_frames = 0
        self._away_since = None

    def measure(self, measured: Speed, now: float) -> HoldNews:
        """Take in a frame."""
        distance = abs(measured.hundredths - self.target.hundredths)
        if self.settled_at is not None:
            return self._watch_excursion(distance, now)
        if distance > self._band:
            self._near_frames = 0
            return HoldNews.NOTHING
        if self._near_frames == 0:
            self._near_since = now
        self._near_frames += 1
        if self._near_frames >= SETTLE_FRAMES and now - self._near_since >= SETTLE_S:
            self.settled_at = now
            return HoldNews.SETTLED
        return HoldNews.NOTHING

    def seconds(self, now: float) -> float:
        """For how long the hold has run without a break."""
        return 0.0 if self.settled_at is None else now - self.settled_at

    def remaining(self, hold_s: float, now: float) -> float:
        """Seconds of the hold still to serve."""
        # Summed as the deadline is (`settled_at + hold_s`): rounded otherwise, a served hold could still want 1e-15 s.
        return hold_s if self.settled_at is None else max(0.0, self.settled_at + hold_s - now)

    def _watch_excursion(self, distance: int, now: float) -> HoldNews:
        if distance <= self.belt.excursion:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= EXCURSION_S:
            self.restart()
            return HoldNews.BROKEN
        return HoldNews.NOTHING
