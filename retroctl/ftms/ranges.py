"""The Supported Range characteristics 0x2AD4 to 0x2AD8 (FTMS v1.0.1, sections 4.11 to 4.15).

Decoding does not judge: minimum over maximum and increment 0 are what the machine said. `SpeedRange.problem` judges.
"""

from __future__ import annotations

from dataclasses import dataclass

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, read_fields
from retroctl.units import Speed

SPEED_FIELDS = (
    Field("min_kmh", 2, per_unit=100),
    Field("max_kmh", 2, per_unit=100),
    Field("step_kmh", 2, per_unit=100),
)
INCLINATION_FIELDS = (
    Field("min_pct", 2, signed=True, per_unit=10),
    Field("max_pct", 2, signed=True, per_unit=10),
    Field("step_pct", 2, per_unit=10),
)
RESISTANCE_LEVEL_FIELDS = (
    Field("min_level", 2, signed=True, per_unit=10),
    Field("max_level", 2, signed=True, per_unit=10),
    Field("step_level", 2, per_unit=10),
)
HEART_RATE_FIELDS = (Field("min_bpm", 1), Field("max_bpm", 1), Field("step_bpm", 1))
POWER_FIELDS = (Field("min_w", 2, signed=True), Field("max_w", 2, signed=True), Field("step_w", 2))


@dataclass(frozen=True, slots=True)
class SpeedRange:
    """The Supported Speed Range as the machine states it: lowest and highest target speed, and the step between."""

    minimum: Speed
    maximum: Speed
    increment: Speed

    @property
    def problem(self) -> str | None:
        """What makes this range unusable, in one plain line; None when it can be used."""
        low, high, step = self.minimum, self.maximum, self.increment
        if low > high:
            return f"the machine's lowest speed ({low}) is above its highest ({high})"
        if high.hundredths == 0:
            return "the machine says that its highest speed is 0"
        if low.hundredths == 0:
            return "the machine says that its lowest speed is 0, which is no speed to start at"
        if step.hundredths == 0:
            return "the machine says that its speed increment is 0"
        if high.hundredths - low.hundredths < step.hundredths:
            return f"the machine's speed range ({low} to {high}) is shorter than one increment ({step})"
        return None


@dataclass(frozen=True, slots=True)
class SupportedRange:
    """Lowest and highest value and the step between, in the unit of the characteristic (percent, bpm, W, level)."""

    minimum: float
    maximum: float
    increment: float


def decode_speed_range(data: bytes) -> SpeedRange:
    """Read 0x2AD4, wire unit 0.01 km/h. Raises MalformedFrame when fewer than 6 bytes came."""
    minimum, maximum, increment = _three_counts(data, SPEED_FIELDS, "Supported Speed Range")
    return SpeedRange(Speed(minimum), Speed(maximum), Speed(increment))


def encode_speed_range(speed_range: SpeedRange) -> bytes:
    """Write 0x2AD4."""
    counts = (speed_range.minimum, speed_range.maximum, speed_range.increment)
    return b"".join(field.encode(speed.hundredths) for field, speed in zip(SPEED_FIELDS, counts, strict=True))


def decode_inclination_range(data: bytes) -> SupportedRange:
    """Read 0x2AD5, in percent, downhill negative. Raises MalformedFrame when fewer than 6 bytes came."""
    return _supported_range(data, INCLINATION_FIELDS, "Supported Inclination Range")


def decode_resistance_level_range(data: bytes) -> SupportedRange:
    """Read 0x2AD6, in unitless levels. Raises MalformedFrame when fewer than 6 bytes came."""
    return _supported_range(data, RESISTANCE_LEVEL_FIELDS, "Supported Resistance Level Range")


def decode_heart_rate_range(data: bytes) -> SupportedRange:
    """Read 0x2AD7, in beats per minute. Raises MalformedFrame when fewer than 3 bytes came."""
    return _supported_range(data, HEART_RATE_FIELDS, "Supported Heart Rate Range")


def decode_power_range(data: bytes) -> SupportedRange:
    """Read 0x2AD8, in watts. Raises MalformedFrame when fewer than 6 bytes came."""
    return _supported_range(data, POWER_FIELDS, "Supported Power Range")


def _supported_range(data: bytes, fields: tuple[Field, Field, Field], title: str) -> SupportedRange:
    counts = _three_counts(data, fields, title)
    minimum, maximum, increment = (field.scale(count) for field, count in zip(fields, counts, strict=True))
    return SupportedRange(minimum, maximum, increment)


def _three_counts(data: bytes, fields: tuple[Field, Field, Field], title: str) -> tuple[int, int, int]:
    reading = read_fields(data, fields)
    if reading.truncated:
        raise MalformedFrame(f"{title} needs {sum(field.size for field in fields)} bytes", data)
    minimum, maximum, increment = reading.counts.values()
    return minimum, maximum, increment
