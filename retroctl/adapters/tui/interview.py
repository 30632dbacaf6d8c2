"""The questions after a session, one at a time; what was said, and whether it is kept."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

from retroctl.adapters.tui.entry import Asked, Entry, meaning
from retroctl.app.afterwards import After, ConfidenceAfter, FreeNote, Incident, SessionRpe
from retroctl.domain import events as ev

NOTES_SHOWN: Final = 2


class Question(StrEnum):
    """What can be asked."""

    CONFIDENCE = "confidence"
    RPE = "rpe"
    NOTE = "note"
    WHAT = "what"
    INJURY = "injury"
    TOLD = "told"


_TEXTS: Final = frozenset({Question.NOTE, Question.WHAT, Question.TOLD})
_WORDS: Final = {
    Question.CONFIDENCE: "How confident is the client now, 1 (uneasy) to 5 (sure)?",
    Question.RPE: "How hard was the session (Borg)? Type 6 to 20, or up and down and Enter.",
    Question.NOTE: "A note about the session:",
    Question.WHAT: "INCIDENT 1/3  What happened?",
    Question.INJURY: "INCIDENT 2/3  Is anybody hurt? y or n",
    Question.TOLD: "INCIDENT 3/3  Who was told?",
}


class Interview:
    """Keys and texts go in; what is to be kept comes out."""

    def __init__(self) -> None:
        self.asked: Question | None = None
        self._entry = Entry(Asked.RPE, math.inf)
        self._what, self._injury = "", False
        self._confidence: int | None = None
        self._rpe: int | None = None
        self._notes: list[str] = []
        self._incidents = 0
        self._problem = ""

    @property
    def writes(self) -> bool:
        """Whether the answer is a text."""
        return self.asked in _TEXTS

    def open(self, question: Question) -> bool:
        """Ask it; False while another is open."""
        if self.asked is not None:
            return False
        self.asked, self._entry = question, Entry(Asked.RPE, math.inf)
        return True

    def leave(self) -> None:
        """Ask no more. An incident is kept as a whole or not at all."""
        self.asked = None

    def key(self, key: str) -> After | None:
        """One key of an answer."""
        match self.asked:
            case Question.CONFIDENCE if key in "12345":
                self.asked = None
                return ConfidenceAfter(int(key))
            case Question.RPE if key.isdigit() and self._entry.fits(int(key)):
                return self._rated(self._entry.take(int(key), 0.0))
            case Question.INJURY if key in "yn":
                self._injury, self.asked = key == "y", Question.TOLD
            case _:
                pass
        return None

    def step(self, by: int) -> None:
        """One rating up or down."""
        if self.asked is Question.RPE:
            self._entry.step(by, self._rpe, 0.0)

    def enter(self) -> After | None:
        """Keep the rating that the arrows chose."""
        stepped = self._entry.stepped
        return self._rated(ev.RpeGiven(stepped)) if self.asked is Question.RPE and stepped is not None else None

    def text(self, text: str) -> After | None:
        """A text was finished. An empty one leaves the question open, or says nobody was told."""
        said = text.strip()
        match self.asked:
            case Question.NOTE if said:
                self.asked = None
                return FreeNote(said)
            case Question.WHAT if said:
                self._what, self.asked = said, Question.INJURY
            case Question.TOLD:
                self.asked = None
                return Incident(self._what, self._injury, said)
            case _:
                pass
        return None

    def kept(self, said: After, problem: str | None) -> None:
        """What became of it."""
        self._problem = "" if problem is None else f"NOT KEPT: {problem}"
        if problem is not None:
            return
        match said:
            case ConfidenceAfter(value=value):
                self._confidence = value
            case SessionRpe(rating=rating):
                self._rpe = rating
            case FreeNote(text=text):
                self._notes.append(text)
            case _:
                self._incidents += 1

    def lines(self) -> list[str]:
        """What was said so far, and what is asked."""
        said = [
            f"confidence after: {'--' if self._confidence is None else self._confidence}",
            f"RPE of the session: {'--' if self._rpe is None else self._rpe}",
            f"notes: {len(self._notes)}",
            f"incident: {('kept', 'amended')[self._incidents > 1] if self._incidents else 'none'}",
        ]
        lines = ["   ".join(said)]
        lines += [f"  note: {note}" for note in self._notes[-NOTES_SHOWN:]]
        if self._problem:
            lines.append(self._problem)
        if self.asked is not None:
            lines.append(f"{_WORDS[self.asked]}{self._shown()}")
        return lines

    def _shown(self) -> str:
        entry = self._entry
        if self.asked is not Question.RPE:
            return ""
        if entry.stepped is None:
            return f"  {entry.digits}_"
        return f"  {entry.stepped} {meaning(entry.stepped)}"

    def _rated(self, event: ev.Event | None) -> After | None:
        if not isinstance(event, ev.RpeGiven):
            return None
        self.asked = None
        return SessionRpe(event.rating)
