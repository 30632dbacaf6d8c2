"""A belt that is not commanded: the same session, told to a person at the console, and nothing on the wire."""

from __future__ import annotations

import pytest
from bench import Bench
from rig import Rig

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.callout import AGAIN_S, LEAVE, PRESS_STOP
from retroctl.domain.commands import RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.session import Advance
from retroctl.domain.verdict import Wire
from simulators.person import PersonAtConsole


def called_out(name: str = "no-control-point", *, wire: Wire = Wire.CLOSED, person: dict | None = None, **rig) -> Rig:
    """A session on a simulated machine with somebody at its console."""
    bench = Rig(name, wire=wire, **rig)

    def later(when, call):
        bench._at(when, lambda: call() or [])

    bench.trainer = PersonAtConsole(bench.machine, lambda: bench.now, later, **(person or {}))

    def hear(report):
        if report.kind is Kind.CALLOUT:
            bench.trainer.hear(report.data["name"], report.data.get("target_kmh"))

    bench.person = hear
    return bench


def calls(bench) -> list[tuple[str, float | None]]:
    """What was called out, each first time."""
    first = [call for call in bench.of(Kind.CALLOUT) if call["times"] == 1 and call["name"] != "mode"]
    return [(call["name"], call.get("target_kmh")) for call in first]


# -- the whole session -----------------------------------------------------------------------------------------------


def test_a_whole_ladder_is_called_out_and_ends_at_measured_rest_without_a_byte():
    bench = called_out()
    bench.start()
    bench.run_until(lambda: bool(bench.ended), limit_s=900)

    rungs = [("set-target-speed", kmh) for kmh in (1.0, 1.8, 2.6, 1.8, 1.0)]
    assert calls(bench) == [("start", None), *rungs, ("stop", None)]
    assert bench.written == []
    assert bench.of(Kind.COMMAND) == []
    assert bench.alarms() == []
    assert (bench.state, bench.ended[0].reason, bench.true_speed) == ("stopped", "completed", 0.0)
    assert [held["seconds"] >= 60.0 for held in bench.of(Kind.HELD)] == [True, True, True]


def test_the_mode_is_said_before_anything_else():
    bench = called_out()
    assert bench.reports[0].kind is Kind.CALLOUT
    assert bench.reports[0].data["text"].startswith("CALL OUT: retroctl cannot move or stop this belt")


def test_the_true_belt_is_raised_only_after_each_full_hold_and_never_over_the_cap():
    bench = called_out()
    bench.start()
    bench.run_until(lambda: bool(bench.ended), limit_s=900)
    raised = [(p.at, p.speed_kmh) for p in bench.machine.drive.belt.breakpoints]
    reached = {kmh: min(at for at, speed in raised if speed >= kmh - 0.01) for kmh in (1.0, 1.8, 2.6)}
    assert reached[1.8] - reached[1.0] >= 60.0
    assert reached[2.6] - reached[1.8] >= 60.0
    assert bench.machine.drive.belt.peak_kmh() == pytest.approx(2.6)


def test_either_key_of_the_trainer_opens_the_window_for_a_start_at_the_console():
    for kind in ev.StartKind:
        bench = called_out()
        bench.brief_and_arm()
        bench.tell(ev.StartConfirmed(kind))
        bench.run_until(lambda bench=bench: bench.state == "holding", limit_s=60)
        assert bench.written == []


def test_a_window_in_which_nobody_presses_start_is_closed_again():
    bench = called_out(person={"deaf_to": 99})
    bench.start()
    bench.run_for(61.0)
    assert bench.state == "armed"
    assert len([call for call in bench.of(Kind.CALLOUT) if call["name"] == "start"]) == 8


def test_motion_outside_the_window_is_called_out_as_a_stop():
    bench = called_out()
    bench.brief_and_arm()
    bench.run_for(1.0)
    bench.machine.console_start(bench.now)
    bench.run_until(lambda: bench.state == "stopping", limit_s=20)
    assert bench.alarms() == ["F12"]
    assert calls(bench)[-1] == ("stop", None)
    bench.run_until(lambda: bench.state == "faulted", limit_s=20)
    assert bench.written == []


# -- a person is slow, wrong or elsewhere ----------------------------------------------------------------------------


def test_what_is_not_done_is_said_again_and_then_waits_for_the_trainer():
    bench = called_out()
    bench.start_and_hold(1.0)
    bench.trainer.deaf_to = 4
    bench.run_until(lambda: "F9" in bench.alarms(), limit_s=200)
    told = [call for call in bench.of(Kind.CALLOUT) if call.get("target_kmh") == 1.8]
    assert [call["times"] for call in told] == [1, 2, 3, 4]
    assert told[1]["t"] - told[0]["t"] == pytest.approx(AGAIN_S, abs=0.1)
    assert bench.of(Kind.CALLOUT)[-1]["text"] == LEAVE
    assert bench.target == 1.0
    before = len(calls(bench))
    bench.run_for(120.0)
    assert len(calls(bench)) == before, "nothing is raised until the trainer confirms"
    bench.tell(ev.ConfirmPressed())
    bench.run_until(lambda: bench.state == "holding" and bench.target == 1.8, limit_s=200)


def test_a_slow_person_is_waited_for():
    bench = called_out(person={"waits_s": 20.0})
    bench.start()
    bench.run_until(lambda: bool(bench.ended), limit_s=900)
    assert bench.alarms() == []
    assert bench.state == "stopped"


def test_hold_takes_back_a_raise_that_nobody_has_made_yet():
    bench = called_out(person={"waits_s": 5.0})
    bench.start_and_hold(1.0)
    bench.run_until(lambda: calls(bench)[-1] == ("set-target-speed", 1.8), limit_s=200)
    bench.tell(ev.HoldPressed())
    assert bench.of(Kind.CALLOUT)[-1]["text"] == LEAVE
    assert bench.of(Kind.CUE)[-1]["text"] == "Holding 1.0."
    assert bench.target == 1.0
    bench.run_for(200.0)
    assert bench.true_speed == pytest.approx(1.0)


@pytest.mark.parametrize(
    "event", [ev.BalanceEventNoted(ev.BalanceEvent.STUMBLE), ev.RecordFailed("no room")], ids=["stumble", "record"]
)
def test_any_block_takes_it_back_too(event):
    bench = called_out(person={"waits_s": 5.0})
    bench.start_and_hold(1.0)
    bench.run_until(lambda: calls(bench)[-1] == ("set-target-speed", 1.8), limit_s=200)
    bench.tell(event)
    assert bench.of(Kind.CALLOUT)[-1]["text"] == LEAVE
    bench.run_for(30.0)
    assert bench.true_speed == pytest.approx(1.0)


def test_a_raise_too_early_at_the_console_restarts_the_hold_and_asks():
    bench = called_out(top=1.8)
    bench.start_and_hold(1.0)
    bench.run_for(30.0)
    bench.machine.console_set_speed(1.4, bench.now)
    bench.run_until(lambda: bench.state == "overridden", limit_s=20)
    assert bench.alarms() == ["F6"]
    bench.tell(ev.ConfirmPressed())
    confirmed = bench.now
    bench.run_until(lambda: calls(bench)[-1] == ("set-target-speed", 1.8), limit_s=200)
    assert bench.now - confirmed >= 60.0


def test_too_fast_at_the_console_is_told_to_be_lowered_and_the_hold_is_served_anew():
    bench = called_out(top=1.8)
    bench.start_and_hold(1.0)
    bench.machine.console_set_speed(2.0, bench.now)
    bench.run_until(lambda: "F3" in bench.alarms(), limit_s=10)
    assert "LOWER IT AT THE CONSOLE" in bench.of(Kind.ALARM)[0]["text"]
    assert calls(bench)[-1] == ("set-target-speed", 1.0)
    assert bench.of(Kind.CALLOUT)[-1]["text"] == "At the console: lower to 1.00 km/h (0.6 mph)."
    bench.run_until(lambda: bench.state == "holding", limit_s=20)
    lowered = bench.now
    bench.run_for(90.0)
    assert calls(bench)[-1] == ("set-target-speed", 1.0), "not before the trainer has confirmed"
    bench.tell(ev.ConfirmPressed())
    bench.run_until(lambda: calls(bench)[-1] == ("set-target-speed", 1.8), limit_s=100)
    assert bench.now - lowered >= 60.0
    assert bench.written == []


def test_a_target_that_was_overdone_is_told_to_be_lowered():
    bench = called_out(top=1.8)
    bench.start_and_hold(1.0)
    bench.trainer.off_kmh = 0.7
    bench.run_until(lambda: "F3" in bench.alarms(), limit_s=200)
    assert bench.of(Kind.CALLOUT)[-1]["text"] == "At the console: lower to 1.80 km/h (1.1 mph)."
    bench.trainer.off_kmh = 0.0
    bench.run_until(lambda: bench.state == "holding" and bench.target == 1.8, limit_s=60)


def test_a_belt_over_the_cap_that_nobody_lowers_is_called_out_as_a_stop():
    bench = called_out()
    bench.start_and_hold(1.0)
    bench.trainer.deaf_to = 1
    bench.machine.console_set_speed(9.0, bench.now)
    bench.run_until(lambda: "F4" in bench.alarms() or "F3" in bench.alarms(), limit_s=20)
    bench.run_until(lambda: bench.state == "stopping", limit_s=40)
    bench.run_until(lambda: bench.state == "faulted", limit_s=60)
    assert bench.written == []
    assert bench.true_speed == 0.0


def test_over_the_cap_the_call_is_to_the_allowed_speed_never_to_more():
    bench = Bench(wire=Wire.CLOSED)
    bench.hold_at(1.8)
    bench.belt.set(7.5)  # the cap is 5.7
    bench.advance(3.2)
    assert set(bench.alarms()) <= {"F3", "F4"}
    assert calls(bench)[-1] == ("set-target-speed", 1.8)
    bench.until("holding", limit_s=30)
    assert bench.target == 1.8


def test_a_step_down_that_takes_a_person_its_time_is_no_runaway_belt():
    bench = called_out(person={"waits_s": 1.0})
    bench.start_and_hold(1.8)
    bench.trainer.waits_s = 18.0
    bench.tell(ev.StepDownPressed())
    bench.run_until(lambda: bench.state == "holding" and bench.target == 1.0, limit_s=60)
    assert bench.alarms() == []


def test_easing_down_that_nobody_does_is_called_out_as_a_stop():
    bench = called_out()
    bench.start_and_hold(1.8)
    bench.trainer.deaf_to = 4
    bench.tell(ev.EaseDownPressed())
    bench.run_until(lambda: bench.state == "stopping", limit_s=60)
    assert "F9" in bench.alarms()
    bench.run_until(lambda: bench.state == "stopped", limit_s=60)


def test_miles_on_the_console_are_no_fault_of_the_machines():
    """The unit check compares what was sent with what was measured; here nothing was sent."""
    bench = Bench(wire=Wire.CLOSED)
    bench.hold_at(1.0)
    bench.until("ready")
    bench.belt.obeys = False
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=20)
    bench.belt.goal = 112.0  # 1.8 / 1.609
    bench.advance(28.0)
    assert "F5" not in bench.alarms()


def test_keys_pressed_one_by_one_towards_the_target_are_no_override():
    bench = Bench(wire=Wire.CLOSED)
    bench.hold_at(1.0)
    bench.until("ready")
    bench.belt.obeys = False
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=20)
    for hundredths in range(110, 190, 10):
        bench.belt.goal = float(hundredths)
        bench.status(0x05, hundredths, 0)
        bench.advance(0.4)
    bench.until("holding", limit_s=20)
    assert bench.alarms() == []
    assert bench.target == 1.8


# -- stopping --------------------------------------------------------------------------------------------------------


def test_stop_is_called_out_loudly_until_rest_is_measured():
    bench = called_out(person={"waits_s": 4.0})
    bench.start_and_hold(1.8)
    bench.tell(ev.StopRequested("key"))
    bench.run_until(lambda: bench.state == "stopped", limit_s=60)
    told = [call for call in bench.of(Kind.CALLOUT) if call["name"] == "stop"]
    assert len(told) >= 3
    assert {call["text"] for call in told} == {PRESS_STOP}
    assert [stop["view"] for stop in bench.of(Kind.STOP)] == [PRESS_STOP, "STOPPING", "STOPPED"]
    assert bench.written == []


def test_a_stop_that_nobody_presses_is_not_confirmed():
    bench = called_out(person={"deaf_to": 0})
    bench.start_and_hold(1.8)
    bench.trainer.deaf_to = 999
    bench.tell(ev.StopRequested("key"))
    bench.run_for(30.0)
    assert bench.state == "stopping"
    assert bench.of(Kind.STOP)[-1]["view"] == "NOT CONFIRMED - PULL THE CLIP"
    assert len([call for call in bench.of(Kind.CALLOUT) if call["name"] == "stop"]) >= 18
    assert bench.true_speed == pytest.approx(1.8)


def test_the_clip_ends_it_too():
    bench = called_out()
    bench.start_and_hold(1.8)
    bench.machine.pull_safety_key(bench.now)
    bench.run_until(lambda: bench.state == "stopped", limit_s=30)
    assert bench.written == []


def test_a_lost_link_is_called_out_after_5_s_and_nothing_is_written_on_the_new_connection():
    bench = called_out()
    bench.start_and_hold(1.8)
    bench.drop_link()
    bench.run_for(6.0)
    assert (bench.state, calls(bench)[-1]) == ("stopping", ("stop", None))
    bench.reconnect()
    bench.run_until(lambda: bench.state == "stopped", limit_s=30)
    assert bench.written == []


def test_a_link_back_within_5_s_goes_on_by_hand():
    bench = called_out(top=1.8)
    bench.start_and_hold(1.0)
    bench.drop_link()
    bench.run_for(3.0)
    bench.reconnect()
    bench.run_for(1.5)
    bench.tell(ev.ConfirmPressed())
    bench.run_until(lambda: bench.state == "holding" and bench.target == 1.8, limit_s=200)
    assert bench.written == []


# -- a machine that could be commanded, and is not -------------------------------------------------------------------


def test_where_there_is_a_control_point_only_what_a_stop_needs_is_written():
    bench = called_out("standard", wire=Wire.STOP_ONLY)
    bench.start()
    bench.run_until(lambda: bool(bench.ended), limit_s=900)
    assert bench.written == ["0801", "00", "0801"], "the machine wanted to be asked for control first"
    assert calls(bench)[-2:] == [("set-target-speed", 1.0), ("stop", None)]


def test_a_stop_is_written_at_once_and_stops_a_belt_that_nobody_stops_by_hand():
    bench = called_out("standard", wire=Wire.STOP_ONLY)
    bench.start_and_hold(1.8)
    bench.trainer.deaf_to = 999
    bench.tell(ev.StopRequested("key"))
    assert bench.written == ["0801"]
    bench.run_until(lambda: bench.state == "stopped", limit_s=30)


def test_at_rest_such_a_machine_is_not_asked_for_control():
    """Some start on it; a belt that stands needs no stop."""
    bench = called_out("request-control-starts", wire=Wire.STOP_ONLY)
    bench.brief_and_arm()
    bench.tell(ev.StopRequested("key"))
    bench.run_until(lambda: bench.state == "stopped", limit_s=30)
    assert "00" not in bench.written


def test_another_app_that_takes_control_changes_nothing():
    bench = called_out("standard", wire=Wire.STOP_ONLY)
    bench.start_and_hold(1.0)
    bench.machine.take_control_by_other_app(bench.now)
    bench.run_for(2.0)
    assert bench.alarms() == []
    assert bench.state == "holding"


def test_the_latched_stop_is_written_first_on_a_new_connection_there():
    bench = called_out("standard", wire=Wire.STOP_ONLY)
    bench.start_and_hold(1.8)
    bench.drop_link()
    bench.run_for(6.0)
    bench.reconnect()
    assert bench.written == ["0801"]


# -- nothing on the wire, ever ---------------------------------------------------------------------------------------


def test_the_gate_writes_nothing_when_closed_and_only_a_stop_when_that_is_allowed():
    for wire, allowed in ((Wire.CLOSED, set()), (Wire.STOP_ONLY, {"stop"})):
        gate = Bench(wire=wire).engine.envelope
        commands = (Stop(), RequestControl(), StartOrResume(), SetTargetSpeed(Bench().range.minimum))
        assert {command.name for command in commands if gate.writes(command)} == allowed
        gate.latch_stop()
        after = allowed | ({"request-control"} if wire is Wire.STOP_ONLY else set())
        assert {command.name for command in commands if gate.writes(command)} == after


def test_consent_is_asked_for_as_ever():
    bench = called_out(advance=Advance.CONFIRM)
    bench.start_and_hold(1.0)
    bench.run_for(200.0)
    assert calls(bench)[-1] == ("set-target-speed", 1.0)
    bench.tell(ev.ConfirmPressed())
    bench.run_until(lambda: bench.state == "holding" and bench.target == 1.8, limit_s=60)


def test_too_fast_while_easing_down_is_told_to_be_lowered_and_goes_on_easing():
    bench = called_out()
    bench.start_and_hold(1.8)
    bench.tell(ev.EaseDownPressed())
    bench.run_for(8.0)
    bench.machine.console_set_speed(3.0, bench.now)
    bench.run_until(lambda: "F3" in bench.alarms(), limit_s=20)
    assert (bench.state, calls(bench)[-1]) == ("easing_down", ("set-target-speed", 1.0))
    bench.run_until(lambda: bench.state == "stopped", limit_s=90)
    assert bench.written == []


def test_control_that_ended_with_the_link_is_asked_for_in_a_stop_though_the_trainer_has_gone_on_since():
    """Going on asks a person for what is not written before a stop: that grants nothing."""
    bench = called_out("always-success", wire=Wire.STOP_ONLY)
    bench.start_and_hold(1.8)
    bench.drop_link()
    bench.run_for(3.0)
    bench.reconnect()
    bench.run_for(1.5)
    bench.tell(ev.ConfirmPressed())
    bench.run_for(5.0)
    assert bench.state == "holding"
    bench.trainer.deaf_to = 999
    bench.tell(ev.StopRequested("key"))
    bench.run_until(lambda: bench.state == "stopped", limit_s=30)
    assert bench.written == ["0801", "0801", "00", "0801"]
