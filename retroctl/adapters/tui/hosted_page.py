"""What every page of an application beside a session has: a head, a list or text to move in, the keys that work."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.screen import Screen

from retroctl.adapters.tui.painted import Painted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from retroctl.adapters.tui.painted import Part

END: Final = 10_000_000
"""More than any list has."""


class HostedPage(Screen[None]):
    """One page. It paints what has changed when it is told to draw."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    AROUND: ClassVar[int] = 3
    """Rows of the page that are not the list's."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", f"move({-END})", show=False),
        Binding("end", f"move({END})", show=False),
        Binding("enter", "take", show=False),
        Binding("backspace", "back", show=False),
    ]

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
        """Move the cursor, or what is seen."""
        raise NotImplementedError

    def action_page(self, by: int) -> None:
        """Move by what is seen."""
        self.action_move(by * max(1, self.room[1] - self.AROUND))

    def action_take(self) -> None:
        """Take what is under the cursor."""

    def action_back(self) -> None:
        """One page back."""
        raise NotImplementedError

    def head(self, width: int) -> list[Part]:
        """The line above: where this is."""
        raise NotImplementedError

    def content(self, width: int, height: int) -> list[Part]:
        """What this page is for."""
        raise NotImplementedError

    def keys(self) -> Sequence[str]:
        """The keys that work now, the most needed first."""
        raise NotImplementedError

    @property
    def room(self) -> tuple[int, int]:
        """Columns and rows of the content."""
        body = self.query_one("#body", Painted) if self.is_mounted else None
        return (76, 18) if body is None else (body.content_size.width or 76, body.content_size.height or 18)

    def draw(self) -> None:
        """Paint what has changed."""
        if not self.is_mounted or not self.query("#body"):
            return
        whole = self.app.size.width
        self.query_one("#steps", Painted).paint(*self.head(whole))
        self.query_one("#body", Painted).paint(*self.content(*self.room))
        words = ""
        for word in self.keys():
            if len(words) + len(word) + 2 <= whole:
                words += f" {word} "
        self.query_one("#keys", Painted).paint(words)
