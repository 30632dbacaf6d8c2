"""Fitness Machine Feature 0x2ACC: what a machine says it measures and lets a client set (FTMS v1.0.1, section 4.3).

Machines lie both ways: a clear bit is no reason to refuse, a set bit no reason to trust.
"""

from __future__ import annotations

from dataclasses import dataclass

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, read_fields, set_bits

FEATURE_NAMES = (
    "avg_speed",
    "cadence",
    "distance",
    "incline",
    "elevation",
    "pace",
    "steps",
    "resistance",
    "strides",
    "energy",
    "heart_rate",
    "met",
    "elapsed",
    "remaining",
    "power",
    "belt_force",
    "user_data_retention",
)
"""Bits 0 to 16 of the first word."""

TARGET_NAMES = (
    "speed",
    "incline",
    "resistance",
    "power",
    "heart_rate",
    "energy",
    "steps",
    "strides",
    "distance",
    "training_time",
    "time_in_2_hr_zones",
    "time_in_3_hr_zones",
    "time_in_5_hr_zones",
    "bike_sim",
    "wheel_circumference",
    "spin_down",
    "cadence",
)
"""Bits 0 to 16 of the second word, Target Setting Features."""

_WORDS = (Field("features", 4), Field("targets", 4))


@dataclass(frozen=True, slots=True)
class FitnessMachineFeature:
    """What the machine claims. `targets` is None when that half of the value never came."""

    features: frozenset[str]
    targets: frozenset[str] | None
    unknown_bits: tuple[int, ...] = ()
    """Reserved bits found set: 0 to 31 in the features, 32 to 63 in the target settings."""
    truncated: bool = False
    trailing: bytes = b""

    @property
    def target_speed_supported(self) -> bool | None:
        """Whether the machine claims that its speed can be set; None when it did not say."""
        return None if self.targets is None else "speed" in self.targets

    @property
    def target_inclination_supported(self) -> bool | None:
        """Whether the machine claims that its inclination can be set; None when it did not say."""
        return None if self.targets is None else "incline" in self.targets

    @property
    def heart_rate_measured(self) -> bool:
        """Whether the machine claims to measure heart rate."""
        return "heart_rate" in self.features


def decode_feature(data: bytes) -> FitnessMachineFeature:
    """Read 0x2ACC. Raises MalformedFrame when not even the features word is whole (fewer than 4 bytes)."""
    reading = read_fields(data, _WORDS)
    features = reading.counts.get("features")
    if features is None:
        raise MalformedFrame("Fitness Machine Feature needs at least 4 bytes", data)
    targets = reading.counts.get("targets")
    return FitnessMachineFeature(
        features=_names(features, FEATURE_NAMES),
        targets=None if targets is None else _names(targets, TARGET_NAMES),
        unknown_bits=set_bits(features, first=len(FEATURE_NAMES), last=31)
        + set_bits((targets or 0) << 32, first=32 + len(TARGET_NAMES), last=63),
        truncated=reading.truncated,
        trailing=reading.trailing,
    )


def _names(word: int, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for bit, name in enumerate(names) if word >> bit & 1)
