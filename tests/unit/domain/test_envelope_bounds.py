"""The gate at its bounds: just inside, just outside, and what one condition alone keeps back."""

from __future__ import annotations

import pytest
from gate import Gate

from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import Facing
from retroctl.domain.verdict import Allowed, Refused
from retroctl.units import Speed

NEXT = 180


def start(gate: Gate) -> Allowed | Refused:
    return gate.envelope.judge(StartOrResume(), gate.now)


def stopping(stops: int = 3) -> Gate:
    """A belt at 1.8 that has been told to stop so often."""
    gate = Gate().ready()
    assert gate.allows(NEXT)
    gate.frames(180, 2.0)
    gate.envelope.latch_stop()
    for _ in range(stops):
        gate.envelope.judge(Stop(), gate.now)
    return gate


def rearmed() -> Gate:
    """Run once, stopped, at rest, armed again."""
    gate = stopping()
    gate.frames(0, 3.0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    return gate


# -- arming and starting


def test_data_of_2_s_are_fresh_enough_to_arm_and_to_start():
    gate = Gate()
    gate.frames(0, 3.0)
    gate.now += 2.0
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    gate.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    assert start(gate) == Allowed()


def test_a_single_0_of_a_moving_belt_is_no_rest_to_arm_on():
    gate = Gate()
    gate.frames(100, 3.0)
    gate.see(0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert gate.rule(100) == "unarmed"


def test_a_start_that_was_confirmed_before_arming_is_no_start():
    gate = Gate()
    gate.frames(0, 3.0)
    gate.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert isinstance(start(gate), Refused)


def test_without_data_a_start_is_refused_because_nothing_is_known():
    gate = Gate().arm()
    gate.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    gate.tell(ev.LinkDropped())
    assert start(gate) == Refused("N3", "the belt's state is not known")


def test_after_arming_anew_the_belt_must_run_steadily_for_2_s_again():
    gate = rearmed()
    gate.frames(100, 1.0)
    assert gate.rule(100) == "A10"
    gate.frames(100, 2.0)
    assert gate.allows(100)


def test_steady_is_2_s_and_not_a_tenth_less():
    gate = Gate().arm()
    gate.frames(100, 1.0)
    gate.now += 1.0
    gate.see(100)
    gate.now += 0.9
    gate.see(100)
    assert gate.rule(100) == "A10"
    gate.now += 0.1
    assert gate.allows(100)


def test_a_belt_within_010_of_its_speed_is_steady():
    gate = Gate().arm()
    gate.frames(100, 1.0)
    gate.frames(110, 2.0)
    assert gate.allows(100)


def test_after_a_gap_the_belt_is_judged_from_where_it_is_then():
    gate = Gate().arm()
    gate.frames(100, 1.0)
    gate.now += 2.5
    gate.see(110)
    gate.frames(120, 2.0)
    assert gate.allows(100)


# -- the hold


def held(*speeds: tuple[int, float], every: float = 1.0) -> Gate:
    """Hands free, at the lowest speed, then these speeds for so long, announced."""
    gate = Gate(hands_free=True).run()
    for speed, seconds in speeds:
        gate.frames(speed, seconds, every=every)
    gate.tell(ev.AnnouncementFinished(1))
    return gate


def test_frames_2_s_apart_are_no_gap():
    assert held((100, 70.0), every=2.0).allows(NEXT)
    assert held((100, 75.0), every=2.5).rule(NEXT) == "R9"


@pytest.mark.parametrize(
    ("speeds", "rule"),
    [
        ([(130, 10.0), (100, 51.0)], None),
        ([(131, 10.0), (100, 51.0)], "R9"),
        ([(140, 2.0), (100, 59.0)], None),
        ([(140, 3.0), (100, 58.0)], "R9"),
        ([(140, 2.0), (100, 5.0), (140, 2.0), (100, 52.0)], None),
    ],
)
def test_the_hold_bears_030_for_ever_and_more_for_less_than_2_s_each_time(speeds, rule):
    assert held(*speeds).rule(NEXT) == rule


def test_a_belt_that_settles_010_off_its_target_is_settled():
    gate = Gate(hands_free=True).arm()
    gate.frames(100, 4.0)
    assert gate.allows(100)
    gate.frames(110, 61.0)
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.allows(NEXT)


@pytest.mark.parametrize(("into", "rule"), [(44.5, "R8"), (45.0, None), (46.0, None)])
def test_consent_counts_from_15_s_before_the_end_of_the_hold(into, rule):
    gate = Gate().run()
    gate.frames(100, into, every=0.5)
    gate.tell(ev.ConfirmPressed())
    gate.frames(100, 60.0 - into, every=0.5)
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.rule(NEXT) == rule


def test_a_raise_is_at_most_a_step_and_the_tolerance_over_the_measured_speed():
    gate = Gate().ready()
    gate.see(90)
    assert gate.allows(NEXT)
    gate = Gate().ready()
    gate.see(89)
    assert gate.rule(NEXT) == "R7"


@pytest.mark.parametrize(("age", "rule"), [(5.0, "F10"), (5.1, "R8")])
def test_a_heart_rate_over_the_limit_blocks_for_5_s_and_what_was_consented_before_it_is_void(age, rule):
    gate = Gate(heart_limit_bpm=150).ready()
    gate.tell(ev.HeartRateReceived(150))
    gate.tell(ev.HeartRateReceived(151))
    gate.frames(100, 4.5, every=0.5)
    gate.now += age - 4.5
    assert gate.rule(NEXT) == rule


def test_a_heart_rate_under_the_limit_lifts_it_and_at_the_limit_is_not_over_it():
    gate = Gate(heart_limit_bpm=150).ready()
    gate.tell(ev.HeartRateReceived(150))
    assert gate.rule(NEXT) is None
    gate = Gate(heart_limit_bpm=150).ready()
    gate.tell(ev.HeartRateReceived(151))
    gate.tell(ev.HeartRateReceived(149))
    assert gate.rule(NEXT) == "R8"


@pytest.mark.parametrize(("odd", "rule"), [(24, "F10"), (25, "R8"), (250, "F10"), (251, None), (65535, None)])
def test_what_no_heart_does_neither_puts_the_limit_on_nor_lifts_it(odd, rule):
    gate = Gate(heart_limit_bpm=150).ready()
    if odd < 150:
        gate.tell(ev.HeartRateReceived(151))
    gate.tell(ev.HeartRateReceived(odd))
    assert gate.rule(NEXT) == rule


# -- down


def test_back_up_to_what_was_asked_before_is_no_step_down_but_0_10_more_than_measured_is():
    gate = Gate().ready()
    assert gate.allows(NEXT)
    assert gate.rule(150) == "R9", "the belt is still at 1.0"
    gate.see(139)
    assert gate.rule(150) == "R9"
    gate.see(140)
    assert gate.allows(150)


# -- after Stop


def test_after_stop_no_other_speed_than_the_lowest():
    gate = stopping()
    assert gate.rule(110) == "stop"
    assert gate.allows(100)


@pytest.mark.parametrize(
    ("command", "answer"),
    [(Stop(), Answer.NOT_SENT), (SetTargetSpeed(Speed(100)), Answer.SUCCESS), (RequestControl(), Answer.NOT_SENT)],
)
def test_the_lowest_speed_after_stop_stays_a_single_one(command, answer):
    gate = stopping()
    assert gate.allows(100)
    gate.tell(ev.CommandAnswered(command, answer))
    assert gate.rule(100) == "stop"


def test_only_control_that_was_granted_is_control():
    gate = Gate().ready()
    gate.tell(ev.ControlLost())
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.SUCCESS))
    gate.tell(ev.CommandAnswered(Stop(), Answer.SUCCESS))
    assert gate.rule(NEXT) == "F8"


# -- forward


def ahead() -> Gate:
    gate = Gate(facing=Facing.FORWARD).run()
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(180)
    gate.frames(180, 20.0)
    return gate


def test_forward_a_key_is_good_for_3_s():
    gate = Gate(facing=Facing.FORWARD).run()
    gate.tell(ev.ConfirmPressed())
    gate.frames(100, 3.0)
    assert gate.allows(180)


@pytest.mark.parametrize("target", [100, 110, 180])
def test_forward_a_step_down_or_the_same_again_is_no_raise_to_wait_15_s_after(target):
    gate = ahead()
    assert gate.allows(target)
    gate.frames(target, 3.0)
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(target + 80)


def test_forward_the_first_raise_after_arming_anew_does_not_wait_for_one_of_before():
    gate = Gate(facing=Facing.FORWARD).run()
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(180)
    gate.envelope.latch_stop()
    gate.frames(0, 2.0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.FORWARD, gate.now)
    gate.frames(100, 3.0)
    assert gate.allows(100)
    gate.frames(100, 2.0)
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(180)


def test_unless_told_otherwise_the_gate_wants_consent_and_writes_what_it_allows():
    gate = Gate()
    gate.envelope = Envelope(gate.belt, gate.caps, gate.step)
    gate.run()
    gate.frames(100, 61.0)
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.rule(NEXT) == "R8"
    assert all(gate.envelope.writes(each) for each in (Stop(), RequestControl(), SetTargetSpeed(Speed(100))))


def test_before_the_lowest_speed_no_other_is_a_step_down():
    gate = Gate().arm()
    gate.frames(300, 4.0)
    gate.envelope.follow(Speed(300))
    assert gate.rule(180) == "R6"
    assert gate.allows(100)
    assert gate.allows(100)
