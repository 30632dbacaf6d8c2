"""Values that are whole unless they say otherwise, and what a half record leaves behind."""

from __future__ import annotations

import pytest

from retroctl.ftms.advertisement import decode_advertisement
from retroctl.ftms.control_point import ControlPointRequest
from retroctl.ftms.features import FitnessMachineFeature
from retroctl.ftms.machine_status import MachineStatus
from retroctl.ftms.other_machines import decode_machine_data
from retroctl.ftms.parameters import TARGET_SPEED
from retroctl.ftms.training_status import TrainingStatus
from retroctl.ftms.treadmill_data import RecordMerger, TreadmillData, decode_treadmill_data
from retroctl.units import Speed


@pytest.mark.parametrize(
    "value",
    [
        ControlPointRequest(0),
        MachineStatus(0xFF),
        TrainingStatus(0, 1),
        FitnessMachineFeature(frozenset(), None),
        TreadmillData(0, more_data=False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_says_nothing_of_a_cut_is_whole(value):
    assert value.truncated is False
    assert getattr(value, "text_extended", False) is False
    assert getattr(value, "pace_undecided", False) is False


def test_a_whole_request_gives_the_speed_that_it_asks_for():
    assert ControlPointRequest(2, {TARGET_SPEED[0].name: 180}).target_speed == Speed(180)


def test_a_count_in_whole_units_stays_a_whole_number():
    """Energy has a value for "not known" and is not scaled: it is shown and kept as it was sent."""
    data = decode_treadmill_data(bytes.fromhex("8100 0500 6e00 02"))
    assert [data.total_energy_kcal, data.energy_per_hour_kcal, data.energy_per_minute_kcal] == [5, 110, 2]
    assert isinstance(data.total_energy_kcal, int)


def test_a_record_with_a_cut_half_is_cut_though_its_last_frame_is_whole():
    merger = RecordMerger()
    assert merger.add(decode_treadmill_data(bytes.fromhex("0104 01"))).truncated
    assert merger.add(decode_treadmill_data(bytes.fromhex("0000 2003"))).truncated


def test_a_makers_own_data_that_begin_with_the_services_number_are_not_the_services():
    assert decode_advertisement(bytes.fromhex("06 ff 2618 01 0100")).service_data is None
    assert decode_advertisement(bytes.fromhex("06 16 2618 01 0100")).service_data is not None


def test_the_highest_reserved_bit_of_another_machine_is_told():
    assert 15 in decode_machine_data("2ad2", bytes.fromhex("0180")).unknown_bits
    assert 23 in decode_machine_data("2ace", bytes.fromhex("010080")).unknown_bits
