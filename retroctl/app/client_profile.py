"""A client as known to the program: the facts with a name and free text, and how they are written as JSON."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, fields
from typing import Any, Final

from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Goal, Screening, ScreeningOutcome
from retroctl.errors import ClientError
from retroctl.units import Speed

LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 2000
RESERVED: Final = frozenset({"demo"})
"""The built-in client of the demonstration."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A client. `id` is random and stands in the record; everything else is in the clients' file only.

    `injuries` and `limits` are free text: what hurts, and what the clinician wrote.
    """

    id: str
    name: str
    facts: Facts
    injuries: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded change: when, by whom, what, and its particulars (from, to, conditions, reason)."""

    utc_ms: int
    by: str
    what: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A client in a list to choose from. `name` is foreign text: escape it where it is shown.

    `cap` is the fastest backward speed in words; `not_today` why no session may begin today, empty when one may.
    """

    id: str
    name: str
    level: Level
    cap: str
    not_today: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A client of whom what is kept cannot be read. `name` is foreign text; `why` says so, with the way out."""

    id: str
    name: str
    why: str


def checked_name(name: str) -> str:
    """The name as it is kept. Raises ClientError for one that is none."""
    kept = " ".join(unicodedata.normalize("NFC", name).split())
    if not kept:
        raise ClientError("a client needs a name; a pseudonym will do")
    if len(kept) > LONGEST_NAME:
        raise ClientError(f"a name of {len(kept)} characters is too long; give {LONGEST_NAME} or fewer")
    if not kept.isprintable():
        raise ClientError("a name is one line of printable characters")
    if name_key(kept) in RESERVED:
        raise ClientError(f"{kept!r} is the built-in client of the demonstration; choose another name")
    return kept


def checked_text(what: str, text: str) -> str:
    """Free text as it is kept. Raises ClientError for one that is too long or no text."""
    kept = text.strip()
    if len(kept) > LONGEST_TEXT:
        raise ClientError(f"{what}: {len(kept)} characters are too many; give {LONGEST_TEXT} or fewer")
    try:
        kept.encode("utf-8")
    except UnicodeEncodeError:
        raise ClientError(f"{what}: not a text") from None
    return kept


def name_key(name: str) -> str:
    """What two writings of one name have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def as_json(profile: Profile) -> dict[str, Any]:
    """The profile without id and name, in plain JSON types: days as 2026-11-24, speeds in km/h."""
    facts = _plain(_fields(profile.facts))
    return {**facts, "injuries": profile.injuries, "limits": profile.limits}


def _fields(value: Facts | Screening | Clearance) -> dict[str, Any]:
    """The fields of a dataclass, speeds under names with their unit."""
    units = {"comfortable_forward": "comfortable_forward_kmh", "max_speed": "max_speed_kmh"}
    return {units.get(key, key): getattr(value, key) for key in (field.name for field in fields(value))}


def _plain(named: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in named.items():
        if isinstance(value, Speed):
            shown[key] = value.kmh
        elif isinstance(value, Day):
            shown[key] = str(value)
        elif isinstance(value, Screening | Clearance):
            shown[key] = _plain(_fields(value))
        else:
            shown[key] = value.value if isinstance(value, Level | Goal | ScreeningOutcome) else value
    return shown
