"""Who may run today: consent, screening and clearance, each refusal with its rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.domain.limits import Level
from retroctl.domain.method.facts import CLEARANCE_NEEDED
from retroctl.domain.method.heart import intensity
from retroctl.errors import ClientError

if TYPE_CHECKING:
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Facts


@dataclass(frozen=True, slots=True)
class NotToday:
    """A reason against a session today. `rule` is its number in docs/METHOD.md."""

    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.text} ({self.rule})"


def clearance_reason(facts: Facts, today: Day) -> str | None:
    """Why this client trains with a clearance only; None when none is needed."""
    if facts.level is Level.REHAB:
        return "level rehab"
    if facts.screening is not None and facts.screening.outcome in CLEARANCE_NEEDED:
        return f"the screening's outcome ({facts.screening.outcome})"
    return facts.held_to_rehab(today)


def not_today(facts: Facts, today: Day) -> tuple[NotToday, ...]:
    """Everything that speaks against a session today; empty when nothing does."""
    found: list[NotToday] = []
    try:
        facts.check(today)
    except ClientError as error:
        found.append(NotToday("R20", str(error)))
    if facts.consent is None:
        found.append(NotToday("R30", "no consent is noted to keep data of this client"))
    screening = facts.screening
    if screening is None:
        found.append(NotToday("R20", "no screening is noted"))
    elif today > screening.expires:
        found.append(NotToday("R20", f"the screening expired on {screening.expires}"))
    clearance, needed = facts.clearance, clearance_reason(facts, today)
    if clearance is not None and today > clearance.ends:
        found.append(NotToday("R20", f"the clearance ended on {clearance.ends}"))
    elif clearance is None and needed is not None:
        found.append(NotToday("R20", f"{needed} needs a clinician's clearance, and none is noted"))
    found += _no_band(facts, today)
    return tuple(found)


def _no_band(facts: Facts, today: Day) -> tuple[NotToday, ...]:
    """Rehab works inside a band of heart rates: what keeps it from being one."""
    if facts.level is not Level.REHAB:
        return ()
    limits = intensity(facts, today)
    if limits.low_bpm is None:
        text = "rehab works inside a band of heart rates, and no resting heart rate is noted to reckon it"
        return (NotToday("R20", text),)
    if limits.high_bpm is not None and limits.low_bpm >= limits.high_bpm:
        band = f"from {limits.low_bpm} to {limits.high_bpm} beats a minute"
        text = f"a band of heart rates {band} is none: ask the clinician for both limits"
        return (NotToday("R20", text),)
    return ()
