"""A number that is being entered by keys while the belt runs: no text field, no card over the belt, gone by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Sequence

OPEN_S: Final = 8.0
"""An entry that nobody goes on with is forgotten after so many real seconds."""
BORG: Final = {
    6: "no exertion",
    7: "extremely light",
    9: "very light",
    11: "light",
    13: "somewhat hard",
    15: "hard",
    17: "very hard",
    19: "extremely hard",
    20: "maximal",
}
"""The words of Borg's scale (Borg 1982, Med Sci Sports Exerc 14(5):377-381)."""
FIRST_SHOWN: Final = 11


class Asked(StrEnum):
    """What is entered."""

    RPE = "rpe"
    TAG = "tag"


@dataclass(slots=True)
class Entry:
    """One entry, from its key to its last digit."""

    asked: Asked
    until: float
    digits: str = ""
    stepped: int | None = None
    """The rating chosen with the arrows; None while none was pressed."""

    def fits(self, digit: int) -> bool:
        """Whether `digit` can be part of an answer; any other keeps its own meaning."""
        if self.asked is Asked.TAG:
            return 1 <= digit <= ev.TAGS
        if self.digits:
            return ev.LEAST_RPE <= int(f"{self.digits}{digit}") <= ev.MOST_RPE
        return digit in (1, 2) or ev.LEAST_RPE <= digit <= 9

    def take(self, digit: int, now: float) -> ev.Event | None:
        """The event that `digit` completes; None where another digit is to come. Ask `fits` first."""
        if self.asked is Asked.TAG:
            return ev.TagNoted(digit)
        number = int(f"{self.digits}{digit}")
        if number >= ev.LEAST_RPE:
            return ev.RpeGiven(number)
        self.digits, self.until = f"{digit}", now + OPEN_S
        return None

    def step(self, by: int, last: int | None, now: float) -> None:
        """One rating up or down, from the one given last."""
        before = self.stepped if self.stepped is not None else last or FIRST_SHOWN
        self.stepped = min(ev.MOST_RPE, max(ev.LEAST_RPE, before + by))
        self.digits, self.until = "", now + OPEN_S


def meaning(rating: int) -> str:
    """The words of a rating, or of the one below it."""
    return BORG.get(rating, BORG.get(rating - 1, ""))


def words(entry: Entry, tags: Sequence[str], width: int) -> list[str]:
    """What the entry says, in lines of at most `width` columns."""
    if entry.asked is Asked.RPE:
        shown = f"{entry.stepped}" if entry.stepped is not None else f"{entry.digits}_"
        means = "" if entry.stepped is None else f" {meaning(entry.stepped)}"
        how = "p keeps it" if entry.stepped is not None else "type 6 to 20, or up and down"
        marks = "6 none  9 very light  11 light  13 somewhat hard  15 hard  17 very hard"
        return [f"RPE (Borg): {shown}{means}   {how}"[:width], marks[:width]]
    cells = [f"{number} {text}" for number, text in enumerate(tags, 1)]
    lines = ["TAG (digits are tags now):"]
    for cell in cells:
        if len(lines[-1]) + 2 + len(cell) > width and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]}  {cell}"[:width]
    return lines
