"""What every page of the choosing has: the steps that were taken, and the application behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from retroctl.adapters.tui.choose.room import NARROW
from retroctl.adapters.tui.hosted_page import HostedPage
from retroctl.adapters.tui.text import plain

if TYPE_CHECKING:
    from retroctl.adapters.tui.choose.app import ChooseApp
    from retroctl.adapters.tui.painted import Part


class ChoosePage(HostedPage):
    """One step of three."""

    AROUND: ClassVar[int] = 6
    step: ClassVar[str] = ""

    @property
    def desk(self) -> ChooseApp:
        """The application."""
        return cast("ChooseApp", self.app)

    def action_back(self) -> None:
        """One page back."""
        self.desk.back()

    def head(self, width: int) -> list[Part]:
        """The steps, with what was chosen."""
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
