"""What the machine and the air report: frames, status, answers, the link."""

from __future__ import annotations

from typing import Final

from retroctl.domain import events as ev
from retroctl.domain.belief import FRESH_S, Mover, Reading
from retroctl.domain.commands import Answer, Outcome, RequestControl, SetTargetSpeed, StartOrResume
from retroctl.domain.effects import EndReason, Settled
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.hold import HoldNews
from retroctl.domain.limits import Facing
from retroctl.domain.monitors import highest_at_first, other_unit, restarted
from retroctl.domain.session import by_hand
from retroctl.domain.session.by_hand import TOLD_FIRST
from retroctl.domain.session.core import HOLD_STATES, Core
from retroctl.domain.session.progress import after_start_news, machine_stopped, not_obeyed, settled
from retroctl.domain.starting import Phase
from retroctl.domain.transitions import ARMED_STATES, RUNNING_STATES, State, Trigger
from retroctl.units import REST, Speed

ADOPT_RISE: Final = 50
"""A rise at the console of at most this is adopted though the machine did not announce it, hundredths of km/h."""
SAME_TARGET: Final = 5
"""Two targets this near are one: a machine may convert to miles and back, hundredths of km/h."""
SMALL_CHANGE_S: Final = 5.0
"""A steady speed off the target, but inside the excursion band, is a change at the console after so long."""
OTHER_SPEED_S: Final = 2.0
LATE_UNIT_S: Final = 10.0
"""A belt that ran at a target already, when it was asked for, may show for so long that it took it for miles."""
UNIT_FASTER_S: Final = 2.0
UNIT_SLOWER_S: Final = 6.0
"""Slower than asked is no danger, and a slow or staged ramp passes the same ratio: judged when it stays there."""
GONE_REST_S: Final = 3.0
"""A belt at rest for so long, though nobody here stopped it, has been stopped; one frame of 0 may be a fluke."""

_AT_REST_STATES: Final = frozenset({State.ARMED, State.TURNING, State.STOPPED, State.FAULTED})


def telemetry(core: Core, event: ev.TelemetryReceived) -> None:
    """Take in a frame: first the failsafes, then what the state makes of it."""
    belief, now = core.belief, core.now
    gap = belief.measured is not None and now - belief.measured.at > FRESH_S
    rested = belief.stood
    elapsed_before = belief.elapsed_s
    belief.measure(event.measured, now, event.distance_m)
    belief.elapsed_s = event.elapsed_s if event.elapsed_s is not None else belief.elapsed_s
    core.heard_since_link = True
    core.steady.measure(event.measured, now)
    if event.measured > REST:
        core.start_pending = False
        core.settle_start(Outcome.CONFIRMED)
    if core.data_alarmed or gap:
        core.data_alarmed = False
        core.break_hold()
    if core.state not in ARMED_STATES:
        _watch_unarmed(core)
    elif core.stop is not None:
        core.stop.measure(event.measured, now, falls_until=belief.falls_until(), rolls=belief.rolls)
        core.show_stop(core.stop)
    else:
        tripped = _tripped(core, event, rested=rested, was=elapsed_before)
        if tripped is not None and core.by_hand and tripped[0] in TOLD_FIRST and core.state in RUNNING_STATES:
            by_hand.too_fast(core, *tripped)
        elif tripped is not None:
            core.fail(*tripped)
        else:
            core.too_fast_at = None
            _by_state(core, event.measured)


def _watch_unarmed(core: Core) -> None:
    if (core.belief.moving() or core.belief.rolls) and not core.moved_unarmed:
        core.moved_unarmed = True
        core.alarm(FailsafeId.F12, "nothing has been armed; nothing is written")


def _tripped(  # noqa: PLR0911 - a list of failsafes
    core: Core, event: ev.TelemetryReceived, *, rested: bool, was: int | None
) -> tuple[FailsafeId, str] | None:
    """The failsafe that this frame trips, with what was seen."""
    now, measured, moving = core.now, event.measured, event.measured > REST
    ratio = core.distance.disagrees(measured, event.distance_m, now)
    if core.state is State.LOST and core.lost_at_rest and moving:
        return FailsafeId.F12, f"measured {measured} when the link came back; it was lost at rest"
    if core.state in _AT_REST_STATES:
        return (FailsafeId.F12, f"measured {measured} from rest") if rested and moving else None
    if core.over_cap.trips(measured, core.facing, now):
        return FailsafeId.F4, f"measured {measured}, cap {core.caps.of(core.facing)}"
    if core.state is State.STARTING:
        return None
    if moving and restarted(was, core.belief.elapsed_s):
        return (
            FailsafeId.F12,
            f"its clock went back from {was} s to {core.belief.elapsed_s} s: the machine has restarted",
        )
    if ratio is not None:
        return FailsafeId.F5, f"the metres it counts grow {ratio:.2f} times as fast as the speed it tells"
    highest = by_hand.highest_target(core) if core.by_hand else core.belief.highest_target(now)
    watched, allowed = core.any_settled, highest
    if highest is not None and core.first_target and core.lowest_asked:
        watched, allowed = not core.by_hand, highest_at_first(highest, core.measured_before)
    if watched and core.facing is Facing.BACKWARD and core.over_target.trips(measured, allowed, now):
        return FailsafeId.F3, f"measured {measured}, asked for at most {highest}"
    return None


def _by_state(core: Core, measured: Speed) -> None:
    zero_since = core.belief.zero_since
    gone = core.belief.stands() and zero_since is not None and core.now - zero_since >= GONE_REST_S
    if gone and core.state is State.LOST and core.belief.ran is None:
        # Nobody stopped it: it has never moved. A Start that may be on its way is taken back all the same.
        core.begin_stop("the link was lost before the belt moved", quiet=not core.start_pending)
        return
    if gone and (core.state in RUNNING_STATES or core.state is State.LOST):
        machine_stopped(core, ev.MachineStop.UNSTATED, said=False)
        return
    match core.state:
        case State.STARTING if core.start is not None:
            after_start_news(core, core.start.measure(measured, core.now))
        case State.SETTLING:
            _settle(core, measured)
        case State.HOLDING | State.READY | State.ANNOUNCING if core.facing is Facing.FORWARD:
            _hold_forward(core, measured)
        case State.HOLDING | State.READY | State.ANNOUNCING:
            _hold(core, measured)
        case State.OVERRIDDEN:
            _follow_console(core, measured)
        case State.EASING_DOWN:
            core.watch_progress(measured)
            if core.hold.measure(measured, core.now) is HoldNews.SETTLED:
                settled(core)
        case _:
            pass


def _settle(core: Core, measured: Speed) -> None:
    if core.hold.measure(measured, core.now) is HoldNews.SETTLED:
        settled(core)
        return
    core.watch_progress(measured)
    fault = None if core.pending is None or core.by_hand else _unit_fault(core, core.pending.target, measured)
    if fault is not None:
        core.fail(FailsafeId.F5, fault)
        return
    elsewhere = core.steady.lasted(OTHER_SPEED_S, core.now) and not core.near(measured, core.in_force)
    if not elsewhere or measured == REST:
        return
    if core.facing is Facing.FORWARD:
        if core.pending is None or not core.near(measured, core.measured_before):
            _adopt_forward(core, measured)
    elif core.pending is None and measured.hundredths - core.in_force.hundredths <= ADOPT_RISE:
        _override(core, measured)


def _unit_fault(core: Core, target: Speed, measured: Speed) -> str | None:
    """F5: the belt went where the other unit would send it, or up when it was sent down."""
    was = max(core.measured_before, core.in_force_before or REST)
    if target < core.measured_before and measured.hundredths > was.hundredths + core.belt.tolerance:
        return f"asked for {target} down from {was}, measured {measured}"
    # The speed of now, not the one where it began to be steady: with coarse steps that may have been on the way up.
    if not other_unit(measured, target):
        return None
    changed = not core.near(measured, core.measured_before)
    needed = UNIT_FASTER_S if changed and measured > target else UNIT_SLOWER_S
    stays_s = core.now - max(core.steady.since, core.pending_at)
    if (changed or core.first_target) and core.steady.lasted(OTHER_SPEED_S, core.now) and stays_s >= needed:
        return f"asked for {target}, measured {measured}"
    return None


def _hold(core: Core, measured: Speed) -> None:
    broken = core.hold.measure(measured, core.now) is HoldNews.BROKEN
    rise = measured.hundredths - core.in_force.hundredths
    if broken and measured > REST and rise <= ADOPT_RISE and not core.near(measured, core.in_force):
        _moved_by_itself(core, measured)
    elif broken:
        core.break_hold()
    elif core.steady.lasted(SMALL_CHANGE_S, core.now) and _elsewhere(core, measured):
        _moved_by_itself(core, measured)


def _elsewhere(core: Core, measured: Speed) -> bool:
    """Whether a steady speed is off the target, from its first frame on and still: one that creeps in is arriving."""
    return not core.near(core.steady.anchor or measured, core.in_force) and not core.near(measured, core.in_force)


def _hold_forward(core: Core, measured: Speed) -> None:
    """The client faces the console and sets the speed there: adopted without asking; the stage's time runs on."""
    steady = measured > REST and core.steady.lasted(OTHER_SPEED_S, core.now)
    if steady and not core.near(measured, core.in_force):
        core.put_in_force(measured, Mover.CONSOLE)
    core.hold.measure(measured, core.now)


def _adopt_forward(core: Core, speed: Speed) -> None:
    core.settle_command(Outcome.UNKNOWN)
    core.put_in_force(speed, Mover.CONSOLE)


def _moved_by_itself(core: Core, measured: Speed) -> None:
    """The console's keys; or F5, where a belt that ran at the target before it was asked for has now heard it."""
    asked, lately = core.in_force, core.now - core.pending_at <= LATE_UNIT_S
    ran_there = core.belief.mover is Mover.PROGRAM and core.near(core.measured_before, asked) and not core.by_hand
    if lately and ran_there and measured > asked and other_unit(measured, asked):
        core.fail(FailsafeId.F5, f"asked for {asked}, where it was, measured {measured}")
    else:
        _override(core, measured)


def _override(core: Core, adopted: Speed) -> None:
    """F6: somebody changed the speed at the console. Never fought: adopted, and the trainer is asked."""
    core.settle_command(Outcome.UNKNOWN)
    core.alarm(FailsafeId.F6, f"now {adopted}; confirm to go on from there")
    core.blocks.add(FailsafeId.F6)
    core.consent_at = None
    core.override_base = core.in_force
    core.move(Trigger.OVERRIDE)
    core.put_in_force(adopted, Mover.CONSOLE)


def _follow_console(core: Core, measured: Speed) -> None:
    """Follow the console down freely, up only as far as a rise may go unannounced; F3 watches the rest."""
    if measured in (REST, core.in_force):
        return
    base = core.override_base or core.in_force
    announced = core.reported_target is not None and measured <= core.reported_target
    if measured < core.in_force or announced or measured.hundredths <= base.hundredths + ADOPT_RISE:
        core.put_in_force(measured, Mover.CONSOLE)


def target_changed(core: Core, event: ev.MachineTargetChanged) -> None:
    """Machine Status 05: our own command come back, or a change at the console."""
    if core.belief.in_force is None or _is_ours(core, event.target):
        return
    if core.state not in HOLD_STATES and core.state not in (State.SETTLING, State.OVERRIDDEN):
        return
    if event.target < core.belt.minimum:
        return  # no speed of this belt's, such as 0: measured speed will say what has changed, if anything
    if event.target > core.caps.of(core.facing):
        core.alarm(FailsafeId.F6, f"the console asks for {event.target}, over the cap; press STOP if the belt follows")
        core.break_hold()
    elif core.by_hand and core.pending is not None:
        return  # pressed towards what was called out, key by key; where the belt comes to is judged
    elif core.facing is Facing.FORWARD:
        _adopt_forward(core, event.target)
    elif core.state is State.OVERRIDDEN:
        core.reported_target = event.target
        core.put_in_force(event.target, Mover.CONSOLE)
    else:
        _override(core, event.target)
        core.reported_target = event.target


def _is_ours(core: Core, target: Speed) -> bool:
    same = max(SAME_TARGET, core.belt.increment.hundredths // 4)
    return any(abs(target.hundredths - ours.hundredths) <= same for ours in core.belief.recent_targets(core.now))


def stopped(core: Core, event: ev.MachineStopped) -> None:
    """Machine Status 02 or 03: the session ends, if one was under way."""
    if core.state in RUNNING_STATES or core.state in (State.STARTING, State.LOST):
        machine_stopped(core, event.cause)
    elif event.cause is ev.MachineStop.SAFETY_KEY and core.state in (State.ARMED, State.TURNING, State.STOPPING):
        # While stopping, 02 is only the echo of our own Stop; the key is always a person's act.
        core.alarm(FailsafeId.F7, event.cause.value)
        core.turn_next = core.completed = False


def control_lost(core: Core) -> None:
    """F8: somebody else commands the machine, or it withdrew its permission."""
    if core.stop is not None:
        core.stop.control_lost()
    if core.state in ARMED_STATES:
        _deny(core, "control permission lost")


def _deny(core: Core, detail: str) -> None:
    """The block holds until Request Control succeeds; a stop goes its own way and is not disturbed."""
    core.blocks.add(FailsafeId.F8)
    core.control_gone, core.consent_at = True, None
    if core.state in (State.STOPPING, State.STOPPED, State.FAULTED):
        return
    core.alarm(FailsafeId.F8, detail)
    match core.state:
        case State.EASING_DOWN:
            core.begin_stop(f"F8: {detail}")
        case State.STARTING if core.measured == REST:
            # A start that was sent may be on its way: then wait for motion or the deadline, which stops.
            if core.start is not None and core.start.phase is Phase.CONTROL:
                core.move(Trigger.START_ABANDONED)
        case State.STARTING | State.SETTLING | State.HOLDING | State.READY | State.ANNOUNCING:
            core.settle_command(Outcome.UNKNOWN)
            core.override_base = core.in_force
            core.move(Trigger.OVERRIDE)
            if core.measured > REST:
                core.put_in_force(core.measured, Mover.CONSOLE)
        case _:
            pass


def answered(core: Core, event: ev.CommandAnswered) -> None:
    """The wire's part of an outcome; a success is necessary, never sufficient."""
    if isinstance(event.command, RequestControl):
        outcome = {Answer.SUCCESS: Outcome.CONFIRMED, Answer.NONE: Outcome.UNKNOWN}.get(event.answer, Outcome.REJECTED)
        core.emit(Settled(event.command, outcome))
        # By hand it is a person's part, and not written before a stop: a success there grants nothing.
        asked = core.stop is not None or not core.by_hand
        core.control_gone = core.control_gone and not (asked and event.answer is Answer.SUCCESS)
    if core.stop is not None:
        for command in core.stop.answered(event.command, event.answer, core.now):
            core.propose(command, "stop")
        core.show_stop(core.stop)
    elif event.answer is Answer.NOT_PERMITTED:
        if isinstance(event.command, StartOrResume):
            core.settle_start(Outcome.REJECTED)
        elif event.command == core.pending:
            core.settle_command(Outcome.REJECTED)
        _deny(core, f"{event.command.name} was answered with Control Not Permitted")
    else:
        match event.command:
            case RequestControl():
                _control_answered(core, event.answer)
            case SetTargetSpeed():
                _target_answered(core, event)
            case StartOrResume():
                _start_answered(core, event.answer)
            case _:
                pass


def _control_answered(core: Core, answer: Answer) -> None:
    if answer is Answer.SUCCESS:
        core.blocks.discard(FailsafeId.F8)
    else:
        core.refuse("F8", "the machine did not grant control; going on, since some machines obey all the same")
    if core.state is State.STARTING and core.start is not None:
        after_start_news(core, core.start.control_answered(core.now))
    elif core.state in HOLD_STATES | {State.SETTLING} and not core.lowest_asked:
        # The belt was under way before it was ours: after a lost link or lost control the lowest speed is still due.
        core.ask_lowest()


def _start_answered(core: Core, answer: Answer) -> None:
    if answer in (Answer.REFUSED, Answer.NOT_SENT) and core.start_unsettled:
        core.settle_start(Outcome.REJECTED)
        core.start_pending = False
        core.refuse("start", "the machine refused to start; it may want START pressed on its console")


def _target_answered(core: Core, event: ev.CommandAnswered) -> None:
    if core.pending is None or event.command != core.pending:
        return
    match event.answer:
        case Answer.SUCCESS:
            core.belief.accepted = Reading(core.pending.target, core.now)
        case Answer.REFUSED:
            not_obeyed(core, Outcome.REJECTED, f"{core.pending.target} was refused")
        case Answer.NOT_SENT:
            if core.pending.target == core.belt.minimum:
                core.lowest_asked = False  # the machine has never heard of it
            not_obeyed(core, Outcome.REJECTED, "the command could not be sent")
        case _:
            pass  # no answer: telemetry decides, within its own deadline


def link_dropped(core: Core) -> None:
    """F2 while armed; before that the session simply cannot go on."""
    core.link_up = core.heard_since_link = False
    core.control_gone = True
    core.belief.forget_rest()
    if core.state not in ARMED_STATES:
        core.end(EndReason.LINK_LOST, "the connection was lost before anything was armed")
        return
    if core.state in (State.STOPPED, State.FAULTED):
        return
    core.alarm(FailsafeId.F2, "")
    core.blocks.add(FailsafeId.F2)
    core.consent_at = None
    core.turn_next = core.completed = False
    if core.stop is not None:
        core.stop.link_lost()
    if core.state in (State.STOPPING, State.LOST):
        return
    core.settle_command(Outcome.UNKNOWN)
    core.settle_start(Outcome.UNKNOWN)
    core.lost_at_rest = core.state in _AT_REST_STATES
    core.move(Trigger.LINK_LOST)
    core.hold.restart()


def link_restored(core: Core) -> None:
    """Connected again, to observe or stop. A latched Stop was the first thing written."""
    core.link_up = True
    if core.stop is not None:
        core.stop.written(core.now)
    if core.state is State.LOST:
        core.cue("Connected again. Confirm to go on, or stop.")
