"""Random plans that the rules allow, and their files in each format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.adapters.exchange.fit_workout import write_fit_workout
from retroctl.adapters.exchange.zwo import write_zwo
from retroctl.domain.limits import BeltRange, Client, Facing, Level, caps_for
from retroctl.domain.plan import MAX_TOTAL_S, Plan, Stage, StageKind, build_plan
from retroctl.units import Speed

if TYPE_CHECKING:
    from random import Random

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
CLIENT = Client(Level.TRAINED, comfortable_forward=Speed(1340), balance_mastered=True)
CAPS = caps_for(CLIENT, BELT, qualified=True)
FORMATS = ("zwo", "fit", "xml")


def random_plan(dice: Random) -> Plan:
    """Up to 40 stages, as long as a session may last: any fall, raises within 0.8 km/h, holds from a minute."""
    target, stages = 100, []
    for number in range(dice.randint(1, 40)):
        if number:
            highest = min(target + 80, CAPS.backward.hundredths)
            target = dice.randrange(100, highest + 1, 10)
        hold_s = dice.choice([60.0, 90.0, float(dice.randint(60, 3600)), round(dice.uniform(60, 400), 1)])
        if sum(stage.hold_s for stage in stages) + hold_s > MAX_TOTAL_S:
            break
        stages.append(Stage(dice.choice(list(StageKind)), Facing.BACKWARD, Speed(target), hold_s))
    name = dice.choice(["ladder", "Tempo & <more>", "\u00fcber", "x" * 80, "a]]>b"])
    return build_plan(name, tuple(stages), BELT, CAPS)


def written(plan: Plan, format_: str) -> bytes:
    """The plan as a file. QZ has whole seconds only, so a part of one is left off."""
    if format_ == "zwo":
        return write_zwo(plan)
    if format_ == "fit":
        return write_fit_workout(plan)
    rows = "".join(
        f'<row duration="{int(s.hold_s) // 3600:02}:{int(s.hold_s) // 60 % 60:02}:{int(s.hold_s) % 60:02}" '
        f'speed="{s.target.kmh}" forcespeed="1"/>\n'
        for s in plan.stages
    )
    return f'<?xml version="1.0"?>\n<rows>\n{rows}</rows>\n'.encode()


def told(plan: Plan, format_: str) -> list[tuple[int, float]]:
    """What must come back: targets in 0.01 km/h and seconds."""
    return [(s.target.hundredths, float(int(s.hold_s)) if format_ == "xml" else s.hold_s) for s in plan.stages]
