"""Corners of the session that ordinary days do not reach, each on a belt made by hand."""

from __future__ import annotations

import pytest
from bench import FAILED, NOT_PERMITTED, Bench
from rig import BELT, CLIENT
from states import in_state

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, RequestControl, StartOrResume
from retroctl.domain.limits import BeltRange, Facing, caps_for
from retroctl.domain.plan import Stage, StageKind, build_plan
from retroctl.domain.session import Advance
from retroctl.units import Speed

CAPS = caps_for(CLIENT, BELT, qualified=True)


def forward_bench(*targets_and_seconds: tuple[int, float]) -> Bench:
    stages = [Stage(StageKind.WORK, Facing.FORWARD, Speed(target), hold_s) for target, hold_s in targets_and_seconds]
    stages.append(Stage(StageKind.WORK, Facing.BACKWARD, Speed(100), 60.0))
    bench = Bench(plan=build_plan("forward", tuple(stages), BELT, CAPS))
    bench.start()
    bench.until("holding")
    return bench


def targets(bench: Bench) -> list[float]:
    return [command["target_kmh"] for command in bench.of(Kind.COMMAND) if command["name"] == "set-target-speed"]


# -- starting


def test_arming_needs_the_link_and_a_belt_seen_at_rest_on_it():
    bench = Bench()
    bench.brief()
    bench.drop_link()
    bench.tell(ev.ArmRequested())
    bench.restore_link()
    bench.tell(ev.ArmRequested())
    assert bench.refusals() == ["N3", "N3"]
    bench.advance(2.5)
    bench.tell(ev.ArmRequested())
    assert bench.state == "armed"


def test_starting_needs_fresh_data():
    bench = Bench()
    bench.arm()
    bench.air.frames = False
    bench.advance(2.4)
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    assert bench.refusals() == ["N3"]
    assert bench.wire() == []


def test_data_that_stop_while_control_is_asked_for_abandon_the_start():
    bench = Bench()
    bench.air.answer_s = 2.6
    bench.start()
    bench.air.frames = False
    bench.advance(2.7)
    assert bench.state == "armed"
    assert "07" not in bench.wire()


def test_a_belt_that_never_runs_steadily_is_stopped():
    bench = Bench()
    bench.start()
    bench.belt.obeys = False
    bench.advance(4.0)
    for step in range(40):
        bench.belt.set(0.5 if step % 2 else 1.0)
        bench.advance(1.0)
    assert "0801" in bench.wire()
    assert "026400" not in bench.wire()


def test_a_belt_that_moves_before_control_was_answered_is_not_sent_a_start():
    """Some machines start on Request Control."""
    bench = Bench()
    bench.air.answer_s = 2.5
    bench.start()
    bench.belt.goal = 100
    bench.until("holding")
    assert "07" not in bench.wire()


def test_a_stutter_while_starting_is_waited_out():
    bench = Bench()
    bench.start(ev.StartKind.CONSOLE)
    bench.belt.goal = 100
    bench.air.answer_s = 1.5
    bench.advance(5.2)
    assert bench.wire() == ["00"]
    bench.send_frame(0)
    bench.advance(0.9)
    assert bench.wire() == ["00"], "the answer finds a belt that may have stopped"
    bench.until("holding")
    assert bench.wire() == ["00", "00", "026400"]


@pytest.mark.parametrize("kind", list(ev.StartKind))
def test_a_stop_of_the_belt_while_it_gets_going_goes_back_to_waiting_for_motion(kind):
    bench = Bench()
    bench.start(kind)
    bench.advance(4.0)
    bench.belt.set(0.5)
    bench.advance(1.1)
    bench.belt.set(0.0)
    bench.advance(1.1)
    assert bench.state == "starting"
    bench.belt.goal = 100
    bench.until("holding", limit_s=20)


def test_control_that_nobody_answers_while_the_belt_runs_does_not_keep_the_lowest_speed_waiting():
    bench = Bench()
    bench.air.write_s = 2.9
    bench.air.answer_s = None
    bench.start(ev.StartKind.CONSOLE)
    bench.belt.goal = 100
    bench.advance(20.0)
    assert bench.wire()[:2] == ["00", "026400"]


def test_denied_control_while_the_belt_starts_waits_for_the_trainer_and_the_lowest_speed_still_comes_first():
    bench = Bench()
    bench.air.result = {0: NOT_PERMITTED}
    bench.start(ev.StartKind.CONSOLE)
    bench.belt.goal = 160
    bench.until("overridden", limit_s=20)
    assert bench.alarms() == ["F8"]
    bench.air.result = 1
    bench.tell(ev.ConfirmPressed())
    bench.until("holding", limit_s=20)
    assert targets(bench) == [1.0]


def test_control_lost_between_a_start_and_its_motion_waits_for_the_motion():
    bench = Bench()
    bench.start()
    bench.advance(1.0)
    bench.status(0xFF)
    assert bench.state == "starting"
    bench.until("holding")
    bench.advance(80.0)
    bench.tell(ev.ConfirmPressed())
    bench.advance(1.0)
    assert bench.wire()[-1] == "00", "the key asks for control again"


def test_control_lost_at_rest_is_asked_for_at_the_start():
    bench = Bench()
    bench.arm()
    bench.status(0xFF)
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.until("holding")
    bench.climb()


def test_a_start_that_was_refused_and_then_answered_again_is_told_once():
    bench = Bench()
    bench.air.result = {7: FAILED}
    bench.start()
    bench.advance(0.5)
    bench.tell(ev.CommandAnswered(StartOrResume(), Answer.REFUSED))
    assert bench.outcomes().count(("start", "rejected")) == 1


def test_a_start_answered_with_not_permitted_is_f8():
    bench = Bench()
    bench.air.result = {7: NOT_PERMITTED}
    bench.start()
    bench.advance(0.5)
    assert bench.alarms() == ["F8"]
    assert ("start", "rejected") in bench.outcomes()


def test_a_stop_in_the_countdown_is_done_when_the_longest_known_countdown_has_passed():
    """Machines are known that answer success to such a Stop and start all the same."""
    bench = Bench()
    bench.start()
    bench.advance(1.0)
    bench.tell(ev.StopRequested("key"))
    pressed = bench.now
    bench.until("stopped", limit_s=15)
    assert 8.5 <= bench.now - pressed <= 11.0


# -- single frames of 0


def test_a_frame_of_0_while_stepping_down_asks_for_another_press():
    bench = in_state("holding")
    bench.send_frame(0)
    bench.tell(ev.StepDownPressed())
    assert bench.refusals()[-1] == "N3"
    bench.advance(1.0)
    bench.tell(ev.StepDownPressed())
    assert targets(bench)[-1] == 1.0


def test_a_frame_of_0_while_easing_down_is_waited_out():
    bench = in_state("holding")
    bench.send_frame(0)
    bench.tell(ev.EaseDownPressed())
    assert bench.state == "easing_down"
    bench.advance(1.1)
    assert targets(bench)[-1] == 1.0


def test_a_frame_of_0_when_control_is_lost_keeps_the_target():
    bench = in_state("holding")
    bench.send_frame(0)
    bench.status(0xFF)
    assert bench.state == "overridden"
    assert bench.target == 1.8


def test_a_frame_of_0_when_a_target_is_refused_keeps_the_speed_before_it():
    bench = in_state("announcing")
    bench.until("settling", limit_s=10)
    bench.send_frame(0)
    bench.tell(ev.CommandAnswered(bench.session._core.pending, Answer.NOT_SENT))
    assert bench.target in {1.8, 2.6}
    assert bench.alarms() == ["F9"]


def test_a_frame_of_0_is_nothing_to_go_on_from():
    bench = in_state("overridden")
    bench.send_frame(0)
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "F1"
    bench = in_state("lost")
    bench.restore_link()
    bench.send_frame(0)
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "F2"


def test_without_the_lowest_speed_asked_for_nothing_is_raised():
    bench = Bench(advance=Advance.AUTO)
    bench.air.result = {0: NOT_PERMITTED}
    bench.start(ev.StartKind.CONSOLE)
    bench.belt.goal = 100
    bench.until("overridden", limit_s=20)
    bench.air.result = 1
    bench.tell(ev.ConfirmPressed())
    bench.send_frame(0)
    bench.advance(100.0)
    assert targets(bench) == []
    assert bench.session.raise_waits_for(bench.now) == "the machine's lowest speed comes first"


# -- speeds that are not what was asked


def test_before_the_first_target_settled_a_belt_far_above_it_is_not_adopted():
    bench = Bench()
    bench.start()
    bench.air.result = {2: FAILED}
    bench.until("settling")
    bench.advance(0.2)
    bench.belt.set(1.6)
    bench.advance(10.0)
    assert bench.state == "settling"
    assert "F6" not in bench.alarms()
    bench.belt.set(1.9)
    bench.advance(6.0)
    assert bench.alarms()[-1] == "F3"
    assert bench.state in {"stopping", "faulted"}


def test_after_a_stop_the_two_seconds_of_f3_begin_anew():
    bench = Bench()
    bench.hold_at(1.8)
    bench.belt.set(2.5)
    bench.advance(1.2)
    assert bench.alarms() == []
    bench.tell(ev.StopRequested("key"))
    bench.until("stopped", limit_s=60)
    bench.tell(ev.ArmRequested())
    bench.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.air.result = {2: FAILED}
    bench.until("settling")
    bench.belt.set(2.0)
    bench.advance(1.5)
    assert "F3" not in bench.alarms(), "too fast for a second and a half, not since before the stop"
    bench.advance(2.0)
    assert "F3" in bench.alarms()


def test_a_lower_target_waits_for_a_belt_that_shows_less_for_a_moment():
    stages = tuple(Stage(StageKind.WORK, Facing.BACKWARD, Speed(speed), 60.0) for speed in (100, 180, 170))
    bench = Bench(plan=build_plan("down", stages, BELT, CAPS))
    bench.hold_at(1.8)
    bench.advance(59.5)
    bench.belt.speed = bench.belt.goal = 155.0
    bench.until("ready", limit_s=5)
    bench.belt.speed = bench.belt.goal = 180.0
    bench.until("settling", limit_s=5)
    assert targets(bench)[-1] == 1.7
    assert bench.alarms() == []


def test_a_raise_waits_for_a_belt_that_shows_less_for_a_moment():
    bench = Bench()
    bench.hold_at(1.8)
    bench.until("ready")
    bench.belt.speed = bench.belt.goal = 155.0
    bench.advance(1.0)
    bench.tell(ev.ConfirmPressed())
    assert bench.state == "ready"
    bench.belt.speed = bench.belt.goal = 180.0
    bench.until("announcing", limit_s=2)


def test_the_console_is_followed_up_only_as_far_as_it_says():
    bench = Bench(top=5.0)
    bench.hold_at(1.8)
    bench.status(0x05, 220, 0)
    bench.belt.goal = 220
    bench.advance(3.0)
    bench.status(0x05, 240, 0)
    bench.belt.goal = 240
    bench.advance(3.0)
    assert bench.target == 2.4
    bench.belt.goal = 200
    bench.advance(3.0)
    assert bench.target == 2.0


def test_an_override_may_be_stepped_down_from_and_eased_down_from():
    bench = in_state("overridden")
    bench.advance(2.0)
    bench.tell(ev.StepDownPressed())
    assert targets(bench)[-1] == 1.0
    bench = in_state("overridden")
    bench.advance(2.0)
    bench.tell(ev.EaseDownPressed())
    bench.until("stopped", limit_s=60)
    assert bench.ended[-1].reason == "stopped"


def test_control_denied_by_an_answer_while_overridden_only_alarms():
    bench = in_state("overridden")
    bench.tell(ev.CommandAnswered(RequestControl(), Answer.NOT_PERMITTED))
    assert bench.state == "overridden"
    assert bench.alarms()[-1] == "F8"


# -- people


def test_a_balance_event_in_a_hold_may_be_confirmed_early_and_the_hold_goes_on():
    bench = in_state("holding")
    bench.tell(ev.BalanceEventNoted(ev.BalanceEvent.RAIL))
    bench.until("holding", limit_s=5)
    bench.tell(ev.ConfirmPressed())
    assert bench.of(Kind.CUE)[-1]["text"] == "Going on."
    assert bench.session.blocks == frozenset()


def test_confirm_while_easing_down_raises_nothing():
    bench = in_state("easing_down")
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals() == ["ease"]


def test_lost_control_that_is_not_given_back_is_asked_for_with_each_confirmation():
    bench = Bench()
    bench.hold_at(1.8)
    bench.air.result = {0: FAILED}
    bench.status(0xFF)
    bench.tell(ev.ConfirmPressed())
    bench.until("ready", limit_s=100)
    bench.tell(ev.ConfirmPressed())
    bench.advance(1.0)
    assert bench.wire().count("00") == 3
    assert bench.state == "ready"


def test_a_turn_needs_a_belt_measured_at_rest_just_now():
    bench = in_state("turning")
    bench.air.frames = False
    bench.advance(2.5)
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "N11"
    assert bench.state == "turning"


def test_hold_pressed_while_starting_keeps_the_first_raise_back():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.advance(1.0)
    bench.tell(ev.HoldPressed())
    bench.advance(200.0)
    assert targets(bench) == [1.0]
    bench.tell(ev.ConfirmPressed())
    bench.until("announcing", limit_s=2)


def test_a_pressed_stop_before_arming_is_not_followed_by_failsafes_that_write():
    bench = Bench()
    bench.brief()
    bench.tell(ev.StopRequested("key"))
    bench.until("stopped", limit_s=10)
    before = len(bench.wire())
    bench.belt.set(2.0)
    bench.advance(10.0)
    assert bench.wire()[before:] == []
    assert bench.alarms() == ["F12"]


# -- forward


def test_forward_a_key_before_the_speed_is_reached_is_refused():
    bench = forward_bench((300, 200.0))
    bench.belt.goal = 200
    bench.advance(5.0)
    bench.belt.goal = 240
    bench.advance(3.2)
    bench.tell(ev.ConfirmPressed())
    assert targets(bench) == [1.0] or bench.refusals()


def test_forward_a_key_is_no_raise_when_the_client_is_there_already():
    bench = forward_bench((100, 200.0))
    bench.tell(ev.ConfirmPressed())
    assert bench.of(Kind.CUE)[-1]["text"] == "The client sets the speed at the console."
    bench.tell(ev.HoldPressed())
    bench.advance(1.0)
    bench.tell(ev.ConfirmPressed())
    assert bench.of(Kind.CUE)[-1]["text"] == "Going on."
    assert targets(bench) == [1.0]


def test_forward_a_blocked_key_says_why():
    bench = forward_bench((300, 200.0))
    bench.tell(ev.RecordFailed("no room"), ev.ConfirmPressed())
    assert bench.refusals() == ["F14"]


def test_forward_one_odd_frame_is_not_the_clients_speed():
    bench = forward_bench((300, 60.0))
    bench.advance(20.0)
    for odd in (65535, 300, 500):
        bench.send_frame(odd)
        assert bench.target == 1.0
        bench.advance(1.2)
    assert bench.alarms() == []


def test_forward_a_belt_that_ignores_a_key_is_f9():
    bench = forward_bench((300, 200.0))
    bench.belt.obeys = False
    bench.tell(ev.ConfirmPressed())
    bench.advance(11.0)
    assert bench.alarms() == ["F9"]


def test_forward_a_console_over_the_cap_is_told():
    bench = forward_bench((300, 200.0))
    bench.status(0x05, *(1200).to_bytes(2, "little"))
    assert bench.alarms() == ["F6"]


def test_forward_the_rungs_are_walked_5_s_each():
    bench = forward_bench((300, 100.0))
    bench.belt.goal = 260
    bench.advance(10.0)
    bench.tell(ev.EaseDownPressed())
    bench.until("stopped", limit_s=20)
    times = [command["t"] for command in bench.of(Kind.COMMAND)][-3:]
    assert times[1] - times[0] == pytest.approx(5.0, abs=0.05)


# -- machines at the edge of their range


def test_a_raise_never_goes_over_the_machines_highest_speed():
    belt = BeltRange(Speed(100), Speed(150), Speed(10))
    bench = Bench(belt=belt, top=1.5, advance=Advance.AUTO)
    bench.start()
    bench.until("stopped", limit_s=300)
    assert targets(bench) == [1.0, 1.5, 1.0]


def test_forward_a_belt_that_does_not_slow_down_when_eased_is_stopped():
    bench = forward_bench((300, 100.0))
    bench.belt.goal = 300
    bench.advance(10.0)
    bench.belt.obeys = False
    bench.tell(ev.EaseDownPressed())
    bench.advance(5.2)
    assert bench.alarms() == ["F9"]
    assert bench.state == "stopping"


def test_a_console_speed_that_changes_again_before_it_has_settled_is_adopted_again():
    bench = in_state("overridden")
    bench.advance(3.0)
    bench.tell(ev.ConfirmPressed())
    bench.belt.set(1.2)
    bench.advance(4.0)
    assert bench.state == "overridden"
    assert bench.target == 1.2
    assert bench.alarms() == ["F6", "F6"]


def test_a_target_refused_by_att_is_rejected():
    bench = in_state("announcing")
    bench.air.att_error = 0x80
    bench.until("settling", limit_s=10)
    bench.advance(1.0)
    assert bench.outcomes()[-1] == ("set-target-speed", "rejected")
    assert bench.alarms() == ["F9"]


def test_a_session_whose_request_for_control_nobody_answers_lets_the_confirmation_grow_old():
    """Without the engine, which answers in the machine's place after 3 s."""
    bench = in_state("armed")
    session, now = bench.session, bench.now
    session.handle(ev.StartConfirmed(ev.StartKind.PROGRAM), now)
    for second in range(1, 10):
        session.handle(ev.TelemetryReceived(Speed(0)), now + second)
    assert session.state == "starting"
    session.handle(ev.Ticked(), now + 10.02)
    assert session.state == "armed"


def test_an_answer_that_comes_when_the_confirmation_is_old_starts_nothing():
    bench = in_state("armed")
    session, now = bench.session, bench.now
    session.handle(ev.StartConfirmed(ev.StartKind.PROGRAM), now)
    session.handle(ev.TelemetryReceived(Speed(0)), now + 9.0)
    session.handle(ev.TelemetryReceived(Speed(0)), now + 9.5)
    effects = session.handle(ev.CommandAnswered(RequestControl(), Answer.SUCCESS), now + 10.005)
    assert session.state == "armed"
    assert not [effect for effect in effects if getattr(effect, "command", None) == StartOrResume()]


def test_forward_easing_down_waits_for_a_belt_that_is_slower_than_the_rungs():
    bench = forward_bench((300, 100.0))
    bench.belt.goal = 300
    bench.advance(15.0)
    bench.belt.rate = 6.0
    bench.tell(ev.EaseDownPressed())
    bench.until("stopping", limit_s=60)
    assert bench.alarms() == []
    assert bench.belt.speed < 140.0


def test_a_step_down_before_the_first_target_goes_to_the_lowest_speed_whatever_a_garbled_frame_told():
    """Found by exploring: from 655.35 one rung down was the top of the ladder, for a belt that had only begun."""
    bench = Bench()
    bench.start()
    bench.advance(1.0)
    bench.send_frame(65535)
    bench.status(0xFF)
    assert bench.state == "overridden"
    bench.tell(ev.StepDownPressed())
    assert [write for write in bench.wire() if write.startswith("02")] == ["026400"]
    assert "F13" not in bench.alarms()


@pytest.mark.parametrize("state", ["settling", "holding", "ready", "easing_down"])
def test_the_highest_speed_that_a_frame_can_tell_and_lost_control_are_survived(state):
    """Found by exploring: 655.35 became a target in force, and what it is in miles fitted no speed."""
    bench = in_state(state)
    bench.send_frame(65535)
    bench.status(0xFF)
    bench.advance(30.0)
    assert bench.state in {"overridden", "stopping", "faulted", "stopped"}
