"""The floor as the command line uses it: opened on the terminal, and ended whatever happens to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.tui.floor.app import FloorApp
from retroctl.adapters.tui.hosted import Host

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.floor import Floor


class FloorScreen(Host[None]):
    """The machines of a club."""

    def __init__(
        self,
        floor: Floor,
        now: Callable[[], float],
        send: Callable[[str, str], None],
        *,
        club: str,
        page: str = "",
    ) -> None:
        """As FloorApp."""
        super().__init__(lambda driver: FloorApp(floor, now, send, club=club, page=page, driver=driver), name="floor")

    def say(self, text: str) -> None:
        """A line above the machines, until the next key."""
        if isinstance(self._app, FloorApp):
            self._app.remark = text
