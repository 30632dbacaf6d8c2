"""What a machine says that it can do, and how far."""

from __future__ import annotations

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms.features import decode_feature
from retroctl.ftms.ranges import (
    SpeedRange,
    SupportedRange,
    decode_heart_rate_range,
    decode_inclination_range,
    decode_power_range,
    decode_resistance_level_range,
    decode_speed_range,
    encode_speed_range,
)
from retroctl.units import Speed


def test_claims_are_readable():
    feature = decode_feature(bytes.fromhex("5c16000003000000"))
    assert feature.target_speed_supported is True
    assert feature.target_inclination_supported is True
    assert feature.heart_rate_measured is True


def test_cleared_claims_are_no():
    feature = decode_feature(bytes(8))
    assert (feature.target_speed_supported, feature.target_inclination_supported) == (False, False)
    assert feature.heart_rate_measured is False


def test_half_a_feature_says_nothing_of_targets():
    feature = decode_feature(bytes(5))
    assert feature.targets is None
    assert (feature.target_speed_supported, feature.target_inclination_supported) == (None, None)
    assert (feature.truncated, feature.trailing) == (True, b"\0")


def test_feature_without_a_whole_word_is_malformed():
    with pytest.raises(MalformedFrame):
        decode_feature(bytes(3))


def test_speed_range_is_in_speeds():
    speed_range = decode_speed_range(bytes.fromhex("320062020a00"))
    assert speed_range == SpeedRange(Speed(50), Speed(610), Speed(10))
    assert speed_range.problem is None
    assert encode_speed_range(speed_range).hex() == "320062020a00"


@pytest.mark.parametrize(
    ("minimum", "maximum", "increment", "word"),
    [
        (80, 2000, 0, "increment is 0"),
        (0, 2000, 10, "lowest speed is 0"),
        (0, 0, 0, "highest speed is 0"),
        (2000, 80, 10, "above its highest"),
        (80, 85, 10, "shorter than one increment"),
        (80, 80, 10, "shorter than one increment"),
        (65535, 65535, 65535, "shorter than one increment"),
    ],
)
def test_absurd_speed_range_is_decoded_and_its_problem_named_in_one_line(minimum, maximum, increment, word):
    data = b"".join(number.to_bytes(2, "little") for number in (minimum, maximum, increment))
    speed_range = decode_speed_range(data)
    assert speed_range == SpeedRange(Speed(minimum), Speed(maximum), Speed(increment))
    problem = speed_range.problem
    assert problem is not None
    assert word in problem
    assert "\n" not in problem


@pytest.mark.parametrize(("minimum", "maximum", "increment"), [(1, 2, 1), (80, 90, 10), (80, 2000, 1920)])
def test_narrowest_usable_ranges_have_no_problem(minimum, maximum, increment):
    assert SpeedRange(Speed(minimum), Speed(maximum), Speed(increment)).problem is None


@pytest.mark.parametrize(
    ("decode", "text", "expected"),
    [
        (decode_inclination_range, "e2ff96000500", SupportedRange(-3.0, 15.0, 0.5)),
        (decode_resistance_level_range, "0a00c8000a00", SupportedRange(1.0, 20.0, 1.0)),
        (decode_heart_rate_range, "50b401", SupportedRange(80, 180, 1)),
        (decode_power_range, "ceff90010a00", SupportedRange(-50, 400, 10)),
    ],
)
def test_other_ranges_are_in_their_units(decode, text, expected):
    data = bytes.fromhex(text)
    assert decode(data) == expected
    assert decode(data + b"\xff") == expected
    for size in range(len(data)):
        with pytest.raises(MalformedFrame):
            decode(data[:size])


def test_speed_range_that_is_cut_is_no_range():
    for size in range(6):
        with pytest.raises(MalformedFrame):
            decode_speed_range(bytes(size))
