"""Treadmill Data 0x2ACD: what the machine says of itself, about once a second (FTMS v1.0.1, section 4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, set_bits
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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

_INSTANTANEOUS_SPEED = Field("speed", 2)
_FIELDS_OF_BIT: dict[int, tuple[Field, ...]] = {
    1: (Field("average_speed", 2),),
    2: (Field("total_distance", 3),),
    3: (
        Field("inclination", 2, signed=True, per_unit=10, unavailable=_NO_SIGNED),
        Field("ramp_angle", 2, signed=True, per_unit=10, unavailable=_NO_SIGNED),
    ),
    4: (
        Field("positive_elevation_gain", 2, per_unit=10, unavailable=_NO_ELEVATION),
        Field("negative_elevation_gain", 2, per_unit=10, unavailable=_NO_ELEVATION),
    ),
    # Bits 5 and 6, the paces, have a width that depends on the edition the machine was built after: see _pace_width.
    7: (
        Field("total_energy", 2, unavailable=_NO_ENERGY),
        Field("energy_per_hour", 2, unavailable=_NO_ENERGY),
        Field("energy_per_minute", 1, unavailable=_NO_ENERGY_PER_MINUTE),
    ),
    8: (Field("heart_rate", 1),),
    9: (Field("metabolic_equivalent", 1, per_unit=10),),
    10: (Field("elapsed_time", 2),),
    11: (Field("remaining_time", 2),),
    12: (
        Field("force_on_belt", 2, signed=True, unavailable=_NO_SIGNED),
        Field("power_output", 2, signed=True, unavailable=_NO_SIGNED),
    ),
}
_PACE_NAMES = {5: "instantaneous_pace", 6: "average_pace"}
_SPEEDS = frozenset({"speed", "average_speed"})
_THREE = 3
_FORMATS = {(1, False): "B", (2, False): "H", (2, True): "h", (_THREE, False): "3s"}


@dataclass(frozen=True, slots=True)
class Pace:
    """A pace as sent. `width` 1: `count` in 0.1 km/min (older editions); 2: in seconds per 500 m (the present one)."""

    count: int
    width: int


class TreadmillData(NamedTuple):
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


_UNITS: Final = {
    "speed": "measured_speed",
    "total_distance": "total_distance_m",
    "inclination": "inclination_percent",
    "ramp_angle": "ramp_angle_degrees",
    "positive_elevation_gain": "positive_elevation_gain_m",
    "negative_elevation_gain": "negative_elevation_gain_m",
    "total_energy": "total_energy_kcal",
    "energy_per_hour": "energy_per_hour_kcal",
    "energy_per_minute": "energy_per_minute_kcal",
    "heart_rate": "heart_rate_bpm",
    "elapsed_time": "elapsed_time_s",
    "remaining_time": "remaining_time_s",
    "force_on_belt": "force_on_belt_n",
    "power_output": "power_output_w",
}
"""The fields above whose name in `TreadmillData` is another: it says the unit."""


def _place(name: str) -> int:
    return TreadmillData._fields.index(_UNITS.get(name, name))


_TRAILING: Final = _place("trailing")

MOST_TRAILING: Final = 512
"""Bytes not understood that a merged record keeps, as many as one notification can have: a machine that sends halves
without end must not fill the memory."""


def decode_treadmill_data(data: bytes) -> TreadmillData:
    """Read one notification of 0x2ACD. Raises MalformedFrame when not even the flags are whole (fewer than 2 bytes)."""
    size = len(data)
    if size < _FLAGS_SIZE:
        raise MalformedFrame("Treadmill Data needs at least its 2 bytes of flags", data)
    recipe = _recipe(data[0] | data[1] << 8, size)
    values = [*recipe.values]
    for place, read, count in zip(recipe.places, recipe.readers, recipe.unpack(data, _FLAGS_SIZE), strict=True):
        values[place] = count if read is None else read(count)
    values[_TRAILING] = bytes(data[recipe.end :])
    return TreadmillData._make(values)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How frames of one layout and length are read: made once, since a machine sends the same again and again."""

    values: tuple[Any, ...]
    """Of every field of `TreadmillData`, before the fields that came are put in their places."""
    places: tuple[int, ...]
    readers: tuple[Callable[[Any], Any] | None, ...]
    """What each count becomes; None: it is the value."""
    unpack: Callable[[bytes, int], tuple[Any, ...]]
    end: int
    """Where what is not understood begins."""


@lru_cache(256)
def _recipe(flags: int, size: int) -> _Recipe:
    body_size = size - _FLAGS_SIZE
    pace_width = _pace_width(flags, body_size)
    layout = _layout(flags, pace_width)
    undecided = pace_width is None and _pace_count(flags) > 0
    # With an undecided pace the layout ends before it; the frame is surely cut when even the narrow one has no room.
    truncated = body_size < _size(_layout(flags, 1) if undecided else layout)
    # The first field that does not fit ends it: the later ones have no place.
    whole = next(count for count in range(len(layout), -1, -1) if _size(layout[:count]) <= body_size)
    came = layout[:whole]
    unpacked = Struct("<" + "".join(_FORMATS[field.size, field.signed] for field in came))
    said = {
        "flags": flags,
        "more_data": bool(flags & _MORE_DATA),
        "pace_undecided": undecided,
        "truncated": truncated,
        "unknown_bits": set_bits(flags, first=_FIRST_RESERVED_BIT, last=15),
    }
    return _Recipe(
        values=tuple((TreadmillData._field_defaults | said)[name] for name in TreadmillData._fields),
        places=tuple(_place(field.name) for field in came),
        readers=tuple(_reader(field) for field in came),
        unpack=unpacked.unpack_from,
        end=_FLAGS_SIZE + unpacked.size,
    )


def _reader(field: Field) -> Callable[[Any], Any] | None:
    if field.name in _SPEEDS:
        return _speed
    if field.name in _PACE_NAMES.values():
        return partial(_pace, field.size)
    if field.size == _THREE:
        return field.decode
    if field.unavailable or field.per_unit != 1:
        return partial(_scaled, field.per_unit, field.unavailable)
    return None


@lru_cache(4096)
def _speed(hundredths: int) -> Speed:
    return Speed(hundredths)


def _pace(width: int, count: int) -> Pace:
    return Pace(count, width)


def _scaled(per_unit: int, unavailable: frozenset[int], count: int) -> float | None:
    if count in unavailable:
        return None
    return count if per_unit == 1 else count / per_unit


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
    both = [before if now is None else now for before, now in zip(earlier, later, strict=True)]
    return TreadmillData._make(both)._replace(
        pace_undecided=earlier.pace_undecided or later.pace_undecided,
        truncated=earlier.truncated or later.truncated,
        unknown_bits=tuple(sorted({*earlier.unknown_bits, *later.unknown_bits})),
        trailing=(earlier.trailing + later.trailing)[-MOST_TRAILING:],
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


def _size(layout: Iterable[Field]) -> int:
    return sum(field.size for field in layout)
