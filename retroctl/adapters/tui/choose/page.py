"""What every page of the choosing has: the steps, the content, the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.screen import Screen

from retroctl.adapters.tui.choose.room import NARROW
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.widgets import Painted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from retroctl.adapters.tui.choose.app import ChooseApp
    from retroctl.adapters.tui.widgets import Part


class ChoosePage(Screen[None]):
    """What every page has: the steps, the content, the keys."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    step: ClassVar[str] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "move(-100000)", show=False),
        Binding("end", "move(100000)", show=False),
        Binding("enter", "take", show=False),
        Binding("backspace", "back", show=False),
    ]

    @property
    def desk(self) -> ChooseApp:
        """The application."""
        return cast("ChooseApp", self.app)

    def compose(self) -> ComposeResult:
        """The frame."""
        yield Painted(id="steps")
        yield Painted(id="body")
        yield from self.extra()
        yield Painted(id="keys")

    def extra(self) -> Iterable[Widget]:
        """What one page has beside it."""
        return ()

    def on_mount(self) -> None:
        """Draw as soon as there is room to draw in."""
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Draw for the new room."""
        self.call_after_refresh(self.draw)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        raise NotImplementedError

    def action_take(self) -> None:
        """Take what is under the cursor."""
        raise NotImplementedError

    def action_page(self, by: int) -> None:
        """Move by what is seen."""
        self.action_move(by * self.page_rows)

    def action_back(self) -> None:
        """One page back."""
        self.desk.back()

    def content(self, width: int, height: int) -> list[Part]:
        """What this page is for."""
        raise NotImplementedError

    def keys(self) -> Sequence[str]:
        """The keys that work now, the most needed first."""
        raise NotImplementedError

    @property
    def page_rows(self) -> int:
        """Rows of the list that are seen at once."""
        return max(1, self._room[1] - 6)

    @property
    def _room(self) -> tuple[int, int]:
        body = self.query_one("#body", Painted) if self.is_mounted else None
        return (80, 20) if body is None else (body.size.width or 80, body.size.height or 20)

    def draw(self) -> None:
        """Paint what has changed."""
        if not self.is_mounted or not self.query("#body"):
            return
        width, height = self._room
        self.query_one("#steps", Painted).paint(*self._steps(self.app.size.width))
        self.query_one("#body", Painted).paint(*self.content(width, height))
        words = ""
        for word in self.keys():
            if len(words) + len(word) + 2 <= self.app.size.width:
                words += f" {word} "
        self.query_one("#keys", Painted).paint(words)

    def _steps(self, width: int) -> list[Part]:
        choice = self.desk.draft.choice
        machine = "" if self.step == "machine" else self.desk.machine_words
        client = "" if self.step == "machine" and self.desk.given.client is None else choice.client or ""
        if self.step == "plan" and not client:
            client = "nobody named"
        parts: list[Part] = []
        for number, (name, value) in enumerate((("machine", machine), ("client", client), ("plan", "")), start=1):
            words = f" {number} {name.upper() if name == self.step else name}"
            words += f": {plain(value, 36)} " if value and width >= NARROW else " "
            parts += [(words, "reverse bold" if name == self.step else ""), "→" if number < 3 else ""]
        taken = sum(len(part if isinstance(part, str) else part[0]) for part in parts)
        note = "nothing is armed "
        return [*parts, " " * (width - taken - len(note)), (note, "$text-muted")] if width > taken + 20 else parts
