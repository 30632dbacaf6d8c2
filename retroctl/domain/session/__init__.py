"""The session: what happened goes in with the time, what to do and to say comes out.

`Session.handle(event, now)` gives effects; `next_deadline()` says when time alone will matter; calling early is
harmless. Every change of state goes through the table in `domain.transitions`; Stop is looked at before anything
else, in every state. `core` holds what a session remembers, `trainer` what people do, `machine` what the treadmill
reports, `progress` what time brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.domain import events as ev
from retroctl.domain.commands import StartOrResume, Stop
from retroctl.domain.failsafes import FailsafeId
from retroctl.domain.session import exertion, machine, noting, progress, trainer
from retroctl.domain.session.core import Core
from retroctl.domain.session.memory import Advance
from retroctl.domain.starting import Phase
from retroctl.domain.transitions import State, Trigger

if TYPE_CHECKING:
    from retroctl.domain.belief import Belief
    from retroctl.domain.commands import Command
    from retroctl.domain.effects import Effect, StopView
    from retroctl.domain.heart import HeartWatch
    from retroctl.domain.limits import BeltRange, Caps, Facing
    from retroctl.domain.plan import Plan, Stage
    from retroctl.domain.session.noting import Rated

__all__ = ["Advance", "Session"]

_SERVED = frozenset({State.READY, State.ANNOUNCING, State.EASING_DOWN})
"""A hold was served, or the walk down has begun: the time to ask how hard it was."""


class Session:
    """One session on one belt."""

    def __init__(
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
        """`advance`: what a raise needs beside a served hold. `coarse_accepted`: steps over 0.80 km/h were accepted.

        `by_hand`: a person at the console does what is proposed; it takes longer, and who is too fast is told first.
        `heart`: the client's limits of heart rate and RPE; without it neither limits anything.
        """
        self._core = Core(
            plan, belt, caps, advance=advance, coarse_accepted=coarse_accepted, by_hand=by_hand, heart=heart
        )

    def handle(self, event: ev.Event, now: float) -> list[Effect]:
        """Take in an event at session second `now` (never less than before) and give the effects, in order."""
        core = self._core
        core.now = max(core.now, now)
        core.effects = []
        if isinstance(event, ev.StopRequested):
            trainer.stop(core, event)
        else:
            _dispatch(core, event)
        progress.time_passes(core)
        core.tell_state()
        return core.effects

    def next_deadline(self) -> float | None:
        """The session second at which time alone will matter."""
        return progress.next_deadline(self._core)

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._core.state

    @property
    def belief(self) -> Belief:
        """What is known of the belt. Read only."""
        return self._core.belief

    @property
    def stage(self) -> Stage:
        """The stage under way, or the first."""
        return self._core.course.stage

    @property
    def stage_index(self) -> int:
        """Which of the plan's stages that is, from 0."""
        return self._core.course.index

    @property
    def following_stage(self) -> Stage | None:
        """The stage after this one; None at the last."""
        return self._core.course.following

    @property
    def facing(self) -> Facing:
        """Where the client looks."""
        return self._core.facing

    @property
    def awaited(self) -> Command | None:
        """What the belt was asked for and has not been seen to do."""
        core = self._core
        if core.stop is not None:
            return Stop()
        waiting = core.start is not None and core.start.phase is Phase.WINDOW
        return StartOrResume() if waiting else core.pending

    @property
    def link_up(self) -> bool:
        """Whether the machine is connected: without it nothing that is asked for leaves."""
        return self._core.link_up

    @property
    def stop_latched(self) -> bool:
        """Whether a Stop is under way: it is the first thing written on a new connection."""
        return self._core.state is State.STOPPING

    def coming_to_rest(self, now: float) -> bool:
        """Whether the belt is being stopped, and rest is to be expected soon."""
        return self._core.stop is not None and self._core.stop.coming_to_rest(now)

    @property
    def stop_view(self) -> StopView | None:
        """What may be said of the stop under way."""
        return self._core.stop_view

    @property
    def stop_accepted(self) -> bool:
        """Whether the machine has said yes to the Stop under way: its word, not what the belt does."""
        stop = self._core.stop
        return stop is not None and stop.accepted_at is not None

    @property
    def blocks(self) -> frozenset[FailsafeId]:
        """Failsafes that forbid raises."""
        core = self._core
        effort = exertion.block(core)
        return frozenset(core.blocks | ({FailsafeId.F10} if effort is not None and effort[0] == "F10" else set()))

    @property
    def on_hold(self) -> bool:
        """HOLD, a step down or a balance event: nothing is raised until the trainer confirms."""
        return self._core.held_back

    @property
    def fault(self) -> FailsafeId | None:
        """The failsafe that ended the session for good; None while none has."""
        return self._core.fault

    @property
    def hands(self) -> ev.Hands:
        """Which hands are on the rails, as the trainer noted last."""
        return self._core.notes.hands

    @property
    def incline_pct(self) -> float:
        """The incline that the trainer was last told to set, per cent; whether it is set nobody here knows."""
        return self._core.incline_told

    @property
    def last_rpe(self) -> Rated | None:
        """The last rating of perceived exertion with the speed it was given for; None while there is none."""
        return self._core.notes.rated

    @property
    def rpe_wanted(self) -> bool:
        """Whether the hold under way is served and its speed has no rating yet."""
        return self._core.state in _SERVED and self._core.notes.rpe_wanted

    @property
    def heart(self) -> HeartWatch:
        """What is known of the heart rate. Read only."""
        return self._core.heart

    def hold_remaining_s(self, now: float) -> float | None:
        """Seconds of the present hold still to serve; None while no speed is settled."""
        core = self._core
        return None if core.hold.settled_at is None else core.remaining_at(now)

    def raise_waits_for(self, now: float) -> str | None:
        """Why the next raise does not come yet, in plain words."""
        self._core.now = max(self._core.now, now)
        block = progress.raise_block(self._core)
        if block is not None:
            return block[1]
        return "the trainer's confirmation" if self._core.advance is Advance.CONFIRM else None


def _dispatch(core: Core, event: ev.Event) -> None:  # noqa: C901, PLR0912, PLR0915 - a line for each thing that happens
    match event:
        case ev.Connected():
            core.link_up = True
            if core.state is State.IDLE:
                core.connected_at = core.now
                core.move(Trigger.CONNECTED)
        case ev.TelemetryReceived():
            machine.telemetry(core, event)
        case ev.MachineStopped():
            machine.stopped(core, event)
        case ev.MachineTargetChanged():
            machine.target_changed(core, event)
        case ev.ControlLost():
            machine.control_lost(core)
        case ev.CommandAnswered():
            machine.answered(core, event)
        case ev.CommandRefusedByGate():
            core.fail(FailsafeId.F13, f"{event.command.name}: {event.reason}")
        case ev.LinkDropped():
            machine.link_dropped(core)
        case ev.LinkRestored():
            machine.link_restored(core)
        case ev.BriefingAnswered():
            trainer.answer_briefing(core, event)
        case ev.ArmRequested():
            trainer.arm(core)
        case ev.StartConfirmed():
            trainer.start(core, event)
        case ev.ConfirmPressed():
            trainer.confirm(core)
        case ev.HoldPressed():
            trainer.hold(core)
        case ev.StepDownPressed():
            trainer.step_down(core)
        case ev.EaseDownPressed():
            trainer.ease_down(core)
        case ev.BalanceEventNoted():
            trainer.balance_event(core, event)
        case ev.RpeGiven():
            noting.rpe(core, event)
        case ev.HandsNoted():
            noting.hands(core, event)
        case ev.TagNoted():
            noting.tag(core, event)
        case ev.HeartRateReceived():
            exertion.heard(core, event)
        case ev.KeyboardLost():
            core.cue("The keys go elsewhere.")
        case ev.AnnouncementFinished():
            if event.number == core.announcement:
                core.announcement_finished_at = core.now
        case ev.RestWitnessed():
            core.cue("Noted: the trainer sees the belt at rest.")
        case ev.ProcessStalled(seconds=seconds):
            progress.stood_still(core, seconds, slept=False)
        case ev.ComputerSlept(seconds=seconds):
            progress.stood_still(core, seconds, slept=True)
        case ev.RecordFailed():
            core.blocks.add(FailsafeId.F14)
            core.alarm(FailsafeId.F14, f"{event.reason}; ease down?")
            core.consent_at = None
        case ev.RecordRestored():
            core.blocks.discard(FailsafeId.F14)
        case _:
            pass  # the console's own start shows in the belt; time is looked at after every event
