"""A workout of another program made into a plan: scaled, checked by the plan's own rules, every change told.

Foreign speeds are meant for running forward, so they are multiplied by a factor that the trainer gives. Nothing is cut
in silence: what is changed is told step by step, and what no rule allows refuses the whole workout, naming the step.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from retroctl.domain.introduction import refuse_before_balance
from retroctl.domain.limits import MIN_BACKWARD_HOLD_S, Facing
from retroctl.domain.plan import MAX_HOLD_S, MAX_STAGES, Plan, Stage, StageKind, build_plan, raise_step
from retroctl.errors import ConfigError, PlanError
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange, Caps, Client

LEAST_SCALE: Final = 0.05
MOST_SCALE: Final = 1.0
"""Backward is never faster than forward."""
FASTEST_KMH: Final = 45.0
"""Faster than any sprinter: a speed beyond it is no speed, whatever wrote it."""
LONGEST_STEP_S: Final = 6 * 3600.0
_WAYS_OUT: Final = {"(R9)": ", or --lengthen", "(R14)": "; --flat leaves inclines out"}
_NUMBERED: Final = re.compile(r"stage (\d+): ")


@dataclass(frozen=True, slots=True)
class ForeignStep:
    """One step as the other program means it: forward speeds in km/h, from `from_kmh` evenly to `to_kmh`.

    `where` says where it stands in its file, for people: `step 3 (line 12)`. Raises ConfigError naming it for what can
    be no step: a time or speed that is not above zero, not finite, or beyond all measure.
    """

    where: str
    seconds: float
    from_kmh: float
    to_kmh: float
    kind: StageKind = StageKind.WORK
    incline_pct: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= LONGEST_STEP_S:
            raise ConfigError(f"{self.where}: a step of {self.seconds:g} s is none (0 to {LONGEST_STEP_S:g} s)")
        for kmh in (self.from_kmh, self.to_kmh):
            if not 0 < kmh <= FASTEST_KMH:
                raise ConfigError(f"{self.where}: {kmh:g} km/h is no speed to run at (0 to {FASTEST_KMH:g} km/h)")
        if not -100 < self.incline_pct < 100:
            raise ConfigError(f"{self.where}: {self.incline_pct:g} % is no incline")

    @property
    def told(self) -> str:
        """The step in words."""
        rise = "" if self.to_kmh == self.from_kmh else f" to {self.to_kmh:.2f}"
        incline = f" at {self.incline_pct:g} %" if self.incline_pct else ""
        return f"{self.seconds:g} s at {self.from_kmh:.2f}{rise} km/h{incline}"


@dataclass(frozen=True, slots=True)
class ForeignWorkout:
    """A workout as read. `remarks` are sentences about what its file holds besides and is not kept."""

    name: str
    program: str
    steps: tuple[ForeignStep, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a workout may be changed, each by the trainer's word; `scale` is from their speeds to ours."""

    scale: float
    flat: bool = False
    """Leave inclines out."""
    lengthen: bool = False
    """Make a step that is too short as long as it must be."""
    rungs: bool = True
    """Put the missing rungs in where a raise would be too large."""

    def __post_init__(self) -> None:
        if not LEAST_SCALE <= self.scale <= MOST_SCALE:  # also false for NaN
            raise ConfigError(
                f"--scale {self.scale:g}: give a factor from {LEAST_SCALE:g} to {MOST_SCALE:g}, such as 0.5 for half "
                "the forward speed"
            )


@dataclass(frozen=True, slots=True)
class Converted:
    """The plan, and a line for each step and each change."""

    plan: Plan
    lines: tuple[str, ...]


def converted(workout: ForeignWorkout, wishes: Wishes, belt: BeltRange, caps: Caps, client: Client) -> Converted:
    """Make a plan of it. Raises PlanError naming the step and the rule that forbids it."""
    work = _Work(wishes, belt, raise_step(belt))
    for step in workout.steps:
        work.add(step)
        if len(work.stages) > MAX_STAGES:
            raise PlanError(f"{step.where}: makes more than the {MAX_STAGES} stages that a session may have")
    try:
        plan = build_plan(workout.name, tuple(work.stages), belt, caps)
        refuse_before_balance(plan, client, belt)
    except PlanError as error:
        raise PlanError(_named(str(error), work.sources, workout, wishes, caps)) from None
    return Converted(plan, (*work.lines, *workout.remarks))


class _Work:
    """The stages so far, each with the step that it comes from."""

    def __init__(self, wishes: Wishes, belt: BeltRange, raise_: Speed) -> None:
        self._wishes, self._belt, self._raise = wishes, belt, raise_
        self.stages: list[Stage] = []
        self.sources: list[str] = []
        self.lines: list[str] = []
        self._rising = True

    def add(self, step: ForeignStep) -> None:
        remarks: list[str] = []
        seconds = step.seconds
        if seconds < MIN_BACKWARD_HOLD_S and self._wishes.lengthen:
            seconds = MIN_BACKWARD_HOLD_S
            remarks.append(f"lengthened to the {MIN_BACKWARD_HOLD_S:g} s that every backward speed is held (R9)")
        incline = step.incline_pct
        if incline and self._wishes.flat:
            incline = 0.0
            remarks.append("incline left out")
        pieces = self._pieces(step, seconds)
        if len(pieces) > 1:
            remarks.append(f"in {len(pieces)} equal parts, since a stage has one speed and at most {MAX_HOLD_S:g} s")
        made: list[str] = []
        places: list[int] = []
        for kmh, hold_s in pieces:
            target = self._speed(step, kmh)
            self._rungs_before(step, target)
            if target.hundredths != _exact(kmh * self._wishes.scale):
                remarks.append(f"{kmh * self._wishes.scale:.3f} km/h down to the machine's {target.kmh:.2f}")
            self._append(step, Stage(step.kind, Facing.BACKWARD, target, hold_s, incline))
            made.append(f"{hold_s:g} s at {target.kmh:.2f} km/h")
            places.append(len(self.stages))
        place = f"stage{'s' if len(places) > 1 else ''} {', '.join(map(str, places))}"
        changes = "; ".join(dict.fromkeys(remarks))
        self.lines.append(
            f"{step.where}: {step.told} -> {place}: {', '.join(made)}{f' ({changes})' if changes else ''}"
        )

    def _speed(self, step: ForeignStep, kmh: float) -> Speed:
        wanted = _exact(kmh * self._wishes.scale)
        if wanted < self._belt.minimum.hundredths:
            raise PlanError(
                f"{step.where}: {kmh:.2f} km/h times {self._wishes.scale:g} is {wanted / 100:.2f} km/h, below the "
                f"machine's lowest speed of {self._belt.minimum} (R6); give a larger --scale"
            )
        return self._belt.snap_down(Speed(wanted))

    def _pieces(self, step: ForeignStep, seconds: float) -> list[tuple[float, float]]:
        """A step as stages of one speed each: as many as a ramp's raises need and its time allows."""
        rise = abs(step.to_kmh - step.from_kmh) * self._wishes.scale
        by_rise = 1 if rise == 0 else math.ceil(rise / self._raise.kmh) + 1
        allowed = max(1, int(seconds // MIN_BACKWARD_HOLD_S))
        count = max(min(by_rise, allowed), math.ceil(seconds / MAX_HOLD_S))
        each_s = round(seconds / count, 3)
        if count == 1:
            return [((step.from_kmh + step.to_kmh) / 2 if rise else step.from_kmh, each_s)]
        way = (step.to_kmh - step.from_kmh) / (count - 1)
        return [(step.from_kmh + way * number, each_s) for number in range(count)]

    def _rungs_before(self, step: ForeignStep, target: Speed) -> None:
        """Put in the rungs that lead up to `target`."""
        if not self._wishes.rungs:
            return
        at = (
            self.stages[-1].target.hundredths if self.stages else self._belt.minimum.hundredths - self._raise.hundredths
        )
        rule = (
            "R7: a raise is at most"
            if self.stages
            else "R6: every start is at the machine's lowest speed; R7: raises of"
        )
        while target.hundredths - at > self._raise.hundredths:
            at += self._raise.hundredths
            self._append(step, Stage(StageKind.LADDER, Facing.BACKWARD, Speed(at), MIN_BACKWARD_HOLD_S), rung=True)
            self.lines.append(
                f"{step.where}: needs, before it, added stage {len(self.stages)}: {MIN_BACKWARD_HOLD_S:g} s at "
                f"{at / 100:.2f} km/h ({rule} {self._raise})"
            )
            if len(self.stages) > MAX_STAGES:
                break
        if not self.stages and target != self._belt.minimum:
            self._append(
                step, Stage(StageKind.LADDER, Facing.BACKWARD, self._belt.minimum, MIN_BACKWARD_HOLD_S), rung=True
            )
            self.lines.append(
                f"{step.where}: needs, before it, added stage 1: {MIN_BACKWARD_HOLD_S:g} s at "
                f"{self._belt.minimum.kmh:.2f} km/h (R6: every start is at the machine's lowest speed)"
            )

    def _append(self, step: ForeignStep, stage: Stage, *, rung: bool = False) -> None:
        """Until the first time that it goes slower, a plan is a ladder, whatever the other program calls it."""
        self._rising = self._rising and (not self.stages or stage.target >= self.stages[-1].target)
        kind = StageKind.LADDER if self._rising or rung else stage.kind
        self.stages.append(replace(stage, kind=kind))
        self.sources.append(step.where)


def _exact(kmh: float) -> int:
    """Hundredths, never rounded up: a conversion must not make anything faster."""
    return math.floor(kmh * 100 + 1e-6)


def _named(message: str, sources: list[str], workout: ForeignWorkout, wishes: Wishes, caps: Caps) -> str:
    """The rule's words with the step in front of them instead of a stage that nobody has seen yet."""
    found = _NUMBERED.match(message)
    where = sources[int(found[1]) - 1] if found and int(found[1]) <= len(sources) else workout.program
    words = message[found.end() :] if found else message
    if " the cap of " not in words:
        way_out = next((hint for rule, hint in _WAYS_OUT.items() if rule in words), "")
        return f"{where}: {words}{way_out}"
    fastest = max(max(step.from_kmh, step.to_kmh) for step in workout.steps)
    fits = math.floor(caps.backward.kmh / fastest * 1000) / 1000
    return f"{where}: {words}; --scale {fits:g} or less would keep the whole workout under it (not {wishes.scale:g})"
