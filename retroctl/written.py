"""Numbers as people write them, with a point or a comma: options, forms, presets and speeds read them here."""

from __future__ import annotations

import math
import re

from retroctl.errors import ConfigError

LONGEST_SHOWN = 20
"""Characters of what was written that a message repeats."""
LONGEST_WHOLE = 20
"""Digits; what people count has far fewer, and Python reads no more than some thousands."""
DECIMAL = r"[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+"
"""No exponent and nothing between thousands: 1,500 is one and a half, as 1.500 is."""
_DECIMAL = re.compile(rf"\s*([+-]?(?:{DECIMAL}))\s*")
_WHOLE = re.compile(r"\s*([+-]?[0-9]+)\s*")


def decimal(text: str) -> float:
    """Read `72.5` or `72,5`. Raises ConfigError naming what was written; never gives NaN or infinity."""
    match = _DECIMAL.fullmatch(text)
    number = math.nan if match is None else float(match[1].replace(",", "."))
    if not math.isfinite(number):
        raise ConfigError(f"{text[:LONGEST_SHOWN]!r} is not a number; write it as 72.5 or 72,5")
    return number


def whole(text: str) -> int:
    """Read a whole number. Raises ConfigError naming what was written."""
    match = _WHOLE.fullmatch(text)
    if match is None or len(match[1]) > LONGEST_WHOLE:
        raise ConfigError(f"{text[:LONGEST_SHOWN]!r} is not a whole number")
    return int(match[1])
