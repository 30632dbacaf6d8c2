"""Everything about a client, to read."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from retroctl.adapters.tui.choose.cards import ChooseCard
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.text import plain
from retroctl.app.client_words import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

FAR: Final = 100_000
HANGING: Final = 11
"""Columns before the second line of what began with spaces."""
LEAST_WIDTH: Final = 16


def wrapped(lines: Sequence[str], width: int) -> list[str]:
    """Raw lines made plain, and broken so that what goes on stands under what it belongs to."""
    found: list[str] = []
    for line in lines:
        text = plain(line, LONGEST_LINE)
        indent = " " * min(HANGING, max(0, width - LEAST_WIDTH)) if text.startswith(" ") else ""
        found += textwrap.wrap(text, max(LEAST_WIDTH, width), subsequent_indent=indent) or [""]
    return found


class SheetCard(ChooseCard):
    """Lines that scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", f"scroll({-FAR})", show=False),
        Binding("end", f"scroll({FAR})", show=False),
        Binding("enter,backspace,space," + with_capitals(("q", "i")), "close", show=False),
    ]

    def __init__(self, lines: Sequence[str]) -> None:
        """`lines` are raw."""
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """The lines, and the keys."""
        rows = VerticalScroll(Painted(id="words"), id="sheet")
        rows.can_focus = False
        yield rows
        yield Painted(id="keys")

    def draw(self) -> None:
        """Paint."""
        if self.is_mounted and self.query("#words"):
            head, *rest = wrapped(self._lines, self.size.width - 3) or [""]
            self.query_one("#words", Painted).paint((head, "bold"), *(f"\n{line}" for line in rest))
            self.query_one("#keys", Painted).paint(" ↑↓ more  BACKSPACE back ")

    def action_scroll(self, by: int) -> None:
        """Move what is seen."""
        self.query_one("#sheet").scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """The same by what is seen."""
        sheet = self.query_one("#sheet")
        self.action_scroll(by * max(1, sheet.size.height - 1))
