"""The simulator's own bytes of the Fitness Machine Service.

Written from the tables of the specification (FTMS v1.0.1, chapter 4) and independent of the program's codec
on purpose: an error made twice in the same way would otherwise be invisible. Everything is little-endian.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_U8, _U16, _S16, _U32 = (struct.Struct(code).pack for code in ("<B", "<H", "<h", "<I"))
_TWO_U16, _TWO_S16 = (struct.Struct(code).pack for code in ("<HH", "<hh"))
_RECORD_HEAD, _ENERGY = struct.Struct("<HH").pack, struct.Struct("<HHB").pack

MORE_DATA = 1 << 0
"""Treadmill Data flag, inverted: when set, Instantaneous Speed is absent and another notification follows."""
AVERAGE_SPEED = 1 << 1
TOTAL_DISTANCE = 1 << 2
INCLINATION = 1 << 3
ELEVATION_GAIN = 1 << 4
ENERGY = 1 << 7
HEART_RATE = 1 << 8
METABOLIC_EQUIVALENT = 1 << 9
ELAPSED_TIME = 1 << 10
REMAINING_TIME = 1 << 11
FORCE_AND_POWER = 1 << 12

_NOT_AVAILABLE_S16 = 0x7FFF


class TreadmillRecord(NamedTuple):
    """One measurement in wire units; None = the sentinel "not available" where the format has one, else 0."""

    speed: int
    """0.01 km/h."""
    average_speed: int = 0
    """0.01 km/h."""
    distance_m: int = 0
    incline: int | None = None
    """0.1 %."""
    ramp: int | None = None
    """0.1 degree."""
    gain: int = 0
    """0.1 m."""
    loss: int = 0
    """0.1 m."""
    energy_kcal: int | None = None
    energy_per_hour_kcal: int | None = None
    energy_per_min_kcal: int | None = None
    heart_rate_bpm: int = 0
    met: int = 0
    """0.1."""
    elapsed_s: int = 0
    remaining_s: int = 0
    force_n: int | None = None
    power_w: int | None = None


def _capped(value: int, top: int = 0xFFFF) -> int:
    """Counters that have run out of bits stay at their last value."""
    return value if value <= top else top  # noqa: FURB136 - three times a record, and a call of min costs more


def _pair(first: int | None, second: int | None) -> bytes:
    none = _NOT_AVAILABLE_S16
    return _TWO_S16(none if first is None else first, none if second is None else second)


def _energy(r: TreadmillRecord) -> bytes:
    total, per_hour, per_min = r.energy_kcal, r.energy_per_hour_kcal, r.energy_per_min_kcal
    return _ENERGY(
        0xFFFF if total is None else _capped(total),
        0xFFFF if per_hour is None else per_hour,
        0xFF if per_min is None else per_min,
    )


_FIELDS: tuple[tuple[int, Callable[[TreadmillRecord], bytes]], ...] = (
    (AVERAGE_SPEED, lambda r: _U16(_capped(r.average_speed))),
    (TOTAL_DISTANCE, lambda r: _capped(r.distance_m, 0xFFFFFF).to_bytes(3, "little")),
    (INCLINATION, lambda r: _pair(r.incline, r.ramp)),
    (ELEVATION_GAIN, lambda r: _TWO_U16(_capped(r.gain), _capped(r.loss))),
    (ENERGY, _energy),
    (HEART_RATE, lambda r: _U8(r.heart_rate_bpm)),
    (METABOLIC_EQUIVALENT, lambda r: _U8(r.met)),
    (ELAPSED_TIME, lambda r: _U16(_capped(r.elapsed_s))),
    (REMAINING_TIME, lambda r: _U16(_capped(r.remaining_s))),
    (FORCE_AND_POWER, lambda r: _pair(r.force_n, r.power_w)),
)
"""In the order of the wire (section 4.9.1). The two pace fields are left out: their width is disputed."""


@lru_cache(maxsize=64)
def _chosen(flags: int) -> tuple[tuple[int, Callable[[TreadmillRecord], bytes]], ...]:
    return tuple(field for field in _FIELDS if flags & field[0])


def treadmill_data(record: TreadmillRecord, flags: int) -> bytes:
    """One whole Treadmill Data record (2ACD, section 4.9.1) with the fields of `flags`, however long it is.

    Bits of `flags` that stand for no known field are sent as they are, with nothing behind them.
    """
    flags &= ~MORE_DATA
    return _RECORD_HEAD(flags, record.speed) + b"".join([encode(record) for _, encode in _chosen(flags)])


def split_treadmill_data(record: TreadmillRecord, flags: int, payload: int) -> list[bytes]:
    """Split the record into notifications of at most `payload` bytes; all but the last carry More Data and no speed.

    Section 4.9.1.1. The speed travels in the last notification.
    """
    whole = treadmill_data(record, flags)
    if len(whole) <= payload:
        return [whole]
    waiting = [(bit, encode(record)) for bit, encode in _chosen(flags)]
    frames: list[bytes] = []
    while 4 + sum(len(field) for _, field in waiting) > payload:
        bits, body = MORE_DATA, b""
        while waiting and 2 + len(body) + len(waiting[0][1]) <= payload:
            bit, field = waiting.pop(0)
            bits, body = bits | bit, body + field
        if not body:
            raise ValueError(f"a payload of {payload} bytes cannot carry the fields of a record")
        frames.append(_U16(bits) + body)
    bits = sum(bit for bit, _ in waiting)
    frames.append(_RECORD_HEAD(bits, record.speed) + b"".join(field for _, field in waiting))
    return frames


def feature(features: int, targets: int) -> bytes:
    """Fitness Machine Feature (2ACC, section 4.3): two u32 bit fields."""
    return _U32(features) + _U32(targets)


def speed_range(minimum: int, maximum: int, increment: int) -> bytes:
    """Supported Speed Range (2AD4, section 4.14): three u16 in 0.01 km/h."""
    return _U16(minimum) + _U16(maximum) + _U16(increment)


def incline_range(minimum: int, maximum: int, increment: int) -> bytes:
    """Supported Inclination Range (2AD5): s16, s16, u16 in 0.1 %."""
    return _S16(minimum) + _S16(maximum) + _U16(increment)


def training_status(status: int, text: str = "") -> bytes:
    """Training Status (2AD3, section 4.10): flags u8 (bit 0 = a string follows), status u8, UTF-8."""
    return _U8(1 if text else 0) + _U8(status) + text.encode()


def machine_status(op: int, parameter: bytes = b"") -> bytes:
    """Fitness Machine Status (2ADA, section 4.17): op code u8 and its parameter."""
    return _U8(op) + parameter


def speed_changed(target: int) -> bytes:
    """Machine Status 05: the target speed in 0.01 km/h."""
    return machine_status(0x05, _U16(target))


def incline_changed(target: int) -> bytes:
    """Machine Status 06: the target inclination in 0.1 %."""
    return machine_status(0x06, _S16(target))


def response(op: int, result: int, parameter: bytes = b"") -> bytes:
    """Control Point response (section 4.16.2.22): 80, the request's op code, the result code, a parameter."""
    return bytes((0x80, op, result)) + parameter


def service_data(*, available: bool = True, machine_type: int = 0x0001) -> bytes:
    """Advertised Service Data of 1826 (section 3.1): flags u8 (bit 0 available), machine type u16 (bit 0 treadmill)."""
    return _U8(available) + _U16(machine_type)
