"""Forks `retroctl` as it is, again and again, and kills it where it is told to: `kill_server.py`, one JSON job a line.

The program is imported once and forked for each job, so that a thousand kills need no thousand imports; each is a
process of its own, with its own loop, threads and files. A job (`Job` in kill_rig.py) names a folder, the arguments,
and what goes wrong. The child keeps a log of what was acknowledged (each commit that returned, with the hash of its
last row) and of what was written to the treadmill, in files that a kill cannot take back. The answer is a JSON line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import simulators.bleak_backend  # imported before the fork, as are the next: each child needs them
import simulators.bumble_bleak  # noqa: F401
from retroctl.adapters.journal import SqliteJournal
from retroctl.adapters.journal.writer import Writer
from retroctl.app import stillness
from retroctl.app.runner import Runner
from retroctl.cli import app, care, front, history, session  # noqa: F401
from retroctl.cli import main as retroctl
from simulators.bluez_like import BlueZLikeClient
from simulators.machine import FtmsMachine

LIMIT_S = 60.0


def keep(folder: Path, name: str) -> Any:
    """A file to which a line is added by one call of the system: a killed process leaves it whole."""
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    return lambda *words: os.write(descriptor, (" ".join(str(word) for word in words) + "\n").encode())


def acknowledge(acknowledged: Any) -> None:
    """Note every commit that has returned: session, rows, hash of the last row, samples."""
    begin, write = Writer.begin, Writer.write

    def begun(self: Writer, start: Any) -> None:
        begin(self, start)
        acknowledged(start.id, 0, "", 0)

    def written(self: Writer, batch: Any) -> None:
        write(self, batch)
        head = self._head
        if head is not None and self._start is not None:
            acknowledged(self._start.id, head.rows, head.row_hash.hex(), head.samples)

    Writer.begin, Writer.write = begun, written  # type: ignore[method-assign]


def die_at(point: str, passage: int) -> Any:
    """A seam that kills this process when a write point is passed for the `passage`-th time."""
    passed = 0

    def seam(at: str, _connection: Any) -> None:
        nonlocal passed
        passed += at == point
        if at == point and passed == passage:
            os.kill(os.getpid(), signal.SIGKILL)

    return seam


def open_with(**more: Any) -> None:
    opened = SqliteJournal.open
    SqliteJournal.open = lambda folder, **others: opened(folder, **more, **others)  # type: ignore[assignment,method-assign]


def tell_writes(written: Any) -> None:
    """Note what is written to the treadmill before the backend begins with it."""
    real = BlueZLikeClient.write_gatt_char

    async def write(self: Any, characteristic: Any, data: Any, response: Any) -> None:
        written(bytes(data).hex())
        await real(self, characteristic, data, response)

    BlueZLikeClient.write_gatt_char = write  # type: ignore[method-assign]


def already_moving(kmh: float) -> None:
    """The belt as a killed program left it."""
    make = FtmsMachine.__init__

    def init(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.drive.belt.ramp_to(kmh, named.get("now", 0.0), rate=1000.0)

    FtmsMachine.__init__ = init  # type: ignore[method-assign]


def in_state(state: str, act: Any) -> None:
    """Do something when the session is first in a state."""
    done: list[bool] = []
    begin = Runner.begin

    def hooked(self: Any, engine: Any) -> None:
        def hear(report: Any) -> None:
            if not done and report.data.get("state") == state:
                done.append(True)
                act(self)

        self._listeners.append(hear)
        begin(self, engine)

    Runner.begin = hooked  # type: ignore[method-assign]


def trouble(job: dict[str, Any], folder: Path) -> None:
    """What goes wrong in mid-session: see `Job.trouble`."""
    name, state = job["trouble"], job["state"]
    data = folder / "data"
    match name:
        case "file limit":  # no file of this process may grow any more

            def limit(_runner: Any) -> None:
                _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
                largest = max(each.stat().st_size for each in data.iterdir() if each.is_file())
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 8192, hard))

            in_state(state, limit)
        case "full for a while":  # the disk has no room, then it has

            def fill(runner: Any) -> None:
                filler = data / "filler"
                free = shutil.disk_usage(data).free
                with filler.open("wb") as file:
                    file.write(b"\0" * max(0, free - 4096))
                runner.clock.call_at(runner.now() + 20.0, lambda: filler.unlink(missing_ok=True))

            in_state(state, fill)
        case "full":

            def stuff(_runner: Any) -> None:
                with (data / "filler").open("wb") as file:
                    file.write(b"\0" * max(0, shutil.disk_usage(data).free - 4096))

            in_state(state, stuff)
        case "read-only":  # for an ordinary user, in mid-session

            def close(_runner: Any) -> None:
                for each in data.iterdir():
                    if each.is_file():
                        each.chmod(0o444)
                data.chmod(0o555)

            in_state(state, close)
        case "clock set back":
            turned: list[bool] = []
            open_with(wall=lambda: time.time() - (366 * 86400.0 if turned else 0.0))
            in_state(state, lambda _runner: turned.append(True))
        case "clock beyond all years":
            wild: list[bool] = []
            open_with(wall=lambda: 1e15 if wild else time.time())
            in_state(state, lambda _runner: wild.append(True))
        case "slept":
            asleep: list[float] = []
            real_slept = stillness.slept_s
            stillness.slept_s = lambda: real_slept() + sum(asleep)
            in_state(state, lambda _runner: asleep.append(3600.0))
        case "blocked":  # on the loop's next turn, for longer than the failsafe allows
            in_state(state, lambda _runner: asyncio.get_running_loop().call_soon(time.sleep, 6.5))
        case _:
            raise SystemExit(f"no such trouble: {name}")


def child(job: dict[str, Any]) -> None:
    folder = Path(job["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for descriptor, name in ((1, "out"), (2, "err")):
        file = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, descriptor)
    os.environ |= {"RETROCTL_DATA_DIR": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    acknowledge(keep(folder, "acknowledged"))
    tell_writes(keep(folder, "written"))
    if job["ordinary_user"] and os.geteuid() == 0:
        os.setuid(65534)
    if job["batch_s"]:
        open_with(batch_s=job["batch_s"])
    if job["point"]:
        open_with(seam=die_at(job["point"], job["passage"]))
    if job["moving_kmh"]:
        already_moving(job["moving_kmh"])
    if job["trouble"]:
        trouble(job, folder)
    sys.argv = ["retroctl", *job["arguments"]]
    retroctl()


def wait(process: int, kill_after_s: float | None) -> int:
    """The status: that of the program, or minus the signal that ended it."""
    descriptor = os.pidfd_open(process)
    try:
        ready = select.select([descriptor], [], [], LIMIT_S if kill_after_s is None else kill_after_s)[0]
        if not ready:
            os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
    finally:
        os.close(descriptor)
    return os.waitstatus_to_exitcode(status)


def serve() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        began = time.monotonic()
        sys.stdout.flush()
        process = os.fork()
        if process == 0:
            status = 70
            try:
                child(job)
                status = 0
            except SystemExit as ended:
                status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
            except BaseException as error:  # noqa: BLE001 - told, and judged by the status
                sys.stderr.write(f"{error!r}\n")
            finally:
                for stream in (sys.stdout, sys.stderr):
                    with contextlib.suppress(OSError, ValueError):
                        stream.flush()
                os._exit(status)
        status = wait(process, job["kill_after_s"])
        sys.stdout.write(json.dumps({"status": status, "took_s": round(time.monotonic() - began, 3)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
