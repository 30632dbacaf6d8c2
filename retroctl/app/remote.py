"""What the buttons of a presenter remote mean, and which meanings a key may be given.

A remote is a keyboard with few keys. Keys have the names that the trainer's screen gives them: `pageup`, `f6`,
`shift+f6`. What lowers the belt's speed may be taught freely; what lets it rise may not be put on a key that stops or
holds, neither here nor by hand in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(StrEnum):
    """What a button of a remote can be for. The values are the keys of the file."""

    STOP = "stop"
    HOLD = "hold"
    CONFIRM = "confirm"
    STEP_DOWN = "step_down"
    BALANCE_EVENT = "balance_event"


STOP_KEYS: Final = ("space", "escape", "s", "full_stop", "b", "f5", "ctrl+q")
"""Keys that are STOP whatever a remote was taught. Presenter remotes send Esc, F5, b or a full stop as they come."""
AS_IT_COMES: Final = {"f5": Meaning.STOP, "pagedown": Meaning.CONFIRM, "pageup": Meaning.HOLD}
FIXED: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(STOP_KEYS, Meaning.STOP),
    "shift+f5": Meaning.STOP,
    "enter": Meaning.CONFIRM,
    "h": Meaning.HOLD,
    "d": Meaning.STEP_DOWN,
}
"""Keys that have their meaning for good."""
_NAMED: Final = ("pageup", "pagedown", "up", "down", "left", "right", "home", "end", "insert", "delete", "tab")
_FUNCTION: Final = tuple(f"f{number}" for number in range(1, 13))
TEACHABLE: Final = frozenset(
    f"{shift}{key}" for key in (*_NAMED, *_FUNCTION) for shift in ("", "shift+") if key != "f5"
)
"""Keys that no text needs, that no terminal keeps for itself as a rule, and that mean nothing else here."""
WORDS: Final[Mapping[Meaning, str]] = {
    Meaning.STOP: "STOP",
    Meaning.HOLD: "HOLD",
    Meaning.CONFIRM: "CONFIRM",
    Meaning.STEP_DOWN: "one rung down",
    Meaning.BALANCE_EVENT: "balance event (stumble)",
}
_SHOWN: Final = {
    "full_stop": "full stop",
    "space": "Space",
    "escape": "Esc",
    "pageup": "PageUp",
    "pagedown": "PageDown",
}


def shown(key: str) -> str:
    """A key's name as people write it."""
    if key in _SHOWN:
        return _SHOWN[key]
    return key if len(key) == 1 else "-".join(part.capitalize() for part in key.split("+"))


def why_not(key: str, meaning: Meaning) -> str | None:
    """Why a key cannot be given this meaning; None when it can."""
    fixed = FIXED.get(key)
    if fixed is not None:
        return None if fixed is meaning else f"{shown(key)} is {WORDS[fixed]}, always"
    if key.startswith("ctrl+"):
        return f"{shown(key)} belongs to the terminal or is a way out"
    if key not in TEACHABLE:
        name = shown(key)[:40] or "that key"
        return f"{name} is a key for text, or one that means something else here"
    if meaning is Meaning.CONFIRM and AS_IT_COMES.get(key) is Meaning.HOLD:
        return f"{shown(key)} is HOLD on every other remote: it may hold, lower or stop, but not let the belt rise"
    return None


@dataclass(frozen=True, slots=True)
class Remote:
    """The keys of a remote that was taught; empty for one as it comes. Raises ConfigError for a bad choice."""

    keys: Mapping[str, Meaning] = field(default_factory=dict[str, Meaning])

    def __post_init__(self) -> None:
        """Check every choice: a file may have been written by hand."""
        for key, meaning in self.keys.items():
            reason = why_not(key, meaning)
            if reason is not None:
                raise ConfigError(f"{meaning.value}: {reason}")
        if self.keys and Meaning.STOP not in self.keys.values():
            raise ConfigError("stop: missing: a remote that was taught has a button for STOP")

    def meaning(self, key: str) -> Meaning | None:
        """What a key means on this remote; None where it was not taught."""
        return self.keys.get(key)

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Key and meaning as people read them, STOP first."""
        order = list(Meaning)
        return tuple((shown(key), WORDS[m]) for key, m in sorted(self.keys.items(), key=lambda kv: order.index(kv[1])))

    @property
    def as_data(self) -> dict[str, str]:
        """For the record."""
        return {meaning.value: key for key, meaning in self.keys.items()}
