"""The Control Point: the bytes that move a belt, and the answers to them."""

from __future__ import annotations

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms import control_point
from retroctl.ftms.control_point import (
    ControlPointResponse,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    encode_set_target_speed,
)
from retroctl.ftms.opcodes import ControlPointOp
from retroctl.units import Speed


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        (control_point.encode_request_control(), "00"),
        (control_point.encode_reset(), "01"),
        (control_point.encode_set_target_speed(Speed(80)), "025000"),
        (control_point.encode_start_or_resume(), "07"),
        (control_point.encode_stop(), "0801"),
        (control_point.encode_pause(), "0802"),
    ],
)
def test_requests_of_a_session_are_these_bytes(encoded, expected):
    assert encoded.hex() == expected


@pytest.mark.parametrize("tenths", range(201))
def test_every_tenth_up_to_20_kmh_is_sent_exactly(tenths):
    """Truncating floats sends 2.3 as 2.29; the wire count must be ten times the tenths."""
    assert encode_set_target_speed(Speed.from_kmh(tenths / 10))[1:] == (tenths * 10).to_bytes(2, "little")


@pytest.mark.parametrize(
    ("op", "counts"),
    [
        (ControlPointOp.SET_TARGET_SPEED, (65536,)),
        (ControlPointOp.SET_TARGET_SPEED, (-1,)),
        (ControlPointOp.SET_TARGET_INCLINATION, (32768,)),
        (ControlPointOp.SET_TARGET_INCLINATION, (-32769,)),
        (ControlPointOp.SET_TARGET_RESISTANCE_LEVEL, (32768,)),
        (ControlPointOp.SET_TARGET_HEART_RATE, (256,)),
        (ControlPointOp.SET_TARGETED_DISTANCE, (1 << 24,)),
        (ControlPointOp.STOP_OR_PAUSE, ()),
        (ControlPointOp.START_OR_RESUME, (1,)),
        (ControlPointOp.RESPONSE_CODE, ()),
    ],
)
def test_what_does_not_fit_the_wire_is_refused(op, counts):
    with pytest.raises(ValueError, match=r"does not fit|takes \d|not a request"):
        encode_request(op, *counts)


@pytest.mark.parametrize(("level", "expected"), [(0, "0400"), (255, "04ff"), (256, "040001"), (-1, "04ffff")])
def test_resistance_level_takes_a_second_byte_only_when_it_must(level, expected):
    assert encode_request(ControlPointOp.SET_TARGET_RESISTANCE_LEVEL, level).hex() == expected


def test_request_gives_its_target_speed_and_stop_action():
    assert decode_request(bytes.fromhex("022003")).target_speed == Speed(800)
    assert decode_request(bytes.fromhex("0802")).stop_action == 2
    stop = decode_request(bytes.fromhex("08"))
    assert (stop.stop_action, stop.truncated) == (None, True)


@pytest.mark.parametrize("text", ["0220", "07", "030100"])
def test_request_without_a_whole_target_speed_gives_none(text):
    assert decode_request(bytes.fromhex(text)).target_speed is None
    assert decode_request(bytes.fromhex(text)).stop_action is None


def test_unknown_request_keeps_its_number_and_bytes():
    request = decode_request(bytes.fromhex("4201ff"))
    assert (request.op, dict(request.counts), request.trailing) == (0x42, {}, b"\x01\xff")


def test_response_names_request_result_and_parameter():
    assert decode_response(bytes.fromhex("800804")) == ControlPointResponse(request_op=8, result=4)
    assert decode_response(bytearray.fromhex("80130178 05c409")).parameter == bytes.fromhex("7805c409")


def test_response_keeps_numbers_that_the_specification_does_not_know():
    assert decode_response(bytes.fromhex("8077fe")) == ControlPointResponse(request_op=0x77, result=0xFE)


@pytest.mark.parametrize("text", ["", "80", "8007", "070100", "000001"])
def test_what_is_no_response_is_malformed(text):
    with pytest.raises(MalformedFrame):
        decode_response(bytes.fromhex(text))


def test_empty_request_is_malformed():
    with pytest.raises(MalformedFrame):
        decode_request(b"")


def test_response_that_is_no_byte_is_refused():
    with pytest.raises(ValueError, match="range"):
        encode_response(ControlPointResponse(request_op=256, result=1))
