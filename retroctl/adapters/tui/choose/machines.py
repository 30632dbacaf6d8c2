"""The list of machines: who was heard, in an order that does not move under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from retroctl.adapters.tui.choose.ports import HeardMachine

MOST: Final = 200
"""More machines than any hall has; what is beyond is not kept."""
QUIET_S: Final = 10.0
"""Machines advertise at most a few seconds apart: one that was not heard for so long may have gone."""
_SMOOTH: Final = 0.3
"""Weight of a new signal strength: single packets differ by 10 dB and more."""
_LAST: Final = 1000
_STRENGTHS: Final = ((-60, "▂▄▆█", "near"), (-75, "▂▄▆ ", "good"), (-88, "▂▄  ", "weak"))
_FAINT: Final = ("▂   ", "faint")


@dataclass(slots=True)
class Row:
    """One machine."""

    machine: HeardMachine
    heard_at: float
    strength: float | None
    """Smoothed, dBm; None for one that does not advertise."""


class MachineList:
    """Rows by address. The cursor stands on an address, not on a number, and on none until something puts it there.

    Until the trainer moves the cursor, the strongest come first; from then on rows keep their places and new ones go
    to the end. `begin` sorts anew.
    """

    def __init__(self, practice: str) -> None:
        """`practice`: the key of the simulated machine, which is always the last row."""
        self._practice = practice
        self._rows: dict[str, Row] = {}
        self._order: list[str] = []
        self.cursor: str | None = None
        self.moved = False
        """Whether the trainer has put the cursor where it is."""
        self.left_out = 0

    def begin(self) -> None:
        """A new search: what was heard before stays, with its age, until it is heard again."""
        self._order.sort(key=self._sorting)

    def take(self, machine: HeardMachine, now: float) -> None:
        """A machine was heard."""
        row = self._rows.get(machine.address)
        if row is None:
            if len(self._rows) >= MOST:
                self.left_out += 1
                return
            self._rows[machine.address] = Row(machine, now, machine.rssi_dbm)
            self._order.append(machine.address)
        else:
            row.machine, row.heard_at = machine, now
            row.strength = _smoothed(row.strength, machine.rssi_dbm)
        if not self.moved:
            self._order.sort(key=self._sorting)

    @property
    def rows(self) -> list[Row]:
        """The machines heard, in their order."""
        return [self._rows[address] for address in self._order]

    @property
    def keys(self) -> list[str]:
        """The addresses, and at the end the simulated machine."""
        return [*self._order, self._practice]

    def row(self, key: str | None) -> Row | None:
        """The machine at an address; None for the simulated one."""
        return None if key is None else self._rows.get(key)

    def settle(self) -> None:
        """Preselect the only machine; take that back when there are more. What the trainer chose stays."""
        if not self.moved:
            self.cursor = self._order[0] if len(self._order) == 1 else None

    def move(self, by: int) -> None:
        """Move the cursor; it comes in from above or from below."""
        keys = self.keys
        outside = -1 if by > 0 else len(keys)
        at = (keys.index(self.cursor) if self.cursor in keys else outside) + by
        self.moved = True
        self.cursor = keys[min(len(keys) - 1, max(0, at))]

    def _sorting(self, address: str) -> tuple[int, str]:
        strength = self._rows[address].strength
        # Steps of 6 dB, twice as near: strengths that waver do not change places all the time.
        return (_LAST if strength is None else -round(strength / 6), address)


def _smoothed(before: float | None, heard: int | None) -> float | None:
    if before is None or heard is None:
        return heard
    return before + _SMOOTH * (heard - before)


def signal_words(strength: float | None) -> tuple[str, str]:
    """Bars, and the same in words with the figure."""
    if strength is None:
        return "    ", "not advertising"
    bars, word = next(((bars, word) for least, bars, word in _STRENGTHS if strength >= least), _FAINT)
    return bars, f"{word} {strength:.0f} dBm"


def kind_words(machine: HeardMachine) -> str:
    """What is known of it, in a word or two."""
    if machine.rssi_dbm is None:
        return "connected"
    if machine.says_treadmill is None:
        return "fitness machine"
    return "treadmill" if machine.says_treadmill else "says: no treadmill"
