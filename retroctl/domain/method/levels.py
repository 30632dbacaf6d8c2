"""What each level asks for, read from what was done: met, not met or not known. Shown; nothing here changes a level."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import LEVEL_CAPS, Level
from retroctl.domain.method.facts import CLEARANCE_NEEDED
from retroctl.domain.method.heart import INTENSITIES
from retroctl.domain.method.practice import events_since, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts
    from retroctl.domain.method.practice import Outing, Practice
    from retroctl.units import Speed

FAMILIARISATION: Final = 2
"""The first two sessions are no baseline (Uthoff et al. 2018, Sports 6(3):77)."""
PRACTISED_DAYS: Final = 28
RUNNER_DAYS: Final = 42
TRAINED_DAYS: Final = 35
RUNNER_RPE: Final = 13


class Met(StrEnum):
    """What is known of a condition."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a level, what is known of it, and from what."""

    text: str
    met: Met
    why: str
    binding: bool = False
    """Not the trainer's to decide otherwise: a clinician's."""


def conditions(
    level: Level, facts: Facts, history: Iterable[Practice], today: Day, *, outdoors: Iterable[Outing] = ()
) -> tuple[Condition, ...]:
    """What `level` asks for, with all that the levels between it and `new` ask for.

    `outdoors`: sessions without a belt (R25). They bring no level nearer, since nothing was measured; a balance event
    in one speaks against a level as one on a belt does.
    """
    if level is Level.REHAB:
        return (_cleared(facts, today),)
    done, outings = in_order(history), tuple(outdoors)
    found = [_screened(facts, today)]
    if facts.level is Level.REHAB:
        found.append(_resumed(facts, today))
    for step, asks in _STEPS:
        if LEVEL_CAPS[step] <= LEVEL_CAPS[level]:
            found += asks(facts, done, outings, today)
    return tuple(found)


def all_met(found: Iterable[Condition]) -> bool:
    """Whether nothing is missing or unknown."""
    return all(condition.met is Met.MET for condition in found)


def advice(level: Level) -> str | None:
    """What this level needs beside its conditions, for the trainer to see to."""
    if level is Level.REHAB:
        return f"both hands on the rails; RPE {INTENSITIES[level].rpe_max} at most unless the clinician says else"
    return "a harness or a spotter is advised" if level is Level.TRAINED else None


def _cleared(facts: Facts, today: Day) -> Condition:
    text = "a clearance that is valid today (R20)"
    if facts.clearance is None:
        return Condition(text, Met.NOT_MET, "none is noted")
    valid = facts.clearance.day <= today <= facts.clearance.ends
    return Condition(text, Met.MET if valid else Met.NOT_MET, f"until {facts.clearance.ends}")


def _screened(facts: Facts, today: Day) -> Condition:
    text = "a screening that is valid today and needs no clinician"
    if facts.screening is None:
        return Condition(text, Met.UNKNOWN, "none is noted")
    valid = today <= facts.screening.expires and facts.screening.outcome not in CLEARANCE_NEEDED
    return Condition(
        text, Met.MET if valid else Met.NOT_MET, f"{facts.screening.outcome}, until {facts.screening.expires}"
    )


def _resumed(facts: Facts, today: Day) -> Condition:
    text = "a clearance to resume training, after rehab (R20)"
    given = facts.clearance is not None and facts.clearance.resume and today <= facts.clearance.ends
    return Condition(text, Met.MET if given else Met.NOT_MET, "noted" if given else "none is noted", binding=True)


def _novice(_facts: Facts, done: tuple[Practice, ...], outings: tuple[Outing, ...], _today: Day) -> list[Condition]:
    completed = [each for each in done if each.level_backward]
    count = Condition(
        f"{FAMILIARISATION} completed backward sessions",
        Met.MET if len(completed) >= FAMILIARISATION else Met.NOT_MET,
        f"{len(completed)} done",
    )
    calm = "no balance event in the last two of them, nor outdoors since"
    if len(completed) < FAMILIARISATION:
        return [count, Condition(calm, Met.UNKNOWN, "not two done yet")]
    last = completed[-FAMILIARISATION:]
    events, outside = sum(len(each.events) for each in last), events_since(last[0].day, outings)
    why = f"{events} noted" + (f", {outside} outdoors" if outside else "")
    return [count, Condition(calm, Met.NOT_MET if events or outside else Met.MET, why)]


def _practised(facts: Facts, done: tuple[Practice, ...], _outings: tuple[Outing, ...], today: Day) -> list[Condition]:
    mastered = Condition(
        "balance mastered, in your own judgement (R13)",
        Met.MET if facts.balance_mastered else Met.NOT_MET,
        "noted" if facts.balance_mastered else "not noted",
    )
    return [mastered, _weeks(PRACTISED_DAYS, done, today)]


def _runner(_facts: Facts, done: tuple[Practice, ...], _outings: tuple[Outing, ...], today: Day) -> list[Condition]:
    cap = LEVEL_CAPS[Level.PRACTISED]
    text = f"held {cap} for a minute at an RPE of {RUNNER_RPE} or less"
    at_cap = [each for each in done if each.completed and each.peak >= cap]
    if any(each.rpe is not None and each.rpe <= RUNNER_RPE for each in at_cap):
        return [_weeks(RUNNER_DAYS, done, today), Condition(text, Met.MET, "in the record")]
    if any(each.rpe is None for each in at_cap):
        unknown = Condition(text, Met.UNKNOWN, "held, and no RPE was noted")
        return [_weeks(RUNNER_DAYS, done, today), unknown]
    why = "held, at a higher RPE" if at_cap else "not held yet"
    return [_weeks(RUNNER_DAYS, done, today), Condition(text, Met.NOT_MET, why)]


def _trained(_facts: Facts, done: tuple[Practice, ...], _outings: tuple[Outing, ...], today: Day) -> list[Condition]:
    cap = LEVEL_CAPS[Level.RUNNER]
    return [_weeks(TRAINED_DAYS, tuple(each for each in done if each.peak >= cap), today, at=cap)]


def _weeks(days: int, done: tuple[Practice, ...], today: Day, *, at: Speed | None = None) -> Condition:
    first = next((each.day for each in done if each.level_backward), None)
    text = f"{days // 7} weeks since the first completed backward session" + ("" if at is None else f" at {at}")
    if first is None:
        return Condition(text, Met.NOT_MET, "none is done yet")
    since = today.days_since(first)
    return Condition(text, Met.MET if since >= days else Met.NOT_MET, f"{since} days, since {first}")


_STEPS: Final[
    tuple[tuple[Level, Callable[[Facts, tuple[Practice, ...], tuple[Outing, ...], Day], list[Condition]]], ...]
] = (
    (Level.NOVICE, _novice),
    (Level.PRACTISED, _practised),
    (Level.RUNNER, _runner),
    (Level.TRAINED, _trained),
)
