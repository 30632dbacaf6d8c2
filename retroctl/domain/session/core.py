"""The few acts of a session that everything else is made of; what it remembers is in `memory`."""

from __future__ import annotations

from typing import Final

from retroctl.domain.belief import Mover, Reading
from retroctl.domain.commands import Command, Outcome, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.effects import (
    Alarm,
    Announce,
    AnnouncementWithdrawn,
    Cue,
    Effect,
    Ended,
    EndReason,
    HeldStage,
    Propose,
    Refusal,
    Settled,
    StateEntered,
    StopProgress,
    StopView,
)
from retroctl.domain.failsafes import FAILSAFES, Clears, FailsafeId
from retroctl.domain.limits import Facing
from retroctl.domain.plan import EASE_RUNG_FORWARD_S
from retroctl.domain.session.memory import Memory
from retroctl.domain.stopping import StopWatch
from retroctl.domain.transitions import State, Trigger, next_state
from retroctl.units import REST, Speed

CONSENT_WINDOW_S: Final = 15.0
"""Consent counts only in the last seconds of a hold, or later: it must be a judgement of this speed."""
ANNOUNCE_S: Final = 5.0
"""How long a raise is announced before it is written."""
ANNOUNCE_LIMIT_S: Final = 15.0
"""An announcement that has not finished by then is withdrawn."""

PROGRESS: Final = 10
"""A belt that has come so much nearer to its target is obeying, hundredths of km/h."""

CONFIRM_LIFTS: Final = frozenset(
    {FailsafeId.F3, FailsafeId.F4, FailsafeId.F6, FailsafeId.F9, FailsafeId.F11, FailsafeId.F15}
)
"""Blocks that the trainer's confirmation lifts. F3, F4 and F15 only where they did not stop the belt."""

HOLD_STATES: Final = frozenset({State.HOLDING, State.READY, State.ANNOUNCING})


class Core(Memory):
    """The state of one session, and what is done to it. The modules beside this one act on it; nobody else does."""

    # -- telling ---------------------------------------------------------------------------------------------------

    def emit(self, effect: Effect) -> None:
        """Add an effect."""
        self.effects.append(effect)

    def cue(self, text: str) -> None:
        """Say a short sentence."""
        self.emit(Cue(text))

    def tell_incline(self, pct: float) -> None:
        """Tell the trainer to set another incline at the console: the program never writes one (R14)."""
        if pct != self.incline_told:
            self.incline_told = pct
            self.cue(f"Set the incline to {pct:g} % at the console.")

    def refuse(self, rule: str, reason: str) -> None:
        """Say that what was asked is not done, and why."""
        self.emit(Refusal(rule, reason))

    def alarm(self, failsafe: FailsafeId, detail: str = "") -> None:
        """Raise the alarm of a failsafe, in the words of its row."""
        words = FAILSAFES[failsafe].alarm
        self.emit(Alarm(failsafe, f"{words}: {detail}" if detail else words))

    def propose(self, command: Command, source: str) -> None:
        """Propose a command to the envelope."""
        if isinstance(command, StartOrResume):
            self.start_unsettled = self.start_pending = True
            self.start_at = self.now
        in_force = self.belief.in_force
        self.emit(Propose(command, source, None if in_force is None else in_force.speed))

    def settle_start(self, outcome: Outcome) -> None:
        """Say what became of Start or Resume, once."""
        if self.start_unsettled:
            self.start_unsettled = False
            self.emit(Settled(StartOrResume(), outcome))

    def end(self, reason: EndReason, text: str) -> None:
        """Say, once, that nothing more will happen by itself."""
        if not self.ended:
            self.ended = True
            self.emit(Ended(reason, text))

    # -- acting ----------------------------------------------------------------------------------------------------

    def move(self, trigger: Trigger) -> None:
        """Go where the table says; leaving a hold tells how long it lasted."""
        before, self.state = self.state, next_state(self.state, trigger)
        if before in HOLD_STATES and self.state not in HOLD_STATES:
            self.emit(HeldStage(self.in_force, self.hold.seconds(self.now), self.notes.hands))
        if self.state is not State.STARTING:
            self.start = None
        if self.announcing:
            self.announcing = False
            self.emit(AnnouncementWithdrawn(self.announcement))
        self.emit(self._entered())

    def tell_state(self) -> None:
        """Let the last state entered be told with the stage and the target that it ended up with."""
        for place in range(len(self.effects) - 1, -1, -1):
            if isinstance(self.effects[place], StateEntered):
                self.effects[place] = self._entered()
                return

    def _entered(self) -> StateEntered:
        running = self.state not in (State.IDLE, State.OBSERVING, State.BRIEFING, State.ARMED)
        target = None if self.belief.in_force is None else self.belief.in_force.speed
        return StateEntered(self.state, self.course.index if running else None, target)

    def command(self, target: Speed, source: str) -> None:
        """Ask a belt that moves for `target`."""
        self.settle_command(Outcome.UNKNOWN)
        self.pending, self.pending_at = SetTargetSpeed(target), self.now
        self.belief.requested = Reading(target, self.now)
        self.measured_before = self.measured
        self.in_force_before = None if self.belief.in_force is None else self.belief.in_force.speed
        self.nearest = abs(self.measured.hundredths - target.hundredths)
        self.progress_at = self.now
        self.lowest_asked = self.lowest_asked or target == self.belt.minimum
        self.consent_at = None
        self.propose(self.pending, source)

    def ask_lowest(self) -> None:
        """The first target since the belt started is the machine's lowest speed, also when it runs there already."""
        if self.measured > REST:
            self.command(self.belt.minimum, "start")
            self.move(Trigger.COMMANDED)
            self.put_in_force(self.belt.minimum, Mover.PROGRAM)

    def watch_progress(self, measured: Speed) -> None:
        """Note whether the belt comes nearer to the pending target."""
        if self.pending is not None:
            distance = abs(measured.hundredths - self.pending.target.hundredths)
            if distance <= self.nearest - PROGRESS:
                self.nearest, self.progress_at = distance, self.now

    def put_in_force(self, target: Speed, mover: Mover) -> None:
        """The belt is expected at `target` from now, and must settle there."""
        before = None if self.belief.in_force is None else self.belief.in_force.speed
        self.belief.put_in_force(target, self.now, mover)
        self.hold.aim(target, before if mover is Mover.PROGRAM else None)

    def settle_command(self, outcome: Outcome) -> None:
        """Say what became of the pending target."""
        if self.pending is not None:
            self.obeyed = self.obeyed or outcome is Outcome.CONFIRMED
            self.emit(Settled(self.pending, outcome))
            self.pending = None

    def announce(self, target: Speed) -> None:
        """Begin to announce a raise."""
        self.announcing = True
        self.announcement += 1
        self.announced_at, self.announced_target, self.announcement_finished_at = self.now, target, None
        self.emit(
            Announce(self.announcement, target, ANNOUNCE_S, f"Faster in {ANNOUNCE_S:.0f} seconds: {target.kmh:.1f}.")
        )

    def break_hold(self) -> None:
        """The hold starts anew and consent is void; what was being announced is withdrawn."""
        self.consent_at = None
        if self.state in HOLD_STATES:
            self.move(Trigger.UNSETTLED)
        self.hold.restart()

    def ask_control(self, source: str) -> None:
        """Ask for control."""
        self.propose(RequestControl(), source)

    def ease(self, source: str) -> None:
        """Walk the rungs down, then stop."""
        self.consent_at = None
        self.move(Trigger.EASE)
        self.cue("Easing down.")
        self.tell_incline(0.0)
        self.ease_rung(source)

    def ease_rung(self, source: str) -> None:
        """One rung lower; at the lowest, stop. A single frame of 0 is waited out: the next one tells."""
        if self.measured == REST:
            self.rung_until = self.now
            return
        # Before any target was seen obeyed nobody knows that a lower number is a slower belt.
        below = self.course.rung_below(self.reference_for_down()) if self.obeyed else None
        if below is None:
            self.begin_stop("the end of easing down", planned=True)
            return
        self.command(below, source)
        self.put_in_force(below, Mover.PROGRAM)
        self.cue(f"Slower. {below.kmh:.1f}.")
        forward = self.facing is Facing.FORWARD
        self.rung_until = self.now + (EASE_RUNG_FORWARD_S if forward else self.course.plan.ease_rung_s)

    def reference_for_down(self) -> Speed:
        """From where "one rung down" counts: the target, or the measured speed where that is lower.

        A belt brought over the cap at the console goes to the highest rung that is not.
        """
        return min(self.in_force, self.measured, Speed(self.caps.of(self.facing).hundredths + 1))

    # -- stopping --------------------------------------------------------------------------------------------------

    def begin_stop(self, reason: str, *, quiet: bool = False, planned: bool = False) -> None:
        """Stop from any state.

        `quiet`: the machine says that it stopped by itself; write only if it does not fall. `planned`: easing down has
        come to its end; any other stop also ends the plan.
        """
        if not planned:
            self.turn_next = self.completed = False
        if self.state is State.STOPPING:
            return
        self.settle_command(Outcome.UNKNOWN)
        self.settle_start(Outcome.UNKNOWN)
        self.move(Trigger.STOP)
        self.ended = False
        self.consent_at, self.stop_reason = None, reason
        lowest = None if self.belief.measured is None else self.belief.measured.speed
        self.stop = StopWatch(
            self.belt.minimum,
            self.now,
            lowest,
            start_at=self.start_at if self.start_pending else None,
            measured=lowest if self.heard_since_link else None,
            control_gone=self.control_gone,
            by_hand=self.by_hand,
        )
        for command in self.stop.begin(quiet=quiet):
            self.propose(command, reason)
        self.cue("Press STOP on the console. Pull the clip." if self.by_hand else "Stopping.")
        self.show_stop(self.stop)

    def fail(self, failsafe: FailsafeId, detail: str) -> None:
        """A failsafe that stops: alarm, stop; those that never clear end the session for good. Unarmed, only alarm."""
        self.alarm(failsafe, detail)
        if not self.armed:
            return
        self.blocks.add(failsafe)
        if FAILSAFES[failsafe].clears is Clears.NEVER:
            self.fault = failsafe
        self.begin_stop(f"{failsafe}: {detail}")

    def show_stop(self, stop: StopWatch) -> None:
        """Say how the stop goes, when that has changed; at rest, leave."""
        view = stop.view(self.now)
        if stop.to_be_said(view, self.now):
            self.stop_view = view
            self.emit(StopProgress(view))
        if view is StopView.STOPPED:
            self._rest(stop)

    def _rest(self, stop: StopWatch) -> None:
        if stop.sent_at is not None:
            self.emit(Settled(Stop(), Outcome.CONFIRMED))
        self.stop = self.stop_view = None
        self.belief.forget_targets()
        self.steady.reset()
        self.first_target, self.any_settled, self.start_pending, self.lowest_asked = True, False, False, False
        self.obeyed = False
        self.stage_began = self.raised_at = self.too_fast_at = None
        if self.fault is not None:
            self.move(Trigger.REST_AFTER_FAULT)
            self.end(EndReason.FAULT, self.stop_reason)
        elif self.turn_next:
            self.turn_next = False
            self.move(Trigger.REST_BEFORE_TURN)
            self.cue("Stand still. Turn. Confirm.")
        else:
            self.move(Trigger.REST)
            self.end(EndReason.COMPLETED if self.completed else EndReason.STOPPED, self.stop_reason)
