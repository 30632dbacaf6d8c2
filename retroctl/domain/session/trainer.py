"""What the trainer does: brief, arm, start, confirm, hold, step down, ease down, note a balance event, stop."""

from __future__ import annotations

from typing import Final

from retroctl.domain import events as ev
from retroctl.domain.belief import Mover
from retroctl.domain.effects import EndReason, NoteKind
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.limits import MIN_FORWARD_RAISE_GAP_S, Facing
from retroctl.domain.monitors import OverCap, OverTarget
from retroctl.domain.session import exertion
from retroctl.domain.session.core import CONFIRM_LIFTS, CONSENT_WINDOW_S, HOLD_STATES, Core
from retroctl.domain.session.noting import Notes, note
from retroctl.domain.session.progress import (
    after_start_news,
    ceiling,
    raise_block,
    sped_up_unasked,
    withdraw_call,
    within_reach,
)
from retroctl.domain.starting import StartAttempt
from retroctl.domain.transitions import State, Trigger
from retroctl.units import REST

KEY_REPEAT_S: Final = 0.7
"""Confirmations closer than this are one key held down: only the first counts."""

_UNARMED: Final = frozenset({State.IDLE, State.OBSERVING, State.BRIEFING})
_AT_AN_END: Final = _UNARMED | {State.STOPPED, State.FAULTED}


def stop(core: Core, event: ev.StopRequested) -> None:
    """Stop, from any state. Unarmed, only a person's Stop is written; a mere way out writes nothing."""
    core.turn_next = core.completed = False
    if core.state is State.STOPPING:
        if event.person and core.stop is not None:
            for command in core.stop.press_again(core.now):
                core.propose(command, event.source)
        return
    if core.state in _UNARMED and not event.person:
        core.move(Trigger.LEFT)
        core.end(EndReason.STOPPED, event.source)
        return
    if core.state in (State.STOPPED, State.FAULTED) and not event.person:
        return
    core.begin_stop(event.source)


def answer_briefing(core: Core, event: ev.BriefingAnswered) -> None:
    """Note one answer."""
    core.briefing.answer(event)


def arm(core: Core) -> None:
    """Arm, if the briefing is complete and the belt is measured at rest."""
    if core.state not in (State.BRIEFING, State.STOPPED):
        core.refuse("R1", f"the session cannot be armed while {core.state}")
        return
    gap = core.briefing.gap()
    if core.ended_at_machine:
        core.refuse("F7", "the session was ended at the machine; begin a new one, with its briefing")
    elif gap is not None:
        core.refuse("R1", gap)
    elif not core.link_up or not core.belief.at_rest(core.now):
        core.refuse("N3", "the belt is not measured at rest")
    else:
        core.course.index = 0
        core.notes = Notes()
        core.move(Trigger.ARMED)
        core.armed, core.ended = True, False
        core.blocks &= {FailsafeId.F14}
        core.data_alarmed = core.held_back = core.completed = core.turn_next = False


def start(core: Core, event: ev.StartConfirmed) -> None:
    """Open the window for a start at the console, or let the program start, once; only from measured rest."""
    if core.state is not State.ARMED:
        core.refuse("N1", f"a start is not possible while {core.state}")
        return
    if not core.belief.at_rest(core.now):
        core.refuse("N3", "the belt is not measured at rest")
        return
    core.steady.reset()
    core.move(Trigger.START)
    kind = ev.StartKind.CONSOLE if core.by_hand else event.kind
    core.start = StartAttempt(kind, core.belt, core.now)
    core.over_target, core.over_cap = OverTarget(), OverCap(core.caps)  # nothing counts on from before a stop
    if kind is ev.StartKind.CONSOLE:
        core.cue("Press START on the console.")
    after_start_news(core, core.start.first())


def confirm(core: Core) -> None:
    """Consent, or lift what waits for the trainer; a key held down counts once."""
    last, core.confirm_pressed_at = core.confirm_pressed_at, core.now
    if last is not None and core.now - last < KEY_REPEAT_S:
        return
    match core.state:
        case State.HOLDING | State.READY | State.ANNOUNCING | State.SETTLING | State.EASING_DOWN:
            _consent(core)
        case State.OVERRIDDEN:
            _adopt(core)
        case State.LOST:
            _rearm(core)
        case State.TURNING:
            _turn(core)
        case _:
            core.refuse("R8", f"there is nothing to confirm while {core.state}")


def hold(core: Core) -> None:
    """HOLD: stay at this speed until the trainer confirms; vetoes a raise to the last moment."""
    core.held_back, core.consent_at = True, None
    if core.state not in HOLD_STATES and core.state is not State.SETTLING:
        core.refuse(
            "hold", f"HOLD has nothing to hold while {core.state}; nothing is raised until the trainer confirms"
        )
        return
    if core.state is State.ANNOUNCING:
        core.move(Trigger.WITHDRAWN)
    withdraw_call(core)
    core.cue(f"Holding {core.in_force.kmh:.1f}.")


def step_down(core: Core) -> None:
    """One rung down, at once; advancing by itself ends until the trainer confirms."""
    if core.state not in HOLD_STATES and core.state not in (State.SETTLING, State.OVERRIDDEN):
        core.refuse("down", f"stepping down is not possible while {core.state}; STOP always is")
        return
    if core.measured == REST:
        core.refuse("N3", "the belt shows no motion just now; press again, or STOP")
        return
    # The first target is the lowest speed also here: a rung is counted from what one garbled frame may have told.
    below = core.course.rung_below(core.reference_for_down()) if core.lowest_asked else core.belt.minimum
    if below is None:
        core.refuse("down", "this is the lowest speed; ease down or STOP")
        return
    core.command(below, "trainer")
    core.move(Trigger.COMMANDED)
    core.put_in_force(below, Mover.PROGRAM)
    core.course.relocate(below)
    core.held_back = True
    core.blocks -= CONFIRM_LIFTS
    core.cue(f"Slower. {below.kmh:.1f}.")


def ease_down(core: Core) -> None:
    """The normal end, whenever the trainer wants it."""
    if core.state in HOLD_STATES or core.state in (State.SETTLING, State.OVERRIDDEN):
        core.ease("trainer")
    elif core.state in (State.ARMED, State.STARTING, State.LOST, State.TURNING):
        core.begin_stop("ease down without a running belt")
    else:
        core.refuse("ease", f"there is nothing to ease down while {core.state}")


def balance_event(core: Core, event: ev.BalanceEventNoted) -> None:
    """F11: the hold starts anew and a step down is offered; stepped off or fallen stops the belt."""
    name = event.kind.name.lower().replace("_", " ")
    note(core, NoteKind.BALANCE, name)
    core.held_back = True
    if event.kind >= ev.BalanceEvent.STEPPED_OFF and core.state not in _AT_AN_END:
        core.fail(FailsafeId.F11, name)
        return
    core.alarm(FailsafeId.F11, f"{name}; step down?")
    core.blocks.add(FailsafeId.F11)
    core.break_hold()


def _consent(core: Core) -> None:
    liftable = CONFIRM_LIFTS - {FailsafeId.F6}
    lifted = core.held_back or bool(core.blocks & liftable)
    core.held_back = False
    core.blocks -= liftable
    settled = core.state in HOLD_STATES
    if core.state is State.EASING_DOWN:
        core.refuse("ease", "easing down; nothing is raised any more")
        return
    if FailsafeId.F8 in core.blocks or not core.lowest_asked:
        core.ask_control("trainer")
    if settled and core.facing is Facing.FORWARD:
        _raise_forward(core, lifted=lifted)
    elif settled and core.remaining() <= CONSENT_WINDOW_S and (effort := exertion.block(core)) is not None:
        core.refuse(*effort)
    elif settled and core.remaining() <= CONSENT_WINDOW_S:
        core.consent_at = core.now
        core.cue("Confirmed.")
    elif lifted:
        core.cue("Going on.")
    else:
        wait = f"{core.remaining():.0f} s of this hold are left" if settled else "this speed is not reached yet"
        core.refuse("R9", f"{wait}; a confirmation counts in the last {CONSENT_WINDOW_S:.0f} s of a hold")


def _raise_forward(core: Core, *, lifted: bool) -> None:
    """One raise for each key where the client cannot set the speed: towards the stage's target, 15 s apart."""
    target = min(core.course.stage.target, ceiling(core))
    waited = core.raised_at is None or core.now - core.raised_at >= MIN_FORWARD_RAISE_GAP_S
    blocked = raise_block(core)
    if blocked is not None:
        core.refuse(*blocked)
    elif target <= core.in_force or not within_reach(core, target):
        core.cue("Going on." if lifted else "The client sets the speed at the console.")
    elif not waited:
        core.refuse("R9", f"the last raise was less than {MIN_FORWARD_RAISE_GAP_S:.0f} s ago")
    else:
        core.command(target, "trainer")
        core.raised_at = core.now
        core.move(Trigger.COMMANDED)
        core.put_in_force(target, Mover.PROGRAM)
        core.cue(f"Faster. {target.kmh:.1f}.")


def _adopt(core: Core) -> None:
    """The console's speed becomes ours; the whole hold runs there, then the next rung above it may come."""
    if not core.belief.fresh(core.now) or core.measured == REST:
        core.refuse("F1", "the belt's speed is not known well enough to go on")
        return
    if FailsafeId.F8 in core.blocks or not core.lowest_asked:
        core.ask_control("trainer")
    core.blocks -= CONFIRM_LIFTS
    core.held_back = False
    _go_on_from_here(core, Trigger.ADOPTED, Mover.CONSOLE)


def _rearm(core: Core) -> None:
    """After a lost link: Request Control, never Start; the hold runs anew at the speed the belt has."""
    if not core.link_up or not core.heard_since_link or not core.belief.fresh(core.now):
        core.refuse("F2", "the treadmill is not connected again yet")
        return
    if core.measured == REST:
        core.refuse("F2", "the belt is at rest; STOP, then start anew")
        return
    if sped_up_unasked(core):
        core.refuse("F3", f"the belt runs at {core.measured}, {core.in_force} was asked for; lower it there, or STOP")
        return
    core.ask_control("trainer")
    core.blocks -= CONFIRM_LIFTS | {FailsafeId.F2}
    core.held_back = False
    _go_on_from_here(core, Trigger.REARMED, Mover.PROGRAM)


def _go_on_from_here(core: Core, trigger: Trigger, mover: Mover) -> None:
    """The belt's own speed is the target from here, and it must be held in full."""
    known = core.belief.in_force is not None and core.near(core.in_force, core.measured)
    speed = core.in_force if known else core.measured
    core.override_base = core.reported_target = None
    core.any_settled = True
    core.belief.put_in_force(speed, core.now, mover)
    core.course.relocate(speed)
    core.move(trigger)
    core.hold.aim(speed)
    core.cue(f"Going on at {speed.kmh:.1f}.")


def _turn(core: Core) -> None:
    if not core.belief.at_rest(core.now):
        core.refuse("N11", "facing changes only on a belt measured at rest")
        return
    core.held_back = False
    core.blocks -= CONFIRM_LIFTS
    core.course.advance()
    core.move(Trigger.TURNED)
    core.cue(f"Facing {core.facing}.")
