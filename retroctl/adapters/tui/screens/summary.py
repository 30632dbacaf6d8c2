"""The end: what is known of the belt first, then what was held and what happened, then what is to be said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Vertical

from retroctl.adapters.tui import ladder
from retroctl.adapters.tui.interview import Interview, Question
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.text import clock, plain
from retroctl.adapters.tui.widgets import Field, Ladder
from retroctl.app.noted import noted_lines
from retroctl.app.summary import energy_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View
    from retroctl.adapters.tui.painted import Part
    from retroctl.app.afterwards import After

FULL_HOLD_S: Final = 60.0
BAR: Final = 24


class SummaryPage(Page):
    """Enter, q or a key of STOP closes it; while a question is open they close the question."""

    where: ClassVar[str] = "summary"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"{digit}", f"answer('{digit}')", show=False) for digit in range(10)),
        *(
            Binding(with_capitals((key,)), f"open('{question}')", show=False)
            for key, question in (("c", "confidence"), ("p", "rpe"), ("i", "what"))
        ),
        Binding(with_capitals(("y",)), "answer('y')", show=False),
        Binding(with_capitals(("n",)), "note_or_no", show=False),
        Binding("up", "step(1)", show=False),
        Binding("down", "step(-1)", show=False),
        Binding("enter", "enter", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._interview = Interview()
        self._view: View | None = None
        self._begun = False

    def content(self) -> Iterable[Widget]:
        """Words above, the picture, and below both what is asked."""
        yield Vertical(Painted(id="words"), Ladder(), id="page")
        yield Painted(id="after")
        yield Field(id="field")

    def keys(self, view: View) -> Sequence[str]:
        """What closes what."""
        if view.writing:
            return ("ESC leaves the field", "ENTER keeps it")
        if view.asking:
            return ("ESC leaves the question",)
        return ("ENTER close", "C confidence", "P RPE", "N note", "I incident form")

    # -- what is asked ---------------------------------------------------------------------------------------------

    def action_open(self, question: str) -> None:
        """Ask, unless something is being asked."""
        if self._interview.open(Question(question)):
            self._show()

    def action_note_or_no(self) -> None:
        """`n` answers a question that wants it; else it begins a note."""
        if self._interview.asked is Question.INJURY:
            self.action_answer("n")
        else:
            self.action_open("note")

    def action_answer(self, key: str) -> None:
        """One key of an answer."""
        self._keep(self._interview.key(key))

    def action_step(self, by: int) -> None:
        """One rating up or down."""
        self._interview.step(by)
        self._show()

    def action_enter(self) -> None:
        """Keep what the arrows chose."""
        self._keep(self._interview.enter())

    def on_input_submitted(self, message: Field.Submitted) -> None:
        """A text is finished."""
        message.stop()
        self._keep(self._interview.text(message.value))

    def leave_question(self) -> None:
        """The open question is left; what was typed is not kept."""
        self._interview.leave()
        self._show()

    def _keep(self, said: After | None) -> None:
        if said is not None:

            def told(problem: str | None) -> None:
                self._interview.kept(said, problem)
                self._show()

            self.keep(said, told)
        self._show()

    def keep(self, said: After, told: Callable[[str | None], None]) -> None:
        """Handed to the app, which has the way to the record."""
        self.app.keep(said, told)  # type: ignore[attr-defined]  # the only app there is

    def _show(self) -> None:
        view, interview = self._view, self._interview
        if view is None or not self.is_mounted:
            return
        view.asking, view.writing = interview.asked is not None, interview.writes
        field = self.query_one(Field)
        if interview.writes and field.asked != interview.asked:
            field.clear()
        field.asked = interview.asked
        field.display = interview.writes
        if interview.writes:
            field.focus()
        else:
            self.set_focus(None)
        self.draw(view)

    # -- what is shown ---------------------------------------------------------------------------------------------

    def draw_content(self, view: View) -> None:
        """Paint."""
        self._view = view
        if not self._begun and view.ending is not None:
            self._begun = True
            self.query_one(Field).display = False
            if view.feed.emergency:
                self.call_after_refresh(self.action_open, "what")
        self.query_one("#words", Painted).paint(*_words(view))
        after = self.query_one("#after", Painted)
        after.paint("\n".join(plain(line, max(20, self.app.size.width - 2)) for line in self._interview.lines()))
        if view.facts is not None and view.feed.points:
            last = view.feed.points[-1].t
            course = ladder.Course(view.feed.points, last, (), view.facts.caps.backward.kmh, view.facts.plan.top.kmh)
            self.query_one(Ladder).tell(course)


def _words(view: View) -> list[Part]:
    summary, ending = view.feed.summary or {}, view.ending or ("", "")
    reason, belt = ending
    style = "$alarm-text on $error bold" if "NOT CONFIRMED" in belt else "bold"
    parts: list[Part] = [(f" {belt[:1].upper()}{belt[1:]}. ", style), f"\nEnded: {plain(reason)}.\n\n"]
    held = summary.get("held", [])
    longest = max([FULL_HOLD_S, *(hold["seconds"] for hold in held)])
    for hold in held[-14:]:
        full = round(BAR * hold["seconds"] / longest)
        cut = "" if hold["seconds"] >= FULL_HOLD_S else "  cut short"
        parts += [
            f"  held {hold['target_kmh']:5.2f} km/h  ", ("█" * full, "$measured"), ("░" * (BAR - full), "$text-muted"),
            f"  {clock(hold['seconds'])}{cut}\n",
        ]  # fmt: skip
    if not held:
        parts.append("  No speed was held.\n")
    parts += [f"  {plain(line)}\n" for line in noted_lines(summary)]
    if summary.get("duration_s"):
        kcal = energy_words(summary)
        parts.append(
            f"\n  peak {summary['peak_kmh']:.2f} km/h   {summary['distance_m']:.0f} m   "
            f"{clock(summary['duration_s'])} moving{'   ' if kcal else ''}{kcal}\n"
        )
    alarms = [line for line in view.feed.lines if line.mark == "‼"]
    if alarms:
        parts.append(f"  alarms: {len(alarms)}; the last: {alarms[-1].text}\n")
    parts.append((f"  record: {plain(str(summary.get('record', '')), 160)}\n", "$text-muted"))
    if summary.get("belt_at_rest"):
        parts.append("  Remove the safety key.\n")
    return parts
