"""`retroctl decode`."""

from __future__ import annotations

import json
import re
import sys
from itertools import count
from typing import TYPE_CHECKING, Final

from retroctl.errors import ConfigError, MalformedFrame
from retroctl.ftms.describe import describe

if TYPE_CHECKING:
    from collections.abc import Iterator


LONGEST_LINE: Final = 4096
"""Characters of one frame: a value of GATT has 512 bytes at most."""


def decode_words(char: str, words: list[str]) -> Iterator[str]:
    """One JSON object for the words of the command line together, or, for `-`, for each line of standard input.

    Raises ConfigError as `decode_text` does; from standard input it names the line.
    """
    if words != ["-"]:
        yield decode_text(char, " ".join(words))
        return
    for number in count(1):
        line = sys.stdin.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise ConfigError(f"line {number}: longer than any value that Bluetooth carries; one frame a line")
        if not line.strip():
            continue
        try:
            yield decode_text(char, line.strip())
        except ConfigError as error:
            raise ConfigError(f"line {number}: {error}") from None


def decode_text(char: str, hex_text: str) -> str:
    """One JSON object. Raises ConfigError with one line for what is no hexadecimal, no characteristic or no frame."""
    digits = re.sub(r"[\s:,_-]|0x", "", hex_text, flags=re.IGNORECASE)
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
