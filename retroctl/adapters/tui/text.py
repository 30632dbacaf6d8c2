"""Foreign text made harmless, and times as people read them."""

from __future__ import annotations

LONGEST = 200


def plain(text: str, longest: int = LONGEST) -> str:
    """`text` without control and direction characters, at most `longest` characters. Never handed on as markup."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: longest + 1])
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"
