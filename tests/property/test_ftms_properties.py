"""Whatever comes, a decoder gives a value or says MalformedFrame; and what is encoded decodes to itself."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retroctl.errors import ConfigError, MalformedFrame
from retroctl.ftms.advertisement import decode_advertisement, decode_service_data
from retroctl.ftms.control_point import (
    ControlPointResponse,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)
from retroctl.ftms.describe import describe
from retroctl.ftms.features import decode_feature
from retroctl.ftms.heart_rate import decode_heart_rate
from retroctl.ftms.machine_status import decode_machine_status, encode_machine_status
from retroctl.ftms.opcodes import ControlPointOp, MachineStatusOp
from retroctl.ftms.parameters import notification_fields, request_fields
from retroctl.ftms.ranges import (
    SpeedRange,
    decode_heart_rate_range,
    decode_inclination_range,
    decode_power_range,
    decode_resistance_level_range,
    decode_speed_range,
    encode_speed_range,
)
from retroctl.ftms.training_status import decode_training_status
from retroctl.ftms.treadmill_data import RecordMerger, decode_treadmill_data
from retroctl.units import Speed

DECODERS = [
    decode_feature,
    decode_heart_rate,
    decode_heart_rate_range,
    decode_inclination_range,
    decode_machine_status,
    decode_power_range,
    decode_request,
    decode_resistance_level_range,
    decode_response,
    decode_speed_range,
    decode_training_status,
    decode_treadmill_data,
]
CHARACTERISTICS = (
    "2acc 2acd 2ad3 2ad4 2ad5 2ad6 2ad7 2ad8 2ad9 2ada 2a37 adv 2ace 2ad1 2ad2".split()  # noqa: SIM905 - reads better
)
FRAMES = st.binary(max_size=512)
speeds = st.builds(Speed, st.integers(0, 0xFFFF))


@pytest.mark.parametrize("decode", DECODERS, ids=lambda decode: decode.__name__)
@given(data=FRAMES)
def test_any_bytes_give_a_value_or_malformed_frame(decode, data):
    try:
        first = decode(data)
    except MalformedFrame as refused:
        assert refused.data == data  # noqa: PT017 - a value is as right an answer
        assert len(data) < 6 or decode is decode_response
    else:
        assert first == decode(bytearray(data))


@given(data=FRAMES)
def test_what_is_advertised_is_never_refused(data):
    assert len(decode_service_data(data).trailing) == max(0, len(data) - 3)
    assert len(decode_advertisement(data).trailing) <= len(data)


@pytest.mark.parametrize("char", CHARACTERISTICS)
@given(data=FRAMES)
@example(data=bytes(512))
@example(data=b"\xff" * 512)
@example(data=b"\xff\x7f" * 256)
def test_description_is_plain_json_or_malformed_frame(char, data):
    try:
        described = describe(char, data)
    except MalformedFrame:
        assert len(data) < 4
        return
    assert list(described) == ["char", "fields", "truncated", "unknown_bits", "trailing"]
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert data.endswith(bytes.fromhex(described["trailing"])) or char == "adv"  # padding is not trailing


@given(char=st.text(max_size=40), data=FRAMES)
def test_any_text_as_characteristic_is_answered_or_refused(char, data):
    try:
        assert describe(char, data)["char"] in CHARACTERISTICS
    except (ConfigError, MalformedFrame) as refused:
        assert str(refused)  # noqa: PT017 - either is a right answer


# An oracle of its own for Treadmill Data: the table of the specification as struct codes, nothing of the decoder's.
FIELDS = {
    1: [("average_speed", "H", None, Speed)],
    2: [("total_distance_m", "U", None, int)],
    3: [
        ("inclination_percent", "h", {0x7FFF}, lambda count: count / 10),
        ("ramp_angle_degrees", "h", {0x7FFF}, lambda count: count / 10),
    ],
    4: [
        ("positive_elevation_gain_m", "H", {0x7FFF, 0xFFFF}, lambda count: count / 10),
        ("negative_elevation_gain_m", "H", {0x7FFF, 0xFFFF}, lambda count: count / 10),
    ],
    7: [
        ("total_energy_kcal", "H", {0xFFFF}, int),
        ("energy_per_hour_kcal", "H", {0xFFFF}, int),
        ("energy_per_minute_kcal", "B", {0xFF}, int),
    ],
    8: [("heart_rate_bpm", "B", None, int)],
    9: [("metabolic_equivalent", "B", None, lambda count: count / 10)],
    10: [("elapsed_time_s", "H", None, int)],
    11: [("remaining_time_s", "H", None, int)],
    12: [("force_on_belt_n", "h", {0x7FFF}, int), ("power_output_w", "h", {0x7FFF}, int)],
}
BOUNDS = {"H": (0, 0xFFFF), "h": (-0x8000, 0x7FFF), "B": (0, 0xFF), "U": (0, 0xFFFFFF)}


def _pack(code: str, count: int) -> bytes:
    return struct.pack("<I", count)[:3] if code == "U" else struct.pack(f"<{code}", count)


@st.composite
def treadmill_frames(draw):
    """Bytes of a frame without a pace, and what is in it; sentinels and limits come up often."""
    bits = draw(st.sets(st.sampled_from(sorted(FIELDS))))
    more_data = draw(st.booleans())
    flags = sum(1 << bit for bit in bits) | more_data
    body, expected = b"", {}
    layout = [] if more_data else [("measured_speed", "H", None, Speed)]
    for bit in sorted(bits):
        layout += FIELDS[bit]
    ends = []
    for name, code, unavailable, convert in layout:
        low, high = BOUNDS[code]
        count = draw(st.integers(low, high) | st.sampled_from([low, high, 0, min(high, 0x7FFF)]))
        body += _pack(code, count)
        expected[name] = None if unavailable and count in unavailable else convert(count)
        ends.append((len(body), name))
    return struct.pack("<H", flags), body, expected, ends


@given(treadmill_frames(), st.integers(0, 40))
def test_treadmill_data_says_what_was_put_in_and_a_cut_frame_only_what_came_whole(frame, cut):
    flags, body, expected, ends = frame
    body_as_sent = body[:cut]
    decoded = decode_treadmill_data(flags + body_as_sent)
    whole = {name for end, name in ends if end <= cut}
    for fields in FIELDS.values():
        for name, *_ in fields:
            assert getattr(decoded, name) == (expected[name] if name in whole else None)
    assert decoded.measured_speed == (expected["measured_speed"] if "measured_speed" in whole else None)
    assert decoded.truncated == (cut < len(body))
    last_end = max((end for end, _ in ends if end <= cut), default=0)
    assert decoded.trailing == body_as_sent[last_end:]
    assert (decoded.unknown_bits, decoded.pace_undecided) == ((), False)


@given(frames=st.lists(st.builds(bytes, st.lists(st.integers(0, 255), min_size=2, max_size=40)), max_size=8))
def test_merger_publishes_each_frame_with_its_own_speed_and_keeps_every_field_of_it(frames):
    merger = RecordMerger()
    for data in frames:
        frame = decode_treadmill_data(data)
        record = merger.add(frame)
        assert (record.measured_speed, record.flags) == (frame.measured_speed, frame.flags)
        for name in ("elapsed_time_s", "heart_rate_bpm", "total_distance_m", "average_speed"):
            own = getattr(frame, name)
            assert own is None or getattr(record, name) == own


@st.composite
def parameters(draw, fields):
    return [
        draw(
            st.integers(-(1 << 8 * field.size - 1), (1 << 8 * field.size - 1) - 1)
            if field.signed
            else st.integers(0, (1 << 8 * field.size) - 1)
        )
        for field in fields
    ]


@given(data=st.data(), op=st.sampled_from([op for op in ControlPointOp if op != ControlPointOp.RESPONSE_CODE]))
def test_every_request_decodes_to_what_was_encoded(data, op):
    counts = data.draw(parameters(request_fields(op, 2)))
    decoded = decode_request(encode_request(op, *counts))
    assert (decoded.op, list(decoded.counts.values())) == (op, counts)
    assert (decoded.truncated, decoded.trailing) == (False, b"")


@given(data=st.data(), op=st.sampled_from(list(MachineStatusOp)))
def test_every_status_decodes_to_what_was_encoded(data, op):
    counts = data.draw(parameters(notification_fields(op, 2)))
    decoded = decode_machine_status(encode_machine_status(op, *counts))
    assert (decoded.op, list(decoded.counts.values())) == (op, counts)
    assert (decoded.truncated, decoded.trailing) == (False, b"")


@given(st.builds(ControlPointResponse, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=17)))
def test_every_response_decodes_to_what_was_encoded(response):
    assert decode_response(encode_response(response)) == response


@given(st.builds(SpeedRange, speeds, speeds, speeds))
def test_every_speed_range_decodes_to_what_was_encoded_and_is_judged_without_error(speed_range):
    assert decode_speed_range(encode_speed_range(speed_range)) == speed_range
    usable = (
        0 < speed_range.increment.hundredths <= speed_range.maximum.hundredths - speed_range.minimum.hundredths
        and speed_range.minimum.hundredths > 0
    )
    assert (speed_range.problem is None) == usable
