"""What time brings: holds served, raises announced and made, rungs walked down, deadlines missed, Stop repeated."""

from __future__ import annotations

from typing import Final

from retroctl.domain.belief import FRESH_S, Mover
from retroctl.domain.commands import Outcome, StartOrResume
from retroctl.domain.course import Move
from retroctl.domain.effects import Ended, EndReason
from retroctl.domain.events import MachineStop
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.session.core import ANNOUNCE_LIMIT_S, ANNOUNCE_S, HOLD_STATES, Advance, Core
from retroctl.domain.starting import StartNews
from retroctl.domain.transitions import ARMED_STATES, State, Trigger
from retroctl.units import REST, Speed

WATCH_S: Final = 3.0
"""After connecting, the belt is watched for so long before anything is offered."""
NO_DATA_S: Final = 10.0
STOP_WITHOUT_DATA_S: Final = 5.0
OBEY_S: Final = 10.0
"""A target that the belt has not come nearer to for so long was not obeyed."""

_NOT_WATCHED: Final = frozenset({State.STOPPING, State.STOPPED, State.FAULTED})


def time_passes(core: Core) -> None:
    """Do what is due at `core.now`."""
    _watch_data(core)
    match core.state:
        case State.OBSERVING:
            _watch_after_connecting(core)
        case State.STARTING if core.start is not None:
            after_start_news(core, core.start.due(core.now))
        case State.SETTLING:
            if core.pending is not None and core.now - core.progress_at >= OBEY_S:
                not_obeyed(core, Outcome.UNKNOWN, "the belt does not come nearer to the target")
        case State.EASING_DOWN:
            _ease_on(core)
        case State.STOPPING if core.stop is not None:
            for command in core.stop.due(core.now):
                core.propose(command, "stop repeated")
            core.show_stop()
        case _:
            pass
    if core.state is State.HOLDING and core.hold.remaining(core.course.stage.hold_s, core.now) <= 0:
        core.move(Trigger.SERVED)
    if core.state is State.ANNOUNCING:
        _announce_on(core)
    if core.state is State.READY:
        _next_stage(core)


def next_deadline(core: Core) -> float | None:
    """The next session second at which `time_passes` has something to do; None when only events matter."""
    marks: list[float] = []
    if core.state in ARMED_STATES - _NOT_WATCHED and core.belief.measured is not None:
        limit = STOP_WITHOUT_DATA_S if core.data_alarmed else FRESH_S
        marks.append(core.belief.measured.at + limit + 0.01)
    match core.state:
        case State.OBSERVING:
            marks += [core.connected_at + WATCH_S, core.connected_at + NO_DATA_S]
        case State.STARTING if core.start is not None:
            deadline = core.start.deadline()
            marks += [] if deadline is None else [deadline]
        case State.SETTLING if core.pending is not None:
            marks.append(core.progress_at + OBEY_S)
        case State.HOLDING:
            marks.append(core.now + core.hold.remaining(core.course.stage.hold_s, core.now))
        case State.ANNOUNCING if core.announced_at is not None:
            marks += [core.announced_at + ANNOUNCE_S, core.announced_at + ANNOUNCE_LIMIT_S]
        case State.EASING_DOWN:
            marks.append(core.rung_until)
        case State.STOPPING if core.stop is not None:
            marks += [core.stop.next_repeat(), core.stop.next_view_change(core.now)]
        case _:
            pass
    later = [mark for mark in marks if mark > core.now]
    return min(later, default=None)


def raise_block(core: Core) -> tuple[str, str] | None:
    """The rule and reason that a raise waits for; None when only consent and the announcement are missing."""
    if not core.belief.fresh(core.now):
        return "F1", "there are no fresh data from the treadmill"
    remaining = core.hold.remaining(core.course.stage.hold_s, core.now)
    if remaining > 0:
        return "R9", f"{remaining:.0f} s of this hold are left"
    if core.pending is not None:
        return "F9", "the last target is not confirmed"
    if core.blocks:
        return min(core.blocks), "a failsafe has not been lifted"
    if core.held_back:
        return "R8", "on HOLD until the trainer confirms"
    return None


def after_start_news(core: Core, news: StartNews) -> None:
    """Act on what the start attempt says is due."""
    match news:
        case StartNews.ASK_CONTROL:
            core.ask_control("start")
        case StartNews.START:
            core.propose(StartOrResume(), "trainer")
            core.cue("Starting. Hands on the rails.")
        case StartNews.WRITE_MINIMUM:
            if core.command(core.belt.minimum, "start"):
                core.move(Trigger.COMMANDED)
                core.put_in_force(core.belt.minimum, Mover.PROGRAM)
                core.start = None
        case StartNews.WINDOW_CLOSED:
            _abandon_start(core, "nobody pressed START on the console within 60 s")
        case StartNews.CONFIRMATION_STALE:
            _abandon_start(core, "the confirmation to start is older than 10 s; confirm again")
        case StartNews.NO_MOTION:
            core.refuse("start", "the belt did not move within 20 s of Start")
            core.begin_stop("no motion after Start")
        case StartNews.NEVER_STEADY:
            core.refuse("start", "the belt did not come to a steady speed")
            core.begin_stop("never steady after the start")
        case StartNews.NOTHING:
            pass


def not_obeyed(core: Core, outcome: Outcome, detail: str) -> None:
    """F9: the belt did not do what it was asked. Never asked again by itself; the hold runs where the belt is."""
    core.settle_command(outcome)
    if core.state is State.EASING_DOWN:
        core.alarm(FailsafeId.F9, detail)
        core.begin_stop("the machine does not slow down when asked")
        return
    core.alarm(FailsafeId.F9, detail)
    core.blocks.add(FailsafeId.F9)
    core.consent_at = None
    before = core.in_force_before
    stays = core.measured if before is None or not core.near(before, core.measured) else before
    if stays > REST:
        core.put_in_force(stays, Mover.PROGRAM)
        core.course.relocate(stays)


def machine_stopped(core: Core, cause: MachineStop) -> None:
    """F7: the session ends. Nothing is written unless the belt does not fall."""
    core.alarm(FailsafeId.F7, cause.value)
    core.turn_next = core.completed = False
    core.begin_stop(f"F7: {cause.value}", quiet=True)


def _watch_data(core: Core) -> None:
    """F1: two seconds without data block raises and alarm, five stop."""
    if core.state not in ARMED_STATES or core.state in _NOT_WATCHED or core.belief.measured is None:
        return
    age = core.now - core.belief.measured.at
    if age > STOP_WITHOUT_DATA_S:
        core.fail(FailsafeId.F1, f"for {age:.0f} s")
    elif age > FRESH_S and not core.data_alarmed:
        core.data_alarmed = True
        core.alarm(FailsafeId.F1, f"for {age:.0f} s; raises wait")
        core.break_hold()


def _watch_after_connecting(core: Core) -> None:
    watched = core.now - core.connected_at
    if watched < WATCH_S:
        return
    if core.moved_unarmed:
        core.emit(Ended(EndReason.ALREADY_MOVING, "the belt moves already; somebody may be on it"))
    elif core.belief.at_rest(core.now):
        core.move(Trigger.WATCHED)
    elif watched >= NO_DATA_S:
        core.emit(Ended(EndReason.NO_DATA, "the machine sends no speed"))


def _abandon_start(core: Core, reason: str) -> None:
    core.start = None
    core.move(Trigger.START_ABANDONED)
    core.refuse("start", reason)


def _next_stage(core: Core) -> None:
    move, target = core.course.next_move(core.in_force, _ceiling(core))
    match move:
        case Move.FINISH:
            core.completed = True
            core.ease("plan")
        case Move.TURN:
            core.turn_next = True
            core.ease("plan")
        case Move.STAY if target is not None:
            core.course.take(target)
            core.break_hold()
        case Move.LOWER if target is not None:
            if core.command(target, "plan"):
                core.move(Trigger.COMMANDED)
                core.put_in_force(target, Mover.PROGRAM)
                core.course.take(target)
                core.cue(f"Slower. {target.kmh:.1f}.")
        case Move.RAISE if target is not None:
            _raise_if_due(core, target)
        case _:
            pass


def _raise_if_due(core: Core, target: Speed) -> None:
    if target <= core.in_force or raise_block(core) is not None:
        core.consent_at = None
        return
    if core.consent_at is None and core.advance is not Advance.AUTO:
        return
    core.move(Trigger.CONSENTED)
    core.announce(target)


def _ceiling(core: Core) -> Speed:
    """No raise goes further than one step above both the target in force and the last one that was commanded."""
    reference = core.in_force
    last = core.belief.requested
    if last is not None and abs(last.speed.hundredths - reference.hundredths) <= core.belt.excursion:
        reference = min(reference, last.speed)
    return core.belt.snap_down(
        Speed(max(core.belt.minimum.hundredths, reference.hundredths + core.max_raise.hundredths))
    )


def _announce_on(core: Core) -> None:
    if core.announced_at is None or core.announced_target is None:
        return
    blocked = raise_block(core)
    if blocked is not None or core.now - core.announced_at >= ANNOUNCE_LIMIT_S:
        core.move(Trigger.WITHDRAWN)
        core.consent_at = None
        rule, reason = blocked or ("announcement", "the announcement did not come to its end")
        core.refuse(rule, reason)
        return
    if not core.announcement_finished or core.now - core.announced_at < ANNOUNCE_S:
        return
    target = core.announced_target
    if core.command(target, "plan"):
        core.announced_at = None
        core.move(Trigger.COMMANDED)
        core.put_in_force(target, Mover.PROGRAM)
        core.course.take(target)


def _ease_on(core: Core) -> None:
    if core.now < core.rung_until:
        return
    if core.measured.hundredths > core.in_force.hundredths + core.belt.excursion:
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
    if core.state is State.SETTLING:
        core.move(Trigger.SETTLED)
        core.cue(f"{core.in_force.kmh:.1f}. Hold {core.course.stage.hold_s:.0f} seconds.")


__all__ = [
    "HOLD_STATES",
    "after_start_news",
    "machine_stopped",
    "next_deadline",
    "not_obeyed",
    "raise_block",
    "settled",
    "time_passes",
]
