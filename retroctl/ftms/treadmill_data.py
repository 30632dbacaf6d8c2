"""Treadmill Data 0x2ACD: what the machine says of itself, about once a second (FTMS v1.0.1, section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, set_bits
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

_FLAGS_SIZE = 2
_MORE_DATA = 1 << 0
_PACE_BITS = (5, 6)
_FIRST_RESERVED_BIT = 13

# The specification names a "not available" value for these; for the elevation gains it names none, and
# machines send either of the two that the other fields use.
_NO_SIGNED = frozenset({0x7FFF})
_NO_ENERGY = frozenset({0xFFFF})
_NO_ENERGY_PER_MINUTE = frozenset({0xFF})
_NO_ELEVATION = frozenset({0x7FFF, 0xFFFF})

# Named as the fields of TreadmillData are.
_INSTANTANEOUS_SPEED = Field("measured_speed", 2)
_FIELDS_OF_BIT: dict[int, tuple[Field, ...]] = {
    1: (Field("average_speed", 2),),
    2: (Field("total_distance_m", 3),),
    3: (
        Field("inclination_percent", 2, signed=True, per_unit=10, unavailable=_NO_SIGNED),
        Field("ramp_angle_degrees", 2, signed=True, per_unit=10, unavailable=_NO_SIGNED),
    ),
    4: (
        Field("positive_elevation_gain_m", 2, per_unit=10, unavailable=_NO_ELEVATION),
        Field("negative_elevation_gain_m", 2, per_unit=10, unavailable=_NO_ELEVATION),
    ),
    # Bits 5 and 6, the paces, have a width that depends on the edition the machine was built after: see _pace_width.
    7: (
        Field("total_energy_kcal", 2, unavailable=_NO_ENERGY),
        Field("energy_per_hour_kcal", 2, unavailable=_NO_ENERGY),
        Field("energy_per_minute_kcal", 1, unavailable=_NO_ENERGY_PER_MINUTE),
    ),
    8: (Field("heart_rate_bpm", 1),),
    9: (Field("metabolic_equivalent", 1, per_unit=10),),
    10: (Field("elapsed_time_s", 2),),
    11: (Field("remaining_time_s", 2),),
    12: (
        Field("force_on_belt_n", 2, signed=True, unavailable=_NO_SIGNED),
        Field("power_output_w", 2, signed=True, unavailable=_NO_SIGNED),
    ),
}
_PACE_NAMES = {5: "instantaneous_pace", 6: "average_pace"}
_SPEEDS = frozenset({"measured_speed", "average_speed"})

_CODES: Final = {(1, False): "B", (2, False): "H", (2, True): "h", (3, False): "3s"}
"""Size and sign of a field to its code in `struct`, which has none for three bytes: those are decoded by the field."""

_SHAPES_KEPT: Final = 64
"""A machine sends records of one or two shapes; whoever sends others by chance must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A pace as sent. `width` 1: `count` in 0.1 km/min (older editions); 2: in seconds per 500 m (the present one)."""

    count: int
    width: int


@dataclass(frozen=True, slots=True)
class TreadmillData:
    """One notification, or one record merged from several. None: not in the frame, not available, or cut off.

    `measured_speed` None means that this frame says nothing of the speed; a speed of zero is a measurement.
    """

    flags: int
    more_data: bool
    """The machine announced a further notification of the same record; such a frame carries no speed."""
    measured_speed: Speed | None = None
    average_speed: Speed | None = None
    total_distance_m: int | None = None
    inclination_percent: float | None = None
    ramp_angle_degrees: float | None = None
    positive_elevation_gain_m: float | None = None
    negative_elevation_gain_m: float | None = None
    instantaneous_pace: Pace | None = None
    average_pace: Pace | None = None
    pace_undecided: bool = False
    """The flags promise a pace whose width could not be told: it and everything behind it are unknown."""
    total_energy_kcal: int | None = None
    energy_per_hour_kcal: int | None = None
    energy_per_minute_kcal: int | None = None
    heart_rate_bpm: int | None = None
    """As sent: 0 usually means that the machine has no sensor."""
    metabolic_equivalent: float | None = None
    elapsed_time_s: int | None = None
    remaining_time_s: int | None = None
    force_on_belt_n: int | None = None
    power_output_w: int | None = None
    truncated: bool = False
    """The flags promise more than came. What came whole is here."""
    unknown_bits: tuple[int, ...] = ()
    """Reserved flag bits found set."""
    trailing: bytes = b""
    """Bytes not understood: after the last known field, the stump of a cut one, or all from an undecided pace on."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that follows from the flags and the length alone: worked out once for each, since it is always the same."""

    unpack: Callable[[bytes], tuple[Any, ...]]
    """Gives what stands on the wire for each of `fields`."""
    fields: tuple[tuple[str, frozenset[int], Callable[[Any], Any] | None], ...]
    """The name in TreadmillData, the counts that mean "not available", and what is made of others; None = the count."""
    always: dict[str, Any]
    """Fields of TreadmillData that are the same in every notification of this shape."""
    known_end: int
    """From here on the bytes are not understood."""


def decode_treadmill_data(data: bytes) -> TreadmillData:
    """Read one notification of 0x2ACD. Raises MalformedFrame when not even the flags are whole (fewer than 2 bytes)."""
    if len(data) < _FLAGS_SIZE:
        raise MalformedFrame("Treadmill Data needs at least its 2 bytes of flags", data)
    shape = _shape(data[0] | data[1] << 8, len(data) - _FLAGS_SIZE)
    values = shape.always.copy()
    for (name, unavailable, make), count in zip(shape.fields, shape.unpack(data), strict=True):
        if count not in unavailable:
            values[name] = count if make is None else make(count)
    return TreadmillData(**values, trailing=bytes(data[shape.known_end :]))


@lru_cache(maxsize=_SHAPES_KEPT)
def _shape(flags: int, body_size: int) -> _Shape:
    pace_width = _pace_width(flags, body_size)
    layout = _layout(flags, pace_width)
    undecided = pace_width is None and _pace_count(flags) > 0
    fitting, end = list[Field](), _FLAGS_SIZE
    for field in layout:
        if end + field.size > _FLAGS_SIZE + body_size:
            break  # the later ones have no place
        fitting.append(field)
        end += field.size
    # With an undecided pace the layout ends before it; the frame is surely cut when even the narrow one has no room.
    promised = _layout(flags, 1) if undecided else layout
    always = {
        "flags": flags,
        "more_data": bool(flags & _MORE_DATA),
        "pace_undecided": undecided,
        "truncated": body_size < _size(promised),
        "unknown_bits": set_bits(flags, first=_FIRST_RESERVED_BIT, last=15),
    }
    codes = "".join(_CODES[field.size, field.signed] for field in fitting)
    unpack = Struct(f"<{_FLAGS_SIZE}x{codes}").unpack_from
    return _Shape(unpack, tuple((each.name, each.unavailable, _maker(each)) for each in fitting), always, end)


def _maker(field: Field) -> Callable[[Any], Any] | None:
    if field.name in _SPEEDS:
        return Speed
    if field.name in _PACE_NAMES.values():
        return lambda count: Pace(count, field.size)
    if field.size not in (1, 2):
        return field.decode
    return None if field.per_unit == 1 else field.scale


class RecordMerger:
    """Joins the notifications of a record, whichever comes first, and never holds one back to wait for another.

    By specification the notification with the speed comes last; real machines also send it first. So each is
    published as it comes: one with a speed together with the halves before it, one without just as it is
    (its fields are known already then). Keeps at most one half record.
    """

    def __init__(self) -> None:
        self._half: TreadmillData | None = None

    def add(self, frame: TreadmillData) -> TreadmillData:
        """Take the next notification in order; give what it adds to the picture. The speed is always its own."""
        joined = frame if self._half is None else _join(self._half, frame)
        if frame.more_data:
            self._half = joined
            return frame
        self._half = None
        return joined

    def reset(self) -> None:
        """Drop a half record: at a new connection its other half will not come (FTMS v1.0.1, section 4.18)."""
        self._half = None


def _join(earlier: TreadmillData, later: TreadmillData) -> TreadmillData:
    missing = {
        field.name: getattr(earlier, field.name) for field in fields(later) if getattr(later, field.name) is None
    }
    return replace(
        later,
        **missing,
        pace_undecided=earlier.pace_undecided or later.pace_undecided,
        truncated=earlier.truncated or later.truncated,
        unknown_bits=tuple(sorted({*earlier.unknown_bits, *later.unknown_bits})),
        trailing=earlier.trailing + later.trailing,
    )


def _pace_width(flags: int, body_size: int) -> int | None:
    """Give the width that makes the length come out exactly: 1 (older editions) or 2 (present one), else None.

    A reserved bit may stand for a field of any length, so with one set no length proves anything.
    """
    if _pace_count(flags) == 0 or flags >> _FIRST_RESERVED_BIT:
        return None
    return next((width for width in (1, 2) if _size(_layout(flags, width)) == body_size), None)


def _pace_count(flags: int) -> int:
    return sum(flags >> bit & 1 for bit in _PACE_BITS)


def _layout(flags: int, pace_width: int | None) -> tuple[Field, ...]:
    """List the fields that `flags` promise, in order, as far as their places are known."""
    layout: list[Field] = [] if flags & _MORE_DATA else [_INSTANTANEOUS_SPEED]
    for bit in range(1, _FIRST_RESERVED_BIT):
        if not flags >> bit & 1:
            continue
        if bit in _PACE_BITS:
            if pace_width is None:
                break
            layout.append(Field(_PACE_NAMES[bit], pace_width))
        else:
            layout.extend(_FIELDS_OF_BIT[bit])
    return tuple(layout)


def _size(layout: tuple[Field, ...]) -> int:
    return sum(field.size for field in layout)
