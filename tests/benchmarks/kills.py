"""Kills and trouble: `python tests/benchmarks/kills.py [RANDOM_KILLS]` (1,000; about half an hour, on two processes).

`retroctl run` in processes of its own, on the simulated treadmill, two minutes of session in two seconds. SIGKILL at
every passage of every write point of the record, then at random moments, many sessions to a file; after each the file
is read and judged before the next program may mend it: no acknowledged row lost or changed, every session whole. Each
tenth time `history` and `check` read it, and the program is started again on the belt as the killed one left it: it may
write Stop and nothing else. Then the troubles: no room, no more file may grow, a read-only folder, clocks set back and
far ahead, a blocked loop, a computer that slept. Exit status 1 where anything was found.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).parent.parent))

from kill_rig import SESSION, Job, Killer, alarms, judge, killer, readable, restart, summary, troubles, written

from retroctl.adapters.journal.writer import WritePoint

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
WORKERS = 2
A_FILE = 10
BATCH_S = 0.1
KILLED = -9


class Tally:
    """What happened, counted by both workers."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self._lock = threading.Lock()

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts[what] += number

    def found(self, where: str, faults: list[str]) -> None:
        with self._lock:
            self.faults += [f"{where}: {fault}" for fault in faults]
        for fault in faults:
            print(f"FOUND  {where}: {fault}", file=sys.stderr, flush=True)


def killed(kill: Killer, job: Job, tally: Tally, where: str, *, looked_at: bool) -> bool:
    """Run until the kill, and judge; False where the program came to its end before it."""
    folder = Path(job.folder)
    status = kill.run(job)
    tally.found(where, judge(folder).faults)
    if status not in {0, KILLED}:
        tally.found(where, [f"status {status}: {(folder / 'err').read_text()[-300:]}"])
    tally.count("killed" if status == KILLED else "ended before the kill")
    if looked_at:
        tally.found(where, readable(kill, folder))
        tally.found(where, restart(kill, folder))
        tally.count("read and started again")
    return status == KILLED


def at_points(kill: Killer, points: list[str], tally: Tally) -> None:
    """Each passage of each of these points, until one is not reached any more."""
    for point in points:
        with tempfile.TemporaryDirectory() as name:
            for passage in itertools.count(1):
                folder = Path(name) / str((passage - 1) // A_FILE)
                folder.mkdir(exist_ok=True)
                job = Job(str(folder), point=point, passage=passage, batch_s=BATCH_S)
                if not killed(kill, job, tally, f"{point} {passage}", looked_at=passage % A_FILE == 0):
                    break
                tally.count(f"at {point}")


def at_random(kill: Killer, kills: int, seed: int, tally: Tally) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice of moments
    with tempfile.TemporaryDirectory() as name:
        kill.run(Job(name))
    latest_s = kill.took_s  # as long as a whole session takes on this computer, now
    while kills:
        with tempfile.TemporaryDirectory() as name:
            for number in range(min(kills, A_FILE)):
                job = Job(name, kill_after_s=chance.uniform(0.02, latest_s), batch_s=chance.choice((0.02, 0.1, None)))
                where = f"after {job.kill_after_s:.3f} s (seed {seed})"
                last = number == min(kills, A_FILE) - 1
                while not killed(kill, job, tally, where, looked_at=last):  # it came to its end: sooner, then
                    job = replace(job, kill_after_s=(job.kill_after_s or latest_s) * 0.7)
                tally.count("at random moments")
            found = judge(Path(name))
            tally.count("sessions read", found.sessions)
            tally.count("acknowledged commits found again", found.acknowledged)
            kills -= min(kills, A_FILE)


def in_trouble(kill: Killer, tally: Tally) -> None:
    """Each trouble in mid-session: it is told, or harmless; nothing acknowledged is lost; the belt comes to rest."""
    for job, expected in troubles():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            data = folder / "data"
            data.mkdir()
            if small := (job.trouble or "").startswith("full"):
                made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=52m", "none", data], check=False)
                if made.returncode:
                    tally.count(f"left out, no small disk can be mounted here: {job.trouble}")
                    continue
            if job.ordinary_user and os.geteuid() == 0:
                os.chown(data, 65534, 65534)
                os.chown(folder, 65534, 65534)
            try:
                status = kill.run(replace(job, folder=name))
                told = alarms(folder)
                if (status, told, summary(folder).get("belt_at_rest")) != (0, expected, True):
                    tally.found(str(job.trouble), [f"status {status}, alarms {told}, {summary(folder)}"])
                if "Traceback" in (folder / "err").read_text():
                    tally.found(str(job.trouble), [(folder / "err").read_text()[-500:]])
                (data / "filler").unlink(missing_ok=True)
                written(folder)
                tally.found(str(job.trouble), judge(folder).faults)
                tally.found(str(job.trouble), readable(kill, folder))
                tally.found(str(job.trouble), restart(kill, folder))
                tally.count(f"trouble: {job.trouble}")
            finally:
                if small:
                    subprocess.run(["umount", data], check=False)


def main() -> None:
    began, load, tally = time.monotonic(), os.getloadavg()[0], Tally()
    points = list(get_args(WritePoint))

    def work(number: int) -> None:
        with killer() as kill:
            at_points(kill, points[number::WORKERS], tally)
            at_random(kill, KILLS // WORKERS + (number < KILLS % WORKERS), number + 1, tally)
            if number == 0:
                in_trouble(kill, tally)

    threads = [threading.Thread(target=work, args=(number,), name=f"kills {number}") for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = {
        "session": " ".join(SESSION),
        **dict(sorted(tally.counts.items())),
        "faults": tally.faults,
        "took_s": round(time.monotonic() - began),
        "load_before": round(load, 1),
        "load_after": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(figures, indent=1))
    sys.exit(1 if tally.faults else 0)


if __name__ == "__main__":
    main()
