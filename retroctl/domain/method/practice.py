"""What was done: each session as the record knows it, and what the rules between sessions read from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import MIN_BACKWARD_HOLD_S, Facing
from retroctl.domain.plan import Stage, StageKind
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retroctl.domain.method.days import Day

BALANCE_KINDS: Final = frozenset({"balance-introduction"})
"""Plans in which backward is a guest inside a forward run."""

HOLD_SLACK_S: Final = 1.0
"""Holds are kept to a tenth of a second, and the last one is left when it is served, give or take a frame."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The four variables of a session that may rise between sessions (R11). Warm-up rungs are none of them.

    `peak` the fastest backward speed, `interval_s` the longest backward interval of the main set, `count` how many,
    `incline_pct` the steepest, `main_s` all of the main set together.
    """

    peak: Speed
    interval_s: float
    count: int
    incline_pct: float = 0.0
    main_s: float = 0.0


def main_set(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """What a plan is for: its backward work stages; of a ladder, what it holds at its top."""
    backward = [stage for stage in stages if stage.facing is Facing.BACKWARD]
    work = tuple(stage for stage in backward if stage.kind is StageKind.WORK)
    top = max((stage.target for stage in backward), default=REST)
    return work or tuple(stage for stage in backward if stage.target == top)


def shape_of(stages: Iterable[Stage]) -> Shape:
    """The shape of a plan's stages."""
    backward = [stage for stage in stages if stage.facing is Facing.BACKWARD]
    if not backward:
        return Shape(REST, 0.0, 0)
    peak = max(stage.target for stage in backward)
    main = main_set(backward)
    lengths = [stage.hold_s for stage in main]
    return Shape(peak, max(lengths), len(main), max(stage.incline_pct for stage in backward), sum(lengths))


@dataclass(frozen=True, slots=True)
class Practice:
    """One session that was done. `kind` is its plan's name: sessions of one kind are comparable.

    `completed`: to its planned end, with the planned peak held. `peak` is the fastest backward speed held for a minute.
    `events` are the balance events; `rpe` the highest that was noted, None when none was.
    """

    day: Day
    kind: str
    shape: Shape
    completed: bool = True
    peak: Speed = REST
    events: tuple[BalanceEvent, ...] = ()
    rpe: int | None = None
    simulated: bool = False

    @property
    def level_backward(self) -> bool:
        """A completed session with backward running as its purpose, on the level."""
        return self.completed and self.shape.incline_pct == 0 and self.kind not in BALANCE_KINDS

    @property
    def stopped_by_balance(self) -> bool:
        """Somebody stepped off or fell."""
        return any(event >= BalanceEvent.STEPPED_OFF for event in self.events)


def fastest_held(held: Iterable[tuple[Speed, float]]) -> Speed:
    """The fastest of the speeds that were held for the minute that is law."""
    return max((speed for speed, seconds in held if seconds >= MIN_BACKWARD_HOLD_S), default=REST)


def was_completed(stages: Iterable[Stage], held: Iterable[tuple[Speed, float]]) -> bool:
    """Whether the main set was done: as many holds at its speed or above, and as long, as it has stages."""
    main = main_set(stages)
    if not main:
        return False
    least, shortest_s = min(stage.target for stage in main), min(stage.hold_s for stage in main)
    done = sum(speed >= least and seconds >= shortest_s - HOLD_SLACK_S for speed, seconds in held)
    return done >= len(main)


def in_order(history: Iterable[Practice]) -> tuple[Practice, ...]:
    """The earliest first."""
    return tuple(sorted(history, key=lambda done: done.day))


def last_comparable(history: Iterable[Practice], kind: str) -> Practice | None:
    """The last completed session of this kind; None when there was none."""
    same = [done for done in in_order(history) if done.completed and done.kind == kind]
    return same[-1] if same else None
