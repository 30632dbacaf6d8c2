"""The announcement of a raise, in time: the sentence, the count-down, the end of both."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.app.ports import Telling

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock, Timer
    from retroctl.app.ports import Speech
    from retroctl.domain.effects import Announce

COUNTDOWN_FROM: Final = 3
COUNTDOWN_SPARE_S: Final = 2
"""A countdown begins so long after the announcement, so that the sentence comes first."""


class Announcer:
    """Counts down one announcement at a time; a new one silences the one before.

    It has come to its end when the count-down has, and the spoken sentence too. One that was not given (cut off in the
    middle) never ends: the session withdraws it within its own limit and says so.
    """

    def __init__(
        self,
        clock: Clock,
        say: Callable[[str], None],
        finished: Callable[[int], None],
        speech: Speech | None = None,
    ) -> None:
        """`say` gets each number of the count-down, `finished` the number of the announcement that came to its end."""
        self._clock, self._say, self._finished, self._speech = clock, say, finished, speech
        self._timers: list[Timer] = []
        self._number: int | None = None
        self._counted = self._spoken = False

    def announce(self, announce: Announce) -> None:
        """Begin."""
        self.silence()
        self._number, self._counted, self._spoken = announce.number, False, self._speech is None
        if self._speech is not None:
            self._speech.announce(announce, partial(self._on_spoken, announce.number))
        ends = self._clock.now() + announce.seconds
        first = min(COUNTDOWN_FROM, int(announce.seconds) - COUNTDOWN_SPARE_S)
        for left in range(first, 0, -1):
            self._timers.append(self._clock.call_at(ends - left, partial(self._say, f"{left}")))
        self._timers.append(self._clock.call_at(ends, self._on_counted))

    def silence(self) -> None:
        """Say no more of it."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._number is not None:
            self._number = None
            if self._speech is not None:
                self._speech.withdraw()

    def _on_counted(self) -> None:
        self._counted = True
        self._finish()

    def _on_spoken(self, number: int, telling: Telling) -> None:
        if number == self._number and telling is Telling.GIVEN:
            self._spoken = True
            self._finish()

    def _finish(self) -> None:
        """Tell, once, when both have ended."""
        number = self._number
        if number is not None and self._counted and self._spoken:
            self._number = None
            self._timers.clear()
            self._finished(number)
