"""What a trainer gives about a client, as options or in a form, and what of it becomes a fact: the same for both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from retroctl.app.client_profile import checked_text
from retroctl.domain.method.days import Day
from retroctl.domain.method.facts import SCREENING_DAYS, Clearance, Goal, Screening, ScreeningOutcome
from retroctl.errors import ClientError, ConfigError
from retroctl.units import Speed
from retroctl.written import decimal, whole

if TYPE_CHECKING:
    from enum import StrEnum

    from retroctl.domain.method.facts import Facts

    _Word = TypeVar("_Word", bound=StrEnum)

LONGEST_BY: Final = 80
WITHDRAWN: Final = "withdrawn"
"""In the place of a day: a consent that was given is taken back."""


@dataclass(frozen=True, slots=True)
class Given:
    """What `add` and `edit` take; None is "not given". Texts are as people write them."""

    birth_year: int | None = None
    mass: float | None = None
    mass_on: str | None = None
    resting_hr: int | None = None
    max_hr: int | None = None
    beta_blocker: bool | None = None
    falls: bool | None = None
    goal: str | None = None
    forward: str | None = None
    screening: str | None = None
    screened_on: str | None = None
    screening_expires: str | None = None
    consent: str | None = None
    injuries: str | None = None
    rename: str | None = None
    balance_mastered: bool | None = None
    incline: bool | None = None

    @property
    def voids_screening(self) -> bool:
        """Whether something has changed that asks for a new screening, and none is given."""
        return self.screening is None and (self.injuries is not None or bool(self.falls) or bool(self.beta_blocker))


@dataclass(frozen=True, slots=True)
class ClearanceGiven:
    """What `clear` takes."""

    clinician: str | None
    ends: str | None
    on: str | None
    max_speed: str | None
    low_hr: int | None
    high_hr: int | None
    max_rpe: int | None
    limits: str | None
    resume: bool
    remove: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """How a message names what was given, and the way out: as options of a command, or as fields of a form."""

    dashes: str
    between: str
    despite: str
    resume: str

    def of(self, name: str) -> str:
        """`screened-on` as the option or the field of that name."""
        return f"{self.dashes}{name.replace('-', self.between)}"


OPTIONS: Final = Terms("--", "-", '--despite "REASON"', "retroctl client clear NAME --resume ...")
FIELDS: Final = Terms("", " ", "write the reason after `despite`", "c on the list of clients, with `resume`")


def facts_of(before: Facts, given: Given, day: Day, terms: Terms) -> Facts:
    """The facts with what was given. Raises ClientError for what cannot be as of `day`."""
    changes: dict[str, Any] = {
        "birth_year": given.birth_year,
        "mass_kg": given.mass,
        "mass_day": _mass_day(given, day, terms),
        "resting_bpm": given.resting_hr,
        "max_bpm": given.max_hr,
        "beta_blocker": given.beta_blocker,
        "fall_history": given.falls,
        "goal": None if given.goal is None else written_word(terms.of("goal"), Goal, given.goal),
        "comfortable_forward": None if given.forward is None else written_speed(terms.of("forward"), given.forward),
        "screening": _screening(given, day, terms),
        "consent": _consent(before, given, day, terms),
        "balance_mastered": given.balance_mastered,
    }
    after = replace(before, **{key: value for key, value in changes.items() if value is not None})
    if _withdraws(given) and before.consent is not None:
        after = replace(after, consent=None)
    if given.incline is not None:
        after = replace(after, incline_confirmed=day if given.incline else None)
    after.check(day)
    return after


def clearance_of(given: ClearanceGiven, day: Day, terms: Terms) -> Clearance | None:
    """The clearance that was given; None where it is to be removed. Raises ClientError for one that cannot be."""
    if given.remove:
        return None
    if given.clinician is None or given.ends is None:
        raise ClientError(
            f"a clearance names who gave it and its last day: {terms.of('from')} WHO {terms.of('ends')} DATE (R20)"
        )
    speed = given.max_speed
    return Clearance(
        by=checked_text(terms.of("from"), given.clinician),
        day=day if given.on is None else written_day(terms.of("on"), given.on, day),
        ends=written_day(terms.of("ends"), given.ends, day),
        max_speed=None if speed is None else written_speed(terms.of("max-speed"), speed),
        low_bpm=given.low_hr,
        high_bpm=given.high_hr,
        rpe_max=given.max_rpe,
        resume=given.resume,
    )


def decider(by: str | None, account: str, terms: Terms) -> str:
    """Who decides: as given, or this computer's account. Raises ClientError."""
    if by is None:
        return account
    kept = checked_text(terms.of("by"), by)
    if not kept or len(kept) > LONGEST_BY:
        raise ClientError(f"{terms.of('by')}: give a name of 1 to {LONGEST_BY} characters")
    return kept


def written_day(named: str, text: str, day: Day) -> Day:
    """A day as people write it; `today` is `day`. Raises ClientError beginning with `named`."""
    if text == "today":
        return day
    try:
        return Day.parse(text)
    except ClientError as error:
        raise ClientError(f"{named}: {error}") from None


def written_speed(named: str, text: str) -> Speed:
    """A speed as people write it. Raises ClientError beginning with `named`."""
    try:
        return Speed.parse(text)
    except ConfigError as error:
        raise ClientError(f"{named}: {error}") from None


def written_word(named: str, words: type[_Word], text: str) -> _Word:
    """One of some words. Raises ClientError naming them."""
    try:
        return words(text)
    except ValueError:
        raise ClientError(f"{named} {text!r}: give one of {', '.join(words)}") from None


def written_whole(named: str, text: str) -> int:
    """A whole number. Raises ClientError beginning with `named`."""
    try:
        return whole(text)
    except ConfigError as error:
        raise ClientError(f"{named}: {error}") from None


def written_number(named: str, text: str) -> float:
    """A number, with a point or a comma. Raises ClientError beginning with `named`."""
    try:
        return decimal(text)
    except ConfigError as error:
        raise ClientError(f"{named}: {error}") from None


def _withdraws(given: Given) -> bool:
    return given.consent is not None and given.consent.strip().casefold() == WITHDRAWN


def _consent(before: Facts, given: Given, day: Day, terms: Terms) -> Day | None:
    if given.consent is None or (_withdraws(given) and before.consent is not None):
        return None
    return written_day(terms.of("consent"), given.consent, day)


def _mass_day(given: Given, day: Day, terms: Terms) -> Day | None:
    if given.mass is None:
        if given.mass_on is not None:
            raise ClientError(f"{terms.of('mass-on')} goes with {terms.of('mass')}")
        return None
    return day if given.mass_on is None else written_day(terms.of("mass-on"), given.mass_on, day)


def _screening(given: Given, day: Day, terms: Terms) -> Screening | None:
    if given.screening is None:
        if given.screened_on is not None or given.screening_expires is not None:
            both = f"{terms.of('screened-on')} and {terms.of('screening-expires')}"
            raise ClientError(f"{both} go with {terms.of('screening')}")
        return None
    outcome = written_word(terms.of("screening"), ScreeningOutcome, given.screening)
    done = day if given.screened_on is None else written_day(terms.of("screened-on"), given.screened_on, day)
    if done > day:
        what = terms.of("screened-on")
        raise ClientError(f"{what}: {done} is still to come (this computer says that today is {day})")
    if given.screening_expires is not None:
        expires = written_day(terms.of("screening-expires"), given.screening_expires, day)
    else:
        expires = done.plus(SCREENING_DAYS)
    return Screening(outcome, done, expires)
