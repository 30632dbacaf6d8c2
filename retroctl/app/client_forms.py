"""The forms about a client: which fields, what stands in them, what becomes of what was written. Texts are raw."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from retroctl.app import client_help as words
from retroctl.app.client_given import (
    FIELDS,
    WITHDRAWN,
    ClearanceGiven,
    Given,
    written_number,
    written_whole,
    written_word,
)
from retroctl.app.client_words import SCREEN_AGAIN, clearance_words, condition_lines, level_head, level_lines
from retroctl.domain.limits import Level
from retroctl.domain.method.facts import Goal, ScreeningOutcome
from retroctl.domain.method.today import not_today
from retroctl.errors import ClientError, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from retroctl.app.client_desk import ClientDesk
    from retroctl.app.client_profile import Profile

NO_YES: Final = ("no", "yes")
_DAY: Final = "a date as 2026-11-24, or today"
UNITS: Final = {
    **dict.fromkeys(("mass-on", "screened-on", "screening-expires", "consent", "ends", "on"), _DAY),
    **dict.fromkeys(("resting-hr", "max-hr", "low-hr", "high-hr"), "beats a minute"),
    **dict.fromkeys(("forward", "max-speed"), "8.0km/h or 5mph"),
    "birth-year": "needed",
    "by": "this computer's account",
    "mass": "kg",
    "max-rpe": "6 to 20",
}
UNCHANGED: Final = ""
"""Of a field with words to choose from: nothing was chosen."""


class Act(StrEnum):
    """What a form is for."""

    ADD = "add"
    EDIT = "edit"
    LEVEL = "level"
    CLEAR = "clearance"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field. `choices` are all that may stand in it; without any it takes text. `hint` is one sentence."""

    key: str
    hint: str
    value: str = ""
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name, which messages use."""
        return FIELDS.of(self.key)

    @property
    def unit(self) -> str:
        """What is written into it, where it is empty."""
        return UNITS.get(self.key, "")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is opened. `client_id` is None for somebody new; `now` says what is kept so far."""

    act: Act
    title: str
    keep: str
    """What keeping it is called."""
    fields: tuple[FormField, ...]
    client_id: str | None = None
    now: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept: of whom, under which name from now on, and what there is to say."""

    client_id: str
    name: str
    said: tuple[str, ...]


class ClientForms:
    """The forms, and what they do. Raises ClientError for what cannot be, JournalError; nothing is kept then."""

    def __init__(self, desk: ClientDesk) -> None:
        """`desk` with the terms of forms."""
        self._desk = desk

    def open(self, act: Act, client_id: str | None) -> Form:
        """A form for somebody new, or for the client of that id as kept at this moment."""
        if act is Act.ADD or client_id is None:
            fields = (FormField("name", words.NAME), *_facts(None), _by(self._desk))
            return Form(Act.ADD, "A new client, at level new", "add this client", fields)
        found = self._desk.clients.find(client_id)
        match act:
            case Act.LEVEL:
                return self._level(found)
            case Act.CLEAR:
                return self._clear(found)
            case _:
                fields = (FormField("name", words.NAME, found.name), *_facts(found), _by(self._desk))
                return Form(Act.EDIT, f"What is noted of {found.name}", "keep the changes", fields, found.id)

    def lines(self, client_id: str) -> list[str]:
        """Everything about a client, line by line."""
        return list(self._desk.lines(client_id))

    def beside(self, form: Form, values: Mapping[str, str]) -> tuple[str, ...]:
        """What belongs to what is chosen: the conditions of a level, each met, not met or unknown."""
        if form.act is not Act.LEVEL or form.client_id is None:
            return form.now
        try:
            found = self._desk.clients.find(form.client_id)
            level = written_word("level", Level, values["level"])
            asked = self._desk.conditions(found, level, with_simulated=values["with-simulated"] == "yes")
        except (ClientError, JournalError) as error:
            return (str(error),)
        return (*form.now, f"level {level_head(level)} asks for", *condition_lines(asked, indent=2))

    def keep(self, form: Form, values: Mapping[str, str]) -> Kept:
        """Do what the form is for. `values`: what stands in each field."""
        written = _Written(form, values)
        by = written.changed("by")
        match form.act:
            case Act.ADD:
                return self._added(written, by)
            case Act.EDIT:
                return self._edited(written, by)
            case Act.LEVEL:
                return self._level_set(written, by)
            case _:
                return self._cleared(written, by)

    # -- the acts ----------------------------------------------------------------------------------------------------

    def _added(self, written: _Written, by: str | None) -> Kept:
        kept = self._desk.add(written.values["name"], written.given(), by)
        return Kept(kept.id, kept.name, (f"Added {kept.name}, at level {kept.facts.level}.", *self._missing(kept)))

    def _edited(self, written: _Written, by: str | None) -> Kept:
        given = written.given()
        if given == Given():
            raise ClientError("nothing was changed")
        after = self._desk.edit(written.client_id, given, by)
        void = (f"{SCREEN_AGAIN}.",) if given.voids_screening else ()
        return Kept(after.id, after.name, (f"Kept what was changed of {after.name}.", *void, *self._missing(after)))

    def _level_set(self, written: _Written, by: str | None) -> Kept:
        simulated = written.values["with-simulated"] == "yes"
        done = self._desk.set_level(
            written.client_id, written.values["level"], by=by, despite=written.changed("despite"),
            with_simulated=simulated,
        )  # fmt: skip
        said = (*level_lines(done.profile, done.by), *self._missing(done.profile))
        return Kept(done.profile.id, done.profile.name, said)

    def _cleared(self, written: _Written, by: str | None) -> Kept:
        text, whole = written.changed, written.whole
        given = ClearanceGiven(
            clinician=text("from"), ends=text("ends"), on=text("on"), max_speed=text("max-speed"),
            low_hr=whole("low-hr"), high_hr=whole("high-hr"), max_rpe=whole("max-rpe"), limits=text("limits"),
            resume=written.values["resume"] == "yes", remove=written.values["remove"] == "yes",
        )  # fmt: skip
        after = self._desk.clear(written.client_id, given, by)
        clearance = after.facts.clearance
        now = "none" if clearance is None else clearance_words(clearance)
        return Kept(after.id, after.name, (f"Clearance of {after.name}: {now}.", *self._missing(after)))

    def _missing(self, profile: Profile) -> Iterator[str]:
        reasons = not_today(profile.facts, self._desk.today())
        yield from (f"No session today: {reason}." for reason in reasons)

    # -- the forms ---------------------------------------------------------------------------------------------------

    def _level(self, found: Profile) -> Form:
        present = found.facts.level.value
        fields = (
            FormField("level", words.LEVEL, present, tuple(level.value for level in Level)),
            FormField("despite", words.DESPITE),
            FormField("with-simulated", words.WITH_SIMULATED, "no", NO_YES),
            _by(self._desk),
        )
        now = (f"{found.name} is at level {present}. It changes only when you set it here.",)
        return Form(Act.LEVEL, f"The level of {found.name}", "set this level", fields, found.id, now)

    def _clear(self, found: Profile) -> Form:
        fields = (
            FormField("from", words.CLINICIAN),
            FormField("ends", words.ENDS),
            FormField("on", words.GIVEN_ON),
            FormField("max-speed", words.MAX_SPEED),
            FormField("low-hr", words.LOW_HR),
            FormField("high-hr", words.HIGH_HR),
            FormField("max-rpe", words.MAX_RPE),
            FormField("limits", words.LIMITS),
            FormField("resume", words.RESUME, "no", NO_YES),
            FormField("remove", words.REMOVE, "no", NO_YES),
            _by(self._desk),
        )
        clearance = found.facts.clearance
        now = ["No clearance is noted."] if clearance is None else [f"Noted now: {clearance_words(clearance)}."]
        now += [f"Further limits: {found.limits}"] if found.limits else []
        now += ["What is kept here takes its place as a whole."] if clearance is not None else []
        title = f"A clinician's clearance for {found.name}"
        return Form(Act.CLEAR, title, "note this clearance", fields, found.id, tuple(now))


def _facts(found: Profile | None) -> Sequence[FormField]:
    """The fields of the facts; of somebody new all are empty."""
    facts = None if found is None else found.facts
    screening = None if facts is None else facts.screening
    consent = None if facts is None else facts.consent
    noted = f" Noted: {screening.outcome}, until {screening.expires}." if screening else ""
    outcomes = tuple(each.value for each in ScreeningOutcome)
    consent_help = f"{words.CONSENT} A date, or today."
    if consent is not None:
        consent_help = f"{words.CONSENT_OR_NONE} A date, today, or {WITHDRAWN}."
    fields = [
        FormField("birth-year", words.BIRTH_YEAR, _shown(facts, "birth_year")),
        FormField("mass", words.MASS, "" if facts is None or facts.mass_kg is None else f"{facts.mass_kg:g}"),
        FormField("mass-on", words.MASS_ON, _shown(facts, "mass_day")),
        FormField("resting-hr", words.RESTING_HR, _shown(facts, "resting_bpm")),
        FormField("max-hr", words.MAX_HR, _shown(facts, "max_bpm")),
        FormField("beta-blocker", words.BETA_BLOCKER, _yes(facts, "beta_blocker"), NO_YES),
        FormField("falls", words.FALLS, _yes(facts, "fall_history"), NO_YES),
        FormField(
            "goal", words.GOAL, Goal.GENERAL if facts is None else facts.goal, tuple(each.value for each in Goal)
        ),
        FormField("forward", words.FORWARD, _speed(facts)),
        FormField("screening", words.SCREENING + noted, UNCHANGED, (UNCHANGED, *outcomes)),
        FormField("screened-on", words.SCREENED_ON),
        FormField("screening-expires", words.SCREENING_EXPIRES),
        FormField("consent", consent_help, "" if consent is None else str(consent)),
        FormField("injuries", words.INJURIES, "" if found is None else found.injuries),
    ]
    if facts is not None:
        incline = "no" if facts.incline_confirmed is None else "yes"
        fields += [
            FormField("balance-mastered", words.BALANCE_MASTERED, _yes(facts, "balance_mastered"), NO_YES),
            FormField("incline-confirmed", words.INCLINE, incline, NO_YES),
        ]
    return fields


def _by(desk: ClientDesk) -> FormField:
    return FormField("by", f"{words.BY} Now: {desk.decider(None)}.")


def _shown(facts: Any, name: str) -> str:
    value = None if facts is None else getattr(facts, name)
    return "" if value is None else str(value)


def _yes(facts: Any, name: str) -> str:
    return "yes" if facts is not None and getattr(facts, name) else "no"


def _speed(facts: Any) -> str:
    value = None if facts is None else facts.comfortable_forward
    return "" if value is None else f"{value.kmh:g}km/h"


class _Written:
    """What stands in the fields of a form: only what was changed is given."""

    def __init__(self, form: Form, values: Mapping[str, str]) -> None:
        self._fields = {field.key: field for field in form.fields}
        self.values = values
        self.client_id = form.client_id or ""

    def changed(self, key: str) -> str | None:
        """The text of a field that was changed. Raises ClientError for one that was emptied: nothing is un-noted."""
        field = self._fields.get(key)
        if field is None or self.values[key] == field.value:
            return None
        text = self.values[key]
        if not text.strip() and field.value and key != "injuries":
            if key == "consent":
                raise ClientError(f"{field.label}: to take it back, write {WITHDRAWN}; it was {field.value}")
            raise ClientError(f"{field.label}: what is noted can be changed, not taken back; it was {field.value}")
        return text if text.strip() or key == "injuries" else None

    def whole(self, key: str) -> int | None:
        """The same as a whole number."""
        text = self.changed(key)
        return None if text is None else written_whole(FIELDS.of(key), text)

    def yes(self, key: str) -> bool | None:
        """The same as yes or no."""
        text = self.changed(key)
        return None if text is None else text == "yes"

    def given(self) -> Given:
        """Everything that was changed."""
        text, mass = self.changed, self.changed("mass")
        return Given(
            birth_year=self.whole("birth-year"),
            mass=None if mass is None else written_number(FIELDS.of("mass"), mass),
            mass_on=text("mass-on"),
            resting_hr=self.whole("resting-hr"),
            max_hr=self.whole("max-hr"),
            beta_blocker=self.yes("beta-blocker"),
            falls=self.yes("falls"),
            goal=text("goal"),
            forward=text("forward"),
            screening=text("screening"),
            screened_on=text("screened-on"),
            screening_expires=text("screening-expires"),
            consent=text("consent"),
            injuries=text("injuries"),
            rename=text("name") if self.client_id else None,
            balance_mastered=self.yes("balance-mastered"),
            incline=self.yes("incline-confirmed"),
        )
