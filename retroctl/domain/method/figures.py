"""What a session amounted to, from what was planned, held and noted. Pure: the edges read the record and draw."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import MIN_BACKWARD_HOLD_S
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retroctl.domain.events import BalanceEvent
    from retroctl.domain.method.practice import Kind, Shape
    from retroctl.units import Speed

RATE_S: Final = 600.0
"""Balance events are counted per ten minutes backward."""
LEAST_RATED_S: Final = 60.0
"""Under a minute backward a rate says nothing."""
COMFORTABLE_RPE: Final = 13
"""Assessed speed is held for a minute at this exertion or less (Borg)."""

EASED: Final = "the end of easing down"
"""The reason in the record of a session that was eased down to rest."""


class Who(StrEnum):
    """Who or what ended a session."""

    PLAN = "plan"
    TRAINER = "trainer"
    BALANCE = "balance"
    MACHINE = "machine"
    PROGRAM = "program"
    COMPUTER = "computer"
    NOBODY = "not begun"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Ending:
    """Who stopped and why, in words for people. `why` may hold foreign text: it is shown as plain text only."""

    who: Who
    why: str


INTERRUPTED: Final = Ending(Who.UNKNOWN, "interrupted")
_AS_PLANNED: Final = Ending(Who.PLAN, "to its end")
_EARLY: Final = Ending(Who.TRAINER, "eased down before the end")

_REASONS: Final = {
    "key": Ending(Who.TRAINER, "STOP key"),
    "SIGINT": Ending(Who.TRAINER, "Ctrl-C"),
    "SIGTSTP": Ending(Who.TRAINER, "Ctrl-Z"),
    "SIGQUIT": Ending(Who.TRAINER, "Ctrl-backslash"),
    "SIGBREAK": Ending(Who.TRAINER, "Ctrl-Break"),
    "ease down without a running belt": _EARLY,
    "SIGTERM": Ending(Who.COMPUTER, "the program was told to end"),
    "SIGHUP": Ending(Who.COMPUTER, "the terminal was closed"),
    "the terminal was closed": Ending(Who.COMPUTER, "the terminal was closed"),
    "the output was closed": Ending(Who.COMPUTER, "the output was closed"),
}
_FAILSAFES: Final = {"F7": Who.MACHINE, "F11": Who.BALANCE}


def ending(reason: str, *, began: bool, completed: bool) -> Ending:
    """Who stopped and why, from the `reason` of the record's last row.

    `began`: the belt has moved for this session; `completed`: what was planned was done.
    """
    if not began:
        return Ending(Who.NOBODY, _REASONS[reason].why if reason in _REASONS else reason)
    if reason == EASED:
        return _AS_PLANNED if completed else _EARLY
    known = _REASONS.get(reason)
    if known is not None:
        return known
    name, colon, _ = reason.partition(": ")
    if colon and name[:1] == "F" and name[1:].isdecimal():
        return Ending(_FAILSAFES.get(name, Who.PROGRAM), reason)
    return Ending(Who.PROGRAM, reason)


@dataclass(frozen=True, slots=True)
class Hold:
    """One speed that was held: how long without a break, in seconds; `hands` on the rails at its end, or nothing."""

    target: Speed
    seconds: float
    hands: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """Perceived exertion, Borg 6 to 20, and the speed it was said of; None where that is not known."""

    rating: int
    at: Speed | None


@dataclass(frozen=True, slots=True)
class BalanceNoted:
    """A balance event, its session second and the target then in force; None where these are not known."""

    event: BalanceEvent
    t: float | None
    at: Speed | None


@dataclass(frozen=True, slots=True)
class Spent:
    """Energy in kcal: the estimate and its band. `extrapolated`: mostly slower than what the equations are made for."""

    kcal: float
    low: float
    high: float
    extrapolated: bool = False


@dataclass(frozen=True, slots=True)
class Confidence:
    """The client's own word before and after a session, 1 (uneasy) to 5 (sure): R5. None where it was not noted."""

    before: int | None = None
    after: int | None = None


NO_CONFIDENCE: Final = Confidence()


@dataclass(frozen=True, slots=True)
class Figures:
    """A session in figures. None is "not known", never zero. `name` is the plan's, foreign text.

    Sessions of one `kind` are comparable, whatever their plans are called (R11).
    """

    name: str
    kind: Kind
    shape: Shape
    holds: tuple[Hold, ...]
    completed: bool
    ending: Ending
    at_rest: bool | None = None
    """Whether rest was measured at the end."""
    backward_s: float | None = None
    moving_s: float | None = None
    distance_m: float | None = None
    spent: Spent | None = None
    ratings: tuple[Rating, ...] = ()
    events: tuple[BalanceNoted, ...] = ()
    session_rpe: int | None = None
    """Exertion of the whole session, said afterwards."""
    confidence: Confidence = NO_CONFIDENCE
    """Read where one session or one client is looked at; a list of thousands does without."""

    @property
    def backward_holds(self) -> tuple[Hold, ...]:
        """The holds backward: the record does not say the facing of a hold, so those no faster than the plan's peak."""
        return tuple(hold for hold in self.holds if hold.target <= self.shape.peak)

    @property
    def peak(self) -> Speed | None:
        """The fastest backward speed held for the minute that is law; None when none was."""
        peak = self.shape.peak
        return max(
            (hold.target for hold in self.holds if hold.seconds >= MIN_BACKWARD_HOLD_S and hold.target <= peak),
            default=None,
        )

    @property
    def rpe(self) -> int | None:
        """The highest exertion that was noted, of a speed or of the whole session."""
        return max((rating.rating for rating in self.ratings), default=self.session_rpe)

    @property
    def events_per_10_min(self) -> float | None:
        """Balance events in ten minutes backward; None where the minutes are not known or too few."""
        return rate(len(self.events), self.backward_s)

    def rpe_at(self, speed: Speed) -> int | None:
        """The last exertion that was said of `speed`."""
        return next((each.rating for each in reversed(self.ratings) if each.at == speed), None)

    @property
    def assessed(self) -> Speed | None:
        """The fastest backward speed held for a minute at an exertion of COMFORTABLE_RPE or less; None if unknown."""
        known = {each.at: each.rating for each in self.ratings}
        return max(
            (
                hold.target
                for hold in self.backward_holds
                if hold.seconds >= MIN_BACKWARD_HOLD_S
                and (rated := known.get(hold.target)) is not None
                and rated <= COMFORTABLE_RPE
            ),
            default=None,
        )


def rate(events: int, backward_s: float | None) -> float | None:
    """Events per ten minutes backward; None where the time is not known or under a minute."""
    if backward_s is None or backward_s < LEAST_RATED_S:
        return None
    return events * RATE_S / backward_s


LONGEST_STEP_S: Final = 2.0
"""Between two samples further apart nothing is known, so nothing is counted."""


def moved_s(samples: Iterable[tuple[float, float | None]], turns: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Seconds in motion and seconds of them backward, from samples of (second, measured km/h) in their order.

    `turns`: from which second the client faces backward (True) or forward (False), in order; before the first one
    backward is assumed of a plan that has no forward stage, so give it one entry at 0.
    """
    moving = backward = 0.0
    before: tuple[float, float | None] | None = None
    at, faces_backward = 0, True
    for t, measured in samples:
        if before is not None and before[1] is not None and before[1] > 0 and 0 < t - before[0] <= LONGEST_STEP_S:
            moving += t - before[0]
            backward += t - before[0] if faces_backward else 0.0
        while at < len(turns) and turns[at][0] <= t:
            faces_backward = turns[at][1]
            at += 1
        before = (t, measured)
    return moving, backward


def planned_course(holds: Sequence[tuple[Speed, float]], ease_rung_s: float) -> tuple[tuple[float, float], ...]:
    """A plan as it would run without any waiting: (seconds, km/h), one after another, eased down at the end.

    `holds`: targets and seconds. Easing down walks the speeds that the plan itself passed on its way up.
    """
    course = [(seconds, target.kmh) for target, seconds in holds]
    if not holds:
        return ()
    last = holds[-1][0]
    rungs = sorted({target for target, _ in holds if REST < target < last}, reverse=True)
    return (*course, *((ease_rung_s, rung.kmh) for rung in rungs))
