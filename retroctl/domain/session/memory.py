"""What a session remembers, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import Belief
from retroctl.domain.briefing import Briefing
from retroctl.domain.course import Course
from retroctl.domain.heart import HeartWatch
from retroctl.domain.hold import HoldTimer, Steady
from retroctl.domain.limits import BeltRange, Caps, Facing
from retroctl.domain.monitors import DistanceCheck, OverCap, OverTarget
from retroctl.domain.plan import Plan, raise_step
from retroctl.domain.session.noting import Notes
from retroctl.domain.transitions import State
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from retroctl.domain.commands import SetTargetSpeed
    from retroctl.domain.effects import Effect, StopView
    from retroctl.domain.failsafes import FailsafeId
    from retroctl.domain.starting import StartAttempt
    from retroctl.domain.stopping import StopWatch


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


class Memory:
    """The state of one session."""

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
        self.control_gone = False
        """Control ended with a link, or was withdrawn, and has not been granted again since."""
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
        self.announcement: int = 0
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

    # -- knowing ---------------------------------------------------------------------------------------------------

    @property
    def facing(self) -> Facing:
        """Where the client looks at this stage."""
        course = self.course
        return course.plan.stages[course.index].facing

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
