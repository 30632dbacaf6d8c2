"""Each personality does what its summary says, on the belt and on the wire, and they combine."""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest

from retroctl.errors import ConfigError
from retroctl.units import KMH_PER_MPH, Speed
from simulators import quirks, quirks_moving, quirks_telling
from simulators.behaviour import Behaviour
from simulators.machine import FtmsMachine
from simulators.personality import PERSONALITIES, Personality, personality


class Run:
    """One central, told to do things; `speeds` are what Treadmill Data reported, with their times."""

    def __init__(self, name: str | Personality):
        self.now = 0.0
        self.machine = FtmsMachine(personality(name) if isinstance(name, str) else name)
        self.speeds: list[tuple[float, float]] = []
        self.answers: list[str] = []
        self.dropped_at: float | None = None
        self.machine.connect(0.0)
        for entry in self.machine.gatt:
            if {"notify", "indicate"} & set(entry.properties):
                self.machine.subscribe(entry.characteristic, 0.0)

    def run(self, seconds: float) -> Run:
        self.now += seconds
        for name, data, at, kind in self.machine.advance(self.now):
            if kind == "disconnect":
                self.dropped_at = at
            elif name == "2ad9":
                self.answers.append(data.hex())
            elif name == "2acd" and not data[0] & 1:
                self.speeds.append((at, int.from_bytes(data[2:4], "little") / 100))
        return self

    def write(self, hexed: str) -> object:
        properties = dict(self.machine.gatt)["2ad9"]
        return self.machine.write("2ad9", bytes.fromhex(hexed), self.now, with_response="write" in properties)

    def ask(self, hexed: str) -> str | None:
        before = len(self.answers)
        self.write(hexed)
        self.run(0.5)
        return self.answers[-1] if len(self.answers) > before else None

    def moving(self, target: float = 1.0) -> Run:
        self.ask("00")
        self.ask("07")
        self.run(15)
        if target != 1.0:
            self.ask("02" + round(target * 100).to_bytes(2, "little").hex())
            self.run(60)
        return self

    @property
    def speed(self) -> float:
        return self.machine.true_speed_kmh(self.now)

    @property
    def reported(self) -> float:
        return self.speeds[-1][1]


def test_mph_target_runs_1_6_times_too_fast_and_reports_it():
    run = Run("mph-target").moving(2.0)
    assert run.speed == pytest.approx(2.0 * KMH_PER_MPH)
    assert run.reported == pytest.approx(3.22)


def test_mph_telemetry_reports_too_little():
    run = Run("mph-telemetry").moving(3.0)
    assert run.speed == 3.0
    assert run.reported == pytest.approx(1.86)


def test_setpoint_telemetry_jumps_while_the_belt_still_climbs():
    run = Run("setpoint-telemetry").moving()
    run.ask("02" + "2003")
    run.run(1.5)
    assert run.reported == 8.0
    assert run.speed < 3.0
    run.ask("0801")
    run.run(1.0)
    assert run.reported == 0
    assert run.speed > 0


def test_no_indication_obeys_without_a_word():
    run = Run("no-indication").moving(3.0)
    assert run.answers == []
    assert run.speed == 3.0
    run.ask("0801")
    assert run.run(20).speed == 0


def test_request_control_04_obeys_all_the_same():
    run = Run("request-control-04")
    assert run.ask("00") == "800004"
    assert run.ask("07") == "800701"
    assert run.run(10).speed == 1.0


def test_always_success_lies_about_refused_commands():
    run = Run("always-success")
    assert run.ask("026300") == "800201"
    assert run.run(10).speed == 0


def test_no_control_point_has_data_only():
    machine = Run("no-control-point").machine
    assert {"2ad9", "2ada"}.isdisjoint(dict(machine.gatt))
    assert machine.read("2acc", 0).data[4:] == bytes(4)


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("notify-control-point", ("write", "notify")),
        ("write-command", ("write-without-response", "notify")),
        ("standard", ("write", "indicate")),
    ],
)
def test_odd_control_points_answer_too(name, properties):
    run = Run(name)
    assert dict(run.machine.gatt)["2ad9"] == properties
    assert run.ask("00") == "800001"
    assert run.moving().speed == 1.0


def test_write_hangs_on_the_second_target_only_and_a_stop_on_the_next_connection_gets_through():
    run = Run("write-hangs").moving(2.0)
    assert run.write("02c801").after_s == float("inf")
    assert run.run(30).speed == 2.0
    run.machine.disconnect(run.now)
    run.machine.connect(run.now)
    run.machine.subscribe("2ad9", run.now)
    run.ask("00")
    assert run.ask("0801") == "800801"
    assert run.run(20).speed == 0


def test_stop_ignored_runs_on_and_still_takes_lower_targets():
    run = Run("stop-ignored").moving(3.0)
    assert run.ask("0801") == "800801"
    assert run.run(30).speed == 3.0
    run.ask("026400")
    assert run.run(10).speed == 1.0
    run.machine.console_stop(run.now)
    assert run.run(10).speed == 0


def test_stop_third_heeds_the_third_and_counts_anew_afterwards():
    run = Run("stop-third").moving()
    for _ in range(2):
        run.ask("0801")
        assert run.run(5).speed == 1.0
    run.ask("0801")
    assert run.run(5).speed == 0
    run.ask("07")
    run.run(10)
    run.ask("0801")
    assert run.run(5).speed == 1.0


def test_silent_after_stop_sends_data_before_and_during_a_session_but_not_after():
    run = Run("silent-after-stop")
    run.run(5)
    assert run.speeds
    run.moving()
    before = len(run.speeds)
    assert run.reported == 1.0
    run.ask("0801")
    run.run(30)
    assert len(run.speeds) <= before + 1
    assert run.speed == 0


def test_coasts_on_falls_slowly():
    run = Run("coasts-on").moving(3.0)
    run.ask("0801")
    assert run.run(10).speed > 2.0
    assert run.run(30).speed == 0


def test_slow_ramp_needs_ten_seconds_for_a_kilometre_an_hour():
    run = Run("slow-ramp").moving()
    run.ask("02c800")
    assert 1.4 < run.run(4.5).speed < 1.6


def test_moves_at_connect_moves_without_a_write():
    run = Run("moves-at-connect").run(3)
    assert run.speed > 0
    assert run.machine.log == []


def test_request_control_starts_the_belt():
    run = Run("request-control-starts")
    run.ask("00")
    assert run.run(10).speed == 1.0


def test_toggle_start_pauses_when_started_twice():
    run = Run("toggle-start").moving()
    assert run.ask("07") == "800701"
    assert run.run(10).speed == 0
    assert run.ask("07") == "800701"
    assert run.run(10).speed == 1.0


def test_restarted_countdown_never_moves_while_it_is_started_again():
    run = Run("restarted-countdown")
    run.ask("00")
    for _ in range(5):
        assert run.ask("07") == "800701"
        assert run.run(3).speed == 0
    assert run.run(10).speed == 1.0
    assert run.ask("07") == "800704"


@pytest.mark.parametrize(("name", "increment"), [("inc-0.5", 50), ("inc-1.0", 100)])
def test_coarse_increments_are_announced_and_enforced(name, increment):
    run = Run(name)
    assert run.machine.read("2ad4", 0).data[4:6] == increment.to_bytes(2, "little")
    run.moving()
    assert run.ask("026e00") == "800203"
    assert run.ask("02c800") == "800201"


def test_empty_reads_give_nothing_and_no_error():
    machine = Run("empty-reads").machine
    assert [machine.read(name, 0) for name in ("2acc", "2ad4", "2ad3")] == [(None, b"", 0.0)] * 3
    assert machine.read("2ad5", 0).data


def test_no_optional_has_two_characteristics():
    assert [name for name, _ in Run("no-optional").machine.gatt] == ["2acd", "2ad9"]


def test_split_records_come_in_two_pieces_with_the_speed_in_the_last():
    run = Run("split-records")
    run.moving()
    frames = [e.data for e in run.machine.advance(run.now + 3) if e.characteristic == "2acd"]
    assert [frame[0] & 1 for frame in frames] == [1, 0] * 3
    assert all(len(frame) <= 20 for frame in frames)
    assert run.reported == 1.0


def test_truncated_records_end_at_the_payload():
    run = Run("truncated-records")
    frames = [e.data for e in run.machine.advance(3) if e.characteristic == "2acd"]
    assert {len(frame) for frame in frames} == {20}
    assert {frame[:2].hex() for frame in frames} == {"9e1f"}


def test_anonymous_has_neither_name_nor_service_data():
    traits = personality("anonymous").traits
    assert (traits.name, traits.service_data) == ("", None)


def test_clamps_brings_a_target_into_the_range():
    run = Run("clamps").moving()
    assert run.ask("02d007") == "800201"
    assert run.run(60).speed == 16.0
    assert run.ask("020000") == "800201"
    assert run.run(60).speed == 1.0


def test_ignored_targets_out_of_range_are_successes():
    run = Run(personality("standard").but(out_of_range="ignore")).moving()
    assert run.ask("02d007") == "800201"
    assert run.run(60).speed == 1.0


def test_vanishes_drops_the_link_and_keeps_the_belt():
    run = Run("vanishes").moving()
    run.run(10)
    assert run.dropped_at is not None
    assert run.speed == 1.0


def test_runaway_climbs_by_itself_and_is_silent_about_it():
    run = Run("runaway").moving(3.0)
    assert run.speed == pytest.approx(6.0)
    run.ask("0801")
    assert run.run(20).speed == 0


def test_falls_back_to_the_minimum():
    run = Run("falls-back").moving()
    run.ask("02c800")
    assert run.run(2).speed == pytest.approx(2.0, abs=0.3)
    assert run.run(10).speed == 1.0


def test_stops_by_itself_without_a_word():
    run = Run("stops-by-itself").moving()
    assert run.run(60).speed == 0


# Combinations and the registry.


def test_a_combination_does_both():
    run = Run("mph-target+no-indication").moving(2.0)
    assert run.answers == []
    assert run.speed == pytest.approx(2.0 * KMH_PER_MPH)
    assert run.machine.personality.name == "mph-target+no-indication"
    for part in ("mph-target", "no-indication"):
        assert PERSONALITIES[part].source in run.machine.personality.source


def test_overridden_hooks_stack():
    run = Run("toggle-start+restarted-countdown+mph-target+mph-telemetry").moving(2.0)
    assert run.speed == pytest.approx(2.0 * KMH_PER_MPH)
    assert run.reported == pytest.approx(2.0)


def test_of_contradictory_data_the_later_name_wins():
    assert personality("inc-0.5+inc-1.0").traits.increment == Speed(100)
    assert personality("inc-1.0+inc-0.5").traits.increment == Speed(50)


def test_the_same_name_twice_changes_nothing():
    assert Run("mph-target+mph-target").moving(2.0).speed == pytest.approx(2.0 * KMH_PER_MPH)


@pytest.mark.parametrize("first", PERSONALITIES)
def test_any_two_make_a_machine_that_survives_a_session(first):
    dice = random.Random(first)  # noqa: S311 - repeatable on purpose
    for second in dice.sample(list(PERSONALITIES), 4):
        run = Run(f"{first}+{second}")
        if "2ad9" in dict(run.machine.gatt):
            for command in ("00", "07"):
                run.ask(command)
            run.run(12)
            for command in ("02c800", "0802", "0801", "01"):
                run.ask(command)
        run.machine.console_stop(run.now)
        run.machine.pull_safety_key(run.now)
        assert run.run(60).speed == 0


@pytest.mark.parametrize("name", ["", "nobody", "standard+nobody", "standard+"])
def test_an_unknown_name_is_an_error_that_names_the_known_ones(name):
    with pytest.raises(ConfigError, match=r"standard, no-indication"):
        personality(name)


def test_each_has_a_summary_and_but_changes_traits_only():
    assert all(each.summary and each.name == name for name, each in PERSONALITIES.items())
    changed = personality("mph-target").but(countdown_s=0.5)
    assert changed.traits.countdown_s == 0.5
    assert changed.behaviours == personality("mph-target").behaviours
    assert personality("mph-target").traits.countdown_s == 3.0


def test_a_stranger_is_data_and_a_small_override():
    class Stubborn(Behaviour):
        def obeys_stop(self, parameter, now):
            return parameter == 2 and super().obeys_stop(parameter, now)

    run = Run(Personality("stubborn", "heeds pause only", {"countdown_s": 0.0}, (Stubborn,))).moving()
    run.ask("0801")
    assert run.run(5).speed == 1.0
    run.ask("0802")
    assert run.run(5).speed == 0


def test_a_stranger_may_drop_subscriptions_lock_its_console_and_lie_in_reads_and_status():
    class Odd(Behaviour):
        def accepts_subscription(self, characteristic, now):
            return characteristic != "2acd" and super().accepts_subscription(characteristic, now)

        def console_works(self, now):
            return not self.machine.controlled and super().console_works(now)

        def status(self, data):
            told = super().status(data)
            return None if data[0] == 0x05 else told[:1]

        def value(self, characteristic, data):
            return super().value(characteristic, data)[: 5 if characteristic == "2ad4" else None]

    run = Run(Personality("odd", "is odd", {}, (Odd,)))
    machine = run.machine
    statuses = []
    assert machine.read("2ad4", 0).data.hex() == "640040060a"
    assert machine.read("2ad3", 0).data.hex() == "0001"
    assert machine.console_start(run.now)
    run.run(10)
    assert run.speeds == []
    run.ask("00")
    machine.console_set_speed(5.0, run.now)
    machine.console_pause(run.now)
    machine.console_stop(run.now)
    assert not machine.console_start(run.now)
    assert run.run(20).speed == 1.0
    run.write("02c800")
    run.now += 1
    statuses += [e.data.hex() for e in machine.advance(run.now) if e.characteristic == "2ada"]
    run.write("0801")
    run.now += 1
    statuses += [e.data.hex() for e in machine.advance(run.now) if e.characteristic == "2ada"]
    assert statuses == ["02"]


def test_no_two_quirks_remember_something_under_the_same_name():
    """They are mixed into one machine: the third Stop of one was once the target that another echoed."""
    owners: dict[str, str] = {}
    for module in (quirks, quirks_moving, quirks_telling):
        for kind in ast.parse(Path(module.__file__).read_text()).body:
            if not isinstance(kind, ast.ClassDef):
                continue
            own = {
                node.attr
                for node in ast.walk(kind)
                if isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) == "self"
            }
            for name in own:
                assert owners.setdefault(name, kind.name) == kind.name
    assert len(owners) > 5
