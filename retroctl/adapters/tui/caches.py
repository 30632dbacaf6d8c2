"""What Textual remembers of what it has drawn, bounded: a session's screen is drawn anew for hours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from textual.strip import Strip

STYLES: Final = 1024
"""Textual keeps the terminal's codes of 16,384 styles, and a style holds the place on the screen of its text: the log's
and the chart's changing pieces fill that for hours. Each style remembers its codes by itself too, so little is lost."""


def bound_caches() -> None:
    """Make Textual's cache of codes a small one, once. A Textual that has no such cache is left as it is."""
    kept: Any = vars(Strip).get("render_ansi")
    cached = getattr(kept, "__func__", None)
    plain = getattr(cached, "__wrapped__", None)
    if cached is None or plain is None or cached.cache_info().maxsize == STYLES:
        return
    Strip.render_ansi = classmethod(lru_cache(maxsize=STYLES)(plain))  # type: ignore[assignment, arg-type]
