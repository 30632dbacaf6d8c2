"""The gate: everything is refused but what all rules allow; each rule alone refuses, and names itself."""

from __future__ import annotations

import pytest
from gate import Gate

from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.limits import BeltRange, Client, Facing, Level
from retroctl.domain.verdict import Allowed, Refused
from retroctl.units import Speed

NEXT = 180


def judged(gate: Gate, command) -> str | None:
    verdict = gate.envelope.judge(command, gate.now)
    return None if isinstance(verdict, Allowed) else verdict.rule


def test_stop_always_passes():
    assert judged(Gate(), Stop()) is None
    assert judged(Gate().ready(), Stop()) is None


def test_unarmed_everything_else_is_refused():
    gate = Gate()
    gate.frames(100, 10.0)
    for command in (RequestControl(), StartOrResume(), SetTargetSpeed(Speed(100))):
        assert judged(gate, command) == "unarmed"


def test_a_raise_with_everything_in_order_passes():
    assert Gate().ready().allows(NEXT)


@pytest.mark.parametrize("seconds", [0.0, 30.0, 59.0])
def test_a_hold_not_served_refuses(seconds):
    gate = Gate().run()
    gate.frames(100, seconds)
    gate.tell(ev.ConfirmPressed())
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.rule(NEXT) == "R9"


def test_the_hold_is_the_plans_and_never_under_60_s():
    assert Gate(hold_s=5.0).ready(59.0).rule(NEXT) == "R9"
    assert Gate(hold_s=5.0).ready(61.0).allows(NEXT)
    assert Gate(hold_s=120.0).ready(119.0).rule(NEXT) == "R9"
    assert Gate(hold_s=120.0).ready(121.0).allows(NEXT)


@pytest.mark.parametrize(
    ("event", "rule"),
    [
        (ev.HoldPressed(), "R8"),
        (ev.BalanceEventNoted(ev.BalanceEvent.RAIL), "R9"),
        (ev.HandsNoted(ev.Hands.ONE), "R8"),
        (ev.HandsNoted(ev.Hands.BOTH), None),
        (ev.ControlLost(), "F8"),
        (ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.NOT_PERMITTED), "F8"),
        (ev.RecordFailed("no room"), "F14"),
        (ev.LinkDropped(), "N3"),
        (ev.StopRequested("key"), "stop"),
        (ev.StopRequested("SIGTERM", person=False), "stop"),
    ],
)
def test_each_block_alone_refuses(event, rule):
    gate = Gate().ready()
    gate.tell(event)
    assert gate.rule(NEXT) == rule


@pytest.mark.parametrize("event", [ev.HoldPressed(), ev.RecordFailed("no room"), ev.ControlLost()])
def test_a_block_that_is_lifted_has_made_consent_void(event):
    gate = Gate().ready()
    gate.tell(event)
    gate.tell(ev.RecordRestored())
    gate.tell(ev.CommandAnswered(RequestControl(), Answer.SUCCESS))
    assert gate.rule(NEXT) == "R8"


def test_an_unanswered_request_control_does_not_bring_control_back():
    gate = Gate().ready()
    gate.tell(ev.ControlLost())
    for answer in (Answer.NONE, Answer.REFUSED):
        gate.tell(ev.CommandAnswered(RequestControl(), answer))
    assert gate.rule(NEXT) == "F8"


def consented_again(gate: Gate) -> Gate:
    """A whole hold, consent and announcement anew."""
    gate.frames(100, 61.0)
    gate.tell(ev.ConfirmPressed())
    gate.tell(ev.AnnouncementFinished(1))
    return gate


@pytest.mark.parametrize("gone", [ev.ControlLost(), ev.CommandAnswered(Stop(), Answer.NOT_PERMITTED)])
def test_a_machine_that_takes_a_target_has_given_control_though_it_never_says_so(gone):
    gate = Gate().ready()
    gate.tell(gone)
    gate.tell(ev.CommandAnswered(RequestControl(), Answer.REFUSED))
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.SUCCESS))
    assert gate.rule(NEXT) == "F8", "asked for before control was gone: its answer was late"
    assert gate.allows(100)
    assert consented_again(gate).rule(NEXT) == "F8", "not answered yet"
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.REFUSED))
    assert consented_again(gate).rule(NEXT) == "F8"
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.SUCCESS))
    assert consented_again(gate).allows(NEXT)
    gate.tell(gone)
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(NEXT)), Answer.SUCCESS))
    assert consented_again(gate).rule(260) == "F8", "gone anew"


def test_consent_from_before_the_last_15_s_does_not_count():
    gate = Gate().run()
    gate.frames(100, 40.0)
    gate.tell(ev.ConfirmPressed())
    gate.frames(100, 30.0)
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.rule(NEXT) == "R8"


def test_hands_free_needs_no_consent_but_heeds_hold():
    gate = Gate(hands_free=True).run()
    gate.frames(100, 61.0)
    assert gate.rule(NEXT) == "announcement"
    gate.tell(ev.AnnouncementFinished(1))
    gate.tell(ev.HoldPressed())
    assert gate.rule(NEXT) == "R8"
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(NEXT)


@pytest.mark.parametrize(
    "event",
    [ev.BalanceEventNoted(ev.BalanceEvent.RAIL), ev.ProcessStalled(0.8), ev.ComputerSlept(3.0), ev.HoldPressed()],
)
def test_hands_free_goes_on_after_a_balance_event_or_a_stall_only_when_the_trainer_says_so(event):
    gate = Gate(hands_free=True).ready()
    gate.tell(event)
    gate.frames(100, 70.0)
    gate.tell(ev.AnnouncementFinished(2))
    assert gate.rule(NEXT) == "R8"
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(NEXT)


@pytest.mark.parametrize(("age", "rule"), [(0.0, None), (3.0, None), (3.1, "announcement")])
def test_an_announcement_is_fresh_for_3_s(age, rule):
    gate = Gate().ready()
    gate.now += 1.5
    gate.see(100)
    gate.now += age - 1.5
    assert gate.rule(NEXT) == rule


@pytest.mark.parametrize(("age", "rule"), [(2.0, None), (2.1, "F1")])
def test_data_are_fresh_for_2_s(age, rule):
    gate = Gate().ready()
    gate.now += age
    assert gate.rule(NEXT) == rule


def test_a_gap_in_the_data_restarts_the_hold():
    gate = Gate().ready()
    gate.now += 2.1
    gate.see(100)
    assert gate.rule(NEXT) == "R9"


def test_one_raise_for_one_hold():
    gate = Gate().ready()
    assert gate.allows(NEXT)
    gate.tell(ev.ConfirmPressed())
    gate.tell(ev.AnnouncementFinished(2))
    assert gate.rule(260) == "R9"


def test_a_raise_is_at_most_one_step_over_the_target_and_over_the_measured_speed():
    assert Gate().ready().rule(190) == "R7"
    gate = Gate().ready()
    gate.frames(80, 1.0)
    assert gate.rule(180) == "R7", "the belt is a little slower than asked just now"


def test_the_cap_the_grid_and_the_range_are_kept():
    gate = Gate(client=Client(Level.NEW, clinician_limit=Speed(150))).ready()
    assert gate.rule(180) == "cap"
    assert gate.rule(155) == "N9"
    assert gate.rule(90) == "N9"
    assert gate.rule(1610) == "N9"
    assert gate.allows(150)


def test_a_target_is_for_a_belt_seen_moving():
    gate = Gate().arm()
    assert gate.rule(100) == "N3"
    gate = Gate().ready()
    gate.see(0)
    assert gate.rule(NEXT) == "N3"


def test_the_lowest_speed_comes_first_and_after_2_s_of_steady_motion():
    gate = Gate().arm()
    gate.frames(100, 1.0)
    assert gate.rule(100) == "A10"
    gate.frames(100, 1.0)
    assert gate.rule(100) == "A10"
    assert gate.rule(110) == "R6"
    gate.frames(100, 1.0)
    assert gate.allows(100)


def test_a_ramp_is_not_steady():
    gate = Gate().arm()
    for speed in range(20, 200, 20):
        gate.frames(speed, 1.0)
        assert gate.rule(100) == "A10"


def test_after_an_adopted_console_speed_a_whole_hold_is_served_there():
    gate = Gate().ready()
    gate.frames(140, 4.0)
    gate.envelope.follow(Speed(140))
    gate.tell(ev.ConfirmPressed())
    gate.tell(ev.AnnouncementFinished(2))
    assert gate.rule(NEXT) == "R9"
    gate.frames(140, 56.0)
    gate.tell(ev.ConfirmPressed())
    gate.frames(140, 5.0)
    gate.tell(ev.AnnouncementFinished(3))
    assert gate.rule(230) == "R7"
    assert gate.allows(NEXT)


def test_following_what_is_followed_already_does_not_restart_the_hold():
    gate = Gate().ready()
    gate.envelope.follow(Speed(100))
    gate.envelope.follow(None)
    assert gate.allows(NEXT)


def test_down_is_always_allowed_and_up_to_it_never():
    gate = Gate().ready()
    assert gate.allows(NEXT)
    gate.frames(180, 2.0)
    assert gate.allows(110)
    assert gate.rule(150) == "R9"
    assert gate.rule(180) == "R9", "back up is a raise"
    assert gate.allows(100)


@pytest.mark.parametrize(("away_s", "rule"), [(1.9, None), (2.1, "R9")])
def test_an_excursion_of_2_s_breaks_the_hold(away_s, rule):
    gate = Gate(hands_free=True).run()
    gate.frames(100, 70.0)
    gate.frames(140, away_s + 0.1, every=0.1)
    gate.frames(100, 0.1, every=0.1)
    gate.tell(ev.AnnouncementFinished(1))
    assert gate.rule(NEXT) == rule


# -- start


def confirmed(kind=ev.StartKind.PROGRAM) -> Gate:
    gate = Gate().arm()
    gate.tell(ev.StartConfirmed(kind))
    return gate


def test_a_start_is_allowed_once_for_each_confirmation():
    gate = confirmed()
    assert judged(gate, RequestControl()) is None
    assert judged(gate, StartOrResume()) is None
    assert judged(gate, StartOrResume()) == "N1"


@pytest.mark.parametrize(("age", "rule"), [(10.0, None), (10.1, "N1")])
def test_a_confirmation_is_fresh_for_10_s(age, rule):
    gate = confirmed()
    gate.frames(0, age)
    assert judged(gate, StartOrResume()) == rule


def test_a_window_for_the_console_is_no_confirmation_of_a_start_by_the_program():
    assert judged(confirmed(ev.StartKind.CONSOLE), StartOrResume()) == "N1"


def test_a_start_needs_a_belt_seen_at_rest_just_now():
    gate = confirmed()
    gate.now += 2.1
    assert judged(gate, StartOrResume()) == "N3"
    gate = confirmed()
    gate.see(10)
    assert judged(gate, StartOrResume()) == "N3"
    gate = confirmed()
    gate.tell(ev.LinkDropped())
    assert judged(gate, StartOrResume()) == "N3"


def test_no_start_after_stop():
    gate = confirmed()
    gate.tell(ev.StopRequested("key"))
    assert judged(gate, StartOrResume()) == "stop"


# -- arming is believed only after the trainer's act, at rest


def test_the_session_cannot_arm_the_gate_by_itself():
    gate = Gate()
    gate.frames(0, 3.0)
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed"
    gate.tell(ev.ConfirmPressed())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    gate.envelope.turned(Facing.FORWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed"


def test_arming_on_a_moving_or_unseen_belt_is_not_believed():
    gate = Gate()
    gate.frames(50, 3.0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed"
    gate = Gate()
    gate.frames(0, 3.0)
    gate.now += 2.1
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed"


def test_one_frame_of_0_is_no_rest_to_arm_on():
    gate = Gate()
    assert gate.envelope.facing is Facing.BACKWARD
    gate.see(0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed"
    gate.see(0)
    gate.tell(ev.LinkDropped())
    gate.see(0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) == "unarmed", "what was seen before the link was lost does not count"
    gate.see(0)
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert judged(gate, RequestControl()) is None


def test_a_session_begins_with_both_hands_on_the_rails_whatever_the_last_one_ended_with():
    gate = Gate()
    gate.tell(ev.HandsNoted(ev.Hands.NONE))
    gate.ready()
    gate.tell(ev.HandsNoted(ev.Hands.BOTH))
    assert gate.allows(NEXT)


def test_arm_pressed_in_the_middle_of_a_stop_does_not_lift_it():
    gate = Gate().ready()
    gate.tell(ev.StopRequested("key"))
    gate.tell(ev.ArmRequested())
    gate.envelope.arm(Facing.BACKWARD, gate.now)
    assert gate.rule(NEXT) == "stop"


# -- after Stop


def stopping(stops: int) -> Gate:
    gate = Gate().ready()
    gate.allows(NEXT)
    gate.frames(180, 2.0)
    gate.envelope.latch_stop()
    for _ in range(stops):
        judged(gate, Stop())
    return gate


@pytest.mark.parametrize(("stops", "allowed"), [(0, False), (2, False), (3, True)])
def test_after_two_repeats_of_stop_the_lowest_speed_passes_once(stops, allowed):
    gate = stopping(stops)
    assert gate.allows(100) is allowed
    assert not gate.allows(100)
    assert not gate.allows(110)
    assert judged(gate, RequestControl()) is None


def test_the_lowest_speed_after_stop_is_only_for_a_faster_belt():
    gate = stopping(3)
    gate.see(100)
    assert not gate.allows(100)
    gate.tell(ev.LinkDropped())
    assert not gate.allows(100)


def test_the_lowest_speed_that_was_not_sent_may_be_asked_for_again():
    gate = stopping(3)
    assert gate.allows(100)
    gate.tell(ev.CommandAnswered(SetTargetSpeed(Speed(100)), Answer.NOT_SENT))
    assert gate.allows(100)


def test_unarmed_a_persons_stop_brings_its_own_path_and_nothing_else():
    gate = Gate()
    gate.frames(200, 5.0)
    gate.tell(ev.StopRequested("key"))
    assert judged(gate, RequestControl()) is None
    assert judged(gate, StartOrResume()) == "unarmed"
    assert gate.rule(200) == "stop"
    gate = Gate()
    gate.tell(ev.StopRequested("SIGTERM", person=False))
    assert judged(gate, RequestControl()) == "unarmed"


def test_the_path_of_an_unarmed_stop_is_that_of_any_other():
    """Nothing was armed, and a person pressed STOP on a belt that somebody else had started."""
    gate = Gate()
    gate.frames(200, 5.0)
    gate.tell(ev.StopRequested("key"))
    gate.tell(ev.StopRequested("SIGTERM", person=False))
    for _ in range(2):
        assert judged(gate, Stop()) is None
        assert gate.rule(100) == "stop", "a way out after it does not lift it"
    assert judged(gate, Stop()) is None
    assert gate.allows(100)
    assert gate.rule(100) == "stop"


def test_unarmed_control_is_not_asked_of_a_belt_that_rests():
    gate = Gate()
    gate.frames(0, 3.0)
    gate.tell(ev.StopRequested("key"))
    assert isinstance(gate.envelope.judge_again(RequestControl(), gate.now), Refused)


# -- forward


def forward() -> Gate:
    gate = Gate(facing=Facing.FORWARD).run()
    gate.tell(ev.ConfirmPressed())
    return gate


def test_forward_a_key_raises_without_a_hold_but_not_twice_in_15_s():
    gate = forward()
    assert gate.allows(180)
    gate.frames(180, 14.0)
    gate.tell(ev.ConfirmPressed())
    assert gate.rule(260) == "R9"
    gate.frames(180, 1.0)
    gate.tell(ev.ConfirmPressed())
    assert gate.allows(260)


def test_forward_a_raise_follows_its_key_at_once():
    gate = forward()
    gate.frames(100, 3.1)
    assert gate.rule(180) == "R8"
    assert Gate(facing=Facing.FORWARD).run().rule(180) == "R8"


def test_forward_has_its_own_cap():
    client = Client(Level.NEW, comfortable_forward=Speed(1000))
    gate = Gate(client=client, facing=Facing.FORWARD).run()
    assert gate.rule(1010) == "cap"
    assert gate.rule(1000) != "cap"


def test_a_turn_is_believed_at_rest_after_the_trainers_act_and_begins_anew():
    gate = Gate().ready()
    gate.envelope.latch_stop()
    gate.frames(0, 3.0)
    gate.tell(ev.ConfirmPressed())
    gate.envelope.turned(Facing.FORWARD, gate.now)
    assert gate.envelope.facing is Facing.FORWARD
    assert judged(gate, RequestControl()) is None
    gate.frames(100, 4.0)
    assert gate.rule(110) == "R6"


def test_a_turn_without_the_trainers_act_on_a_moving_belt_or_unarmed_is_not_believed():
    gate = Gate().arm()
    gate.envelope.turned(Facing.FORWARD, gate.now)
    assert gate.envelope.facing is Facing.BACKWARD
    gate = Gate().ready()
    gate.tell(ev.ConfirmPressed())
    gate.envelope.turned(Facing.FORWARD, gate.now)
    assert gate.envelope.facing is Facing.BACKWARD
    gate = Gate()
    gate.frames(0, 3.0)
    gate.tell(ev.ConfirmPressed())
    gate.envelope.turned(Facing.FORWARD, gate.now)
    assert gate.envelope.facing is Facing.BACKWARD


def test_a_speed_that_is_followed_is_held_anew_however_near_it_is():
    gate = Gate().ready()
    gate.envelope.follow(Speed(110))
    assert gate.rule(NEXT) == "R9"


# -- what waited for the air


def again(gate: Gate, command) -> str | None:
    verdict = gate.envelope.judge_again(command, gate.now)
    return None if isinstance(verdict, Allowed) else verdict.rule


def test_what_waited_is_named_with_its_rule():
    gate = Gate().ready()
    assert again(gate, StartOrResume()) == "N1"
    assert again(gate, SetTargetSpeed(Speed(120))) == "R7"
    assert again(gate, SetTargetSpeed(Speed(110))) is None, "a belt may show a little less for a moment"
    gate.now += 2.0
    assert again(gate, SetTargetSpeed(Speed(100))) is None
    gate.now += 0.1
    assert again(gate, SetTargetSpeed(Speed(100))) == "N3"
    gate.see(180)
    assert again(gate, SetTargetSpeed(Speed(110))) is None
    gate.see(80)
    assert again(gate, SetTargetSpeed(Speed(100))) is None, "the lowest speed always"
    assert again(gate, SetTargetSpeed(Speed(110))) == "R7"
    gate.tell(ev.LinkDropped())
    assert again(gate, SetTargetSpeed(Speed(100))) == "N3"
    gate.envelope.latch_stop()
    assert again(gate, RequestControl()) == "stop", "who does not know whether the belt rests does not ask"
    assert again(gate, Stop()) is None


def test_control_that_waited_before_a_start_may_be_asked_for():
    assert again(Gate().arm(), RequestControl()) is None


def test_a_start_and_a_raise_do_not_wait():
    gate = Gate().ready()
    assert isinstance(gate.envelope.judge_again(StartOrResume(), gate.now), Refused)
    assert isinstance(gate.envelope.judge_again(SetTargetSpeed(Speed(180)), gate.now), Refused)


def test_what_still_makes_sense_may_go():
    gate = Gate().ready()
    for command in (Stop(), RequestControl(), SetTargetSpeed(Speed(100))):
        assert isinstance(gate.envelope.judge_again(command, gate.now), Allowed)
    gate.see(0)
    assert isinstance(gate.envelope.judge_again(SetTargetSpeed(Speed(100)), gate.now), Refused)
    gate.see(100)
    gate.now += 2.1
    assert isinstance(gate.envelope.judge_again(SetTargetSpeed(Speed(100)), gate.now), Refused)


def test_a_target_that_waited_does_not_outlive_a_stop():
    gate = Gate().ready()
    gate.see(180)
    gate.envelope.latch_stop()
    assert isinstance(gate.envelope.judge_again(SetTargetSpeed(Speed(100)), gate.now), Refused)


def test_the_lowest_speed_of_a_stop_may_wait_for_the_stop_before_it():
    gate = stopping(3)
    assert gate.allows(100)
    assert isinstance(gate.envelope.judge_again(SetTargetSpeed(Speed(100)), gate.now), Allowed)


def test_on_a_coarse_machine_the_bands_are_as_wide_as_its_steps():
    gate = Gate(belt=BeltRange(Speed(100), Speed(1600), Speed(50))).ready()
    assert gate.rule(200) == "R7"
    assert gate.allows(150)


def test_a_stop_that_could_not_leave_is_no_repeat():
    gate = Gate().run()
    gate.frames(180, 3.0)
    gate.envelope.latch_stop()
    for _ in range(3):
        gate.envelope.judge(Stop(), gate.now)
    gate.tell(ev.CommandAnswered(Stop(), Answer.NOT_SENT))
    assert gate.rule(100) == "stop"
    gate.envelope.judge(Stop(), gate.now)
    assert gate.allows(100)


def test_after_stop_a_request_for_control_that_waited_goes_to_a_belt_that_moves_or_a_machine_that_denied_only():
    gate = Gate().ready()
    gate.envelope.latch_stop()
    assert isinstance(gate.envelope.judge_again(RequestControl(), gate.now), Allowed)
    gate.frames(0, 3.0)
    assert isinstance(gate.envelope.judge_again(RequestControl(), gate.now), Refused)
    gate.tell(ev.ControlLost())  # of another app, at any time before: no reason to wake a belt that rests
    assert isinstance(gate.envelope.judge_again(RequestControl(), gate.now), Refused)
    gate.tell(ev.CommandAnswered(Stop(), Answer.NOT_PERMITTED))
    assert isinstance(gate.envelope.judge_again(RequestControl(), gate.now), Allowed)
