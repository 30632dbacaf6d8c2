"""A long session: does it grow, leak or lag? `python tests/benchmarks/soak.py [scaled|real] [HOURS or MINUTES]`.

`scaled` (8 hours of session time, about ten minutes): one session of so many hours, sixty seconds in one, a record a
second of session time, JSON lines, wall page with five viewers, record. `real` (30 minutes): trainer's screen, wall
page with five viewers, voice, record, ten records a second. Without an argument, both.

Printed: memory after the first tenth and at the end, its slope, open files, tasks and threads, and how late the event
loop's timer of 50 ms was. Beside it how late the same timer was in a bare interpreter meanwhile: that is the computer's
part. Goals: growth under 10 MB, no more files or tasks at the end than after the first tenth, lateness p99 under 20 ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from live import VIEWERS, Program, free_port, watch

CHILD = Path(__file__).with_name("soak_child.py")
SCALE = 60
BARE = """
import asyncio, sys, time
async def main():
    while True:
        due = time.monotonic() + 0.05
        await asyncio.sleep(0.05)
        print(f"{(time.monotonic() - due) * 1000:.2f}", flush=True)
asyncio.run(main())
"""


def long_plan(folder: Path, hours: float) -> Path:
    """Four rungs up, then hours of work at the top and one rung below in turn."""
    stages = [(target, 600, "ladder") for target in ("1.0", "1.8", "2.6", "3.4")]
    turns = max(2, round((hours * 3600 - 2400) / 1800))
    stages += [(("3.4", "2.6")[turn % 2], 1800, "work") for turn in range(turns)]
    text = 'name = "soak"\n'
    for target, hold, kind in stages:
        text += f'[[stage]]\ntarget = "{target} km/h"\nhold_s = {hold}\nkind = "{kind}"\n'
    file = folder / "soak.toml"
    file.write_text(text)
    return file


def scaled(folder: Path, hours: float, bare: list[float]) -> dict[str, object]:
    port = free_port()
    looks, said = folder / "looks-scaled", folder / "said"
    wanted = [
        "run",
        "--sim",
        "standard",
        "--client",
        "demo",
        "--plan",
        str(long_plan(folder, hours)),
        "--jsonl",
        "--yes",
    ]
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, CHILD, looks, "1", *wanted, "--speedup", str(SCALE), "--wall", f"127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            env={**os.environ, "RETROCTL_DATA_DIR": str(folder / "data-scaled")},
        )
        wait_for(lambda: looks.exists() and looks.read_text() != "", process)
        _seen, viewers = watch(port, process)
        status = process.wait(timeout=hours * 3600 / SCALE * 5)
    for viewer in viewers:
        viewer.close()
    summary = json.loads(said.read_text().splitlines()[-1])
    return judged(looks, bare) | {"exit_status": status, "belt_at_rest": summary["belt_at_rest"]}


def real(folder: Path, minutes: float, bare: list[float]) -> dict[str, object]:
    looks = folder / "looks-real"
    hold = max(60, round(minutes * 60 / 5))
    wanted = ["run", "--sim", "standard", "--client", "demo", "--top", "4.2", "--hold", str(hold), "--advance", "auto"]
    program = Program(folder, [str(CHILD), str(looks), "10"], wanted)
    try:
        program.begin()
        _seen, viewers = watch(program.port, program.process)
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end and program.process.poll() is None:
            time.sleep(1.0)
        figures = judged(looks, bare) | {"ran_to_the_end_of_the_time": program.process.poll() is None}
        for viewer in viewers:
            viewer.close()
    finally:
        program.end()
    return figures


def wait_for(there: object, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not there():  # type: ignore[operator]
        if time.monotonic() > end or process.poll() is not None:
            raise SystemExit(f"the program did not begin (status {process.poll()})")
        time.sleep(0.1)


def judged(looks: Path, bare: list[float]) -> dict[str, object]:
    lines = [json.loads(line) for line in looks.read_text().splitlines() if line.endswith("}")]
    tenth = max(1, len(lines) // 10)
    early, last = lines[tenth : 2 * tenth], lines[-tenth:]
    late = sorted(ms for line in lines[1:] for ms in line["late_ms"])
    return {
        "real_s": round(lines[-1]["real_s"] - lines[0]["real_s"]),
        "session_s": lines[-1]["session_s"],
        "rss_mb_after_first_tenth": middle([line["rss_mb"] for line in early]),
        "rss_mb_at_end": middle([line["rss_mb"] for line in last]),
        "rss_mb_most": max(line["rss_mb"] for line in lines),
        "growth_mb": round(middle([line["rss_mb"] for line in last]) - middle([line["rss_mb"] for line in early]), 2),
        **{
            what: [min(line[what] for line in early), min(line[what] for line in last)]
            for what in ("files", "tasks", "threads")  # they come and go: what leaks raises the least of them
        },
        "loop_late_ms": shares(late),
        "bare_interpreter_late_ms": shares(sorted(bare)),
    }


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def shares(ordered: list[float]) -> dict[str, float]:
    if not ordered:
        return {}
    return {
        name: ordered[min(len(ordered) - 1, int(part * len(ordered)))]
        for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }


def verdict(figures: dict[str, object]) -> list[str]:
    """What misses its goal; empty where nothing does."""
    missed = []
    if figures["growth_mb"] >= 10:  # type: ignore[operator]
        missed.append("memory grew by 10 MB or more")
    for what in ("files", "tasks", "threads"):
        early, last = figures[what]  # type: ignore[misc]
        if last > early:
            missed.append(f"{what} grew from {early} to {last}")
    if figures["loop_late_ms"]["p99"] >= 20:  # type: ignore[index]
        missed.append("the loop was 20 ms late or more at p99")
    return missed


def measured(name: str, amount: float, folder: Path) -> bool:
    with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True) as beside:
        late: list[float] = []
        try:
            began, load = time.monotonic(), os.getloadavg()[0]
            import threading  # noqa: PLC0415 - only here

            threading.Thread(
                target=lambda: late.extend(float(line) for line in beside.stdout or ()), name="bare", daemon=True
            ).start()
            figures = scaled(folder, amount, late) if name == "scaled" else real(folder, amount, late)
        finally:
            beside.kill()
    missed = verdict(figures)
    where = {"soak": name, "viewers": VIEWERS, "took_s": round(time.monotonic() - began), "nice": os.nice(0)}
    where |= {"load_before": round(load, 1), "load_after": round(os.getloadavg()[0], 1)}
    print(json.dumps(where | figures | {"missed": missed}), flush=True)
    return not missed


def main() -> None:
    wanted = [("scaled", 8.0), ("real", 30.0)]
    if len(sys.argv) > 1:
        wanted = [
            (name, float(sys.argv[2]) if len(sys.argv) > 2 else amount)
            for name, amount in wanted
            if name == sys.argv[1]
        ]
    with tempfile.TemporaryDirectory() as name:
        well = [measured(kind, amount, Path(name)) for kind, amount in wanted]
    sys.exit(0 if all(well) else 1)


if __name__ == "__main__":
    main()
