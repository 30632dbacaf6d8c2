"""How soon a cue is heard: `python tests/benchmarks/voice.py [SPEEDUP]`. About a minute; at 1, six minutes.

From the report of an event to the moment the player is given its sound, over whole sessions on the real Bluetooth
library, on a player that takes as long as the sounds do, all of it sped up; only at 1 is a wait behind another sentence
as long as in life. Beside it, in real time, what a player
program adds: how long Stop takes to cut off a running one and to start the next.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from players import FakePlayer, NamedBank
from whole import FrontEnd, Whole

from retroctl.adapters.voice import Voice
from retroctl.adapters.voice.bank import Sound
from retroctl.adapters.voice.players import Played, ProcessPlayer
from retroctl.app.clock import ScaledClock
from retroctl.app.reports import Kind, Report
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

SPEEDUP = float(sys.argv[1]) if len(sys.argv) > 1 else 50.0
SESSIONS = 4 if SPEEDUP > 1 else 1
TOP_KMH = 5.0


class TimedVoice(Voice):
    """Notes when each cue was put."""

    def __init__(self, player: FakePlayer) -> None:
        super().__init__(players=[player], bank=player.bank)
        self.put: list[tuple[float, tuple[str, ...], float]] = []

    def _put(self, said, ended=None):
        self.put.append((time.monotonic(), said.clips, said.lasts_s))
        return super()._put(said, ended)


async def session() -> tuple[list[float], int, int]:
    """The delays of the cues that were heard, how many were not, how many were heard too late."""
    clock = ScaledClock(SPEEDUP)
    player = FakePlayer(NamedBank(), pace=SPEEDUP)
    voice = TimedVoice(player)
    voice.begin(lambda why: print(f"silent: {why}"))
    radio = SimulatedRadio(clock)
    machine = FtmsMachine(personality("standard"), seed=1, now=clock.now())
    device = radio.add(machine, address="C0:DE:00:00:00:01")
    front = FrontEnd(machine, device, radio.client_backend, radio.scanner_backend, lambda: None)
    run = Whole(front, clock, top=TOP_KMH, speech=voice)
    run.runner._listeners.append(voice)
    assert (await run.run()).belt_at_rest
    await asyncio.to_thread(voice.close)
    clock.stop()
    begun, delays, late = list(player.begun), [], 0
    for at, clips, lasts_s in voice.put:
        mine = next((entry for entry in begun if entry[1] == clips and entry[0] >= at), None)
        if mine is not None and mine[0] - at <= 5:
            begun.remove(mine)
            delays.append(mine[0] - at)
            late += mine[0] - at > lasts_s
    return delays, len(voice.put) - len(delays), late


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1000


def with_a_program(times: int = 20) -> list[float]:
    """A player program cut off in the middle and the next one started: until that one has begun to run."""
    delays = []
    running = ProcessPlayer(sys.executable, "-c", "import time; time.sleep(30)")
    for _ in range(times):
        cut = threading.Event()
        thread = threading.Thread(target=running.play, args=(Sound(b"", 30.0), cut))
        thread.start()
        time.sleep(0.2)
        began = time.monotonic()
        cut.set()
        thread.join()
        assert ProcessPlayer("true").play(Sound(b"", 0.0), threading.Event()) is Played.WHOLE
        delays.append(time.monotonic() - began)
    return delays


async def main() -> None:
    delays, unheard, late = [], 0, 0
    for _ in range(SESSIONS):
        more, dropped, too_late = await session()
        delays += more
        unheard, late = unheard + dropped, late + too_late
    print(
        f"{SESSIONS} sessions at {SPEEDUP:g}x: {len(delays)} cues heard, {unheard} dropped, {late} after their moment"
    )
    print(
        f"report to player: p50 {statistics.median(delays) * 1000:.1f} ms, p95 {percentile(delays, 0.95):.1f} ms, "
        f"max {max(delays) * 1000:.1f} ms"
    )
    process = with_a_program()
    print(
        f"cut a program off, run the next to its end: p50 {statistics.median(process) * 1000:.1f} ms, "
        f"p95 {percentile(process, 0.95):.1f} ms"
    )
    voice = Voice(players=[], bank=NamedBank())
    began = time.perf_counter()
    for _ in range(10_000):
        voice(Report(0.0, Kind.CUE, {"text": "Stopping."}))
    print(f"a cue costs the control loop {(time.perf_counter() - began) / 10_000 * 1e6:.1f} us")


if __name__ == "__main__":
    asyncio.run(main())
