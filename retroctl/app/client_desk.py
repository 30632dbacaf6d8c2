"""What a trainer does with a client: add, change, set the level, note a clearance, look. Each act is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from retroctl.app.client_given import OPTIONS, Given, clearance_of, decider, facts_of, written_word
from retroctl.app.client_profile import Profile, as_json, checked_text
from retroctl.app.client_words import change_line, condition_lines, level_head, profile_lines
from retroctl.domain.limits import LEVEL_CAPS, Level
from retroctl.domain.method.facts import Facts
from retroctl.domain.method.levels import Met, conditions
from retroctl.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from retroctl.app.client_given import ClearanceGiven, Terms
    from retroctl.app.client_profile import Change
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.levels import Condition
    from retroctl.domain.method.practice import Outing, Practice

CHANGES_SHOWN = 10


class Clients(Protocol):
    """Where clients are kept. Every call raises JournalError for a file that cannot be used; nothing changes then."""

    def add(self, name: str, make: Callable[[str], Profile], *, by: str) -> Profile:
        """Add a client: `make` gives the profile for a new id. Raises ClientError where the name is taken."""
        ...

    def find(self, name: str) -> Profile:
        """The client of that name, or with that id. Raises ClientError when there is none."""
        ...

    def changes(self, client_id: str) -> tuple[Change, ...]:
        """What was changed of a client, the first change first."""
        ...

    def change(
        self, name: str, edit: Callable[[Profile], tuple[Profile, dict[str, Any]]], *, by: str, what: str
    ) -> Profile:
        """Change a client as it is at this moment. Raises ClientError, and what `edit` raises."""
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """What a client has done so far: on a belt, and outdoors, where nothing was measured."""

    practice: tuple[Practice, ...] = ()
    outdoors: tuple[Outing, ...] = ()


@dataclass(frozen=True, slots=True)
class LevelSet:
    """A level that was set: whose, by whom, with what was known of its conditions."""

    profile: Profile
    by: str
    conditions: tuple[Condition, ...]


class ClientDesk:
    """The acts. Every one raises ClientError for what cannot be, and JournalError; nothing is changed then."""

    def __init__(
        self,
        clients: Clients,
        done: Callable[[str, bool], Done],
        *,
        today: Callable[[], Day],
        account: Callable[[], str],
        terms: Terms = OPTIONS,
    ) -> None:
        """`done`: what the client of an id has done, with sessions on the simulated treadmill or without.

        `account` is who decides where nobody is named; `terms` how messages name what was given.
        """
        self.clients, self.terms, self.today = clients, terms, today
        self._done, self._account = done, account

    def add(self, name: str, given: Given, by: str | None) -> Profile:
        """Add a client, at level new."""
        if given.birth_year is None:
            raise ClientError(f"{self.terms.of('birth-year')} is needed: every limit depends on the age")
        facts = facts_of(Facts(birth_year=given.birth_year), given, self.today(), self.terms)
        injuries = checked_text(self.terms.of("injuries"), given.injuries or "")
        return self.clients.add(name, lambda new: Profile(new, name, facts, injuries), by=self.decider(by))

    def edit(self, name: str, given: Given, by: str | None) -> Profile:
        """Change facts; the level has an act of its own."""
        day = self.today()

        def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
            injuries = given.injuries
            after = replace(
                before,
                name=before.name if given.rename is None else given.rename,
                facts=facts_of(before.facts, given, day, self.terms),
                injuries=before.injuries if injuries is None else checked_text(self.terms.of("injuries"), injuries),
            )
            return after, _differences(before, after)

        return self.clients.change(name, edit, by=self.decider(by), what="edited")

    def set_level(
        self, name: str, wanted: str, *, by: str | None, despite: str | None, with_simulated: bool
    ) -> LevelSet:
        """Set the level: the trainer's own act, recorded with its conditions. Nothing else changes a level."""
        level, day, who = written_word("level", Level, wanted), self.today(), self.decider(by)
        done = self._done(self.clients.find(name).id, with_simulated)
        reason = checked_text(self.terms.of("despite"), despite or "")
        found: tuple[Condition, ...] = ()

        def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
            nonlocal found
            if before.facts.level is level:
                raise ClientError(f"{before.name} is at level {level} already")
            found = conditions(level, before.facts, done.practice, day, outdoors=done.outdoors)
            if LEVEL_CAPS[level] > LEVEL_CAPS[before.facts.level]:
                self._refuse_unmet(level, found, reason)
            data = {
                "from": before.facts.level.value,
                "to": level.value,
                "conditions": [{"text": each.text, "met": each.met.value, "why": each.why} for each in found],
                "despite": reason,
                "with_simulated": with_simulated,
            }
            return replace(before, facts=replace(before.facts, level=level)), data

        after = self.clients.change(name, edit, by=who, what="level")
        return LevelSet(after, who, found)

    def clear(self, name: str, given: ClearanceGiven, by: str | None) -> Profile:
        """Note a clearance in place of the one before, or remove it."""
        day = self.today()
        clearance = clearance_of(given, day, self.terms)
        limits = "" if given.remove else checked_text(self.terms.of("limits"), given.limits or "")

        def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
            after = replace(before, facts=replace(before.facts, clearance=clearance), limits=limits)
            after.facts.check(day)
            return after, _differences(before, after)

        what = "clearance removed" if given.remove else "clearance"
        return self.clients.change(name, edit, by=self.decider(by), what=what)

    def conditions(self, profile: Profile, level: Level, *, with_simulated: bool) -> tuple[Condition, ...]:
        """What a level asks of this client, and what is known of it today. Changes nothing."""
        done = self._done(profile.id, with_simulated)
        return conditions(level, profile.facts, done.practice, self.today(), outdoors=done.outdoors)

    def lines(self, name: str) -> Iterator[str]:
        """Everything about a client, line by line, raw."""
        found, day = self.clients.find(name), self.today()
        yield from profile_lines(found, day)
        done = self._done(found.id, False)  # noqa: FBT003 - a callable takes it by position
        completed = sum(each.completed for each in done.practice)
        outdoors = f", {len(done.outdoors)} outdoors" if done.outdoors else ""
        yield f"  sessions         {len(done.practice)} on a treadmill, {completed} of them to their end{outdoors}"
        following = next((level for level in Level if LEVEL_CAPS[level] > LEVEL_CAPS[found.facts.level]), None)
        if following is not None:
            yield f"  level {level_head(following)} asks for"
            asked = conditions(following, found.facts, done.practice, day, outdoors=done.outdoors)
            yield from condition_lines(asked, indent=4)
        yield "  changes"
        yield from (f"    {change_line(change)}" for change in self.clients.changes(found.id)[-CHANGES_SHOWN:])

    def decider(self, by: str | None) -> str:
        """Who decides."""
        return decider(by, self._account(), self.terms)

    def _refuse_unmet(self, level: Level, found: tuple[Condition, ...], reason: str) -> None:
        missing = [each for each in found if each.met is not Met.MET]
        named = "; ".join(f"{each.met}: {each.text} ({each.why})" for each in missing)
        if any(each.binding for each in missing):
            raise ClientError(f"level {level}: {named}; a clinician decides this ({self.terms.resume})")
        if missing and not reason:
            raise ClientError(f"level {level}: {named}. To decide otherwise: {self.terms.despite}, which is recorded")


def _differences(before: Profile, after: Profile) -> dict[str, Any]:
    """From and to of every field that changed."""
    old, new = {"name": before.name, **as_json(before)}, {"name": after.name, **as_json(after)}
    return {key: {"from": old[key], "to": new[key]} for key in new if old[key] != new[key]}
