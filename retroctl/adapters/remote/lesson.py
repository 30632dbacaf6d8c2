"""The lesson in which a remote is taught: one key after another goes in, what to say comes out. It has no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.remote.files import remote_of
from retroctl.app.remote import FIXED, WORDS, Meaning, Remote, shown, why_not

if TYPE_CHECKING:
    from collections.abc import Callable

NEEDED: Final = frozenset({Meaning.STOP})
REPEAT_S: Final = 0.3
"""The same key again so soon is a button held down."""
_FOR: Final = {
    Meaning.STOP: "stops the belt",
    Meaning.HOLD: "stays at this speed, takes back a raise",
    Meaning.CONFIRM: "consent to the next raise, going on",
    Meaning.STEP_DOWN: "lowers the belt, at once",
    Meaning.BALANCE_EVENT: "no raise until you confirm",
}


class Lesson:
    """Asks for the button of each meaning, STOP first, twice each: some buttons send two keys in turn."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._asked = list(Meaning)
        self._chosen: dict[Meaning, str] = {}
        self._first: str | None = None
        self._last, self._last_at = "", -1.0
        self.over = False
        self.saved: Remote | None = None
        """What is to be saved, once it is over; None where the person left."""
        say("Press the remote's buttons as you are asked; each shows what it arrives as.")
        say("Space, Esc, s, b, full stop, F5 and Ctrl-Q are STOP and stay it.")
        say("Backspace: no button for that. Ctrl-C leaves, and nothing is saved.")
        self._ask()

    def press(self, keys: tuple[str, ...], raw: str, now: float) -> None:
        """Take one burst of keys as it arrived, at real second `now`."""
        if self.over:
            return
        key = keys[0] if len({*keys}) == 1 else ""
        repeated = key == self._last and now - self._last_at < REPEAT_S
        self._last, self._last_at = key, now
        if repeated:
            return
        if not self._asked:
            self._answer(key)
        elif key == "backspace":
            self._skip()
        elif not key:
            self._say(
                f"   arrives as {ascii(raw)[1:41]}: no single key that this program knows. Another button, please."
            )
            self._first = None
        else:
            self._take(key)

    def _take(self, key: str) -> None:
        meaning = self._asked[0]
        reason = why_not(key, meaning) or self._taken(key)
        first, self._first = self._first, None
        if reason is not None:
            self._say(f"   arrives as {shown(key)}: no: {reason}. Another button, please.")
        elif first is None:
            self._first = key
            self._say(f"   arrives as {shown(key)}. The same button once more, to be sure.")
        elif first == key or (FIXED.get(first) is meaning and FIXED.get(key) is meaning):
            # One that sends F5 and Esc in turn is STOP both times.
            self._chosen[meaning] = first
            also = "" if first == key else f" and {shown(key)}"
            self._say(f"   {shown(first)}{also} is {WORDS[meaning]}.")
            self._next()
        else:
            self._say(
                f"   arrived as {shown(first)}, now as {shown(key)}: two buttons, or one that changes. Once more:"
            )

    def _taken(self, key: str) -> str | None:
        return next(
            (f"it is {WORDS[meaning]} already" for meaning, chosen in self._chosen.items() if chosen == key), None
        )

    def _skip(self) -> None:
        self._first = None
        if self._asked[0] in NEEDED:
            self._say("   a remote needs a button for STOP. Press it.")
            return
        self._say("   none.")
        self._next()

    def _next(self) -> None:
        self._asked.pop(0)
        self._ask()

    def _ask(self) -> None:
        if self._asked:
            meaning = self._asked[0]
            number = len(Meaning) - len(self._asked) + 1
            self._say(f"{number}/{len(Meaning)}  The button for {WORDS[meaning]}: {_FOR[meaning]}")
            return
        for key, words in remote_of(self._chosen).lines:
            self._say(f"     {key:<12}{words}")
        self._say("y saves this. n leaves the remote as it was.")

    def _answer(self, key: str) -> None:
        if key in ("y", "n"):
            self.over = True
            self.saved = remote_of(self._chosen) if key == "y" else None
        else:
            self._say("y or n, please.")
