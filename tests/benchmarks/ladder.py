"""How much processor time a 20-minute ladder costs: `python tests/benchmarks/ladder.py`.

Every 1 Hz frame is delivered. Three figures: the pure core alone (recorded inputs replayed into a fresh engine), core
and simulated machine, and the whole program with the real Bluetooth library on the backend in memory.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

import async_solipsism

sys.path.insert(0, str(Path(__file__).parents[1]))

from rig import BELT, CLIENT, Rig
from whole import FrontEnd, Whole

from retroctl.app.clock import LoopClock
from retroctl.app.engine import Engine
from retroctl.app.reports import Kind
from retroctl.domain.envelope import Envelope
from retroctl.domain.events import Connected
from retroctl.domain.limits import caps_for
from retroctl.domain.plan import raise_step
from retroctl.domain.session import Advance, Session
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

TOP_KMH, HOLD_S = 5.0, 185.0
"""Six rungs of 185 s with their announcements, then the way down: just over twenty minutes."""


class Recorder:
    """Stands in front of an engine and notes every call."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.calls = engine, []

    def __getattr__(self, name: str):
        value = getattr(self._engine, name)
        if not callable(value):
            return value

        def noted(*arguments, **named):
            self.calls.append((name, arguments, named))
            return value(*arguments, **named)

        return noted


def recorded() -> tuple[list, Rig]:
    rig = Rig(top=TOP_KMH, hold_s=HOLD_S)
    recorder = Recorder(rig.engine)
    rig.engine = recorder
    rig.start()
    rig.run_until(lambda: bool(rig.ended), limit_s=3600)
    return recorder.calls, rig


def fresh(rig: Rig) -> Engine:
    caps = caps_for(CLIENT, BELT, qualified=True)
    session = Session(rig.plan, BELT, caps, advance=Advance.AUTO)
    envelope = Envelope(BELT, caps, raise_step(BELT), hold_s=HOLD_S, hands_free=True)
    engine = Engine(session, envelope, began_at=0.0)
    engine.handle(Connected(), 0.0)
    return engine


def core_alone() -> tuple[float, float, int]:
    calls, rig = recorded()
    times = []
    for _ in range(7):
        engine = fresh(rig)
        began = time.process_time()
        for name, arguments, named in calls:
            getattr(engine, name)(*arguments, **named)
        times.append(time.process_time() - began)
        assert engine.session.state.value == "stopped"
    return statistics.median(times), rig.now, len(rig.of(Kind.TELEMETRY))


def core_and_machine() -> float:
    times = []
    for _ in range(5):
        began = time.process_time()
        recorded()
        times.append(time.process_time() - began)
    return statistics.median(times)


def whole() -> tuple[float, int]:
    async def one() -> int:
        clock = LoopClock()
        radio = SimulatedRadio(clock)
        machine = FtmsMachine(personality("standard"), seed=1, now=clock.now())
        device = radio.add(machine, address="C0:DE:00:00:00:01")
        front = FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: None)
        run = Whole(front, clock, top=TOP_KMH, hold_s=HOLD_S)
        result = await run.run()
        assert result.status == 0, result
        return len(run.of(Kind.TELEMETRY))

    times, frames = [], 0
    for _ in range(3):
        with asyncio.Runner(loop_factory=async_solipsism.EventLoop) as runner:
            began = time.process_time()
            frames = runner.run(one())
            times.append(time.process_time() - began)
    return statistics.median(times), frames


if __name__ == "__main__":
    alone, seconds, frames = core_alone()
    print(f"session: {seconds / 60:.1f} min, {frames} frames")
    print(f"pure core:                {alone * 1000:7.1f} ms CPU")
    print(f"core + simulated machine: {core_and_machine() * 1000:7.1f} ms CPU")
    taken, frames = whole()
    print(f"whole program with bleak: {taken * 1000:7.1f} ms CPU, {frames} frames")
