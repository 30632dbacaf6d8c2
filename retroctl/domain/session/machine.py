"""What the machine and the air report: frames, status, answers, the link."""

from __future__ import annotations

from typing import Final

from retroctl.domain import events as ev
from retroctl.domain.belief import FRESH_S, REST_FRAMES, Mover, Reading
from retroctl.domain.commands import Answer, Outcome, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.effects import Ended, EndReason, Settled
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.hold import HoldNews
from retroctl.domain.limits import Facing
from retroctl.domain.monitors import other_unit, restarted
from retroctl.domain.session.core import HOLD_STATES, Core
from retroctl.domain.session.progress import after_start_news, machine_stopped, not_obeyed, settled
from retroctl.domain.starting import Phase
from retroctl.domain.transitions import ARMED_STATES, RUNNING_STATES, State, Trigger
from retroctl.units import REST, Speed

ADOPT_RISE: Final = 50
"""A rise at the console of at most this is adopted though the machine did not announce it, hundredths of km/h."""
SMALL_CHANGE_S: Final = 5.0
"""A steady speed off the target, but inside the excursion band, is a change at the console after so long."""
OTHER_SPEED_S: Final = 2.0
UNIT_FASTER_S: Final = 2.0
UNIT_SLOWER_S: Final = 4.0
GONE_REST_S: Final = 3.0
"""A belt at rest for so long, though nobody here stopped it, has been stopped; one frame of 0 may be a fluke."""

_AT_REST_STATES: Final = frozenset({State.ARMED, State.TURNING, State.STOPPED, State.FAULTED})


def telemetry(core: Core, event: ev.TelemetryReceived) -> None:
    """Take in a frame: first the failsafes, then what the state makes of it."""
    belief, now = core.belief, core.now
    gap = belief.measured is not None and now - belief.measured.at > FRESH_S
    rested = belief.zero_frames >= REST_FRAMES
    elapsed_before = belief.elapsed_s
    belief.measure(event.measured, now)
    belief.elapsed_s = event.elapsed_s if event.elapsed_s is not None else belief.elapsed_s
    core.steady.measure(event.measured, now)
    if core.data_alarmed or gap:
        core.data_alarmed = False
        core.break_hold()
    if core.state not in ARMED_STATES:
        _watch_unarmed(core)
        return
    if core.state is State.STOPPING:
        if core.stop is not None:
            core.stop.measure(event.measured, now)
            core.show_stop()
        return
    tripped = _tripped(core, event.measured, rested=rested, was=elapsed_before)
    if tripped is not None:
        core.fail(*tripped)
        return
    _by_state(core, event.measured)


def _watch_unarmed(core: Core) -> None:
    if core.belief.moving() and not core.moved_unarmed:
        core.moved_unarmed = True
        core.alarm(FailsafeId.F12, "nothing has been armed; nothing is written")


def _tripped(core: Core, measured: Speed, *, rested: bool, was: int | None) -> tuple[FailsafeId, str] | None:
    """The failsafe that this frame trips, with what was seen."""
    now, moving = core.now, measured > REST
    if core.state in _AT_REST_STATES:
        return (FailsafeId.F12, f"measured {measured} from rest") if rested and moving else None
    if core.over_cap.trips(measured, core.facing, now):
        return FailsafeId.F4, f"measured {measured}, cap {core.caps.of(core.facing)}"
    if core.state is State.STARTING:
        return None
    if moving and restarted(was, core.belief.elapsed_s):
        return FailsafeId.F12, "the machine has restarted"
    highest = core.belief.highest_target(now)
    watched = core.any_settled and core.facing is Facing.BACKWARD
    if watched and core.over_target.trips(measured, highest, now):
        return FailsafeId.F3, f"measured {measured}, asked for at most {highest}"
    return None


def _by_state(core: Core, measured: Speed) -> None:
    zero_since = core.belief.zero_since
    stands = zero_since is not None and core.belief.zero_frames >= REST_FRAMES and core.now - zero_since >= GONE_REST_S
    if stands and (core.state in RUNNING_STATES or core.state is State.LOST):
        machine_stopped(core, ev.MachineStop.UNSTATED)
        return
    match core.state:
        case State.STARTING if core.start is not None:
            began = core.start.moving_since is None and measured > REST and core.start.start_sent_at is not None
            news = core.start.measure(measured, core.now)
            if began:
                core.emit(Settled(StartOrResume(), Outcome.CONFIRMED))
            after_start_news(core, news)
        case State.SETTLING:
            _settle(core, measured)
        case State.HOLDING | State.READY | State.ANNOUNCING:
            _hold(core, measured)
        case State.OVERRIDDEN:
            _follow_console(core, measured)
        case State.EASING_DOWN:
            if core.hold.measure(measured, core.now) is HoldNews.SETTLED:
                settled(core)
        case _:
            pass


def _settle(core: Core, measured: Speed) -> None:
    if core.hold.measure(measured, core.now) is HoldNews.SETTLED:
        settled(core)
        return
    if core.pending is None:
        elsewhere = core.steady.lasted(OTHER_SPEED_S, core.now) and not core.near(measured, core.in_force)
        if elsewhere and measured > REST:
            _override(core, measured)
        return
    distance = abs(measured.hundredths - core.pending.target.hundredths)
    if distance <= core.nearest - 10:
        core.nearest, core.progress_at = distance, core.now
    fault = _unit_fault(core, core.pending.target, measured)
    if fault is not None:
        core.fail(FailsafeId.F5, fault)


def _unit_fault(core: Core, target: Speed, measured: Speed) -> str | None:
    """F5: the belt went where the other unit would send it, or up when it was sent down."""
    was = max(core.measured_before, core.in_force_before or REST)
    if target < core.measured_before and measured.hundredths > was.hundredths + core.belt.tolerance:
        return f"asked for {target} down from {was}, measured {measured}"
    anchor = core.steady.anchor
    if anchor is None or not other_unit(anchor, target) or core.near(anchor, target):
        return None
    changed = not core.near(anchor, core.measured_before)
    steady_s = core.now - max(core.steady.since, core.pending_at)
    needed = UNIT_FASTER_S if changed and anchor > target else UNIT_SLOWER_S
    if (changed or core.first_target) and core.steady.lasted(OTHER_SPEED_S, core.now) and steady_s >= needed:
        return f"asked for {target}, measured {anchor}"
    return None


def _hold(core: Core, measured: Speed) -> None:
    if core.facing is Facing.FORWARD:
        # The client faces the console and sets the speed there: adopted without asking, the stage's time runs on.
        core.hold.target = measured
        core.hold.measure(measured, core.now)
        core.belief.put_in_force(measured, core.now, Mover.CONSOLE)
        return
    broken = core.hold.measure(measured, core.now) is HoldNews.BROKEN
    rise = measured.hundredths - core.in_force.hundredths
    if broken and measured > REST and rise <= ADOPT_RISE and not core.near(measured, core.in_force):
        _override(core, measured)
    elif broken:
        core.break_hold()
    elif core.steady.lasted(SMALL_CHANGE_S, core.now) and not core.near(core.steady.anchor or measured, core.in_force):
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
    if measured == REST or measured == core.in_force:
        return
    base = core.override_base or core.in_force
    announced = core.reported_target is not None and measured <= core.reported_target
    if measured < core.in_force or announced or measured.hundredths <= base.hundredths + ADOPT_RISE:
        core.put_in_force(measured, Mover.CONSOLE)


def target_changed(core: Core, event: ev.MachineTargetChanged) -> None:
    """Machine Status 05: our own command come back, or a change at the console."""
    now = core.now
    recent = [core.in_force, *([] if core.pending is None else [core.pending.target])]
    highest = core.belief.highest_target(now)
    recent += [] if highest is None else [highest]
    if core.belief.in_force is None or any(core.near(event.target, ours) for ours in recent):
        return
    if core.state not in HOLD_STATES and core.state not in (State.SETTLING, State.OVERRIDDEN):
        return
    if core.facing is Facing.FORWARD:
        return
    if event.target > core.caps.of(core.facing):
        core.alarm(FailsafeId.F6, f"the console asks for {event.target}, over the cap; press STOP if the belt follows")
        core.break_hold()
        return
    core.reported_target = event.target
    if core.state is State.OVERRIDDEN:
        core.put_in_force(event.target, Mover.CONSOLE)
    else:
        _override(core, event.target)


def stopped(core: Core, event: ev.MachineStopped) -> None:
    """Machine Status 02 or 03: the session ends, if one was under way."""
    if core.state in RUNNING_STATES or core.state in (State.STARTING, State.LOST):
        machine_stopped(core, event.cause)
    elif core.state in (State.ARMED, State.TURNING) and event.cause is ev.MachineStop.SAFETY_KEY:
        core.cue("The safety key is out. Put it back before starting.")


def control_lost(core: Core) -> None:
    """F8: somebody else commands the machine, or it withdrew its permission."""
    if core.state in _AT_REST_STATES or core.state is State.STOPPING or core.state not in ARMED_STATES:
        return
    core.in_control = False
    _deny(core, "control permission lost")


def _deny(core: Core, detail: str) -> None:
    core.alarm(FailsafeId.F8, detail)
    core.blocks.add(FailsafeId.F8)
    core.consent_at = None
    match core.state:
        case State.EASING_DOWN:
            core.begin_stop(f"F8: {detail}")
        case State.STARTING if core.measured == REST and (core.start is None or core.start.phase is Phase.CONTROL):
            core.start = None
            core.move(Trigger.START_ABANDONED)
            core.blocks.discard(FailsafeId.F8)
        case State.STARTING if core.measured == REST:
            pass  # a start may be on its way: wait for motion or the deadline, which stops
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
    if core.stop is not None and core.state is State.STOPPING:
        for command in core.stop.answered(event.command, event.answer, core.now):
            core.propose(command, "stop")
        core.show_stop()
        return
    match event.command:
        case RequestControl():
            _control_answered(core, event.answer)
        case SetTargetSpeed():
            _target_answered(core, event)
        case StartOrResume():
            if event.answer in (Answer.REFUSED, Answer.NOT_PERMITTED):
                core.emit(Settled(event.command, Outcome.REJECTED))
                core.refuse("start", "the machine refused to start; it may want START pressed on its console")
        case Stop():
            pass


def _control_answered(core: Core, answer: Answer) -> None:
    outcome = {Answer.SUCCESS: Outcome.CONFIRMED, Answer.NONE: Outcome.UNKNOWN}.get(answer, Outcome.REJECTED)
    core.emit(Settled(RequestControl(), outcome))
    if answer is Answer.NOT_PERMITTED:
        _deny(core, "Request Control was answered with Control Not Permitted")
        return
    if answer is not Answer.SUCCESS:
        core.refuse("F8", "the machine did not grant control; going on, since some machines obey all the same")
    core.in_control = True
    core.blocks.discard(FailsafeId.F8)
    if core.state is State.STARTING and core.start is not None:
        after_start_news(core, core.start.control_answered(core.now))


def _target_answered(core: Core, event: ev.CommandAnswered) -> None:
    if core.pending is None or event.command != core.pending:
        return
    match event.answer:
        case Answer.SUCCESS:
            core.belief.accepted = Reading(core.pending.target, core.now)
        case Answer.REFUSED:
            not_obeyed(core, Outcome.REJECTED, f"{core.pending.target} was refused")
        case Answer.NOT_PERMITTED:
            core.settle_command(Outcome.REJECTED)
            _deny(core, "Set Target Speed was answered with Control Not Permitted")
        case Answer.NOT_SENT:
            not_obeyed(core, Outcome.REJECTED, "the command could not be sent")
        case Answer.NONE:
            pass  # telemetry decides, within its own deadline


def link_dropped(core: Core) -> None:
    """F2 while armed; before that the session simply cannot go on."""
    core.link_up = core.in_control = False
    if core.state not in ARMED_STATES:
        core.emit(Ended(EndReason.LINK_LOST, "the connection was lost before anything was armed"))
        return
    if core.state in (State.STOPPED, State.FAULTED):
        return
    core.alarm(FailsafeId.F2, "")
    core.blocks.add(FailsafeId.F2)
    core.consent_at = None
    if core.state in (State.STOPPING, State.LOST):
        return
    core.settle_command(Outcome.UNKNOWN)
    core.start = None
    core.move(Trigger.LINK_LOST)
    core.hold.restart()


def link_restored(core: Core) -> None:
    """Connected again, to observe or stop."""
    core.link_up = True
    if core.state is State.LOST:
        core.cue("Connected again. Confirm to go on, or stop.")
