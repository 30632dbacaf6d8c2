"""The briefing before every session (R1 to R5): every item answered yes, or nothing is ever written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from retroctl.domain.events import BriefingAnswered, BriefingItem

QUESTIONS: Final = {
    BriefingItem.CLIP: "Is the safety clip on the client, and within your reach?",
    BriefingItem.CLIP_TRIED: "Was the clip pulled once, and did the machine react?",
    BriefingItem.GAZE_TARGET: "What do the client's eyes rest on, at eye height on the wall behind the machine?",
    BriefingItem.RAILS: "Are both hands on the rails, lightly?",
    BriefingItem.SPACE_BEHIND: "Are 2 m x 1 m clear behind the belt?",
    BriefingItem.REMINDERS: "Reminded: posture, small steps, say it at once when uneasy?",
    BriefingItem.CONFIDENCE: "How confident is the client, 1 (uneasy) to 5 (sure)?",
}
"""What the trainer is asked, in this order."""

CONFIDENCE: Final = frozenset("12345")
GAZE_TARGETS: Final = {"1": "a mark on the wall", "2": "a screen behind the belt", "3": "another point at eye height"}
"""What a client's eyes may rest on, by the key that says so."""
IN_OTHER_WORDS: Final = "named"


def to_be_recorded(answered: BriefingAnswered) -> str:
    """What the record keeps of an answer's words. It can never be erased, so a gaze target in free words is not kept.

    Words may name a person ("Ann's photograph"); the three phrases and the digit of confidence cannot.
    """
    if answered.item is BriefingItem.CONFIDENCE:
        return answered.text if answered.text in CONFIDENCE else ""
    if answered.item is not BriefingItem.GAZE_TARGET or not answered.text:
        return ""
    return answered.text if answered.text in GAZE_TARGETS.values() else IN_OTHER_WORDS


@dataclass(slots=True)
class Briefing:
    """The answers so far."""

    answers: dict[BriefingItem, BriefingAnswered] = field(default_factory=dict[BriefingItem, BriefingAnswered])

    def answer(self, answered: BriefingAnswered) -> None:
        """Note an answer; the last one to an item counts."""
        self.answers[answered.item] = answered

    def gap(self) -> str | None:
        """Why the session may not be armed yet; None when everything is in order."""
        for item, question in QUESTIONS.items():
            given = self.answers.get(item)
            if given is None:
                return f"not answered: {question}"
            if not given.yes:
                return f"answered no: {question}"
            if item is BriefingItem.GAZE_TARGET and not given.text.strip():
                return "no gaze target is named"
            if item is BriefingItem.CONFIDENCE and given.text not in CONFIDENCE:
                return "confidence is a number from 1 to 5"
        return None
