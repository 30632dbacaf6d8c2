"""A client as kept: the facts with a name and free text, and how they are written as JSON."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Goal, Screening, ScreeningOutcome
from retroctl.errors import ClientError, JournalError
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


def _day(value: Any) -> Any:
    return Day.parse(value) if isinstance(value, str) else value


def _speed(value: Any) -> Any:
    return Speed.from_kmh(value) if isinstance(value, int | float) else value


_Day = Annotated[Day, BeforeValidator(_day)]
_Kmh = Annotated[Speed, BeforeValidator(_speed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True, frozen=True)


class _Screening(_Strict):
    outcome: ScreeningOutcome
    day: _Day
    expires: _Day


class _Clearance(_Strict):
    by: str
    day: _Day
    ends: _Day
    max_speed_kmh: _Kmh | None
    low_bpm: int | None
    high_bpm: int | None
    rpe_max: int | None
    resume: bool


class _Profile(_Strict):
    """The JSON of a client. A field that is added needs a default: files of before do not have it."""

    birth_year: int
    level: Level
    goal: Goal
    mass_kg: float | None
    mass_day: _Day | None
    resting_bpm: int | None
    max_bpm: int | None
    beta_blocker: bool
    comfortable_forward_kmh: _Kmh | None
    fall_history: bool
    balance_mastered: bool
    incline_confirmed: _Day | None
    screening: _Screening | None
    clearance: _Clearance | None
    consent: _Day | None
    injuries: str
    limits: str


def as_json(profile: Profile) -> dict[str, Any]:
    """The profile without id and name, in plain JSON types: days as 2026-11-24, speeds in km/h."""
    facts = _plain(_fields(profile.facts))
    return {**facts, "injuries": profile.injuries, "limits": profile.limits}


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, speeds under names with their unit."""
    units = {"comfortable_forward": "comfortable_forward_kmh", "max_speed": "max_speed_kmh"}
    return {units.get(key, key): getattr(value, key) for key in type(value).__dataclass_fields__}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in fields.items():
        if isinstance(value, Speed):
            shown[key] = value.kmh
        elif isinstance(value, Day):
            shown[key] = str(value)
        elif isinstance(value, Screening | Clearance):
            shown[key] = _plain(_fields(value))
        else:
            shown[key] = value.value if isinstance(value, Level | Goal | ScreeningOutcome) else value
    return shown


def from_json(client_id: str, name: str, text: str, file: str) -> Profile:
    """The profile that `text` is. Raises JournalError naming the file when it cannot be one."""
    try:
        read = _Profile.model_validate_json(text)
        fields = {key: getattr(read, key) for key in _Profile.model_fields}
        injuries, limits = fields.pop("injuries"), fields.pop("limits")
        fields["comfortable_forward"] = fields.pop("comfortable_forward_kmh")
        if read.screening is not None:
            fields["screening"] = Screening(read.screening.outcome, read.screening.day, read.screening.expires)
        if read.clearance is not None:
            given = {key: getattr(read.clearance, key) for key in _Clearance.model_fields}
            given["max_speed"] = given.pop("max_speed_kmh")
            fields["clearance"] = Clearance(**given)
        return Profile(client_id, name, Facts(**fields), injuries, limits)
    except (ValidationError, ClientError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise JournalError(
            f"{file}: what is kept of client {client_id} cannot be read ({reason}); put a backup in its place"
        ) from None
