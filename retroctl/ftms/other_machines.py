"""The data of bikes, cross trainers and rowers, for diagnosis only: so that nobody reads one as a treadmill's.

FTMS v1.0.1, sections 4.4 (Cross Trainer Data), 4.7 (Rower Data), 4.8 (Indoor Bike Data).
"""

from __future__ import annotations

from dataclasses import dataclass

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, read_fields, set_bits

_NO_ENERGY = frozenset({0xFFFF})

_SPEED = (Field("speed_kmh", 2, per_unit=100),)
_AVERAGE_SPEED = (Field("avg_speed_kmh", 2, per_unit=100),)
_DISTANCE = (Field("distance_m", 3),)
_RESISTANCE = (Field("resistance_raw", 2, signed=True),)
_POWER = (Field("power_w", 2, signed=True),)
_AVERAGE_POWER = (Field("avg_power_w", 2, signed=True),)
_ENERGY = (
    Field("energy_kcal", 2, unavailable=_NO_ENERGY),
    Field("energy_per_hour_kcal", 2, unavailable=_NO_ENERGY),
    Field("energy_per_min_kcal", 1, unavailable=frozenset({0xFF})),
)
_HEART_RATE = (Field("heart_rate_bpm", 1),)
_MET = (Field("met", 1, per_unit=10),)
_ELAPSED = (Field("elapsed_s", 2),)
_REMAINING = (Field("remaining_s", 2),)


@dataclass(frozen=True, slots=True)
class _Layout:
    title: str
    flags_size: int
    without_more_data: tuple[Field, ...]
    """Present while bit 0, More Data, is clear."""
    by_bit: tuple[tuple[Field, ...], ...]
    """From bit 1 up; every bit above is reserved."""


_LAYOUTS = {
    "2ace": _Layout(
        "Cross Trainer Data",
        3,
        _SPEED,
        (
            _AVERAGE_SPEED,
            _DISTANCE,
            (Field("steps_per_min", 2), Field("avg_steps_per_min", 2)),
            (Field("strides", 2, per_unit=10),),
            (Field("gain_m", 2), Field("loss_m", 2)),
            (Field("incline_pct", 2, signed=True, per_unit=10), Field("ramp_deg", 2, signed=True, per_unit=10)),
            _RESISTANCE,
            _POWER,
            _AVERAGE_POWER,
            _ENERGY,
            _HEART_RATE,
            _MET,
            _ELAPSED,
            _REMAINING,
            (),  # bit 15: the direction of movement, a flag without a field
        ),
    ),
    "2ad1": _Layout(
        "Rower Data",
        2,
        (Field("stroke_rate_per_min", 1, per_unit=2), Field("strokes", 2)),
        (
            (Field("avg_stroke_rate_per_min", 1, per_unit=2),),
            _DISTANCE,
            (Field("pace_s_per_500m", 2),),
            (Field("avg_pace_s_per_500m", 2),),
            _POWER,
            _AVERAGE_POWER,
            _RESISTANCE,
            _ENERGY,
            _HEART_RATE,
            _MET,
            _ELAPSED,
            _REMAINING,
        ),
    ),
    "2ad2": _Layout(
        "Indoor Bike Data",
        2,
        _SPEED,
        (
            _AVERAGE_SPEED,
            (Field("cadence_rpm", 2, per_unit=2),),
            (Field("avg_cadence_rpm", 2, per_unit=2),),
            _DISTANCE,
            _RESISTANCE,
            _POWER,
            _AVERAGE_POWER,
            _ENERGY,
            _HEART_RATE,
            _MET,
            _ELAPSED,
            _REMAINING,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class MachineData:
    """One notification of another machine; `values` in the unit that each name ends in, None for "not available"."""

    flags: int
    flags_size: int
    more_data: bool
    values: dict[str, float | None]
    unknown_bits: tuple[int, ...]
    truncated: bool
    trailing: bytes


def decode_machine_data(characteristic: str, data: bytes) -> MachineData:
    """Read 2ace, 2ad1 or 2ad2. Raises MalformedFrame when not even the flags are whole, KeyError for another one."""
    layout = _LAYOUTS[characteristic]
    if len(data) < layout.flags_size:
        raise MalformedFrame(f"{layout.title} needs at least its {layout.flags_size} bytes of flags", data)
    flags = int.from_bytes(data[: layout.flags_size], "little")
    more_data = bool(flags & 1)
    fields = [] if more_data else list(layout.without_more_data)
    for bit, of_bit in enumerate(layout.by_bit, start=1):
        if flags >> bit & 1:
            fields.extend(of_bit)
    reading = read_fields(data[layout.flags_size :], fields)
    return MachineData(
        flags=flags,
        flags_size=layout.flags_size,
        more_data=more_data,
        values={
            field.name: None if count in field.unavailable else field.scale(count)
            for field, count in zip(fields, reading.counts.values(), strict=False)
        },
        unknown_bits=set_bits(flags, first=len(layout.by_bit) + 1, last=8 * layout.flags_size - 1),
        truncated=reading.truncated,
        trailing=reading.trailing,
    )
