"""Cards over a page: help, and the confirmation of a start. STOP and HOLD work on them as everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from retroctl.adapters.tui.keymap import HELP
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.widgets import Belt

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from retroctl.adapters.tui.controls import View
    from retroctl.adapters.tui.painted import Part


COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


class Card(ModalScreen[bool]):
    """A card with the machine's name and the belt's state on it, whatever it covers."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    def compose(self) -> ComposeResult:
        """Belt and text."""
        yield Vertical(Painted(id="machine"), Belt(), Painted(id="words"), id="card")

    def draw(self, view: View) -> None:
        """Paint what changed."""
        if self.is_mounted and self.query(Belt):
            self.query_one("#machine", Painted).paint((plain(view.machine.name, 60), "bold"))
            self.query_one(Belt).tell(view.picture)
            self.query_one("#words", Painted).paint(*self.words(view))

    def words(self, view: View) -> list[Part]:
        """What the card says."""
        raise NotImplementedError


class HelpScreen(Card):
    """Every key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q,enter,backspace,pagedown", "dismiss", show=False),
    ]

    def words(self, view: View) -> list[Part]:
        """Keys and what they do; those of a taught remote first, since they are the hand's."""
        narrow = self.app.size.width < 70
        taught = ", ".join(f"{key} {does}" for key, does in view.remote)
        gap = "" if taught else "\n"  # with the remote's lines every row of 24 is needed
        parts: list[Part] = [gap]
        for keys, does in (*([("the remote, as taught", taught)] if taught else []), *HELP):
            parts += [(f"{keys}\n   " if narrow else f"{keys:<27}", "bold"), f"{does}\n"]
        parts.append((f"{gap}The safety clip is the emergency stop. This program is not.", "bold"))
        return parts


class SaidScreen(Card):
    """What stood on the terminal before: the wall screen's address, and its code to be scanned."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,W,shift+w,q,enter,backspace,pagedown", "dismiss", show=False),
    ]

    def words(self, view: View) -> list[Part]:
        """The lines as they were; a code must be light on dark whatever the theme, so its colours are kept."""
        parts: list[Part] = []
        for line in view.said:
            text = COLOURS.sub("", line)
            parts += [text if text == line else (text, "#ffffff on #000000"), "\n"]
        return parts


class StartScreen(Card):
    """The program starts the belt only after this confirmation; dismissed with True when it is given."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,pagedown", "answer(True)", show=False),
        Binding("n,N,shift+n,q,backspace", "answer(False)", show=False),
    ]

    def action_answer(self, confirmed: bool) -> None:  # noqa: FBT001 - an action's parameters are positional
        """The trainer's answer."""
        self.dismiss(confirmed)

    def words(self, view: View) -> list[Part]:  # noqa: ARG002 - other cards need it
        """The question."""
        return [
            ("\nThe program starts the belt now?\n\n", "bold"),
            "Client on the side rails, hands on the rails, clip on.\n\n",
            ("ENTER or PageDown", "bold"), "  start the belt at its lowest speed\n",
            ("n", "bold"), "  not yet\n",
            ("SPACE, Esc, s", "bold"), "  STOP",
        ]  # fmt: skip
