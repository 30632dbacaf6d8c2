"""The parts of a test, each by itself: the gate denies by default, arithmetic on frames, what a probe means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.limits import BeltRange
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify import Trial, TrialGate, probes
from retroctl.domain.qualify.findings import Findings, StartRecord, StopRecord
from retroctl.domain.qualify.guards import Expect, Over, told
from retroctl.domain.qualify.happenings import (
    Alert,
    Answered,
    Ask,
    Connected,
    LinkBack,
    LinkGone,
    Measured,
    Passed,
    Pause,
    Refused,
    Sent,
    Step,
    StopWanted,
    TrialEnded,
)
from retroctl.domain.qualify.moves import settle, start, stayed, stop
from retroctl.domain.qualify.trace import Frame, Ramp, Trace, median, odometer_ratio, percentile
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Generator

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
TARGET = SetTargetSpeed(Speed(180))
LOWEST = SetTargetSpeed(BELT.minimum)


def see(gate: TrialGate, speed: int, *times: float) -> None:
    for at in times:
        gate.observe(Measured(Speed(speed)), at)


def proven(step: Step) -> TrialGate:
    """A gate that has seen the lowest target obeyed, at 10 s, in motion."""
    gate = TrialGate(BELT)
    gate.enter(Step.LOWEST)
    see(gate, 100, 0.0)
    assert gate.judge(LOWEST, 1.0) is None
    see(gate, 100, 5.0, 6.0, 10.0)
    gate.enter(step)
    return gate


@pytest.mark.parametrize("command", [RequestControl(), StartOrResume(), LOWEST, Pause()])
def test_before_the_first_step_and_while_watching_nothing_passes_but_stop(command: object) -> None:
    for step in (None, Step.WATCH):
        gate = TrialGate(BELT)
        if step is not None:
            gate.enter(step)
        see(gate, 0, 1.0, 2.0)
        assert "has no place" in str(gate.judge(command, 2.0))  # type: ignore[arg-type]
        assert gate.judge(Stop(), 2.0) is None


def test_a_step_is_never_gone_back_to() -> None:
    gate = TrialGate(BELT)
    gate.enter(Step.PAUSE)
    with pytest.raises(ValueError, match="comes before"):
        gate.enter(Step.PAUSE)


def test_start_needs_two_fresh_frames_of_rest_and_leaves_once() -> None:
    gate = TrialGate(BELT)
    gate.enter(Step.LOWEST)
    see(gate, 0, 1.0, 1.01)
    assert "not measured at rest" in str(gate.judge(StartOrResume(), 1.1))
    see(gate, 0, 2.0)
    assert "not measured at rest" in str(gate.judge(StartOrResume(), 4.5))
    assert gate.judge(StartOrResume(), 3.0) is None
    assert "already" in str(gate.judge(StartOrResume(), 3.1))
    see(gate, 50, 4.0)
    assert "not measured at rest" in str(gate.judge(StartOrResume(), 4.1))


def test_the_long_run_may_start_twice_for_one_rest() -> None:
    gate = TrialGate(BELT)
    gate.enter(Step.LONG_RUN)
    see(gate, 0, 1.0, 2.0)
    assert [gate.judge(StartOrResume(), 2.0 + i / 10) is None for i in range(3)] == [True, True, False]


def test_until_the_unit_is_proven_only_the_lowest_target_passes() -> None:
    gate = TrialGate(BELT)
    gate.enter(Step.LOWEST)
    see(gate, 161, 1.0)
    assert "not proven" in str(gate.judge(TARGET, 1.0))
    assert gate.judge(LOWEST, 1.0) is None
    see(gate, 161, 5.0, 6.0, 7.0)
    assert not gate.unit_proven
    assert "not proven" in str(gate.judge(TARGET, 7.0))
    see(gate, 100, 8.0, 9.0)
    assert gate.judge(LOWEST, 9.0) is None
    assert gate.judge(TARGET, 9.0) is None


def test_a_target_needs_motion_stays_under_the_ceiling_and_within_one_raise() -> None:
    gate = proven(Step.TARGETS)
    assert gate.judge(TARGET, 10.5) is None
    assert "more than one raise" in str(gate.judge(SetTargetSpeed(Speed(250)), 10.5))
    assert "above the ceiling" in str(gate.judge(SetTargetSpeed(Speed(610)), 10.5))
    assert "measured in motion" in str(gate.judge(TARGET, 12.5))
    wide = proven(Step.RAMPS)
    assert wide.judge(SetTargetSpeed(Speed(400)), 10.5) is None
    assert "above the ceiling" in str(wide.judge(SetTargetSpeed(Speed(610)), 10.5))
    assert TrialGate(BeltRange(Speed(100), Speed(300), Speed(10))).ceiling == Speed(300)


def test_after_stop_only_stop_a_denied_request_and_once_the_lowest_speed_pass() -> None:
    gate = proven(Step.RAMPS)
    see(gate, 400, 11.0)
    assert gate.judge(Stop(), 11.0) is None
    for command in (RequestControl(), StartOrResume(), LOWEST, TARGET, Pause()):
        assert gate.judge(command, 11.1) == "after Stop nothing leaves but Stop"
    gate.observe(Answered(Stop(), Answer.NOT_PERMITTED), 11.2)
    assert [gate.judge(RequestControl(), 11.3) is None for _ in range(2)] == [True, False]
    gate.observe(LinkBack(), 11.4)
    assert gate.judge(RequestControl(), 11.5) is None
    assert [gate.judge(Stop(), 13.0) for _ in range(2)] == [None, None]
    assert [gate.judge(LOWEST, 13.1) is None for _ in range(2)] == [True, False]
    see(gate, 0, 14.0, 15.0)
    gate.enter(Step.STOPS)
    assert gate.judge(StartOrResume(), 15.0) is None


def test_the_last_stop_is_never_lifted() -> None:
    gate = proven(Step.RAMPS)
    gate.judge(Stop(), 11.0)
    gate.finish()
    see(gate, 0, 12.0, 13.0, 14.0)
    gate.enter(Step.STOPS)
    assert gate.judge(StartOrResume(), 14.0) == "after Stop nothing leaves but Stop"
    assert gate.judge(Stop(), 14.0) is None


# -- the test, by hand -------------------------------------------------------------------------------------------------


def idle(trial: Trial):
    yield from trial.wait(1e6)


def test_a_refusal_by_the_gate_ends_the_test_with_a_stop_and_says_which_rule() -> None:
    trial = Trial(BELT, idle, attended=False)
    trial.handle(Connected(), 0.0)
    trial.handle(Measured(Speed(0)), 0.5)
    trial.handle(Sent(RequestControl()), 0.6)
    effects = trial.handle(Refused(StartOrResume(), "why"), 1.0)
    assert Ask(Stop()) in effects
    assert trial.findings.gaps == ["start was not written, by the rules of this test: why"]
    assert trial.left_s(2.0) == 0.0


def test_a_test_without_an_end_is_ended_and_one_that_ends_at_rest_asks_for_nothing_more() -> None:
    trial = Trial(BELT, idle, attended=False)
    assert trial.duration_s == 0.0
    trial.handle(Connected(), 0.0)
    for at in range(1, 1203):
        effects = trial.handle(Measured(Speed(0)), float(at))
        effects += trial.handle(Passed(), float(at))
        if trial.over:
            break
    assert "longer than 20 minutes" in trial.findings.gaps[0]
    assert isinstance(effects[-1], TrialEnded)
    assert trial.next_deadline() is None


def test_a_stop_while_the_link_is_away_is_the_first_thing_wanted_when_it_is_back() -> None:
    trial = Trial(BELT, idle, attended=False)
    trial.handle(Connected(), 0.0)
    trial.handle(Measured(Speed(100)), 0.2)
    assert trial.stop_wanted
    trial.handle(LinkGone(), 1.0)
    assert trial.handle(StopWanted("key"), 1.5) == []
    assert Ask(RequestControl()) in trial.handle(LinkBack(), 3.0)
    assert trial.next_deadline() is not None


@pytest.mark.parametrize(("next_speed", "verdict"), [(900, Verdict.DANGEROUS), (100, Verdict.INCOMPLETE)])
def test_one_frame_far_over_the_target_stops_and_the_next_decides(next_speed: int, verdict: Verdict) -> None:
    trial = Trial(BELT, idle, attended=False)
    trial.handle(Connected(), 0.0)
    trial.expect = Expect.MOTION
    trial.handle(Measured(Speed(100)), 1.0)
    trial.ask(LOWEST)
    effects = trial.handle(Measured(Speed(900)), 2.0)
    assert Ask(Stop()) in effects
    assert any(isinstance(each, Alert) for each in effects)
    trial.handle(Measured(Speed(next_speed)), 3.0)
    assert trial.findings.verdict is verdict


def ended(trial: Trial, move: Generator[float, None, object]) -> str:
    """Let time pass until a move gives up."""
    try:
        for _ in range(100):
            trial.answers["start"] = Answered(StartOrResume(), Answer.REFUSED)
            trial.now = max(trial.now, next(move))
    except Over as over:
        return over.text
    return "it went on"


def test_moves_say_what_went_wrong() -> None:
    trial = Trial(BELT, idle, attended=False)
    trial.handle(Connected(), 0.0)
    assert "did not settle" in ended(trial, settle(trial, 0.0))
    assert "refuses Start" in ended(trial, start(trial))
    trial.expect = Expect.MOTION
    assert not trial.stop_stuck(1.0)
    assert trial.stops_written() == 0
    assert "Stop is not obeyed: written 0 times" in ended(trial, stop(trial, "lowest"))
    assert not trial.stop_stuck(1.0)
    trial.trace.frames.append(Frame(trial.now, 135, None))
    with pytest.raises(Over, match="sped up by itself"):
        stayed(trial, 0.0, 100)
    with pytest.raises(Over, match="it fell to"):
        stayed(trial, 0.0, 200)


# -- arithmetic --------------------------------------------------------------------------------------------------------


def frames(*pairs: tuple[float, int]) -> tuple[Frame, ...]:
    return tuple(Frame(at, speed, None) for at, speed in pairs)


def test_a_ramp_is_a_line_through_the_frames_on_it() -> None:
    ramp = Ramp(0.0, 100, 300, frames((0.5, 100), (1.5, 150), (2.5, 200), (3.5, 250), (5.0, 300)))
    assert ramp.slope() == pytest.approx(50.0)
    assert ramp.meets(100, 50.0) == pytest.approx(0.5)
    assert ramp.bracket(None) == (0.5, 1.5)
    assert not ramp.jumps()
    twice = Ramp(0.0, 100, 300, frames((1.0, 150), (1.0, 150)))
    assert twice.slope() is None
    assert twice.meets(100, 0.0) is None
    jump = Ramp(0.2, 100, 300, frames((1.0, 300)))
    assert jump.jumps()
    assert (jump.slope(), jump.meets(100, 50.0)) == (None, None)
    assert jump.bracket(None) == (0.2, 1.0)
    assert jump.bracket(Frame(0.6, 100, None)) == (0.6, 1.0)
    assert Ramp(0.0, 100, 300, frames((1.0, 100))).bracket(None) is None


def test_an_odometer_counts_between_its_first_and_last_change_only() -> None:
    run = [Frame(float(t), 360, t - t % 2) for t in range(12)]
    assert odometer_ratio(run) == pytest.approx(1.0)
    assert odometer_ratio([frame._replace(distance_m=None) for frame in run]) is None
    assert odometer_ratio([frame._replace(speed=0) for frame in run]) is None
    assert odometer_ratio([run[0]._replace(distance_m=None), *run[1:]]) == pytest.approx(1.25, abs=0.3)


def test_percentiles_are_of_the_nearest_rank() -> None:
    assert [percentile([3.0, 1.0, 2.0], each) for each in (1, 50, 95)] == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
    assert median([]) is None
    assert Trace().interval_s() is None
    assert Trace().speed is None
    assert Trace().settled(0.0) is None


def test_records_without_frames_give_no_times() -> None:
    assert StartRecord(0.0).delay_s(None) is None
    assert StartRecord(0.0, None, [Frame(3.0, 100, None)], 100).delay_s(None) == pytest.approx(1.5)
    assert StopRecord(100).times(None) is None
    assert StopRecord(100, [1.0]).times(None) is None
    moving = StopRecord(100, [1.0], frames=list(frames((2.0, 0))))
    assert moving.times(None) == (0.5, 1.0)
    assert moving.times(80.0) == pytest.approx((0.0, 1.0), abs=0.3)
    assert Findings().not_heeded(StopRecord(100)) is None
    once = StopRecord(100, [0.0], frames=list(frames((4.0, 100), (5.0, 0))))
    assert "4.0 s after it" in str(Findings(stops=[once]).not_heeded(once))  # until then for certain


def test_a_belt_all_but_at_rest_was_seen_to_fall_and_is_not_stuck() -> None:
    stop = StopRecord(150, [0.0], frames=list(frames((1.5, 2), (3.0, 0))))
    assert not stop.ramp().jumps()
    assert stop.doubtful_s() == 0.0
    assert not stop.stuck(60.0, 8.0)


def test_a_stop_in_a_raise_is_judged_from_the_highest_speed() -> None:
    falls = [(3.0 + second, 190 - 5 * second) for second in range(8)]
    assert not StopRecord(150, [0.0], frames=list(frames(*falls))).stuck(10.0, 8.0)


def test_a_repeat_between_two_frames_does_not_make_a_stop_late() -> None:
    seen_late = StopRecord(161, [0.0, 1.5], frames=list(frames((0.9, 161), (2.4, 0))))
    assert Findings(stops=[seen_late]).not_heeded(seen_late) is None


# -- what probes mean --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ((100, 100, 140, 140), "faster than asked"),
        ((100, 80, 70, 80), "announces"),
        ((50, 100, 100, 100), "announces"),
        ((62, 100, 100, 100), "speed range in miles"),
        ((100, 100, 161, 161), "targets for miles"),
        ((100, 62, 62, 62), "in miles"),
        ((100, 100, 100, 100), None),
    ],
)
def test_what_the_lowest_target_shows(seen: tuple[int, int, int, int], words: str | None) -> None:
    _, danger, gap = probes.unit_at_lowest(*seen)
    assert (words is None and danger is gap is None) or str(words) in str(danger or gap)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ((180, 100, 290, 290), "targets for miles"),
        ((180, 100, 210, 210), "faster than asked"),
        ((180, 150, 112, 150), "in miles"),
        ((180, 100, 100, 178), "fell back"),
        ((180, 100, 100, 100), "does not obey"),
        ((180, 100, 140, 140), "does not reach"),
        ((180, 100, 175, 180), None),
    ],
)
def test_what_the_first_raise_shows(seen: tuple[int, int, int, int], words: str | None) -> None:
    danger, gap = probes.raised(*seen)
    assert (words is None and danger is gap is None) or str(words) in str(danger or gap)


def test_what_became_of_a_probe_is_one_word() -> None:
    assert probes.became(190, 180, 190, Answer.SUCCESS, 100) == "obeyed"
    assert probes.became(195, 190, 190, Answer.REFUSED, 100) == "refused"
    assert probes.became(195, 190, 190, None, 100) == "ignored"
    assert probes.became(90, 190, 100, None, 100) == "clamped"
    assert probes.became(195, 190, 200, None, 100) == "rounded"


def test_an_odometer_that_disagrees_is_dangerous_only_where_it_looks_like_miles() -> None:
    assert [bool(each) for each in probes.odometer(1.6)] == [True, False, False]
    assert [bool(each) for each in probes.odometer(0.5)] == [False, True, False]
    assert [bool(each) for each in probes.odometer(None)] == [False, False, True]
    assert probes.odometer(1.0) == (None, None, None)


def test_targets_that_are_tried_stay_within_the_machine() -> None:
    short = BeltRange(Speed(100), Speed(110), Speed(10))
    fine = BeltRange(Speed(10), Speed(1600), Speed(1))
    assert probes.one_increment(short, Speed(110), Speed(110)) is None
    assert probes.off_the_grid(short, Speed(110), Speed(110)) is None
    assert probes.off_the_grid(fine, Speed(50), Speed(600)) is None
    assert probes.one_increment(fine, Speed(50), Speed(600)) == Speed(60)
    assert probes.below_the_range(fine) is None
    assert probes.below_the_range(BELT) == Speed(90)


def test_what_a_status_means_depends_on_who_caused_it() -> None:
    assert told(0x02, Step.STOPS, Expect.MOTION, recent=True) is None
    assert told(0x02, Step.STOPS, Expect.REST, recent=False) is None
    assert told(0x04, Step.STOPS, Expect.MOTION, recent=False) is None
    assert told(0x03, Step.SAFETY_KEY, Expect.ANYTHING, recent=True) is None
