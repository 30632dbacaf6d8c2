"""F10: the heart rate of one session. It only ever limits; what is not known is never taken for fine.

Pure: heard with `heard`, asked with the time. What is made of it is in `domain.session.exertion`.
"""

from __future__ import annotations

import math
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import plausible

if TYPE_CHECKING:
    from retroctl.domain.method.heart import HeartLimits

KNOWN_S: Final = 5.0
"""A rate is known for so long after it was sent; straps send one a second."""
FROZEN_S: Final = 10.0
"""A strap off the chest may repeat its last rate for ever, without a beat (Polar H10); longer than this is no rate."""
ADVISE_S: Final = 15.0
STEP_DOWN_S: Final = 30.0
AGAIN_S: Final = 30.0
"""While it stays over the limit a step down is proposed again this often."""
NEAR_AGAIN_S: Final = 15.0
UNDER_S: Final = 5.0
"""A rate that is back for less than this may go over the limit again with the next beat."""
LATE_S: Final = 0.01


class HeartNews(Enum):
    """What is to be said, once for each time it becomes so."""

    OVER = auto()
    STEP_DOWN = auto()
    NEAR_MAXIMUM = auto()
    LOST = auto()
    BACK = auto()


class HeartWatch:
    """The rate of one client against the limits of today. Rates in beats a minute, times in session seconds."""

    def __init__(self, limits: HeartLimits | None, *, chosen: bool) -> None:
        """`chosen`: a strap belongs to this session, so that silence means something."""
        self.limits, self.chosen = limits, chosen
        self.over_at = -math.inf
        """When a rate over the limit was heard last: what was said of the effort before is not about it."""
        self._said: int | None = None
        """The last frame: a rate, or none."""
        self._odd: int | None = None
        """What the last frame gave for a rate and is none; None where it gave a rate or nothing."""
        self._rate: int | None = None
        self._at: float | None = None
        """The last rate, and when."""
        self._alive_at = 0.0
        """When the rate last changed or came with beats."""
        self._over_since: float | None = None
        self._under_since: float | None = None
        self._tell_at = 0.0
        self._advised = False
        self._near_told_at: float | None = None
        self._lost_told = False

    # -- what goes in ----------------------------------------------------------------------------------------------

    def heard(self, bpm: int | None, *, beats: bool, now: float) -> None:
        """A frame of the strap. `bpm`: None where it gives none; `beats`: it came with times between beats."""
        rate = bpm if bpm is not None and plausible(bpm) else None
        self.chosen, self._said, self._odd = True, rate, bpm if rate is None else None
        if rate is None:
            return
        gap = self._at is None or now - self._at > KNOWN_S
        if beats or gap or rate != self._rate:
            self._alive_at = now
        if gap:
            self._over_since = self._under_since = None
        self._rate, self._at = rate, now
        if self.high_bpm is not None and rate > self.high_bpm:
            self._over(now)
        elif self._over_since is not None:
            self._under(now)

    def _over(self, now: float) -> None:
        self.over_at, self._under_since = now, None
        if self._over_since is None:
            self._over_since, self._tell_at, self._advised = now, now + ADVISE_S, False

    def _under(self, now: float) -> None:
        if self._under_since is None:
            self._under_since = now
        if now - self._under_since >= UNDER_S:
            self._over_since = self._under_since = None

    # -- what is known ---------------------------------------------------------------------------------------------

    @property
    def high_bpm(self) -> int | None:
        """The limit; None where it is not known."""
        return None if self.limits is None else self.limits.high_bpm

    @property
    def low_bpm(self) -> int | None:
        """The lower end of the band; None where there is none."""
        return None if self.limits is None else self.limits.low_bpm

    def known(self, now: float) -> int | None:
        """The heart rate; None where it is not known."""
        return self._rate if self.why_unknown(now) is None else None

    def age(self, now: float) -> float | None:
        """Seconds since a rate was sent; None when none ever was."""
        return None if self._at is None else now - self._at

    def over(self, now: float) -> bool:
        """Whether the last rates were over the limit. A frozen one counts here: it blocks until it is not fresh."""
        return self._over_since is not None and self._fresh(now)

    def why_unknown(self, now: float) -> str | None:
        """Why the heart rate is not known, in plain words; None where it is."""
        age = self.age(now)
        if age is None:
            return "no heart rate has come from the strap yet"
        if age > KNOWN_S:
            return f"no heart rate from the strap for {age:.0f} s"
        if self._odd is not None:
            return f"the strap gives {self._odd} a minute, which is no heart's rate"
        if self._said is None:
            return "the strap gives no heart rate; it may have lost the skin"
        if now - self._alive_at > FROZEN_S:
            return f"the strap repeats {self._rate} without a beat"
        return None

    # -- what time brings ------------------------------------------------------------------------------------------

    def due(self, now: float) -> list[HeartNews]:
        """What is to be said at `now`, each thing once."""
        if not self.chosen:
            return []
        news = self._limit_news(now)
        if self.why_unknown(now) is None:
            if self._lost_told:
                news.append(HeartNews.BACK)
            self._lost_told = False
        elif not self._lost_told and (not self._fresh(now) or self._said is not None):
            # A frame without a rate may be one bad contact: raises wait at once, it is told after 5 s.
            self._lost_told = True
            news.append(HeartNews.LOST)
        return news

    def _limit_news(self, now: float) -> list[HeartNews]:
        news: list[HeartNews] = []
        near = None if self.limits is None else self.limits.near_max_bpm
        rate = self.known(now)
        told = self._near_told_at is not None and now - self._near_told_at < NEAR_AGAIN_S
        if near is not None and rate is not None and rate >= near and not told:
            self._near_told_at = now
            news.append(HeartNews.NEAR_MAXIMUM)
        if self.over(now) and now >= self._tell_at:
            news.append(HeartNews.STEP_DOWN if self._advised else HeartNews.OVER)
            self._tell_at = now + (AGAIN_S if self._advised else STEP_DOWN_S - ADVISE_S)
            self._advised = True
        return news

    def marks(self) -> list[float]:
        """When `due` will have something to say by time alone."""
        marks = [] if self._over_since is None else [self._tell_at]
        if self._at is not None:
            marks += [self._at + KNOWN_S + LATE_S, self._alive_at + FROZEN_S + LATE_S]
        return marks

    def _fresh(self, now: float) -> bool:
        return self._at is not None and now - self._at <= KNOWN_S
