"""What waits to be said: bounded, most urgent first, and never later than its moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from retroctl.adapters.voice.grammar import LASTS_S, Urgency
from retroctl.app.ports import Telling

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING: Final = 8
"""Cues that may wait; beyond that the least urgent is dropped. At most one second's worth is of any use."""


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """One thing to say. `ended` gets, once and from any thread, what became of it.

    `text` instead of `clips` is for the system's own voice.
    """

    clips: tuple[str, ...]
    urgency: Urgency
    born: float
    lasts_s: float = LASTS_S
    ended: Callable[[Telling], None] | None = None
    text: str | None = None

    def settle(self, telling: Telling) -> None:
        """Tell whoever waits for it."""
        if self.ended is not None:
            self.ended(telling)


@dataclass
class CueQueue:
    """Between the control loop, which puts and never waits, and the voice's thread, which takes and plays."""

    now: Callable[[], float] = time.monotonic
    cut: threading.Event = field(default_factory=threading.Event)
    """Set when what is being played must fall silent."""

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: list[Cue] = []
        self._playing: Cue | None = None
        self._closed = False

    def put(self, cue: Cue) -> None:
        """Add a cue. A more urgent one cuts off what is being said; Stop also clears everything that waits."""
        with self._changed:
            dropped = [cue] if self._closed else self._admit(cue)
            self._changed.notify()
        for other in dropped:
            other.settle(Telling.BROKEN_OFF)

    def take(self, timeout_s: float) -> Cue | None:
        """Wait for a cue to play, at most so long; None when there is none, or it is over."""
        with self._changed:
            late = self._late()
            if not self._waiting and not self._closed and not late:
                self._changed.wait(timeout_s)
                late = self._late()
            cue = min(self._waiting, key=lambda waiting: (waiting.urgency, waiting.born), default=None)
            if cue is not None:
                self._waiting.remove(cue)
                self.cut.clear()
            self._playing = cue
        for other in late:
            other.settle(Telling.BROKEN_OFF)
        return cue

    def played(self) -> None:
        """What was taken is not being played any more."""
        with self._changed:
            self._playing = None

    def withdraw(self, cue: Cue) -> None:
        """Say no more of a cue."""
        with self._changed:
            if cue in self._waiting:
                self._waiting.remove(cue)
            elif cue is self._playing:
                self.cut.set()

    def close(self) -> None:
        """Take in no more. What is urgent enough to be the last word may still be said."""
        with self._changed:
            self._closed = True
            dropped = [cue for cue in self._waiting if cue.urgency > Urgency.ALARM]
            self._waiting = [cue for cue in self._waiting if cue not in dropped]
            if self._playing is None or self._playing.urgency > Urgency.ALARM:
                self.cut.set()  # also when a player is only being tried out
            self._changed.notify()
        for cue in dropped:
            cue.settle(Telling.BROKEN_OFF)

    @property
    def over(self) -> bool:
        """Closed, with nothing left to say."""
        with self._changed:
            return self._closed and not self._waiting

    def _admit(self, cue: Cue) -> list[Cue]:
        dropped: list[Cue] = []
        stop = cue.urgency is Urgency.STOP
        if stop:
            dropped, self._waiting = self._waiting, []
        playing = self._playing
        if playing is not None and (stop or cue.urgency < playing.urgency):
            self.cut.set()
        self._waiting.append(cue)
        if len(self._waiting) > WAITING:
            last = max(self._waiting, key=lambda waiting: (waiting.urgency, waiting.born))
            self._waiting.remove(last)
            dropped.append(last)
        return dropped

    def _late(self) -> list[Cue]:
        now = self.now()
        late = [cue for cue in self._waiting if now - cue.born > cue.lasts_s]
        self._waiting = [cue for cue in self._waiting if cue not in late]
        return late
