"""What the parser of the command line cannot say by itself."""

from __future__ import annotations


def with_bare_wall(arguments: list[str]) -> list[str]:
    """`--wall` and `--web` may stand alone, which the parser has no way to say: they are given an empty value."""
    read = []
    for word, after in zip(arguments, [*arguments[1:], "-"], strict=False):
        read.append(f"{word}=" if word in ("--wall", "--web") and after.startswith("-") else word)
    return read
