"""Numbers, speeds and durations put together from clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from retroctl.units import Speed

_WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_TENS: Final = {30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety"}
LARGEST: Final = 99
"""What is larger is not said: no hold has so many minutes."""

NUMBER_CLIPS: Final = {word: f"{word.capitalize()}." for word in (*_WORDS, *_TENS.values())}
"""Name and words of each clip of a whole number; it ends a sentence."""
POINT_CLIPS: Final = {f"{word}-point": f"{word.capitalize()} point" for word in _WORDS}
"""Name and words of what comes before the decimals, in one breath: it sounds like one number, and is said faster."""
FASTEST: Final = 29
"""The largest whole part of a speed that is said; no treadmill runs so fast."""

_PER_MINUTE: Final = 60


def number(value: int) -> tuple[str, ...]:
    """The clips of a whole number from 0 to 99; nothing for any other."""
    if not 0 <= value <= LARGEST:
        return ()
    if value < len(_WORDS):
        return (_WORDS[value],)
    tens = value // 10 * 10
    word = _WORDS[tens] if tens < len(_WORDS) else _TENS[tens]
    return (word,) if value == tens else (word, _WORDS[value - tens])


def speed(value: Speed, *, mph: bool) -> tuple[str, ...]:
    """The clips of a speed to one decimal, in km/h or mph; the unit itself is not said. Nothing from 30 upwards."""
    tenths = int((value.mph if mph else value.kmh) * 10 + 0.5)
    whole, decimal = divmod(tenths, 10)
    words = number(whole) if whole <= FASTEST else ()
    return () if not words else (*words[:-1], f"{words[-1]}-point", *number(decimal))


def duration(seconds: int) -> tuple[str, ...]:
    """The clips of a duration: whole minutes as minutes, up to 99 as seconds, minutes and seconds beyond."""
    minutes, rest = divmod(seconds, _PER_MINUTE)
    if rest and seconds <= LARGEST:
        return (*number(seconds), "seconds")
    words = number(minutes)
    if not words or not seconds:
        return ()
    unit = "minute" if minutes == 1 else "minutes"
    return (*words, unit) if not rest else (*words, unit, *number(rest), "seconds")
