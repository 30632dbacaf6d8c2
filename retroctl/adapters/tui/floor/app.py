"""The floor as a Textual application: a list that is drawn five times a second, and keys that stop one or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from rich.cells import set_cell_size
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from retroctl.adapters.tui.floor.lines import ALARM, draw, head
from retroctl.adapters.tui.hosted import HostedApp
from retroctl.adapters.tui.keymap import Urgent, urgent, with_capitals
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.text import plain
from retroctl.app.floor_row import Urgency
from retroctl.app.floor_words import heading

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.driver import Driver
    from textual.events import Key

    from retroctl.app.floor import Floor
from retroctl.app.floor_row import Row

DRAW_S: Final = 0.2
ASKED_S: Final = 10.0
"""So long the question behind the first key of STOP ALL stands."""
BANNER_NAMES: Final = 12
HELP: Final = (
    ("Space Esc s . b F5", "STOP the machine with the cursor"),
    ("a, then a, Enter, Space", "STOP ALL machines"),
    ("arrows, PageUp, PageDown", "the cursor; it stays with its machine"),
    ("Home", "to the first in trouble"),
    ("m / M", "alarms seen: of this one / of all"),
    ("t", "colours: dark, light, high contrast"),
    ("q, Ctrl-C", "leave; this stops nothing"),
)


class FloorHelp(ModalScreen[None]):
    """Every key, and what the floor is not."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self, page: str) -> None:
        """`page`: the page's address; empty for none."""
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Its text."""
        yield Vertical(Painted(id="words"), id="card")

    def on_mount(self) -> None:
        """Keys and what they do."""
        parts: list[str | tuple[str, str]] = []
        for keys, does in HELP:
            parts += [(f"{keys:<26}", "bold"), f"{does}\n"]
        parts.append(
            "\n‼ trouble  ■ stopping  ▶ moving  ▷ ready  · at rest  ○ gone\n"
            "Grey and an age: old, it says nothing about now.\n"
            "A STOP from here is a request over two networks.\n"
            "The clip and the console are surer and quicker.\n"
            "Any key closes this; STOP keys and a do their work too."
        )
        if self._page:
            parts.append(f"\nThe page: {self._page}")
        for words in self.query("#words").results(Painted):  # none where a STOP key was quicker than this
            words.paint(*parts)

    def on_key(self, event: Key) -> None:
        """Away with it; what stops does so over this too."""
        event.stop()
        cast("FloorApp", self.app).over_modal(event.key)


class FloorPage(Screen[None]):
    """Heading, machines, keys."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    def compose(self) -> ComposeResult:
        """The frame."""
        yield Painted(id="top")
        yield Painted(id="banner")
        yield Painted(id="question")
        yield Painted(id="head")
        yield Painted(id="machines")
        yield Painted(id="keys")


class FloorApp(HostedApp[None]):
    """`floor` is filled by somebody else; `send` gets what is to be stopped: a machine and an id."""

    CSS_PATH = "floor.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "first", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("space,full_stop,f5," + with_capitals(("s", "b")), "stop", show=False),
        Binding(with_capitals(("a",)), "stop_all", show=False),
        Binding("enter", "yes", show=False),
        Binding("backspace," + with_capitals(("n",)), "no", show=False),
        Binding("m", "seen", show=False),
        Binding("M,shift+m", "all_seen", show=False),
        Binding(with_capitals(("q",)), "leave", show=False),
    ]

    def __init__(
        self,
        floor: Floor,
        now: Callable[[], float],
        send: Callable[[str, str], None],
        *,
        club: str,
        page: str = "",
        driver: type[Driver] | None = None,
    ) -> None:
        """`now`: the monotonic seconds that the floor is told of. `send` must not wait for anything.

        `page`: the address of the same as a page, for the help.
        """
        super().__init__(driver=driver)
        self.floor, self._now, self._send, self._club = floor, now, send, club
        self.page = page
        self.at: str | None = None
        """The machine with the cursor. It never moves by itself: STOP is for what the trainer chose."""
        self._asked_at: float | None = None
        self.remark = ""
        """A line above the machines: what the last key did not do, what broke."""
        self._trouble: frozenset[str] = frozenset()
        self._rows: list[Row] = []

    def on_mount(self) -> None:
        """Show it, and keep it up to date."""
        self.push_screen(FloorPage())
        self.set_interval(DRAW_S, self.draw)
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Another size is another drawing."""
        self.call_after_refresh(self.draw)

    # -- keys ------------------------------------------------------------------------------------------------------

    def urgent(self, act: Urgent) -> None:
        """Keys that come past the queue: STOP keys stop, over every modal too; Ctrl-C leaves."""
        if act is Urgent.LEAVE:
            self.exit(None)
            return
        if act is Urgent.STOP:
            self.action_stop()  # before the screen is touched: nothing there may keep it
        if isinstance(self.screen, ModalScreen):
            self.screen.dismiss(None)
        elif act is Urgent.HOLD:
            self.action_page(-1)

    def over_modal(self, key: str) -> None:
        """Any key closes what lies over the machines. Those of STOP and STOP ALL do there what they do here."""
        act = urgent(key)
        plain_key = key.removeprefix("shift+").lower()
        if act is Urgent.STOP:
            self.action_stop()
        elif plain_key in _STOP_ALL:
            _STOP_ALL[plain_key](self)
        self.screen.dismiss(None)

    def action_leave(self) -> None:
        """End the screen; the machines go on as they are."""
        self.exit(None)

    def action_help(self) -> None:
        """The keys."""
        if not isinstance(self.screen, FloorHelp):
            self.push_screen(FloorHelp(self.page))

    def action_move(self, by: int) -> None:
        """The cursor to another machine."""
        if self._rows:
            places = {row.machine: place for place, row in enumerate(self._rows)}
            place = places.get(self.at or "", 0) + by
            self.at = self._rows[max(0, min(len(self._rows) - 1, place))].machine
        self.remark = ""
        self.draw()

    def action_page(self, by: int) -> None:
        """By what is seen."""
        self.action_move(by * max(1, self.query_one_height() - 2))

    def action_first(self) -> None:
        """To the first of the list, which is in trouble if any is."""
        self.action_move(-1_000_000)

    def action_stop(self) -> None:
        """STOP the machine with the cursor; while STOP ALL is asked for, that."""
        if self._asked_at is not None:
            self.action_yes()
            return
        now = self._now()
        stop_id = None if self.at is None else self.floor.stop(self.at, now)
        if self.at is None or stop_id is None:
            self.remark = "there is no machine to stop"
        else:
            self.remark = ""
            self._send(self.at, stop_id)
        self.draw()

    def action_stop_all(self) -> None:
        """The first key asks, the second does it."""
        if self._asked_at is not None:
            self.action_yes()
            return
        self._asked_at = self._now()
        self.draw()

    def action_yes(self) -> None:
        """The second key of STOP ALL."""
        if self._asked_at is None:
            return
        self._asked_at = None
        for machine, stop_id in self.floor.stop_all(self._now()):
            self._send(machine, stop_id)
        self.draw()

    def action_no(self) -> None:
        """Not all."""
        self._asked_at = None
        self.draw()

    def action_seen(self) -> None:
        """The alarms of this machine are seen."""
        if self.at is not None:
            self.floor.seen([self.at])
        self.draw()

    def action_all_seen(self) -> None:
        """Those of all."""
        self.floor.seen([row.machine for row in self._rows])
        self.draw()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Paint what has changed."""
        page = next((screen for screen in self.screen_stack if isinstance(screen, FloorPage)), None)
        if page is None or not page.is_mounted or not page.query("#machines"):
            return
        now = self._now()
        if self._asked_at is not None and now - self._asked_at > ASKED_S:
            self._asked_at = None
        rows = self._rows = self.floor.rows(now)
        if self.at is None and rows:
            self.at = rows[0].machine
        self._ring(rows)
        width = self.size.width
        self._draw_heading(page, rows, width, now)
        page.query_one("#head", Painted).paint(head(width))
        machines = page.query_one("#machines", Painted)
        height = machines.content_size.height or max(1, self.size.height - 4)
        nothing = "Nothing heard yet. Each machine's program speaks with: retroctl run --mqtt"
        machines.paint(*(draw(rows, self.at, width, height) if rows else [nothing]))
        self._draw_keys(page, width)

    def _ring(self, rows: list[Row]) -> None:
        """The terminal's bell when a machine gets into trouble."""
        trouble = frozenset(row.machine for row in rows if row.urgency is Urgency.TROUBLE)
        if trouble - self._trouble:
            self.bell()
        self._trouble = trouble

    def _draw_heading(self, page: FloorPage, rows: list[Row], width: int, now: float) -> None:
        said = heading(self.floor, rows, now)
        left, right = f" FLOOR {plain(self._club, 24)}  {said.count}", "? help  q leave "
        gap = width - len(left) - len(right)
        page.query_one("#top", Painted).paint(
            (set_cell_size(left, min(width, len(left))), "bold"), *((" " * gap, right) if gap > 0 else ())
        )
        names = [plain(row.machine, 40) for row in rows[:BANNER_NAMES] if row.urgency is Urgency.TROUBLE]
        lines = [f"‼ {said.trouble}: {', '.join(names)}"] if said.trouble else []
        lines += [f"‼ {line}" for line in (said.broker, said.left_out) if line]
        lines += [f"■ {said.stop_all}"] if said.stop_all else []
        urgent = bool(said.trouble or said.broker or said.left_out)
        _show(page, "#banner", [set_cell_size(f" {plain(line)}", width) for line in lines], ALARM if urgent else "bold")
        asked = self._asked_at is not None
        question = f" STOP ALL?  machines: {len(rows)}   a or Enter: YES, STOP ALL   n: no"
        lines = [set_cell_size(question, width)] if asked else []
        lines += [set_cell_size(f" - {plain(self.remark)}", width)] if self.remark and not asked else []
        _show(page, "#question", lines, "reverse bold")

    def _draw_keys(self, page: FloorPage, width: int) -> None:
        name = plain(self.at or "", 20)
        words = ""
        for word in (f"SPACE STOP {name}" if name else "SPACE STOP", "A STOP ALL", "M seen", "↑↓ choose"):
            if len(words) + len(word) + 2 <= width:
                words += f" {word} "
        page.query_one("#keys", Painted).paint((words, "bold"))

    def query_one_height(self) -> int:
        """Lines for machines."""
        for screen in self.screen_stack:
            if isinstance(screen, FloorPage):
                return screen.query_one("#machines", Painted).content_size.height or 1
        return 1


_STOP_ALL: Final[dict[str, Callable[[FloorApp], None]]] = {
    "a": FloorApp.action_stop_all,
    "enter": FloorApp.action_yes,
    "n": FloorApp.action_no,
    "backspace": FloorApp.action_no,
}


def _show(page: FloorPage, where: str, lines: list[str], style: str) -> None:
    """Lines that are there only when there is something to say."""
    widget = page.query_one(where, Painted)
    widget.display = bool(lines)
    widget.paint(*((line if not number else f"\n{line}", style) for number, line in enumerate(lines)))
