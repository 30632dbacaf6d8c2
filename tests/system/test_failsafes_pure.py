"""Every failsafe that the session keeps, acted out; the ids and the words come from the one table."""

from __future__ import annotations

import pytest
from bench import FAILED, NOT_PERMITTED, SUCCESS, Bench
from rig import CLIENT, Rig
from states import in_state

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, Stop
from retroctl.domain.failsafes import FAILSAFES
from retroctl.domain.limits import BeltRange
from retroctl.domain.session import Advance
from retroctl.domain.verdict import Allowed, Refused
from retroctl.units import Speed
from simulators.machine import FtmsMachine
from simulators.personality import personality


def views(bench: Bench | Rig) -> list[str]:
    return [stop["view"] for stop in bench.of(Kind.STOP)]


def stop_times(bench: Bench) -> list[float]:
    return [round(write.at, 2) for write in bench.written if write.payload == b"\x08\x01"]


# -- F1 and F2: data and link


def test_f1_two_seconds_without_data_alarm_and_five_stop():
    bench = Bench()
    bench.hold_at(1.8)
    last = bench.judge.frames[-1][0]
    bench.air.frames = False
    bench.advance(last + 1.9 - bench.now)
    assert bench.alarms() == []
    bench.advance(0.2)
    assert bench.alarms() == ["F1"]
    assert bench.state == "settling"
    bench.advance(2.8)
    assert bench.state == "settling"
    bench.advance(0.3)
    assert bench.alarms() == ["F1", "F1"]
    assert bench.wire()[-1] == "0801"
    assert bench.state == "stopping"


def test_f1_no_raise_comes_out_of_an_announcement_on_old_data():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("announcing")
    bench.advance(2.9)
    bench.air.frames = False
    bench.advance(2.5)
    assert "02b400" not in bench.wire()
    assert bench.state == "settling"


def test_f2_data_back_within_5_s_lets_the_trainer_arm_again_with_00_only_and_the_hold_runs_anew():
    bench = Bench()
    bench.hold_at(1.8)
    bench.advance(50.0)
    before = len(bench.wire())
    bench.drop_link()
    assert bench.state == "lost"
    assert FAILSAFES["F2"].alarm in bench.of(Kind.ALARM)[-1]["text"]
    bench.advance(2.0)
    bench.restore_link()
    bench.tell(ev.ConfirmPressed())
    assert bench.refusals()[-1] == "F2", "nothing was heard on the new connection yet"
    bench.advance(1.2)
    bench.tell(ev.ConfirmPressed())
    bench.until("holding", limit_s=10)
    assert bench.wire()[before:] == ["00"]
    assert (bench.session.hold_remaining_s(bench.now) or 0.0) > 59.0


def test_f2_after_5_s_stop_is_latched_and_is_the_first_thing_on_the_new_connection():
    bench = Bench()
    bench.hold_at(1.8)
    bench.drop_link()
    bench.advance(6.5)
    assert bench.state == "stopping"
    assert bench.session.stop_latched
    assert bench.wire()[-1] != "0801", "there was nothing to write it on"
    bench.restore_link()
    assert [write.payload.hex() for write in bench.written if write.connection == 2] == ["0801"]
    bench.until("stopped", limit_s=20)


def test_f2_a_link_that_comes_back_by_itself_starts_and_raises_nothing():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("holding")
    bench.drop_link()
    bench.advance(1.0)
    bench.restore_link()
    bench.advance(300.0)
    assert [write.payload.hex() for write in bench.written if write.connection == 2] == []
    assert bench.state == "lost"


def test_f2_a_stop_whose_link_is_lost_does_not_claim_to_have_been_accepted():
    bench = Bench()
    bench.hold_at(2.6)
    bench.tell(ev.StopRequested("key"))
    bench.advance(0.5)
    bench.drop_link()
    bench.advance(8.0)
    assert views(bench)[-1] == "NOT CONFIRMED - PULL THE CLIP"


def test_f2_a_lost_link_before_arming_only_ends_the_session():
    bench = Bench()
    bench.brief()
    bench.drop_link()
    bench.advance(60.0)
    assert [end.reason for end in bench.ended] == ["link lost"]
    assert bench.wire() == []


# -- F3, F4, F5: the belt itself


def test_f3_a_runaway_is_stopped_after_2_s():
    rig = Rig("runaway", top=1.8)
    rig.start()
    rig.run_until(lambda: rig.state == "stopping", limit_s=120)
    assert rig.alarms() == ["F3"]
    assert rig.true_speed < 1.8 + 3.0
    rig.run_until(lambda: rig.state == "faulted", limit_s=60)
    assert rig.ended[-1].reason == "fault"


def test_f3_waits_for_the_first_target_to_settle():
    """A console start may come up at a higher speed than the lowest, and is brought down to it."""
    bench = Bench()
    bench.start(ev.StartKind.CONSOLE)
    bench.belt.goal = 250
    bench.until("holding", limit_s=60)
    assert bench.alarms() == []
    assert bench.target == 1.0


def test_f4_two_frames_over_the_cap_stop_and_one_does_not():
    bench = Bench()
    bench.hold_at(1.8)
    cap = bench.caps.backward.hundredths
    bench.send_frame(cap + 31)
    bench.advance(1.5)
    assert bench.alarms() == []
    bench.send_frame(cap + 31)
    bench.advance(0.2)
    bench.send_frame(cap + 31)
    assert bench.alarms() == [], "two frames, but nearer than 0.5 s"
    bench.now += 0.4
    bench.send_frame(cap + 31)
    assert bench.alarms() == ["F4"]
    assert bench.wire()[-1] == "0801"


def test_f4_the_cap_plus_its_margin_is_still_inside():
    bench = Bench()
    bench.hold_at(1.8)
    for _ in range(2):
        bench.send_frame(bench.caps.backward.hundredths + 30)
        bench.now += 0.6
    assert "F4" not in bench.alarms()


def test_f5_on_a_coarse_machine_a_speed_seen_on_the_way_up_does_not_hide_the_other_unit():
    bench = Bench(belt=BeltRange(Speed(100), Speed(1600), Speed(50)), top=1.5)
    bench.start()
    bench.until("settling")
    bench.belt.obeys = False
    bench.belt.set(1.48)
    bench.advance(1.0)
    bench.belt.set(1.61)
    bench.advance(5.0)
    assert bench.alarms() == ["F5"]
    assert bench.state == "stopping"


def test_f5_a_machine_that_takes_targets_for_miles_is_named_at_its_lowest_speed():
    rig = Rig("mph-target")
    rig.start()
    rig.run_until(lambda: rig.state == "faulted", limit_s=120)
    assert rig.alarms() == ["F5"]
    assert rig.true_speed == 0


SMALLEST = BeltRange(Speed(80), Speed(1600), Speed(10))
"""Its lowest speed is half a mile an hour: taken for miles that is half a km/h faster, no more than a key may be."""


def at_its_lowest_speed_as_it_was(*, announced: int | None = None, by: float) -> Bench:
    """A belt that begins at its lowest speed, is asked for it, holds it, and after some seconds goes to another."""
    bench = Bench(belt=SMALLEST, top=1.6)
    bench.start()
    bench.until("holding")
    bench.belt.obeys = False
    bench.advance(by)
    if announced is not None:
        bench.status(0x05, announced, 0)
    bench.belt.set(1.29)
    bench.advance(5.0)
    return bench


def test_f5_a_machine_that_takes_the_lowest_speed_for_miles_after_it_held_it_is_named():
    bench = at_its_lowest_speed_as_it_was(by=3.0)
    assert bench.alarms() == ["F5"]
    assert bench.state == "stopping"
    assert bench.wire()[-1] == "0801"


@pytest.mark.parametrize(("by", "announced"), [(20.0, None), (3.0, 129)])
def test_f6_the_same_speed_later_or_said_by_the_console_is_the_consoles(by, announced):
    bench = at_its_lowest_speed_as_it_was(by=by, announced=announced)
    assert bench.alarms() == ["F6"]
    assert (bench.state, bench.target) == ("overridden", 1.29)


def test_f5_a_machine_that_reports_miles_is_named_at_its_lowest_speed():
    rig = Rig("mph-telemetry")
    rig.start()
    rig.run_until(lambda: rig.state == "faulted", limit_s=120)
    assert rig.alarms() == ["F5"]


@pytest.mark.parametrize("ratio", [1.50, 1.61, 1.72, 0.565, 0.62, 0.68])
def test_f5_the_unit_is_checked_at_every_target(ratio):
    bench = Bench(top=5.0)
    bench.hold_at(2.6)
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.belt.set(round(3.4 * ratio, 2))
    bench.advance(9.5)
    assert set(bench.alarms()) & {"F5", "F3"}
    assert bench.state in {"stopping", "faulted"}


@pytest.mark.parametrize(("rate", "late_s"), [(50.0, 0.0), (10.0, 0.0), (50.0, 4.0), (5.0, 2.0), (3.0, 0.0)])
def test_f5_a_slow_or_late_ramp_from_10_to_16_is_no_unit_fault(rate, late_s):
    """1.0 is 0.625 of 1.6: where the belt comes from must not be taken for where it went."""
    bench = Bench(top=1.6)
    bench.start()
    bench.until("holding")
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(late_s)
    bench.belt.rate, bench.belt.goal = rate, 160.0
    bench.advance(30.0)
    assert bench.alarms() == []
    assert bench.state == "holding"


def test_f5_a_ramp_in_stages_is_no_unit_fault():
    bench = Bench(top=1.8)
    bench.hold_at(1.0)
    bench.belt.obeys = False
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    for stage in (110.0, 120.0, 140.0, 160.0, 180.0):
        bench.advance(3.5)
        bench.belt.goal = stage
    bench.advance(10.0)
    assert bench.alarms() == []
    assert bench.state == "holding"


def test_f5_a_lower_target_that_raises_the_belt_is_stopped_at_once():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.obeys = False
    bench.tell(ev.StepDownPressed())
    bench.belt.set(2.9)
    bench.advance(1.2)
    assert bench.alarms() == ["F5"]
    assert bench.wire()[-1] == "0801"


# -- F6 is in test_rules_pure; F7: the machine's own stop


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ((0x03,), "the safety key was pulled"),
        ((0x02, 1), "stop was pressed at the console"),
        ((0x02, 2), "pause was pressed at the console"),
        ((0x02,), "the machine stopped and gave no cause"),
    ],
)
def test_f7_a_stop_at_the_machine_ends_the_session_and_writes_nothing_while_the_belt_falls(frame, words):
    bench = Bench()
    bench.hold_at(2.6)
    before = len(bench.wire())
    bench.status(*frame)
    bench.belt.goal = 0.0
    bench.until("stopped", limit_s=20)
    assert words in bench.of(Kind.ALARM)[-1]["text"]
    assert bench.wire()[before:] == []
    bench.tell(ev.ArmRequested())
    assert bench.state == "stopped", "the session is over"
    assert bench.refusals()[-1] == "F7"


def test_f7_a_machine_that_says_it_stopped_and_runs_on_is_told_to_stop():
    bench = Bench()
    bench.hold_at(2.6)
    bench.status(0x02, 1)
    bench.advance(1.6)
    assert bench.wire()[-1] == "0801"


def test_f7_a_belt_that_stopped_without_a_word_ends_the_session():
    rig = Rig("stops-by-itself", top=1.8)
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=120)
    assert rig.alarms() == ["F7"]


def test_f7_the_safety_key_pulled_between_two_stages_ends_the_plan():
    bench = Bench(top=1.0)
    bench.hold_at(1.0)
    bench.until("stopping", limit_s=100)
    bench.status(0x03)
    bench.until("stopped", limit_s=20)
    assert bench.alarms() == ["F7"]
    assert bench.ended[-1].reason == "stopped"


def test_f7_the_key_out_before_a_start_is_said():
    bench = Bench()
    bench.arm()
    bench.status(0x03)
    assert bench.alarms() == ["F7"]
    assert bench.state == "armed"


# -- F8: control


@pytest.mark.parametrize(("granted", "asked"), [(True, 0), (False, 1)])
def test_a_stop_asks_again_for_control_that_ended_with_the_link_until_it_is_granted(granted, asked):
    bench = Bench()
    bench.hold_at(1.0)
    bench.drop_link()
    bench.advance(1.0)
    bench.restore_link()
    bench.advance(1.1)
    bench.air.result = {0x00: SUCCESS if granted else FAILED}
    bench.tell(ev.ConfirmPressed())
    bench.advance(5.0)
    assert bench.state == "holding"
    bench.belt.obeys = False
    began = bench.now
    bench.tell(ev.StopRequested("a key"))
    bench.advance(5.0)
    assert bench.wire(began)[:2] == ["0801", "0801"]
    assert bench.wire(began).count("00") == asked


def test_a_stop_asks_for_control_that_was_withdrawn_while_it_was_under_way():
    bench = Bench()
    bench.hold_at(2.0)
    bench.belt.obeys = False
    began = bench.now
    bench.tell(ev.StopRequested("a key"))
    bench.advance(0.1)
    bench.tell(ev.ControlLost())
    bench.advance(5.0)
    assert bench.wire(began)[0] == "0801"
    assert "00" in bench.wire(began)
    assert bench.wire(began).index("00") >= 2, "behind a repeated Stop"


@pytest.mark.parametrize("state", ["settling", "holding", "ready", "announcing"])
def test_f8_lost_control_holds_where_the_belt_is_and_the_trainers_key_asks_for_it_again(state):
    bench = Bench()
    bench.start()
    bench.until("holding")
    if state == "settling":
        bench.until("ready")
        bench.tell(ev.ConfirmPressed())
    bench.until("ready" if state == "announcing" else state, limit_s=100)
    if state == "announcing":
        bench.tell(ev.ConfirmPressed())
    bench.advance(0.1)
    assert bench.state == state
    raised = "02b400" in bench.wire()
    bench.status(0xFF)
    assert bench.state == "overridden"
    assert bench.alarms() == ["F8"]
    bench.advance(100.0)
    assert ("02b400" in bench.wire()) is raised
    bench.tell(ev.ConfirmPressed())
    assert bench.wire()[-1] == "00"
    bench.climb()


def test_f8_control_that_stays_denied_never_raises_again():
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.result = {0: NOT_PERMITTED, 2: NOT_PERMITTED}
    bench.status(0xFF)
    for _ in range(20):
        bench.tell(ev.ConfirmPressed())
        bench.advance(10.0)
    assert bench.wire().count("02b400") == 0
    bench.tell(ev.StopRequested("key"))
    bench.until("stopped", limit_s=20)


def test_f8_lost_control_while_easing_down_stops():
    bench = Bench()
    bench.hold_at(2.6)
    bench.tell(ev.EaseDownPressed())
    bench.status(0xFF)
    assert bench.state == "stopping"


# -- F11: balance


@pytest.mark.parametrize("kind", [ev.BalanceEvent.RAIL, ev.BalanceEvent.STUMBLE])
def test_f11_a_light_balance_event_restarts_the_hold_offers_a_step_down_and_ends_advancing(kind):
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("holding")
    bench.advance(55.0)
    bench.tell(ev.BalanceEventNoted(kind))
    assert "step down?" in bench.of(Kind.ALARM)[-1]["text"]
    bench.until("holding", limit_s=5)
    bench.advance(300.0)
    assert "02b400" not in bench.wire()
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    assert "02b400" in bench.wire()


@pytest.mark.parametrize("kind", [ev.BalanceEvent.STEPPED_OFF, ev.BalanceEvent.FALL])
def test_f11_a_grave_balance_event_stops_the_belt(kind):
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.BalanceEventNoted(kind))
    assert bench.wire()[-1] == "0801"
    bench.until("stopped", limit_s=20)


@pytest.mark.parametrize("kind", list(ev.BalanceEvent))
def test_f11_before_arming_a_balance_event_writes_nothing(kind):
    bench = Bench()
    bench.brief()
    bench.tell(ev.BalanceEventNoted(kind))
    assert bench.wire() == []
    assert bench.alarms() == ["F11"]


# -- F12: motion and restarts


def test_f12_motion_from_rest_is_stopped():
    bench = Bench()
    bench.arm()
    bench.belt.goal = 100
    bench.advance(2.0)
    assert bench.alarms() == ["F12"]
    assert bench.wire()[0] == "0801"


def test_f12_motion_from_rest_is_stopped_though_metres_were_counted_before_a_speed_was_told():
    bench = Bench()
    bench.arm()
    bench.air.frames = False
    for speed, metres in ((0, 5), (0, 5), (0, 6), (40, 6)):
        bench.send_frame(speed, metres=metres)
        bench.advance(1.0)
    assert bench.alarms() == ["F12"]
    assert bench.state == "stopping"
    assert bench.wire()[0] == "0801"


def test_f12_before_arming_motion_only_alarms():
    bench = Bench()
    bench.brief()
    bench.belt.goal = 100
    bench.advance(10.0)
    assert bench.alarms() == ["F12"]
    assert bench.wire() == []


def test_f12_motion_after_the_end_is_stopped():
    bench = Bench(top=1.0)
    bench.hold_at(1.0)
    bench.until("stopped", limit_s=100)
    bench.advance(5.0)
    bench.belt.set(1.0)
    bench.advance(1.1)
    assert bench.state == "stopping"


def test_f12_a_machine_that_restarted_is_known_by_its_clock():
    bench = Bench()
    bench.air.clock = True
    bench.hold_at(1.8)
    bench.belt.elapsed = 0.0
    bench.advance(1.1)
    assert bench.alarms() == ["F12"]
    assert bench.state == "stopping"


def test_f12_a_clock_that_stands_or_is_not_given_is_no_restart():
    bench = Bench()
    bench.air.clock = True
    bench.hold_at(1.8)
    bench.air.clock = False
    bench.advance(5.0)
    bench.air.clock = True
    bench.belt.elapsed -= 2.0
    bench.advance(5.0)
    assert bench.alarms() == []


# -- F13, F14


def test_f13_a_refusal_by_the_gate_is_our_bug_and_stops():
    bench = Bench()
    bench.hold_at(1.0)
    bench.engine.envelope = _Deaf(bench.engine.envelope)
    bench.judge.reported = lambda report: None
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("stopping", limit_s=10)
    assert bench.alarms() == ["F13"]
    assert bench.wire()[-1] == "0801"
    assert "02b400" not in bench.wire()


class _Deaf:
    """A gate that lets only Stop through."""

    def __init__(self, envelope):
        self._envelope = envelope

    def __getattr__(self, name):
        return getattr(self._envelope, name)

    def observe(self, event, now):
        pass

    def judge(self, command, now):
        return Allowed() if isinstance(command, Stop) else Refused("test", "deaf")


def test_f14_a_record_that_cannot_be_written_blocks_raises_until_it_can():
    bench = Bench(advance=Advance.AUTO)
    bench.start()
    bench.until("holding")
    bench.tell(ev.RecordFailed("no space left on device"))
    assert bench.alarms() == ["F14"]
    assert "ease down?" in bench.of(Kind.ALARM)[0]["text"]
    bench.advance(200.0)
    assert "02b400" not in bench.wire()
    bench.tell(ev.RecordRestored())
    bench.until("settling", limit_s=10)
    assert "02b400" in bench.wire()


def test_f14_is_not_forgotten_by_arming():
    bench = Bench(advance=Advance.AUTO)
    bench.brief()
    bench.tell(ev.RecordFailed("no space"), ev.ArmRequested(), ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.advance(200.0)
    assert "02b400" not in bench.wire()


# -- the stop itself


def test_a_stop_that_is_not_obeyed_is_repeated_each_15_s_and_asks_for_the_lowest_speed_once():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.obeys = False
    bench.tell(ev.StopRequested("key"))
    began = bench.now
    bench.advance(20.0)
    times = [at - began for at in stop_times(bench)]
    assert times == pytest.approx([1.5 * n for n in range(len(times))], abs=0.05)
    assert len(times) == 14
    assert bench.wire(since=began).count("026400") == 1
    assert bench.wire(since=began).index("026400") == 3, "after the first Stop and two repeats"
    assert views(bench) == ["STOPPING", *["NOT CONFIRMED - PULL THE CLIP"] * 4], "said again each 5 s"


def test_a_stop_at_the_lowest_speed_does_not_ask_for_it():
    bench = Bench()
    bench.hold_at(1.0)
    bench.belt.obeys = False
    bench.tell(ev.StopRequested("key"))
    began = bench.now
    bench.advance(20.0)
    assert set(bench.wire(since=began)) == {"0801"}


def test_a_machine_that_heeds_the_third_stop_is_brought_to_rest():
    rig = Rig("stop-third", top=1.8)
    rig.start_and_hold(1.8)
    rig.tell(ev.StopRequested("key"))
    rig.run_until(lambda: rig.state == "stopped", limit_s=30)
    assert rig.written[-3:].count("0801") >= 2
    assert rig.true_speed == 0


def test_not_confirmed_is_said_after_15_s_without_a_fall_and_after_10_s_whatever_falls():
    bench = Bench()
    bench.hold_at(2.6)
    bench.belt.rate = 15.0
    bench.tell(ev.StopRequested("key"))
    bench.advance(9.9)
    assert views(bench) == ["STOPPING"]
    bench.advance(0.2)
    assert views(bench)[-1] == "NOT CONFIRMED - PULL THE CLIP"
    bench.until("stopped", limit_s=20)
    assert views(bench)[-1] == "STOPPED"


def test_a_belt_that_falls_and_then_stays_is_not_called_stopping():
    bench = Bench()
    bench.hold_at(2.6)
    bench.tell(ev.StopRequested("key"))
    bench.advance(1.5)
    bench.belt.obeys = False
    bench.belt.set(2.0)
    bench.advance(3.5)
    assert views(bench)[-1] == "NOT CONFIRMED - PULL THE CLIP"


def test_a_stop_answered_with_not_permitted_asks_for_control_and_stops_again():
    bench = Bench()
    bench.hold_at(1.8)
    bench.air.result = {8: NOT_PERMITTED}
    bench.tell(ev.StopRequested("key"))
    began = bench.now
    bench.advance(0.2)
    bench.air.result = 1
    bench.until("stopped", limit_s=20)
    assert bench.wire(since=began)[:3] == ["0801", "00", "0801"]


def test_silence_after_an_accepted_stop_is_called_stopped_but_not_confirmed():
    rig = Rig("silent-after-stop", top=1.8)
    rig.start_and_hold(1.8)
    rig.tell(ev.StopRequested("key"))
    rig.run_for(12.0)
    assert views(rig)[-1] == "STOPPED, NOT CONFIRMED - LOOK AT THE BELT"
    rig.tell(ev.RestWitnessed())
    assert rig.state == "stopping", "a human's word is noted; it is not a measurement"


def test_silence_after_a_stop_that_nobody_accepted_is_not_called_stopped():
    bench = Bench()
    bench.hold_at(1.8)
    bench.air.result = {8: FAILED}
    bench.air.frames = False
    bench.tell(ev.StopRequested("key"))
    bench.advance(15.0)
    assert views(bench)[-1] == "NOT CONFIRMED - PULL THE CLIP"


def test_a_stop_while_a_start_may_be_on_its_way_is_not_called_done_by_two_frames_of_0():
    bench = Bench()
    bench.start()
    bench.advance(0.5)
    bench.belt.obeys = False
    bench.air.answer_s = None
    bench.tell(ev.StopRequested("key"))
    bench.advance(5.0)
    assert bench.state == "stopping"
    bench.until("stopped", limit_s=12)


def test_a_start_on_its_way_is_remembered_through_a_lost_link():
    bench = Bench()
    bench.start()
    bench.advance(0.5)
    bench.air.answer_s = None
    bench.drop_link()
    bench.advance(0.5)
    bench.restore_link()
    bench.tell(ev.StopRequested("key"))
    bench.advance(5.0)
    assert bench.state == "stopping"


def test_the_end_is_told_once_for_each_stop():
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(ev.StopRequested("key"))
    bench.until("stopped", limit_s=20)
    bench.advance(60.0)
    assert len(bench.ended) == 1


def test_after_a_stop_the_next_motion_starts_at_the_lowest_speed():
    bench = Bench()
    bench.hold_at(2.6)
    bench.tell(ev.StopRequested("key"))
    bench.until("stopped", limit_s=20)
    began = bench.now
    bench.tell(ev.ArmRequested(), ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.until("holding")
    assert bench.wire(since=began) == ["00", "07", "026400"]
    assert bench.session.stage_index == 0


# -- stop and the air


def test_a_stop_waits_for_a_write_on_the_air_and_for_nothing_else():
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.write_s = 0.6
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    raised = bench.now
    bench.tell(ev.StopRequested("key"))
    bench.advance(1.0)
    assert stop_times(bench)[0] - raised == pytest.approx(0.6, abs=0.02)


def test_a_write_that_holds_up_a_stop_for_1_s_drops_the_link_and_stop_comes_first_after_it():
    machine = FtmsMachine(personality("write-hangs"), seed=1)
    rig = Rig(machine=machine, top=1.8)
    rig.start()
    rig.run_until(lambda: "02b400" in rig.written, limit_s=200)
    began = rig.now
    rig.tell(ev.StopRequested("key"))
    rig.run_until(lambda: rig.dropped > 0, limit_s=5)
    assert rig.now - began == pytest.approx(1.0, abs=0.01)
    rig.drop_link()
    rig.run_for(2.0)
    rig.reconnect()
    first = next(entry for entry in machine.log if entry.connection == 2)
    assert first.data.hex() == "0801"
    rig.run_until(lambda: rig.state == "stopped", limit_s=30)
    assert rig.true_speed == 0


def test_a_write_that_hangs_is_noticed_before_anybody_needs_a_stop():
    bench = Bench()
    bench.hold_at(1.0)
    bench.air.write_s = float("inf")
    bench.until("ready")
    bench.tell(ev.ConfirmPressed())
    bench.until("settling", limit_s=10)
    bench.advance(2.9)
    assert bench.drops == 0
    bench.advance(0.2)
    assert bench.drops == 1


def test_a_stop_that_meets_a_running_procedure_is_written_again_each_100_ms():
    bench = Bench()
    bench.hold_at(1.8)
    bench.air.att_error = 0xFE
    bench.tell(ev.StopRequested("key"))
    began = bench.now
    bench.advance(1.0)
    bench.air.att_error = None
    bench.until("stopped", limit_s=20)
    times = stop_times(bench)
    assert times[1] - times[0] == pytest.approx(0.12, abs=0.03)
    assert len([at for at in times if at - began < 1.0]) >= 7


def test_a_procedure_that_never_ends_does_not_hold_up_a_stop_for_ever():
    bench = Bench()
    bench.hold_at(1.8)
    bench.air.att_error = 0xFE
    bench.tell(ev.StopRequested("key"))
    bench.advance(3.2)
    assert bench.drops == 1


def test_what_waits_for_the_air_when_the_machine_stops_is_never_written():
    """A target behind an unanswered Request Control must not reach a machine that has just been stopped."""
    bench = Bench()
    bench.hold_at(1.8)
    bench.status(0xFF)
    bench.air.answer_s = None
    bench.advance(1.0)
    bench.tell(ev.ConfirmPressed())
    assert bench.wire()[-1] == "00"
    bench.tell(ev.StepDownPressed())
    bench.status(0x03)
    bench.belt.goal = 0.0
    bench.until("stopped", limit_s=20)
    assert bench.wire()[-1] == "00"


def test_a_command_that_waits_is_sent_when_it_still_makes_sense():
    bench = Bench()
    bench.hold_at(1.8)
    bench.status(0xFF)
    bench.air.answer_s = 0.5
    bench.advance(1.0)
    bench.tell(ev.ConfirmPressed(), ev.StepDownPressed())
    assert bench.wire()[-1] == "00"
    bench.advance(1.0)
    assert bench.wire()[-1] == "026400"


def test_a_session_that_is_told_of_answers_it_never_asked_for_goes_on():
    bench = Bench()
    bench.hold_at(1.8)
    bench.tell(
        ev.CommandAnswered(RequestControl(), Answer.SUCCESS),
        ev.CommandAnswered(SetTargetSpeed(Speed(260)), Answer.SUCCESS),
    )
    bench.advance(5.0)
    assert bench.state == "holding"
    assert bench.wire()[-1] == "02b400"


@pytest.mark.parametrize(
    "name", ["no-indication", "request-control-04", "always-success", "slow-ramp", "setpoint-telemetry"]
)
def test_odd_machines_run_a_whole_ladder(name):
    rig = Rig(name, top=1.8, client=CLIENT)
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=400)
    assert rig.alarms() == []
    assert rig.ended[-1].reason == "completed"


def test_a_machine_that_falls_back_to_its_lowest_speed_is_not_fought():
    rig = Rig("falls-back", top=2.6)
    rig.start()
    rig.run_for(300.0)
    assert set(rig.alarms()) <= {"F6", "F9"}
    assert rig.written.count("02b400") == 1


@pytest.mark.parametrize("state", ["armed", "turning"])
def test_f12_a_belt_that_rested_when_the_link_was_lost_and_moves_when_it_is_back_is_stopped(state):
    bench = in_state(state)
    before = len(bench.wire())
    bench.drop_link()
    bench.advance(1.0)
    bench.belt.set(1.0)
    bench.restore_link()
    bench.advance(1.1)
    assert bench.alarms() == ["F2", "F12"]
    bench.tell(ev.ConfirmPressed())
    assert set(bench.wire()[before:]) == {"0801"}


def test_a_step_down_never_asks_for_more_than_the_belt_does():
    """A rung may lie between the target and a belt that is still slower."""
    bench = Bench(top=3.0)
    bench.hold_at(1.8)
    bench.status(0x05, 210, 0)
    bench.belt.set(1.75)
    bench.advance(1.0)
    bench.tell(ev.StepDownPressed())
    assert bench.wire()[-1] == "026400"


@pytest.mark.parametrize("name", ["no-indication", "always-success"])
def test_a_stop_after_a_lost_link_asks_for_control_where_the_machine_does_not_say_that_it_denies_it(name):
    rig = Rig(name)
    rig.start_and_hold(1.0)
    rig.run_for(10)
    before = len(rig.written)
    rig.drop_link()
    rig.run_for(1.0)
    rig.tell(ev.StopRequested("key"))
    rig.reconnect()
    rig.run_until(lambda: rig.state == "stopped", limit_s=15)
    assert rig.true_speed == 0
    assert rig.written[before : before + 4] == ["0801", "0801", "00", "0801"]


def test_a_machine_that_stopped_by_itself_is_asked_for_control_behind_a_repeated_stop_only():
    rig = Rig("always-success")
    rig.start_and_hold(1.0)
    rig.run_for(10)
    before = len(rig.written)
    rig.drop_link()
    rig.reconnect()
    rig.tell(ev.MachineStopped(ev.MachineStop.CONSOLE))  # it says so, and runs on
    rig.run_until(lambda: rig.state == "stopped", limit_s=20)
    assert rig.written[before : before + 4] == ["0801", "0801", "00", "0801"]
