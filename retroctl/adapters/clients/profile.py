"""How a client is kept: read from JSON, whatever stands there."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from retroctl.app.client_profile import Profile
from retroctl.domain.limits import Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import Clearance, Facts, Goal, Screening, ScreeningOutcome
from retroctl.errors import ClientError, JournalError
from retroctl.units import Speed

LONGEST_REASON: Final = 120


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
    except (ClientError, ValueError, OverflowError) as error:  # ValidationError is a ValueError
        raise JournalError(
            f"{file}: what is kept of client {client_id} cannot be read ({_reason(error)}); update retroctl if a newer "
            f"one wrote it, put a backup in its place, or remove this client: retroctl client erase {client_id}"
        ) from None


def _reason(error: Exception) -> str:
    """The first thing that is wrong, in one line and without what stands there: it is about a person."""
    text = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        text = ": ".join([*(".".join(map(str, first["loc"])),) * bool(first["loc"]), first["msg"]])
    return " ".join(text.split())[:LONGEST_REASON]
