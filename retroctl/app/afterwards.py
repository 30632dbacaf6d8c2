"""What is said after a session, at rest: how sure the client was, how hard it was, free text, an incident."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST_TEXT: Final = 10_000
"""Characters of one text; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class ConfidenceAfter:
    """The client's confidence after the session, 1 (uneasy) to 5 (sure): R5. Saying it again replaces it."""

    value: int


@dataclass(frozen=True, slots=True)
class SessionRpe:
    """Perceived exertion of the whole session, Borg 6 to 20. Saying it again replaces it."""

    rating: int


@dataclass(frozen=True, slots=True)
class FreeNote:
    """Free text about the session."""

    text: str


@dataclass(frozen=True, slots=True)
class Incident:
    """A fall or an emergency stop. Another one about the same session amends it; none is ever taken back."""

    what: str
    injury: bool
    told: str
    """Who was told."""


After = ConfidenceAfter | SessionRpe | FreeNote | Incident


@dataclass(frozen=True, slots=True)
class Afterwards:
    """Everything that was said after one session. `incidents`: the first, then what amended it, in order."""

    confidence: int | None = None
    rpe: int | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
    incidents: tuple[Incident, ...] = field(default_factory=tuple)
