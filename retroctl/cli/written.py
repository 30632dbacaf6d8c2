"""Days, speeds and words as people write them after an option; every error names the option."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from retroctl.domain.method.days import Day
from retroctl.errors import ClientError, ConfigError
from retroctl.units import Speed

if TYPE_CHECKING:
    from enum import StrEnum

    _Word = TypeVar("_Word", bound=StrEnum)


def written_day(option: str, text: str, day: Day) -> Day:
    """A day as people write it; `today` is `day`. Raises ClientError naming the option."""
    if text == "today":
        return day
    try:
        return Day.parse(text)
    except ClientError as error:
        raise ClientError(f"{option}: {error}") from None


def written_speed(option: str, text: str) -> Speed:
    """A speed as people write it. Raises ClientError naming the option."""
    try:
        return Speed.parse(text)
    except ConfigError as error:
        raise ClientError(f"{option}: {error}") from None


def written_word(option: str, words: type[_Word], text: str) -> _Word:
    """One of some words. Raises ClientError naming them."""
    try:
        return words(text)
    except ValueError:
        raise ClientError(f"{option} {text!r}: give one of {', '.join(words)}") from None
