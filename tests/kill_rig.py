"""The program killed or in trouble, and the judge of what it leaves: see kill_server.py, which forks it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroctl.adapters.journal import FILE_NAME, read

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = Path(__file__).with_name("kill_server.py")
SESSION = ("run", "--sim", "standard", "--jsonl", "--yes", "--speedup", "200", "--top", "1.8", "--hold", "60")
LONGER = ("run", "--sim", "standard", "--jsonl", "--yes", "--speedup", "200", "--top", "2.6", "--hold", "60")
REAL_TIME = ("run", "--sim", "standard", "--jsonl", "--yes", "--top", "1.0", "--hold", "60")
STOP = "0801"


@dataclass(frozen=True)
class Job:
    """One run of the program."""

    folder: str
    arguments: tuple[str, ...] = SESSION
    kill_after_s: float | None = None
    """SIGKILL after so many real seconds; None: it runs to its end."""
    point: str | None = None
    """SIGKILL at this write point of the journal ..."""
    passage: int = 1
    """... when it is passed for the `passage`-th time."""
    batch_s: float | None = None
    """Real seconds between two commits; None: as it is."""
    moving_kmh: float = 0.0
    """The belt as it is found."""
    trouble: str | None = None
    """`file limit`, `full`, `full for a while`, `read-only`, `clock set back`, `clock beyond all years`, `slept`,
    `blocked`: begins when the session is first in `state`."""
    state: str = "holding"
    ordinary_user: bool = False


@dataclass
class Killer:
    """A server. `run` gives the exit status, minus nine for a kill."""

    process: subprocess.Popen[str]
    took_s: float = 0.0
    """How long the last run took."""

    def run(self, job: Job) -> int:
        """Run it to its end, or its kill."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(job)) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.took_s = float(answer["took_s"])
        return int(answer["status"])


@contextmanager
def killer() -> Iterator[Killer]:
    """A server for as long as it is needed."""
    with subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Killer(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=30)


@dataclass
class Found:
    """What was found after a run."""

    faults: list[str] = field(default_factory=list)
    sessions: int = 0
    acknowledged: int = 0

    def demand(self, holds: bool, words: str) -> None:
        if not holds:
            self.faults.append(words)


def judge(folder: Path) -> Found:
    """Every acknowledged row is there as it was, every session is whole and readable."""
    found = Found()
    file = folder / "data" / FILE_NAME
    acknowledged = heads(folder)
    found.acknowledged = len(acknowledged)
    if not file.exists() or not file.stat().st_size:
        found.demand(not acknowledged, "sessions were acknowledged and there is no file")
        return found
    listed = read.sessions(file)
    found.sessions = len(listed)
    records = {each.id: read.session(file, each.id) for each in listed}
    for each in records.values():
        found.faults += [f"{each.summary.id}: {fault}" for fault in read.verify(each)]
    for session_id, rows, digest, samples in acknowledged:
        record = records.get(session_id)
        if record is None:
            found.faults.append(f"{session_id}: acknowledged, and not in the record")
            continue
        here = "" if rows == 0 else (record.rows[rows - 1].hash.hex() if len(record.rows) >= rows else "none")
        found.demand(here == digest, f"{session_id}: row {rows} was acknowledged and is lost or another")
        found.demand(len(record.samples) >= samples, f"{session_id}: {samples} samples were acknowledged")
    return found


def heads(folder: Path) -> list[tuple[str, int, str, int]]:
    """What was acknowledged: session, rows, hash of the last of them, samples."""
    file = folder / "acknowledged"
    lines = file.read_text().splitlines() if file.exists() else []
    split = [line.split(" ") for line in lines]
    return [(session_id, int(rows), digest, int(samples)) for session_id, rows, digest, samples in split]


def written(folder: Path) -> list[str]:
    """Every write to the treadmill since the last look."""
    file = folder / "written"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def readable(kill: Killer, folder: Path) -> list[str]:
    """`history`, one session of it, and `check` read what was left; gives what is wrong."""
    file, faults = folder / "data" / FILE_NAME, []
    listed = read.sessions(file) if file.exists() and file.stat().st_size else []
    if not listed:
        return []
    jobs = [("history", "--all", "--plain"), ("check",), ("history", "--session", listed[0].id, "--plain")]
    for arguments in jobs:
        status = kill.run(Job(str(folder), arguments))
        out, err = (folder / "out").read_text(), (folder / "err").read_text()
        if status != 0 or "Traceback" in err or not out:
            faults.append(f"retroctl {' '.join(arguments)}: status {status}: {out[-300:]} {err[-300:]}")
    return faults


def restart(kill: Killer, folder: Path, kmh: float = 2.6) -> list[str]:
    """The program again, on the belt that the killed one left running: it writes nothing but Stop, and says why."""
    written(folder)
    before = judge(folder)
    status = kill.run(Job(str(folder), moving_kmh=kmh))
    faults = [f"on restart it wrote {payload}" for payload in written(folder) if payload != STOP]
    if status != 3:
        faults.append(f"on restart: status {status}: {(folder / 'err').read_text()[-300:]}")
    after = judge(folder)
    if after.sessions != before.sessions + 1:
        faults.append(f"{before.sessions} sessions before the restart, {after.sessions} after it")
    return faults + after.faults


def summary(folder: Path) -> dict[str, Any]:
    """The last JSON line of the run before."""
    lines = (folder / "out").read_text().splitlines()
    last = json.loads(lines[-1]) if lines else {}
    return last if last.get("type") == "summary" else {}


def alarms(folder: Path) -> list[str]:
    """The alarms of the run before."""
    told = (json.loads(line) for line in (folder / "out").read_text().splitlines())
    return [line["id"] for line in told if line.get("type") == "alarm"]


def troubles() -> list[tuple[Job, list[str]]]:
    """Every trouble that a session may meet on its way, and the failsafes that must tell it."""
    return [
        (Job("", LONGER, trouble="file limit"), ["F14"]),
        (Job("", LONGER, trouble="full"), ["F14"]),
        (Job("", LONGER, trouble="full for a while", batch_s=0.02), ["F14"]),
        (Job("", LONGER, trouble="read-only", ordinary_user=True), []),
        (Job("", LONGER, trouble="clock set back"), []),
        (Job("", LONGER, trouble="clock beyond all years"), []),
        (Job("", REAL_TIME, trouble="slept"), ["F15"]),
        (Job("", REAL_TIME, trouble="blocked"), ["F15"]),
    ]
