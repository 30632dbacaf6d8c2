"""The floor drawn: one line a machine, its notes below it, the window around the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import set_cell_size

from retroctl.adapters.tui.text import plain
from retroctl.app.floor_row import Urgency
from retroctl.app.floor_words import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.painted import Part
    from retroctl.app.floor_row import Row
    from retroctl.app.floor_words import Shown

NARROW: Final = 76
"""Columns under which only machine, state, speed and age have room."""
ROOMY: Final = 104
"""Columns from which names are longer and a bar shows the speed."""
MOST_NOTES: Final = 3
"""Below one machine: ten alarms of one must not push the others off the screen."""
BAR_KMH: Final = 10.0
"""The right end of the bar: a little over the highest cap."""

_STYLES: Final = {
    Urgency.TROUBLE: "bold",
    Urgency.STOPPING: "bold",
    Urgency.MOVING: "",
    Urgency.READY: "",
    Urgency.REST: "",
    Urgency.GONE: "$old",
}
GREY: Final = "$old"
ALARM: Final = "$alarm-text on $error bold"


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one machine."""

    machine: str
    lines: tuple[tuple[Part, ...], ...]


def head(width: int) -> Part:
    """The line above the machines."""
    if width < NARROW:
        return (set_cell_size(_narrow(("machine", "state", "km/h", "heard"), width), width), GREY)
    name, client = _names(width)
    words = f"   {'machine':<{name}} {'client':<{client}} {'state':<17} {'km/h':>6} {'target':>6} {'hold':>5} heard"
    return (set_cell_size(words, width), GREY)


def draw(rows: Sequence[Row], at: str | None, width: int, height: int) -> list[Part]:
    """At most `height` lines around the machine with the cursor."""
    blocks = [_block(row, width, here=row.machine == at) for row in _near(rows, at, height)]
    place = next((number for number, block in enumerate(blocks) if block.machine == at), 0)
    first = _first(blocks, place, height)
    parts: list[Part] = []
    used = 0
    for block in blocks[first:]:
        for line in block.lines:
            if used == height:
                return parts
            if used:
                parts.append("\n")
            parts += line
            used += 1
    return parts


def _near(rows: Sequence[Row], at: str | None, height: int) -> Sequence[Row]:
    """Only those that could be seen: words are not made for two thousand machines five times a second."""
    place = next((number for number, row in enumerate(rows) if row.machine == at), 0)
    return rows[max(0, place - height) : place + height]


def _first(blocks: Sequence[_Block], place: int, height: int) -> int:
    """The first block of the window: the top as long as the cursor's machine is seen whole from there."""
    room = height - len(blocks[place].lines) if blocks else 0
    first = place
    while first > 0 and (size := len(blocks[first - 1].lines)) <= room:
        room -= size
        first -= 1
    return first


def _block(row: Row, width: int, *, here: bool) -> _Block:
    words = shown(row)
    style = "reverse bold" if here else GREY if words.grey and row.urgency is not Urgency.TROUBLE else ""
    lines: list[tuple[Part, ...]] = [_line(words, width, style or _STYLES[row.urgency], here=here)]
    for note in words.notes[:MOST_NOTES]:
        text = set_cell_size(f"   {note.mark} {plain(note.text)}", width)
        lines.append(((text, ALARM if note.urgent else "bold"),))
    more = len(words.notes) - MOST_NOTES
    if more > 0:
        lines.append((set_cell_size(f"   + {more} more", width),))
    return _Block(row.machine, tuple(lines))


def _line(words: Shown, width: int, style: str, *, here: bool) -> tuple[Part, ...]:
    cursor = ">" if here else " "
    machine, state = plain(words.machine, 40), plain(words.state, 20)
    if width < NARROW:
        text = f"{cursor}{words.mark} {_narrow((machine, state, words.measured, words.age), width - 3)}"
        return ((set_cell_size(text, width), style),)
    name, client = _names(width)
    text = (
        f"{cursor}{words.mark} {set_cell_size(machine, name)} {set_cell_size(plain(words.client, 40), client)} "
        f"{set_cell_size(state, 17)} {words.measured:>6} {words.target:>6} {words.hold:>5} "
    )
    if width < ROOMY:
        return ((set_cell_size(text + words.age, width), style),)
    text += set_cell_size(words.age, 11)
    room = width - len(text) - 1
    return ((text, style), (set_cell_size(f" {_bar(words, room)}", room + 1), style if here else _bar_style(words)))


def _names(width: int) -> tuple[int, int]:
    return (22, 12) if width >= ROOMY else (15, 8)


def _narrow(cells: Sequence[str], width: int) -> str:
    machine, state, measured, age = cells
    room = max(6, width - 26)
    named = set_cell_size(machine, min(12, room))
    return f"{named} {set_cell_size(state, max(0, min(17, width - 28)))} {measured:>5} {age}"


def _bar(words: Shown, room: int) -> str:
    """Measured speed as a bar, the target as a stroke; nothing where what is known is old."""
    if words.grey or room < 8:
        return ""
    measured, target = (_cells(text, room) for text in (words.measured, words.target))
    if measured is None:
        return ""
    cells = list("█" * measured + " " * (room - measured))
    if target is not None and target > 0:
        cells[min(room - 1, target - 1)] = "┃"
    return "".join(cells)


def _cells(text: str, room: int) -> int | None:
    try:
        return max(0, min(room, round(float(text) / BAR_KMH * room)))
    except ValueError:
        return None


def _bar_style(words: Shown) -> str:
    return GREY if words.grey else "$measured"
