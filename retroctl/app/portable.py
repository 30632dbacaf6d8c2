"""A session as other programs want it: laps, one reading after another, totals. Pure; every format is written from it.

The record holds more than any of these formats can carry. What they do carry is counted here, once, the way the
session itself counts (`retroctl.app.summary`), so that two formats cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from retroctl.app.summary import LONGEST_STEP_S
from retroctl.domain.energy import energy, two_digits
from retroctl.domain.limits import Facing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EASE_DOWN: Final = "ease down"
_KEEP_THE_LAP: Final = frozenset({"stopping", "stopped", "faulted", "lost", "idle", "observing", "briefing", "armed"})
"""States that say nothing about which stage is run."""
_NO_NUMBER_OF_OURS: Final = 1e9
LEAST_RPE, MOST_RPE = 6, 20


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment: session time in ms, speeds in 0.01 km/h, beats a minute; None is "not known", never zero."""

    session_ms: int
    measured_hundredths: int | None
    target_hundredths: int | None
    heart_rate: int | None


@dataclass(frozen=True, slots=True)
class Happening:
    """A row of the journal, reduced to what is needed here. `session_ms` is None where its time was no time."""

    session_ms: int | None
    kind: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """A reading with the distance run until then, in metres, how the client faced, and a rating given just then."""

    reading: Reading
    distance_m: float
    facing: Facing
    rpe: int | None = None


@dataclass(frozen=True, slots=True)
class Lap:
    """One stage, or easing down. `moving_s` counts as the session counts; `kcal` is this lap's share of the total."""

    name: str
    facing: Facing
    target_hundredths: int | None
    start_ms: int
    end_ms: int
    moving_s: float = 0.0
    distance_m: float = 0.0
    kcal: float | None = None
    peak_hundredths: int = 0
    heart_rates: tuple[int, ...] = field(default=(), repr=False)
    rpe: int | None = None

    @property
    def elapsed_s(self) -> float:
        """From its start to its end, standing still included."""
        return (self.end_ms - self.start_ms) / 1000


@dataclass(frozen=True, slots=True)
class Portable:
    """A session to be written in another format. `who` is a pseudonym unless a name was asked for.

    Totals are the record's own where the session ended; of an interrupted one they are counted from its readings.
    `points` run from the belt's first motion to its last rest; both they and `laps` are empty where it never moved.
    """

    id: str
    started_utc_ms: int
    who: str
    plan: str
    machine: str
    program_version: str
    simulated: bool
    ended: bool
    reason: str
    duration_s: float
    distance_m: float
    kcal: float | None
    peak_hundredths: int
    laps: tuple[Lap, ...] = ()
    points: tuple[Point, ...] = field(default=(), repr=False)
    readings: tuple[Reading, ...] = field(default=(), repr=False)

    @property
    def backward_s(self) -> float:
        """Seconds of motion facing backward."""
        return sum(lap.moving_s for lap in self.laps if lap.facing is Facing.BACKWARD)

    @property
    def heart_rates(self) -> tuple[int, ...]:
        """Every known heart rate of the laps."""
        return tuple(rate for lap in self.laps for rate in lap.heart_rates)

    @property
    def remark(self) -> str:
        """What somebody who sees only the other format must know."""
        said = ["Backward running on a treadmill; the safety clip was the emergency stop."]
        if self.simulated:
            said.append("SIMULATED: no person ran.")
        if not self.ended:
            said.append("Interrupted: nothing is known of what came after the last reading.")
        if self.kcal is None:
            said.append("Energy is not known (no body mass).")
        else:
            said.append("Energy is an estimate, good to two digits at most.")
        return " ".join(said)


def portable(
    *,
    id: str,  # noqa: A002 - what it is called everywhere
    started_utc_ms: int,
    who: str,
    machine: str,
    program_version: str,
    simulated: bool,
    plan: dict[str, Any],
    outcome: dict[str, Any] | None,
    happenings: Iterable[Happening],
    readings: Sequence[Reading],
) -> Portable:
    """Count a session's laps and totals. `outcome` is None for an interrupted one; nothing of `plan` is trusted."""
    happened = [each for each in happenings if each.session_ms is not None]
    laps, points = _count(readings, happened, _stages(plan))
    total_s, total_m = sum(lap.moving_s for lap in laps), sum(lap.distance_m for lap in laps)
    said = outcome or {}
    kcal = _number(said.get("kcal"))
    peak = _number(said.get("peak_kmh"))
    counted_peak = max((lap.peak_hundredths for lap in laps), default=0)
    return Portable(
        id=id,
        started_utc_ms=started_utc_ms,
        who=who,
        plan=str(plan.get("name", "")) or "session",
        machine=machine,
        program_version=program_version,
        simulated=simulated,
        ended=outcome is not None,
        reason=str(said.get("reason", "")),
        duration_s=_or(_number(said.get("duration_s")), total_s),
        distance_m=_or(_number(said.get("distance_m")), total_m),
        kcal=kcal,
        peak_hundredths=counted_peak if peak is None else round(peak * 100),
        laps=_share(laps, kcal, points),
        points=points,
        readings=tuple(readings),
    )


def kcal_for_people(kcal: float) -> int:
    """Whole kilocalories of no more than two significant digits: what another program shows of an estimate is read."""
    return round(float(two_digits(kcal)))


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to `weights` whose sum is exactly `total` (largest remainders)."""
    whole = sum(weights)
    if not weights or whole <= 0:
        return [total if index == 0 else 0 for index in range(len(weights))]
    exact = [total * weight / whole for weight in weights]
    given = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: given[index] - exact[index])
    for index in by_remainder[: total - sum(given)]:
        given[index] += 1
    return given


def _stages(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages of a recorded plan; one that cannot be read is empty."""
    stages: object = plan.get("stages")
    listed = cast("list[object]", stages) if isinstance(stages, list) else []
    return [cast("dict[str, Any]", each) if isinstance(each, dict) else {} for each in listed]


def _count(
    readings: Sequence[Reading], happened: Sequence[Happening], stages: Sequence[dict[str, Any]]
) -> tuple[list[Lap], tuple[Point, ...]]:
    moving = [index for index, reading in enumerate(readings) if (reading.measured_hundredths or 0) > 0]
    if not moving:
        return [], ()
    run = readings[moving[0] : moving[-1] + 2]
    start, end = run[0].session_ms, run[-1].session_ms
    laps = _laps(happened, stages, start, end)
    ratings = _ratings(happened)
    points: list[Point] = []
    distance = 0.0
    number = 0
    for reading, following in zip(run, (*run[1:], None), strict=True):
        while number + 1 < len(laps) and reading.session_ms >= laps[number + 1].start_ms:
            number += 1
        lap = laps[number]
        step_s = 0.0 if following is None else (following.session_ms - reading.session_ms) / 1000
        speed = reading.measured_hundredths or 0
        rpe = None
        while ratings and ratings[0][0] <= reading.session_ms:
            rpe = ratings.pop(0)[1]
        points.append(Point(reading, distance, lap.facing, rpe))
        known = speed > 0 and 0 < step_s <= LONGEST_STEP_S
        metres = speed / 100 / 3.6 * step_s if known else 0.0
        distance += metres
        rates = (reading.heart_rate,) if reading.heart_rate else ()
        laps[number] = replace(
            lap,
            moving_s=lap.moving_s + (step_s if known else 0.0),
            distance_m=lap.distance_m + metres,
            peak_hundredths=max(lap.peak_hundredths, speed),
            heart_rates=lap.heart_rates + rates,
            rpe=points[-1].rpe or lap.rpe,
        )
    return laps, tuple(points)


def _laps(happened: Sequence[Happening], stages: Sequence[dict[str, Any]], start: int, end: int) -> list[Lap]:
    """Where one stage gives way to the next, between the first motion and the last."""
    label: str | int = 0
    marks: list[tuple[int, str | int]] = []
    for each in happened:
        named = _label(each)
        at = each.session_ms or 0
        if named is None or at >= end:
            continue
        if at <= start:
            label = named
        elif named != (marks[-1][1] if marks else label):
            marks.append((at, named))
    marks.insert(0, (start, label))
    laps: list[Lap] = []
    for (begins, named), (ends, _) in pairwise([*marks, (end, "")]):
        before = laps[-1] if laps else None
        laps.append(_lap(named, stages, begins, ends, before))
    return laps


def _label(happening: Happening) -> str | int | None:
    if happening.kind != "state":
        return None
    state, stage = happening.data.get("state"), happening.data.get("stage")
    if state == "easing_down":
        return EASE_DOWN
    if state in _KEEP_THE_LAP or not isinstance(stage, int) or isinstance(stage, bool):
        return None
    return stage


def _lap(label: str | int, stages: Sequence[dict[str, Any]], begins: int, ends: int, before: Lap | None) -> Lap:
    if isinstance(label, str):
        facing = Facing.BACKWARD if before is None else before.facing
        return Lap(label, facing, None, begins, ends)
    stage = stages[label] if 0 <= label < len(stages) else {}
    facing = Facing.FORWARD if stage.get("facing") == Facing.FORWARD.value else Facing.BACKWARD
    target = _number(stage.get("target_kmh"))
    name = f"stage {label + 1} {stage.get('kind', '')}".strip()
    return Lap(name, facing, None if target is None else round(target * 100), begins, ends)


def _ratings(happened: Sequence[Happening]) -> list[tuple[int, int]]:
    """Ratings of perceived exertion in their order, each with its session time in ms."""
    return sorted(
        (each.session_ms, value)
        for each in happened
        if each.session_ms is not None and each.kind == "note" and each.data.get("note") == "rpe"
        if isinstance(value := each.data.get("value"), int) and LEAST_RPE <= value <= MOST_RPE
    )


def _share(laps: list[Lap], kcal: float | None, points: Sequence[Point]) -> tuple[Lap, ...]:
    """The total's share of each lap: energy is proportional to mass, so the mass need not be known."""
    if kcal is None:
        return tuple(laps)
    weights = [0.0] * len(laps)
    number = 0
    for here, following in pairwise(points):
        while number + 1 < len(laps) and here.reading.session_ms >= laps[number + 1].start_ms:
            number += 1
        step_s = (following.reading.session_ms - here.reading.session_ms) / 1000
        speed = here.reading.measured_hundredths or 0
        if speed > 0 and 0 < step_s <= LONGEST_STEP_S:
            backward = here.facing is Facing.BACKWARD
            weights[number] += energy(speed / 100, 1.0, backward=backward).kcal_per_min * step_s
    whole = sum(weights)
    return tuple(
        replace(lap, kcal=kcal * weight / whole if whole else 0.0) for lap, weight in zip(laps, weights, strict=True)
    )


def _number(value: object) -> float | None:
    """A number of the record, which nothing guarantees to be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < _NO_NUMBER_OF_OURS else None


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
