"""The presets: which there are, which keys each has in a plan file, and how it becomes a plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from retroctl.domain.introduction import introduction_plan
from retroctl.domain.limits import LEVEL_CAPS, Caps, Level
from retroctl.domain.plan import StageKind, ladder_plan
from retroctl.domain.presets import COUNT, INTERVAL_S, REHAB_S, STEADY_S, main_set_plan
from retroctl.errors import PlanError

if TYPE_CHECKING:
    from retroctl.domain.limits import BeltRange
    from retroctl.domain.plan import Plan


class Preset(StrEnum):
    """What `--plan` and `preset =` take."""

    LADDER = "ladder"
    BALANCE_INTRODUCTION = "balance-introduction"
    INTERVALS = "intervals"
    STEADY = "steady"
    ECONOMY = "economy"
    REHAB = "rehab"
    OUTDOOR = "outdoor"


@dataclass(frozen=True, slots=True)
class About:
    """A preset in one line, its keys in a plan file, and what it takes where a key is not given."""

    summary: str
    keys: frozenset[str]
    defaults: dict[str, Any]


_MAIN = frozenset({"top", "interval_s", "hold_s", "ease_rung_s"})

PRESETS: Final = {
    Preset.LADDER: About(
        "from the machine's lowest speed up, every speed held (R6 to R10)",
        frozenset({"top", "hold_s", "ease_rung_s"}),
        {"hold_s": 120},
    ),
    Preset.BALANCE_INTRODUCTION: About(
        "one or two backward intervals of 30 s inside a forward run (R13)",
        frozenset({"total_s", "count", "forward"}),
        {"total_s": 1800, "count": 1},
    ),
    Preset.INTERVALS: About(
        "backward intervals, a step slower between them; balance mastered",
        _MAIN | {"count", "recovery_s"},
        {"count": COUNT, "interval_s": INTERVAL_S, "recovery_s": 60, "hold_s": 60},
    ),
    Preset.STEADY: About("one long backward interval; balance mastered", _MAIN, {"interval_s": STEADY_S, "hold_s": 60}),
    Preset.ECONOMY: About(
        "steady work at up to 8.0 or 9.7 km/h, off-season (R18); balance mastered",
        _MAIN,
        {"interval_s": STEADY_S, "hold_s": 60},
    ),
    Preset.REHAB: About(
        "one slow interval in a band of heart rates, under a clearance (R20)",
        _MAIN,
        {"interval_s": REHAB_S, "hold_s": 60},
    ),
    Preset.OUTDOOR: About("a session on a track, noted afterwards; no machine is touched (R25)", frozenset(), {}),
}


def build(
    preset: Preset, name: str, belt: BeltRange, caps: Caps, given: dict[str, Any], *, coarse_accepted: bool = False
) -> Plan:
    """The plan of a preset with the keys that were given. Raises PlanError naming stage and rule."""
    keys = {**PRESETS[preset].defaults, **given}
    match preset:
        case Preset.LADDER:
            return ladder_plan(belt, caps, coarse_accepted=coarse_accepted, name=name, **keys)
        case Preset.BALANCE_INTRODUCTION:
            return introduction_plan(
                belt, caps, total_s=keys["total_s"], intervals=keys["count"], forward=keys.get("forward"), name=name
            )
        case Preset.REHAB:
            # Rungs all the way: rehab is open to those whose balance is not mastered (R13).
            slow = _lowered(caps, Level.REHAB)
            return main_set_plan(name, belt, slow, coarse_accepted=coarse_accepted, work=StageKind.LADDER, **keys)
        case Preset.OUTDOOR:
            raise PlanError("an outdoor session controls no machine (R25): note it with retroctl run --plan outdoor")
        case _:
            return main_set_plan(name, belt, caps, coarse_accepted=coarse_accepted, **keys)


def _lowered(caps: Caps, level: Level) -> Caps:
    """Whatever the client's level, no faster than this one."""
    if caps.backward <= LEVEL_CAPS[level]:
        return caps
    return Caps(LEVEL_CAPS[level], caps.forward, f"level {level}", caps.forward_reason)
