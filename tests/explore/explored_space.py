"""Every state that a session can be brought to, breadth first, over the program's own session, gate and procedure.

A place is the whole program on the bench, copied before each thing that happens to it. Two places are one when what
they would do next is the same as far as `abstract` tells them apart; the first one found stands for all. The bench's
judge, which shares no code with session and gate, looks at every byte of every step.
"""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from explored_events import EVENTS
from states import in_state

from retroctl.domain import events as ev
from retroctl.domain import session as session_package
from retroctl.domain.transitions import State, next_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bench import Bench

    from retroctl.domain.transitions import Trigger

MEMORY_S = 150.0
"""So far back the judge must see: two holds."""

UNREACHED: dict[tuple[str, str], str] = {}
"""Rows of the table that no way leads to, with the reason. There are none."""


@dataclass
class Found:
    """What an exploration came to."""

    places: int = 0
    steps: int = 0
    depth: int = 0
    by_state: Counter[str] = field(default_factory=Counter)
    rows: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """State and trigger, with the states that it led to: every row of the table that was taken."""
    broken: list[str] = field(default_factory=list)
    unfinished: bool = False


ROOTS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{state.value: (state.value, ()) for state in State},
    "lost, and the link is back": ("lost", ("the link goes, or comes back", "three seconds")),
    "forward": ("turning", ("confirm", "START by the program", "until it changes", "until it changes")),
}
"""Where an exploration begins: every state, on the way that leads there in practice, and what lies far from them."""


def explore(
    *,
    depth: int,
    events: Iterable[str] = tuple(EVENTS),
    most: int = 10**9,
    progress: Callable[[Found, int], None] = lambda _found, _known: None,
) -> Found:
    """From every one of `ROOTS`, everything in `events`, `depth` times over. Ends early after `most` steps."""
    found, known = Found(depth=depth), set[Any]()
    queue: deque[tuple[int, tuple[str, ...], bytes]] = deque()
    with _rows_taken(found.rows):
        for name, (state, way) in ROOTS.items():
            try:
                bench = in_state(state)
                for each in way:
                    EVENTS[each](bench)
            except Exception as error:  # noqa: BLE001 - each is a finding, and the others are still wanted
                found.broken.append(f"on the way to {name}: {type(error).__name__}: {error}")
                continue
            known.add(abstract(bench))
            found.by_state[bench.state] += 1
            queue.append((0, (name,), frozen(bench)))
            _stop_from(bench, (name,), found)
        while queue:
            far, way, place = queue.popleft()
            if far == depth:
                continue
            for name in events:
                if found.steps >= most:
                    found.unfinished = True
                    found.places = len(known)
                    return found
                found.steps += 1
                progress(found, len(known))
                bench = pickle.loads(place)  # noqa: S301 - our own bytes
                after = _step(bench, name, (*way, name), found)
                if after is None or after in known:
                    continue
                known.add(after)
                found.by_state[bench.state] += 1
                kept = frozen(bench)
                _stop_from(bench, (*way, name), found)
                queue.append((far + 1, (*way, name), kept))
    found.places = len(known)
    return found


def frozen(bench: Bench) -> bytes:
    """A copy of everything, without what was only shown and what nobody looks back to."""
    bench.reports.clear()
    bench.outputs.clear()
    judge, since = bench.judge, bench.now - MEMORY_S
    judge.frames[:-200] = [each for each in judge.frames[:-200] if each[0] >= since]
    bench.written[:-40] = []
    return pickle.dumps(bench, pickle.HIGHEST_PROTOCOL)


def _step(bench: Bench, name: str, way: tuple[str, ...], found: Found) -> Any:
    try:
        EVENTS[name](bench)
    except Exception as error:  # noqa: BLE001 - each is a finding, and the others are still wanted
        found.broken.append(f"{' / '.join(way)}: {type(error).__name__}: {error}")
        return None
    return abstract(bench)


def _stop_from(bench: Bench, way: tuple[str, ...], found: Found) -> None:
    """STOP, pressed in this place: written at once, or as soon as the air is free; the radio is freed if it is not."""
    written, stopping = len(bench.written), bench.state == State.STOPPING
    try:
        # A key held down must not fill the radio: within half a second it is the same Stop.
        bench.advance(0.6 if stopping else 0.0)
        bench.tell(ev.StopRequested("a key"))
        assert bench.state == State.STOPPING, f"STOP led to {bench.state}"
        bench.advance(1.2)
        if bench.link_up and bench.written[-1].payload == b"\x08\x01":
            bench.advance(3.0)  # a Stop that hangs is given three seconds and what the computer stood still
        stopped = any(each.payload == b"\x08\x01" for each in bench.written[written:])
        freed = bench.engine.procedure._stuck  # the link is being dropped: Stop is the first thing on the next
        over = stopping and bench.state != State.STOPPING
        assert stopped or freed or over or not bench.link_up, "STOP was not written"
        if not bench.link_up:
            bench.restore_link()
            first = bench.written[-1].payload if bench.written else b""
            over = bench.state != State.STOPPING
            assert first == b"\x08\x01" or over, "STOP was not the first thing on the new connection"
    except Exception as error:  # noqa: BLE001 - each is a finding
        found.broken.append(f"{' / '.join(way)} / STOP: {type(error).__name__}: {error}")


def abstract(bench: Bench) -> tuple[Any, ...]:
    """What tells one place from another: the program's own variables, times in classes, speeds against the target."""
    core, gate, procedure, now = bench.session._core, bench.engine.envelope, bench.engine.procedure, bench.now
    belief = core.belief
    age = None if belief.measured is None else now - belief.measured.at
    in_force = None if belief.in_force is None else belief.in_force.speed.hundredths
    return (
        # the session
        core.state,
        core.course.index,
        core.armed,
        core.ended,
        core.ended_at_machine,
        frozenset(core.blocks),
        core.fault,
        core.link_up,
        core.control_gone,
        core.heard_since_link,
        core.lost_at_rest,
        core.moved_unarmed,
        None if core.start is None else core.start.phase,
        core.start_unsettled,
        core.start_pending,
        core.stop_view,
        core.any_settled,
        core.obeyed,
        core.lowest_asked,
        core.pending is not None,
        core.consent_at is not None,
        core.held_back,
        core.announcing and core.announcement_finished_at is not None,
        core.turn_next,
        core.completed,
        core.hold.settled_at is not None,
        _class(core.remaining_at(now), (0.0, 15.0)) if core.hold.settled_at is not None else None,
        in_force,
        _against(core.measured.hundredths, in_force),
        belief.zero_frames > 1,
        belief.stood,
        _class(age, (2.0, 5.0)),
        core.briefing.gap() is None,
        # the gate
        gate.facing,
        gate._armed,
        gate._stop_latched,
        min(gate._stops, 3),
        gate._lowest_in_stop,
        gate._lowest_sent,
        gate._confirmed_at is None,
        gate._steady_since is None,
        gate._consent_at is None,
        gate._vetoed,
        gate._denied,
        gate._unrecorded,
        None if gate._target is None else gate._target.hundredths,
        # the procedure and the air
        procedure.next_deadline() is None,
        bench.link_up,
        bench.air.frames,
        bench.air.result,
        bench.air.answer_s is None,
        bench.air.att_error,
        bench.air.write_s,
        # the belt
        bench.belt.obeys,
        _against(round(bench.belt.speed), round(bench.belt.goal)),
        bench.belt.speed > 0,
    )


def _class(value: float | None, bounds: tuple[float, ...]) -> int | None:
    return None if value is None else sum(value > bound for bound in bounds)


def _against(speed: int, target: int | None) -> int:
    """At rest; under, at, over, far over what it is held against."""
    if speed == 0:
        return 0
    if target is None:
        return 1
    return 2 + sum(speed - target > bound for bound in (-11, 10, 50))


@contextmanager
def _rows_taken(rows: dict[tuple[str, str], set[str]]) -> Iterator[None]:
    """Listen at the one function through which every change of state goes."""

    def listening(state: State, trigger: Trigger) -> State:
        after = next_state(state, trigger)
        rows.setdefault((state.value, trigger.value), set()).add(after.value)
        return after

    users = [module for module in _modules(session_package) if getattr(module, "next_state", None) is next_state]
    assert users, "the session goes from state to state by another way"
    for module in users:
        module.next_state = listening  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in users:
            module.next_state = next_state  # type: ignore[attr-defined]


def _modules(package: Any) -> list[Any]:
    names = [f"{package.__name__}.{each.name}" for each in pkgutil.iter_modules(package.__path__)]
    return [package, *(importlib.import_module(name) for name in names)]
