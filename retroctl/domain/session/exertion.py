"""How hard it is: heart rate (F10) and RPE against the client's limits. Nothing here moves the belt; it only blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.domain.effects import Alarm
from retroctl.domain.failsafes import HEART_NEAR_HIGHEST, HEART_UNKNOWN, FailsafeId
from retroctl.domain.heart import HeartNews
from retroctl.domain.transitions import RUNNING_STATES, State

if TYPE_CHECKING:
    from retroctl.domain import events as ev
    from retroctl.domain.session.core import Core


def heard(core: Core, event: ev.HeartRateReceived) -> None:
    """Take in what the strap sent."""
    core.heart.heard(event.bpm, beats=event.beats, now=core.now)


def block(core: Core) -> tuple[str, str] | None:
    """The rule and reason for which effort holds a raise back; None where it does not."""
    heart, notes, now = core.heart, core.notes, core.now
    rated = None if notes.rpe_wanted else notes.rated
    highest = None if heart.limits is None else heart.limits.rpe_max
    if rated is not None and highest is not None and rated.rating > highest:
        return "RPE", f"RPE {rated.rating} is over {highest}: stay, or step down; a raise waits for a lower rating"
    if heart.over(now):
        return "F10", f"the heart rate is over the limit of {heart.high_bpm}"
    if not heart.chosen or (rated is not None and rated.at > heart.over_at):
        return None
    unknown = heart.why_unknown(now)
    if unknown is None and heart.high_bpm is None:
        unknown = "the limit of the heart rate is not known"
    return None if unknown is None else ("F10", f"{unknown}: ask RPE at this speed first, and note it")


def time_passes(core: Core) -> None:
    """Say what is due while the belt is under way; a block makes consent void."""
    if core.state not in RUNNING_STATES:
        return
    if block(core) is not None:
        core.consent_at = None
    for news in core.heart.due(core.now):
        _tell(core, news)


def marks(core: Core) -> list[float]:
    """When time alone will bring something."""
    return core.heart.marks() if core.state in RUNNING_STATES else []


def _tell(core: Core, news: HeartNews) -> None:
    heart = core.heart
    rate, high = heart.known(core.now), heart.high_bpm
    match news:
        case HeartNews.NEAR_MAXIMUM:
            core.alarm(FailsafeId.F10, f"{rate}, {HEART_NEAR_HIGHEST}; stop?")
        case HeartNews.OVER:
            core.alarm(FailsafeId.F10, f"over {high} for 15 s; raises wait")
        case HeartNews.STEP_DOWN if core.state is State.EASING_DOWN:
            pass  # the belt is on its way down already
        case HeartNews.STEP_DOWN:
            core.alarm(FailsafeId.F10, f"still over {high}; step down?")
        case HeartNews.LOST:
            why = heart.why_unknown(core.now)
            core.emit(Alarm(FailsafeId.F10, f"{HEART_UNKNOWN}: {why}; raises wait for RPE"))
        case _:
            core.cue("Heart rate known again.")
