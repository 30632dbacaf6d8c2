"""The trainer at the keys of the line mode: the briefing one key at a time, the start, then four keys and STOP."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from retroctl.adapters.console.key_names import names
from retroctl.adapters.console.rating import KEY as RATING_KEY
from retroctl.adapters.console.rating import RatingKeys
from retroctl.app.remote import Meaning, Remote
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.briefing import CONFIDENCE, GAZE_TARGETS, QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

ENTER: Final = frozenset({"\r", "\n", "\r\n"})
LEAVE: Final = frozenset({"q", "\x1b", "\x04"})
ACTS: Final[dict[str, ev.Event]] = {"h": ev.HoldPressed(), "d": ev.StepDownPressed()}
TAUGHT_BALANCE: Final = "the remote's button for a balance event"
TAUGHT: Final = {
    Meaning.STOP: " ",
    Meaning.HOLD: "h",
    Meaning.CONFIRM: "\r",
    Meaning.STEP_DOWN: "d",
    Meaning.BALANCE_EVENT: TAUGHT_BALANCE,
}
"""The key of this mode that a taught key of a remote stands for; a balance event has none of its own here."""
RUNNING_HELP: Final = "Keys: Enter confirm   h hold   d down   p RPE, then 6 to 20   ANY OTHER KEY STOPS THE BELT"
RATED: Final = frozenset({"settling", "holding", "ready", "announcing", "overridden", "lost", "easing_down"})
"""States in which exertion is noted. Not while the belt starts: there a second `p` of a start is STOP."""
KEY_REPEAT_S: Final = 0.3
"""The same key again so soon is a key held down; real seconds, since fingers know no other."""


class KeyTrainer:
    """A listener that asks, and a receiver of keys. Before arming a key answers; after it every other key is STOP."""

    def __init__(
        self,
        say: Callable[[str], None],
        tell: Callable[[ev.Event], None],
        stop: Callable[[str], None],
        leave: Callable[[str], None],
        *,
        answered: bool = False,
        remote: Remote | None = None,
        real_now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answered`: briefing and start are answered by rule (the simulated treadmill with --yes).

        `remote`: the presenter remote as it was taught; any other key of one is STOP, as every key is.
        """
        self._say, self._tell, self._stop, self._leave = say, tell, stop, leave
        self._answered = answered
        self._remote = remote or Remote()
        self._real_now = real_now
        self._rating = RatingKeys(say, tell)
        self._state = "idle"
        self._open: list[ev.BriefingItem] = []
        self._last_key, self._last_at = "", 0.0
        self._by_hand = False

    def __call__(self, report: Report) -> None:
        """Follow the session and ask what it needs next."""
        self._by_hand = self._by_hand or report.kind is Kind.CALLOUT
        if report.kind is not Kind.STATE:
            return
        self._state = str(report.data["state"])
        if self._state == "starting":
            self._say(RUNNING_HELP)
            if self._remote.keys:
                self._say("Remote: " + "   ".join(f"{key} {words}" for key, words in self._remote.lines))
        elif self._answered:
            return
        elif self._state == "briefing":
            self._open = list(ev.BriefingItem)
            self._say("Answer y or n. n, q or Esc leaves and writes nothing. Space is STOP.")
            self._ask()
        elif self._state == "armed":
            self._ask_start()
        elif self._state == "overridden":
            self._say("Enter goes on at the console's speed, d goes down, any other key STOPS.")
        elif self._state == "lost":
            self._say("Enter goes on once the link is back, any other key STOPS.")

    def _ask_start(self) -> None:
        self._say("Is the client on the side rails? Then start the belt:")
        self._say("   c   and press START on the console within 60 s (preferred)")
        if not self._by_hand:
            self._say("   p   this program starts the belt now")
        self._say("ANY OTHER KEY STOPS.")

    def pressed(self, key: str) -> None:
        """Take a key."""
        key = self._understood(key)
        if self._state in ("idle", "observing"):
            self._before_the_briefing(key)
        elif self._state == "briefing" and not self._answered:
            self._answer(key)
        elif self._state == "armed" and key in ("c", "p"):
            kind = ev.StartKind.CONSOLE if key == "c" else ev.StartKind.PROGRAM
            self._tell(ev.StartConfirmed(kind))
        elif self._state in ("stopped", "faulted") and key not in ("\x1b", " ", "s"):
            self._leave("the trainer left")
        else:
            self._act(key)

    def _understood(self, key: str) -> str:
        """The key that one of the remote stands for. Several different ones at once stay what they are: STOP."""
        pressed = {*names(key, windows=sys.platform == "win32")} if self._remote.keys else set[str]()
        meaning = self._remote.meaning(pressed.pop()) if len(pressed) == 1 else None
        return key if meaning is None else TAUGHT[meaning]

    def _before_the_briefing(self, key: str) -> None:
        if key in LEAVE:
            self._leave("the trainer left")
        elif key == " ":
            self._stop("key")

    def _act(self, key: str) -> None:
        if self._state in RATED and self._rating.takes(key, self._real_now()):
            return
        self._rating.close()
        # A key held down arrives as a burst of the same letter, or as one letter after another: it is that key, once.
        one = key[0] if len(set(key)) == 1 else key
        act = _act(one)
        if one == RATING_KEY and self._state in RATED:
            if not self._repeated(one):
                self._rating.ask(self._real_now())
        elif act is None:
            self._stop("key")
        elif not self._repeated(one):
            self._tell(act)

    def _repeated(self, key: str) -> bool:
        now, last, at = self._real_now(), self._last_key, self._last_at
        self._last_key, self._last_at = key, now
        return key == last and now - at < KEY_REPEAT_S

    def _ask(self) -> None:
        item = self._open[0]
        self._say(f"{len(QUESTIONS) - len(self._open) + 1}/{len(QUESTIONS)}  {QUESTIONS[item]}")
        if item is ev.BriefingItem.GAZE_TARGET:
            for key, words in GAZE_TARGETS.items():
                self._say(f"     {key}  {words}")
            self._say("     n  nothing: leave")

    def _answer(self, key: str) -> None:
        if key == " ":
            self._stop("key")
            return
        if key in LEAVE or not self._open:
            self._leave("the trainer left the briefing")
            return
        item = self._open[0]
        text = {ev.BriefingItem.GAZE_TARGET: GAZE_TARGETS.get(key, ""), ev.BriefingItem.CONFIDENCE: key}.get(item, "")
        if key == "n":
            self._tell(ev.BriefingAnswered(item, yes=False))
            self._say("     no: nothing has been written to the machine.")
            self._leave(f"the briefing was answered no: {QUESTIONS[item]}")
            return
        fits = {
            ev.BriefingItem.GAZE_TARGET: key in GAZE_TARGETS,
            ev.BriefingItem.CONFIDENCE: key in CONFIDENCE,
        }.get(item, key == "y")
        if not fits:
            self._ask()
            return
        self._say(f"     {text or 'yes'}")
        self._tell(ev.BriefingAnswered(item, yes=True, text=text))
        self._open.pop(0)
        if self._open:
            self._ask()
        else:
            self._tell(ev.ArmRequested())


def _act(key: str) -> ev.Event | None:
    if key == TAUGHT_BALANCE:
        return ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE)
    return ev.ConfirmPressed() if key in ENTER else ACTS.get(key)
