"""Which run of a machine's program is heard, and what is new from it: repetitions and leftovers change nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from retroctl.app.floor_news import LONGEST_NAME, AlarmNews, Presence, StateNews, StatusNews

if TYPE_CHECKING:
    Ordered = StateNews | StatusNews | AlarmNews

EARLIER_RUNS: Final = 8
"""Runs before this one whose late messages are known for what they are."""
LEFTOVER_S: Final = 5.0
"""What an ended run still had on its way comes within this; what comes later was said later."""
RIVAL_S: Final = 30.0
"""So long it is said that two programs speak as one machine."""


class Order:
    """The order of one machine's messages. Each kind counts for itself, and anew in each run."""

    def __init__(self) -> None:
        self.run: str | None = None
        self.restarts = 0
        self._began_at = 0.0
        self._seqs: dict[type, int] = {}
        self._earlier: OrderedDict[str, dict[type, int]] = OrderedDict()
        self._rival_at: float | None = None

    def admits(self, news: Ordered, now: float, *, live: bool, well: bool) -> bool:
        """Whether this is newer than all of its kind. `live`: the present run was heard itself; `well`: just now."""
        run = news.origin.run[:LONGEST_NAME]
        if run != self.run:
            if not self._follows(news, run, now, live=live, well=well):
                return False
            self._begin(run, now)
        if isinstance(news, StatusNews) and news.presence is Presence.LOST:
            return True  # a last will was written when the connection began: its number says nothing about now
        if news.origin.seq <= self._seqs.get(type(news), -1):
            return False
        self._seqs[type(news)] = news.origin.seq
        return True

    def rival(self, now: float) -> bool:
        """Whether two programs have spoken as this machine lately."""
        return self._rival_at is not None and now - self._rival_at < RIVAL_S

    def _follows(self, news: Ordered, run: str, now: float, *, live: bool, well: bool) -> bool:
        """Whether another run than the present one is heard from here."""
        if self.run is None:
            return True
        if run not in self._earlier:
            return not (news.origin.kept and live)  # what the broker kept is no newer than what was heard live
        said = self._earlier[run].get(StateNews, -1)
        if not isinstance(news, StateNews) or news.origin.kept or news.origin.seq <= said:
            return False
        if now - self._began_at > LEFTOVER_S:
            self._rival_at = now  # it was taken for ended, and speaks: two computers have this machine's name
        return not well

    def _begin(self, run: str, now: float) -> None:
        if self.run is not None:
            self._earlier[self.run] = self._seqs
            self.restarts += 1
        self.run, self._began_at = run, now
        self._seqs = self._earlier.pop(run, {})
        while len(self._earlier) > EARLIER_RUNS:
            self._earlier.popitem(last=False)
