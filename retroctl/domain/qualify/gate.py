"""The only way to the wire in a test: deny by default, refuse and never clamp, Stop always passes.

It keeps a picture of its own, from the frames, and shares nothing with the script whose proposals it judges. The gate
of sessions (`envelope`) is another one and knows nothing of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import FRAMES_APART_S, FRESH_S, REST_FRAMES
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.limits import MAX_RAISE
from retroctl.domain.qualify.happenings import Answered, LinkBack, Measured, Pause, Step
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange
    from retroctl.domain.qualify.happenings import Happening, TrialCommand

CEILING: Final = Speed(600)
"""No target in a test is above 6 km/h, nor above the machine's own highest speed."""

UNIT_FRAMES: Final = 2
"""So many frames near the lowest target, 3 s or more after it was written, prove that it was taken for km/h."""
UNIT_AFTER_S: Final = 3.0
REPEATS_BEFORE_LOWEST: Final = 3

_ALLOWED: Final[dict[Step, tuple[type[TrialCommand], ...]]] = {
    Step.WATCH: (),
    Step.CONTROL: (RequestControl,),
    Step.LOWEST: (StartOrResume, SetTargetSpeed),
    Step.LONG_RUN: (StartOrResume, SetTargetSpeed),
    Step.TARGETS: (SetTargetSpeed,),
    Step.RAMPS: (SetTargetSpeed,),
    Step.RAMPING_STOP: (StartOrResume, SetTargetSpeed),
    Step.COUNTDOWN: (StartOrResume,),
    Step.PAUSE: (StartOrResume, Pause),
    Step.LINK: (StartOrResume, RequestControl),
    Step.STOPS: (StartOrResume,),
    Step.SAFETY_KEY: (StartOrResume,),
}
"""What may be written at each step, beside Stop."""
_STARTS: Final = {Step.LONG_RUN: 2}
"""So many Starts may leave for one rest; elsewhere one."""
_WIDE: Final = frozenset({Step.RAMPS, Step.RAMPING_STOP})
"""Steps in which a target may be further above the measured speed than one raise."""


class TrialGate:
    """The gate of one test on one machine. `judge` gives the reason of a refusal, None where the command passes."""

    def __init__(self, belt: BeltRange) -> None:
        self._belt = belt
        self.ceiling = min(CEILING, belt.maximum)
        self._step: Step | None = None
        self._measured: Speed | None = None
        self._measured_at = 0.0
        self._zeros = 0
        self._zero_at = 0.0
        self._starts = 0
        self._latched = self._final = False
        self._stops = 0
        self._denied = self._lowest_asked = False
        self._lowest_at: float | None = None
        self._unit_frames = 0

    @property
    def unit_proven(self) -> bool:
        """Whether the frames have shown that the lowest target was taken for km/h."""
        return self._unit_frames >= UNIT_FRAMES

    def enter(self, step: Step) -> None:
        """A step begins; nothing may be written before the first. Raises ValueError for a step gone back to."""
        steps = list(Step)
        if self._step is not None and steps.index(step) <= steps.index(self._step):
            raise ValueError(f"the step {step} comes before {self._step}")
        self._step = step

    def finish(self) -> None:
        """The last Stop: nothing lifts the latch any more."""
        self._latched = self._final = True

    def observe(self, happened: Happening, now: float) -> None:
        """Take in what happened, before the test does."""
        if isinstance(happened, Answered):
            self._denied = self._denied or happened.answer is Answer.NOT_PERMITTED
        elif isinstance(happened, LinkBack):
            self._denied = True  # control ends with a connection
        if not isinstance(happened, Measured):
            return
        self._measured, self._measured_at = happened.speed, now
        if happened.speed > REST:
            self._zeros = self._starts = 0
        elif self._zeros == 0 or now - self._zero_at >= FRAMES_APART_S:
            self._zeros, self._zero_at = self._zeros + 1, now
        if self._latched and not self._final and self._zeros >= REST_FRAMES:
            self._latched, self._stops, self._denied, self._starts = False, 0, False, 0
        if self._lowest_at is not None and not self.unit_proven and now - self._lowest_at >= UNIT_AFTER_S:
            lowest = self._belt.minimum.hundredths
            near = 3 * lowest <= 4 * happened.speed.hundredths <= 5 * lowest
            self._unit_frames = self._unit_frames + 1 if near else 0

    def judge(self, command: TrialCommand, now: float) -> str | None:
        """Whether `command` may leave now."""
        if isinstance(command, Stop):
            if not self._latched:
                self._stops = self._zeros = 0
                self._lowest_asked = False
            self._latched = True
            self._stops += 1
            return None
        if self._latched:
            return self._after_stop(command)
        if self._step is None or type(command) not in _ALLOWED[self._step]:
            return f"{command.name} has no place in the step {self._step or 'before the first'}"
        if isinstance(command, StartOrResume):
            return self._start(now)
        return self._target(command.target, now) if isinstance(command, SetTargetSpeed) else None

    def _after_stop(self, command: TrialCommand) -> str | None:
        if isinstance(command, RequestControl) and self._denied:
            self._denied = False
            return None
        lowest = isinstance(command, SetTargetSpeed) and command.target == self._belt.minimum
        repeated = self._stops >= REPEATS_BEFORE_LOWEST and not self._lowest_asked
        if lowest and repeated and self._measured is not None and self._measured > self._belt.minimum:
            self._lowest_asked = True
            return None
        return "after Stop nothing leaves but Stop"

    def _start(self, now: float) -> str | None:
        if self._zeros < REST_FRAMES or now - self._measured_at > FRESH_S:
            return "the belt was not measured at rest just now"
        if self._step is None or self._starts >= _STARTS.get(self._step, 1):
            return "Start was written for this rest already"
        self._starts += 1
        return None

    def _target(self, target: Speed, now: float) -> str | None:
        if self._measured is None or self._measured == REST or now - self._measured_at > FRESH_S:
            return "a target needs a belt measured in motion just now"
        if target > self.ceiling:
            return f"{target} is above the ceiling of this test, {self.ceiling}"
        if target == self._belt.minimum:
            self._lowest_at = now if self._lowest_at is None else self._lowest_at
            return None
        if not self.unit_proven:
            return "the unit of its targets is not proven yet: only the lowest speed may be asked for"
        reach = self._measured.hundredths + max(MAX_RAISE.hundredths, self._belt.increment.hundredths)
        if self._step not in _WIDE and target.hundredths > reach + self._belt.tolerance:
            return f"{target} is more than one raise above the measured {self._measured}"
        return None
