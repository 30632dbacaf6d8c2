"""The session: measured, target and next speed, the hold, the ladder, the reason for waiting, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message

from retroctl.adapters.tui.entry import words
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.widgets import Asked, Client, Entered, Hold, Ladder, Log, Speeds, Why, course_of
from retroctl.adapters.tui.words import next_speed, why
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View

RUNNING_KEYS: Final = (
    "SPACE ESC S: STOP", "ENTER confirm", "H hold", "D down", "1-4 balance", "? help", "P RPE", "G hands", "N tag",
    "E ease", "T colours",
)  # fmt: skip
STOPPING_KEYS: Final = ("SPACE ESC S: STOP again", "R I see the belt stand", "CTRL-C leave", "? help")
ARMED_BY_HAND_KEYS: Final = ("SPACE ESC S: STOP", "C then START at the console", "? help")
ARMED_KEYS: Final = ("SPACE ESC S: STOP", "C start at console", "P program starts", "? help")


class SessionPage(Page):
    """What the trainer looks at while the belt runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,C,shift+c", "start('console')", show=False),
        Binding("p,P,shift+p", "start('program')", show=False),
    ]

    class Start(Message):
        """The trainer wants to start the belt."""

        def __init__(self, kind: ev.StartKind) -> None:
            super().__init__()
            self.kind = kind

    def content(self) -> Iterable[Widget]:
        """Numbers and picture at the left; the log below them, or beside where there is room."""
        left = Vertical(Speeds(), Asked(), Hold(), Why(), Client(), Entered(), Ladder(), id="left")
        yield Container(left, Log(), id="body")

    def action_start(self, kind: str) -> None:
        """A start was asked for."""
        self.post_message(self.Start(ev.StartKind(kind)))

    def keys(self, view: View) -> Sequence[str]:
        """Depends on the state."""
        armed = ARMED_BY_HAND_KEYS if view.feed.mode else ARMED_KEYS
        return {"armed": armed, "stopping": STOPPING_KEYS}.get(view.feed.state, RUNNING_KEYS)

    def title_of(self, view: View) -> str:
        """Where in the plan."""
        if view.picture is None or view.facts is None:
            return "session"
        stage = view.facts.plan.stages[view.picture.stage]
        return f"{stage.facing.value}, stage {view.picture.stage + 1}/{len(view.facts.plan.stages)}"

    def draw_content(self, view: View) -> None:
        """Paint what changed."""
        picture = view.picture
        self.query_one(Speeds).tell(picture, next_speed(view.facts, picture))
        self.query_one(Asked).tell(picture)
        self.query_one(Hold).tell(picture)
        self.query_one(Client).tell(picture, view.feed.held)
        tags = () if view.facts is None else view.facts.tags
        room = max(20, self.app.size.width - 4)
        self.query_one(Entered).tell([] if view.entry is None else words(view.entry, tags, room))
        if picture is not None:
            self.query_one(Why).tell(*why(picture, view.feed.cue))
            if view.facts is not None:
                self.query_one(Ladder).tell(course_of(view.facts, picture, view.feed.points, view.t))
        self.query_one(Log).tell(view.feed.lines)
