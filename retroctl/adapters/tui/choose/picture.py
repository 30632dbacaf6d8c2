"""A plan drawn before it is run: one block a stage, as high as its target, as wide as its hold; the cap as a line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from retroctl.adapters.tui.text import clock
from retroctl.domain.limits import Facing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.adapters.tui.painted import Part
    from retroctl.domain.limits import Caps
    from retroctl.domain.plan import Plan

AXIS: Final = 9
"""Columns for the speeds at the left."""
BLOCKS: Final = " ▁▂▃▄▅▆▇█"
FORWARD: Final = "▒"
EASING: Final = "░"
_MOST_COLUMNS: Final = 100


def draw_plan(plan: Plan, caps: Caps, columns: int, rows: int) -> list[Part]:
    """`rows` lines, the speeds at their left; empty where there is no room."""
    room = min(columns - AXIS, _MOST_COLUMNS)
    if room < 8 or rows < 2:
        return []
    cells = _cells(plan, room)
    fastest = max(speed for speed, _ in cells)
    facing = Facing.BACKWARD if any(stage.facing is Facing.BACKWARD for stage in plan.stages) else Facing.FORWARD
    cap = caps.of(facing).kmh
    scale = (cap if fastest < cap <= fastest * 1.4 else fastest) * 1.02
    cap_row = int(cap / scale * rows - 1e-9) if cap <= scale else None
    parts: list[Part] = []
    for row in range(rows - 1, -1, -1):
        label = f"cap {cap:.2f}" if row == cap_row else f"{scale * row / rows:.1f}" if row in (0, rows // 2) else ""
        parts.append((label.rjust(AXIS - 1) + " ", "$cap bold" if row == cap_row else "$text-muted"))
        line = "".join(_cell(speed, mark, row, rows, scale) for speed, mark in cells)
        parts += _with_cap(line) if row == cap_row else [(line, "$planned")]
        parts.append("\n")
    return parts


def _with_cap(line: str) -> list[Part]:
    """The cap's line goes on where no stage is."""
    runs = ((empty, "".join(run)) for empty, run in groupby(line, lambda letter: letter == " "))
    return [("╌" * len(run), "$cap") if empty else (run, "$planned") for empty, run in runs]


def _cells(plan: Plan, columns: int) -> list[tuple[float, str]]:
    """Speed and mark of each column: the stages, then the rungs of easing down."""
    marks = {Facing.BACKWARD: "", Facing.FORWARD: FORWARD}
    spans = [(stage.hold_s, stage.target.kmh, marks[stage.facing]) for stage in plan.stages]
    last = plan.stages[-1].target
    spans += [(plan.ease_rung_s, rung.kmh, EASING) for rung in reversed(plan.ladder) if rung < last]
    total = sum(seconds for seconds, _, _ in spans)
    cells: list[tuple[float, str]] = []
    at = 0.0
    for seconds, speed, mark in spans:
        at += seconds
        wanted = max(len(cells) + 1, round(at / total * columns))
        cells += [(speed, mark)] * (min(wanted, columns) - len(cells))
    return cells


def _cell(speed: float, mark: str, row: int, rows: int, scale: float) -> str:
    filled = round(min(1.0, max(0.0, speed / scale * rows - row)) * 8)
    return mark if mark and filled >= 4 else BLOCKS[filled] if not mark else " "


def times_of(plan: Plan) -> str:
    """How long it takes at the least."""
    held = sum(stage.hold_s for stage in plan.stages)
    easing = plan.ease_rung_s * sum(rung < plan.stages[-1].target for rung in plan.ladder)
    return f"{clock(held)} of holds at the least, then eased down in about {clock(easing)}"


def stage_lines(plan: Plan, most: int) -> Sequence[str]:
    """The stages one by one, as far as there is room."""
    stages = plan.stages
    shown = stages if len(stages) <= most else stages[: max(0, most - 1)]
    lines = [
        f"{number:>3}  {stage.target.kmh:5.2f} km/h  {clock(stage.hold_s):>6}  {stage.facing.value} {stage.kind.value}"
        + (f", incline {stage.incline_pct:g} %, set by hand" if stage.incline_pct else "")
        for number, stage in enumerate(shown, start=1)
    ]
    return lines if len(shown) == len(stages) else [*lines, f"     and {len(stages) - len(shown)} more stages"]


def in_one_line(plan: Plan) -> str:
    """Targets and holds, where there is room for one line only."""
    holds = sorted({stage.hold_s for stage in plan.stages})
    held = clock(holds[0]) if len(holds) == 1 else f"{clock(holds[0])} to {clock(holds[-1])}"
    rungs = "  ".join(f"{stage.target.kmh:.2f}" for stage in plan.stages[:9])
    more = f"  and {len(plan.stages) - 9} more" if len(plan.stages) > 9 else ""
    return f"{rungs}{more} km/h, each held {held}"
