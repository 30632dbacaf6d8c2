"""Treadmill Data, read by recipes that are made once, against a reading field by field in the order of the book."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retroctl.ftms.treadmill_data import TreadmillData, decode_treadmill_data
from retroctl.units import Speed

PACES = 0b0110_0000
ELEVATION = (0x7FFF, 0xFFFF)
BOOK = [  # bit, and of each of its fields: name, bytes, signed, counts to a unit, "not available"
    (1, [("average_speed", 2, False, 1, ())]),
    (2, [("total_distance_m", 3, False, 1, ())]),
    (3, [("inclination_percent", 2, True, 10, (0x7FFF,)), ("ramp_angle_degrees", 2, True, 10, (0x7FFF,))]),
    (
        4,
        [
            ("positive_elevation_gain_m", 2, False, 10, ELEVATION),
            ("negative_elevation_gain_m", 2, False, 10, ELEVATION),
        ],
    ),
    (7, [("total_energy_kcal", 2, False, 1, (0xFFFF,)), ("energy_per_hour_kcal", 2, False, 1, (0xFFFF,))]),
    (7, [("energy_per_minute_kcal", 1, False, 1, (0xFF,))]),
    (8, [("heart_rate_bpm", 1, False, 1, ())]),
    (9, [("metabolic_equivalent", 1, False, 10, ())]),
    (10, [("elapsed_time_s", 2, False, 1, ())]),
    (11, [("remaining_time_s", 2, False, 1, ())]),
    (12, [("force_on_belt_n", 2, True, 1, (0x7FFF,)), ("power_output_w", 2, True, 1, (0x7FFF,))]),
]


def plainly(data: bytes) -> TreadmillData:
    flags, rest, found, cut = int.from_bytes(data[:2], "little"), data[2:], {}, False
    wanted = [] if flags & 1 else [("measured_speed", 2, False, 1, ())]
    wanted += [field for bit, fields in BOOK if flags >> bit & 1 for field in fields]
    for name, size, signed, per_unit, nothing in wanted:
        if cut or len(rest) < size:
            cut = True
            continue
        count, rest = int.from_bytes(rest[:size], "little", signed=signed), rest[size:]
        value = count if per_unit == 1 else count / per_unit
        if count not in nothing:
            found[name] = Speed(count) if name.endswith("speed") else value
    unknown = tuple(bit for bit in (13, 14, 15) if flags >> bit & 1)
    return TreadmillData(flags, bool(flags & 1), **found, truncated=cut, unknown_bits=unknown, trailing=rest)


@given(flags=st.integers(0, 0xFFFF).map(lambda flags: flags & ~PACES), body=st.binary(max_size=40))
def test_any_frame_without_a_pace_is_read_as_field_by_field(flags: int, body: bytes) -> None:
    data = flags.to_bytes(2, "little") + body
    for given_as in (data, bytearray(data), memoryview(data), data):
        assert decode_treadmill_data(given_as) == plainly(data)


ENDS = st.sampled_from([b"\0\0", b"\1\0", b"\xff\xff", b"\xff\x7f", b"\0\x80", b"\xfe\x7f"])


@given(flags=st.integers(0, 0x1FFF).map(lambda flags: flags & ~PACES), ends=ENDS)
def test_every_field_at_its_ends(flags: int, ends: bytes) -> None:
    """Zero, one, the largest and the least of signed and unsigned fields, and what says "not available"."""
    for size in range(31):
        data = flags.to_bytes(2, "little") + (ends * 16)[:size]
        assert decode_treadmill_data(data) == plainly(data)
