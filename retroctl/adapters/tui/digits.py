"""Numbers five rows high, readable from two metres away and without colour."""

from __future__ import annotations

from typing import Final

ROWS: Final = 5

_GLYPHS: Final = {
    "0": ("▄▄▄▄▄▄", "██  ██", "██  ██", "██  ██", "▀▀▀▀▀▀"),
    "1": ("  ▄▄  ", "▀▀██  ", "  ██  ", "  ██  ", "▀▀▀▀▀▀"),
    "2": ("▄▄▄▄▄▄", "    ██", "██▀▀▀▀", "██    ", "▀▀▀▀▀▀"),
    "3": ("▄▄▄▄▄▄", "    ██", " ▀▀▀██", "    ██", "▀▀▀▀▀▀"),
    "4": ("▄▄  ▄▄", "██  ██", "▀▀▀▀██", "    ██", "    ▀▀"),
    "5": ("▄▄▄▄▄▄", "██    ", "▀▀▀▀██", "    ██", "▀▀▀▀▀▀"),
    "6": ("▄▄▄▄▄▄", "██    ", "██▀▀██", "██  ██", "▀▀▀▀▀▀"),
    "7": ("▄▄▄▄▄▄", "    ██", "   ██ ", "  ██  ", "  ▀▀  "),
    "8": ("▄▄▄▄▄▄", "██  ██", "██▀▀██", "██  ██", "▀▀▀▀▀▀"),
    "9": ("▄▄▄▄▄▄", "██  ██", "▀▀▀▀██", "    ██", "▀▀▀▀▀▀"),
    ".": ("  ", "  ", "  ", "  ", "▀▀"),
    "-": ("    ", "    ", "▀▀▀▀", "    ", "    "),
    "?": ("▄▄▄▄▄▄", "    ██", "  ▀▀▀▀", "      ", "  ▀▀  "),
}


def big(text: str) -> list[str]:
    """`text` (digits, full stop, dash, question mark) as five rows."""
    glyphs = [_GLYPHS.get(letter, _GLYPHS["?"]) for letter in text]
    return [" ".join(glyph[row] for glyph in glyphs) for row in range(ROWS)]
