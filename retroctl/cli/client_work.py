"""What `retroctl client` does."""

from __future__ import annotations

import getpass
import json
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroctl import __version__
from retroctl.adapters.clients import ClientStore, Profile
from retroctl.adapters.clients.profile import as_json, checked_text
from retroctl.adapters.clients.straps import StrapBook
from retroctl.adapters.clients.training import assessment_json, programme_json
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal.erase import erase_client as erase_from_record
from retroctl.adapters.journal.export import notes_of, sessions_of
from retroctl.adapters.journal.history import history
from retroctl.cli.client_words import change_line, condition_lines, list_lines, profile_lines
from retroctl.cli.person import today
from retroctl.cli.written import written_day, written_speed, written_word
from retroctl.config import load_settings
from retroctl.domain.limits import LEVEL_CAPS, Level
from retroctl.domain.method.facts import SCREENING_DAYS, Clearance, Facts, Goal, Screening, ScreeningOutcome
from retroctl.domain.method.levels import Met, advice, conditions
from retroctl.errors import ClientError, ConfigError

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.levels import Condition
    from retroctl.domain.method.practice import Practice

EXPORT_VERSION = 1
LONGEST_BY = 80
WITHDRAWN = "withdrawn"
"""In the place of a day: a consent that was given is taken back."""


@dataclass(frozen=True, slots=True)
class Given:
    """The options of `add` and `edit`; None is "not given"."""

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


@dataclass(frozen=True, slots=True)
class ClearanceGiven:
    """The options of `clear`."""

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


def store() -> ClientStore:
    """The clients of the configured data folder."""
    return ClientStore(load_settings().data_dir)


def add_client(name: str, given: Given, by: str | None) -> None:
    """Add a client. Raises ClientError, JournalError."""
    if given.birth_year is None:
        raise ClientError("--birth-year is needed: every limit depends on the age")
    facts = _changed(Facts(birth_year=given.birth_year), given, today())
    injuries = checked_text("--injuries", given.injuries or "")
    kept = store().add(name, lambda client_id: Profile(client_id, name, facts, injuries), by=decided_by(by))
    print(f"Added {plain(kept.name)} (id {kept.id}), at level {kept.facts.level}.")
    _print(profile_lines(kept, today()))


def edit_client(name: str, given: Given, by: str | None) -> None:
    """Change facts. Raises ClientError, JournalError."""
    if given == Given():
        raise ClientError("nothing to change was given (see retroctl client edit --help)")
    day = today()

    def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
        after = replace(
            before,
            name=before.name if given.rename is None else given.rename,
            facts=_changed(before.facts, given, day),
            injuries=before.injuries if given.injuries is None else checked_text("--injuries", given.injuries),
        )
        return after, _differences(before, after)

    after = store().change(name, edit, by=decided_by(by), what="edited")
    if given.screening is None and (given.injuries is not None or given.falls or given.beta_blocker):
        print("A screening is void when something has changed: screen again and note it with --screening.")
    _print(profile_lines(after, day))


def show_client(name: str) -> None:
    """Print a client. Raises ClientError, JournalError."""
    clients = store()
    found = clients.find(name)
    _print(profile_lines(found, today()))
    done = _history(found, with_simulated=False)
    completed = sum(each.completed for each in done)
    print(f"  sessions         {len(done)} on a treadmill, {completed} of them to their end")
    following = next((level for level in Level if LEVEL_CAPS[level] > LEVEL_CAPS[found.facts.level]), None)
    if following is not None:
        print(f"  level {following} asks for")
        _print(condition_lines(conditions(following, found.facts, done, today()), indent=4))
    changes = clients.changes(found.id)
    print("  changes")
    _print(f"    {change_line(change)}" for change in changes[-10:])


def list_clients() -> None:
    """Print all clients. Raises JournalError."""
    found = store().listed(today())
    if not found:
        print("No clients yet: retroctl client add NAME --birth-year YEAR")
    _print(list_lines(found))


def show_levels(name: str, *, with_simulated: bool) -> None:
    """Print what every level asks for. Raises ClientError, JournalError."""
    found = store().find(name)
    done = _history(found, with_simulated=with_simulated)
    print(f"{plain(found.name)} is at level {found.facts.level}.")
    for level in Level:
        hint = advice(level)
        print(f"{level} (up to {LEVEL_CAPS[level]}){'' if hint is None else f'; {hint}'}")
        _print(condition_lines(conditions(level, found.facts, done, today()), indent=2))


def set_level(name: str, wanted: str, *, by: str | None, despite: str | None, with_simulated: bool) -> None:
    """Change a level, with its conditions recorded. Raises ClientError, JournalError."""
    level, day, clients = written_word("level", Level, wanted), today(), store()
    done = _history(clients.find(name), with_simulated=with_simulated)
    reason = checked_text("--despite", despite or "")
    shown: list[Condition] = []

    def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
        if before.facts.level is level:
            raise ClientError(f"{plain(before.name)} is at level {level} already")
        found = conditions(level, before.facts, done, day)
        shown[:] = found
        raised = LEVEL_CAPS[level] > LEVEL_CAPS[before.facts.level]
        if raised:
            _refuse_unmet(level, found, reason)
        data = {
            "from": before.facts.level.value,
            "to": level.value,
            "conditions": [{"text": each.text, "met": each.met.value, "why": each.why} for each in found],
            "despite": reason,
            "with_simulated": with_simulated,
        }
        return replace(before, facts=replace(before.facts, level=level)), data

    after = clients.change(name, edit, by=decided_by(by), what="level")
    _print(condition_lines(shown, indent=2))
    print(f"{plain(after.name)} is at level {level} now, set by {plain(decided_by(by))}.")
    hint = advice(level)
    if hint is not None:
        print(f"{hint[0].upper()}{hint[1:]}.")


def clear_client(name: str, given: ClearanceGiven, by: str | None) -> None:
    """Note or remove a clearance. Raises ClientError, JournalError."""
    day = today()
    clearance = None if given.remove else _clearance(given, day)
    limits = "" if given.remove else checked_text("--limits", given.limits or "")

    def edit(before: Profile) -> tuple[Profile, dict[str, Any]]:
        after = replace(before, facts=replace(before.facts, clearance=clearance), limits=limits)
        after.facts.check(day)
        return after, _differences(before, after)

    after = store().change(name, edit, by=decided_by(by), what="clearance removed" if given.remove else "clearance")
    _print(profile_lines(after, day))


def export_client(name: str, to: str | None) -> None:
    """Write one JSON file. Raises ClientError, ConfigError, JournalError."""
    clients = store()
    found = clients.find(name)
    record = _record()
    sessions = sessions_of(record, found.id)
    whole = {
        "format": "retroctl client",
        "version": EXPORT_VERSION,
        "program_version": __version__,
        "exported_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "client": {"id": found.id, "name": found.name, **as_json(found)},
        "strap": StrapBook(clients.file.parent).of(found.id),
        "changes": [
            {"utc": _utc(each.utc_ms), "by": each.by, "what": each.what, "data": each.data}
            for each in clients.changes(found.id)
        ],
        "programme": programme_json(clients.programme(found.id)),
        "assessments": [{"day": str(each.day), **assessment_json(each)} for each in clients.assessments(found.id)],
        "notes": notes_of(record, found.id),
        "sessions": sessions,
    }
    file = Path(f"client-{found.id}.json" if to is None else to)
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    try:
        # Never over something that is there, and for this account's eyes only.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ConfigError(f"{file}: there is a file already; name another with --to") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror or error}") from None
    print(f"{file}: {plain(found.name)}, {len(sessions)} sessions. It holds personal data: keep it safe.")


def erase_client(name: str, *, yes: bool) -> None:
    """Erase a client. Raises ClientError, JournalError, ConfigError where nobody can be asked."""
    clients = store()
    found = clients.find(name)
    if not yes:
        _ask_for_name(found.name)
    record = _record()
    # The record first: should it be in use, the client is still there to be erased again.
    if record.exists():
        erase_from_record(record, found.id)
    StrapBook(clients.file.parent).forget(found.id)
    clients.erase(found.id)
    print(
        f"Erased. Sessions stay in the record under the id {found.id}, which leads to nobody. Backups are not touched."
    )


def _ask_for_name(name: str) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for the name once more: add --yes")
    print(f"Erasing cannot be undone. Type the name ({plain(name)}) to erase it: ", end="", flush=True)
    if sys.stdin.readline().strip() != name:
        raise ConfigError("the name was not typed; nothing was erased")


def _changed(before: Facts, given: Given, day: Day) -> Facts:
    """The facts with what was given; checked."""
    changes: dict[str, Any] = {
        "birth_year": given.birth_year,
        "mass_kg": given.mass,
        "mass_day": _mass_day(given, day),
        "resting_bpm": given.resting_hr,
        "max_bpm": given.max_hr,
        "beta_blocker": given.beta_blocker,
        "fall_history": given.falls,
        "goal": None if given.goal is None else written_word("--goal", Goal, given.goal),
        "comfortable_forward": None if given.forward is None else written_speed("--forward", given.forward),
        "screening": _screening(given, day),
        "consent": _consent(before, given, day),
        "balance_mastered": given.balance_mastered,
    }
    after = replace(before, **{key: value for key, value in changes.items() if value is not None})
    if given.consent == WITHDRAWN and before.consent is not None:
        after = replace(after, consent=None)
    if given.incline is not None:
        after = replace(after, incline_confirmed=day if given.incline else None)
    after.check(day)
    return after


def _consent(before: Facts, given: Given, day: Day) -> Day | None:
    if given.consent is None or (given.consent == WITHDRAWN and before.consent is not None):
        return None
    return written_day("--consent", given.consent, day)


def _mass_day(given: Given, day: Day) -> Day | None:
    if given.mass is None:
        if given.mass_on is not None:
            raise ClientError("--mass-on goes with --mass")
        return None
    return day if given.mass_on is None else written_day("--mass-on", given.mass_on, day)


def _screening(given: Given, day: Day) -> Screening | None:
    if given.screening is None:
        if given.screened_on is not None or given.screening_expires is not None:
            raise ClientError("--screened-on and --screening-expires go with --screening")
        return None
    done = day if given.screened_on is None else written_day("--screened-on", given.screened_on, day)
    if done > day:
        raise ClientError(f"--screened-on: {done} is still to come (this computer says that today is {day})")
    expires = done.plus(SCREENING_DAYS)
    if given.screening_expires is not None:
        expires = written_day("--screening-expires", given.screening_expires, day)
    return Screening(written_word("--screening", ScreeningOutcome, given.screening), done, expires)


def _clearance(given: ClearanceGiven, day: Day) -> Clearance:
    if given.clinician is None or given.ends is None:
        raise ClientError("a clearance names who gave it and its last day: --from WHO --ends DATE (R20)")
    return Clearance(
        by=checked_text("--from", given.clinician),
        day=day if given.on is None else written_day("--on", given.on, day),
        ends=written_day("--ends", given.ends, day),
        max_speed=None if given.max_speed is None else written_speed("--max-speed", given.max_speed),
        low_bpm=given.low_hr,
        high_bpm=given.high_hr,
        rpe_max=given.max_rpe,
        resume=given.resume,
    )


def _refuse_unmet(level: Level, found: tuple[Condition, ...], reason: str) -> None:
    missing = [each for each in found if each.met is not Met.MET]
    named = "; ".join(f"{each.met}: {each.text} ({each.why})" for each in missing)
    if any(each.binding for each in missing):
        raise ClientError(f"level {level}: {named}; a clinician decides this (retroctl client clear NAME --resume ...)")
    if missing and not reason:
        raise ClientError(f'level {level}: {named}. To decide otherwise: --despite "REASON", which is recorded')


def _differences(before: Profile, after: Profile) -> dict[str, Any]:
    """From and to of every field that changed."""
    old, new = {"name": before.name, **as_json(before)}, {"name": after.name, **as_json(after)}
    return {key: {"from": old[key], "to": new[key]} for key in new if old[key] != new[key]}


def _history(profile: Profile, *, with_simulated: bool) -> tuple[Practice, ...]:
    return history(_record(), profile.id, with_simulated=with_simulated)


def _record() -> Path:
    return load_settings().data_dir / FILE_NAME


def decided_by(by: str | None) -> str:
    """Who decides: as given, or this computer's account. Raises ClientError."""
    if by is None:
        try:
            return getpass.getuser()
        except (KeyError, OSError, ImportError):
            return "unknown"
    kept = checked_text("--by", by)
    if not kept or len(kept) > LONGEST_BY:
        raise ClientError(f"--by: give a name of 1 to {LONGEST_BY} characters")
    return kept


def _utc(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).isoformat(timespec="seconds")


def _print(lines: Any) -> None:
    for line in lines:
        print(line)
