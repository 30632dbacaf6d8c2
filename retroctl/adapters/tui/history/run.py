"""Past sessions as the command line uses them: opened on the terminal, and ended whatever happens to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.tui.history.app import HistoryApp
from retroctl.adapters.tui.hosted import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.app.history import Entry, Opened


class HistoryScreen(Host[None]):
    """The list, and one session opened."""

    def __init__(self, entries: Sequence[Entry], whole: Callable[[str], Opened], *, first: str | None) -> None:
        super().__init__(lambda driver: HistoryApp(entries, whole, first=first, driver=driver), name="history")
