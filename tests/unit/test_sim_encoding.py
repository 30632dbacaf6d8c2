"""The simulator's bytes against the tables of the specification and against frames seen on the air."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import encoding as wire
from simulators.encoding import TreadmillRecord, split_treadmill_data, treadmill_data

FULL = (
    wire.AVERAGE_SPEED
    | wire.TOTAL_DISTANCE
    | wire.INCLINATION
    | wire.ELEVATION_GAIN
    | wire.ENERGY
    | wire.HEART_RATE
    | wire.METABOLIC_EQUIVALENT
    | wire.ELAPSED_TIME
    | wire.REMAINING_TIME
    | wire.FORCE_AND_POWER
)


@pytest.mark.parametrize(
    ("flags", "record", "expected"),
    [
        (0, TreadmillRecord(0), "00000000"),
        (0x0484, TreadmillRecord(100, distance_m=20, energy_kcal=2, elapsed_s=63), "840464001400000200ffffff3f00"),
        (
            0x058C,
            TreadmillRecord(400, distance_m=32, incline=0, ramp=0, energy_kcal=1, elapsed_s=45),
            "8c059001200000000000000100ffffff002d00",
        ),
        (
            0x059E,
            TreadmillRecord(
                1303, 658, 251, incline=0, ramp=None, gain=124, loss=32767, energy_kcal=27, heart_rate_bpm=105,
                elapsed_s=138,
            ),
            "9e0517059202fb00000000ff7f7c00ff7f1b00ffffff698a00",
        ),
    ],
)  # fmt: skip
def test_records_have_the_bytes_of_real_machines(flags, record, expected):
    assert treadmill_data(record, flags).hex() == expected


def test_a_full_record_without_pace_is_36_bytes_less_the_pace_fields():
    assert len(treadmill_data(TreadmillRecord(0), FULL)) == 2 + 2 + 2 + 3 + 4 + 4 + 5 + 1 + 1 + 2 + 2 + 4


def test_a_split_record_is_cut_where_a_real_machine_cuts_it():
    record = TreadmillRecord(
        113, average_speed=97, distance_m=54, incline=0, loss=65535, energy_kcal=5, energy_per_hour_kcal=110,
        energy_per_min_kcal=2, met=2, elapsed_s=204, remaining_s=1596, power_w=26,
    )  # fmt: skip
    first, last = split_treadmill_data(record, 0x1F9E, 20)
    assert first.hex() == "9f0061003600000000ff7f0000ffff05006e0002"
    assert last.hex() == "001f71000002cc003c06ff7f1a00"


@given(st.integers(0, 0x1FFF), st.integers(13, 60))
def test_the_pieces_of_a_record_fit_the_payload_and_hold_each_field_once(flags, payload):
    flags &= FULL
    record = TreadmillRecord(517, 400, 70000, 5, 6, 7, 8, 9, 10, 11, 120, 13, 14, 15, 16, 17)
    frames = split_treadmill_data(record, flags, payload)
    heads = [int.from_bytes(frame[:2], "little") for frame in frames]
    assert all(len(frame) <= payload for frame in frames)
    assert all(head & wire.MORE_DATA for head in heads[:-1])
    assert not heads[-1] & wire.MORE_DATA
    fields = [head & ~wire.MORE_DATA for head in heads]
    assert sum(fields) == flags
    whole = treadmill_data(record, flags)
    assert b"".join(frame[2:] for frame in frames[:-1]) + frames[-1][4:] == whole[4:]
    assert frames[-1][2:4] == whole[2:4]


def test_a_payload_too_small_for_a_field_is_an_error():
    with pytest.raises(ValueError, match="cannot carry"):
        split_treadmill_data(TreadmillRecord(0), wire.ENERGY | wire.INCLINATION, 6)


def test_counters_stay_at_their_last_value():
    data = treadmill_data(TreadmillRecord(0, distance_m=1 << 30, elapsed_s=1 << 20), 0x0404)
    assert data.hex() == "04040000" + "ffffff" + "ffff"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (wire.feature(0x1245, 1), "4512000001000000"),
        (wire.speed_range(50, 610, 10), "320062020a00"),
        (wire.incline_range(0, 120, 1), "000078000100"),
        (wire.incline_range(-30, 150, 5), "e2ff96000500"),
        (wire.training_status(1), "0001"),
        (wire.training_status(0x0D, "Go"), "010d476f"),
        (wire.machine_status(0x03), "03"),
        (wire.machine_status(0x02, b"\x01"), "0201"),
        (wire.speed_changed(105), "056900"),
        (wire.incline_changed(-15), "06f1ff"),
        (wire.response(0x02, 0x03), "800203"),
        (wire.response(0x13, 0x01, b"\x07"), "80130107"),
        (wire.service_data(), "010100"),
        (wire.service_data(available=False, machine_type=0x21), "002100"),
    ],
)
def test_the_other_characteristics_have_the_bytes_of_the_tables(made, expected):
    assert made.hex() == expected
