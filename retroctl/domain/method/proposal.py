"""The next session of a programme, from what was really done: one thing may rise, and every reason is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import BeltRange, Level, caps_for
from retroctl.domain.method.heart import intensity
from retroctl.domain.method.one_variable import Variable, refuse_two_rises
from retroctl.domain.method.practice import Kind, Outing, Practice, Shape, in_order, last_comparable
from retroctl.domain.method.programme import A_WEEK, PROGRAMMES, ProgrammeName, Ramp
from retroctl.domain.method.today import not_today
from retroctl.errors import PlanError
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retroctl.domain.events import BalanceEvent
    from retroctl.domain.limits import Caps
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts

REPEAT_AFTER_DAYS: Final = 7
"""A week without a session: the last one is repeated before anything rises."""
BACK_AFTER_DAYS: Final = 14
AFRESH_AFTER_DAYS: Final = 28
SMALL_STEP_BACK: Final = Speed(40)
LARGE_STEP_BACK: Final = Speed(80)
MOST_COUNT_RISE: Final = 2

_ANY_BELT = BeltRange(Speed(1), Speed(0xFFFF), Speed(1))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A session to do today. `variable` is the one thing that rises, `why` in plain sentences."""

    preset: str
    kind: Kind
    shape: Shape
    variable: Variable | None
    why: tuple[str, ...]
    number: int
    """Which session of the programme it is, from 1."""


@dataclass(frozen=True, slots=True)
class NoSession:
    """No session today, and why."""

    why: tuple[str, ...]


def caps_of(facts: Facts, today: Day) -> Caps:
    """The fastest speeds that the client's own limits allow, whatever the machine."""
    return caps_for(facts.limits(today), _ANY_BELT, qualified=True)


def next_session(
    facts: Facts,
    history: Iterable[Practice],
    name: ProgrammeName,
    started: Day,
    today: Day,
    *,
    outdoors: Iterable[Outing] = (),
) -> Proposal | NoSession:
    """What to do today in a programme that began on `started`; never more than the rules between sessions allow.

    `outdoors`: sessions without a belt (R25). They are sessions for rest (R16), and what went wrong in them holds the
    next one back (R15); they are none of the programme's, and nothing rises on them.

    Raises PlanError when the programme is not for this client.
    """
    programme = PROGRAMMES[name]
    ramp = programme.ramp if facts.balance_mastered else programme.before_balance
    if ramp is None:
        raise PlanError(f"the programme {name} is for clients whose balance is mastered (R13)")
    refused = not_today(facts, today)
    if refused:
        return NoSession(tuple(str(reason) for reason in refused))
    if name is ProgrammeName.REHAB and facts.level is not Level.REHAB:
        raise PlanError(
            f"the programme {name} is for clients at level rehab, under a clearance, not {facts.level} (R20)"
        )
    done = in_order(history)
    number = sum(each.completed and each.day >= started for each in done) + 1
    if programme.sessions is not None and number > programme.sessions:
        return NoSession((f"the {programme.sessions} sessions of {name} are done; assess now (R17)",))
    outings = tuple(sorted(outdoors, key=lambda outing: outing.day))
    rest = _rest([*(each.last_day for each in done), *(outing.day for outing in outings)], today)
    if rest is not None:
        return NoSession((rest,))
    why: list[str] = []
    if ramp is not programme.ramp:
        why.append("balance is not mastered: ladders until it is (R13)")
    since = tuple(outing for outing in outings if not done or outing.day >= done[-1].day)
    limits = _Limits(caps_of(facts, today).backward, intensity(facts, today).rpe_max, _away(done, today), since)
    before = last_comparable(done, ramp.kind)
    lately = done if ramp.carries_on else tuple(each for each in done if each.day >= started)
    last = last_comparable(lately, ramp.kind)
    if last is None:
        why.append("the first of its kind: nothing to compare it with")
        shape = _stepped_back(_first(ramp, lately, limits), done, limits, why)
        shape = shape if before is None else _least(shape, _even(before.shape))
    else:
        base, said = _fitted(_even(last.shape), ramp, number - 1), len(why)
        shape = _stepped_back(base, done, limits, why)
        if limits.away_days > AFRESH_AFTER_DAYS:
            shape = _least(shape, _first(ramp, (), limits))
        elif len(why) == said:
            shape = _risen(ramp, base, number - 1, replace(limits, before_s=last.shape.main_s), why)
    variable = None if before is None else refuse_two_rises(before.shape, shape)
    return Proposal(ramp.preset, ramp.kind, shape, variable, tuple(why), number)


@dataclass(frozen=True, slots=True)
class _Limits:
    """Of this client today: the fastest speed, the highest RPE, and what went before."""

    cap: Speed
    rpe_max: int
    away_days: int
    outings: tuple[Outing, ...] = ()
    """Sessions outdoors since the last one on a belt."""
    before_s: float = 0.0
    """All of the main set of the last comparable session."""


def _rest(days: Iterable[Day], today: Day) -> str | None:
    """Why today is a day of rest; `days` are those of all sessions, on a belt or outdoors."""
    done = sorted(days)
    if done and done[-1] > today:
        return (
            f"the last session is dated {done[-1]}, which is still to come (this computer says that today is {today}): "
            "is its clock right?"
        )
    if done and done[-1] == today:
        return "there was a session today already; the next one on another day (R16)"
    week = [day for day in done if today.days_since(day) < REPEAT_AFTER_DAYS]
    if len(week) < A_WEEK:
        return None
    return f"{len(week)} sessions within seven days are enough (R16); the next from {week[-A_WEEK].plus(7)}"


def _away(done: tuple[Practice, ...], today: Day) -> int:
    return today.days_since(done[-1].day) if done else 0


def _first(ramp: Ramp, done: tuple[Practice, ...], limits: _Limits) -> Shape:
    """The first session of a kind: at the ramp's beginning, or where other kinds of session have come to lately."""
    known: list[Speed] = []
    if ramp.carries_on and limits.away_days <= AFRESH_AFTER_DAYS:
        known = [each.peak for each in done if each.completed]
    peak = min(limits.cap, ramp.peak(0), max([ramp.first_peak, *known]))
    return _shape(peak, ramp.first_s, ramp.count(0))


def _stepped_back(shape: Shape, done: tuple[Practice, ...], limits: _Limits, why: list[str]) -> Shape:
    """The shape with what speaks against going on taken off its speed; each reason goes to `why`."""
    back = [Speed(0)]
    if done:
        back += _setbacks(done[-1], limits.rpe_max, why)
    for outing in limits.outings:
        back += _setbacks_outdoors(outing, limits.rpe_max, why)
    away = limits.away_days
    if away > AFRESH_AFTER_DAYS:
        why.append(f"{away} days without a session: afresh, from the beginning")
    elif away > BACK_AFTER_DAYS:
        why.append(f"{away} days without a session: a step back")
        back.append(LARGE_STEP_BACK)
    elif away > REPEAT_AFTER_DAYS:
        why.append(f"{away} days without a session: the last one again")
    if shape.peak > limits.cap:
        why.append(f"the cap is {limits.cap} now")
    wanted = shape.peak.hundredths - max(back).hundredths
    least = min(LARGE_STEP_BACK, shape.peak).hundredths
    return _shape(min(Speed(max(wanted, least)), limits.cap), shape.interval_s, shape.count)


def _setbacks(last: Practice, rpe_max: int, why: list[str]) -> list[Speed]:
    """Steps back for what happened in the last session; a step of 0 only keeps everything from rising."""
    back: list[Speed] = []
    if last.stopped_by_balance:
        why.append("the client stepped off or fell last time: a step back (R15)")
        back.append(LARGE_STEP_BACK)
    elif last.events:
        why.append(f"{_events(last.events)} last time: nothing rises (R15)")
    if last.rpe is None:
        why.append("no RPE was noted last time: nothing rises")
    elif last.rpe > rpe_max:
        why.append(f"an RPE of {last.rpe} last time, over {rpe_max}: slower")
        back.append(SMALL_STEP_BACK)
    if not last.completed:
        why.append("the last session was cut short: nothing rises")
    return back


def _setbacks_outdoors(outing: Outing, rpe_max: int, why: list[str]) -> list[Speed]:
    """The same of a session outdoors; what was not asked there says nothing."""
    back: list[Speed] = []
    if outing.stopped_by_balance:
        why.append(f"the client stepped off or fell outdoors on {outing.day}: a step back (R15)")
        back.append(LARGE_STEP_BACK)
    elif outing.events:
        why.append(f"{_events(outing.events)} outdoors on {outing.day}: nothing rises (R15)")
    if outing.rpe is not None and outing.rpe > rpe_max:
        why.append(f"an RPE of {outing.rpe} outdoors on {outing.day}, over {rpe_max}: slower")
        back.append(SMALL_STEP_BACK)
    return back


def _events(events: tuple[BalanceEvent, ...]) -> str:
    return "a balance event" if len(events) == 1 else f"{len(events)} balance events"


def _risen(ramp: Ramp, base: Shape, index: int, limits: _Limits, why: list[str]) -> Shape:
    """One thing more than last time: in a week's first session time, in its third speed.

    Where the last one had more intervals than this ramp has, their time may go into one.
    """
    week, place = divmod(index, A_WEEK)
    count, top = ramp.count(week), min(limits.cap, ramp.peak(week))
    if place == 0 and base.interval_s < ramp.first_s:
        why.append(f"{ramp.preset} has longer intervals: longer, nothing else")
        length_s = max(base.interval_s + ramp.step_s, limits.before_s // max(1, base.count))
        return _shape(base.peak, min(ramp.first_s, length_s), base.count)
    if place == 0 and base.count < count:
        why.append(f"the first session of week {week + 1}: more intervals, nothing else")
        return _shape(base.peak, base.interval_s, min(count, base.count + MOST_COUNT_RISE))
    if place == 0 and base.interval_s < ramp.most_s and week > 0:
        why.append(f"the first session of week {week + 1}: longer, nothing else")
        return _shape(base.peak, min(ramp.most_s, base.interval_s + ramp.step_s), base.count)
    if place == A_WEEK - 1 and base.peak < top:
        why.append(f"the third session of week {week + 1}: faster, nothing else")
        return _shape(min(top, Speed(base.peak.hundredths + ramp.speed_step.hundredths)), base.interval_s, base.count)
    why.append("as last time")
    return base


def _fitted(base: Shape, ramp: Ramp, index: int) -> Shape:
    """What was done, as a session of this ramp: in nothing more than it was, nor than the ramp has in this week."""
    week = index // A_WEEK
    peak, count = min(base.peak, ramp.peak(week)), min(base.count, ramp.count(week))
    return _shape(peak, min(base.interval_s, ramp.most_s), count)


def _shape(peak: Speed, interval_s: float, count: int) -> Shape:
    return Shape(peak, interval_s, count, 0.0, interval_s * count)


def _even(shape: Shape) -> Shape:
    """The same time in intervals of one length, on the level: what a programme's sessions are made of."""
    length_s = float(shape.main_s // shape.count) if shape.count else 0.0
    return _shape(shape.peak, min(length_s, shape.interval_s), shape.count)


def _least(one: Shape, other: Shape) -> Shape:
    return _shape(min(one.peak, other.peak), min(one.interval_s, other.interval_s), min(one.count, other.count))
