"""Treadmill Data: what a frame says, what it leaves open, and how halves are joined."""

from __future__ import annotations

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms.treadmill_data import Pace, RecordMerger, decode_treadmill_data
from retroctl.units import REST, Speed


def frame(text: str):
    return decode_treadmill_data(bytes.fromhex(text))


def test_zero_speed_is_a_measurement_and_no_speed_is_none():
    assert frame("0000 0000").measured_speed == REST
    assert frame("0100").measured_speed is None


def test_more_data_is_inverted():
    with_speed, without = frame("0000 2003"), frame("0100")
    assert (with_speed.more_data, with_speed.measured_speed) == (False, Speed(800))
    assert (without.more_data, without.measured_speed) == (True, None)


@pytest.mark.parametrize("data", [b"", b"\x84"])
def test_without_whole_flags_nothing_can_be_said(data):
    with pytest.raises(MalformedFrame) as refused:
        decode_treadmill_data(data)
    assert refused.value.data == data


def test_promised_speed_that_is_missing_is_not_zero():
    cut = frame("0000")
    assert (cut.measured_speed, cut.truncated) == (None, True)


def test_bytearray_from_the_radio_is_kept_as_bytes():
    decoded = decode_treadmill_data(bytearray.fromhex("0000 2003 aa"))
    assert decoded.trailing == b"\xaa"
    assert isinstance(decoded.trailing, bytes)


def test_frame_cut_at_the_default_mtu_keeps_what_came_whole():
    """The 36-byte record against the 20 bytes of an ATT MTU of 23."""
    whole = bytes.fromhex("9e1f 2003 bc02 d20400 0500 1400 6400 3200 6400 f401 08 82 46 2c01 5802 0a00 9600")
    cut = decode_treadmill_data(whole[:20])
    assert cut.truncated
    assert (cut.measured_speed, cut.total_distance_m, cut.total_energy_kcal) == (Speed(800), 1234, 100)
    assert (cut.energy_per_hour_kcal, cut.heart_rate_bpm, cut.elapsed_time_s) == (None, None, None)
    assert cut.trailing == b"\xf4"


@pytest.mark.parametrize(
    ("text", "pace", "elapsed"),
    [("2004 2003 85 2c01", Pace(0x85, 1), 300), ("2004 2003 8500 2c01", Pace(0x85, 2), 300)],
)
def test_pace_has_the_width_that_makes_the_length_come_out(text, pace, elapsed):
    decoded = frame(text)
    assert (decoded.instantaneous_pace, decoded.elapsed_time_s) == (pace, elapsed)
    assert (decoded.pace_undecided, decoded.truncated, decoded.trailing) == (False, False, b"")


@pytest.mark.parametrize(
    ("text", "truncated"),
    [
        ("2004 2003 85 2c", True),  # one byte short for the narrow pace
        ("2004 2003 8500 2c01 00", False),  # one byte over for the wide one
        ("6004 2003 8500 01 2c01", False),  # two paces: between narrow and wide
        ("2024 2003 8500 2c01", False),  # a reserved bit: its field may have any length
    ],
)
def test_pace_of_unknown_width_hides_what_follows_and_nothing_before(text, truncated):
    decoded = frame(text)
    assert decoded.measured_speed == Speed(800)
    assert (decoded.instantaneous_pace, decoded.average_pace, decoded.elapsed_time_s) == (None, None, None)
    assert (decoded.pace_undecided, decoded.truncated) == (True, truncated)
    assert decoded.trailing == bytes.fromhex(text)[4:]


def test_halves_in_the_specified_order_are_joined_when_the_speed_comes():
    merger = RecordMerger()
    first = merger.add(frame("9f0061003600000000ff7f0000ffff05006e0002"))
    assert (first.measured_speed, first.total_distance_m) == (None, 54)
    record = merger.add(frame("001f71000002cc003c06ff7f1a00"))
    assert (record.measured_speed, record.total_distance_m, record.elapsed_time_s) == (Speed(113), 54, 204)
    assert (record.average_speed, record.total_energy_kcal, record.power_output_w) == (Speed(97), 5, 26)


def test_speed_that_comes_first_is_published_without_waiting_for_its_partner():
    merger = RecordMerger()
    assert merger.add(frame("8c052c01040000000000000000ffffff000f00")).measured_speed == Speed(300)
    partner = merger.add(frame("0120000000"))
    assert (partner.measured_speed, partner.unknown_bits) == (None, (13,))


def test_the_speed_of_a_record_is_never_taken_from_another_frame():
    """A frame without a speed says nothing of the belt, however fresh the last speed is."""
    merger = RecordMerger()
    merger.add(frame("0000 2003"))
    assert merger.add(frame("0104 2c01")).measured_speed is None


def test_the_frame_with_the_speed_wins_where_both_halves_say_something():
    merger = RecordMerger()
    merger.add(frame("0104 0100"))
    assert merger.add(frame("0004 2003 0200")).elapsed_time_s == 2


def test_several_halves_are_joined_with_their_remarks():
    merger = RecordMerger()
    merger.add(frame("0140 aa"))
    merger.add(frame("2124 85 2c01"))
    record = merger.add(frame("0401 2003 d2"))
    assert record.measured_speed == Speed(800)
    assert (record.truncated, record.pace_undecided, record.unknown_bits) == (True, True, (13, 14))
    assert record.trailing == bytes.fromhex("aa 852c01 d2")


def test_a_half_serves_one_record_only():
    merger = RecordMerger()
    merger.add(frame("0104 2c01"))
    merger.add(frame("0000 2003"))
    assert merger.add(frame("0000 2003")).elapsed_time_s is None


def test_half_record_is_dropped_at_a_new_connection():
    merger = RecordMerger()
    merger.add(frame("0104 2c01"))
    merger.reset()
    assert merger.add(frame("0000 2003")).elapsed_time_s is None


def test_halves_without_end_do_not_fill_the_memory():
    merger = RecordMerger()
    for _ in range(200):
        merger.add(decode_treadmill_data(b"\x01\x20" + bytes(18)))
    assert len(merger.add(decode_treadmill_data(b"\x00\x00\x64\x00")).trailing) == 512
