"""What was done: each session as the record knows it, and what the rules between sessions read from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import BalanceEvent
from retroctl.domain.limits import MIN_BACKWARD_HOLD_S, Facing
from retroctl.domain.plan import BACKWARD_INTERVAL_S, DEFAULT_HOLD_S, Stage, StageKind
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retroctl.domain.method.days import Day


class Kind(StrEnum):
    """What a session is for, told from its stages alone: another name does not make another kind (R11)."""

    INTRODUCTION = "balance introduction"
    """Backward is a guest of at most 30 s inside a forward run."""
    LADDER = "ladder"
    """Speeds that only rise, none held longer than those before it."""
    MAIN_SET = "main set"
    """Everything else: one long interval or many. What counts is how fast, how long and how many."""


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


def kind_of(stages: Iterable[Stage]) -> Kind:
    """The kind of a plan; sessions of one kind are comparable."""
    every = tuple(stages)
    backward = [stage for stage in every if stage.facing is Facing.BACKWARD]
    if 0 < len(backward) < len(every) and all(stage.hold_s <= BACKWARD_INTERVAL_S for stage in backward):
        return Kind.INTRODUCTION
    rising = all(one.target < other.target for one, other in pairwise(backward))
    if not backward or not rising:
        return Kind.MAIN_SET
    top_s, below_s = backward[-1].hold_s, [stage.hold_s for stage in backward[:-1]]
    return Kind.LADDER if top_s <= max(below_s, default=DEFAULT_HOLD_S) else Kind.MAIN_SET


def main_set(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """What a plan is for: what is run backward as fast as its slowest work stage, or faster, but for the warm-up.

    Without work stages, what it holds at its top. How the other stages are called changes nothing.
    """
    every = tuple(stages)
    return tuple(every[index] for index in _main_places(every))


def _main_places(stages: tuple[Stage, ...]) -> list[int]:
    backward = [place for place, stage in enumerate(stages) if stage.facing is Facing.BACKWARD]
    work = [stages[place].target for place in backward if stages[place].kind is StageKind.WORK]
    least = min(work, default=max((stages[place].target for place in backward), default=REST))
    warm_up = _warm_up([stages[place] for place in backward]) if work else 0
    return [place for place in backward[warm_up:] if stages[place].target >= least]


def _warm_up(backward: list[Stage]) -> int:
    """How many stages at the beginning are rungs of a rising ladder."""
    pairs = enumerate(zip([REST, *(stage.target for stage in backward)], backward, strict=False))
    ends = (place for place, (was, stage) in pairs if stage.kind is not StageKind.LADDER or stage.target <= was)
    return next(ends, len(backward))


def _intervals_s(stages: tuple[Stage, ...]) -> list[float]:
    """How long each interval of the main set lasts; stages that follow one another without a break are one."""
    lengths: list[float] = []
    before = None
    for place in _main_places(stages):
        if lengths and before == place - 1:
            lengths[-1] += stages[place].hold_s
        else:
            lengths.append(stages[place].hold_s)
        before = place
    return lengths


def shape_of(stages: Iterable[Stage]) -> Shape:
    """The shape of a plan's stages."""
    every = tuple(stages)
    backward = [stage for stage in every if stage.facing is Facing.BACKWARD]
    if not backward:
        return Shape(REST, 0.0, 0)
    lengths = _intervals_s(every)
    peak, incline_pct = max(stage.target for stage in backward), max(stage.incline_pct for stage in backward)
    return Shape(peak, max(lengths), len(lengths), incline_pct, sum(lengths))


@dataclass(frozen=True, slots=True)
class Practice:
    """One session that was done. Sessions of one `kind` are comparable; `name` is what its plan was called.

    `completed`: to its planned end, with the planned peak held. `peak` is the fastest backward speed held for a minute.
    `events` are the balance events; `rpe` the highest that was noted, None when none was. `until`: the day on which it
    ended, where that is a later one.
    """

    day: Day
    kind: Kind
    shape: Shape
    completed: bool = True
    peak: Speed = REST
    events: tuple[BalanceEvent, ...] = ()
    rpe: int | None = None
    simulated: bool = False
    name: str = ""
    until: Day | None = None

    @property
    def last_day(self) -> Day:
        """The day on which it ended: one that ran past midnight is both days' session."""
        return self.day if self.until is None else max(self.day, self.until)

    @property
    def level_backward(self) -> bool:
        """A completed session with backward running as its purpose, on the level."""
        return self.completed and self.shape.incline_pct == 0 and self.kind != Kind.INTRODUCTION

    @property
    def stopped_by_balance(self) -> bool:
        """Somebody stepped off or fell."""
        return any(event >= BalanceEvent.STEPPED_OFF for event in self.events)


@dataclass(frozen=True, slots=True)
class Outing:
    """A session outdoors (R25), as the trainer noted it. No belt measured it, so it is no Practice.

    `minutes` backward, `rpe` and `confidence` after it (1 to 5) are None where they were not asked.
    """

    day: Day
    events: tuple[BalanceEvent, ...] = ()
    rpe: int | None = None
    minutes: int | None = None
    confidence: int | None = None

    @property
    def stopped_by_balance(self) -> bool:
        """Somebody stepped off or fell."""
        return any(event >= BalanceEvent.STEPPED_OFF for event in self.events)


def events_since(first: Day, outings: Iterable[Outing]) -> int:
    """How many balance events were noted outdoors on that day and later."""
    return sum(len(outing.events) for outing in outings if outing.day >= first)


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


def last_comparable(history: Iterable[Practice], kind: Kind) -> Practice | None:
    """The last completed session of this kind; None when there was none."""
    same = [done for done in in_order(history) if done.completed and done.kind == kind]
    return same[-1] if same else None
