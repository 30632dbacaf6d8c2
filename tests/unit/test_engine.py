"""The engine: frames in, writes and reports out; what it says of a session is what happened."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from bench import Bench
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import Rig
from states import in_state

from retroctl.app.engine import DropLink, Engine, encode, status_event
from retroctl.app.reports import Kind
from retroctl.app.summary import Tally
from retroctl.domain import events as ev
from retroctl.domain.commands import RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.session import Advance
from retroctl.errors import MalformedFrame
from retroctl.ftms.procedure import Write
from retroctl.units import Speed


@pytest.mark.parametrize(
    ("command", "payload"),
    [
        (RequestControl(), "00"),
        (StartOrResume(), "07"),
        (SetTargetSpeed(Speed(180)), "02b400"),
        (Stop(), "0801"),
    ],
)
def test_commands_are_the_bytes_of_the_specification(command, payload):
    assert encode(command).hex() == payload


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ("0201", ev.MachineStopped(ev.MachineStop.CONSOLE)),
        ("0202", ev.MachineStopped(ev.MachineStop.PAUSE)),
        ("02", ev.MachineStopped(ev.MachineStop.UNSTATED)),
        ("0207", ev.MachineStopped(ev.MachineStop.UNSTATED)),
        ("03", ev.MachineStopped(ev.MachineStop.SAFETY_KEY)),
        ("04", ev.MachineStarted()),
        ("05b400", ev.MachineTargetChanged(Speed(180))),
        ("05b4", None),
        ("01", ev.ControlLost()),
        ("ff", ev.ControlLost()),
        ("060000", None),
        ("77", None),
    ],
)
def test_what_a_machine_status_means(data, event):
    assert status_event(bytes.fromhex(data)) == event


def test_an_empty_status_says_nothing():
    with pytest.raises(MalformedFrame):
        status_event(b"")


def test_frames_of_which_nothing_can_be_said_are_reported_and_change_nothing():
    bench = in_state("holding")
    before = len(bench.of(Kind.FRAME))
    for characteristic, data in [("2acd", b""), ("2ada", b""), ("2ad9", b""), ("2ad3", b"\x01"), ("2a37", b"")]:
        bench._take(bench.engine.frame(characteristic, data, bench.now))
    assert len(bench.of(Kind.FRAME)) == before + 5
    assert bench.state == "holding"


def test_half_a_record_without_a_speed_is_no_news_of_the_belt():
    bench = in_state("holding")
    age = bench.now - bench.session.belief.measured.at
    bench._take(bench.engine.frame("2acd", bytes.fromhex("010000"), bench.now))
    assert bench.now - bench.session.belief.measured.at == age


@given(st.sampled_from(["2acd", "2ada", "2ad9", "2ad3", "ffff"]), st.binary(max_size=24))
def test_any_bytes_on_any_characteristic_are_taken_in(characteristic, data):
    bench = Bench()
    bench._take(bench.engine.frame(characteristic, data, bench.now))


@settings(max_examples=40)
@given(st.binary(max_size=24))
def test_any_treadmill_data_in_a_hold_never_raise_the_belt(data):
    bench = in_state("holding")
    before = len(bench.wire())
    bench._take(bench.engine.frame("2acd", data, bench.now))
    assert all(payload == "0801" for payload in bench.wire()[before:])


def test_every_report_is_plain_json():
    bench = in_state("faulted")
    bench.tell(ev.BalanceEventNoted(ev.BalanceEvent.FALL), ev.RecordFailed("x"))
    for report in bench.reports:
        json.dumps(asdict(report) | {"kind": report.kind.value})


def test_the_same_events_at_the_same_times_give_the_same_reports():
    def run() -> list:
        rig = Rig(top=1.8)
        rig.start()
        rig.run_until(lambda: bool(rig.ended), limit_s=400)
        return rig.reports

    assert run() == run()


def test_nothing_is_urgent_on_a_new_connection_but_a_latched_stop():
    bench = in_state("holding")
    assert bench.engine.urgent(bench.now) is None
    bench.tell(ev.StopRequested("key"))
    assert bench.engine.urgent(bench.now) == b"\x08\x01"


def test_calling_early_or_often_is_harmless():
    bench = in_state("ready")
    before = len(bench.reports)
    for _ in range(50):
        bench._take(bench.engine.tick(bench.now))
    assert len(bench.reports) == before


def test_a_bug_in_the_session_leaves_no_event_behind_for_the_next_call():
    bench = in_state("holding")

    class Broken:
        def __getattr__(self, name):
            return getattr(bench.session, name)

        def handle(self, event, now):
            raise RuntimeError("a bug")

    engine: Engine = bench.engine
    engine.session = Broken()
    with pytest.raises(RuntimeError):
        engine.handle(ev.HoldPressed(), bench.now)
    engine.session = bench.session
    outputs = engine.handle(ev.StopRequested("the runner"), bench.now)
    assert [output.payload for output in outputs if isinstance(output, Write)] == [b"\x08\x01"]


def test_a_write_that_hangs_asks_for_the_link_to_be_dropped():
    bench = in_state("holding")
    bench.air.write_s = float("inf")
    bench.tell(ev.StopRequested("key"))
    bench.advance(3.1)
    assert DropLink() in bench.outputs


def test_whatever_the_session_is_asked_of_it_answers_in_plain_words():
    for state in ("idle", "armed", "settling", "holding", "ready", "lost", "overridden", "stopped"):
        bench = in_state(state)
        session = bench.session
        assert session.raise_waits_for(bench.now) is None or " " in session.raise_waits_for(bench.now)
        remaining = session.hold_remaining_s(bench.now)
        assert remaining is None or 0.0 <= remaining <= 60.0
        assert session.stage.target.kmh >= 1.0
        assert session.facing == "backward"
        assert (session.stop_view is not None) is (state == "stopping")
    assert in_state("ready").session.raise_waits_for(1e6) == "there are no fresh data from the treadmill"
    bench = in_state("ready")
    assert bench.session.raise_waits_for(bench.now) == "the trainer's confirmation"
    bench.tell(ev.HoldPressed())
    assert bench.session.raise_waits_for(bench.now) == "on HOLD until the trainer confirms"
    bench.tell(ev.RecordFailed("x"))
    assert "F14" in bench.session.blocks
    assert bench.session.raise_waits_for(bench.now) == "a failsafe has not been lifted"
    bench = in_state("settling")
    assert bench.session.following_stage.target == Speed(180)
    auto = Bench(advance=Advance.AUTO)
    auto.start()
    auto.until("announcing")
    assert auto.session.raise_waits_for(auto.now) is None


# -- the tally


def test_distance_time_and_energy_are_integrated_from_measured_speed():
    tally = Tally(mass_kg=70.0)
    for second in range(61):
        tally.measured(Speed(360), float(second))
    assert tally.distance_m == pytest.approx(60.0)
    assert tally.moving_s == pytest.approx(60.0)
    assert tally.peak == Speed(360)
    assert tally.kcal == pytest.approx(4.32, abs=0.1)


def test_forward_costs_less_than_backward():
    forward, backward = Tally(mass_kg=70.0), Tally(mass_kg=70.0)
    for second in range(61):
        forward.measured(Speed(360), float(second), backward=False)
        backward.measured(Speed(360), float(second))
    assert backward.kcal == pytest.approx(1.3 * forward.kcal)


def test_across_a_gap_nothing_is_counted_and_without_a_mass_no_energy():
    tally = Tally()
    for at in (0.0, 1.0, 4.0, 4.0, 5.0):
        tally.measured(Speed(360), at)
    tally.measured(Speed(0), 6.0)
    tally.measured(Speed(0), 7.0)
    assert tally.moving_s == pytest.approx(3.0)
    assert tally.kcal == 0.0
    tally.held(Speed(100), 61.0)
    assert tally.holds == [(Speed(100), 61.0)]


def test_the_fault_that_ended_a_session_is_told():
    assert in_state("faulted").session.fault == "F3"
    assert in_state("stopped").session.fault is None


def test_forward_the_remaining_time_is_the_stages_own():
    bench = in_state("turning")
    bench.tell(ev.ConfirmPressed(), ev.StartConfirmed(ev.StartKind.PROGRAM))
    bench.until("holding")
    bench.belt.goal = 150
    bench.advance(20.0)
    assert bench.session.hold_remaining_s(bench.now) == pytest.approx(40.0, abs=0.1)


@pytest.mark.parametrize(("second", "known"), [(bytes.fromhex("165a5503"), None), (bytes.fromhex("165a5603"), 90)])
def test_a_strap_that_repeats_its_rate_and_its_beats_to_the_last_bit_is_frozen(second, known):
    """Found by hand: a stuck strap goes on sending its last frame, beats and all, and was taken for a steady heart."""
    bench = Bench()
    for number in range(12):
        bench.advance(1.0)
        bench._take(bench.engine.frame("2a37", second if number % 2 else bytes.fromhex("165a5503"), bench.now))
    assert bench.session.heart.known(bench.now) == known
    if known is None:
        assert bench.session.heart.why_unknown(bench.now) == "the strap repeats 90 without a beat"
