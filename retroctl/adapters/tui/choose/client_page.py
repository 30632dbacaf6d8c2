"""Who runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import set_cell_size

from retroctl.adapters.tui.choose.page import ChoosePage
from retroctl.adapters.tui.choose.room import SHORT
from retroctl.adapters.tui.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.choose.ports import ClientRow
    from retroctl.adapters.tui.painted import Part


class ClientPage(ChoosePage):
    """Whom."""

    step = "client"

    def __init__(self) -> None:
        super().__init__()
        self._at: int | None = None

    @property
    def rows(self) -> list[ClientRow]:
        """Whom there is to choose on this machine."""
        desk = self.desk
        simulated = desk.draft.choice.sim is not None
        return [row for row in desk.surroundings.clients() if simulated or not row.simulated_only]

    @property
    def at(self) -> int:
        """The row under the cursor: the one chosen before, else the first."""
        rows = self.rows
        if self._at is None:
            keys = [row.key for row in rows]
            before = self.desk.draft.choice.client
            return keys.index(before) if before in keys else 0
        return min(self._at, len(rows) - 1)

    def keys(self) -> Sequence[str]:
        """As they are needed."""
        return ("ENTER take it", "↑↓ choose", "BACKSPACE back", "? help", "q leave")

    def action_move(self, by: int) -> None:
        """Another client."""
        self._at = min(len(self.rows) - 1, max(0, self.at + by))
        self.draw()

    def action_take(self) -> None:
        """This one."""
        if not self.desk.repeated("enter"):
            self.desk.take_client(self.rows[self.at].key)

    def content(self, width: int, height: int) -> list[Part]:
        """The list."""
        rows, at = self.rows, self.at
        if height < SHORT:
            return [(f"> {plain(rows[at].name, 60)}\n", "bold"), f"level {rows[at].level}, {rows[at].cap}"]
        room = max(1, height - 5)
        first = max(0, min(at - room // 2, len(rows) - room))
        parts: list[Part] = [("Who runs?\n\n", "bold")]
        for number, row in enumerate(rows[first : first + room], start=first):
            line = f"{set_cell_size(plain(row.name, 60), max(8, min(32, width - 44)))} level {row.level:<10} {row.cap}"
            mark = ">" if number == at else " "
            parts += [(set_cell_size(f"{mark} {line}", width), "reverse bold" if number == at else ""), "\n"]
        if rows[at].note:
            parts += ["\n", (plain(rows[at].note, 300), "$text-muted")]
        return parts
