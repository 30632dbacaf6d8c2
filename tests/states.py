"""A bench driven to each of the sixteen states, by what a trainer and a machine would do."""

from __future__ import annotations

from bench import Bench

from retroctl.domain import events as ev
from retroctl.domain.limits import Facing
from retroctl.domain.plan import Plan, Stage, StageKind, build_plan
from retroctl.domain.session import Advance
from retroctl.domain.transitions import State
from retroctl.domain.verdict import Wire
from retroctl.units import Speed


def turning_plan(bench: Bench) -> Plan:
    """Backward, forward, backward, at the lowest speed."""
    stages = [
        Stage(StageKind.WORK, facing, Speed(100), 60.0) for facing in (Facing.BACKWARD, Facing.FORWARD, Facing.BACKWARD)
    ]
    return build_plan("turns", tuple(stages), bench.range, bench.caps)


def in_state(name: str, wire: Wire = Wire.OPEN) -> Bench:
    """A new bench in that state, on a belt that obeys. The name of a state as in the table."""
    bench = Bench(advance=Advance.CONFIRM, hold_s=60.0, wire=wire)
    match State(name):
        case State.IDLE:
            bench = Bench(connect=False, wire=wire)
        case State.OBSERVING:
            pass
        case State.BRIEFING:
            bench.brief()
        case State.ARMED:
            bench.arm()
        case State.STARTING:
            bench.start()
            bench.advance(1.0)
        case State.SETTLING:
            bench.start()
            bench.until("settling")
            bench.advance(0.1)  # the target's write has returned: the air is free
        case State.HOLDING:
            bench.hold_at(1.8)
        case State.READY:
            bench.hold_at(1.8)
            bench.until("ready")
        case State.ANNOUNCING:
            bench.hold_at(1.8)
            bench.until("ready")
            bench.tell(ev.ConfirmPressed())
            bench.advance(2.0)
        case State.OVERRIDDEN:
            bench.hold_at(1.8)
            bench.belt.set(1.4)
            bench.status(0x05, 140, 0)
        case State.LOST:
            bench.hold_at(1.8)
            bench.drop_link()
            bench.advance(1.0)
        case State.EASING_DOWN:
            bench.hold_at(1.8)
            bench.tell(ev.EaseDownPressed())
        case State.TURNING:
            bench = Bench(plan=turning_plan(bench), wire=wire)
            bench.hold_at(1.0)
            bench.until("turning")
        case State.STOPPING:
            bench.hold_at(1.8)
            bench.tell(ev.StopRequested("key"))
        case State.STOPPED:
            bench.hold_at(1.8)
            bench.tell(ev.StopRequested("key"))
            bench.until("stopped")
        case State.FAULTED:
            bench.hold_at(1.8)
            bench.belt.set(4.0)
            bench.belt.obeys = False  # a person at the console who does not lower it
            bench.until("stopping")
            bench.belt.set(0.0)
            bench.until("faulted")
    bench.advance(0.03)
    assert bench.state == name
    return bench
