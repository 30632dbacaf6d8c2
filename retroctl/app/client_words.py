"""A client in words, line by line. Text is raw: whoever shows it makes it plain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from retroctl.app.client_profile import LONGEST_TEXT
from retroctl.domain.limits import LEVEL_CAPS
from retroctl.domain.method.heart import intensity
from retroctl.domain.method.levels import advice
from retroctl.domain.method.proposal import caps_of
from retroctl.domain.method.today import not_today

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retroctl.app.client_profile import Change, Profile
    from retroctl.domain.limits import Level
    from retroctl.domain.method.days import Day
    from retroctl.domain.method.facts import Clearance, Facts
    from retroctl.domain.method.levels import Condition

LONGEST_LINE: Final = 2 * LONGEST_TEXT
"""Of a line below: a free text with its label, and who and when."""
NOT_KNOWN: Final = "not known"
SCREEN_AGAIN: Final = "A screening is void when something has changed: screen again"


def profile_lines(profile: Profile, today: Day) -> Iterator[str]:
    """Everything that is noted, and what follows from it today."""
    facts = profile.facts
    yield f"{profile.name}   id {profile.id}"
    for label, text in _facts(facts, today):
        yield f"  {label:<16} {text}"
    if profile.injuries:
        yield f"  {'injuries':<16} {profile.injuries}"
    if profile.limits:
        yield f"  {'further limits':<16} {profile.limits}"
    refusals = not_today(facts, today)
    if not refusals:
        yield f"  {'today':<16} a session may begin"
    for refusal in refusals:
        yield f"  {'today':<16} NO SESSION: {refusal}"


def condition_lines(found: Iterable[Condition], *, indent: int) -> Iterator[str]:
    """One line a condition."""
    for each in found:
        yield f"{'':{indent}}{each.met:<8} {each.text} ({each.why})"


def level_head(level: Level) -> str:
    """A level with its cap, and what is advised at it."""
    hint = advice(level)
    return f"{level} (up to {LEVEL_CAPS[level]}){'' if hint is None else f'; {hint}'}"


def level_lines(profile: Profile, by: str) -> Iterator[str]:
    """A level that was set."""
    level = profile.facts.level
    yield f"{profile.name} is at level {level} now, set by {by}."
    hint = advice(level)
    if hint is not None:
        yield f"{hint[0].upper()}{hint[1:]}."


def change_line(change: Change) -> str:
    """One recorded change."""
    when = datetime.fromtimestamp(change.utc_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    what = change.what
    if change.what == "level":
        what = f"level {change.data.get('from')} -> {change.data.get('to')}"
        unmet = [each for each in change.data.get("conditions", []) if each.get("met") != "met"]
        reason = change.data.get("despite")
        what += f", {len(unmet)} condition{'s' * (len(unmet) > 1)} not met" if unmet else ""
        what += f", despite: {reason}" if reason else ""
    elif change.what != "added" and (keys := [key for key in change.data if not change.what.startswith(key)]):
        what = f"{change.what}: {', '.join(keys)}"
    return f"{when}  {what}  by {change.by}"


def _facts(facts: Facts, today: Day) -> Iterator[tuple[str, str]]:
    yield "born", f"{facts.birth_year} (turns {facts.age(today)} this year)"
    caps = caps_of(facts, today)
    yield "level", f"{facts.level}: backward up to {caps.backward} ({caps.backward_reason})"
    yield "goal", facts.goal
    yield "balance", "mastered" if facts.balance_mastered else "not mastered: ladders and introductions only (R13)"
    if facts.fall_history:
        yield "falls", "in the past"
    yield "mass", NOT_KNOWN if facts.mass_kg is None else f"{facts.mass_kg:g} kg, weighed {facts.mass_day}"
    forward = facts.comfortable_forward
    yield "forward speed", NOT_KNOWN if forward is None else f"{forward} comfortable"
    yield "heart rate", _heart(facts, today)
    screening = facts.screening
    yield "screening", NOT_KNOWN if screening is None else f"{screening.outcome}, until {screening.expires}"
    yield "clearance", "none" if facts.clearance is None else clearance_words(facts.clearance)
    yield "consent", "none" if facts.consent is None else f"given {facts.consent}"
    yield (
        "incline",
        "not confirmed (R14)" if facts.incline_confirmed is None else f"confirmed {facts.incline_confirmed}",
    )


def _heart(facts: Facts, today: Day) -> str:
    limits = intensity(facts, today)
    resting = "resting not known" if facts.resting_bpm is None else f"resting {facts.resting_bpm}"
    blocker = ", on a beta-blocker" if facts.beta_blocker else ""
    if limits.high_bpm is None:
        band = "no limit in beats a minute"
    elif limits.low_bpm is None:
        band = f"up to {limits.high_bpm}"
    else:
        band = f"{limits.low_bpm} to {limits.high_bpm}"
    leads = ", RPE leads" if limits.rpe_leads else ""
    return f"{resting}{blocker}; {band} ({limits.why}); RPE up to {limits.rpe_max}{leads}"


def clearance_words(clearance: Clearance) -> str:
    """Who gave it, from when to when, within which limits."""
    speed = "" if clearance.max_speed is None else f", up to {clearance.max_speed}"
    low, high = clearance.low_bpm, clearance.high_bpm
    beats = "" if low is None and high is None else f", {low or '...'} to {high or '...'} beats a minute"
    rpe = "" if clearance.rpe_max is None else f", RPE up to {clearance.rpe_max}"
    resume = ", to resume training" if clearance.resume else ""
    return f"by {clearance.by}, {clearance.day} to {clearance.ends}{speed}{beats}{rpe}{resume}"
