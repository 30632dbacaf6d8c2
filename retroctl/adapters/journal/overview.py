"""Every session in figures, quick enough for ten thousand of them: from the beginning and the end row alone.

Of a session without an end row the few rows that say what was held and noted are read instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files, read
from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import Facing
from retroctl.domain.method.days import Day
from retroctl.domain.method.figures import (
    EASED,
    INTERRUPTED,
    BalanceNoted,
    Figures,
    Hold,
    Rating,
    Spent,
    ending,
    planned_course,
)
from retroctl.domain.method.practice import Kind, Shape, kind_of, shape_of, was_completed
from retroctl.domain.plan import EASE_RUNG_BACKWARD_S, Stage, StageKind
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

PLANS: Final = 2048
"""So many different plans are understood once only; a trainer has a few dozen."""
BLOCK: Final = 128
"""Sessions whose texts are read together: a few screens."""
_NO_SHAPE: Final = Shape(REST, 0.0, 0)

_LINES = """
    SELECT s.session, s.id, s.started_utc_ms, s.machine_name, s.client_id, s.simulated,
           EXISTS (SELECT 1 FROM journal e WHERE e.session = s.session AND e.kind = 'end')
    FROM sessions s
"""
_TEXTS = """
    SELECT s.session, s.plan, e.data
    FROM sessions s LEFT JOIN journal e ON e.session = s.session AND e.kind = 'end' WHERE s.session IN
"""
_KEPT = "SELECT session_ms, kind, data FROM journal WHERE session = ? AND kind IN ('held', 'note') ORDER BY seq"
_RPE_AFTER = "SELECT session_id, answer FROM answers_after WHERE question = 'rpe'"


Row = tuple[int | None, str, str]
"""Session milliseconds, kind and JSON of a row of the journal."""


class _Texts:
    """Plans and end rows of a list's sessions, read by the block when one of it is asked for."""

    def __init__(self, file: Path, numbers: list[int]) -> None:
        self._file, self._numbers = file, numbers
        self._read: dict[int, tuple[str, str | None, tuple[Row, ...]]] = {}

    def of(self, place: int) -> tuple[str, str | None, tuple[Row, ...]]:
        """Plan, end row, and without an end row what was held and noted, of the session at `place` of the list."""
        if self._numbers[place] not in self._read:
            begin = place - place % BLOCK
            with files.reading(self._file) as connection:
                block = self._numbers[begin : begin + BLOCK]
                query = f"{_TEXTS} ({','.join('?' * len(block))})"
                found = {number: (plan, end) for number, plan, end in connection.execute(query, block)}
                for number in block:
                    plan, end = found.get(number, ("", None))  # another file was put in its place
                    kept = () if end is not None else tuple(connection.execute(_KEPT, (number,)).fetchall())
                    self._read[number] = (plan, end, kept)
        return self._read[self._numbers[place]]


@dataclass(frozen=True)
class Line:
    """One session of a list. `machine` is foreign text; `interrupted` is also true of one that is running now."""

    id: str
    started_utc_ms: int
    client_id: str | None
    machine: str
    simulated: bool
    interrupted: bool
    session_rpe: int | None
    place: int
    texts: _Texts = field(repr=False, compare=False)

    @property
    def started_utc(self) -> datetime:
        """When it began."""
        return read.utc(self.started_utc_ms)

    @property
    def plan(self) -> PlanRead:
        """What was planned. Raises JournalError where the record cannot be read any more."""
        return plan_of(self.texts.of(self.place)[0])

    @cached_property
    def figures(self) -> Figures:
        """What it came to. Read when it is asked for: a list of ten thousand shows a few dozen. Raises JournalError."""
        plan, end, kept = self.texts.of(self.place)
        if end is None:
            return figures_of_rows(plan_of(plan), kept, session_rpe=self.session_rpe)
        return figures_of(plan_of(plan), read.as_object(end).get("outcome"), session_rpe=self.session_rpe)


@dataclass(frozen=True, slots=True)
class PlanRead:
    """What a plan of the record says. `course`: (seconds, km/h), one after another, as it would run without waiting."""

    name: str
    stages: tuple[Stage, ...]
    kind: Kind
    shape: Shape
    course: tuple[tuple[float, float], ...]

    @property
    def backward_only(self) -> bool:
        """Whether the client never faces forward."""
        return bool(self.stages) and all(stage.facing is Facing.BACKWARD for stage in self.stages)


def overview(
    file: Path, *, client_id: str | None = None, limit: int | None = None, id_begins: str | None = None
) -> list[Line]:
    """Every session in figures, the latest first: `limit` of them, of one client, whose id begins so.

    Empty where there is no record yet. Raises JournalError.
    """
    if not sqlite.is_there(file):
        return []
    query, values = f"{_LINES} WHERE 1", list[str | int]()
    if client_id is not None:
        query, values = f"{query} AND s.client_id = ?", [*values, client_id]
    if id_begins is not None:
        # Ids are lower-case hexadecimal digits: everything that begins so sorts from here up to the letter after f.
        query, values = f"{query} AND s.id BETWEEN ? AND ?", [*values, id_begins, f"{id_begins}g"]
    query += " ORDER BY s.started_utc_ms DESC, s.session DESC LIMIT ?"
    with files.reading(file) as connection:
        rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
        said = _said_after(connection)
    texts = _Texts(file, [row[0] for row in rows])
    return [
        Line(ident, started, client, machine or "", bool(simulated), not ended, said.get(ident), place, texts)
        for place, (_, ident, started, machine, client, simulated, ended) in enumerate(rows)
    ]


def _said_after(connection: sqlite3.Connection) -> dict[str, int]:
    """The exertion of whole sessions, by session id."""
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'answers_after'").fetchone()
    return dict(connection.execute(_RPE_AFTER).fetchall()) if known else {}


@lru_cache(PLANS)
def plan_of(text: str) -> PlanRead:
    """What the plan `text` of a session's beginning says; without stages where it cannot be read."""
    written = read.as_object(text)
    name = str(written.get("name", ""))
    try:
        stages = stages_of(written)
        ease = float(written.get("ease_rung_s", EASE_RUNG_BACKWARD_S[1]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return PlanRead(name, (), kind_of(()), _NO_SHAPE, ())
    course = planned_course([(stage.target, stage.hold_s) for stage in stages], ease)
    return PlanRead(name, stages, kind_of(stages), shape_of(stages), course)


def stages_of(plan: dict[str, Any]) -> tuple[Stage, ...]:
    """The stages of a plan as the record keeps it.

    Raises KeyError, TypeError, ValueError, AttributeError, OverflowError.
    """
    return tuple(
        Stage(
            StageKind(each["kind"]),
            Facing(each["facing"]),
            Speed.from_kmh(each["target_kmh"]),
            float(each["hold_s"]),
            float(each.get("incline_pct", 0.0)),
        )
        for each in plan.get("stages", [])
    )


def figures_of(plan: PlanRead, outcome: object, *, session_rpe: int | None = None) -> Figures:
    """The figures of a session that has an end row, from its outcome. What cannot be read is not known."""
    told: dict[str, Any] = outcome if isinstance(outcome, dict) else {}
    holds = _holds(_objects(told, "held"), _objects(told, "hands"))
    reason = str(told.get("reason", ""))
    completed = reason == EASED and was_completed(plan.stages, [(hold.target, hold.seconds) for hold in holds])
    moving = _number(told.get("duration_s"))
    backward = _number(told.get("backward_s"))
    if backward is None and plan.backward_only:
        backward = moving  # a record from before this was counted
    rest = told.get("belt_at_rest")
    return Figures(
        name=plan.name,
        kind=plan.kind,
        shape=plan.shape,
        holds=holds,
        completed=completed,
        ending=ending(reason, began=bool(holds or moving), completed=completed),
        at_rest=rest if isinstance(rest, bool) else None,
        backward_s=backward,
        moving_s=moving,
        distance_m=_number(told.get("distance_m")),
        spent=_spent(told),
        ratings=tuple(rated for each in _objects(told, "rpe") if (rated := _rating(each, "rating")) is not None),
        events=tuple(
            noted for each in _objects(told, "balance_events") if (noted := _event(each, "event", each.get("t")))
        ),
        session_rpe=session_rpe,
    )


def figures_of_rows(plan: PlanRead, rows: Iterable[Row], *, session_rpe: int | None = None) -> Figures:
    """The figures of a session without an end row, from its rows of what was held and noted.

    A row is (session_ms, kind, data).
    """
    held: list[dict[str, Any]] = []
    ratings: list[Rating] = []
    events: list[BalanceNoted] = []
    for session_ms, kind, text in rows:
        data = read.as_object(text)
        if kind == "held":
            held.append(data)
        elif data.get("note") == "rpe" and (rated := _rating(data, "value")) is not None:
            ratings.append(rated)
        elif data.get("note") == "balance":
            t = None if session_ms is None else session_ms / 1000
            noted = _event(data, "value", t)
            events += [] if noted is None else [noted]
    return Figures(
        name=plan.name,
        kind=plan.kind,
        shape=plan.shape,
        holds=_holds(held, held),
        completed=False,
        ending=INTERRUPTED,
        ratings=tuple(ratings),
        events=tuple(events),
        session_rpe=session_rpe,
    )


def local_day(moment: datetime) -> Day:
    """The day on which a session began, by this computer's calendar."""
    try:
        return Day(moment.astimezone().toordinal())
    except (OverflowError, OSError, ValueError):  # a clock far from any year that people live in
        return Day(moment.toordinal())


def _holds(held: list[dict[str, Any]], hands: list[dict[str, Any]]) -> tuple[Hold, ...]:
    """The holds; `hands` has an entry for each where hands were noted."""
    found: list[Hold] = []
    for place, each in enumerate(held):
        at_rail = hands[place].get("hands") if place < len(hands) else None
        try:
            hold = _hold(each.get("target_kmh"), each.get("seconds"), at_rail)
        except TypeError:  # a list where a number should be
            continue
        if hold is not None:
            found.append(hold)
    return tuple(found)


# The same few speeds and times come again and again: what was checked once need not be checked ten thousand times.
@lru_cache(8192, typed=True)
def _hold(target_kmh: object, seconds: object, hands: object) -> Hold | None:
    target, held_s = _speed(target_kmh), _number(seconds)
    if target is None or held_s is None:
        return None
    return Hold(target, held_s, hands if isinstance(hands, str) else "")


def _rating(told: dict[str, Any], key: str) -> Rating | None:
    try:
        return _rated(told.get(key), told.get("target_kmh"))
    except TypeError:
        return None


@lru_cache(2048, typed=True)
def _rated(rating: object, target_kmh: object) -> Rating | None:
    rated = isinstance(rating, int) and not isinstance(rating, bool)
    return Rating(rating, _speed(target_kmh)) if rated else None  # type: ignore[arg-type]  # rated says that it is an int


_EVENTS: Final = {event.name.lower().replace("_", " "): event for event in BalanceEvent}


def _event(told: dict[str, Any], key: str, t: object) -> BalanceNoted | None:
    event = _EVENTS.get(str(told.get(key)))
    return None if event is None else BalanceNoted(event, _number(t), _speed(told.get("target_kmh")))


def _spent(told: dict[str, Any]) -> Spent | None:
    kcal = _number(told.get("kcal"))
    if kcal is None:
        return None
    low, high = _number(told.get("kcal_low")), _number(told.get("kcal_high"))
    band = (kcal if low is None else low, kcal if high is None else high)
    return Spent(kcal, *band, extrapolated=told.get("kcal_extrapolated") is True)


def _objects(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = told.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _number(value: object) -> float | None:
    """A number that is none below zero; a truth value is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < MOST else None


MOST: Final = 1e9
"""More than any figure of a session; also what NaN and infinity fail against."""


def _speed(value: object) -> Speed | None:
    kmh = _number(value)
    try:
        return None if kmh is None else Speed.from_kmh(kmh)
    except ValueError:
        return None
