"""The announcement of a raise, in time: the sentence, the count-down, the end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock, Timer
    from retroctl.domain.effects import Announce

COUNTDOWN_FROM: Final = 3
COUNTDOWN_SPARE_S: Final = 2
"""A countdown begins so long after the announcement, so that the sentence comes first."""


class Announcer:
    """Counts down one announcement at a time; a new one silences the one before."""

    def __init__(self, clock: Clock, say: Callable[[str], None], finished: Callable[[int], None]) -> None:
        """`say` gets each number of the count-down, `finished` the number of the announcement that came to its end."""
        self._clock, self._say, self._finished = clock, say, finished
        self._timers: list[Timer] = []

    def announce(self, announce: Announce) -> None:
        """Begin."""
        self.silence()
        ends = self._clock.now() + announce.seconds
        first = min(COUNTDOWN_FROM, int(announce.seconds) - COUNTDOWN_SPARE_S)
        for left in range(first, 0, -1):
            self._timers.append(self._clock.call_at(ends - left, partial(self._say, f"{left}")))
        self._timers.append(self._clock.call_at(ends, partial(self._finished, announce.number)))

    def silence(self) -> None:
        """Say no more of it."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
