"""Past sessions as a Textual application: a list, one session opened, help. It commands nothing and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from retroctl.adapters.tui.history.pages import HistoryPage, ListPage, SessionPage
from retroctl.adapters.tui.hosted import HostedApp
from retroctl.adapters.tui.keymap import Urgent, with_capitals
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.text import plain
from retroctl.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.driver import Driver

    from retroctl.app.history import Entry, Opened

HELP: Final = (
    ("arrows, PageUp, PageDown", "choose a session; scroll"),
    ("Enter", "open it"),
    ("Tab, left, right", "picture, facts, rungs, log"),
    ("n  p", "the next, the previous session"),
    ("Backspace, Esc", "back to the list"),
    ("t", "colours: dark, light, high contrast"),
    ("q, Esc in the list, Ctrl-C", "leave"),
)


class HistoryHelp(ModalScreen[None]):
    """Every key."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,enter,backspace,space," + with_capitals(("q",)), "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """Its text."""
        yield Vertical(Painted(id="words"), id="card")

    def on_mount(self) -> None:
        """Keys and what they do."""
        parts: list[str | tuple[str, str]] = []
        for keys, does in HELP:
            parts += [(f"{keys:<27}", "bold"), f"{does}\n"]
        self.query_one("#words", Painted).paint(*parts, "\nNothing is connected: STOP keys stop nothing here.")

    def action_close(self) -> None:
        """Away with it."""
        self.dismiss(None)


class HistoryApp(HostedApp[None]):
    """The list of `entries`, the latest first; `whole` reads one of them."""

    CSS_PATH = "../choose/choose.tcss"

    def __init__(
        self,
        entries: Sequence[Entry],
        whole: Callable[[str], Opened],
        *,
        first: str | None = None,
        driver: type[Driver] | None = None,
    ) -> None:
        """`whole` raises JournalError for what cannot be read. `first`: the session to begin with, opened."""
        super().__init__(driver=driver)
        self.entries, self._whole = entries, whole
        self._first = first
        self.remark = ""
        """What the last key did not do, and why."""

    def on_mount(self) -> None:
        """Show the list, or the session asked for."""
        self.push_screen(ListPage())
        if self._first is not None:
            self.call_after_refresh(self.open_session, self._place(self._first))

    def _place(self, session_id: str) -> int:
        return next((place for place, entry in enumerate(self.entries) if entry.id == session_id), 0)

    def open_session(self, place: int) -> None:
        """Open the session at a place of the list."""
        opened = self._read(place)
        if opened is not None:
            self.push_screen(SessionPage(opened))

    def open_other(self, by: int) -> None:
        """The session before or after the one that is open."""
        page = self.screen
        if not isinstance(page, SessionPage):
            return
        place = self._place(page.opened.entry.id) + by
        if not 0 <= place < len(self.entries):
            return
        opened = self._read(place)
        if opened is None:
            self.back()
            return
        page.show(opened)
        for below in self.screen_stack:
            if isinstance(below, ListPage):
                below.at = place

    def _read(self, place: int) -> Opened | None:
        try:
            opened = self._whole(self.entries[place].id)
        except JournalError as error:
            self.remark = plain(str(error))
            self._draw()
            return None
        self.remark = ""
        return opened

    def back(self) -> None:
        """From a session to the list."""
        if isinstance(self.screen, SessionPage):
            self.pop_screen()

    def urgent(self, act: Urgent) -> None:
        """Esc and Ctrl-Q close or leave, PageUp moves, Ctrl-C leaves: there is no belt here."""
        screen = self.screen
        if act is Urgent.LEAVE:
            self.exit(None)
        elif act is Urgent.HOLD:
            if isinstance(screen, HistoryPage):
                screen.action_page(-1)
        elif isinstance(screen, HistoryHelp):
            screen.action_close()
        elif isinstance(screen, SessionPage):
            self.back()
        else:
            self.exit(None)

    def action_help(self) -> None:
        """The help card."""
        if isinstance(self.screen, HistoryPage):
            self.push_screen(HistoryHelp())

    def _draw(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, HistoryPage):
                screen.draw()
