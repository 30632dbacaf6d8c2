"""The list of past sessions, one session opened, and the card with the keys."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.cells import set_cell_size
from textual.binding import Binding, BindingType

from retroctl.adapters.tui.history.picture import draw
from retroctl.adapters.tui.hosted_page import HostedPage
from retroctl.adapters.tui.painted import coloured
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.words import Line, line_of
from retroctl.app.history import columns, facts, rungs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.history.app import HistoryApp
    from retroctl.adapters.tui.painted import Part
    from retroctl.app.history import Entry, Opened
    from retroctl.app.reports import Report

NARROW: Final = 76
"""Columns under which the list says only when, who and how fast."""
ROOMY: Final = 92
"""Columns from which the year and longer names have room."""
SHORT: Final = 9
BRIEF: Final = 16
"""Rows under which an opened session shows its picture with one line of facts."""
LONGEST_FACT: Final = 400


class HistoryPage(HostedPage):
    """What every page has in its head, and the application behind it."""

    @property
    def desk(self) -> HistoryApp:
        """The application."""
        return cast("HistoryApp", self.app)

    def on_screen_resume(self) -> None:
        """Draw what has changed while another page lay over this one."""
        self.call_after_refresh(self.draw)

    def action_back(self) -> None:
        """One page back."""
        self.desk.back()

    def title_words(self) -> str:
        """What this page shows."""
        raise NotImplementedError

    def head(self, width: int) -> list[Part]:
        """What is shown, and that nothing is connected."""
        title, note = f" {self.title_words()}", "nothing is connected "
        gap = width - len(title) - len(note)
        right: list[Part] = [" " * gap, (note, "$text-muted")] if gap > 1 else []
        return [(set_cell_size(title, min(width, len(title))), "bold"), *right]


class ListPage(HistoryPage):
    """The sessions, the latest first."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0

    def title_words(self) -> str:
        """How many."""
        count = len(self.desk.entries)
        return f"PAST SESSIONS  {self.at + 1} of {count}" if count else "PAST SESSIONS"

    def keys(self) -> Sequence[str]:
        """As they are needed."""
        return ("ENTER open", "↑↓ choose", "? help", "q leave")

    def action_move(self, by: int) -> None:
        """Another session."""
        self.at = max(0, min(len(self.desk.entries) - 1, self.at + by))
        self.desk.remark = ""
        self.draw()

    def action_take(self) -> None:
        """Open it."""
        if self.desk.entries:
            self.desk.open_session(self.at)

    def action_back(self) -> None:
        """It is the first page."""

    def content(self, width: int, height: int) -> list[Part]:
        """The rows around the cursor."""
        entries = self.desk.entries
        if not entries:
            return ["No sessions yet. Try one without a treadmill: ", ("retroctl demo", "bold")]
        remark: list[Part] = [(f"\n! {self.desk.remark}", "$warning bold")] if self.desk.remark else []
        if height < SHORT:
            shown = columns(entries[self.at])
            return [(f"> {plain(shown[0])} {plain(shown[1], 40)}\n", "bold"), plain("  ".join(shown[2:])), *remark]
        room = max(1, height - 1 - len(remark) * 2)
        first = max(0, min(self.at - room // 2, len(entries) - room))
        rows = [_cells(entry, width) for entry in entries[first : first + room]]
        parts: list[Part] = [(set_cell_size(f"  {_row(_HEADINGS, width)}", width), "$text-muted")]
        for number, row in enumerate(rows, start=first):
            here = number == self.at
            parts += ["\n", (set_cell_size(f"{'>' if here else ' '} {row}", width), "reverse bold" if here else "")]
        return parts + remark


_HEADINGS: Final = ("date", "client", "plan", "held", "back", "RPE", "ev.", "ended by")


def _cells(entry: Entry, width: int) -> str:
    return _row(tuple(plain(cell, 60) for cell in columns(entry)), width)


def _row(cells: Sequence[str], width: int) -> str:
    """What stands in a row: of a narrow screen when, who and how fast; of a usual one all of it, names cut short."""
    when, client, plan, peak, backward, rpe, events, ended = cells
    peak = peak.removesuffix(" km/h")
    if width < NARROW:
        return f"{when:<16}  {set_cell_size(client, 14)} {peak}"
    usual = width < ROOMY
    date = f"{when[-11:]:<11}" if usual else f"{when:<16}"
    names = f"{set_cell_size(client, 11 if usual else 14)} {set_cell_size(plan, 8 if usual else 12)}"
    return f"{date}  {names} {peak:>5} {backward:>6} {rpe:>3} {events:>3}  {ended}"


VIEWS: Final = ("picture", "facts", "rungs", "log")


class SessionPage(HistoryPage):
    """One session, in four views."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right,l", "view(1)", show=False),
        Binding("shift+tab,left", "view(-1)", show=False),
        Binding("n", "other(1)", show=False),
        Binding("p", "other(-1)", show=False),
    ]

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.opened = opened
        self.view = 0
        self.first = 0
        """The first line that is seen, of views that are longer than the screen."""

    def title_words(self) -> str:
        """Whose session, and which view."""
        entry = self.opened.entry
        views = " ".join(f"[{name.upper()}]" if number == self.view else name for number, name in enumerate(VIEWS))
        simulated = " SIMULATED" if entry.simulated else ""
        return f"{entry.when}  {plain(entry.client, 24)}{simulated}   {views}"

    def keys(self) -> Sequence[str]:
        """As they are needed."""
        return ("TAB facts, rungs, log", "↑↓ scroll", "n p other sessions", "BACKSPACE list", "? help", "q leave")

    def action_view(self, by: int) -> None:
        """Another view."""
        self.view, self.first = (self.view + by) % len(VIEWS), 0
        self.draw()

    def action_move(self, by: int) -> None:
        """Scroll."""
        self.first = max(0, self.first + by)
        self.draw()

    def action_other(self, by: int) -> None:
        """The next or the last session of the list."""
        self.desk.open_other(by)

    def show(self, opened: Opened) -> None:
        """Another session, in the same view."""
        self.opened, self.first = opened, 0
        self.draw()

    def content(self, width: int, height: int) -> list[Part]:
        """The view."""
        name = VIEWS[self.view]
        if name == "picture":
            return self._picture(width, height)
        lines = {"facts": self._facts, "rungs": self._rungs, "log": self._log}[name](width)
        self.first = max(0, min(self.first, len(lines) - height))
        parts: list[Part] = []
        for line in lines[self.first : self.first + height]:
            parts += [line, "\n"]
        return parts[:-1]

    def _picture(self, width: int, height: int) -> list[Part]:
        told = dict(facts(self.opened))
        above = [f"{told['ended']}; the belt {told['the belt']}", f"{told['peak held']}; {told['time']}"]
        above += [f"exertion {told['exertion']}; {told['balance']}"]
        above += [f"DAMAGE: {remark}" for remark in self.opened.remarks]
        shown = above if height >= BRIEF else above[:1]
        parts: list[Part] = []
        for number, text in enumerate(shown):
            urgent = "NOT CONFIRMED" in text or text.startswith("DAMAGE")
            parts += [
                (set_cell_size(plain(text), width), "$warning bold" if urgent else "bold" if not number else ""),
                "\n",
            ]
        picture = draw(self.opened, width, height - len(shown))
        return [*parts, *(coloured(picture) if picture else ["The belt never moved."])]

    def _facts(self, width: int) -> list[Part]:
        lines: list[Part] = []
        for name, words in facts(self.opened):
            pieces = textwrap.wrap(plain(words, LONGEST_FACT), max(20, width - 12)) or [""]
            lines += [f"{name if not number else '':<11} {piece}" for number, piece in enumerate(pieces)]
        return lines

    def _rungs(self, width: int) -> list[Part]:
        lines = [set_cell_size(plain(line), width) for line in rungs(self.opened.figures)]
        return [*lines] or ["No speed was held."]

    def _log(self, width: int) -> list[Part]:
        lines = [line for report in self.opened.reports if (line := _logged(report)) is not None]
        return [set_cell_size(f"{clock_of(line)} {line.mark} {line.text}", width) for line in lines] or ["Nothing."]


def clock_of(line: Line) -> str:
    """The session time of a line of the log."""
    whole = max(0, int(line.t))
    return f"{whole // 60:3d}:{whole % 60:02d}"


def _logged(report: Report) -> Line | None:
    try:
        return line_of(report)
    except (KeyError, TypeError, ValueError):
        return Line(report.t, "?", f"a row that cannot be read: {report.kind}")
