"""One variable at a time (R11): between two comparable sessions at most one of four may rise; decreases are free."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from retroctl.errors import PlanError

if TYPE_CHECKING:
    from retroctl.domain.method.practice import Shape


class Variable(StrEnum):
    """What may rise, one at a time."""

    SPEED = "peak backward speed"
    LENGTH = "interval length"
    COUNT = "interval count"
    INCLINE = "incline"


def risen(before: Shape, after: Shape) -> dict[Variable, str]:
    """What rises from `before` to `after`, each with its words: from what to what.

    More time in the main set without more intervals is a longer interval, also where the longest one stays.
    """
    found: dict[Variable, str] = {}
    if after.peak > before.peak:
        found[Variable.SPEED] = f"from {before.peak} to {after.peak}"
    if after.interval_s > before.interval_s:
        found[Variable.LENGTH] = f"from {before.interval_s:g} s to {after.interval_s:g} s"
    elif after.main_s > before.main_s and after.count <= before.count:
        found[Variable.LENGTH] = f"from {before.main_s:g} s to {after.main_s:g} s in all"
    if after.count > before.count:
        found[Variable.COUNT] = f"from {before.count} to {after.count}"
    if after.incline_pct > before.incline_pct:
        found[Variable.INCLINE] = f"from {before.incline_pct:g} % to {after.incline_pct:g} %"
    return found


def refuse_two_rises(before: Shape, after: Shape) -> Variable | None:
    """The one variable that rises; None when none does. Raises PlanError naming all of them when it is more (R11)."""
    found = risen(before, after)
    if len(found) > 1:
        named = " and ".join(f"{variable} ({words})" for variable, words in found.items())
        raise PlanError(
            f"against the last completed session of this kind {named} would rise together; one may, the others "
            "stay as they were (R11)"
        )
    return next(iter(found), None)
