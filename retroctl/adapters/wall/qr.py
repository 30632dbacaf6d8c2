"""The address as a QR code made of letters, two rows of modules in each line of the terminal."""

from __future__ import annotations

from typing import Final

import segno

_HALVES: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Light modules are drawn: the colours are set too, so that the code is dark on light on any terminal."""
_COLOURS: Final = "\x1b[97;40m"
_PLAIN: Final = "\x1b[0m"
QUIET: Final = 2
"""Modules of quiet zone; the standard wants four, every reader in use is content with two."""


def qr_lines(text: str) -> list[str]:
    """The lines to print."""
    code = segno.make(text, error="l", micro=False)
    rows = [list(row) for row in code.matrix_iter(border=QUIET)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        _COLOURS + "".join(_HALVES[upper, lower] for upper, lower in zip(above, below, strict=True)) + _PLAIN
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]


def columns(line: str) -> int:
    """How many columns of the terminal one of those lines takes."""
    return len(line) - len(_COLOURS) - len(_PLAIN)
