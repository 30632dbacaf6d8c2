"""The keys of the trainer's screen as Textual binds them; what they mean is in `keymap`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.binding import Binding, BindingType

from retroctl.adapters.tui.keymap import (
    CONFIRM_KEYS,
    HOLD_KEYS,
    LEAVE_KEYS,
    REMOTE_BALANCE,
    TEXT_KEYS,
    Urgent,
    with_capitals,
)
from retroctl.app.remote import STOP_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable


def _urgent_bindings() -> Iterable[Binding]:
    for keys, act in ((STOP_KEYS, Urgent.STOP), (HOLD_KEYS, Urgent.HOLD), (LEAVE_KEYS, Urgent.LEAVE)):
        typed = tuple(key for key in keys if key in TEXT_KEYS)
        always = tuple(key for key in keys if key not in TEXT_KEYS)
        if always:
            yield Binding(with_capitals(always), f"urgent('{act}')", show=False, priority=True)
        if typed:
            yield Binding(with_capitals(typed), f"urgent_typed('{act}')", show=False, priority=True)


BINDINGS: Final[list[BindingType]] = [
    *_urgent_bindings(),
    Binding(",".join(CONFIRM_KEYS), "confirm", show=False, priority=True),
    Binding(with_capitals(("d",)), "act('down')", show=False, priority=True),
    Binding(with_capitals(("e",)), "act('ease')", show=False, priority=True),
    Binding(REMOTE_BALANCE, "act('stumble')", show=False, priority=True),
    *(Binding(f"{digit}", f"digit({digit})", show=False, priority=True) for digit in range(10)),
    Binding("up", "step(1)", show=False, priority=True),
    Binding("down", "step(-1)", show=False, priority=True),
    Binding(with_capitals(("p",)), "ask('rpe')", show=False, priority=True),
    Binding(with_capitals(("n",)), "ask('tag')", show=False, priority=True),
    Binding(with_capitals(("g",)), "hands", show=False, priority=True),
    Binding(with_capitals(("r",)), "act('rest')", show=False, priority=True),
    Binding("question_mark", "help", show=False),
    Binding(with_capitals(("w",)), "wall", show=False),
    Binding(with_capitals(("t",)), "colours", show=False),
    Binding(with_capitals(("q",)), "quit_unarmed", show=False),
]
