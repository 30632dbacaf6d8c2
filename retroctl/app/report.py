"""A client's progress in plain words and numbers for one page. No promise, no diagnosis: what was done, and what felt.

Text is raw: whoever draws it escapes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.app.charted import Bar, Point
from retroctl.app.confidence import trend
from retroctl.app.history import clock, energy_words
from retroctl.domain.energy import two_digits
from retroctl.domain.method.assessment import MEASURES, Domain, Due, before_and_after, due
from retroctl.domain.method.one_variable import Variable
from retroctl.domain.method.programme import A_WEEK
from retroctl.domain.method.progress import (
    energy_of,
    forward_equivalent,
    rpe_at_fixed_speed,
    speed_assessments,
    weeks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.app.confidence import Trend
    from retroctl.domain.events import BalanceEvent
    from retroctl.domain.method.assessment import Assessment
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.practice import Outing
    from retroctl.domain.method.progress import Done, Week

NOT_MEASURED: Final = "not measured"
NOTHING: Final = "-"
NOT_ASKED: Final = "not asked"
LONGEST_NAME: Final = 80
MOST_WEEKS: Final = 26
"""Half a year; up to ten weeks print to two sheets."""
SMALL_PRINT: Final = (
    (
        "Everything here was measured by the treadmill or noted by the trainer. Exertion is the client's own word, on "
        "Borg's scale from 6 to 20. Energy is an estimate with a wide band."
    ),
    (
        "A faster speed or an easier feeling can come of practice, of a good day or of hands on the rails. This page "
        "says what happened, not why, and it foretells nothing. It is no medical finding: ask a clinician about pain, "
        "dizziness or anything that worries you."
    ),
)
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_RULE: Final = re.compile(r"\s*\(R\d+(?:, ?R\d+)*\)")


@dataclass(frozen=True, slots=True)
class Row:
    """A week of the table."""

    number: int
    days: str
    sessions: int
    rose: str
    peak: str
    minutes: str
    rpe: str
    events: str


@dataclass(frozen=True, slots=True)
class Square:
    """A day of the calendar: `marks` is how many sessions on a belt, `cut` whether one of them was cut short.

    `outdoors` is how many without one.
    """

    day: int
    marks: int
    cut: bool
    to_come: bool
    outdoors: int = 0


@dataclass(frozen=True, slots=True)
class OutdoorRow:
    """A session outdoors (R25), as it was noted."""

    day: str
    minutes: str
    rpe: str
    balance: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Page:
    """All that stands on the page. `name` is foreign text."""

    name: str
    period: str
    made_on: str
    simulated: bool
    tiles: tuple[tuple[str, str, str], ...]
    """A heading, a figure, what it means."""
    speeds: tuple[Point, ...]
    speed_words: str
    minutes: tuple[Bar, ...]
    minute_words: str
    exertion: tuple[Point, ...]
    exertion_title: str
    exertion_words: str
    balance: tuple[Bar, ...]
    balance_words: str
    confidence: Trend
    rows: tuple[Row, ...]
    calendar_title: str
    weekdays: tuple[str, ...]
    calendar: tuple[tuple[str, tuple[Square, ...]], ...]
    assessment: tuple[tuple[str, str, str, str], ...]
    assessment_words: str
    energy: tuple[str, ...]
    next_step: tuple[str, ...]
    outdoors: tuple[OutdoorRow, ...] = ()
    small_print: tuple[str, ...] = SMALL_PRINT


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is made of. `done`: every session, also from before the page's weeks; `assessments` noted ones.

    `programme`: its name and how many sessions it has, or nothing; `next_step` in plain sentences.
    """

    name: str
    done: tuple[Done, ...]
    first: Day
    today: Day
    simulated: bool = False
    assessments: tuple[Assessment, ...] = ()
    programme: tuple[str, int | None] | None = None
    next_step: tuple[str, ...] = ()
    outdoors: tuple[Outing, ...] = ()
    """Sessions without a belt (R25): shown as they were noted, and in no figure but that of confidence."""


def page(asked: Asked) -> Page:
    """Make the page."""
    span = weeks(asked.done, asked.first, asked.today)
    inside = tuple(each for week in span for each in week.done)
    outside = tuple(each for each in asked.outdoors if span[0].first <= each.day <= asked.today)
    speeds = tuple(
        Point(each.day, peak.kmh, f"{each.day}: {peak}") for each in inside if (peak := each.figures.peak) is not None
    )
    title, series, exertion_words = _exertion(inside)
    return Page(
        name=" ".join(asked.name.split())[:LONGEST_NAME],
        period=f"{span[0].first} to {asked.today}",
        made_on=str(asked.today),
        simulated=asked.simulated,
        tiles=_tiles(span, inside, outside),
        speeds=speeds,
        speed_words=_from_to(speeds, "km/h", "No speed was held for a minute yet."),
        minutes=tuple(_minute_bar(week) for week in span),
        minute_words=_minute_words(span),
        exertion=series,
        exertion_title=title,
        exertion_words=exertion_words,
        balance=tuple(_balance_bar(week) for week in span),
        balance_words=_balance_words(inside, outside),
        confidence=trend(span, outside),
        rows=tuple(_row(week) for week in span),
        calendar_title=_calendar_title(asked, span),
        weekdays=tuple(_WEEKDAYS[(day.ordinal - 1) % 7] for day in span[0].days),
        calendar=tuple((f"week {week.number}", _squares(week, asked.today, outside)) for week in span),
        assessment=_assessment(asked),
        assessment_words=_assessment_words(asked),
        energy=_energy(inside),
        next_step=tuple(without_rules(step) for step in asked.next_step),
        outdoors=tuple(_outdoor_row(each) for each in outside),
    )


def without_rules(text: str) -> str:
    """A sentence without the numbers of the rules behind it: they are the trainer's."""
    return _RULE.sub("", text)


def _tiles(span: Sequence[Week], inside: Sequence[Done], outside: Sequence[Outing]) -> tuple[tuple[str, str, str], ...]:
    completed = sum(each.figures.completed for each in inside)
    peaks = [peak for each in inside if (peak := each.figures.peak) is not None]
    known = [week.backward_s for week in span if week.backward_s is not None]
    events = sum(week.events for week in span)
    more = sum(len(each.events) for each in outside)
    which = "events noted: at the rail, stumble, stepped off, fall"
    return (
        ("Sessions", str(len(inside)), f"{completed} to their planned end{_more(len(outside))}"),
        ("Backward", f"{sum(known) / 60:.0f} min" if known else NOTHING, "minutes facing backward, measured"),
        ("Fastest held", f"{max(peaks).kmh:.2f} km/h" if peaks else NOTHING, "backward, for a minute or longer"),
        ("Balance", str(events), f"{which}{_more(more)}"),
    )


def _more(count: int) -> str:
    return f"; {count} more outdoors" if count else ""


def _from_to(points: Sequence[Point], unit: str, nothing: str) -> str:
    if not points:
        return nothing
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{first.value:.2f} {unit} on {first.day}."
    return f"{first.value:.2f} {unit} on {first.day}, {last.value:.2f} {unit} on {last.day}."


def _minute_bar(week: Week) -> Bar:
    seconds = week.backward_s
    if not week.done:
        return Bar(str(week.number), 0.0, "no session")
    return Bar(str(week.number), None if seconds is None else seconds / 60, clock(seconds))


def _minute_words(span: Sequence[Week]) -> str:
    known = [week for week in span if week.backward_s]
    if not known:
        return "No minutes are known."
    most = max(known, key=lambda week: week.backward_s or 0.0)
    return f"The most in one week: {(most.backward_s or 0.0) / 60:.0f} minutes, in week {most.number}."


def _exertion(inside: Sequence[Done]) -> tuple[str, tuple[Point, ...], str]:
    found = rpe_at_fixed_speed(inside)
    if found is None:
        return "Exertion at one speed", (), "Not measured: no speed was rated on two days."
    speed, series = found
    points = tuple(Point(day, float(rating), f"{day}: {rating}") for day, rating in series)
    (first_day, first), (last_day, last) = series[0], series[-1]
    words = f"{first} on {first_day}, {last} on {last_day}; 6 is rest, 20 is the most one can."
    return f"Exertion at {speed}", points, words


def _balance_bar(week: Week) -> Bar:
    rate = week.events_per_10_min
    if not week.done:
        return Bar(str(week.number), 0.0, "no session")
    return Bar(str(week.number), rate, NOTHING if rate is None else f"{rate:.1f}")


def _balance_words(inside: Sequence[Done], outside: Sequence[Outing]) -> str:
    events = [each.event for one in inside for each in one.figures.events]
    outdoors = [each for one in outside for each in one.events]
    if not events and not outdoors:
        return "No balance event was noted."
    on_belt = "No balance event was noted on a treadmill."
    if events:
        on_belt = f"{len(events)} noted in all; the gravest: {_balance(max(events))}."
    if not outdoors:
        return on_belt
    return f"{on_belt} Outdoors {len(outdoors)} more, not in this picture; the gravest: {_balance(max(outdoors))}."


def _balance(event: BalanceEvent) -> str:
    return event.name.lower().replace("_", " ")


def _outdoor_row(outing: Outing) -> OutdoorRow:
    return OutdoorRow(
        day=str(outing.day),
        minutes=NOT_ASKED if outing.minutes is None else str(outing.minutes),
        rpe=NOT_ASKED if outing.rpe is None else str(outing.rpe),
        balance=", ".join(_balance(event) for event in outing.events) or "no event noted",
        confidence=NOT_ASKED if outing.confidence is None else str(outing.confidence),
    )


def _row(week: Week) -> Row:
    completed = any(each.figures.completed for each in week.done)
    ratings, rate = week.ratings, week.events_per_10_min
    spread = f"{min(ratings)} to {max(ratings)}" if ratings and min(ratings) < max(ratings) else ""
    return Row(
        number=week.number,
        days=f"{str(week.first)[5:]} to {str(week.days[-1])[5:]}",
        sessions=len(week.done),
        rose=_rose(week) or ("nothing rose" if completed else NOTHING),
        peak=NOTHING if week.peak is None else f"{week.peak.kmh:.2f}",
        minutes=NOTHING if week.backward_s is None else f"{week.backward_s / 60:.0f}",
        rpe=spread or (str(ratings[0]) if ratings else NOTHING),
        events=NOTHING if rate is None else f"{rate:.1f}",
    )


_SHORT: Final = {
    Variable.SPEED: "speed",
    Variable.LENGTH: "length",
    Variable.COUNT: "number of intervals",
    Variable.INCLINE: "incline",
}


def _rose(week: Week) -> str:
    """What rose in a week, each variable once: from what to what, and then on."""
    told: dict[Variable, list[str]] = {}
    for rise in week.rises:
        for variable, words in rise.variables.items():
            told.setdefault(variable, []).append(words)
    return "; ".join(f"{_SHORT[variable]} {', then '.join(words)}" for variable, words in told.items())


def _calendar_title(asked: Asked, span: Sequence[Week]) -> str:
    count = sum(len(week.done) for week in span)
    if asked.programme is None:
        return f"Calendar: {count} sessions in {len(span)} weeks; {A_WEEK} a week are usual"
    name, sessions = asked.programme
    completed = sum(each.figures.completed for week in span for each in week.done)
    whole = "until the clearance ends" if sessions is None else f"of {sessions}"
    return f"Calendar of the programme {name}: {completed} sessions done to their end, {whole}"


def _squares(week: Week, today: Day, outside: Sequence[Outing]) -> tuple[Square, ...]:
    made: list[Square] = []
    for day in week.days:
        here = [each for each in week.done if each.day == day]
        cut = any(not each.figures.completed for each in here)
        outdoors = sum(each.day == day for each in outside)
        made.append(Square(int(str(day)[-2:]), len(here), cut, day > today, outdoors))
    return tuple(made)


def _assessment(asked: Asked) -> tuple[tuple[str, str, str, str], ...]:
    """Speed from the record where nobody noted it; the others only from what was noted."""
    before, after = before_and_after(asked.assessments)
    from_record = speed_assessments(asked.done, asked.today)
    found: list[tuple[str, str, str, str]] = []
    for domain in Domain:
        what, unit = MEASURES[domain]
        values = [None if each is None else each.value(domain) for each in (before, after)]
        if domain is Domain.SPEED and values == [None, None]:
            values = [None if each is None else each.value(domain) for each in from_record]
        shown = [NOT_MEASURED if value is None else f"{value:g} {unit}".strip() for value in values]
        found.append((domain.value, shown[0], shown[1], what))
    return tuple(found)


def _assessment_words(asked: Asked) -> str:
    state = due(asked.assessments, asked.today)
    if state is Due.BASELINE:
        return (
            "No assessment is noted yet. Balance and muscle are measured by the trainer; speed is read from the record."
        )
    return f"The next assessment is {state}." if state is not Due.NOT_YET else "The next assessment is not due yet."


def _energy(inside: Sequence[Done]) -> tuple[str, ...]:
    found = energy_of(inside)
    if found is None:
        return ("Not estimated: the client's mass is not noted.",)
    spent, count = found
    of = f"{count} of the {len(inside)} sessions" if count < len(inside) else f"all {count} sessions"
    sentences = [f"In {of}: {energy_words(spent)}."]
    forward = forward_equivalent(inside)
    if forward is not None:
        sentences.append(
            f"The same model gives about {two_digits(forward)} kcal for walking or running forward at these speeds; it "
            "counts 30 % more for going backward, and practice can lower that."
        )
    return tuple(sentences)
