"""What a session remembers, and the few acts that everything else is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import Belief, Mover, Reading
from retroctl.domain.briefing import Briefing
from retroctl.domain.commands import Command, Outcome, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.course import Course
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
from retroctl.domain.heart import HeartWatch
from retroctl.domain.hold import HoldTimer, Steady
from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.monitors import DistanceCheck, OverCap, OverTarget
from retroctl.domain.plan import EASE_RUNG_FORWARD_S, Plan, raise_step
from retroctl.domain.session.noting import Notes
from retroctl.domain.stopping import StopWatch
from retroctl.domain.transitions import State, Trigger, next_state
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from retroctl.domain.starting import StartAttempt

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


class Advance(StrEnum):
    """What a raise needs beside a served hold."""

    CONFIRM = "confirm"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Obeys:
    """How long a target may go without the belt coming nearer to it, in seconds: raised or set, and eased down."""

    set_s: float
    ease_s: float


BY_WIRE: Final = Obeys(10.0, 5.0)
BY_HAND: Final = Obeys(30.0, 30.0)
"""A person hears it, turns to the console and presses keys; told three times before it counts as not done."""


class Core:
    """The state of one session. The modules beside this one act on it; nobody else does."""

    def __init__(  # noqa: PLR0915 - what a session remembers, in one place
        self,
        plan: Plan,
        belt: BeltRange,
        caps: Caps,
        *,
        advance: Advance = Advance.CONFIRM,
        coarse_accepted: bool = False,
        by_hand: bool = False,
        heart: HeartWatch | None = None,
    ) -> None:
        self.belt, self.caps, self.advance, self.by_hand = belt, caps, advance, by_hand
        self.obeys = BY_HAND if by_hand else BY_WIRE
        self.heart = heart or HeartWatch(None, chosen=False)
        self.max_raise = raise_step(belt, coarse_accepted=coarse_accepted)
        self.course = Course(plan)
        self.state = State.IDLE
        self.now = 0.0
        self.effects: list[Effect] = []
        self.belief = Belief()
        self.briefing = Briefing()
        self.hold = HoldTimer(belt)
        self.steady = Steady(belt)
        self.over_target = OverTarget()
        self.over_cap = OverCap(caps)
        self.distance = DistanceCheck()
        self.armed = False
        """The trainer has armed: before that nothing is written but a person's Stop, and failsafes only alarm."""
        self.ended_at_machine = False
        self.ended = False
        self.blocks: set[FailsafeId] = set()
        """Failsafes that forbid raises until what their row says lifts them."""
        self.connected_at = 0.0
        self.moved_unarmed = False
        self.start: StartAttempt | None = None
        self.start_unsettled = False
        """Start or Resume went out and nothing is known of it yet."""
        self.start_pending = False
        """Start or Resume went out and the belt has not moved since: it may still."""
        self.start_at = 0.0
        self.stop: StopWatch | None = None
        self.stop_view: StopView | None = None
        self.stop_reason = ""
        self.fault: FailsafeId | None = None
        self.link_up = False
        self.lost_at_rest = False
        """The link was lost on a belt that nobody had started."""
        self.heard_since_link = False
        """A frame has come on the present connection."""
        self.data_alarmed = False
        self.any_settled = False
        self.obeyed = False
        """A target has been confirmed since the belt started."""
        self.pending: SetTargetSpeed | None = None
        """The target that telemetry has not confirmed yet."""
        self.pending_at = 0.0
        self.measured_before: Speed = REST
        self.in_force_before: Speed | None = None
        self.first_target = True
        """No target has settled since the belt started."""
        self.lowest_asked = False
        """The machine's lowest speed was asked for since the belt started: it comes before any other target."""
        self.stage_began: float | None = None
        """When the speed of the stage first settled; a forward stage lasts from there, whatever the client sets."""
        self.raised_at: float | None = None
        self.nearest = 0
        self.progress_at = 0.0
        self.override_base: Speed | None = None
        self.reported_target: Speed | None = None
        self.too_fast_at: float | None = None
        """By hand: since when the belt is over what was called out, and has not fallen; None while it is not."""
        self.too_fast_lowest = REST
        self.confirm_pressed_at: float | None = None
        self.consent_at: float | None = None
        self.held_back = False
        """HOLD or a balance event: nothing advances until the trainer confirms."""
        self.announcement = 0
        self.announcing = False
        self.announced_at = 0.0
        self.announced_target = REST
        self.announcement_finished_at: float | None = None
        self.rung_until = 0.0
        self.turn_next = False
        self.completed = False
        self.notes = Notes()
        self.incline_told = 0.0
        """Per cent of incline that the trainer was last told to set; nothing else here knows of it."""

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

    # -- knowing ---------------------------------------------------------------------------------------------------

    @property
    def facing(self) -> Facing:
        """Where the client looks at this stage."""
        return self.course.stage.facing

    @property
    def in_force(self) -> Speed:
        """The target the belt is expected to run at; the minimum while there is none."""
        return self.belt.minimum if self.belief.in_force is None else self.belief.in_force.speed

    @property
    def measured(self) -> Speed:
        """The last measured speed; 0 while none is known. Ask `belief.fresh` before relying on it."""
        return REST if self.belief.measured is None else self.belief.measured.speed

    def near(self, one: Speed, other: Speed) -> bool:
        """Whether two speeds are the same for a treadmill."""
        return abs(one.hundredths - other.hundredths) <= self.belt.near

    def remaining(self) -> float:
        """Seconds of the stage still to serve."""
        return self.remaining_at(self.now)

    def remaining_at(self, now: float) -> float:
        """The same at another time: backward of the hold at its speed, forward of the stage's own time."""
        hold_s = self.course.stage.hold_s
        if self.facing is Facing.BACKWARD:
            return self.hold.remaining(hold_s, now)
        return hold_s if self.stage_began is None else max(0.0, self.stage_began + hold_s - now)

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
        """From where "one rung down" counts: the target, or the measured speed where that is lower."""
        return min(self.in_force, self.measured)

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
            control_gone=bool(self.blocks & {FailsafeId.F2, FailsafeId.F8}),
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
