"""What the parser of the command line cannot say by itself."""

from __future__ import annotations

_MAY_STAND_ALONE = frozenset({"--wall", "--mqtt", "--web"})


def with_bare_options(arguments: list[str]) -> list[str]:
    """`--wall`, `--web` and `--mqtt` may stand alone, which the parser has no way to say: they get an empty value."""
    read = []
    for word, after in zip(arguments, [*arguments[1:], "-"], strict=False):
        read.append(f"{word}=" if word in _MAY_STAND_ALONE and after.startswith("-") else word)
    return read
