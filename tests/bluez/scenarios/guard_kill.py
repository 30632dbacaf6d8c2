"""The program is killed, or frozen: its guard stops the belt, through BlueZ, on the connection that still stands."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from program import run_program
from radio import fall_begins, say, until

if TYPE_CHECKING:
    from program import Program
    from radio import Radio, SimulatedTreadmill

REQUEST_CONTROL, STOP = b"\x00", b"\x08\x01"
KILLS = int(os.environ.get("RETROCTL_GUARD_KILLS", "5"))
SEED = int(os.environ.get("RETROCTL_GUARD_SEED", "11"))
STOP_AFTER_KILL_S = 1.0
STOP_AFTER_FREEZE_S = 4.0
REST_S = 30.0
NOT_YET, IN_PLACE = "NO GUARD YET", "the guard is in place"


async def guard_kill(radio: Radio) -> dict[str, Any]:
    """Kill at random moments from the start of the belt on, then freeze once."""
    moments = random.Random(SEED)  # noqa: S311 - nothing is kept secret here
    stopped_s: list[float] = []
    rest_s: list[float] = []
    memory_kb: list[int] = []
    for _ in range(KILLS):
        async with radio.treadmill() as treadmill, guarded(treadmill) as program:
            guard = await running(treadmill, program)
            memory_kb.append(resident_kb(guard))
            await asyncio.sleep(moments.uniform(0.0, 8.0))
            stop_s, at_rest_s = await gone(treadmill, program, signal.SIGKILL, STOP_AFTER_KILL_S)
            stopped_s.append(stop_s)
            rest_s.append(at_rest_s)
            await until(lambda guard=guard: not alive(guard), 20, "the guard ends when the belt is at rest")
    async with radio.treadmill() as treadmill, guarded(treadmill) as program:
        guard = await running(treadmill, program)
        await asyncio.sleep(moments.uniform(0.0, 8.0))
        frozen_s, _ = await gone(treadmill, program, signal.SIGSTOP, STOP_AFTER_FREEZE_S)
        assert alive(guard), "a program that may come back keeps its guard"
        program.signal(signal.SIGCONT)
        status = await program.ended(60)
        # The belt is at rest, and the program that came back says so and ends its guard.
        assert status == 0, status
        await until(lambda: not alive(guard), 20, "the guard ends with the program")
        assert all(w.data in (STOP, REQUEST_CONTROL) for w in treadmill.machine.log[2:]), treadmill.machine.log
    return {
        "kills": KILLS,
        "stop_seen_s": [round(s, 3) for s in stopped_s],
        "min_median_max_s": [round(f(stopped_s), 3) for f in (min, statistics.median, max)],
        "belt_at_rest_s": [round(s, 1) for s in rest_s],
        "frozen_stop_seen_s": round(frozen_s, 2),
        "guard_resident_kb": memory_kb,
    }


def guarded(treadmill: SimulatedTreadmill) -> Any:
    """The program on its way to a ladder."""
    return run_program("--address", treadmill.address, "--top", "1.8", "--hold", "60")


async def running(treadmill: SimulatedTreadmill, program: Program) -> int:
    """Brief, arm, start, and give the guard's process: it is there, and has written nothing."""
    began = time.monotonic()
    await program.brief_and_arm()
    say(f"armed after {time.monotonic() - began:.1f} s")
    guard = child_of(program.process_id)
    # Emulated, the guard may need longer than these answers: then the program says so, and says when it is there.
    await asyncio.sleep(2)
    if said_of_guard(program):
        await program.until(lambda line: line.get("text") == IN_PLACE, 60, "the guard in place")
    await program.start_at_the_console(treadmill)
    await program.state("settling", 60)
    assert said_of_guard(program) in ([], [NOT_YET, IN_PLACE]), said_of_guard(program)
    return guard


def said_of_guard(program: Program) -> list[str]:
    """What the trainer was told of the guard."""
    return [line["text"].partition(":")[0] for line in program.said("alarm") if line["id"] == "GUARD"]


async def gone(
    treadmill: SimulatedTreadmill, program: Program, how: signal.Signals, within_s: float
) -> tuple[float, float]:
    """Send the signal; gives when Stop was seen and when the belt itself was at rest, in seconds from then."""
    machine = treadmill.machine
    before = len(machine.log)
    assert machine.true_speed_kmh(time.monotonic()) > 0
    at = program.signal(how)
    await until(lambda: len(machine.log) > before, within_s + 10, "a write of the guard")
    first = machine.log[before]
    say(f"{how.name}: {first.data.hex()} after {first.at - at:.3f} s")
    assert first.data == STOP, machine.log
    rest_at = await until(lambda: machine.true_speed_kmh(time.monotonic()) == 0, REST_S, "the belt at rest")
    assert fall_begins(machine, at) >= at
    assert all(w.data in (STOP, REQUEST_CONTROL) for w in machine.log[before:]), machine.log
    assert machine.connections == 1, "the connection that stood was used"
    assert first.at - at <= within_s, first.at - at
    return first.at - at, rest_at - at


def child_of(process: int) -> int:
    """The guard among the processes: the child whose command names it."""
    for folder in Path("/proc").iterdir():
        child = f"PPid:\t{process}\n" in read(folder / "status")
        if child and "retroctl.cli.guard" in read(folder / "cmdline"):
            return int(folder.name)
    raise AssertionError("the program has no guard")


def read(path: Path) -> str:
    """What the kernel says of a process; nothing of one that has gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def alive(process: int) -> bool:
    """Whether it runs; one that has ended and was not reaped does not."""
    status = read(Path(f"/proc/{process}/status"))
    return bool(status) and "State:\tZ" not in status


def resident_kb(process: int) -> int:
    """The memory that the process holds."""
    line = next(line for line in read(Path(f"/proc/{process}/status")).splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])
