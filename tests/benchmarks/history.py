"""A record of ten thousand half hours: `python tests/benchmarks/history.py [SESSIONS]` (about a minute to write it).

What it takes to list it and to open one session, in this process and as a command; and how large the file is. The
limits stand beside the figures, and the time of a fixed piece of work, by which machines can be compared.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_record import Made, RecordMaker

from retroctl.adapters.journal import read
from retroctl.adapters.journal.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS = 10_000
CLIENTS = 200
FIRST_MS = 1_700_000_000_000
RUNS = 7
LIST_MS, OPEN_MS, COMMAND_MS, FILE_MB = 300, 500, 800, 500


def half_hour(number: int, dice: random.Random) -> Made:
    """A ladder of nine rungs of three minutes with heart rate; one in a hundred was interrupted."""
    rungs = dice.choice((8, 9, 9, 10))
    return Made(
        hashlib.sha256(str(number).encode()).hexdigest()[:16],
        FIRST_MS + number * 3_600_000,
        targets=tuple(round(1.0 + 0.8 * rung, 2) for rung in range(rungs)),
        hold_s=round(1640 / rungs - 8),
        client_id=f"{number % CLIENTS:016x}",
        rated={rung: 9 + rung // 2 for rung in range(rungs)},
        events={3: "rail"} if dice.random() < 0.1 else {},
        reason="key" if dice.random() < 0.05 else "the end of easing down",
        ended=dice.random() > 0.01,
        seed=number,
    )


def make(folder: Path, sessions: int = SESSIONS) -> Path:
    """Write the record."""
    maker, dice = RecordMaker(folder), random.Random(7)  # noqa: S311 - the same record each time
    for first in range(0, sessions, 250):
        maker.write(*(half_hour(number, dice) for number in range(first, min(sessions, first + 250))))
    maker.close()
    return maker.file


def took_ms(work: Callable[[], object], runs: int = RUNS) -> tuple[float, float]:
    """Median and longest of several runs, ms."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), max(times)


def fixed_work() -> None:
    """The same on every machine: a million bytes hashed eight times, fifty thousand small objects as JSON."""
    for _ in range(8):
        hashlib.sha256(bytes(1_000_000)).digest()
    json.loads(json.dumps([{"target_kmh": number / 100, "seconds": 60.0} for number in range(50_000)]))


def command_ms(folder: Path, *arguments: str) -> float:
    """Median time of a whole command, ms."""
    environment = {**os.environ, "RETROCTL_DATA_DIR": str(folder)}
    program = [sys.executable, "-m", "retroctl", *arguments]

    def run() -> None:
        subprocess.run(program, env=environment, check=True, stdout=subprocess.DEVNULL)

    return took_ms(run)[0]


def main(sessions: int) -> None:
    """Print the figures."""
    print(f"machine: {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"reference: {took_ms(fixed_work)[0]:.0f} ms for the fixed piece of work")
    with tempfile.TemporaryDirectory(prefix="retroctl-history-") as name:
        folder = Path(name)
        began = time.perf_counter()
        file = make(folder, sessions)
        size = sum(each.stat().st_size for each in folder.iterdir() if each.is_file()) / 1e6
        print(f"made {sessions} sessions in {time.perf_counter() - began:.0f} s")
        print(f"file:                       {size:7.0f} MB   (limit {FILE_MB} MB for {SESSIONS} sessions)")
        lines = overview(file)
        assert len(lines) == sessions
        middle = lines[len(lines) // 2].id
        record = read.session(file, middle)
        assert read.verify(record) == ()
        print(f"one session:                {len(record.samples):7d} samples, {len(record.rows)} rows")
        for words, work, limit in (
            ("list, in process", lambda: [line.figures for line in overview(file)[:40]], LIST_MS),
            ("list of one client", lambda: overview(file, client_id=f"{1:016x}"), LIST_MS),
            ("one session, in process", lambda: read.verify(read.session(file, middle)), OPEN_MS),
        ):
            median, longest = took_ms(work)
            print(f"{words + ':':<27} {median:7.1f} ms   longest {longest:.1f}   (limit {limit} ms)")
        median, longest = took_ms(lambda: [line.figures for line in overview(file)], 3)
        print(
            f"{'figures of all of them:':<27} {median:7.1f} ms   longest {longest:.1f}   (no limit: reckoned as shown)"
        )
        bare = command_ms(folder, "--help")
        print(f"retroctl --help:            {bare:7.0f} ms")
        for words, arguments, limit in (
            ("retroctl history", ("history",), f"   (limit {COMMAND_MS} ms)"),
            ("retroctl history --session", ("history", "--session", middle), f"   (limit {COMMAND_MS} ms)"),
            ("retroctl history --all", ("history", "--all"), f"   ({sessions} lines; no limit)"),
        ):
            more = command_ms(folder, *arguments) - bare
            print(f"{words + ':':<27} {more:7.0f} ms more than --help{limit}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS)
