"""A rating of exertion typed in the line mode: its key, then digits; gone by itself, and never in STOP's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

KEY: Final = "p"
OPEN_S: Final = 8.0
"""A rating that nobody goes on with is forgotten after so many real seconds: then digits are STOP again."""
ASKING: Final = (
    f"RPE (Borg): type {ev.LEAST_RPE} to {ev.MOST_RPE} now. 9 very light  11 light  13 somewhat hard  15 hard"
)


class RatingKeys:
    """Open from its key to the last digit. Only digits belong to it; any other closes it and means what it does."""

    def __init__(self, say: Callable[[str], None], tell: Callable[[ev.Event], None]) -> None:
        self._say, self._tell = say, tell
        self._digits = ""
        self._until: float | None = None

    def ask(self, now: float) -> None:
        """Begin; `now` in real seconds, since fingers know no other."""
        self._digits, self._until = "", now + OPEN_S
        self._say(ASKING)

    def close(self) -> None:
        """Forget what was typed."""
        self._until = None

    def takes(self, key: str, now: float) -> bool:
        """Whether `key`, digits typed one after another or at once, belongs to the rating; then it is taken in."""
        if self._until is None or now > self._until or not (key.isascii() and key.isdigit()):
            return False
        for digit in key:
            self._take(digit, now)
        return True

    def _take(self, digit: str, now: float) -> None:
        if self._until is None:  # one digit more than a rating has
            return
        self._digits += digit
        rating = int(self._digits)
        if ev.LEAST_RPE <= rating <= ev.MOST_RPE:
            self._say(f"     RPE {rating}")
            self._tell(ev.RpeGiven(rating))
            self.close()
        elif self._digits in ("1", "2"):
            self._until = now + OPEN_S
        else:
            self._say(f"     {rating} is no RPE ({ev.LEAST_RPE} to {ev.MOST_RPE}): nothing is noted; {KEY} asks again")
            self.close()
