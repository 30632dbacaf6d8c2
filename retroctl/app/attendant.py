"""Nobody at the keys: the briefing, the start and the end are answered by rule. For the simulated treadmill only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.failsafes import HEART_UNKNOWN, FailsafeId

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock

ANSWERS: Final = {ev.BriefingItem.GAZE_TARGET: "a mark on the wall", ev.BriefingItem.CONFIDENCE: "3"}
NEEDS_A_TRAINER: Final = frozenset(
    {
        FailsafeId.F3,
        FailsafeId.F4,
        FailsafeId.F6,
        FailsafeId.F8,
        FailsafeId.F9,
        FailsafeId.F11,
        FailsafeId.F14,
        FailsafeId.F15,
    }
)
"""Alarms that only a trainer can lift; with none there, the session eases down."""
GAPS: Final = 5
"""So often data may stay away for a moment; a machine that goes on so would keep the session at one speed for ever."""
RESTARTS: Final = 8
"""So often a hold may begin anew before it has been served once, for the same reason."""
HEART_KNOWN: Final = "Heart rate known again."
LIGHT: Final = 11
"""What nobody's rating is (Borg): the simulated client is never out of breath."""
PATIENCE_S: Final = 10.0
WAITS_S: Final = 120.0
"""With nobody there, a raise that waits so long behind a served hold waits for a trainer who does not come."""
NOT_ARMED: Final = frozenset({"idle", "observing", "briefing"})
ENDING: Final = frozenset({"easing_down", "stopping", "stopped", "faulted"})


class Attendant:
    """A listener that answers. `tell` takes the session's events."""

    def __init__(self, clock: Clock, tell: Callable[[ev.Event], None], *, alone: bool, rates: bool = False) -> None:
        """`alone`: nobody is there to lift a block either, so ease down when one comes.

        `rates`: give a rating of each speed that was held; without it only where the heart rate is not known.
        """
        self._always, self._unknown = rates, False
        self._clock, self._tell, self._alone = clock, tell, alone
        self._easing = False
        self._gaps = self._restarts = 0
        self._state = "idle"
        self._states = 0

    def __call__(self, report: Report) -> None:
        """React to a report, on the next turn of the clock: never inside the call that made it."""
        if report.kind is Kind.STATE:
            self._state = report.data["state"]
            self._states += 1
            self._restarts = 0 if self._state == "ready" else self._restarts + (self._state == "settling")
            if self._state == "briefing":
                self._soon(self._brief)
            elif self._state == "armed":
                self._soon(lambda: self._tell(ev.StartConfirmed(ev.StartKind.PROGRAM)))
            elif self._state == "turning" and self._alone:
                self._soon(lambda: self._tell(ev.ConfirmPressed()))  # nobody stands on a simulated belt
            elif self._state == "ready" and self._alone:
                self._clock.call_at(self._clock.now() + WAITS_S, partial(self._ease_if_still_at, self._states))
        if self._alone and self._rating_asked(report):
            self._soon(lambda: self._tell(ev.RpeGiven(LIGHT)))
        if self._alone and not self._easing and self._needs_a_trainer(report):
            self._easing = True
            self._ease_later()

    def _rating_asked(self, report: Report) -> bool:
        """Whether a raise waits for a rating from here on: the hold is served and no heart rate stands for it."""
        if report.kind is Kind.ALARM and report.data["id"] == FailsafeId.F10:
            self._unknown = report.data["text"].startswith(HEART_UNKNOWN)
        elif report.kind is Kind.CUE and report.data["text"] == HEART_KNOWN:
            self._unknown = False
        elif report.kind is not Kind.STATE:
            return False
        return self._state == "ready" and (self._always or self._unknown)

    def _ease_later(self) -> None:
        self._clock.call_at(self._clock.now() + PATIENCE_S, self._ease)

    def _ease_if_still_at(self, states: int) -> None:
        if self._states == states:
            self._ease()

    def _ease(self) -> None:
        if self._state in NOT_ARMED:
            self._ease_later()
            return
        self._easing = False
        if self._state not in ENDING:
            self._tell(ev.EaseDownPressed())

    def _needs_a_trainer(self, report: Report) -> bool:
        if report.kind is Kind.STATE:
            return self._restarts >= RESTARTS
        if report.kind is Kind.ALARM:
            self._gaps += report.data["id"] == FailsafeId.F1
            proposed = report.data["id"] == FailsafeId.F10 and report.data["text"].endswith("?")
            return proposed or report.data["id"] in NEEDS_A_TRAINER or self._gaps >= GAPS
        return report.kind is Kind.LINK and report.data.get("link") == "restored"

    def _brief(self) -> None:
        for item in ev.BriefingItem:
            self._tell(ev.BriefingAnswered(item, yes=True, text=ANSWERS.get(item, "")))
        self._tell(ev.ArmRequested())

    def _soon(self, call: Callable[[], None]) -> None:
        self._clock.call_at(self._clock.now(), call)
