"""A Stop asked for from the floor: what has come back, and what it means when nothing does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retroctl.app.floor_news import LONGEST_TEXT, Answer

ANSWER_S: Final = 3.0
"""A machine's program answers within a round trip; after so long somebody has to go there."""
REST_S: Final = 12.0
"""A machine calls a Stop not confirmed after 10 s itself; this covers a program that falls silent meanwhile."""
AGAIN_S: Final = 2.0
"""A Stop that nobody has answered is sent again so often: a program that just connects anew has not heard it."""
AGAIN_FOR_S: Final = 30.0
"""And for so long after the broker has taken it first. Then it is asked again by a person, or not."""
FRESH_S: Final = 120.0
"""So long a Stop waits for a broker that is away, which is tried again at most 35 s apart. Whoever asked has been told
since the third second to go there; a belt that is stopped out of the blue later helps nobody."""
DONE_SHOWN_S: Final = 60.0
"""So long a Stop that is done stays on the screen."""
BY_STATE: Final = "its own state says so, no answer did"

_RANK: Final = {
    Answer.ASKED: 0,
    Answer.NOT_SENT: 1,
    Answer.SENT: 2,
    Answer.NO_ANSWER: 3,
    Answer.REFUSED: 4,
    Answer.RECEIVED: 5,
    Answer.WRITTEN: 6,
    Answer.ACCEPTED: 7,
    Answer.NOT_CONFIRMED: 8,
    Answer.NOTHING: 9,
    Answer.AT_REST: 9,
}
"""An answer replaces one of a lower rank only: they may come out of order, and twice."""
_UNSENT: Final = frozenset({Answer.ASKED, Answer.NOT_SENT})
_OPEN: Final = frozenset({Answer.NO_ANSWER, Answer.RECEIVED, Answer.WRITTEN, Answer.ACCEPTED, Answer.NOT_CONFIRMED})
"""The machine's program has it, or had its time to say so, and has not said that the belt rests."""
_UNANSWERED: Final = frozenset({*_UNSENT, Answer.SENT, Answer.NO_ANSWER})
UNDER_WAY: Final = frozenset({Answer.ASKED, Answer.SENT, Answer.RECEIVED, Answer.WRITTEN, Answer.ACCEPTED})
DONE: Final = frozenset({Answer.AT_REST, Answer.NOTHING})
FAILED: Final = frozenset({Answer.NOT_SENT, Answer.NO_ANSWER, Answer.REFUSED, Answer.NOT_CONFIRMED})
"""Somebody has to go there."""


@dataclass(slots=True)
class StopOrder:
    """One Stop to one machine; asking again before it is over is the same order, with one id more."""

    machine: str
    asked_at: float
    id: str = ""
    """The latest."""
    sent_at: float = 0.0
    """When it was handed over last, to be sent."""
    answer: Answer = Answer.ASKED
    reason: str = ""
    taken_at: float | None = None
    """When the broker took it first."""
    answered_at: float | None = None
    """When the machine's program answered first."""
    done_at: float | None = None
    of_all: bool = False
    """Part of the last STOP ALL."""

    def ask(self, stop_id: str, now: float) -> None:
        """Ask, or ask again: the deadlines begin anew, what the machine has said stands."""
        self.id, self.asked_at, self.sent_at = stop_id, now, now
        if self.answer in (Answer.NO_ANSWER, Answer.NOT_SENT, Answer.REFUSED, Answer.SENT):
            self.answer, self.reason, self.taken_at = Answer.ASKED, "", None

    @property
    def unsent(self) -> bool:
        """It has not left this computer, as far as is known."""
        return self.answer in _UNSENT

    def hear(self, answer: Answer, reason: str, now: float) -> None:
        """The broker or the machine's program says how far it is."""
        if answer is Answer.AT_REST is self.answer:
            self.reason = ""  # what the state said, its answer says too
        if _RANK[answer] <= _RANK[self.answer]:
            return
        self.answer, self.reason = answer, reason[:LONGEST_TEXT]
        if answer is Answer.SENT:
            self.taken_at = now
        if _RANK[answer] >= _RANK[Answer.RECEIVED] and self.answered_at is None:
            self.answered_at = now
        if answer in DONE:
            self.done_at = now

    def see_rest(self, measured_at: float, now: float, *, ended: bool) -> None:
        """The machine's own state tells of a belt measured at rest: who lost an answer must not wait for it for ever.

        `ended`: its session is stopped. Another rest, such as that of an armed belt which may have been told to start
        just before, counts only once its program had the time that a stop takes.
        """
        if measured_at > self.asked_at and self.answer in _OPEN and (ended or self.answer is Answer.NOT_CONFIRMED):
            self.answer, self.reason, self.done_at = Answer.AT_REST, BY_STATE, now

    def again(self, now: float) -> bool:
        """Whether it is to be sent once more; if so, it counts as sent."""
        for_s = FRESH_S if self.unsent else AGAIN_FOR_S
        due = self.answer in _UNANSWERED and now - self.sent_at >= AGAIN_S and now - self._since <= for_s
        if due:
            self.sent_at = now
        return due

    def look(self, now: float) -> None:
        """Silence means something once its time is over."""
        if self.answer is Answer.ASKED and now - self.asked_at > ANSWER_S:
            self.answer, self.reason = Answer.NOT_SENT, "it waits for the broker"
        elif self.answer is Answer.NOT_SENT and now - self.asked_at > FRESH_S:
            self.reason = f"given up after {FRESH_S:.0f} s"
        elif self.answer is Answer.SENT and now - self._since > ANSWER_S:
            self.answer, self.reason = Answer.NO_ANSWER, f"nothing within {ANSWER_S:.0f} s"
        elif self.answer in UNDER_WAY and now - self._since > REST_S:
            self.answer, self.reason = Answer.NOT_CONFIRMED, f"no rest within {REST_S:.0f} s"

    @property
    def _since(self) -> float:
        """From when an answer is waited for: an outage of the broker is no silence of the machine."""
        return self.asked_at if self.taken_at is None else max(self.asked_at, self.taken_at)

    def over(self, now: float) -> bool:
        """Whether it was done so long ago that it need not be shown any more."""
        return self.done_at is not None and now - self.done_at > DONE_SHOWN_S
