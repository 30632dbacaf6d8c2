"""`retroctl` as it is, with a look at itself every few seconds: `soak_child.py FILE RATE ARGUMENT...`.

RATE is how often a second its treadmill reports. Every LOOK_S real seconds FILE gets a JSON line: session time, memory,
open files, tasks, threads, and how late the event loop's own timer of 50 ms was since the line before.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from typing import Any

from retroctl.app.runner import Runner
from retroctl.cli import main
from simulators import personality as known

LOOK_S = 5.0
BEAT_S = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mb() -> float:
    with open("/proc/self/statm") as file:  # noqa: PTH123 - read thousands of times
        return int(file.read().split()[1]) * PAGE / 1e6


async def look(runner: Runner, file: Any) -> None:
    """Watch the loop from inside it."""
    late: list[float] = []
    told = time.monotonic()
    while True:
        due = time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        now = time.monotonic()
        late.append(round((now - due) * 1000, 2))
        if now - told >= LOOK_S:
            line = {
                "real_s": now,
                "session_s": round(runner.now() - runner.began_at, 1),
                "rss_mb": round(resident_mb(), 2),
                "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - as above
                "tasks": len(asyncio.all_tasks()),
                "threads": threading.active_count(),
                "late_ms": late,
            }
            file.write(json.dumps(line) + "\n")
            late, told = [], now


def watched(file: Any) -> None:
    """Every session is looked at from its beginning."""
    real = Runner.begin

    def begin(self: Any, engine: Any) -> None:
        real(self, engine)
        self.look = asyncio.create_task(look(self, file), name="look")

    Runner.begin = begin  # type: ignore[method-assign]


def reports(times_a_second: float) -> None:
    """Every known treadmill sends its record so often."""
    for name, each in list(known.PERSONALITIES.items()):
        known.PERSONALITIES[name] = each.but(record_interval_s=1 / times_a_second)


if __name__ == "__main__":
    out = open(sys.argv[1], "w", buffering=1)  # noqa: SIM115, PTH123 - until the process ends
    reports(float(sys.argv[2]))
    sys.argv = ["retroctl", *sys.argv[3:]]
    watched(out)
    main()
