"""Which plan, drawn before it is run, or why it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.cells import set_cell_size
from textual.binding import Binding, BindingType
from textual.widgets import Input

from retroctl.adapters.tui.choose.draft import FIELDS, TYPED, WORKING_OUT
from retroctl.adapters.tui.choose.page import ChoosePage
from retroctl.adapters.tui.choose.picture import draw_plan, in_one_line, stage_lines, times_of
from retroctl.adapters.tui.choose.room import SHORT
from retroctl.adapters.tui.keymap import with_capitals
from retroctl.adapters.tui.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.painted import Part


LONGEST_TYPED: Final = 1000


class PlanPage(ChoosePage):
    """Which plan. It is the last page, so that everything chosen is seen together."""

    step = "plan"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,minus", "step(-1)", show=False),
        Binding("right,plus", "step(1)", show=False),
        Binding(with_capitals(("e",)), "type('')", show=False),
        *(Binding(digit, f"type('{digit}')", show=False) for digit in "0123456789"),
    ]

    def extra(self) -> Iterable[Widget]:
        """A line to type in, hidden until it is wanted."""
        typed = Input(id="typed", max_length=LONGEST_TYPED, compact=True, select_on_focus=False)
        typed.display = False
        yield typed

    def on_mount(self) -> None:
        """Work the plan out for the machine and the client as they are now."""
        self.desk.draft.look()
        super().on_mount()

    @property
    def typing(self) -> bool:
        """Whether letters go into the line."""
        return self.is_mounted and self.query_one(Input).display

    def keys(self) -> Sequence[str]:
        """As they are needed."""
        if self.typing:
            return ("ENTER take what is typed", "ESC back")
        if not self.desk.draft.ready:
            return ("←→ change", "↑↓ field", "e type", "BACKSPACE back", "? help", "q leave")
        return ("ENTER go on", "←→ change", "↑↓ field", "e type", "BACKSPACE back", "? help", "q leave")

    def action_move(self, by: int) -> None:
        """Another field."""
        self.desk.draft.move(by)
        self.draw()

    def action_step(self, by: int) -> None:
        """Another value."""
        self.desk.draft.step(by)
        self.draw()

    def action_type(self, first: str) -> None:
        """Open the line, for a field that takes text."""
        draft = self.desk.draft
        if draft.field not in TYPED or draft.fixed(draft.field):
            return
        line = self.query_one(Input)
        line.value = first or (getattr(draft.choice, draft.field) or "")
        line.placeholder = {"plan": "path of a plan file (TOML), or ladder", "top": "5, 5.0km/h or 3.1mph"}.get(
            draft.field, "seconds, 60 or more"
        )
        line.display = True
        line.focus()
        line.cursor_position = len(line.value)
        self.draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """What was typed is taken; what it lacks is said beside the plan."""
        self.desk.draft.typed(event.value)
        self.desk.repeated("enter")
        self.end_typing()

    def end_typing(self) -> None:
        """Close the line."""
        self.set_focus(None)
        self.query_one(Input).display = False
        self.draw()

    def action_take(self) -> None:
        """The choice is made, if it can be run."""
        if self.desk.draft.ready and not self.desk.repeated("enter"):
            self.desk.exit(self.desk.draft.choice)

    def content(self, width: int, height: int) -> list[Part]:
        """The fields, and the plan as it would be or why it is refused."""
        draft = self.desk.draft
        if height < SHORT:
            state = (
                self.desk.errands.words(WORKING_OUT)
                or draft.refusal
                or (in_one_line(draft.preview.plan) if draft.preview else "")
            )
            return [(f"> {draft.field}: {draft.shown(draft.field)}\n", "bold"), state]
        parts: list[Part] = [("Which plan?\n\n", "bold")]
        for name in FIELDS:
            marked, fixed = name == draft.field and not draft.fixed(name), draft.fixed(name)
            value = f"◂ {draft.shown(name)} ▸" if marked else f"  {draft.shown(name)}"
            line = f"{'>' if marked else ' '} {name:<8} {value}" + (f"   ({fixed})" if fixed else "")
            parts += [(set_cell_size(line, width), "reverse bold" if marked else ""), "\n"]
        if draft.field == "plan" and not draft.fixed("plan"):
            count = len(draft.files)
            files = f"{count} presets and plan files beside the ladder" if count else "no plan file found here"
            parts.append((f"             {files}; e types a path\n", "$text-muted"))
        parts.append("\n")
        if waiting := self.desk.errands.words(WORKING_OUT):
            return [*parts, (" WORKING IT OUT ", "reverse bold"), f" {waiting}"]
        if draft.preview is None and not draft.refusal:
            return parts
        if draft.preview is None:
            return [*parts, (" REFUSED ", "$alarm-text on $error bold"), f" {draft.refusal}"]
        return parts + self._plan(width, height - 9)

    def _plan(self, width: int, room: int) -> list[Part]:
        draft = self.desk.draft
        preview = draft.preview
        if preview is None:
            return []
        plan, caps = preview.plan, preview.caps
        notes = [f"cap {caps.backward} ({caps.backward_reason})", *plan.remarks[:2]]
        if preview.assumed:
            notes.append(
                "The machine's speeds are not known yet (i on the first page asks it): drawn from its usual lowest "
                "speed, and checked again once connected."
            )
        parts: list[Part] = [(f"{plain(plan.name, 60)}: {in_one_line(plan)}\n", "bold"), f"{times_of(plan)}\n"]
        taken = 2 + sum(1 + len(note) // max(1, width) for note in notes)
        rows = max(0, min(10, (room - taken) if room < 20 else (room - taken) // 2))
        parts += draw_plan(plan, caps, width, rows)
        for note in notes:
            parts.append((f"{plain(note, 300)}\n", "$text-muted"))
        left = room - taken - rows - 1
        if left >= min(4, len(plan.stages)):
            parts += [f"\n{line}" for line in stage_lines(plan, left)]
        return parts
