"""Which key does what. STOP, HOLD and the ways out act at once, past every screen, modal and queue."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.app.remote import STOP_KEYS, Meaning
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from retroctl.app.remote import Remote


class Urgent(StrEnum):
    """What may not wait for a screen."""

    STOP = "stop"
    HOLD = "hold"
    LEAVE = "leave"


HOLD_KEYS: Final = ("h", "pageup")
CONFIRM_KEYS: Final = ("enter", "pagedown")
LEAVE_KEYS: Final = ("ctrl+c", "ctrl+d", "ctrl+z", "ctrl+backslash")
"""The terminal sends no signals while the screen is up, so what would be a signal is a key: a way out."""
TEXT_KEYS: Final = frozenset({"space", "s", "full_stop", "b", "h"})
"""Of the urgent keys, those that a text field would want; there is one only while nothing is armed."""

ACTS: Final[dict[str, ev.Event]] = {
    "down": ev.StepDownPressed(),
    "ease": ev.EaseDownPressed(),
    "rest": ev.RestWitnessed(),
    "stumble": ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE),
}
"""What the trainer does beside STOP, HOLD and confirming, by the names of the actions."""

RUNNING_ACTIONS: Final = frozenset({"digit", "step", "ask", "hands", "act"})
"""Keys for a belt that may move; on the summary they are the page's."""
PAGE_ACTIONS: Final = frozenset({"confirm", "quit_unarmed", "help", "wall", "colours", "command_palette"})
"""Keys of the summary that mean nothing while a question is open."""

HELP: Final = (
    ("Space Esc s . b F5 Ctrl-Q", "STOP, on every screen, never a question"),
    ("Enter, PageDown", "confirm the raise (last 15 s); go on"),
    ("h, PageUp", "HOLD: stay; takes back a raise"),
    ("d / e", "one rung down / ease down, then stop"),
    ("1 2 / 3 4", "rail, stumble / stepped off, fall: STOP"),
    ("p, then 6 to 20", "RPE; or up and down, then p again"),
    ("g", "hands on the rails: both, one, none"),
    ("n, then 1 to 9", "a tag"),
    ("r", "while stopping: you see the belt stand"),
    ("Ctrl-C", "stop and leave (also Ctrl-Z, Ctrl-D)"),
    ("w / t / ?", "wall screen's address / colours / help"),
    ("any other key", "does nothing, and says so"),
)
"""Keys and what they do, for the help screen."""


def with_capitals(keys: tuple[str, ...]) -> str:
    """The keys as a binding names them; Caps Lock must not take STOP away."""
    return ",".join([*keys, *(f"{key.upper()},shift+{key}" for key in keys if len(key) == 1)])


def urgent(key: str) -> Urgent | None:
    """What a key does at once; None for every other key."""
    plain = key.removeprefix("shift+")
    plain = plain.lower() if len(plain) == 1 else plain
    for keys, act in ((STOP_KEYS, Urgent.STOP), (HOLD_KEYS, Urgent.HOLD), (LEAVE_KEYS, Urgent.LEAVE)):
        if plain in keys:
            return act
    return None


REMOTE_BALANCE: Final = "f24"
"""What a remote's balance button becomes: no keyboard has it, and unlike a digit it is never part of a rating."""
_TAUGHT: Final = {Meaning.CONFIRM: "pagedown", Meaning.STEP_DOWN: "d", Meaning.BALANCE_EVENT: REMOTE_BALANCE}
"""The key of this screen that a taught key of a remote stands for, where it is not an urgent one."""


def understood(key: str, remote: Remote) -> Urgent | str:
    """What a key does at once, or the key that it stands for. No remote takes STOP or a way out from a key."""
    act = urgent(key)
    if act in (Urgent.STOP, Urgent.LEAVE):
        return act
    meaning = remote.meaning(key)
    match meaning:
        case None:
            return act or key
        case Meaning.STOP:
            return Urgent.STOP
        case Meaning.HOLD:
            return Urgent.HOLD
        case _:
            return _TAUGHT[meaning]
