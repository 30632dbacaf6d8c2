"""`retroctl decode`."""

from __future__ import annotations

import json
import re

from retroctl.errors import ConfigError, MalformedFrame
from retroctl.ftms.describe import describe


def decode_text(char: str, hex_text: str) -> str:
    """One JSON object. Raises ConfigError with one line for what is no hexadecimal, no characteristic or no frame."""
    digits = re.sub(r"[\s:_-]|0x", "", hex_text, flags=re.IGNORECASE)
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        raise ConfigError(
            f"{hex_text[:60]!r} is not hexadecimal: write pairs of 0-9 and a-f, such as 0000b400"
        ) from None
    try:
        return json.dumps(describe(char, data), ensure_ascii=False, allow_nan=False)
    except MalformedFrame as error:
        shown = " ".join(char.split())
        raise ConfigError(f"{shown}: {error}") from None
