"""From a story to what it needs: the machine, the program's session and gate for it, and the judge of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from retroctl.domain.envelope import Envelope
from retroctl.domain.heart import HeartWatch
from retroctl.domain.introduction import introduction_plan
from retroctl.domain.limits import BeltRange, Caps, Client, Facing, Level, caps_for
from retroctl.domain.method.heart import INTENSITIES, HeartLimits
from retroctl.domain.plan import Plan, Stage, StageKind, build_plan, ladder_plan, ladder_targets, raise_step
from retroctl.domain.presets import main_set_plan
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.errors import PlanError, UnsupportedTreadmill
from retroctl.units import Speed
from simulators.behaviour import Behaviour
from simulators.machine import FtmsMachine
from simulators.personality import personality
from simulators.storm.judge import Judge

if TYPE_CHECKING:
    from simulators.recipe import Personality
    from simulators.storm.story import Story

WIRES: Final = {"open": Wire.OPEN, "stop only": Wire.STOP_ONLY, "closed": Wire.CLOSED}
HIGH_BPM, NEAR_HIGHEST_BPM = 150, 168
_OWN_RANGE: Final = frozenset({"minimum", "maximum", "increment", "start_speed"})
_LIES: Final = (
    "belt_kmh",
    "reported_kmh",
    "record",
    "frames",
    "obeys_stop",
    "speed_range",
    "on_stopped",
    "on_started",
    "on_connect",
    "on_target",
    "start_while_started",
)
"""A machine that changes one of these may do, or tell, what nobody can hold against the program."""


class Refused(Exception):  # noqa: N818 - the right end of such a story, no error
    """No session can be made of this story: the machine, or the plan for it, is refused before anything is written."""


@dataclass
class Setting:
    """What one session needs."""

    machine: FtmsMachine
    session: Session
    envelope: Envelope
    judge: Judge


@lru_cache(maxsize=512)
def _kind(name: str, belt: tuple[int, int, int]) -> Personality:
    kind = personality(name)
    if _OWN_RANGE & kind.changes.keys():
        return kind
    low, high, step = (Speed(value) for value in belt)
    return kind.but(minimum=low, maximum=high, increment=step, start_speed=low)


def _honest(kind: type[Behaviour]) -> bool:
    return all(getattr(kind, hook) is getattr(Behaviour, hook) for hook in _LIES)


def setting(story: Story) -> Setting:
    """Make all of it, the machine connected at time 0. Raises Refused."""
    kind = _kind(story.machine, story.belt)
    machine = FtmsMachine(kind, seed=story.seed)
    machine.connect(0.0)
    if {"2acd", "2ad4"} - kind.traits.characteristics or "2ad4" in kind.traits.empty_reads:
        raise Refused("it tells no range")
    level = Level(story.client)
    forward, limit = (None if value is None else Speed(value) for value in (story.forward, story.limit))
    wire = WIRES[story.wire] if _commanded(kind) else Wire.CLOSED
    advance = Advance(story.advance)
    client = Client(level, comfortable_forward=forward, clinician_limit=limit, balance_mastered=forward is not None)
    try:
        belt = BeltRange(*(Speed(value) for value in machine.behaviour.speed_range()))
        caps = caps_for(client, belt, qualified=True)
        plan = _plan(story, belt, caps)
    except (UnsupportedTreadmill, PlanError, ValueError) as error:
        raise Refused(str(error)) from error
    rpe = INTENSITIES[level].rpe_max
    limits = HeartLimits(None, HIGH_BPM, NEAR_HIGHEST_BPM, rpe, rpe_leads=False, why="a story")
    heart = HeartWatch(limits, chosen=bool(story.strap))
    session = Session(plan, belt, caps, advance=advance, by_hand=wire is not Wire.OPEN, heart=heart)
    envelope = Envelope(
        belt,
        caps,
        raise_step(belt),
        hold_s=min(stage.hold_s for stage in plan.stages),
        hands_free=advance is Advance.AUTO,
        wire=wire,
        heart_limit_bpm=HIGH_BPM,
    )
    judge = Judge(
        belt.minimum.hundredths,
        belt.maximum.hundredths,
        belt.increment.hundredths,
        level=story.client,
        forward=story.forward,
        confirm=advance is Advance.CONFIRM,
        honest=_honest(type(machine.behaviour)),
        limit=story.limit,
        facings=facings(plan),
        heart_limit=HIGH_BPM,
        most_rpe=rpe,
        strapped=bool(story.strap),
        called=wire is not Wire.OPEN,
    )
    return Setting(machine, session, envelope, judge)


def facings(plan: Plan) -> tuple[str, ...]:
    """How the client faces, from one turn to the next."""
    faced = [stage.facing.value for stage in plan.stages]
    return tuple(now for before, now in zip(["", *faced], faced, strict=False) if now != before)


def _commanded(kind: Personality) -> bool:
    writes = {"write", "write-without-response"} & set(kind.traits.control_point_properties)
    return bool(writes) and "2ad9" in kind.traits.characteristics


def _plan(story: Story, belt: BeltRange, caps: Caps) -> Plan:
    """The plan of that shape; where this client on this machine may not have it, the ladder."""
    top = belt.snap_down(min(max(Speed(story.top), belt.minimum), caps.backward))
    ladder = ladder_plan(belt, caps, top=top, hold_s=story.hold_s)
    try:
        match story.plan:
            case "main set":
                return main_set_plan("main set", belt, caps, top=top, interval_s=90.0, count=3, hold_s=story.hold_s)
            case "turns" | "forward first":
                return _turning(belt, caps, begin_forward=story.plan != "turns")
            case "introduction":
                return introduction_plan(belt, caps, total_s=600.0, intervals=2)
            case "incline":
                return _inclined(belt, caps, top, story.hold_s)
            case _:
                return ladder
    except PlanError:
        return ladder


def _turning(belt: BeltRange, caps: Caps, *, begin_forward: bool) -> Plan:
    """Backward with a raise, forward up and down, backward; or the forward part first."""
    step = raise_step(belt).hundredths
    rung = Speed(min(belt.minimum.hundredths + step, caps.backward.hundredths))
    fast = Speed(min(belt.minimum.hundredths + 3 * step, caps.forward.hundredths))
    back = [(Facing.BACKWARD, belt.minimum, 60.0), (Facing.BACKWARD, rung, 60.0), (Facing.BACKWARD, belt.minimum, 60.0)]
    ahead = [(Facing.FORWARD, fast, 80.0), (Facing.FORWARD, belt.minimum, 20.0), (Facing.FORWARD, fast, 90.0)]
    order = [*ahead, *back] if begin_forward else [*back, *ahead, *back]
    stages = tuple(Stage(StageKind.WORK, facing, target, hold_s) for facing, target, hold_s in order)
    return build_plan("turns", stages, belt, caps)


def _inclined(belt: BeltRange, caps: Caps, top: Speed, hold_s: float) -> Plan:
    """A ladder, and at its top the incline in two steps."""
    back = Facing.BACKWARD
    rungs = [Stage(StageKind.LADDER, back, rung, hold_s) for rung in ladder_targets(belt, top)]
    steep = [Stage(StageKind.WORK, back, top, hold_s, incline_pct=pct) for pct in (1.0, 2.0)]
    return build_plan("incline", (*rungs, *steep), belt, caps, incline=True)
