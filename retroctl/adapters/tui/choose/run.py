"""The choosing as the command line uses it: opened on the terminal, and ended whatever happens to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.tui.choose.app import ChooseApp
from retroctl.adapters.tui.choose.ports import Choice
from retroctl.adapters.tui.hosted import Host

if TYPE_CHECKING:
    from retroctl.adapters.tui.choose.ports import Surroundings


class Choosing(Host[Choice]):
    """One choosing. Nothing stays behind: no search, no connection."""

    def __init__(self, surroundings: Surroundings, given: Choice) -> None:
        super().__init__(lambda driver: ChooseApp(surroundings, given, driver=driver), name="choosing")
