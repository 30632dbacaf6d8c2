"""Who runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType

from retroctl.adapters.tui.choose.client_form import KEEPING
from retroctl.adapters.tui.choose.page import ChoosePage
from retroctl.adapters.tui.choose.room import SHORT
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.text import plain
from retroctl.app.client_forms import Act

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.choose.ports import ClientRow
    from retroctl.adapters.tui.painted import Part


OPENING: Final = "open a card about a client"
LONGEST_TOLD: Final = 600


class ClientPage(ChoosePage):
    """Whom."""

    step = "client"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(with_capitals(("a",)), "add", show=False),
        Binding(with_capitals(("i",)), "sheet", show=False),
        *(
            Binding(with_capitals((key,)), f"form('{act}')", show=False)
            for key, act in (("e", Act.EDIT), ("l", Act.LEVEL), ("c", Act.CLEAR))
        ),
    ]

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
        if self.rows[self.at].client_id is None:
            return ("ENTER take it", "↑↓ choose", "a add a client", "BACKSPACE back", "? help", "q leave")
        return (
            "ENTER take",
            "a add",
            "i show",
            "e edit",
            "l level",
            "c clearance",
            "BACKSPACE back",
            "? help",
            "q leave",
        )

    def action_move(self, by: int) -> None:
        """Another client."""
        self.desk.told = ()
        self.desk.errands.drop(OPENING)
        self._at = min(len(self.rows) - 1, max(0, self.at + by))
        self.draw()

    def go_to(self, client_id: str) -> None:
        """Put the cursor on that client."""
        ids = [row.client_id for row in self.rows]
        self._at = ids.index(client_id) if client_id in ids else None
        self.draw()

    def action_add(self) -> None:
        """Somebody new."""
        self.desk.open_form(Act.ADD, None)

    def action_sheet(self) -> None:
        """Everything about this one."""
        client_id = self.rows[self.at].client_id
        if client_id is not None:
            self.desk.open_sheet(client_id)

    def action_form(self, act: str) -> None:
        """Change this one, if it is a client who is kept here."""
        client_id = self.rows[self.at].client_id
        if client_id is not None:
            self.desk.open_form(Act(act), client_id)

    def action_take(self) -> None:
        """This one."""
        if not self.desk.repeated("enter"):
            self.desk.take_client(self.rows[self.at].key)

    def content(self, width: int, height: int) -> list[Part]:
        """The list."""
        rows, at = self.rows, self.at
        if height < SHORT:
            return [(f"> {plain(rows[at].name, 60)}\n", "bold"), f"level {rows[at].level}, {rows[at].cap}"]
        waiting = self.desk.errands.words(OPENING) or self.desk.errands.words(KEEPING)
        told = [plain(line, LONGEST_TOLD) for line in ((waiting,) if waiting else self.desk.told)]
        note = plain(rows[at].note, LONGEST_TOLD)
        taken = sum(1 + cell_len(line) // max(1, width) for line in told or [note])
        room = max(1, height - 4 - taken)
        first = max(0, min(at - room // 2, len(rows) - room))
        parts: list[Part] = [("Who runs?\n\n", "bold")]
        for number, row in enumerate(rows[first : first + room], start=first):
            name = set_cell_size(plain(row.name, 60), max(8, min(32, width - 46)))
            line = f"{name} level {row.level:<10} {row.cap:<16}{' NOT TODAY' if row.not_today else ''}"
            mark = ">" if number == at else " "
            parts += [(set_cell_size(f"{mark} {line}", width), "reverse bold" if number == at else ""), "\n"]
        if told:
            parts += ["\n", ("\n".join(told), "bold")]
        elif note:
            parts += ["\n", (note, "$text-muted")]
        return parts
