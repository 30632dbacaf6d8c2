"""Keys by which a trainer notes something while the belt runs. Each tells one event; none can stand before STOP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.tui.entry import OPEN_S, Asked, Entry
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from retroctl.adapters.tui.controls import Controls, View

_BALANCE: Final = {event.value: event for event in ev.BalanceEvent}


class Notebook:
    """What the digits mean, and what is open in `view.entry`. `now` is real seconds: fingers know no other."""

    def __init__(self, controls: Controls, view: View) -> None:
        self._controls, self._view = controls, view

    def takes(self, digit: int) -> bool:
        """Whether a digit means something now."""
        return digit in _BALANCE or self._fits(digit)

    @property
    def rating(self) -> bool:
        """Whether a rating is open, so that the arrows mean something."""
        return self._view.entry is not None and self._view.entry.asked is Asked.RPE

    def digit(self, digit: int, now: float, *, repeated: bool) -> None:
        """Part of an entry where one is open and the digit fits; else a balance event, of a key held down only one."""
        entry = self._view.entry
        if entry is not None and self._fits(digit):
            self._tell(entry.take(digit, now))
        elif digit in _BALANCE and not repeated:
            self._tell(ev.BalanceEventNoted(_BALANCE[digit]))

    def step(self, by: int, now: float) -> None:
        """One rating up or down."""
        picture = self._view.picture
        last = None if picture is None or picture.rpe is None else picture.rpe.rating
        if self._view.entry is not None:
            self._view.entry.step(by, last, now)

    def ask(self, asked: Asked, now: float) -> None:
        """Open the entry; the same key again keeps what the arrows chose, or closes it."""
        before = self._view.entry
        self._view.entry = None
        if before is None or before.asked is not asked:
            self._view.entry = Entry(asked, now + OPEN_S)
        elif before.stepped is not None:
            self._tell(ev.RpeGiven(before.stepped))

    def hands(self) -> None:
        """Both, one, none, and round again."""
        picture, order = self._controls.picture(), list(ev.Hands)
        if picture is not None:
            self._tell(ev.HandsNoted(order[(order.index(picture.hands) + 1) % len(order)]))

    def forget(self, now: float, *, running: bool) -> None:
        """Close an entry that nobody goes on with."""
        entry = self._view.entry
        if entry is not None and (now > entry.until or not running):
            self._view.entry = None

    def _fits(self, digit: int) -> bool:
        return self._view.entry is not None and self._view.entry.fits(digit)

    def _tell(self, event: ev.Event | None) -> None:
        if event is not None:
            self._view.entry = None
            self._controls.tell(event)
