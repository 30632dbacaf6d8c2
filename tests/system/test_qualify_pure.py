"""The test of a machine on the simulated one: figures against its true parameters, dangers by the true belt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from trial_rig import TrialRig

from retroctl.domain.profile import Verdict
from retroctl.domain.qualify.happenings import Step
from retroctl.units import Speed
from simulators.behaviour import Behaviour
from simulators.personality import Personality, personality

if TYPE_CHECKING:
    from retroctl.app.trial_engine import Told
    from simulators.encoding import TreadmillRecord
    from simulators.faults import AttResult

CEILING = 6.0
TOP = 4.0


def close(figure: float | None, truth: float) -> bool:
    """Within 10 % of the simulator's true parameter."""
    return figure is not None and abs(figure - truth) <= 0.1 * truth


def checked(rig: TrialRig) -> TrialRig:
    """What holds for every test on every machine, by the true belt and the bytes that were written."""
    rig.run()
    if rig.ended:
        assert rig.true_speed < 0.02
    else:
        assert rig.trial.ending
        assert not rig.trial.over, "a belt that was not seen at rest is not called at rest"
    assert rig.peak <= CEILING
    for at, entry in enumerate(rig.machine.log):
        if entry.data == b"\x07":
            told = [t.data["measured_kmh"] for t in rig.told if t.type == "telemetry" and t.t <= entry.at + 0.001]
            assert told[-2:] == [0.0, 0.0], f"write {at}: Start without two frames of rest before it"
    return rig


VARIANTS = {
    "standard": {},
    "quick": {"ramp_up": 1.2, "ramp_down": 1.5, "stop_rate": 1.2, "countdown_s": 1.0},
    "slow": {"ramp_up": 0.15, "ramp_down": 0.2, "stop_rate": 0.3, "countdown_s": 6.0},
    "no countdown": {"countdown_s": 0.0},
    "sluggish": {"lag_s": 0.8, "answer_s": 0.4},
    "twice a second": {"record_interval_s": 0.5},
    "in miles on the console": {"minimum": Speed(80), "maximum": Speed(1930), "start_speed": Speed(80)},
    "coarse": {"increment": Speed(50)},
    "over before two frames": {"ramp_up": 3.0, "ramp_down": 2.4, "stop_rate": 3.0},
    "a frame every 1.5 s": {
        "record_interval_s": 1.5,
        "stop_rate": 1.02,
        "minimum": Speed(150),
        "start_speed": Speed(150),
    },
    "late and seldom": {"record_interval_s": 1.5, "lag_s": 1.0, "stop_rate": 2.0},
    "answers late": {"answer_s": 1.5, "minimum": Speed(30), "start_speed": Speed(30)},
    "walking pad": {"minimum": Speed(50), "maximum": Speed(300), "start_speed": Speed(50)},
    "starts over its lowest": {"start_speed": Speed(150)},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_good_machine_is_qualified_with_figures_within_a_tenth_of_the_truth(variant: str) -> None:
    rig = checked(TrialRig(personality("standard").but(**VARIANTS[variant])))
    profile, traits = rig.profile(), rig.machine.traits
    assert (profile.verdict, profile.reasons) == (Verdict.QUALIFIED, ())
    assert close(profile.ramps.up_kmh_per_s, traits.ramp_up)
    assert close(profile.ramps.down_kmh_per_s, traits.ramp_down)
    assert close(profile.ramps.stop_kmh_per_s, traits.stop_rate)
    assert close(profile.start.speed_kmh, traits.start_speed.kmh)
    # The belt reacts `lag_s` after the countdown at the earliest; frames come once a second, so 0.1 s at least.
    delay = max(traits.countdown_s, traits.lag_s)
    assert profile.start.delay_s is not None
    assert abs(profile.start.delay_s - delay) <= max(0.1 * delay, 0.1)
    stops = profile.stops
    assert stops.count == 20
    assert close(stops.answer_p50_s, traits.answer_s)
    assert stops.falling_p50_s is not None
    assert abs(stops.falling_p50_s - traits.lag_s) <= max(0.1 * traits.lag_s, 0.1)
    # All of these are stopped from the speed that the machine takes by itself.
    rest_s = traits.lag_s + traits.start_speed.kmh / traits.stop_rate
    assert close(stops.rest_p50_s, rest_s)
    assert stops.rest_max_s is not None
    assert stops.rest_max_s <= 1.1 * rest_s + traits.record_interval_s
    top = min(TOP, traits.maximum.kmh)
    assert stops.from_top_kmh == pytest.approx(top, abs=0.02)
    assert close(stops.from_top_rest_s, traits.lag_s + top / traits.stop_rate)
    assert rig.peak == pytest.approx(top, abs=0.01)
    assert profile.units.target == profile.units.telemetry == "km/h"
    assert close(profile.units.odometer_ratio, 1.0)
    assert profile.obeyed.highest_error_kmh == 0.0
    assert profile.pausing.pause == profile.pausing.resume == "obeyed"
    assert profile.tells.dropped_link == "goes on"
    assert profile.tells.safety_key == "not tried"
    assert [step for step, _ in rig.steps] == [step.value for step in Step if step is not Step.SAFETY_KEY]


DANGERS = {
    "mph-target": ("targets for miles", 1.62),
    "mph-telemetry": ("reports its speed in miles", 1.1),
    "mph-target+mph-telemetry": ("reports its speed in miles", 1.62),
    "mph-target+falls-back": ("targets for miles", 1.62),
    "mph-target+slow-ramp+no-indication": ("targets for miles", 1.62),
    "no-indication": ("never answers", 1.1),
    "stop-ignored": ("Stop is not obeyed", 1.1),
    "stop-ignored+no-indication": ("Stop is not obeyed", 1.1),
    "stop-third": ("Stop is not heeded at once", 1.1),
    "stop-third+coasts-on": ("Stop is not heeded at once", 1.1),
    "moves-at-connect": ("when it is connected to", 1.1),
    "moves-at-connect+stop-ignored": ("when it is connected to", 1.1),
    "request-control-starts": ("after Request Control", 1.1),
    "toggle-start": ("Start is a toggle", 1.1),
    "toggle-start+restarted-countdown": ("Start is a toggle", 1.1),
    "write-hangs": ("never answered", 1.1),
    "runaway": ("sped up by itself", 3.0),
    "runaway+slow-ramp": ("sped up by itself", 3.0),
}


@pytest.mark.parametrize("name", DANGERS)
def test_a_dangerous_machine_is_named_for_the_right_reason_at_a_low_speed(name: str) -> None:
    reason, fastest = DANGERS[name]
    for seed in (1, 2):
        rig = checked(TrialRig(name, seed=seed))
        assert rig.trial.findings.verdict is Verdict.DANGEROUS
        assert reason in rig.profile().reasons[0]
        assert rig.peak <= fastest
        assert rig.ended == ("stop-ignored" not in name)


GAPS = {
    "setpoint-telemetry": "rest cannot be measured",
    "silent-after-stop": "falls silent after Stop",
    "coasts-on": "a stop takes very long",
    "vanishes": "the link dropped by itself",
    "falls-back": "does not stay at a target",
    "stops-by-itself": "stopped by itself",
}


@pytest.mark.parametrize("name", GAPS)
def test_what_could_not_be_measured_leaves_a_test_incomplete_with_the_reason(name: str) -> None:
    rig = checked(TrialRig(name))
    assert rig.trial.findings.verdict is Verdict.INCOMPLETE
    assert GAPS[name] in rig.profile().reasons[0]
    assert rig.ended == (name != "silent-after-stop")


# A few of them: each is a whole test.
UNDISTURBED = (
    "request-control-04+always-success",
    "write-command+split-records",
    "truncated-records+restarted-countdown",
    "inc-1.0+clamps",
    "notify-control-point+no-optional+anonymous",
)


@pytest.mark.parametrize("name", UNDISTURBED)
def test_any_other_machine_keeps_the_rules_whatever_it_comes_to(name: str) -> None:
    rig = checked(TrialRig(name))
    assert rig.profile().reasons or rig.trial.findings.verdict is Verdict.QUALIFIED


class _StartsOver(Behaviour):
    """Ignores a Stop in the countdown."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        return not self.machine.drive.counting_down(now) and super().obeys_stop(parameter, now)


class _StartsAgain(Behaviour):
    """Starts by itself six seconds after a stop."""

    def on_stopped(self, now: float) -> None:
        super().on_stopped(now)
        self.machine.schedule(now + 6.0, self._again)

    def _again(self, now: float) -> None:
        if self.machine.drive.can_start(now):
            self.machine.start(now)


class _ZeroAtOnce(Behaviour):
    """Tells 0 from the moment of a stop."""

    def reported_kmh(self, now: float) -> float:
        return super().reported_kmh(now) if self.machine.drive.target_kmh else 0.0


class _AlwaysZero(Behaviour):
    def reported_kmh(self, now: float) -> float:
        return 0.0


class _ToHalves(Behaviour):
    """Goes to the nearest half km/h whatever it announces."""

    def belt_kmh(self, target_kmh: float) -> float:
        return round(target_kmh * 2) / 2


class _Deaf(Behaviour):
    """Answers success to targets and stays as it is."""

    def belt_kmh(self, target_kmh: float) -> float:
        return self.machine.traits.start_speed.kmh


class _RangeInMiles(Behaviour):
    def speed_range(self) -> tuple[int, int, int]:
        return 62, 994, 6


class _HalfTheMetres(Behaviour):
    """Counts every other metre."""

    def record(self, record: TreadmillRecord, now: float) -> TreadmillRecord:
        told = super().record(record, now)
        return told._replace(distance_m=told.distance_m // 2)


class _FloorAtOne(Behaviour):
    def speed_range(self) -> tuple[int, int, int]:
        return 70, 1600, 10

    def belt_kmh(self, target_kmh: float) -> float:
        return max(1.0, target_kmh)


class _Overshoots(Behaviour):
    """Runs half a km/h faster than asked, from the second target on."""

    def belt_kmh(self, target_kmh: float) -> float:
        return target_kmh + 0.45 if target_kmh > 1.0 else target_kmh


class _Creeps(Behaviour):
    def on_started(self, now: float) -> None:
        super().on_started(now)
        for seconds in range(20, 60, 5):
            self.machine.schedule(now + seconds, self._creep)

    def _creep(self, now: float) -> None:
        if self.machine.drive.target_kmh:
            self.machine.drive.set_speed(self.machine.drive.target_kmh + 0.06, now)


class _PauseIgnored(Behaviour):
    def obeys_stop(self, parameter: int, now: float) -> bool:
        return parameter == 1


class _RoundsUp(Behaviour):
    """Takes a target between two increments for half a km/h more."""

    def belt_kmh(self, target_kmh: float) -> float:
        return target_kmh + (0.4 if round(target_kmh * 100) % 10 else 0.0)


class _OverTheTop(Behaviour):
    def belt_kmh(self, target_kmh: float) -> float:
        return target_kmh + (0.3 if target_kmh > 3.0 else 0.0)


class _UpsideDown(Behaviour):
    """From 4 km/h a lower target is a higher one."""

    def belt_kmh(self, target_kmh: float) -> float:
        return 5.0 if self.machine.drive.target_kmh >= 4.0 else target_kmh


class _MuteAgain(Behaviour):
    """No data on a second connection."""

    def frames(self, now: float) -> list[bytes]:
        return [] if self.machine.connections == 2 else super().frames(now)


class _ControlForAWhile(Behaviour):
    """Control ends by itself a minute after it was given."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data == b"\x00":
            self.machine.schedule(now + 60.0, self._gone)
        return super().on_write(data, now)

    def _gone(self, now: float) -> None:
        del now
        self.machine.controlled = False


class _InTenths(Behaviour):
    """Reports tenths of km/h."""

    def reported_kmh(self, now: float) -> float:
        return super().reported_kmh(now) / 10


class _FasterUnseen(Behaviour):
    """Speeds up while nobody is connected."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        if self.machine.connections == 2:
            self.machine.drive.set_speed(2.0, now)


OTHERS: dict[type[Behaviour], tuple[Verdict, str]] = {
    _StartsOver: (Verdict.DANGEROUS, "stopped in its countdown"),
    _StartsAgain: (Verdict.DANGEROUS, "moved from rest by itself"),
    _ZeroAtOnce: (Verdict.INCOMPLETE, "drops to 0 at once"),
    _AlwaysZero: (Verdict.DANGEROUS, "tells a speed of 0"),
    _ToHalves: (Verdict.INCOMPLETE, "steps are not what it announces"),
    _Deaf: (Verdict.DANGEROUS, "does not obey targets"),
    _RangeInMiles: (Verdict.DANGEROUS, "announces its speed range in miles"),
    _HalfTheMetres: (Verdict.INCOMPLETE, "its odometer and its speed disagree"),
    _FloorAtOne: (Verdict.INCOMPLETE, "lowest speed is not what it announces"),
    _Overshoots: (Verdict.DANGEROUS, "runs faster than asked"),
    _Creeps: (Verdict.DANGEROUS, "sped up by itself"),
    _PauseIgnored: (Verdict.QUALIFIED, ""),
    _OverTheTop: (Verdict.DANGEROUS, "asked for 4.00 km/h it ran 4.30 km/h"),
    _UpsideDown: (Verdict.DANGEROUS, "a lower target raised the speed"),
    _MuteAgain: (Verdict.INCOMPLETE, "no Treadmill Data"),
    _FasterUnseen: (Verdict.DANGEROUS, "while the link was down"),
    _ControlForAWhile: (Verdict.INCOMPLETE, "the control that it gave does not last"),
    _InTenths: (Verdict.DANGEROUS, "it reports its speed in another unit"),
}


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.__name__)
def test_machines_that_nobody_has_listed_are_seen_through_as_well(kind: type[Behaviour]) -> None:
    rig = checked(TrialRig(Personality("other", "unlisted", behaviours=(kind,))))
    verdict, reason = OTHERS[kind]
    assert rig.trial.findings.verdict is verdict
    assert reason in " ".join(rig.profile().reasons)


@pytest.mark.parametrize(
    ("traits", "verdict", "reason"),
    [
        ({"start_speed": Speed(500)}, Verdict.DANGEROUS, "a start takes it to"),
        ({"record_interval_s": 3.0}, Verdict.INCOMPLETE, "too seldom"),
        ({"countdown_s": 30.0}, Verdict.INCOMPLETE, "did not move within"),
        ({"results": {0x00: 0x05}}, Verdict.INCOMPLETE, "does not give control"),
        ({"results": {0x07: 0x04}}, Verdict.QUALIFIED, ""),
        ({"minimum": Speed(100), "maximum": Speed(100)}, Verdict.INCOMPLETE, "one speed only"),
        ({"maximum": Speed(140), "increment": Speed(20)}, Verdict.QUALIFIED, ""),
        ({"record_flags": 0}, Verdict.QUALIFIED, ""),
        ({"lag_s": 3.0}, Verdict.DANGEROUS, "Stop is not heeded at once"),
    ],
)
def test_what_the_numbers_of_a_machine_come_to(traits: dict[str, object], verdict: Verdict, reason: str) -> None:
    rig = checked(TrialRig(personality("standard").but(**traits)))
    assert (rig.trial.findings.verdict, rig.profile().reasons) == (verdict, rig.profile().reasons)
    assert reason in " ".join(rig.profile().reasons)


# -- people, and the air -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", list(Step))
def test_a_stop_at_any_moment_ends_the_test_with_the_belt_at_rest(step: Step) -> None:
    later_s = list(Step).index(step) * 4.7 % 15.0
    rig = TrialRig(attended=True)
    rig.run_until(lambda: rig.steps[-1][0] == step.value)
    began = rig.now
    rig.run_until(lambda: rig.now >= began + later_s)
    wrote = len(rig.written)
    rig.stop("key")
    checked(rig)
    assert rig.ended
    assert rig.trial.at_rest
    assert set(rig.written[wrote:]) <= {"0801", "00"}
    # In the last step a key only leaves that step out.
    assert rig.trial.stopped_by_person == (rig.trial.ended_by is not None)


def test_a_stop_before_anything_was_written_writes_nothing() -> None:
    rig = TrialRig()
    rig.run_until(lambda: rig.now > 1.5)
    rig.stop("Ctrl-C")
    assert rig.ended
    assert rig.written == []


def test_the_safety_key_is_reported_or_only_seen_or_not_tried() -> None:
    pulled = TrialRig(attended=True)
    pulled.run_until(lambda: pulled.steps[-1][0] == Step.SAFETY_KEY.value and pulled.true_speed > 0.9)
    pulled.machine.pull_safety_key(pulled.now)
    checked(pulled)
    assert pulled.profile().tells.safety_key == "reported"
    silent = TrialRig("no-optional", attended=True)
    silent.run_until(lambda: silent.steps[-1][0] == Step.SAFETY_KEY.value and silent.true_speed > 0.9)
    silent.machine.pull_safety_key(silent.now)
    checked(silent)
    assert silent.profile().tells.safety_key == "seen in the speed only"
    waited = checked(TrialRig(attended=True))
    assert waited.profile().tells.safety_key == "not tried"
    assert {each.trial.findings.verdict for each in (pulled, silent, waited)} == {Verdict.QUALIFIED}


def at_step(step: Step, *, name: str = "standard", moving: bool = True) -> TrialRig:
    rig = TrialRig(name)
    rig.run_until(lambda: rig.steps[-1][0] == step.value and (rig.true_speed >= 1.0 or not moving))
    began = rig.now
    rig.run_until(lambda: rig.now > began + 12.0)
    return rig


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("pull_safety_key", "safety key was pulled"),
        ("console_stop", "stopped at its console"),
        ("take_control_by_other_app", "took control away"),
        ("console_faster", "changed at its console"),
        ("vanish", "link dropped by itself"),
    ],
)
def test_whoever_interferes_ends_the_test_as_incomplete(what: str, reason: str) -> None:
    rig = at_step(Step.LONG_RUN)
    getattr(rig.machine, what)(rig.now)
    checked(rig)
    assert rig.ended
    assert rig.trial.findings.verdict is Verdict.INCOMPLETE
    assert reason in rig.profile().reasons[0]


def test_silence_stops_the_belt_and_is_not_called_rest() -> None:
    rig = at_step(Step.LONG_RUN)
    rig.machine.faults.silent = True
    rig.run(limit_s=rig.now + 60)
    assert rig.true_speed == 0.0
    assert not rig.ended
    assert "no Treadmill Data for 5 s" in rig.profile().reasons[0]


@pytest.mark.parametrize("seed", range(6))
def test_bad_air_never_makes_the_belt_faster_or_rest_untrue(seed: int) -> None:
    rig = TrialRig(seed=seed)
    began = 20.0 + 37.0 * seed
    rig.run_until(lambda: rig.now > began)
    faults = rig.machine.faults
    faults.loss, faults.corrupt_frames, faults.duplicate_frames, faults.delay_s = 0.2, 2, 3, 0.3
    faults.truncate_frames, faults.drop_answers, faults.reject_writes = 2, 3, [0x0E]
    checked(rig)
    assert rig.peak <= TOP + 0.01


def test_one_mad_frame_stops_the_belt_and_is_not_called_dangerous() -> None:
    rig = at_step(Step.LONG_RUN)
    rig.engine.frame("2acd", bytes.fromhex("0000a00f"), rig.now)
    checked(rig)
    assert rig.trial.findings.verdict is Verdict.INCOMPLETE
    assert "one frame said 40.00 km/h" in rig.profile().reasons[0]


def test_a_target_between_two_steps_that_is_overdone_is_a_danger() -> None:
    rig = checked(TrialRig(Personality("other", "unlisted", {"out_of_range": "clamp"}, (_RoundsUp,))))
    assert rig.trial.findings.verdict is Verdict.DANGEROUS
    assert rig.profile().reasons == ("asked for 1.95 km/h it ran 2.35 km/h",)


def test_a_belt_that_tells_its_target_is_not_called_at_rest_while_a_slow_one_would_still_fall() -> None:
    checked(TrialRig(personality("setpoint-telemetry").but(stop_rate=0.1)))


def test_a_start_that_comes_after_it_was_stopped_is_found_while_it_is_still_being_stopped() -> None:
    short = Personality("other", "unlisted", {"countdown_s": 2.3}, (_StartsOver,))
    rig = checked(TrialRig(short))
    assert rig.profile().reasons == ("a start that was stopped in its countdown came all the same",)


def in_step(step: Step, act: str) -> TrialRig:
    """A standard machine that ignores the next command once `act` was told in a step."""
    rig = TrialRig()
    done: list[bool] = []

    def hook(told: Told) -> None:
        here = bool(rig.steps) and rig.steps[-1][0] == step.value
        if here and not done and told.type == "answer" and told.data["name"] == act:
            done.append(True)
            rig.machine.faults.ignore_commands = 1

    rig.hook = hook
    return checked(rig)


def test_a_resume_that_does_nothing_is_no_danger_and_a_target_that_does_is_a_gap() -> None:
    assert in_step(Step.PAUSE, "pause").profile().pausing.resume == "ignored"
    assert "at one time and not at another" in in_step(Step.RAMPING_STOP, "start").profile().reasons[0]


def test_a_countdown_that_is_shorter_this_time_gets_no_second_start() -> None:
    rig = TrialRig()

    def hook(told: Told) -> None:
        if told.type == "answer" and rig.steps[-1][0] == Step.LONG_RUN.value and told.data["name"] == "start":
            rig.machine.drive.start(rig.now, countdown_s=0.0)

    rig.hook = hook
    checked(rig)
    assert rig.profile().start.second_start == "not tried"


def test_a_link_that_was_dropped_on_purpose_and_is_not_found_again_is_told() -> None:
    rig = TrialRig()
    rig.run_until(lambda: rig.steps[-1][0] == Step.LINK.value)
    rig.machine.absent_until = rig.now + 140.0
    checked(rig)
    assert "could not be found again" in rig.profile().reasons[0]


def test_the_time_that_is_left_falls_from_about_eight_minutes() -> None:
    rig = TrialRig()
    rig.run_until(lambda: rig.now > 1.0)
    assert 420 < rig.trial.left_s(rig.now) < 540
    rig.run_until(lambda: rig.steps[-1][0] == Step.STOPS.value)
    assert 100 < rig.trial.left_s(rig.now + 1.0) < 250


@pytest.mark.parametrize("countdown_s", [1.4, 1.8, 3.0])
def test_a_start_that_comes_in_spite_of_a_stop_is_seen_however_short_the_countdown(countdown_s: float) -> None:
    rig = checked(TrialRig(Personality("other", "unlisted", {"countdown_s": countdown_s}, behaviours=(_StartsOver,))))
    assert rig.trial.findings.verdict is Verdict.DANGEROUS
    assert "stopped in its countdown" in rig.profile().reasons[0]
