"""A plan written as a plan file, such as `read_plan` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.domain.plan import Plan

MOST_COMMENTS: Final = 30_000
"""Bytes of comments; 500 stages take 60,000, and a plan file may have 100,000."""


def written_plan(plan: Plan, comments: Sequence[str] = ()) -> str:
    """The file's text: the stages one by one, `comments` above them. Speeds are exact: whole hundredths of km/h."""
    lines = _comments(comments)
    lines += [f"name = {_quoted(plan.name)}", f"ease_rung_s = {plan.ease_rung_s:.10g}"]
    for stage in plan.stages:
        lines += [
            "",
            "[[stage]]",
            f'target = "{stage.target.kmh:.2f} km/h"',
            f"hold_s = {stage.hold_s:.10g}",
            f'kind = "{stage.kind.value}"',
            f'facing = "{stage.facing.value}"',
        ]
    return "\n".join([*lines, ""])


def _comments(comments: Sequence[str]) -> list[str]:
    """As many as leave room for the stages: a plan file has a bound."""
    lines: list[str] = []
    room = MOST_COMMENTS
    for number, comment in enumerate(comments):
        line = f"# {_one_line(comment)}"
        room -= len(line.encode()) + 1
        if room < 0:
            return [*lines, f"# ... and {len(comments) - number} more"]
        lines.append(line)
    return lines


def _quoted(text: str) -> str:
    """A TOML basic string: quotes, backslashes and what is not printable are escaped."""
    kept = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{kept}"'


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:300]
