"""The pure FTMS machine: rules of the Control Point, what it sends and when, console, faults."""

from __future__ import annotations

import itertools
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.machine import FtmsMachine
from simulators.personality import Personality, personality

EVERYTHING = ("2ad9", "2ada", "2ad3", "2acd")


class Bench:
    """A central at the machine's end of the wire, in plain time."""

    def __init__(self, kind: str | Personality = "standard", *, connected: bool = True, seed: int = 0):
        self.now = 1000.0
        made = personality(kind) if isinstance(kind, str) else kind
        self.machine = FtmsMachine(made, seed=seed, now=self.now)
        self.heard: list[tuple[float, str, str]] = []
        if connected:
            self.connect()

    def connect(self, *subscriptions: str):
        self.machine.connect(self.now)
        for each in subscriptions or EVERYTHING:
            self.machine.subscribe(each, self.now)

    def write(self, hexed: str):
        return self.machine.write("2ad9", bytes.fromhex(hexed), self.now)

    def run(self, seconds: float):
        end = self.now + seconds
        while (due := self.machine.next_event(self.now)) <= end:
            self.now = max(self.now, due)
            self._take(self.machine.advance(self.now))
        self.now = end
        self._take(self.machine.advance(end))

    def _take(self, emissions):
        for emission in emissions:
            assert emission.at <= self.now
            self.heard.append((emission.at, emission.characteristic or emission.kind, emission.data.hex()))

    def ask(self, hexed: str) -> str:
        """Write, wait for the answer, give it."""
        assert self.write(hexed).error is None
        self.run(0.5)
        return self.of("2ad9")[-1]

    def of(self, characteristic: str) -> list[str]:
        return [data for _, name, data in self.heard if name == characteristic]

    @property
    def speed(self) -> float:
        return self.machine.true_speed_kmh(self.now)


def in_state(state: str) -> Bench:
    bench = Bench()
    if state == "no control":
        return bench
    bench.ask("00")
    if state == "idle":
        return bench
    bench.ask("07")
    if state == "counting down":
        return bench
    bench.run(10)
    if state == "moving":
        return bench
    bench.ask("0802" if state == "paused" else "0801")
    if state == "falling":
        assert bench.speed > 0
        return bench
    bench.run(10)
    return bench


STATES = ("no control", "idle", "counting down", "moving", "falling", "stopped", "paused")

RULES = {
    #            no control, idle, counting, moving, falling, stopped, paused
    "00": "01 01 01 01 01 01 01",
    "0000": "03 03 03 03 03 03 03",
    "01": "05 01 01 01 01 01 01",
    "0100": "05 03 03 03 03 03 03",
    "026400": "05 01 01 01 01 01 01",
    "024006": "05 01 01 01 01 01 01",
    "026300": "05 03 03 03 03 03 03",
    "026900": "05 03 03 03 03 03 03",
    "024a06": "05 03 03 03 03 03 03",
    "020000": "05 03 03 03 03 03 03",
    "0264": "05 03 03 03 03 03 03",
    "02640000": "05 03 03 03 03 03 03",
    "030500": "05 01 01 01 01 01 01",
    "030400": "05 03 03 03 03 03 03",
    "03ffff": "05 03 03 03 03 03 03",
    "037d00": "05 03 03 03 03 03 03",
    "03": "05 03 03 03 03 03 03",
    "07": "05 01 04 04 04 01 01",
    "0701": "05 03 03 03 03 03 03",
    "0801": "05 04 01 01 01 04 01",
    "0802": "05 04 01 01 01 04 04",
    "08": "05 03 03 03 03 03 03",
    "0800": "05 03 03 03 03 03 03",
    "0803": "05 03 03 03 03 03 03",
    "080100": "05 03 03 03 03 03 03",
    "0432": "02 02 02 02 02 02 02",
    "050000": "02 02 02 02 02 02 02",
    "06": "02 02 02 02 02 02 02",
    "0d1000": "02 02 02 02 02 02 02",
    "80": "02 02 02 02 02 02 02",
    "ff": "02 02 02 02 02 02 02",
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", RULES)
def test_each_command_in_each_state_has_its_result_code(command, state):
    expected = RULES[command].split()[STATES.index(state)]
    assert in_state(state).ask(command) == f"80{command[:2]}{expected}"


@pytest.mark.parametrize("command", [c for c, results in RULES.items() if not results.startswith("01")])
@pytest.mark.parametrize("state", STATES)
def test_a_refused_command_leaves_the_belt_as_it_was(command, state):
    refused, untouched = in_state(state), in_state(state)
    if not refused.ask(command).endswith("01"):
        untouched.run(0.5)
        assert refused.machine.drive.belt.breakpoints == untouched.machine.drive.belt.breakpoints
        assert refused.machine.drive.phase is untouched.machine.drive.phase


def test_reset_stops_the_belt_zeroes_the_clocks_and_gives_control_up():
    bench = in_state("moving")
    bench.ask("01")
    bench.run(10)
    assert bench.speed == 0
    assert bench.ask("07") == "800705"
    assert bench.of("2ada")[-1] == "01"


# The Control Point on ATT.


def test_without_indications_a_write_is_improperly_configured_and_not_obeyed():
    bench = Bench(connected=False)
    bench.connect("2acd")
    assert bench.write("00").error == 0xFD
    assert not bench.machine.controlled


def test_a_write_while_a_procedure_runs_is_refused_and_not_obeyed():
    bench = in_state("moving")
    assert bench.write("022c01").error is None
    assert bench.write("0801").error == 0xFE
    bench.run(1)
    assert bench.of("2ad9")[-1] == "800201"
    assert bench.speed > 1.0
    assert bench.write("0801").error is None


def test_an_empty_write_has_an_invalid_length():
    assert Bench().write("").error == 0x0D


def test_unknown_characteristics_are_invalid_handles_and_others_keep_to_their_properties():
    machine = Bench().machine
    assert machine.read("2a37", 1000).error == 0x01
    assert machine.write("2a37", b"\0", 1000).error == 0x01
    assert machine.subscribe("2a37", 1000).error == 0x01
    assert machine.unsubscribe("2a37", 1000).error == 0x01
    assert machine.read("2ad9", 1000).error == 0x02
    assert machine.write("2acd", b"\0", 1000).error == 0x03
    assert machine.write("2ad9", b"\0", 1000, with_response=False).error == 0x03


def test_the_answer_comes_as_an_indication_a_moment_after_the_write():
    bench = Bench()
    bench.write("00")
    assert bench.machine.advance(bench.now) == []
    bench.now = bench.machine.next_event(bench.now)
    (emission,) = bench.machine.advance(bench.now)
    assert emission.kind == "indicate"
    assert emission.data.hex() == "800001"
    assert 1000.0 < emission.at < 1000.1


def test_the_log_holds_every_byte_written_with_time_error_and_connection():
    bench = Bench()
    bench.write("00")
    bench.run(2)
    bench.write("")
    assert [(w.at, w.characteristic, w.data.hex(), w.error, w.connection) for w in bench.machine.log] == [
        (1000.0, "2ad9", "00", None, 1),
        (1002.0, "2ad9", "", 0x0D, 1),
    ]


def test_reads_give_feature_ranges_and_training_status():
    bench = Bench()
    reads = {name: bench.machine.read(name, bench.now).data.hex() for name in ("2acc", "2ad4", "2ad5", "2ad3")}
    assert reads == {"2acc": "0c12000003000000", "2ad4": "640040060a00", "2ad5": "000078000500", "2ad3": "0001"}


# Treadmill Data.


def test_treadmill_data_comes_once_a_second_while_subscribed():
    bench = Bench()
    bench.run(10)
    times = [at for at, name, _ in bench.heard if name == "2acd"]
    assert len(times) == 10
    assert {round(b - a, 9) for a, b in itertools.pairwise(times)} == {1.0}
    bench.machine.unsubscribe("2acd", bench.now)
    bench.run(5)
    assert len(bench.of("2acd")) == 10
    bench.machine.subscribe("2acd", bench.now)
    bench.run(5)
    assert len(bench.of("2acd")) == 15


def test_a_quick_unsubscribe_and_subscribe_does_not_double_the_rate():
    bench = Bench()
    bench.run(0.01)
    bench.machine.unsubscribe("2acd", bench.now)
    bench.machine.subscribe("2acd", bench.now)
    bench.run(10)
    assert len(bench.of("2acd")) == 10


def test_the_record_tells_speed_distance_incline_energy_and_elapsed_time():
    bench = in_state("moving")
    bench.ask("03" + "1e00")
    bench.run(100)
    at, _, data = next(heard for heard in reversed(bench.heard) if heard[1] == "2acd")
    machine = bench.machine
    raw = bytes.fromhex(data)
    assert raw[:2].hex() == "8c04"
    assert raw[2:4] == (100).to_bytes(2, "little")
    assert int.from_bytes(raw[4:7], "little") == int(machine.drive.distance_m(at))
    assert raw[7:11].hex() == "1e00ff7f"
    assert int.from_bytes(raw[16:18], "little") == int(machine.drive.elapsed_s(at))


def test_the_reported_speed_is_the_belt_at_the_time_of_the_frame():
    bench = in_state("moving")
    bench.ask("02" + "2003")
    bench.run(30)
    for at, name, data in bench.heard:
        if name == "2acd":
            reported = int.from_bytes(bytes.fromhex(data)[2:4], "little")
            assert reported == round(bench.machine.true_speed_kmh(at) * 100)


# Machine Status and Training Status.


def test_a_session_is_told_on_machine_status_and_training_status():
    bench = in_state("moving")
    bench.ask("02c800")
    bench.run(5)
    bench.ask("0801")
    bench.run(10)
    assert bench.of("2ada") == ["04", "05c800", "0201"]
    assert bench.of("2ad3") == ["000e", "000d", "000f", "0001"]


def test_machine_status_is_silent_about_own_commands_where_the_machine_keeps_to_the_letter():
    bench = Bench(personality("standard").but(status_after_own_command=False))
    bench.ask("00")
    bench.ask("07")
    bench.run(10)
    bench.ask("02c800")
    assert "05c800" not in bench.of("2ada")


# Link and control.


def test_control_ends_with_the_connection_and_the_belt_goes_on():
    bench = in_state("moving")
    bench.machine.disconnect(bench.now)
    bench.run(60)
    assert bench.speed == 1.0
    bench.connect()
    assert bench.ask("0801") == "800805"
    assert bench.machine.connections == 2


def test_nothing_of_an_old_connection_arrives_on_a_new_one():
    bench = in_state("moving")
    bench.write("02c800")
    bench.machine.disconnect(bench.now)
    bench.heard.clear()
    bench.connect()
    bench.run(0.5)
    assert bench.of("2ad9") == []
    assert bench.write("00").error is None, "the old procedure is over"


def test_one_central_at_a_time():
    bench = Bench()
    assert not bench.machine.advertises(bench.now)
    with pytest.raises(RuntimeError, match="one central"):
        bench.machine.connect(bench.now)
    bench.machine.disconnect(bench.now)
    assert bench.machine.advertises(bench.now)


def test_another_app_takes_control():
    bench = in_state("moving")
    bench.machine.take_control_by_other_app(bench.now)
    bench.run(0.2)
    assert bench.of("2ada")[-1] == "ff"
    assert bench.ask("02c800") == "800205"
    assert bench.ask("00") == "800001"
    bench.machine.take_control_by_other_app(bench.now, exclusive=True)
    assert bench.ask("00") == "800005"
    bench.machine.release_by_other_app(bench.now)
    assert bench.ask("00") == "800001"


def test_a_machine_that_vanishes_drops_the_link_and_is_found_again_later():
    bench = in_state("moving")
    bench.machine.vanish(bench.now, absent_s=4)
    bench.run(0)
    assert bench.heard[-1][1] == "disconnect"
    bench.machine.disconnect(bench.now)
    assert not bench.machine.advertises(bench.now + 3.9)
    assert bench.machine.advertises(bench.now + 4)
    assert bench.speed == 1.0


def test_a_reboot_ends_the_session_and_zeroes_the_clock():
    bench = in_state("moving")
    assert bench.machine.record(bench.now).elapsed_s > 5
    bench.machine.reboot(bench.now)
    bench.run(0)
    bench.machine.disconnect(bench.now)
    bench.run(30)
    assert bench.speed == 0
    assert bench.machine.record(bench.now).elapsed_s == 0


# The console.


def test_console_keys_move_the_belt_and_are_told():
    bench = Bench()
    machine = bench.machine
    assert machine.console_start(bench.now)
    bench.run(10)
    assert bench.speed == 1.0
    assert not machine.console_start(bench.now)
    machine.console_set_speed(3.0, bench.now)
    bench.run(10)
    assert bench.speed == 3.0
    machine.console_faster(bench.now)
    bench.run(2)
    assert bench.speed == pytest.approx(3.1)
    machine.console_slower(bench.now)
    machine.console_slower(bench.now)
    bench.run(2)
    assert bench.speed == pytest.approx(2.9)
    machine.console_pause(bench.now)
    bench.run(10)
    assert machine.console_start(bench.now)
    bench.run(10)
    machine.console_stop(bench.now)
    bench.run(10)
    assert bench.speed == 0
    assert bench.of("2ada") == ["04", "052c01", "053601", "052c01", "052201", "0202", "04", "0201"]


def test_console_keys_hold_to_the_range_and_do_nothing_at_rest():
    bench = Bench()
    machine = bench.machine
    machine.console_set_speed(5.0, bench.now)
    machine.console_pause(bench.now)
    machine.console_stop(bench.now)
    bench.run(5)
    assert bench.of("2ada") == []
    machine.console_start(bench.now)
    machine.console_set_speed(99.0, bench.now)
    bench.run(60)
    assert bench.speed == 16.0
    machine.console_set_speed(0.1, bench.now)
    bench.run(60)
    assert bench.speed == 1.0


def test_the_safety_key_stops_the_belt_is_told_once_and_must_be_back_before_a_start():
    bench = in_state("moving")
    bench.machine.pull_safety_key(bench.now)
    bench.machine.pull_safety_key(bench.now)
    bench.run(5)
    assert bench.of("2ada")[-1:] == ["03"]
    assert bench.of("2ada").count("03") == 1
    assert bench.speed == 0
    assert bench.ask("07") == "800704"
    assert not bench.machine.console_start(bench.now)
    bench.machine.replace_safety_key(bench.now)
    bench.run(60)
    assert bench.speed == 0
    assert bench.ask("07") == "800701"


# Faults.


def test_a_silent_link_lets_writes_through_and_nothing_back():
    bench = in_state("moving")
    bench.machine.faults.silent = True
    bench.heard.clear()
    assert bench.write("0801").error is None
    bench.run(20)
    assert bench.heard == []
    assert bench.speed == 0


def test_frames_are_dropped_doubled_broken_and_delayed_as_told():
    bench = Bench()
    faults = bench.machine.faults
    faults.drop_frames = 3
    bench.run(5)
    assert len(bench.of("2acd")) == 2
    whole = bench.of("2acd")[-1]
    faults.duplicate_frames = 1
    bench.run(1)
    assert len(bench.of("2acd")) == 4
    faults.corrupt_frames = faults.truncate_frames = 1
    bench.run(1)
    assert len(bench.of("2acd")[-1]) < len(whole)
    faults.corrupt_frames = 1
    bench.run(1)
    differs = int(bench.of("2acd")[-1], 16) ^ int(whole, 16)
    assert differs.bit_count() == 1
    before = len(bench.of("2acd"))
    faults.delay_s = 2.5
    bench.run(2)
    assert len(bench.of("2acd")) == before
    bench.run(2)
    assert len(bench.of("2acd")) > before


def test_loss_is_random_and_repeatable():
    def heard(seed: int) -> list[float]:
        bench = Bench(seed=seed)
        bench.machine.faults.loss = 0.5
        bench.run(200)
        return [at for at, _, _ in bench.heard]

    assert heard(1) == heard(1) != heard(2)
    assert 60 < len(heard(1)) < 140


def test_commands_are_rejected_ignored_hung_or_answered_late_as_told():
    bench = in_state("moving")
    faults = bench.machine.faults
    faults.reject_results = [0x04]
    assert bench.ask("022c01") == "800204"
    faults.ignore_commands = 1
    assert bench.ask("022c01") == "800201"
    faults.reject_writes = [0x0E]
    assert bench.write("022c01").error == 0x0E
    faults.hang_writes = 1
    assert math.isinf(bench.write("022c01").after_s)
    bench.run(30)
    assert bench.speed == 1.0, "none of these was obeyed"
    faults.drop_answers = 1
    answers = len(bench.of("2ad9"))
    assert bench.write("022c01").error is None
    bench.run(30)
    assert bench.speed == 3.0
    assert len(bench.of("2ad9")) == answers
    faults.answer_late_s = 2.0
    assert bench.write("02c800").error is None
    bench.run(1.9)
    assert len(bench.of("2ad9")) == answers
    assert bench.write("0801").error == 0xFE
    bench.run(0.5)
    assert bench.of("2ad9")[-1] == "800201"
    faults.answer_late_s, faults.write_s = 0.0, 0.7
    assert bench.write("0801").after_s == 0.7


# As a machine.


def test_time_that_runs_backwards_is_refused_but_a_hair_is_forgiven():
    machine = FtmsMachine(personality("standard"), now=50.0)
    machine.advance(60.0)
    machine.advance(60.0 - 1e-9)
    with pytest.raises(ValueError, match="later than"):
        machine.advance(59.0)


def test_advancing_early_or_often_changes_nothing():
    def session(step: float) -> list[tuple[float, str, str]]:
        bench = Bench()
        for command in ("00", "07"):
            bench.write(command)
            bench.run(1)
        end = bench.now + 20
        while bench.now < end:
            bench.now = min(end, bench.now + step)
            bench._take(bench.machine.advance(bench.now))
        return bench.heard

    assert session(0.01) == session(0.37) == session(20)


def test_wake_is_called_after_each_input():
    bench = Bench(connected=False)
    woken = []
    bench.machine.wake = lambda: woken.append(bench.machine.next_event(bench.now))
    bench.connect("2acd")
    bench.machine.console_start(bench.now)
    bench.write("00")
    assert len(woken) == 4
    assert all(at < math.inf for at in woken[1:])


@given(st.lists(st.tuples(st.sampled_from([*RULES, "start", "stop", "key", "back", "drop"]), st.floats(0, 8))))
def test_whatever_happens_the_belt_keeps_to_range_and_ramp_and_a_stop_ends_at_rest(happenings):
    bench = Bench()
    machine = bench.machine
    for what, seconds in happenings:
        match what:
            case "start":
                machine.console_start(bench.now)
            case "stop":
                machine.console_stop(bench.now)
            case "key":
                machine.pull_safety_key(bench.now)
            case "back":
                machine.replace_safety_key(bench.now)
            case "drop":
                machine.disconnect(bench.now)
                bench.connect()
            case _:
                bench.write(what)
        bench.run(seconds)
    machine.console_stop(bench.now)
    bench.run(60)
    points = machine.drive.belt.breakpoints
    assert points[-1].speed_kmh == 0
    assert machine.drive.belt.peak_kmh() <= 16.0
    for a, b in itertools.pairwise(points):
        if b.at > a.at:
            rate = (b.speed_kmh - a.speed_kmh) / (b.at - a.at)
            assert -2.0 - 1e-6 <= rate <= 0.5 + 1e-6


def test_twenty_minutes_at_1_hz_are_cheap():
    bench = in_state("moving")
    began = time.process_time()
    bench.run(1200)
    assert time.process_time() - began < 0.3, "ten times what it takes, for a busy computer"
    assert len(bench.of("2acd")) >= 1200
