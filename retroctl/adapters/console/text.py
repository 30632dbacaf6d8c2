"""Foreign text, made harmless: names of machines come from the air and may hold anything."""

from __future__ import annotations

LONGEST = 200


def plain(text: str, longest: int = LONGEST) -> str:
    """`text` without control characters (so without terminal escapes) and not longer than `longest` characters."""
    if len(text) <= longest and text.isprintable():
        return text  # nearly every one; a list has tens of thousands
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
