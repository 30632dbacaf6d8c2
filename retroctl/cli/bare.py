"""What the parser of the command line cannot say by itself."""

from __future__ import annotations


def with_bare_wall(arguments: list[str]) -> list[str]:
    """`--wall` may stand alone, which the parser of the command line has no way to say: it is given an empty value."""
    alone = (
        word == "--wall" and (after is None or after.startswith("-"))
        for word, after in zip(arguments, [*arguments[1:], None], strict=True)
    )
    return ["--wall=" if bare else word for word, bare in zip(arguments, alone, strict=True)]
