"""What every screen shows: the machine's name, the belt's state, alarms, whether the keys reach us, the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.screen import Screen

from retroctl.adapters.tui.messages import News
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.widgets import Alarms, Banner, Belt, Called, Keys, Top
from retroctl.domain.effects import StopView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View

FOCUS_LOST = "THIS WINDOW DOES NOT HAVE THE KEYBOARD: keys, STOP too, do not reach the belt. Click into it."
UNCONFIRMED = (StopView.CALLED_OUT, StopView.NOT_CONFIRMED, StopView.SILENT)


class Page(Screen[None]):
    """A screen of the program."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    where: ClassVar[str] = ""

    def compose(self) -> ComposeResult:
        """The frame, and the content between."""
        yield Top()
        yield Belt()
        yield Alarms()
        yield Called()
        yield Banner()
        yield from self.content()
        yield Keys()

    def on_mount(self) -> None:
        """Draw as soon as there is room to draw in."""
        self.call_after_refresh(self.app.post_message, News())

    def content(self) -> Iterable[Widget]:
        """What this screen is for."""
        raise NotImplementedError

    def keys(self, view: View) -> Sequence[str]:
        """The keys that work now; STOP first."""
        raise NotImplementedError

    def title_of(self, view: View) -> str:  # noqa: ARG002 - other screens need it
        """What stands at the top beside the machine."""
        return self.where

    def draw(self, view: View) -> None:
        """Paint everything that has changed."""
        if not self.is_mounted or not self.query(Top):
            return
        focus = {True: "keys: here", False: "keys: NOT HERE", None: "keys: unknown"}[view.focus]
        self.query_one(Top).tell(view.machine, f"{self.title_of(view)}  {focus}", view.t)
        self.query_one(Belt).tell(view.picture, over=view.ending is not None)
        stop = "" if view.picture is None or view.picture.stop_view not in UNCONFIRMED else view.picture.stop_view.value
        self.query_one(Alarms).tell(view.feed.alarms_in(view.blocks, view.t), stop)
        useless = f"{plain(view.useless, 20)} does nothing here. STOP: Space, Esc, s." if view.useless else ""
        self.query_one(Banner).tell(FOCUS_LOST if view.focus is False else useless)
        self.query_one(Called).tell(view.feed.called or view.feed.mode)
        self.query_one(Keys).tell(self.keys(view))
        self.draw_content(view)

    def draw_content(self, view: View) -> None:
        """Paint what this screen is for."""
        raise NotImplementedError
