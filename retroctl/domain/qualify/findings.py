"""What a test has found so far, and the profile that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from retroctl.domain.belief import UNSEEN_FALL
from retroctl.domain.profile import (
    Announced,
    Obeyed,
    Pausing,
    Profile,
    Ramps,
    Start,
    Stops,
    Tells,
    Units,
    Verdict,
)
from retroctl.domain.qualify.trace import Frame, Ramp, median, percentile, pooled_slope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.domain.limits import BeltRange

T = TypeVar("T")

JUMP: Final = 50
"""From at least half a km/h to 0 between two frames."""
SEEN: Final = 5
ENOUGH: Final = 3
FAST: Final = 200
"""From 2 km/h no belt comes to rest between two frames, and if one does, nobody stays on their feet."""
SLOWEST_STOP: Final = 25
"""A belt that falls by less than 0.25 km/h a second is no belt to be stopped in time: 20 s from 5 km/h."""
LATE_S: Final = 1.4
"""A belt that begins to fall only so long after Stop, and after a repeat, did not heed the first one."""
LATE_WITH_ROOM_S: Final = 2.5
"""Later than this nothing more is said of how many Stops it took."""


@dataclass(slots=True)
class StartRecord:
    """One start."""

    sent_at: float
    last_still: Frame | None = None
    moving: list[Frame] = field(default_factory=list[Frame])
    """The first frames in motion."""
    speed: int | None = None
    """Settled, before any target."""
    plain: bool = True
    """One Start from a stop, so that its delay counts."""

    def on_the_way(self) -> bool:
        """Whether a frame shows the belt between rest and the speed that it takes."""
        return bool(self.speed and Ramp(self.sent_at, 0, self.speed, tuple(self.moving)).on_the_way())

    def delay_s(self, slope_up: float | None) -> float | None:
        """From the write to the first motion, as well as the frames show it."""
        if not self.moving or not self.speed:
            return None
        first = self.moving[0]
        earliest = self.sent_at if self.last_still is None else max(self.sent_at, self.last_still.at)
        latest = first.at
        way = Ramp(self.sent_at, 0, self.speed, tuple(self.moving))
        slope = way.slope() or slope_up
        began = way.meets(0, slope) if slope else None
        if began is None:
            quickest = 0.0 if not slope else self.speed / slope
            began = (earliest + max(earliest, latest - quickest)) / 2
        return min(max(began, earliest), latest) - self.sent_at


@dataclass(slots=True)
class StopRecord:
    """One stop."""

    before: int
    """The measured speed, hundredths of km/h, when it was wanted."""
    sent: list[float] = field(default_factory=list[float])
    """When Stop was written, and again."""
    answered_at: float | None = None
    last_before: Frame | None = None
    frames: list[Frame] = field(default_factory=list[Frame])
    kind: str = "lowest"
    """lowest, top, ramping, other"""

    def stuck(self, now: float, seconds: float) -> bool:
        """Whether the belt has not fallen at all for so long since Stop, or since it fell last."""
        if not self.sent:
            return False
        fell_at, lowest = self.sent[0], max([self.before, *(frame.speed for frame in self.frames)])
        for frame in self.frames:
            if frame.speed <= lowest - SEEN or frame.speed == 0:
                fell_at, lowest = frame.at, frame.speed
        return now - fell_at >= seconds and lowest > 0

    def doubtful_s(self) -> float:
        """For how long a measured rest is no rest yet: a speed that drops at once may be a setting, not the belt.

        Then the belt gets the time that a slow belt needs to fall.
        """
        return self.before / UNSEEN_FALL if self.before >= JUMP and self.ramp().jumps() else 0.0

    def ramp(self) -> Ramp:
        """The way down. From the highest speed: a belt that was stopped in a raise may have risen a little."""
        before = max([self.before, *(frame.speed for frame in self.frames)])
        first = next((i for i, frame in enumerate(self.frames) if frame.speed == before), 0)
        return Ramp(self.sent[0] if self.sent else 0.0, before, 0, tuple(self.frames[first:]))

    def times(self, slope: float | None) -> tuple[float, float] | None:
        """Seconds from the write to falling and to rest; `slope` (positive) is how a stop falls on this machine."""
        if not self.sent:
            return None
        ramp = self.ramp()
        own = ramp.slope()
        falls = -abs(own or slope or 0.0)
        began, rested = ramp.meets(ramp.before, falls), ramp.meets(0, falls)
        bracket = ramp.bracket(self.last_before)
        zero = next((frame.at for frame in self.frames if frame.speed == 0), None)
        if bracket is None or zero is None:
            return None
        if began is None or rested is None:
            falls_s = ramp.before / -falls if falls else 0.0
            began = (bracket[0] + max(bracket[0], bracket[1] - falls_s)) / 2
            rested = began + falls_s if falls else zero
        began = min(max(began, bracket[0]), bracket[1])
        return began - self.sent[0], min(rested, zero) - self.sent[0]

    def late_s(self, slope: float | None) -> float | None:
        """How long after the write it ran on: where no line shows it, as long as is certain between two frames."""
        ramp, times = self.ramp(), self.times(slope)
        bracket = ramp.bracket(self.last_before)
        if times is None or bracket is None:
            return None
        shown = ramp.on_the_way() and (slope is not None or ramp.slope() is not None)
        return times[0] if shown else bracket[0] - self.sent[0]


@dataclass(slots=True)
class Findings:
    """Collected by the script; `profile` sums up."""

    dangers: list[str] = field(default_factory=list[str])
    gaps: list[str] = field(default_factory=list[str])
    remarks: list[str] = field(default_factory=list[str])
    obeyed: Obeyed = field(default_factory=Obeyed)
    units: Units = field(default_factory=Units)
    pausing: Pausing = field(default_factory=Pausing)
    tells: Tells = field(default_factory=Tells)
    second_start: str | None = None
    starts: list[StartRecord] = field(default_factory=list[StartRecord])
    stops: list[StopRecord] = field(default_factory=list[StopRecord])
    raises: list[Ramp] = field(default_factory=list[Ramp])
    lowerings: list[Ramp] = field(default_factory=list[Ramp])
    statuses: set[int] = field(default_factory=set[int])
    written: int = 0
    answered: int = 0
    lied: bool = False
    """It answered success to a target that it did not obey."""

    @property
    def verdict(self) -> Verdict:
        """Dangerous before incomplete before qualified."""
        if self.dangers:
            return Verdict.DANGEROUS
        return Verdict.INCOMPLETE if self.gaps else Verdict.QUALIFIED

    def stops_from_lowest(self) -> int:
        """How many of the stops that count there have been."""
        return sum(stop.kind == "lowest" for stop in self.stops)

    def figures(self) -> tuple[Start, Ramps, Stops]:
        """What the starts, ramps and stops come to."""
        up, down = self.ramp_slopes()
        falls = _slope([stop.ramp() for stop in self.stops if stop.kind in ("top", "ramping")])
        falls = falls or _slope([stop.ramp() for stop in self.stops if stop.kind == "lowest"])
        plain = _best([s for s in self.starts if s.plain], StartRecord.on_the_way)
        delays = [d for s in plain if (d := s.delay_s(up)) is not None]
        speed = median([s.speed for s in self.starts if s.speed is not None])
        start = Start(
            _rounded(median(delays)),
            _rounded(max(delays, default=None)),
            _kmh(speed),
            self.second_start,
        )
        return start, Ramps(_kmh(up, 3), _kmh(down, 3), _kmh(falls, 3)), self._stops(falls)

    def doubtful_s(self, stop: StopRecord) -> float:
        """For how long the rest that ends `stop` is no rest yet; not at all once a stop was seen on its way down.

        A machine that shows that tells its belt, and 0 is rest.
        """
        falls_seen = any(before.before >= JUMP and not before.ramp().jumps() for before in self.stops)
        return 0.0 if falls_seen else stop.doubtful_s()

    def ramp_slopes(self) -> tuple[float | None, float | None]:
        """How quickly it changes speed towards a higher and towards a lower target, hundredths of km/h per second."""
        return _slope(self.raises), _slope(self.lowerings)

    def not_heeded(self, stop: StopRecord) -> str | None:
        """Why a stop that came to rest was none that a person could rely on; None where it was."""
        falls = self.figures()[1].stop_kmh_per_s
        late_s = stop.late_s(None if falls is None else falls * 100)
        if late_s is None:
            return None
        repeated = late_s >= LATE_S and len(stop.sent) > 1
        if not repeated and late_s < LATE_WITH_ROOM_S:
            return None
        again = f", written {len(stop.sent)} times" if len(stop.sent) > 1 else ""
        return f"Stop is not heeded at once: the belt began to fall {late_s:.1f} s after it{again}"

    def judge(self) -> None:
        """Look at it all once more, at the end."""
        falls = self.figures()[1].stop_kmh_per_s
        if falls is not None and falls < SLOWEST_STOP / 100:
            self.gaps.append(f"a stop takes very long: the belt falls by only {falls:.2f} km/h a second")

    def jumps(self) -> str | None:
        """Why rest cannot be measured: speeds that go from one end to the other between two frames."""
        stopped = any(stop.ramp().jumps() for stop in self.stops if stop.kind == "top" and stop.before >= FAST)
        raised = bool(self.raises) and all(ramp.jumps() for ramp in self.raises)
        if stopped and raised:
            return (
                "its speed jumps to each target: it reports what was asked for, not its belt; rest cannot be measured"
            )
        if stopped:
            return "its speed drops to 0 at once after Stop: no belt does, so that its rest cannot be measured"
        return None

    def judge_answers(self) -> None:
        """What the answers on the Control Point mean."""
        answers = "yes" if self.answered == self.written else "sometimes" if self.answered else "never"
        self.tells = replace(self.tells, answers=answers, always_success=self.lied)
        if answers == "sometimes":
            self.remarks.append(f"{self.written - self.answered} of {self.written} commands were not answered")

    def profile(
        self, *, name: str, address: str, belt: BeltRange, typed: bool, day: str, version: str, duration_s: float
    ) -> Profile:
        """The profile of this test. `day`: YYYY-MM-DD."""
        start, ramps, stops = self.figures()
        return Profile(
            name=name,
            address=address,
            verdict=self.verdict,
            tested_on=day,
            program_version=version,
            reasons=tuple(self.dangers or self.gaps),
            remarks=tuple(self.remarks),
            duration_s=round(duration_s, 1),
            announced=Announced(belt.minimum.kmh, belt.maximum.kmh, belt.increment.kmh, typed),
            obeyed=self.obeyed,
            units=self.units,
            start=start,
            ramps=ramps,
            stops=stops,
            pausing=self.pausing,
            tells=replace(self.tells, machine_status=tuple(sorted(self.statuses))),
        )

    def _stops(self, falls: float | None) -> Stops:
        lowest = [stop for stop in self.stops if stop.kind == "lowest"]
        times = [
            t
            for stop in _best(lowest, lambda stop: bool(stop.ramp().on_the_way()))
            if (t := stop.times(falls)) is not None
        ]
        answers = [s.answered_at - s.sent[0] for s in self.stops if s.answered_at is not None and s.sent]
        answer, falling, rest = _three(answers), _three([t[0] for t in times]), _three([t[1] for t in times])
        top = next((stop for stop in self.stops if stop.kind == "top"), None)
        ramping = next((stop for stop in self.stops if stop.kind == "ramping"), None)
        return Stops(
            len(lowest),
            sum(stop.answered_at is None for stop in self.stops),
            *answer,
            *falling,
            *rest,
            from_top_kmh=None if top is None else _kmh(top.before),
            from_top_rest_s=_rest(top, falls),
            ramping_rise_kmh=None if ramping is None else _kmh(ramping.ramp().before - ramping.before),
            ramping_rest_s=_rest(ramping, falls),
        )


def _slope(ramps: Sequence[Ramp]) -> float | None:
    """The middle of the slopes, without their sign; of all frames together where no ramp shows one by itself."""
    slopes = [slope for ramp in ramps if (slope := ramp.slope()) is not None]
    pooled = None if slopes else pooled_slope(ramps)
    return median([abs(slope) for slope in ([pooled] if pooled is not None else slopes)])


def _best(records: list[T], on_the_way: Callable[[T], bool]) -> list[T]:
    """Those of which a frame on the way was seen, if there are enough: the times of the others are guesses."""
    seen = [record for record in records if on_the_way(record)]
    return seen if len(seen) >= ENOUGH else records


def _three(values: list[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    return _rounded(percentile(values, 50)), _rounded(percentile(values, 95)), _rounded(max(values))


def _rest(stop: StopRecord | None, falls: float | None) -> float | None:
    times = None if stop is None else stop.times(falls)
    return None if times is None else _rounded(times[1])


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(max(0.0, value), 3)


def _kmh(hundredths: float | None, digits: int = 2) -> float | None:
    return None if hundredths is None else round(hundredths / 100, digits)
