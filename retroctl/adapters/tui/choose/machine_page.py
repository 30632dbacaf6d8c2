"""Which treadmill: the list while it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.cells import set_cell_size
from textual.binding import Binding, BindingType

from retroctl.adapters.tui.choose.machines import QUIET_S, kind_words, signal_words
from retroctl.adapters.tui.choose.page import ChoosePage
from retroctl.adapters.tui.choose.room import NARROW, SHORT
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.choose.machines import Row
    from retroctl.adapters.tui.painted import Part


SEVERAL: Final = (
    "Several answer, and the belt may be somebody else's. To be sure: carry this computer to the machine, its signal "
    "grows; or choose one and press i."
)


class MachinePage(ChoosePage):
    """Which treadmill."""

    step = "machine"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(with_capitals(("i",)), "identify", show=False),
        Binding(with_capitals(("r",)), "search", show=False),
    ]

    def keys(self) -> Sequence[str]:
        """As they are needed."""
        return ("ENTER take it", "↑↓ choose", "i identify", "r search again", "? help", "q leave")

    def action_move(self, by: int) -> None:
        """Another machine."""
        self.desk.remark = ""
        self.desk.machines.move(by)
        self.desk.draw()

    def action_take(self) -> None:
        """This one, if one was chosen."""
        if self._chosen() and not self.desk.repeated("enter"):
            self.desk.take_machine(cast("str", self.desk.machines.cursor))

    def action_identify(self) -> None:
        """Look at this one."""
        if self._chosen() and not self.desk.repeated("i"):
            self.desk.identify(cast("str", self.desk.machines.cursor))

    def action_search(self) -> None:
        """Search anew; the order is made anew too."""
        self.desk.machines.begin()
        self.desk.search()
        self.desk.draw()

    def action_back(self) -> None:
        """It is the first page."""

    def _chosen(self) -> bool:
        chosen = self.desk.machines.cursor is not None
        self.desk.remark = "" if chosen else "none is chosen yet: choose one with the arrow keys"
        self.desk.draw()
        return chosen

    def content(self, width: int, height: int) -> list[Part]:
        """The search, the list, and what is to be said of the one under the cursor."""
        desk, machines = self.desk, self.desk.machines
        below = self._below(width)
        if height < SHORT:
            row = machines.row(machines.cursor)
            name = desk.practice_key if row is None and machines.cursor else "" if row is None else row.machine.name
            said = plain(name, 60) or desk.trouble or f"{len(machines.rows)} heard: choose with the arrow keys"
            return [(f"> {said}\n", "bold"), self._progress(width)]
        parts: list[Part] = [(self._progress(width), "bold"), "\n\n"]
        room = max(1, height - 4 - sum(1 + len(text) // max(1, width) for text, _ in below))
        rows: list[Row | None] = [*machines.rows, None]
        at = machines.keys.index(machines.cursor) if machines.cursor in machines.keys else 0
        first = max(0, min(at - room // 2, len(rows) - room))
        for number in range(first, min(len(rows), first + room)):
            row = rows[number]
            marked = machines.cursor == machines.keys[number]
            line = self._practice(width) if row is None else self._line(row, width)
            parts += [
                (set_cell_size(f"{'>' if marked else ' '} {line}", width), "reverse bold" if marked else ""),
                "\n",
            ]
        if len(rows) > room:
            parts.append((f"  rows {first + 1} to {min(len(rows), first + room)} of {len(rows)}", "$text-muted"))
        parts.append("\n")
        for text, style in below:
            parts += [(text, style), "\n"]
        return parts

    def _progress(self, width: int) -> str:
        desk = self.desk
        count = f"{len(desk.machines.rows)} heard" + (
            f" ({desk.machines.left_out} more not listed)" if desk.machines.left_out else ""
        )
        if not desk.searching:
            return f"Which treadmill?  The search is over, {count}; r searches again"
        at, whole = min(desk.searched_s, desk.surroundings.listen_s), desk.surroundings.listen_s
        bar = round(at / whole * 12)
        drawn = f"▕{'█' * bar}{'░' * (12 - bar)}▏ " if width >= NARROW else ""
        return f"Which treadmill?  searching {drawn}{at:.0f} of {whole:.0f} s, {count}"

    def _line(self, row: Row, width: int) -> str:
        bars, words = signal_words(row.strength)
        name = plain(row.machine.name, 60)
        if width < NARROW:
            return f"{set_cell_size(name, max(4, width - 18))} {words}"
        address = plain(row.machine.address, 36)
        room = 17 if len(address) <= 17 else 36
        silent = self.desk.now() - row.heard_at
        old = silent > QUIET_S and row.machine.rssi_dbm is not None
        kind = f"silent {silent:.0f} s" if old else kind_words(row.machine)
        free = max(8, min(40, width - 2 - room - 6 - 15 - 18 - 2))
        return f"{set_cell_size(name, free)} {address:<{room}}  {bars} {words:<15}  {kind}"

    def _practice(self, width: int) -> str:
        practice = self.desk.surroundings.practice.name
        return f"simulated: {practice}" + ("   SIMULATED: for practice, no belt moves" if width >= NARROW else "")

    def _below(self, width: int) -> list[tuple[str, str]]:
        """What is to be said now, the most important first."""
        del width
        desk, machines = self.desk, self.desk.machines
        texts: list[tuple[str, str]] = []
        if desk.remark:
            texts.append((f"! {desk.remark}", "$warning bold"))
        if desk.trouble:
            texts.append((f"NO SEARCH: {desk.trouble}. Then r.", "$warning bold"))
        elif not machines.rows and desk.searched_s >= desk.surroundings.settle_s:
            texts.append((f"Nothing heard: {desk.surroundings.nothing_heard}.", "$warning bold"))
        elif len(machines.rows) > 1 and machines.cursor is None:
            texts.append((SEVERAL, ""))
        row = machines.row(machines.cursor)
        if row is not None:
            texts += [(f"- {plain(remark, 160)}", "$text-muted") for remark in row.machine.remarks[:3]]
        return texts
