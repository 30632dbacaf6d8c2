"""A plan written as a plan file, such as `read_plan` reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.domain.plan import Plan


def written_plan(plan: Plan, comments: Sequence[str] = ()) -> str:
    """The file's text: the stages one by one, `comments` above them. Speeds are exact: whole hundredths of km/h."""
    lines = [f"# {_one_line(comment)}" for comment in comments]
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


def _quoted(text: str) -> str:
    """A TOML basic string: quotes, backslashes and what is not printable are escaped."""
    kept = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{kept}"'


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:300]
