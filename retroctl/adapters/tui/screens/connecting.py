"""Before the briefing: connecting, and watching a belt that may belong to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View


class ConnectingPage(Page):
    """What is being done until there is something to ask."""

    where: ClassVar[str] = "connecting"

    def content(self) -> Iterable[Widget]:
        """One text."""
        yield Painted(id="page")

    def keys(self, view: View) -> Sequence[str]:  # noqa: ARG002 - other screens need it
        """STOP leaves here: nothing was written."""
        return ("SPACE STOP", "q leave", "w wall screen", "? help")

    def draw_content(self, view: View) -> None:
        """What happens just now."""
        watching = view.feed.state == "observing"
        head = "Watching the belt for 3 s before anything is offered." if watching else "Connecting to the treadmill."
        text = [head, "", "Nothing is written to the machine."]
        text += ["", f"{plain(view.machine.name, 60)}   {plain(view.machine.address, 60)}"]
        for line in list(view.feed.lines)[-6:]:
            text.append(f"{line.mark} {line.text}")
        self.query_one("#page", Painted).paint("\n".join(text))
