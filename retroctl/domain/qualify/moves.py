"""The moves that steps are made of: start, settle, reach a target, stop. Generators, like the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.domain.commands import Answer, SetTargetSpeed, StartOrResume
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify import probes
from retroctl.domain.qualify.findings import StartRecord
from retroctl.domain.qualify.guards import Over
from retroctl.domain.qualify.trace import Ramp

if TYPE_CHECKING:
    from collections.abc import Generator

    from retroctl.domain.qualify.trial import Trial
    from retroctl.units import Speed

MOTION_S: Final = 20.0
SETTLE_S: Final = 90.0
AT_LEAST_S: Final = 5.0
"""So long after a target nothing is called settled: some machines think about it first."""
COUNTDOWN_TRIED_S: Final = 1.5
"""A second Start is tried only where the countdown is longer than this: the belt is then still at rest."""
STUCK_S: Final = 8.0
"""So long after Stop without any fall, and it counts as ignored."""
STOP_WITHIN_S: Final = 120.0
DITHER_S: Final = 1.0
"""What is waited at most for another moment between two frames; longer where frames come less often."""
ANSWERED_S: Final = 5.0
GOLDEN: Final = 0.618


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of a target. Hundredths of km/h."""

    target: int
    before: int
    speed: int
    """Settled."""
    peak: int
    answer: Answer | None
    ramp: Ramp


def dither(t: Trial) -> Generator[float]:
    """A part of a frame's time, another each time: what always began with a frame would be seen from one side."""
    t.dithers += 1
    yield from t.wait(max(DITHER_S, t.trace.interval_s() or 0.0) * (t.dithers * GOLDEN % 1.0))


def start(t: Trial, *, second: bool = False) -> Generator[float, None, int]:
    """Start from rest, and wait until the speed that it takes by itself has settled; gives that, in hundredths."""
    # What the machine still has to answer: it may not take another command before.
    yield from t.until(lambda: not t.awaited, ANSWERED_S)
    yield from dither(t)
    began = t.now
    t.ask(StartOrResume())
    plain = not second
    if second:
        plain = yield from _start_again(t)
    if not (yield from t.until(lambda: (t.trace.speed or 0) > 0, MOTION_S)):
        if rolled(t, began):
            raise Over(Verdict.DANGEROUS, "its belt runs and it tells a speed of 0: its odometer counts on")
        if not plain:
            raise Over(Verdict.DANGEROUS, "Start is a toggle: a second one before the belt moves cancels the first")
        answered = t.answers.get(StartOrResume.name)
        refused = answered is not None and answered.answer in {Answer.REFUSED, Answer.NOT_PERMITTED}
        why = "it refuses Start" if refused else f"its belt did not move within {MOTION_S:.0f} s after Start"
        raise Over(Verdict.INCOMPLETE, why)
    sent_at = began if t.first_start_at is None else t.first_start_at
    frames = t.trace.since(sent_at)
    moved_at = next(frame.at for frame in frames if frame.speed > 0)
    still = [frame for frame in frames if frame.at < moved_at]
    speed = yield from settle(t, began)
    record = StartRecord(sent_at, still[-1] if still else None, t.trace.since(moved_at), speed, plain)
    if not plain:
        t.findings.second_start = probes.second_start(record, t.findings.starts, t.sent_at[StartOrResume.name])
    t.findings.starts.append(record)
    return speed


def _start_again(t: Trial) -> Generator[float, None, bool]:
    """Once more while the countdown runs, where there is one; whether it was left out."""
    usual_s = max((record.delay_s(None) or 0.0 for record in t.findings.starts), default=0.0)
    if usual_s < COUNTDOWN_TRIED_S:
        t.findings.second_start = "not tried"
        return True
    yield from t.until(lambda: (t.trace.speed or 0) > 0, usual_s * 0.6)
    if (t.trace.speed or 0) > 0:
        t.findings.second_start = "not tried"
        return True
    t.ask_again(StartOrResume())
    return False


def settle(t: Trial, since: float) -> Generator[float, None, int]:
    """Wait until the speed has settled, and give it."""
    yield from t.until(lambda: t.trace.settled(since) is not None, SETTLE_S)
    speed = t.trace.settled(since)
    if speed is None:
        raise Over(Verdict.INCOMPLETE, f"its speed did not settle within {SETTLE_S:.0f} s")
    return speed


def reach(t: Trial, target: Speed) -> Generator[float, None, Reached]:
    """Ask for a target and wait until the speed has settled, wherever that is."""
    before, began = t.trace.speed or 0, t.now
    t.ask(SetTargetSpeed(target))
    yield from t.wait(AT_LEAST_S)
    speed = yield from settle(t, began + 1.0)
    frames = tuple(t.trace.since(began))
    answered = t.answers.get(SetTargetSpeed.name)
    return Reached(
        target.hundredths,
        before,
        speed,
        max(frame.speed for frame in frames),
        None if answered is None else answered.answer,
        Ramp(t.sent_at[SetTargetSpeed.name], before, speed, frames),
    )


def stop(t: Trial, kind: str, *, at_once: bool = False) -> Generator[float]:
    """Stop, wait for measured rest, and look at how it went. `at_once`: before the belt moves; the caller looks."""
    if not at_once:
        yield from dither(t)
    t.begin_stop(kind)
    yield from t.until(lambda: not t.stopping or t.stop_stuck(STUCK_S) or t.stop_silent(), STOP_WITHIN_S)
    if t.stopping:
        speed = t.trace.speed or 0
        if t.stop_silent():
            raise Over(
                Verdict.INCOMPLETE, "it falls silent after Stop, so that rest cannot be measured: look at the belt"
            )
        raise Over(
            Verdict.DANGEROUS,
            f"Stop is not obeyed: written {t.stops_written()} times, and the belt runs on at {speed / 100:.2f} km/h",
        )
    danger = None if at_once else t.findings.not_heeded(t.findings.stops[-1])
    if danger is not None:
        raise Over(Verdict.DANGEROUS, danger)


def stayed(t: Trial, since: float, speed: int) -> None:
    """Nobody asked for another speed. Raises Over."""
    speeds = [frame.speed for frame in t.trace.since(since)]
    if max(speeds, default=speed) > speed + probes.EXCURSION:
        raise Over(
            Verdict.DANGEROUS, f"its belt sped up by itself, from {speed / 100:.2f} to {max(speeds) / 100:.2f} km/h"
        )
    if min(speeds, default=speed) < speed - probes.EXCURSION:
        raise Over(
            Verdict.INCOMPLETE,
            f"it does not stay at a speed: from {speed / 100:.2f} it fell to {min(speeds) / 100:.2f} km/h",
        )


def rolled(t: Trial, since: float) -> bool:
    """Whether the odometer has counted on."""
    metres = [frame.distance_m for frame in t.trace.since(since) if frame.distance_m is not None]
    return len(metres) > 1 and metres[-1] > metres[0]


def rests(t: Trial, since: float) -> bool:
    """Two frames of 0."""
    frames = t.trace.since(since)
    return len(frames) >= 2 and frames[-1].speed == frames[-2].speed == 0
