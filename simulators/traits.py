"""What a simulated machine is made of: data only. The defaults are the `standard` treadmill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from retroctl.units import Speed
from simulators import encoding as wire

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINIMUM, _MAXIMUM, _INCREMENT = Speed(100), Speed(1600), Speed(10)

NO_RESULTS: Mapping[int, int] = {}

EVERYTHING = frozenset({"2acc", "2acd", "2ad3", "2ad4", "2ad5", "2ad9", "2ada"})
"""The characteristics of the standard machine: Feature, Treadmill Data, Training Status, the two ranges,
Control Point and Machine Status."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The machine as data. Speeds are `Speed`, rates km/h per second, times seconds.

    The standard ramps are ordinary for a home treadmill: 1 to 5 km/h in 8 s, 5 km/h to rest in about 6 s.
    """

    name: str = "Simulated treadmill"
    """The advertised local name; empty for a machine that sends none."""
    service_data: bytes | None = wire.service_data()
    """Service Data of 1826 in the advertisement; None = left out."""

    minimum: Speed = _MINIMUM
    maximum: Speed = _MAXIMUM
    increment: Speed = _INCREMENT
    """The Supported Speed Range, as announced and, unless a hook says otherwise, as obeyed."""
    incline_minimum: int = 0
    incline_maximum: int = 120
    incline_increment: int = 5
    """The Supported Inclination Range in 0.1 %."""

    start_speed: Speed = _MINIMUM
    countdown_s: float = 3.0
    """From an accepted start to motion."""
    ramp_up: float = 0.5
    ramp_down: float = 0.8
    stop_rate: float = 0.8
    """How the belt falls after a stop or a pause."""
    key_rate: float = 2.0
    """How the belt falls when the safety key is pulled: the motor is off."""
    lag_s: float = 0.0
    """From a command to the belt's first reaction."""

    characteristics: frozenset[str] = EVERYTHING
    empty_reads: frozenset[str] = frozenset()
    """Characteristics that exist and give zero bytes."""
    control_point_properties: tuple[str, ...] = ("write", "indicate")
    features: int = 1 << 2 | 1 << 3 | 1 << 9 | 1 << 12
    """2ACC: total distance, inclination, expended energy, elapsed time."""
    targets: int = 1 << 0 | 1 << 1
    """2ACC target settings: speed, inclination."""

    record_flags: int = wire.TOTAL_DISTANCE | wire.INCLINATION | wire.ENERGY | wire.ELAPSED_TIME
    """The fields of Treadmill Data; More Data is worked out."""
    record_interval_s: float = 1.0
    payload: int = 20
    """ATT_MTU - 3: what one notification can carry."""
    too_long: Literal["split", "truncate"] = "split"
    """What becomes of a record over `payload`."""

    needs_control: bool = True
    """Whether commands other than Request Control are refused (05) without control."""
    answers: bool = True
    """Whether the Control Point answers at all."""
    answer_s: float = 0.03
    """From the write to its answer."""
    results: Mapping[int, int] = field(default_factory=lambda: NO_RESULTS)
    """Op code -> the result code told for it, whatever was really done."""
    out_of_range: Literal["refuse", "clamp", "ignore"] = "refuse"
    """What a target outside the range or off the grid does; `ignore` answers success and does nothing."""
    status_after_own_command: bool = True
    """Whether a change by this client is told on Machine Status too (the specification: other clients only)."""
    status_s: float = 0.05
    """From a change to its Machine Status."""
