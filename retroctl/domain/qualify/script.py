"""The steps of a test, one after another, as generators: each yields the time by which it wants to look again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from retroctl.domain.belief import REST_FRAMES
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify import probes
from retroctl.domain.qualify.guards import CAME_ALL_THE_SAME, Expect, Over
from retroctl.domain.qualify.happenings import Pause, Step
from retroctl.domain.qualify.moves import (
    AT_LEAST_S,
    MOTION_S,
    SETTLE_S,
    dither,
    reach,
    rests,
    settle,
    start,
    stayed,
    stop,
)
from retroctl.domain.qualify.trace import odometer_ratio
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from retroctl.domain.qualify.trial import Trial

WATCH_S: Final = 3.0
CONTROL_S: Final = 10.0
"""Countdowns of up to 6 s are known: a belt that starts on Request Control does so within this."""
LONG_RUN_S: Final = 45.0
STAY_S: Final = 8.0
AT_REST_S: Final = 12.0
CANCELLED_S: Final = 1.5
"""A belt that begins to move so long after a Stop was not stopped by it; frames are up to 1 s old."""
CALLED_OFF_S: Final = 0.5
"""From Start to the Stop that calls it off in the countdown; the answer to Start comes before that."""
TOP: Final = Speed(400)
"""The highest speed that is asked for: fast enough for ramps to be seen, and far below the ceiling."""
STOPS: Final = 20
MORE_RAMPS: Final = 4
AWAY_S: Final = 5.0
KEY_S: Final = 30.0
SLOWEST_FRAMES_S: Final = 1.9


def script(t: Trial) -> Generator[float]:
    """All steps."""
    yield from _watch(t)
    yield from _control(t)
    yield from _lowest(t)
    yield from _long_run(t)
    yield from _targets(t)
    yield from _ramps(t)
    yield from _ramping_stop(t)
    yield from _countdown(t)
    yield from _pause(t)
    yield from _link(t)
    yield from _stops(t)
    if t.attended:
        yield from _safety_key(t)
    else:
        t.findings.tells = replace(t.findings.tells, safety_key="not tried")
    t.findings.judge()


def _watch(t: Trial) -> Generator[float]:
    t.enter(Step.WATCH)
    yield from t.wait(WATCH_S)
    yield from t.until(lambda: len(t.trace.frames) >= REST_FRAMES, MOTION_S)  # the guards end it where none come


def _control(t: Trial) -> Generator[float]:
    t.enter(Step.CONTROL)
    t.ask(RequestControl())
    yield from t.wait(CONTROL_S)
    interval_s = t.trace.interval_s()
    t.findings.tells = replace(t.findings.tells, frame_interval_s=None if interval_s is None else round(interval_s, 3))
    if interval_s is not None and interval_s > SLOWEST_FRAMES_S:
        raise Over(Verdict.INCOMPLETE, f"its Treadmill Data come only every {interval_s:.1f} s: too seldom to steer by")
    answered = t.answers.get(RequestControl.name)
    answer = Answer.NONE if answered is None else answered.answer
    if answer is Answer.NOT_PERMITTED:
        raise Over(Verdict.INCOMPLETE, "it does not give control: another app may hold it")
    said = {Answer.SUCCESS: "success", Answer.REFUSED: "refused"}.get(answer, "none")
    t.findings.tells = replace(t.findings.tells, request_control=said)
    if said != "success":
        t.findings.remarks.append(f"its answer to Request Control is {said}; what it obeys is measured all the same")


def _lowest(t: Trial) -> Generator[float]:
    t.enter(Step.LOWEST)
    yield from start(t)
    reached = yield from reach(t, t.belt.minimum)
    units, danger, gap = probes.unit_at_lowest(reached.target, reached.before, reached.speed, reached.peak)
    t.findings.units = replace(t.findings.units, target=units[0], telemetry=units[1])
    t.findings.obeyed = replace(t.findings.obeyed, lowest_kmh=reached.speed / 100)
    if danger is not None:
        raise Over(Verdict.DANGEROUS, danger)
    if gap is not None:
        raise Over(Verdict.INCOMPLETE, gap)
    t.note(f"its lowest speed is {reached.speed / 100:.2f} km/h, in km/h")
    yield from stop(t, "lowest")
    if t.findings.answered == 0:
        raise Over(Verdict.DANGEROUS, probes.MUTE)
    yield from t.wait(AT_REST_S)  # a belt that starts by itself after a Stop is seen by the guards


def _long_run(t: Trial) -> Generator[float]:
    t.enter(Step.LONG_RUN)
    yield from start(t, second=True)
    yield from reach(t, t.belt.minimum)
    began = t.now
    yield from t.wait(LONG_RUN_S)
    frames = t.trace.since(began)
    stayed(t, began, t.belt.minimum.hundredths)
    ratio = odometer_ratio(frames)
    t.findings.units = replace(t.findings.units, odometer_ratio=None if ratio is None else round(ratio, 3))
    danger, gap, remark = probes.odometer(ratio)
    if danger is not None:
        t.findings.units = replace(t.findings.units, target="mph", telemetry="mph")
        raise Over(Verdict.DANGEROUS, danger)
    if gap is not None:
        raise Over(Verdict.INCOMPLETE, gap)  # nobody knows how fast it runs: no faster, then
    t.findings.remarks += [] if remark is None else [remark]


def _targets(t: Trial) -> Generator[float]:
    """Still in motion from the step before."""
    t.enter(Step.TARGETS)
    rung = probes.first_raise(t.belt, t.ceiling)
    if rung is None:
        raise Over(Verdict.INCOMPLETE, "it has one speed only; nothing more can be measured")
    reached = yield from reach(t, rung)
    danger, gap = probes.raised(reached.target, reached.before, reached.speed, reached.peak)
    if danger is not None:
        raise Over(Verdict.DANGEROUS, danger)
    if gap is not None:
        raise Over(Verdict.INCOMPLETE, gap)
    began = t.now
    yield from t.wait(STAY_S)
    stayed(t, began, reached.speed)
    yield from _probe(t, "one_increment", probes.one_increment(t.belt, rung, t.ceiling))
    if t.findings.obeyed.one_increment not in {"obeyed", None}:
        t.findings.gaps.append("its steps are not what it announces: one increment more is not what comes of it")
    yield from _probe(t, "off_the_grid", probes.off_the_grid(t.belt, rung, t.ceiling))
    below = probes.below_the_range(t.belt)
    yield from _probe(t, "below_the_range", below)
    last = t.answers.get(SetTargetSpeed.name)
    ignored = below is not None and t.findings.obeyed.below_the_range == "ignored"
    t.findings.lied = ignored and last is not None and last.answer is Answer.SUCCESS
    yield from reach(t, t.belt.minimum)


def _probe(t: Trial, name: str, target: Speed | None) -> Generator[float]:
    """Ask for a target and keep what became of it under its name in the profile."""
    if target is None:
        return
    reached = yield from reach(t, target)
    lowest = t.belt.minimum.hundredths
    said = probes.became(reached.target, reached.before, reached.speed, reached.answer, lowest)
    changes: dict[str, Any] = {name: said}
    t.findings.obeyed = replace(t.findings.obeyed, **changes)
    t.note(f"{name.replace('_', ' ')}: asked for {target}, {said}, at {reached.speed / 100:.2f} km/h")
    if reached.peak > max(reached.target, reached.before) + probes.FASTER:
        raise Over(Verdict.DANGEROUS, f"asked for {target} it ran {reached.peak / 100:.2f} km/h")


def _ramps(t: Trial) -> Generator[float]:
    """Still in motion."""
    t.enter(Step.RAMPS)
    top = t.belt.snap_down(min(TOP, t.ceiling))
    errors: list[int] = []
    for target in _up_and_down(t, top):
        yield from dither(t)
        reached = yield from reach(t, target)
        errors.append(abs(reached.speed - reached.target))
        if reached.peak > max(reached.target, reached.before) + probes.FASTER:
            raise Over(Verdict.DANGEROUS, f"asked for {target} it ran {reached.peak / 100:.2f} km/h")
        if errors[-1] > probes.FASTER:
            raise Over(Verdict.INCOMPLETE, f"asked for {target} it stays at {reached.speed / 100:.2f} km/h")
        (t.findings.raises if reached.target > reached.before else t.findings.lowerings).append(reached.ramp)
    t.findings.obeyed = replace(
        t.findings.obeyed, highest_tried_kmh=top.kmh, highest_error_kmh=round(max(errors) / 100, 2)
    )
    yield from stop(t, "top")
    jumps = t.findings.jumps()
    if jumps is not None:
        raise Over(Verdict.INCOMPLETE, jumps)


def _up_and_down(t: Trial, top: Speed) -> Iterator[Speed]:
    """Twice, and up to the top; again where frames have caught a quick belt on its way, but not often enough yet."""
    yield from (top, t.belt.minimum) * 2 + (top,)
    for _ in range(MORE_RAMPS):
        seen = any(ramp.on_the_way() for ramp in (*t.findings.raises, *t.findings.lowerings))
        if not seen or None not in t.findings.ramp_slopes():
            return
        yield from (t.belt.minimum, top)


def _ramping_stop(t: Trial) -> Generator[float]:
    t.enter(Step.RAMPING_STOP)
    yield from start(t)
    before = t.trace.speed or 0
    t.ask(SetTargetSpeed(t.belt.snap_down(min(TOP, t.ceiling))))
    if not (yield from t.until(lambda: (t.trace.speed or 0) >= before + probes.RISEN, MOTION_S)):
        raise Over(Verdict.INCOMPLETE, "a target was obeyed at one time and not at another")
    yield from stop(t, "ramping")


def _countdown(t: Trial) -> Generator[float]:
    """A Stop before the belt moves calls the start off; on some machines it does not."""
    t.enter(Step.COUNTDOWN)
    t.ask(StartOrResume())
    yield from t.until(lambda: (t.trace.speed or 0) > 0, CALLED_OFF_S)
    stopped_at = t.now
    yield from stop(t, "other", at_once=True)
    yield from t.wait(AT_REST_S)
    first = next((frame.at for frame in t.trace.since(stopped_at) if frame.speed > 0), None)
    if first is not None and first >= stopped_at + CANCELLED_S:
        raise Over(Verdict.DANGEROUS, CAME_ALL_THE_SAME)


def _pause(t: Trial) -> Generator[float]:
    t.enter(Step.PAUSE)
    yield from start(t)
    began = t.now
    t.expect = Expect.ANYTHING
    t.ask(Pause())
    resting = yield from t.until(lambda: rests(t, began), MOTION_S)
    answered = t.answers.get(Pause.name)
    refused = answered is not None and answered.answer in {Answer.REFUSED, Answer.NOT_PERMITTED}
    if not resting:
        said = "refused" if refused else "ignored"
        t.findings.pausing = replace(t.findings.pausing, pause=said, resume="not tried")
        yield from stop(t, "lowest")
        return
    sent_at = t.now
    t.ask(StartOrResume())
    resumed = yield from t.until(lambda: (t.trace.speed or 0) > 0, MOTION_S)
    speed: int | None = None
    if resumed:
        speed = yield from settle(t, sent_at)
    t.findings.pausing = replace(
        t.findings.pausing,
        pause="obeyed",
        resume="obeyed" if resumed else "ignored",
        resume_speed_kmh=None if speed is None else speed / 100,
    )
    yield from stop(t, "other")


def _link(t: Trial) -> Generator[float]:
    t.enter(Step.LINK)
    yield from start(t)
    before = t.trace.speed or 0
    t.let_go(AWAY_S)
    yield from t.until(lambda: not t.link_up, MOTION_S)
    if not (yield from t.until(lambda: t.link_up, SETTLE_S)):
        raise Over(Verdict.INCOMPLETE, "once the link was dropped it could not be found again")
    t.came_back()
    back_at = t.now
    yield from t.until(lambda: len(t.trace.since(back_at)) >= REST_FRAMES, MOTION_S)  # without data the guards end it
    speed = t.trace.speed or 0
    if speed > before + probes.FASTER:
        raise Over(Verdict.DANGEROUS, f"while the link was down its belt sped up to {speed / 100:.2f} km/h")
    said = "goes on" if speed >= before - probes.FASTER else "stops" if speed == 0 else "slows down"
    t.findings.tells = replace(t.findings.tells, dropped_link=said)
    t.note(f"the link was dropped: the belt {said}")
    # Before Stop, this once: control ended with the link, and not every machine says so when it refuses Stop.
    t.ask(RequestControl())
    yield from t.until(lambda: RequestControl.name in t.answers, AT_LEAST_S)
    yield from stop(t, "other")


def _stops(t: Trial) -> Generator[float]:
    t.enter(Step.STOPS)
    while t.findings.stops_from_lowest() < STOPS:
        yield from start(t)
        yield from stop(t, "lowest")
        t.note(f"stop {t.findings.stops_from_lowest()} of {STOPS}")


def _safety_key(t: Trial) -> Generator[float]:
    """Any key ends it, as not tried."""
    t.enter(Step.SAFETY_KEY)
    t.findings.tells = replace(t.findings.tells, safety_key="not tried")
    began = t.now
    t.ask(StartOrResume())
    yield from t.until(lambda: (t.trace.speed or 0) > 0 or t.key_told(began), MOTION_S)
    moved_at, t.expect = t.now, Expect.ANYTHING
    t.note(f"PULL THE SAFETY KEY NOW, within {KEY_S:.0f} s")
    yield from t.until(lambda: rests(t, moved_at) or t.key_told(began), KEY_S)
    if t.key_told(began) or rests(t, moved_at):
        told = yield from t.until(lambda: t.key_told(began), AT_LEAST_S)
        said = "reported" if told else "seen in the speed only"
        t.findings.tells = replace(t.findings.tells, safety_key=said)
    yield from stop(t, "other")
