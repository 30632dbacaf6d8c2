"""The program is killed, or frozen: its guard stops the belt, through BlueZ, on the connection that still stands."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from program import gated_program
from radio import say, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from program import Program
    from radio import Radio, SimulatedTreadmill

REQUEST_CONTROL, STOP = b"\x00", b"\x08\x01"
KILLS = int(os.environ.get("RETROCTL_GUARD_KILLS", "5"))
SEED = int(os.environ.get("RETROCTL_GUARD_SEED", "11"))
LATEST_KILL_S = 6.0
"""After the first target was written: the belt settles and then holds."""
STOP_AFTER_KILL_S = 1.0
STOP_AFTER_FREEZE_S = 4.0
REST_S = 30.0
IN_PLACE = "the guard is in place"


async def guard_kill(radio: Radio) -> dict[str, Any]:
    """Kill at random moments once the belt runs, then freeze once."""
    moments = random.Random(SEED)  # noqa: S311 - nothing is kept secret here
    figures: dict[str, list[float]] = {"moment_s": [], "stop_seen_s": [], "at_rest_s": [], "guard_mb": []}
    async with AsyncExitStack() as everything:
        following = await prepared(radio, everything)
        for _ in range(KILLS):
            treadmill, let_go, leave = following
            program = let_go()
            # The next one is imported while this one has its waits.
            following = await prepared(radio, everything)
            guard = await running(treadmill, program)
            figures["guard_mb"].append(round(resident_kb(guard) / 1024, 1))
            figures["moment_s"].append(round(moments.uniform(0, LATEST_KILL_S), 2))
            await asyncio.sleep(figures["moment_s"][-1])
            stop_s, rest_s = await gone(treadmill, program, signal.SIGKILL, STOP_AFTER_KILL_S)
            figures["stop_seen_s"].append(round(stop_s, 3))
            figures["at_rest_s"].append(round(rest_s, 1))
            await until(lambda guard=guard: not alive(guard), 20, "the guard ends when the belt is at rest")
            await leave()
        treadmill, let_go, _ = following
        frozen_s = await freeze(treadmill, let_go(), moments.uniform(0, LATEST_KILL_S))
    seen = figures["stop_seen_s"]
    least_median_most = [round(f(seen), 3) for f in (min, statistics.median, max)]
    return {"kills": KILLS, **figures, "least_median_most_s": least_median_most, "frozen_stop_seen_s": frozen_s}


async def freeze(treadmill: SimulatedTreadmill, program: Program, moment_s: float) -> float:
    """Freeze the program, then let it go on: it finds its belt at rest and ends, and its guard with it."""
    guard = await running(treadmill, program)
    before = len(treadmill.machine.log)
    await asyncio.sleep(moment_s)
    frozen_s, _ = await gone(treadmill, program, signal.SIGSTOP, STOP_AFTER_FREEZE_S)
    assert alive(guard), "a program that may come back keeps its guard"
    program.signal(signal.SIGCONT)
    status = await program.ended(60)
    assert status == 0, status
    assert program.lines[-1]["belt_at_rest"] is True, program.lines[-1]
    await until(lambda: not alive(guard), 20, "the guard ends with the program")
    assert all(w.data in (STOP, REQUEST_CONTROL) for w in treadmill.machine.log[before:]), treadmill.machine.log
    return round(frozen_s, 2)


class Prepared(NamedTuple):
    """A treadmill, the program that will run it once it is let go, and how both are put away."""

    treadmill: SimulatedTreadmill
    let_go: Callable[[], Program]
    leave: Callable[[], Awaitable[None]]


async def prepared(radio: Radio, everything: AsyncExitStack) -> Prepared:
    """Put a treadmill on the air and have its program imported; `everything` puts them away at the latest."""
    stack = await everything.enter_async_context(AsyncExitStack())
    treadmill = await stack.enter_async_context(radio.treadmill())
    plan = ("--address", treadmill.address, "--top", "1.8", "--hold", "60")
    return Prepared(treadmill, await stack.enter_async_context(gated_program(*plan)), stack.aclose)


async def running(treadmill: SimulatedTreadmill, program: Program) -> int:
    """Brief, arm, start, and give the guard's process: it is there, and has written nothing."""
    began = time.monotonic()
    await program.brief_and_arm()
    say(f"armed after {time.monotonic() - began:.1f} s")
    # Emulated, the guard may need longer than these answers, or several starts on a busy computer: then the program
    # says so, and says when it is there.
    await asyncio.sleep(1)
    if said_of_guard(program):
        await program.until(lambda line: line.get("text") == IN_PLACE, 150, "the guard in place")
    await program.start_at_the_console(treadmill)
    await program.state("settling", 60)
    assert said_of_guard(program)[-1:] in ([], [IN_PLACE]), said_of_guard(program)
    machine = treadmill.machine
    await until(lambda: len(machine.log) >= 2, 10, "control and the first target, both the program's")
    assert machine.true_speed_kmh(time.monotonic()) > 0
    return child_of(program.process_id)  # not before: one that was late has been replaced


def said_of_guard(program: Program) -> list[str]:
    """What the trainer was told of the guard."""
    return [line["text"].partition(":")[0] for line in program.said("alarm") if line["id"] == "guard"]


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
    status = read(Path(f"/proc/{process}/status"))
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
