"""Fields on the wire: those that fit, and the first that does not."""

from __future__ import annotations

import pytest

from retroctl.ftms.wire import Field, read_fields, set_bits


def test_reading_ends_at_the_first_field_that_does_not_fit():
    """A later, shorter field would fit the stump; it is not taken for it."""
    reading = read_fields(b"\x01\x02\x03", [Field("a", 2), Field("b", 2), Field("c", 1)])
    assert (reading.counts, reading.truncated, reading.trailing) == ({"a": 0x0201}, True, b"\x03")


def test_surplus_bytes_are_kept():
    reading = read_fields(b"\x01\x02", [Field("a", 1)])
    assert (reading.counts, reading.truncated, reading.trailing) == ({"a": 1}, False, b"\x02")


def test_whole_units_stay_whole():
    assert isinstance(Field("a", 1).scale(3), int)
    assert Field("a", 1, per_unit=10).scale(3) == 0.3


def test_count_out_of_range_is_refused_by_name():
    with pytest.raises(ValueError, match="incline: 128 does not fit"):
        Field("incline", 1, signed=True).encode(128)


def test_bits_are_numbered_within_their_bounds():
    assert set_bits(0b1111_0001, first=1, last=5) == (4, 5)
