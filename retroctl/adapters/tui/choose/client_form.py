"""A form about a client: text goes where the cursor is, words are chosen with left and right, the last row keeps it.

Nothing is armed here, so Esc, F5 and Ctrl-Q close it, at once and without a question; Ctrl-C leaves the program. The
letters and the space of STOP are text.
What was written stands there again when the form is opened anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message

from retroctl.adapters.tui.choose.cards import ChooseCard
from retroctl.adapters.tui.choose.client_sheet import wrapped
from retroctl.adapters.tui.choose.errands import NotAnswered
from retroctl.adapters.tui.painted import Painted
from retroctl.adapters.tui.text import plain
from retroctl.adapters.tui.widgets import Field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from retroctl.app.client_forms import Act, Form, FormField

KEEPING: Final = "keep a form about a client"
BESIDE: Final = "what belongs to what is chosen in a form"
WAITING: Final = "waiting for the clients' file..."
NOT_KEPT: Final = "NOT KEPT"
LEFT: Final = "Not kept. What you wrote stands in the form when you open it again."
BEING_KEPT: Final = "It is being kept, and what becomes of it will stand here."
NOTHING_CHOSEN: Final = "-"
LONGEST_SAID: Final = 600


def refusal_words(error: Exception) -> str:
    """Whether it is certain that nothing was kept."""
    return "NOT KNOWN WHETHER IT WAS KEPT" if isinstance(error, NotAnswered) else NOT_KEPT


class TextRow(Field):
    """A field that takes text. `written` is what stands in it, as it was where nothing was typed."""

    def __init__(self, field: FormField) -> None:
        super().__init__(id=f"field-{field.key}")
        self.field = field
        self.compact = True
        self.placeholder = field.unit
        self._first: str | None = None

    def on_mount(self) -> None:
        """What is kept so far, made plain; an edit begins behind it."""
        self.value = self.field.value
        self._first = self.value
        self.cursor_position = len(self.value)

    @property
    def written(self) -> str:
        """A kept text that only looks different because it was made plain for the screen counts as unchanged."""
        return self.field.value if self._first is None or self.value == self._first else self.value

    def put(self, text: str) -> None:
        """Write what was written before."""
        self.value = text
        self.cursor_position = len(self.value)


class Marked(Painted, can_focus=True):
    """A row that shows whether it is the one that keys are for."""

    marked = False

    def on_mount(self) -> None:
        """Show it."""
        self.show()

    def on_focus(self) -> None:
        """Keys are for it now."""
        self.marked = True
        self.show()

    def on_blur(self) -> None:
        """Keys are for another one."""
        self.marked = False
        self.show()

    def show(self) -> None:
        """Paint."""
        raise NotImplementedError


class WordRow(Marked):
    """A field with a few words to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,minus", "step(-1)", show=False),
        Binding("right,plus,space", "step(1)", show=False),
    ]

    def __init__(self, field: FormField) -> None:
        super().__init__(id=f"field-{field.key}")
        self.field = field
        self.written = field.value

    def show(self) -> None:
        """Paint."""
        word = self.written or NOTHING_CHOSEN
        self.paint((f"◂ {word} ▸", "reverse bold") if self.marked else f"  {word}")

    def put(self, text: str) -> None:
        """Choose what was chosen before."""
        if text in self.field.choices:
            self.written = text
            self.show()

    def action_step(self, by: int) -> None:
        """Another word; at the end there is no other."""
        choices = self.field.choices
        place = choices.index(self.written) if self.written in choices else 0
        self.written = choices[min(len(choices) - 1, max(0, place + by))]
        self.show()
        self.post_message(Chosen())


class Chosen(Message):
    """Another word was chosen."""


class KeepRow(Marked):
    """The last row: Enter keeps what is written."""

    def __init__(self, words: str) -> None:
        super().__init__(id="keep")
        self._words = words

    def show(self) -> None:
        """Paint."""
        self.paint((f"> ENTER: {self._words} ", "reverse bold") if self.marked else f"  {self._words}")


Row = TextRow | WordRow


class FormCard(ChooseCard):
    """One form, over the whole terminal. Dismissed with True when something was kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,shift+tab", "field(-1)", show=False, priority=True),
        Binding("down,tab", "field(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("enter", "enter", show=False, priority=True),
        Binding("ctrl+s", "keep", show=False, priority=True),
    ]

    def __init__(self, form: Form) -> None:
        super().__init__(classes="-beside" if form.now else "")
        self._form = form
        self._problem, self._refusal = "", NOT_KEPT
        self._shown_for: tuple[list[str], int] | None = None
        """For what was chosen, in how many columns, it was asked what belongs to it."""

    def compose(self) -> ComposeResult:
        """The fields in a column, what belongs to them, what was wrong, the keys."""
        yield Painted(id="title")
        rows = VerticalScroll(*self._composed(), id="rows")
        rows.can_focus = False
        yield rows
        yield Painted(id="hint")
        beside = VerticalScroll(Painted(id="beside-words"), id="beside")
        beside.can_focus = False
        yield beside
        yield Painted(id="said")
        yield Painted(id="keys")

    def _composed(self) -> Iterator[Widget]:
        for field in self._form.fields:
            label = Painted(classes="label")
            label.paint(field.label)
            yield Horizontal(label, WordRow(field) if field.choices else TextRow(field), classes="row")
        yield KeepRow(self._form.keep)

    def on_mount(self) -> None:
        """Write what was written before, and begin at the first field."""
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        before = self.desk.unfinished.get(self._key, {})
        for row in self._rows:
            if row.field.key in before:
                row.put(before[row.field.key])
        if self.focused is None:  # a key may have been quicker
            self._go(self._rows[0])

    def _go(self, row: Widget) -> None:
        """Put the cursor there, and see to it that it is seen."""
        self.set_focus(row, scroll_visible=False)  # at once: the next key must find it there
        row.scroll_visible(animate=False)
        self.draw()

    @property
    def _key(self) -> tuple[Act, str | None]:
        return self._form.act, self._form.client_id

    @property
    def _rows(self) -> Sequence[Row]:
        return [row for row in self.query("#rows .row > *") if isinstance(row, TextRow | WordRow)]

    @property
    def values(self) -> dict[str, str]:
        """What stands in each field."""
        return {row.field.key: row.written for row in self._rows}

    # -- what is pressed ---------------------------------------------------------------------------------------------

    def action_field(self, by: int) -> None:
        """Another field; from the last there is none further."""
        if not self.query("#keep"):  # a key that was quicker than the form
            return
        places: list[Widget] = [*self._rows, self.query_one(KeepRow)]
        here = self.focused
        place = places.index(here) if here in places else 0
        self._go(places[min(len(places) - 1, max(0, place + by))])

    def action_page(self, by: int) -> None:
        """The first field, or the row that keeps it."""
        self._go(self.query_one(KeepRow) if by > 0 else self._rows[0])

    def action_enter(self) -> None:
        """On to the next field, at once, so that what is typed behind it goes there; in the last row, keep.

        Enter held down since an earlier field keeps nothing.
        """
        held = self.desk.repeated("enter")
        if not isinstance(self.focused, KeepRow):
            self.action_field(1)
        elif not held:
            self.action_keep()

    def on_chosen(self, message: Chosen) -> None:
        """What was wrong was said of what was chosen before."""
        message.stop()
        self._problem = ""
        self.draw()

    def action_keep(self) -> None:
        """Keep it, or say what cannot be."""
        # Behind what was typed last, which the field may not have taken in yet.
        (self.focused or self).call_later(self._keep)

    def _keep(self) -> None:
        if self.desk.errands.waiting(KEEPING) or not self.is_current:  # pressed twice
            return
        self._problem = ""
        self.desk.keep(self._form, self.values, self)
        self.draw()

    def refused(self, error: Exception) -> None:
        """Say why it was not kept."""
        self._refusal, self._problem = refusal_words(error), plain(str(error), LONGEST_SAID)
        self.draw()

    def action_close(self) -> None:
        """Away with it; what was written is kept in mind, and nowhere else."""
        changed = {row.field.key: row.written for row in self._rows if row.written != row.field.value}
        if changed:
            self.desk.unfinished[self._key] = changed
            self.desk.told = (BEING_KEPT if self.desk.errands.waiting(KEEPING) else LEFT,)
        else:
            self.desk.unfinished.pop(self._key, None)
        super().action_close()
        self.desk.call_after_refresh(self.desk.draw)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Paint."""
        if not self.is_mounted or not self.query("#keep"):
            return
        self.query_one("#title", Painted).paint((plain(self._form.title, 120), "bold"))
        here = self.focused
        hint = here.field.hint if isinstance(here, TextRow | WordRow) else ""
        # Broken here, not by the widget: it grows by the lines that it is given.
        self.query_one("#hint", Painted).paint(("\n".join(wrapped([hint], self.size.width - 2)), "$text-muted"))
        said = self.query_one("#said", Painted)
        waiting = self.desk.errands.words(KEEPING)
        said.display = bool(self._problem or waiting)
        badge, text = (" KEEPING ", waiting) if waiting else (f" {self._refusal} ", self._problem)
        style = "reverse bold" if waiting else "$alarm-text on $error bold"
        first, *rest = wrapped([f"{'x' * len(badge)} {text}"], self.size.width - 2)
        said.paint((badge, style), "\n".join((first.removeprefix("x" * len(badge)), *rest)))
        self._draw_beside()
        choosing = "  ←→ change" if isinstance(here, WordRow) else ""
        self.query_one("#keys", Painted).paint(f" ↑↓ field{choosing}  CTRL-S keep  ESC back ")

    def _draw_beside(self) -> None:
        """What belongs to what is chosen; asked for again only when that has changed."""
        if not self._form.now:
            return
        values = self.values
        chosen = [row.written for row in self._rows if isinstance(row, WordRow)]
        if (chosen, self.size.width) == self._shown_for:
            return
        self._shown_for = chosen, self.size.width

        def show(lines: Sequence[str]) -> None:
            if self.is_mounted and self.query("#beside-words"):
                self.query_one("#beside-words", Painted).paint("\n".join(wrapped(lines, self.size.width - 3)))

        show((*self._form.now, WAITING))
        self.desk.errands.start(
            BESIDE,
            lambda: self.desk.surroundings.forms.beside(self._form, values),
            show,
            lambda error: show((*self._form.now, str(error))),
        )
