"""Speed as whole hundredths of km/h (the wire unit of FTMS), and the only place where units are converted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from retroctl.errors import ConfigError
from retroctl.written import DECIMAL, decimal

KMH_PER_MPH = 1.609344
"""Exact by definition of the international mile."""

_MAX_HUNDREDTHS = 0xFFFF
_LONGEST_SHOWN = 60
"""Characters of what was written that a message repeats."""
_WRITTEN = re.compile(rf"\s*({DECIMAL})\s*(km/h|kmh|kph|mph)?\s*", re.IGNORECASE)


@dataclass(frozen=True, order=True, slots=True)
class Speed:
    """A speed of 0 to 655.35 km/h in whole hundredths of km/h; never a float, so comparisons are exact."""

    hundredths: int

    def __post_init__(self) -> None:
        if not 0 <= self.hundredths <= _MAX_HUNDREDTHS:
            raise ValueError(f"a speed of {self.hundredths} hundredths of km/h does not fit the wire (0 to 65535)")

    @classmethod
    def from_kmh(cls, kmh: float) -> Speed:
        """Round `kmh` to the nearest hundredth. Raises ValueError for NaN, infinity, negative or over 655.35."""
        if not math.isfinite(kmh * 100):
            raise ValueError(f"a speed must be a finite number, not {kmh}")
        return cls(math.floor(kmh * 100 + 0.5))

    @classmethod
    def from_mph(cls, mph: float) -> Speed:
        """Round `mph` miles per hour to the nearest hundredth of km/h. Raises ValueError as `from_kmh`."""
        return cls.from_kmh(mph * KMH_PER_MPH)

    @classmethod
    def parse(cls, text: str) -> Speed:
        """Read `5`, `5.0km/h` or `3.1mph`. Raises ConfigError naming what was written."""
        match, shown = _WRITTEN.fullmatch(text), text[:_LONGEST_SHOWN]
        if match is None:
            raise ConfigError(f"{shown!r} is not a speed; write it as 5, 5.0km/h or 3.1mph")
        try:
            number = decimal(match[1])
            return cls.from_mph(number) if (match[2] or "").lower() == "mph" else cls.from_kmh(number)
        except (ConfigError, ValueError):
            raise ConfigError(f"{shown!r} is faster than any treadmill; write it as 5, 5.0km/h or 3.1mph") from None

    @property
    def kmh(self) -> float:
        """The speed in km/h."""
        return self.hundredths / 100

    @property
    def mph(self) -> float:
        """The speed in miles per hour."""
        return self.hundredths / 100 / KMH_PER_MPH

    def __str__(self) -> str:
        return f"{self.hundredths / 100:.2f} km/h"


REST = Speed(0)
"""The belt at rest."""
