"""Text on a screen, in parts with colours; painted again only when it has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.visual import VisualType

    from retroctl.adapters.tui import ladder

Part = str | tuple[str, str]

STYLES: Final = {
    "measured": "$measured",
    "commanded": "$commanded bold",
    "over": "$background on $measured bold",
    "planned": "$planned",
    "now": "$foreground bold",
    "cap": "$cap bold",
    "axis": "$text-muted",
    "heart": "$warning bold",
    "": "",
}
"""Colours of the ladder's cells, by what they belong to."""


class Painted(Static):
    """Text in parts; painted again only when the parts have changed. Never markup: names come from the air."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, classes=classes, markup=False)
        self._parts: tuple[Part, ...] = ()

    def paint(self, *parts: Part) -> None:
        """Show `parts`: text, or text with a style."""
        if parts != self._parts:
            taller = _rows(parts) != _rows(self._parts)
            self._parts = parts
            content: VisualType = Content.assemble(*parts)
            self.update(content, layout=taller)

    @property
    def shown(self) -> str:
        """The text on the screen, without styles."""
        return "".join(part if isinstance(part, str) else part[0] for part in self._parts)


def _rows(parts: Sequence[Part]) -> int:
    return sum((part if isinstance(part, str) else part[0]).count("\n") for part in parts)


def coloured(rows: Sequence[Sequence[ladder.Cell]]) -> list[Part]:
    """Cells as text with styles."""
    parts: list[Part] = []
    for row in rows:
        run, kind = "", ""
        for letter, what in row:
            if what != kind and run:
                parts.append((run, STYLES[kind]) if STYLES[kind] else run)
                run = ""
            run, kind = run + letter, what
        if run:
            parts.append((run, STYLES[kind]) if STYLES[kind] else run)
        parts.append("\n")
    return parts[:-1]
