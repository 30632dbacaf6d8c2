"""Names that came over the air, made fit for a terminal, a screen and a voice."""

from __future__ import annotations

MAX_NAME_CHARACTERS = 40
"""A Bluetooth name may have 248 bytes; on a screen the first words tell the machine."""


def shown_name(name: str | None, address: str) -> str:
    """Clean `name`; `address` where nothing readable is left.

    A name is anybody's text: control characters in it could move the cursor or hide a line.
    """
    readable = "".join(character if character.isprintable() else " " for character in name or "")
    return " ".join(readable.split())[:MAX_NAME_CHARACTERS].strip() or address
