"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The outcome of a check. Unknown is not ok: it says that nothing can be said. A note is no obstacle."""

    OK = "ok"
    NOTE = "note"
    NOT_OK = "not ok"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    name: str
    state: State
    detail: str
    """What was found."""
    what_to_do: str = ""
    """The way out; empty when there is nothing to do."""


def ok(name: str, detail: str, what_to_do: str = "") -> Check:
    """Make the line of a check that passed."""
    return Check(name, State.OK, detail, what_to_do)


def not_ok(name: str, detail: str, what_to_do: str) -> Check:
    """Make the line of a check that failed."""
    return Check(name, State.NOT_OK, detail, what_to_do)


def unknown(name: str, detail: str, what_to_do: str = "") -> Check:
    """Make the line of a check that could not tell."""
    return Check(name, State.UNKNOWN, detail, what_to_do)


def note(name: str, detail: str, what_to_do: str = "") -> Check:
    """Make the line of something that a session can do without, and that is not there."""
    return Check(name, State.NOTE, detail, what_to_do)
