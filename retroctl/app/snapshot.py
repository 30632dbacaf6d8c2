"""A frozen picture of a session, for whatever shows it: screens draw this, never the session itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.domain.events import Hands
from retroctl.domain.verdict import Wire

if TYPE_CHECKING:
    from retroctl.app.engine import Engine
    from retroctl.domain.effects import StopView
    from retroctl.domain.failsafes import FailsafeId
    from retroctl.domain.session.noting import Rated
    from retroctl.domain.transitions import State
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The session at one moment. Speeds are None where nothing is known; ages and holds are seconds."""

    state: State
    stage: int
    measured: Speed | None
    measured_age_s: float | None
    target: Speed | None
    hold_s: float
    hold_remaining_s: float | None
    next_target: Speed | None
    raise_waits_for: str | None
    stop_view: StopView | None
    stop_accepted: bool = False
    """The machine has said yes to the Stop under way: its word."""
    link_up: bool = True
    """The machine is connected: without it nothing that is asked for leaves."""
    on_hold: bool = False
    """Nothing is raised until the trainer confirms."""
    blocks: frozenset[FailsafeId] = frozenset()
    """Failsafes that forbid raises."""
    by_hand: bool = False
    """A person at the console moves this belt, at this program's word."""
    requested: Speed | None = None
    """The speed asked of the machine last; None at rest."""
    accepted: Speed | None = None
    """The same, once the machine has said yes to it: its word, not what it does."""
    heart_rate_bpm: int | None = None
    """Beats a minute; None while it is not known."""
    heart_age_s: float | None = None
    """Seconds since the strap gave a rate."""
    heart_unknown: str | None = None
    """With a strap: why the heart rate is not known, in plain words."""
    heart_limit_bpm: int | None = None
    """The limit of today; None where it is not known."""
    heart_low_bpm: int | None = None
    """The lower end of a band, in rehab: to be under it is shown, and never a reason to go faster."""
    heart_over: bool = False
    """The heart rate is over its limit: nothing is raised."""
    strap: bool = False
    """A strap belongs to this session."""
    hands: Hands = Hands.BOTH
    """Which hands are on the rails, as noted last."""
    rpe: Rated | None = None
    """The last rating of perceived exertion, with its speed."""
    rpe_wanted: bool = False
    """The hold is served, and its speed has no rating yet."""


def snapshot(engine: Engine, now: float) -> Snapshot:
    """The picture at `now`."""
    session = engine.session
    measured, in_force, following = session.belief.measured, session.belief.in_force, session.following_stage
    requested, accepted = session.belief.requested, session.belief.accepted
    return Snapshot(
        state=session.state,
        stage=session.stage_index,
        measured=None if measured is None else measured.speed,
        measured_age_s=None if measured is None else now - measured.at,
        target=None if in_force is None else in_force.speed,
        hold_s=session.stage.hold_s,
        hold_remaining_s=session.hold_remaining_s(now),
        next_target=None if following is None else following.target,
        raise_waits_for=session.raise_waits_for(now),
        stop_view=session.stop_view,
        stop_accepted=session.stop_accepted,
        link_up=session.link_up,
        on_hold=session.on_hold,
        blocks=session.blocks,
        by_hand=engine.envelope.wire is not Wire.OPEN,
        requested=None if requested is None else requested.speed,
        accepted=None if accepted is None or requested is None or accepted.at < requested.at else accepted.speed,
        heart_rate_bpm=session.heart.known(now),
        heart_age_s=session.heart.age(now),
        heart_unknown=session.heart.why_unknown(now) if session.heart.chosen else None,
        heart_limit_bpm=session.heart.high_bpm,
        heart_low_bpm=session.heart.low_bpm,
        heart_over=session.heart.over(now),
        strap=session.heart.chosen,
        hands=session.hands,
        rpe=session.last_rpe,
        rpe_wanted=session.rpe_wanted,
    )
