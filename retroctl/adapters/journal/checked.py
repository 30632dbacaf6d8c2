"""Plain JSON values as what they are said to be; each raises ValueError or TypeError with the reason in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST: Final = 200
"""Characters of a text where nothing else is said."""
_MOST_MS: Final = 2**53


def as_object(value: object, keys: frozenset[str], what: str) -> Mapping[str, Any]:
    """An object with no other than these fields."""
    if not isinstance(value, dict):
        raise TypeError(f"{what} is no object")
    unknown = value.keys() - keys
    if unknown:
        raise ValueError(f"{what} has a field that is not known here ({min(unknown)[:40]!r})")
    return value


def as_list(value: object, what: str) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise TypeError(f"{what} is no list")
    return value


def as_whole(value: object, what: str) -> int:
    """A whole number that SQLite and a double both hold."""
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST_MS:
        raise ValueError(f"{what} is no whole number in range")
    return value


def as_text(value: object, what: str, most: int = LONGEST) -> str:
    """Text of at most `most` characters."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{what} is no text, or too long")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{what} holds what is no character") from None
    return value
