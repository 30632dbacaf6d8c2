"""Incline comes late (R14): after a great deal of practice on the level, a per cent at a time, never with more speed.

The program never writes an incline; it is an instruction to the trainer at the console.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.method.levels import Condition, Met, all_met
from retroctl.domain.method.practice import events_since, in_order
from retroctl.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts
    from retroctl.domain.method.practice import Outing, Practice, Shape

LEVEL_SESSIONS: Final = 12
LEVEL_DAYS: Final = 28
CALM_SESSIONS: Final = 6
LARGEST_RISE_PCT: Final = 1.0


def incline_conditions(
    facts: Facts, history: Iterable[Practice], today: Day, *, outdoors: Iterable[Outing] = ()
) -> tuple[Condition, ...]:
    """What unlocks incline, and what of it is met. `outdoors` speaks against it, and never for it (R25)."""
    level = [done for done in in_order(history) if done.level_backward]
    span = today.days_since(level[0].day) if level else 0
    lately = in_order(history)[-CALM_SESSIONS:]
    calm = not any(done.events for done in lately) and not (lately and events_since(lately[0].day, outdoors))
    confirmed = facts.incline_confirmed
    return (
        _condition("balance mastered, in your own judgement", facts.balance_mastered, "as noted"),
        _condition(f"{LEVEL_SESSIONS} completed level sessions", len(level) >= LEVEL_SESSIONS, f"{len(level)} done"),
        _condition(f"over {LEVEL_DAYS // 7} weeks or more", span >= LEVEL_DAYS, f"{span} days"),
        _condition(
            f"no balance event in the last {CALM_SESSIONS} sessions, nor outdoors since", calm, "from the record"
        ),
        _condition(
            "your own confirmation", confirmed is not None, "not noted" if confirmed is None else f"on {confirmed}"
        ),
    )


def refuse_incline(
    before: Shape | None,
    after: Shape,
    facts: Facts,
    history: Sequence[Practice],
    today: Day,
    *,
    outdoors: Iterable[Outing] = (),
) -> None:
    """Raise PlanError for an incline that is not unlocked, or that rises too much or together with speed (R14)."""
    if after.incline_pct <= 0:
        return
    found = incline_conditions(facts, history, today, outdoors=outdoors)
    if not all_met(found):
        missing = "; ".join(f"{each.text}: {each.why}" for each in found if each.met is not Met.MET)
        raise PlanError(f"an incline of {after.incline_pct:g} % is not unlocked (R14). Missing: {missing}")
    held = max(done.peak for done in history if done.level_backward)
    if before is None and after.peak > held:
        raise PlanError(f"incline begins at a speed that was held on the level: {held} so far, not {after.peak} (R14)")
    from_pct = 0.0 if before is None else before.incline_pct
    if after.incline_pct - from_pct > LARGEST_RISE_PCT:
        raise PlanError(
            f"an incline of {after.incline_pct:g} % after {from_pct:g} % is too steep a rise; "
            f"{LARGEST_RISE_PCT:g} % a session at most (R14)"
        )


def _condition(text: str, met: bool, why: str) -> Condition:  # noqa: FBT001 - a truth, not a switch
    return Condition(text, Met.MET if met else Met.NOT_MET, why)
