"""The voice as the run sees it: a listener, and the part of an announcement that is heard. Nothing here waits."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from retroctl.adapters.voice.bank import LOUDEST, Bank
from retroctl.adapters.voice.cues import Cue, CueQueue
from retroctl.adapters.voice.grammar import Saying, Urgency, announcement, free_text, saying
from retroctl.adapters.voice.players import system_players
from retroctl.adapters.voice.worker import Worker
from retroctl.app.ports import Telling
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.adapters.voice.players import Player
    from retroctl.adapters.voice.speech import Engine
    from retroctl.domain.effects import Announce

CLOSE_S: Final = 2.0
"""The last word may be said to its end within this; the belt is at rest by then."""
CUT_S: Final = 0.5
"""A player that is cut off for the end of the run may take so long."""

_T = TypeVar("_T")


class Voice:
    """Speaks what is reported. Put it among the run's listeners and give it to the runner; `begin`, then `close`."""

    def __init__(
        self,
        *,
        volume: int = LOUDEST,
        mph: bool = False,
        awaited: bool = True,
        players: Sequence[Player] | None = None,
        bank: Bank | None = None,
        engine: Engine | None = None,
    ) -> None:
        """`volume` from 1 to 100. `awaited`: a raise waits for the end of its spoken announcement.

        `engine`: the system's own voice, for what no clips are made of.
        """
        self._engine = engine
        self._volume, self._mph, self._awaited = volume, mph, awaited
        self._players, self._bank = players, bank
        self._queue = CueQueue()
        self._worker: Worker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._announcement: Cue | None = None
        self._state: object = None
        self._closed = False

    def begin(self, tell: Callable[[str | None], None]) -> None:
        """Start the thread. `tell` gets, in the event loop, why nothing can be heard; None when it can again."""
        self._loop = asyncio.get_running_loop()
        players = system_players() if self._players is None else self._players
        bank = self._bank or Bank(self._volume)
        self._worker = Worker(self._queue, bank, players, partial(self._in_loop, tell), self._engine)
        self._worker.start()

    def __call__(self, report: Report) -> None:
        """Say what was reported, if it is spoken; returns at once."""
        if report.kind is Kind.STATE:
            before, self._state = self._state, report.data.get("state")
            if before != "holding":
                return  # a raise withdrawn leads there too, and serves no hold
        said = saying(report, mph=self._mph)
        if said is not None:
            self._put(said)
        elif self._engine is not None and (text := free_text(report)) is not None:
            self._put(Saying((), Urgency.FREE), text=text)

    def announce(self, announce: Announce, settled: Callable[[Telling], None]) -> None:
        """Speak an announcement; `settled` gets, in the event loop, what became of it.

        It counts as given at once where nobody can hear, so that the screen's count-down counts alone. One that was
        begun and not ended, or that something more urgent cut off, was not given.
        """
        said = announcement(announce.target, announce.seconds, mph=self._mph)
        worker = self._worker
        if worker is None or not worker.able or not self._awaited:
            settled(Telling.GIVEN)
            self._announcement = self._put(said)
            return
        self._announcement = self._put(said, partial(self._in_loop, settled))

    def withdraw(self) -> None:
        """Fall silent about the raise; `settled` may still be called and then means nothing."""
        if self._announcement is not None:
            self._queue.withdraw(self._announcement)
            self._announcement = None

    def close(self) -> bool:
        """Say the last word and end, within 2.5 s; False where the thread is left behind. Nobody is told any more."""
        self._closed = True
        self._queue.close()
        if self._worker is None or self._worker.join(CLOSE_S):
            return True
        self._queue.cut.set()
        return self._worker.join(CUT_S)

    def _put(self, said: Saying, ended: Callable[[Telling], None] | None = None, *, text: str | None = None) -> Cue:
        cue = Cue(said.clips, said.urgency, time.monotonic(), said.lasts_s, ended, text)
        self._queue.put(cue)
        return cue

    def _in_loop(self, call: Callable[[_T], None], what: _T) -> None:
        loop = self._loop
        if loop is None:
            return

        def in_loop() -> None:
            if not self._closed:
                call(what)

        try:
            loop.call_soon_threadsafe(in_loop)
        except RuntimeError:  # the loop has ended; nobody waits any more
            return
