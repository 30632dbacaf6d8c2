"""What time brings: holds served, raises announced and made, rungs walked down, deadlines missed, Stop repeated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import FRESH_S, Mover
from retroctl.domain.commands import Outcome, StartOrResume
from retroctl.domain.course import Move
from retroctl.domain.effects import EndReason
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.limits import Facing
from retroctl.domain.monitors import OVER_TARGET, slower_unit
from retroctl.domain.plan import EASE_RUNG_FORWARD_S
from retroctl.domain.session import exertion
from retroctl.domain.session.core import ANNOUNCE_LIMIT_S, ANNOUNCE_S, Core
from retroctl.domain.session.memory import Advance
from retroctl.domain.starting import StartNews
from retroctl.domain.transitions import ARMED_STATES, State, Trigger
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from retroctl.domain.events import MachineStop

WATCH_S: Final = 3.0
"""After connecting, the belt is watched for so long before anything is offered."""
NO_DATA_S: Final = 10.0
STOP_WITHOUT_DATA_S: Final = 5.0
STOP_STALLED_S: Final = 5.0
"""F15: nobody watched the belt for so long."""
RUNG_BY_HAND_S: Final = 10.0
"""Eased down by hand, a rung is walked at least so long after the person has set it."""
ANNOUNCED_FRESH_S: Final = 2.5
"""A raise follows the end of its announcement at once, or it is announced anew."""
COMING_TO_REST_S: Final = 5.0
"""What the last Stop before a turn is allowed for, so that the belt rests when the turn is due."""

_NOT_WATCHED: Final = frozenset({State.STOPPING, State.STOPPED, State.FAULTED})
_WATCHED: Final = ARMED_STATES - _NOT_WATCHED


def time_passes(core: Core) -> None:  # noqa: C901 - one line for each state
    """Do what is due at `core.now`."""
    _watch_data(core)
    exertion.time_passes(core)
    match core.state:
        case State.OBSERVING:
            _watch_after_connecting(core)
        case State.STARTING if core.start is not None:
            after_start_news(core, core.start.due(core.now))
        case State.SETTLING:
            if core.held_back or core.blocks or core.heart.over(core.now) or not core.belief.fresh(core.now):
                withdraw_call(core)
            if core.pending is not None and core.now >= core.progress_at + core.obeys.set_s:
                not_obeyed(core, Outcome.UNKNOWN, "the belt does not come nearer to the target")
        case State.EASING_DOWN:
            _ease_on(core)
        case State.STOPPING if core.stop is not None:
            for command in core.stop.due(core.now):
                core.propose(command, "stop repeated")
            core.show_stop(core.stop)
        case _:
            pass
    if core.state is State.HOLDING and core.now >= _served_at(core):
        core.move(Trigger.SERVED)
    if core.state is State.ANNOUNCING:
        _announce_on(core)
    if core.state is State.READY:
        _next_stage(core)


def next_deadline(core: Core) -> float | None:
    """The next session second at which `time_passes` has something to do; None when only events matter."""
    marks, now, state = exertion.marks(core), core.now, core.state
    if state in _WATCHED and core.belief.measured is not None:
        limit = STOP_WITHOUT_DATA_S if core.data_alarmed else FRESH_S
        marks.append(core.belief.measured.at + limit + 0.01)
    match state:
        case State.OBSERVING:
            marks += [core.connected_at + WATCH_S, core.connected_at + NO_DATA_S]
        case State.STARTING if core.start is not None:
            deadline = core.start.deadline()
            marks += [] if deadline is None else [deadline]
        case State.SETTLING if core.pending is not None:
            marks.append(core.progress_at + core.obeys.set_s)
        case State.HOLDING:
            marks.append(_served_at(core))
        case State.ANNOUNCING:
            marks += [core.announced_at + ANNOUNCE_S, core.announced_at + ANNOUNCE_LIMIT_S]
        case State.EASING_DOWN:
            marks += [core.rung_until, core.progress_at + core.obeys.ease_s]
        case State.STOPPING if core.stop is not None:
            marks += [core.stop.next_repeat(), core.stop.next_view_change(now), core.stop.next_said()]
        case _:
            pass
    return min([mark for mark in marks if mark > now], default=None)


def raise_block(core: Core) -> tuple[str, str] | None:  # noqa: PLR0911 - a list of rules
    """The rule and reason that a raise waits for; None when only consent and the announcement are missing."""
    if not core.belief.fresh(core.now):
        return "F1", "there are no fresh data from the treadmill"
    remaining = core.remaining()
    if core.facing is Facing.BACKWARD and remaining > 0:
        return "R9", f"{remaining:.0f} s of this hold are left"
    if core.hold.settled_at is None:
        return "R9", "this speed is not reached yet"
    if core.blocks:
        return min(core.blocks), "a failsafe has not been lifted"
    if core.held_back:
        return "R8", "on HOLD until the trainer confirms"
    if not core.lowest_asked:
        return "R6", "the machine's lowest speed comes first"
    return exertion.block(core)


def ceiling(core: Core) -> Speed:
    """No raise goes further than one step above the target in force."""
    highest = min(core.in_force.hundredths + core.max_raise.hundredths, core.belt.maximum.hundredths)
    return core.belt.snap_down(Speed(max(core.belt.minimum.hundredths, highest)))


def within_reach(core: Core, target: Speed) -> bool:
    """Whether the belt, too, is within one raise of `target`: inside a hold it may show a little less for a moment."""
    rise = target.hundredths - core.measured.hundredths
    return core.measured > REST and rise <= core.max_raise.hundredths + core.belt.tolerance


def stood_still(core: Core, seconds: float, *, slept: bool) -> None:
    """F15: nobody watched the belt meanwhile. Shortly: nothing is raised until the trainer confirms; longer: stop."""
    detail = f"it slept for {seconds:.0f} s" if slept else f"for {seconds:.1f} s"
    if core.state in (State.STOPPED, State.FAULTED):
        return
    long = slept or seconds > STOP_STALLED_S
    if core.state is State.STOPPING:
        core.alarm(FailsafeId.F15, detail)
    elif long:
        core.fail(FailsafeId.F15, detail)
    elif core.armed:
        core.alarm(FailsafeId.F15, f"{detail}; look at the belt, confirm to go on")
        core.blocks.add(FailsafeId.F15)
        core.consent_at = None


def after_start_news(core: Core, news: StartNews) -> None:
    """Act on what the start attempt says is due."""
    match news:
        case StartNews.ASK_CONTROL:
            core.ask_control("start")
        case StartNews.START if not core.belief.at_rest(core.now):
            _abandon_start(core, "the belt is not measured at rest any more")
        case StartNews.START:
            core.propose(StartOrResume(), "trainer")
            core.cue("Starting. Hands on the rails.")
        case StartNews.WRITE_MINIMUM if slower_unit(core.measured, core.belt.minimum):
            core.fail(FailsafeId.F5, f"it runs at {core.measured}, under the lowest speed that it announces")
        case StartNews.WRITE_MINIMUM:
            core.ask_lowest()
        case StartNews.WINDOW_CLOSED:
            _abandon_start(core, "nobody pressed START on the console within 60 s")
        case StartNews.CONFIRMATION_STALE:
            _abandon_start(core, "the confirmation to start is older than 10 s; confirm again")
        case StartNews.NO_MOTION:
            core.refuse("start", "no motion was measured within 20 s of Start")
            core.begin_stop("no motion after Start")
        case StartNews.NEVER_STEADY:
            core.refuse("start", "the belt did not come to a steady speed")
            core.begin_stop("never steady after the start")
        case _:
            pass


def not_obeyed(core: Core, outcome: Outcome, detail: str) -> None:
    """F9: the belt did not do what it was asked. Never asked again by itself; the hold runs where the belt is."""
    asked = core.pending
    core.settle_command(outcome)
    if asked is not None and _will_not_come_down(core, asked.target):
        core.fail(FailsafeId.F3, f"{detail}: asked for {asked.target}, measured {core.measured}")
        return
    if core.state is State.EASING_DOWN:
        core.alarm(FailsafeId.F9, detail)
        core.begin_stop("the machine does not slow down when asked")
        return
    core.alarm(FailsafeId.F9, detail)
    core.blocks.add(FailsafeId.F9)
    core.consent_at = None
    _stay_here(core)


def _will_not_come_down(core: Core, asked: Speed) -> bool:
    """A belt that starts fast and does not take its lowest speed obeys nothing that is known: no place to hold."""
    return core.first_target and _over(core, asked)


def sped_up_unasked(core: Core) -> bool:
    """Whether the belt, seen again, is faster than its target by more than F3 allows: nothing to be confirmed."""
    return core.belief.in_force is not None and _over(core, core.in_force)


def _over(core: Core, asked: Speed) -> bool:
    watched = core.facing is Facing.BACKWARD and not core.by_hand
    return watched and core.measured.hundredths > asked.hundredths + OVER_TARGET


def withdraw_call(core: Core) -> None:
    """By hand: a raise that was called out and is not made yet is taken back when it may not come any more."""
    pending = core.pending
    if not core.by_hand or core.state is not State.SETTLING or pending is None or pending.target == core.belt.minimum:
        return
    if pending.target.hundredths > core.measured.hundredths + core.belt.near:
        core.settle_command(Outcome.UNKNOWN)
        _stay_here(core)


def _stay_here(core: Core) -> None:
    """The belt did not go where it was asked to: the hold runs where it is."""
    before = core.in_force_before
    here = core.measured if core.measured > REST else core.in_force
    stays = here if before is None or not core.near(before, here) else before
    core.put_in_force(stays, Mover.PROGRAM)
    core.course.relocate(stays)


def machine_stopped(core: Core, cause: MachineStop, *, said: bool = True) -> None:
    """F7: the session ends. Nothing is written unless the belt does not fall.

    Where the machine has not `said` so, its belt may only be pausing, or too slow for it to tell: then Stop goes out.
    """
    core.alarm(FailsafeId.F7, cause.value)
    core.ended_at_machine = True
    core.begin_stop(f"F7: {cause.value}", quiet=said)


def _watch_data(core: Core) -> None:
    """F1: two seconds without data block raises and alarm, five stop."""
    if core.state not in _WATCHED or core.belief.measured is None:
        return
    age = core.now - core.belief.measured.at
    if age > STOP_WITHOUT_DATA_S:
        core.fail(FailsafeId.F1, f"for {age:.0f} s")
    elif age > FRESH_S and not core.data_alarmed:
        core.data_alarmed = True
        core.alarm(FailsafeId.F1, f"for {age:.0f} s; raises wait")
        core.break_hold()


def _watch_after_connecting(core: Core) -> None:
    if core.now < core.connected_at + WATCH_S:
        return
    if core.moved_unarmed:
        core.end(EndReason.ALREADY_MOVING, "the belt moves already; somebody may be on it")
    elif core.belief.at_rest(core.now) and core.belief.frames_gap_s <= FRESH_S:
        core.move(Trigger.WATCHED)
    elif core.now >= core.connected_at + NO_DATA_S:
        seldom = core.belief.measured is not None
        core.end(
            EndReason.NO_DATA,
            "the machine sends its speed too seldom, or no steady rest"
            if seldom
            else "the machine sends no speed; wake it (step on it, press a key), or it wants its maker's own app",
        )


def _abandon_start(core: Core, reason: str) -> None:
    core.move(Trigger.START_ABANDONED)
    core.refuse("start", reason)


def _next_stage(core: Core) -> None:
    """The stage is served. HOLD and balance events end all advancing, whichever way, until the trainer confirms."""
    if core.held_back:
        core.consent_at = None
        return
    move, target = core.course.next_move(core.in_force, ceiling(core))
    match move:
        case Move.FINISH:
            core.completed = True
            core.ease("plan")
        case Move.TURN:
            core.turn_next = True
            core.ease("plan")
        case Move.STAY:
            core.course.advance()
            core.stage_began = None
            core.break_hold()
        case Move.LOWER:
            # A belt that shows less than the lower target for a moment must not be sent up to it.
            if core.measured.hundredths >= max(1, target.hundredths - core.belt.near):
                core.command(target, "plan")
                core.move(Trigger.COMMANDED)
                core.put_in_force(target, Mover.PROGRAM)
                core.course.advance()
                core.stage_began = None
                core.cue(f"Slower. {target.kmh:.1f}.")
        case _:
            _raise_if_due(core, target)


def _served_at(core: Core) -> float:
    """When the stage under way has been served: the hold at its speed, or forward the stage's own time."""
    if core.facing is Facing.BACKWARD:
        since, lead_s = core.hold.settled_at, 0.0
    else:
        since, lead_s = core.stage_began, _turn_lead_s(core)
    return math.inf if since is None else since + core.course.stage.hold_s - lead_s


def _turn_lead_s(core: Core) -> float:
    """How long before its end a forward stage is eased down, so that the belt rests when the turn is due."""
    following = core.course.following
    if following is None or following.facing is Facing.FORWARD:
        return 0.0
    rungs = core.course.rungs_below(core.in_force)
    return min(rungs * EASE_RUNG_FORWARD_S + COMING_TO_REST_S, core.course.stage.hold_s / 2)


def _raise_if_due(core: Core, target: Speed) -> None:
    if target <= core.in_force or raise_block(core) is not None:
        core.consent_at = None
        return
    if core.consent_at is None and core.advance is not Advance.AUTO:
        return
    if within_reach(core, target):
        core.move(Trigger.CONSENTED)
        core.announce(target)


def _announce_on(core: Core) -> None:
    blocked = raise_block(core)
    if blocked is not None or core.now >= core.announced_at + ANNOUNCE_LIMIT_S:
        core.move(Trigger.WITHDRAWN)
        core.consent_at = None
        rule, reason = blocked or ("announcement", "the announcement did not come to its end")
        core.refuse(rule, reason)
        return
    finished_at, target = core.announcement_finished_at, core.announced_target
    if finished_at is None or core.now < core.announced_at + ANNOUNCE_S or not within_reach(core, target):
        return
    if core.now - finished_at > ANNOUNCED_FRESH_S:
        core.announcement_finished_at = None
    else:
        core.announcing = False
        core.raised_at = core.now
        core.command(target, "plan")
        core.move(Trigger.COMMANDED)
        core.put_in_force(target, Mover.PROGRAM)
        core.course.take(target)


def _ease_on(core: Core) -> None:
    if core.now < core.rung_until:
        return
    if core.pending is not None and core.measured.hundredths > core.in_force.hundredths + core.belt.excursion:
        if core.now >= core.progress_at + core.obeys.ease_s:
            not_obeyed(core, Outcome.UNKNOWN, "the belt does not slow down")
        return
    core.ease_rung("plan")


def settled(core: Core) -> None:
    """Measured speed has settled at the target: the command is confirmed and the hold runs."""
    if core.pending is not None:
        core.settle_command(Outcome.CONFIRMED)
        core.blocks.discard(FailsafeId.F9)
    core.any_settled = True
    core.first_target = False
    core.notes.settled(core.in_force, core.now)
    core.stage_began = core.now if core.stage_began is None else core.stage_began
    if core.by_hand and core.state is State.EASING_DOWN:
        core.rung_until = max(core.rung_until, core.now + RUNG_BY_HAND_S)
    if core.state is State.SETTLING:
        core.move(Trigger.SETTLED)
        core.cue(f"{core.in_force.kmh:.1f}. Hold {core.course.stage.hold_s:.0f} seconds.")
        core.tell_incline(core.course.stage.incline_pct)
