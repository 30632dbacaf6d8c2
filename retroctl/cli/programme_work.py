"""What `retroctl programme` does."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.adapters.clients import Begun
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal.history import history, outings
from retroctl.app.client_given import written_day, written_speed, written_word
from retroctl.app.client_profile import checked_text
from retroctl.app.client_words import LONGEST_LINE
from retroctl.cli import person as clock
from retroctl.cli.client_work import decided_by, store
from retroctl.config import load_settings
from retroctl.domain.method.assessment import (
    DUE_FROM_DAYS,
    Assessment,
    Due,
    before_and_after,
    compared,
    due,
    fastest_calm,
)
from retroctl.domain.method.calendar import Mark, calendar, counted
from retroctl.domain.method.one_variable import Variable
from retroctl.domain.method.programme import PROGRAMMES, ProgrammeName
from retroctl.domain.method.proposal import NoSession, Proposal, next_session
from retroctl.errors import ClientError, PlanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.clients import ClientStore, Profile
    from retroctl.domain.method.calendar import Box, Week
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.practice import Outing, Practice

BOXES: Final = {Mark.DONE: "[x]", Mark.CUT_SHORT: "[/]", Mark.MISSED: "[-]", Mark.DUE: "[>]", Mark.AHEAD: "[ ]"}
OUTDOORS_DAYS: Final = 7
OUTDOORS_COUNT: Final = (
    "Outdoors counts for rest (R16), and a balance event or a high RPE there holds back; "
    "it is none of the programme (R25)."
)
PROPOSED: Final = frozenset({"--client", "--plan", "--top", "--hold"})
"""With whom and what: it would no longer be what was proposed, and for what reasons."""
NOTHING_MEASURED: Final = (
    " Nothing was measured, so this is a note and no assessment: --balance, --stands or --speed gives a measure."
)
FURTHEST_DAYS: Final = 366
"""A first day further from today is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A client with what is proposed for today."""

    profile: Profile
    what: Proposal | NoSession


@dataclass(frozen=True, slots=True)
class Measured:
    """The options of `assess`; None is "not measured"."""

    speed: str | None = None
    balance: float | None = None
    stands: int | None = None
    forward: str | None = None
    forward_hr: float | None = None
    forward_rpe: float | None = None
    note: str | None = None


def start_programme(client: str, name: str, *, on: str | None, instead: bool, by: str | None) -> None:
    """Begin a programme. Raises ClientError, PlanError, JournalError."""
    clients, day = store(), clock.today()
    found = clients.find(client)
    wanted = written_word("programme", ProgrammeName, name)
    started = day if on is None else written_day("--on", on, day)
    if abs(started.days_since(day)) > FURTHEST_DAYS:
        raise ClientError(f"--on {started} is more than a year from today, {day}")
    before = clients.programme(found.id)
    if before is not None and not instead:
        raise ClientError(
            f"{plain(found.name)} has been in {before.name} since {before.started}; "
            "--instead ends that one and begins this"
        )
    # Whom it is not for is refused now, with the reason: not at the first session.
    next_session(found.facts, _done(found, simulated=False), wanted, started, day, outdoors=_outdoors(found))
    clients.begin_programme(found.id, Begun(wanted, started, decided_by(by)))
    sessions = PROGRAMMES[wanted].sessions
    length = "until the clearance ends" if sessions is None else f"{sessions} sessions"
    print(f"{plain(found.name)} is in the programme {wanted} from {started}: {length}, three a week at most.")
    _say_assessment(clients, found, day)


def propose(client: str, sim: str | None) -> Proposed:
    """Print today's proposal with its reasons. Raises ClientError, PlanError, JournalError."""
    clients, day = store(), clock.today()
    found = clients.find(client)
    found.facts.check(day)
    begun = _begun(clients, found)
    if day < begun.started:
        raise ClientError(f"{begun.name} begins on {begun.started} with {plain(found.name)}; until then nothing is due")
    outdoors, done = _outdoors(found), _done(found, simulated=sim is not None)
    proposed = next_session(found.facts, done, begun.name, begun.started, day, outdoors=outdoors)
    if isinstance(proposed, NoSession):
        print(f"No session with {plain(found.name)} today.")
    else:
        sessions = PROGRAMMES[begun.name].sessions
        of = "" if sessions is None else f" of {sessions}"
        shape = proposed.shape
        print(f"{plain(found.name)}, {begun.name}, session {proposed.number}{of}: {proposed.preset}")
        if proposed.preset == "ladder":
            print(f"  up to {shape.peak}, every speed held {shape.interval_s:g} s")
        else:
            minutes = f"{shape.main_s / 60:.0f} minutes in all after the warm-up"
            print(f"  {shape.count} x {shape.interval_s:g} s at {shape.peak}, {minutes}")
        rises = "nothing" if proposed.variable is None else f"the {proposed.variable}"
        print(f"  against the last one of its kind rises: {rises} (R11)")
    for reason in proposed.why:
        print(f"  - {plain(reason)}")
    lately = sum(day.days_since(outing.day) < OUTDOORS_DAYS for outing in outdoors)
    if lately:
        print(f"  Outdoors in the last seven days: {lately}. {OUTDOORS_COUNT}")
    _say_assessment(clients, found, day)
    return Proposed(found, proposed)


def refuse_others(options: Sequence[str]) -> None:
    """Raise PlanError for options of `run` that would make another session of the proposal."""
    for option in options:
        name = option.partition("=")[0]
        if name in PROPOSED:
            raise PlanError(f"{name} is the proposal's own; leave it out, or use retroctl run for another session")


def next_command(proposed: Proposed, sim: str | None, options: Sequence[str]) -> list[str] | None:
    """Print the exact command that runs what is proposed, and give it; None when nothing is."""
    if isinstance(proposed.what, NoSession):
        return None
    command = ["run", "--client", _argument(proposed.profile), "--plan", spec_of(proposed.what)]
    command += [] if sim is None else ["--sim", sim]
    command += options
    print(f"  retroctl {shlex.join(command)}")
    return command


def spec_of(proposal: Proposal) -> str:
    """The proposal as `--plan` takes it."""
    shape = proposal.shape
    top = f"top={shape.peak.hundredths / 100:.2f}km/h"
    match proposal.preset:
        case "ladder":
            return f"ladder:{top},hold_s={shape.interval_s:g}"
        case "intervals":
            return f"intervals:count={shape.count},interval_s={shape.interval_s:g},{top}"
        case preset:
            return f"{preset}:interval_s={shape.interval_s:g},{top}"


def show_programme(client: str, *, with_simulated: bool) -> None:
    """Print the calendar. Raises ClientError, JournalError."""
    clients, day = store(), clock.today()
    found = clients.find(client)
    begun = _begun(clients, found)
    done = _done(found, simulated=with_simulated)
    weeks = calendar(begun.name, begun.started, done, day)
    print(f"{plain(found.name)}, {begun.name}, begun {begun.started} by {plain(begun.by)}")
    for week in weeks:
        boxes = "".join(BOXES[box.mark] for box in week.boxes)
        print(f"  week {week.number:>2}  {week.first}  {boxes}  {_told(week)}".rstrip())
    marks = counted(weeks)
    print(f"  {', '.join(f'{BOXES[mark]} {mark}' for mark in Mark)}")
    sessions = PROGRAMMES[begun.name].sessions
    of = "" if sessions is None else f" of {sessions}"
    print(f"  {marks[Mark.DONE]}{of} done, {marks[Mark.CUT_SHORT]} cut short, {marks[Mark.MISSED]} missed")
    for week in weeks:
        for box in week.boxes:
            if box.session is not None:
                print(f"    {_session_line(box.session)}")
    since = [outing for outing in _outdoors(found) if outing.day >= begun.started]
    for outing in since:
        print(f"    {_outing_line(outing)}")
    if since:
        print(f"  {OUTDOORS_COUNT}")
    _say_assessment(clients, found, day)


def assess_client(client: str, measured: Measured, *, on: str | None, with_simulated: bool, by: str | None) -> None:
    """Note an assessment, or show what there is. Raises ClientError, JournalError."""
    clients, today = store(), clock.today()
    found = clients.find(client)
    if measured != Measured():
        day = today if on is None else written_day("--on", on, today)
        if day > today:
            raise ClientError(f"--on {day} is still to come (today is {today})")
        taken, words = _taken(measured, day, clients, found, simulated=with_simulated)
        clients.assess(found.id, taken, by=decided_by(by))
        print(f"Assessment of {day} noted.{words}" if taken.measured else f"Noted on {day}.{words}{NOTHING_MEASURED}")
    elif on is not None:
        raise ClientError("--on goes with what was measured")
    assessments = clients.assessments(found.id)
    for line in compared(*before_and_after(assessments)):
        print(f"  {plain(line, LONGEST_LINE)}")
    for each in assessments:
        if not each.measured:
            print(f"  {plain(f'noted {each.day}: {each.note}', LONGEST_LINE)}")
    _say_assessment(clients, found, today)
    days = [each.day for each in assessments if each.measured]
    if days and due(assessments, today) is Due.NOT_YET:
        print(f"  Assessment: the next one is due from {max(days).plus(DUE_FROM_DAYS)} (R17)")


def _taken(
    measured: Measured, day: Day, clients: ClientStore, found: Profile, *, simulated: bool
) -> tuple[Assessment, str]:
    """The assessment, and where its speed comes from."""
    words = ""
    if measured.speed is not None:
        speed: float | None = written_speed("--speed", measured.speed).kmh
    else:
        # What has been shown since the last one, so that an old best does not hide that it is gone.
        taken_before = clients.assessments(found.id)
        since = max((each.day for each in taken_before if each.day < day and each.measured), default=None)
        done = [each for each in _done(found, simulated=simulated) if each.day <= day]
        fastest = fastest_calm(each for each in done if since is None or each.day >= since)
        speed = fastest.kmh or None
        words = (
            " No speed in the record at an RPE of 13 or less."
            if speed is None
            else f" Speed from the record: {fastest}."
        )
    taken = Assessment(
        day=day,
        speed_kmh=speed,
        balance_s=measured.balance,
        stands=measured.stands,
        forward_kmh=None if measured.forward is None else written_speed("--forward", measured.forward).kmh,
        forward_bpm=measured.forward_hr,
        forward_rpe=measured.forward_rpe,
        note=checked_text("--note", measured.note or ""),
    )
    return taken, words


def _say_assessment(clients: ClientStore, found: Profile, day: Day) -> None:
    is_due = due(clients.assessments(found.id), day)
    if is_due is not Due.NOT_YET:
        print(f"  Assessment: {is_due} (R17): retroctl programme assess {shlex.quote(_argument(found))}")


def _argument(profile: Profile) -> str:
    """The client on a command line: a name that begins with a dash would be taken for an option."""
    return profile.id if profile.name.startswith("-") else profile.name


def _begun(clients: ClientStore, found: Profile) -> Begun:
    begun = clients.programme(found.id)
    if begun is None:
        start = shlex.join(("retroctl", "programme", "start", _argument(found), "six-week"))
        raise ClientError(f"{plain(found.name)} is in no programme yet: {start}")
    return begun


def _done(found: Profile, *, simulated: bool) -> tuple[Practice, ...]:
    return history(load_settings().data_dir / FILE_NAME, found.id, with_simulated=simulated)


def _outdoors(found: Profile) -> tuple[Outing, ...]:
    return outings(load_settings().data_dir / FILE_NAME, found.id)


def _outing_line(outing: Outing) -> str:
    parts = [f"{outing.day}  outdoors: " + ("minutes not noted" if outing.minutes is None else f"{outing.minutes} min")]
    parts.append("no RPE" if outing.rpe is None else f"RPE {outing.rpe}")
    parts += [f"balance: {event.name.lower().replace('_', ' ')}" for event in outing.events]
    return ", ".join(parts)


def _told(week: Week) -> str:
    return "  ".join(_peak(box) for box in week.boxes if box.session is not None)


def _peak(box: Box) -> str:
    session = box.session
    return "" if session is None else f"{session.peak.kmh:.2f}"


def _session_line(done: Practice) -> str:
    """One session in a line: what it was, and what is to be known of it."""
    shape = done.shape
    parts = [f"{done.day}  {plain(done.name or done.kind)}: {shape.count} x {shape.interval_s:g} s at {shape.peak}"]
    if shape.incline_pct:
        parts.append(f"{Variable.INCLINE} {shape.incline_pct:g} %")
    if not done.completed:
        parts.append(f"cut short, {done.peak} held")
    parts.append("no RPE" if done.rpe is None else f"RPE {done.rpe}")
    parts += [f"balance: {event.name.lower().replace('_', ' ')}" for event in done.events]
    return ", ".join(parts)
