"""`retroctl report`: a client's progress written as one HTML file. Nothing leaves this computer."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal.confidence import confidences
from retroctl.adapters.journal.history import history, outings
from retroctl.adapters.journal.overview import local_day, overview
from retroctl.adapters.report import as_html
from retroctl.app.history import clock
from retroctl.app.report import MOST_WEEKS, Asked, page
from retroctl.cli.person import today
from retroctl.config import load_settings
from retroctl.domain.method.days import Day
from retroctl.domain.method.figures import NO_CONFIDENCE
from retroctl.domain.method.programme import PROGRAMMES, ProgrammeName
from retroctl.domain.method.progress import WEEK_DAYS, Done, monday
from retroctl.domain.method.proposal import NoSession, next_session
from retroctl.domain.method.today import not_today
from retroctl.errors import ClientError, ConfigError, PlanError

if TYPE_CHECKING:
    from retroctl.adapters.clients import Profile
    from retroctl.adapters.journal.overview import Line
    from retroctl.domain.method.figures import Confidence
    from retroctl.domain.method.practice import Outing, Practice
    from retroctl.domain.method.proposal import Proposal

USUAL_WEEKS: Final = 6
"""A programme's length; assessment follows after four to six weeks."""


UNDECIDED: Final = (
    "The same once more, or one thing more: a little faster, a little longer, or one interval more; never two at once.",
    "Trainer and client decide together, by how it felt and how steady it was.",
)


def report_command(
    name: str, *, weeks: int | None, out: str | None, programme: str | None, began: str | None, with_simulated: bool
) -> None:
    """Write the report. Raises ClientError, ConfigError, JournalError."""
    folder, day = load_settings().data_dir, today()
    store = ClientStore(folder)
    profile = store.find(name)
    lines = overview(folder / FILE_NAME, client_id=profile.id)
    wanted = [line for line in lines if with_simulated or not line.simulated]
    said = confidences(folder / FILE_NAME, profile.id)
    done = tuple(_done(line, said) for line in reversed(wanted) if line.figures.holds)
    kept = store.programme(profile.id) if programme is None and began is None else None
    # What the client is on is known, unless another one is asked for.
    outdoors = outings(folder / FILE_NAME, profile.id)
    days = sorted([*(each.day for each in done), *(each.day for each in outdoors)])
    chosen, start = (kept.name, kept.started) if kept else _programme(programme, began, days, day)
    first = _first_day(weeks, start, day)
    practice = history(folder / FILE_NAME, profile.id, with_simulated=with_simulated)
    asked = Asked(
        name=profile.name,
        done=done,
        first=first,
        today=day,
        simulated=any(line.simulated for line in wanted),
        assessments=store.assessments(profile.id),
        programme=None if chosen is None else (chosen.value, PROGRAMMES[chosen].sessions),
        next_step=next_steps(profile, practice, chosen, start, day, outdoors=outdoors),
        outdoors=outdoors,
    )
    file = _write(as_html(page(asked)), out, f"report-{profile.id}-{day}.html")
    hidden = len(lines) - len(wanted)
    outside = f", {len(outdoors)} outdoors" if outdoors else ""
    print(f"{file}: {plain(profile.name)}, {len(done)} sessions{outside}. It holds personal data: keep it safe.")
    if hidden:
        print(f"{hidden} sessions on the simulated treadmill are left out; --with-simulated counts them.")


def _done(line: Line, said: dict[str, Confidence]) -> Done:
    figures = replace(line.figures, confidence=said.get(line.id, NO_CONFIDENCE))
    return Done(local_day(line.started_utc), figures)


def _programme(programme: str | None, began: str | None, days: list[Day], day: Day) -> tuple[ProgrammeName | None, Day]:
    """The programme, and the day from which its weeks are counted."""
    if began is not None and programme is None:
        raise ConfigError("--began goes with --programme")
    first = days[0] if days else day
    if programme is None:
        return None, monday(first)
    try:
        chosen = ProgrammeName(programme)
    except ValueError:
        raise ConfigError(f"--programme {programme!r}: give one of {', '.join(ProgrammeName)}") from None
    try:
        start = first if began is None else Day.parse(began)
    except ClientError as error:
        raise ConfigError(f"--began: {error}") from None
    if start > day:
        raise ConfigError(f"--began {start} is still to come (today is {day})")
    return chosen, start


def _first_day(weeks: int | None, start: Day, day: Day) -> Day:
    """The first day of the page: so many weeks back, on the weekday on which weeks begin; never before the start."""
    if weeks is not None and not 1 <= weeks <= MOST_WEEKS:
        raise ConfigError(f"--weeks {weeks}: give 1 to {MOST_WEEKS}")
    begun = max(0, day.days_since(start)) // WEEK_DAYS
    shown = (weeks or USUAL_WEEKS) - 1
    return start.plus(WEEK_DAYS * max(0, begun - shown))


def next_steps(
    profile: Profile,
    practice: tuple[Practice, ...],
    chosen: ProgrammeName | None,
    start: Day,
    day: Day,
    *,
    outdoors: tuple[Outing, ...] = (),
) -> tuple[str, ...]:
    """What comes next, in plain sentences; never a promise."""
    reasons = not_today(profile.facts, day)
    if reasons:
        return ("Before the next session:", *(f"{reason.text[0].upper()}{reason.text[1:]}." for reason in reasons))
    if chosen is not None:
        try:
            return _proposed(next_session(profile.facts, practice, chosen, start, day, outdoors=outdoors))
        except PlanError as error:
            return (f"{str(error)[0].upper()}{str(error)[1:]}.",)
    return UNDECIDED


def _proposed(proposal: Proposal | NoSession) -> tuple[str, ...]:
    if isinstance(proposal, NoSession):
        return tuple(f"{why[0].upper()}{why[1:]}." for why in proposal.why)
    shape = proposal.shape
    times = "once" if shape.count == 1 else f"{shape.count} times"
    first = f"Session {proposal.number}: {times} {clock(shape.interval_s)} min backward at up to {shape.peak}."
    rises = "Nothing rises." if proposal.variable is None else f"One thing rises: the {proposal.variable}."
    return (first, rises, *(f"{why[0].upper()}{why[1:]}." for why in proposal.why))


def _write(text: str, out: str | None, usual: str) -> Path:
    """Write the file whole or not at all, for this account's eyes only.

    A report of the same client and day is made anew; a file that was named is never written over.
    """
    file = Path(usual if out is None else out)
    if out is not None and file.exists():
        raise ConfigError(f"{file}: there is a file already; name another with --out")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
                opened.write(text)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{file}: cannot be written: {reason}") from None
    return file
