"""From what a terminal sends to the names of keys, the same names that the trainer's screen uses."""

from __future__ import annotations

import re
from typing import Final

_SEQUENCE: Final = re.compile(r"\x1b\[\[[A-E]|\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Za-z]|.", re.DOTALL)
_WINDOWS: Final = re.compile(r"[\x00\xe0].|.", re.DOTALL)
_LETTERS: Final = {
    "A": "up", "B": "down", "C": "right", "D": "left", "F": "end", "H": "home",
    "P": "f1", "Q": "f2", "R": "f3", "S": "f4",
}  # fmt: skip
_NUMBERS: Final = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown", "7": "home", "8": "end",
    "11": "f1", "12": "f2", "13": "f3", "14": "f4", "15": "f5", "17": "f6", "18": "f7", "19": "f8", "20": "f9",
    "21": "f10", "23": "f11", "24": "f12",
}  # fmt: skip
_SINGLE: Final = {
    "\r": "enter", "\n": "enter", "\t": "tab", "\x1b": "escape", " ": "space", ".": "full_stop",
    "\x7f": "backspace", "\x08": "backspace", "\x1b[Z": "shift+tab",
    "\x1b[[A": "f1", "\x1b[[B": "f2", "\x1b[[C": "f3", "\x1b[[D": "f4", "\x1b[[E": "f5",
}  # fmt: skip
_SCANS: Final = {
    "G": "home", "H": "up", "I": "pageup", "K": "left", "M": "right", "O": "end", "P": "down", "Q": "pagedown",
    "R": "insert", "S": "delete", "\x85": "f11", "\x86": "f12", "\x87": "shift+f11", "\x88": "shift+f12",
    **{chr(0x3A + number): f"f{number}" for number in range(1, 11)},
    **{chr(0x53 + number): f"shift+f{number}" for number in range(1, 11)},
}  # fmt: skip
"""Windows: the second of two characters, the first of which is NUL or 0xE0."""


def names(burst: str, *, windows: bool = False) -> tuple[str, ...]:
    """The keys of a burst in their order; "" stands for one that has no name here."""
    if windows:
        return tuple(_SCANS.get(part[1], "") if len(part) > 1 else _single(part) for part in _WINDOWS.findall(burst))
    return tuple(_single(part) for part in _SEQUENCE.findall(burst))


def _single(part: str) -> str:
    if part in _SINGLE:
        return _SINGLE[part]
    if len(part) == 1:
        if part.isprintable():
            return part
        return f"ctrl+{chr(ord(part) + 0x60)}" if 1 <= ord(part) <= 26 else ""
    match = re.fullmatch(r"\x1b(?:\[([0-9]*)(?:;([0-9]+))?([A-Z~])|O([A-Z]))", part)
    if match is None:
        return ""
    number, shift, letter, single = match.groups()
    key = _NUMBERS.get(number or "", "") if letter == "~" else _LETTERS.get(letter or single or "", "")
    report = letter == "R"  # Shift-F3, or a terminal's answer to where its cursor is: nobody can tell
    if not key or report or shift not in (None, "1", "2"):
        return ""
    return f"shift+{key}" if shift == "2" else key
