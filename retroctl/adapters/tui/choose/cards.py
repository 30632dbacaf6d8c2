"""Cards over a page; the one with every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from retroctl.adapters.tui.choose.room import NARROW
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.painted import Painted

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from retroctl.adapters.tui.choose.app import ChooseApp
    from retroctl.adapters.tui.painted import Part


HELP: Final = (
    ("arrows, Home, End", "move; left and right change a value"),
    ("Enter", "take it, and go on"),
    ("Backspace", "one page back"),
    ("i", "identify: connect, only look, let go"),
    ("r", "search again, the strongest first"),
    ("e, digits", "type a value, or a plan file's path"),
    ("on the clients: a i e l c", "add; its facts, edit, level, clearance"),
    ("t", "colours: dark, light, high contrast"),
    ("q, Esc, Ctrl-Q, Ctrl-C", "leave: nothing has been written"),
)


class ChooseCard(ModalScreen[bool]):
    """A card over a page."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    @property
    def desk(self) -> ChooseApp:
        """The application."""
        return cast("ChooseApp", self.app)

    def compose(self) -> ComposeResult:
        """Its text."""
        yield Vertical(Painted(id="words"), id="card")

    def on_mount(self) -> None:
        """Draw as soon as there is room."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Paint what changed."""
        if self.is_mounted and self.query("#words"):
            self.query_one("#words", Painted).paint(*self.words())

    def words(self) -> list[Part]:
        """What the card says."""
        raise NotImplementedError

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(False)  # noqa: FBT003 - the function takes it by position


class HelpCard(ChooseCard):
    """Every key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,enter,backspace,space," + with_capitals(("q",)), "close", show=False),
    ]

    def words(self) -> list[Part]:
        """Keys and what they do."""
        narrow = self.app.size.width < NARROW
        parts: list[Part] = []
        for keys, does in HELP:
            parts += [(f"{keys}\n   " if narrow else f"{keys:<26}", "bold"), f"{does}\n"]
        parts.append(("\nThe safety clip is the emergency stop. This program is not.", "bold"))
        return parts
