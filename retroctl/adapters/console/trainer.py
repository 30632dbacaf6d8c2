"""The trainer at the keys of the line mode: the briefing one key at a time, the start, then four keys and STOP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.briefing import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

GAZE: Final = {"1": "a mark on the wall", "2": "a screen behind the belt", "3": "another point at eye height"}
ENTER: Final = frozenset({"\r", "\n", "\r\n"})
LEAVE: Final = frozenset({"q", "\x1b", "\x04"})
RUNNING_HELP: Final = "Enter confirm   h hold   d down   ANY OTHER KEY STOPS THE BELT"


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
    ) -> None:
        """`answered`: briefing and start are answered by rule (the simulated treadmill with --yes)."""
        self._say, self._tell, self._stop, self._leave = say, tell, stop, leave
        self._answered = answered
        self._state = "idle"
        self._open: list[ev.BriefingItem] = []

    def __call__(self, report: Report) -> None:
        """Follow the session and ask what it needs next."""
        if report.kind is not Kind.STATE:
            return
        self._state = str(report.data["state"])
        if self._answered:
            if self._state == "starting":
                self._say(RUNNING_HELP)
            return
        if self._state == "briefing":
            self._open = list(ev.BriefingItem)
            self._say("Each question: y or n. n, q or Esc leaves; nothing has been written. Space is STOP.")
            self._ask()
        elif self._state == "armed":
            self._say("Client on the side rails? Press c and then START on the console within 60 s (preferred),")
            self._say("or p to let this program start the belt now. ANY OTHER KEY STOPS.")
        elif self._state == "starting":
            self._say(RUNNING_HELP)

    def pressed(self, key: str) -> None:
        """Take a key."""
        if self._state in ("idle", "observing"):
            if key in LEAVE:
                self._leave("the trainer left")
            elif key == " ":
                self._stop("key")
            return
        if self._state == "briefing" and not self._answered:
            self._answer(key)
        elif self._state == "armed" and key in ("c", "p"):
            kind = ev.StartKind.CONSOLE if key == "c" else ev.StartKind.PROGRAM
            self._tell(ev.StartConfirmed(kind))
        elif self._state in ("stopped", "faulted") and key not in ("\x1b", " ", "s"):
            self._leave("the trainer left")
        else:
            self._act(key)

    def _act(self, key: str) -> None:
        # A key held down arrives as a burst of the same letter: it is that key, once.
        one = key[0] if len(set(key)) == 1 else key
        if one in ENTER or key in ENTER:
            self._tell(ev.ConfirmPressed())
        elif one == "h":
            self._tell(ev.HoldPressed())
        elif one == "d":
            self._tell(ev.StepDownPressed())
        else:
            self._stop("key")

    def _ask(self) -> None:
        item = self._open[0]
        self._say(QUESTIONS[item])
        if item is ev.BriefingItem.GAZE_TARGET:
            self._say("   " + "   ".join(f"{key} {words}" for key, words in GAZE.items()) + "   n none")

    def _answer(self, key: str) -> None:
        if key == " ":
            self._stop("key")
            return
        if key in LEAVE or not self._open:
            self._leave("the trainer left the briefing")
            return
        item = self._open[0]
        text = {ev.BriefingItem.GAZE_TARGET: GAZE.get(key, ""), ev.BriefingItem.CONFIDENCE: key}.get(item, "")
        if key == "n":
            self._tell(ev.BriefingAnswered(item, yes=False))
            self._say("Not today: nothing has been written to the machine.")
            self._leave(f"briefing answered no: {item.value}")
            return
        fits = {
            ev.BriefingItem.GAZE_TARGET: key in GAZE,
            ev.BriefingItem.CONFIDENCE: key in {"1", "2", "3", "4", "5"},
        }.get(item, key == "y")
        if not fits:
            self._ask()
            return
        self._tell(ev.BriefingAnswered(item, yes=True, text=text))
        self._open.pop(0)
        if self._open:
            self._ask()
        else:
            self._tell(ev.ArmRequested())
