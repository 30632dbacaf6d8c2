"""The briefing: seven questions, each answered by one key. Until it is done nothing is written to the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.words import REFUSED
from retroctl.domain import events as ev
from retroctl.domain.briefing import GAZE_TARGETS, QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View
    from retroctl.adapters.tui.painted import Part

CONFIDENCE: Final = ("1", "2", "3", "4", "5")
LOW: Final = ("1", "2")


class BriefingPage(Page):
    """One question after another; Backspace goes back."""

    where: ClassVar[str] = "briefing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y,shift+y", "answer('y')", show=False),
        Binding("n,N,shift+n", "answer('n')", show=False),
        *(Binding(digit, f"answer('{digit}')", show=False) for digit in CONFIDENCE),
        Binding("backspace,left,up", "back", show=False),
        Binding("q,Q,shift+q", "leave", show=False),
        Binding("enter,pagedown", "arm", show=False),
    ]

    class Answered(Message):
        """An item was answered."""

        def __init__(self, answer: ev.BriefingAnswered) -> None:
            super().__init__()
            self.answer = answer

    class Arm(Message):
        """Every item is answered and the trainer arms."""

    class Leave(Message):
        """The trainer leaves the briefing."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[ev.BriefingItem, str] = {}

    @property
    def present(self) -> ev.BriefingItem | None:
        """The item that is asked now; None when all are answered."""
        return next((item for item in ev.BriefingItem if item not in self._answers), None)

    def content(self) -> Iterable[Widget]:
        """One text."""
        yield Painted(id="page")

    def keys(self, view: View) -> Sequence[str]:  # noqa: ARG002 - other screens need it
        """Depends on the question."""
        match self.present:
            case None:
                answers = "ENTER arm"
            case ev.BriefingItem.GAZE_TARGET:
                answers = "1 2 3 answer"
            case ev.BriefingItem.CONFIDENCE:
                answers = "1-5 answer"
            case _:
                answers = "y yes"
        return ("SPACE STOP", answers, "n no: leave", "BACKSPACE back", "q leave", "? help")

    def action_answer(self, key: str) -> None:
        """Take an answer to the present question, if it is one."""
        item = self.present
        if item is None:
            return
        text = {ev.BriefingItem.GAZE_TARGET: GAZE_TARGETS.get(key, ""), ev.BriefingItem.CONFIDENCE: key}.get(
            item, "yes"
        )
        fits = {ev.BriefingItem.GAZE_TARGET: key in GAZE_TARGETS, ev.BriefingItem.CONFIDENCE: key in CONFIDENCE}
        if key == "n":
            self.post_message(self.Answered(ev.BriefingAnswered(item, yes=False)))
            self.post_message(self.Leave(f"the briefing was answered no: {QUESTIONS[item]}"))
        elif fits.get(item, key == "y"):
            self._answers[item] = text
            said = "" if text == "yes" else text
            self.post_message(self.Answered(ev.BriefingAnswered(item, yes=True, text=said)))

    def action_back(self) -> None:
        """Ask the last answered item again."""
        if self._answers:
            self._answers.popitem()
            self.post_message(self.Answered(ev.BriefingAnswered(self.present or ev.BriefingItem.CLIP, yes=False)))

    def action_leave(self) -> None:
        """Leave; nothing has been written."""
        self.post_message(self.Leave("the trainer left the briefing"))

    def action_arm(self) -> None:
        """Arm, when everything is answered."""
        if self.present is None:
            self.post_message(self.Arm())

    def draw_content(self, view: View) -> None:
        """The questions, the plan, and what comes next."""
        small = self.app.size.height < 20
        parts: list[Part] = []
        if not small:
            parts += _plan(view)
        for number, item in enumerate(ev.BriefingItem, 1):
            if small and item is not self.present:
                continue
            parts += self._question(number, item)
        if self.present is None:
            parts += [
                "\n", (" ENTER or PageDown arms. ", "$warning reverse bold"),
                " From then on every way out of the program stops the belt.\n",
            ]  # fmt: skip
        else:
            parts.append(("\nNothing has been written to the machine. One n ends it.", "$text-muted"))
        if view.feed.lines and view.feed.lines[-1].mark == REFUSED:
            parts += ["\n", (view.feed.lines[-1].text, "bold")]
        self.query_one("#page", Painted).paint(*parts)

    def _question(self, number: int, item: ev.BriefingItem) -> list[Part]:
        total, question = len(QUESTIONS), QUESTIONS[item]
        given = self._answers.get(item)
        if given is not None:
            low = "   LOW: stay at the lowest speed" if item is ev.BriefingItem.CONFIDENCE and given in LOW else ""
            return [(f"  [x] {question}  ", "$text-muted"), (f"{given}{low}\n", "bold")]
        if item is not self.present:
            return [(f"  [ ] {question}\n", "$text-muted")]
        choices = {
            ev.BriefingItem.GAZE_TARGET: "\n      ".join(f"{key} {words}" for key, words in GAZE_TARGETS.items())
        }
        asked = choices.get(item, "1 (uneasy) to 5 (sure)" if item is ev.BriefingItem.CONFIDENCE else "y or n")
        return [(f"> {number}/{total} {question}\n", "bold"), (f"      {asked}\n", "$warning")]


def _plan(view: View) -> list[Part]:
    facts = view.facts
    if facts is None:
        return []
    stages = facts.plan.stages
    rungs = "  ".join(f"{stage.target.kmh:.2f}" for stage in stages[:12]) + ("  …" if len(stages) > 12 else "")
    holds = sorted({stage.hold_s for stage in stages})
    held = f"{holds[0]:.0f} s" if len(holds) == 1 else f"{holds[0]:.0f} to {holds[-1]:.0f} s"
    text = [
        f"{plain(facts.plan.name, 40)}: {rungs} km/h, each held {held}; advance: {facts.advance.value}",
        f"cap {facts.caps.backward} ({facts.caps.backward_reason})",
    ]
    text += [f"note: {plain(remark, 150)}" for remark in facts.remarks[:3]]
    if facts.speedup != 1:
        text.append(f"Simulated time runs {facts.speedup:g} times as fast.")
    return [("\n".join(text) + "\n\n", "")]
