"""Figures that a busy computer can give too: `python tests/benchmarks/figures.py [PRESSES] [SECONDS]`.

Decoding against other Python decoders, STOP key to the treadmill's write handler against a bare bleak write, `--help`
and the first frame against a bare interpreter, processor and memory of a live session against an interpreter that has
only imported what it needs. Each figure with its reference beside it; one JSON object, then a table. With 200 PRESSES
and 60 SECONDS about ten minutes.

pyftms needs Python 3.12 or 3.13: where this interpreter is another, a python3.13 or python3.12 on the path (or the one
that RETROCTL_BENCH_PYTHON names) decodes for all, in an environment of its own with the group `bench` of the project.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import startup
import stop
from live import Program

HERE = Path(__file__).parent
CHILD = HERE / "soak_child.py"
PRESSES = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
ROUNDS = 10
IMPORTED = "import asyncio, sqlite3, bleak, pydantic, textual.app, aiohttp.web, typer, time; time.sleep(20)"


def decoding() -> dict[str, object]:
    """In an interpreter that has the other decoders."""
    with tempfile.TemporaryDirectory() as name:
        run = [sys.executable]
        other = os.environ.get("RETROCTL_BENCH_PYTHON") or shutil.which("python3.13") or shutil.which("python3.12")
        if not (3, 12) <= sys.version_info[:2] <= (3, 13) and other:
            run = [f"{name}/bin/python"]
            install = [*run, "-m", "pip", "install", "--quiet"]
            for command in ([other, "-m", "venv", name], [*install, "pip>=25.1"], [*install, "--group", "bench"]):
                subprocess.run(command, cwd=HERE.parents[1], check=True, capture_output=True)
        told = subprocess.run([*run, HERE / "decode.py"], check=True, capture_output=True, text=True)
        figures: dict[str, object] = json.loads(told.stdout)
        return figures


def living(folder: Path) -> dict[str, object]:
    """Processor time and memory of a session with everything, and of one with nothing but lines."""
    with subprocess.Popen([sys.executable, "-c", IMPORTED]) as bare:
        time.sleep(8)
        imported = resident_mb(bare.pid)
        bare.kill()
    found: dict[str, object] = {"rss_mb_of_an_interpreter_with_the_same_imports": imported}
    for name, rate, more in (("lines, 1 Hz", "1", True), ("screen, wall, voice, 10 Hz", "10", False)):
        wanted = ["run", "--sim", "standard", "--client", "demo", "--top", "4.2", "--hold", "120", "--advance", "auto"]
        program = Program(
            folder,
            [str(CHILD), str(folder / "looks"), rate],
            wanted + (["--plain", "--yes"] if more else []),
            bare=more,
        )
        viewers = []
        try:
            if more:
                program.see("hold [")
            else:
                program.begin()
                viewers = program.watch()
            began, used = time.monotonic(), program.processor_s()
            time.sleep(SECONDS)
            took = time.monotonic() - began
            found[name] = {
                "per_cent_of_one_core": round((program.processor_s() - used) / took * 100, 1),
                "rss_mb": resident_mb(program.process.pid),
                "viewers": len(viewers),
            }
        finally:
            for viewer in viewers:
                viewer.close()
            program.end()
    return found


def resident_mb(process: int) -> float:
    text = Path(f"/proc/{process}/status").read_text()
    return round(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024, 1)


def table(told: dict) -> list[str]:
    decode, start, live = told["decode"], told["startup"], told["live"]
    rows = [("figure", "retroctl", "reference", "ratio or difference", "goal")]
    ns = decode["ns_per_frame"]
    rows += [
        (
            f"decode a frame, against {name}",
            f"{ns['retroctl']} ns",
            f"{other} ns",
            f"{other / ns['retroctl']:.1f} x",
            ">= 5 x",
        )
        for name, other in ns.items()
        if name != "retroctl"
    ]
    for each in told["stop"]:
        ours, bare = each["program_ms"], each["bare_ms"]
        for part in ("p50", "p99"):
            goal = f"<= {each['goal_ratio_p99']}" if part == "p99" else ""
            rows.append(
                (f"STOP key to write handler, {each['load']}, {part}", f"{ours[part]} ms", f"{bare[part]} ms",
                 f"{each[f'ratio_{part}']} x", goal)
            )  # fmt: skip
    best = {name: ms["best"] for name, ms in start["ms"].items()}
    bare_ms = best["bare interpreter"]
    rows += [
        ("--help, best", f"{best['--help']} ms", f"{bare_ms} ms", f"+{start['help_over_bare_ms']} ms", "<= +200 ms"),
        (
            "first frame, best",
            f"{best['first frame']} ms",
            f"{bare_ms} ms",
            f"+{start['first_frame_over_bare_ms']} ms",
            "",
        ),
    ]
    imported = live["rss_mb_of_an_interpreter_with_the_same_imports"]
    for name, cost in live.items():
        if isinstance(cost, dict):
            rows.append((f"memory: {name}", f"{cost['rss_mb']} MB", f"{imported} MB", "", ""))
            rows.append((f"processor: {name}", f"{cost['per_cent_of_one_core']} % of a core", "", "", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def commit() -> str:
    run = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, check=False, capture_output=True, text=True
    )
    return run.stdout.strip() or "?"


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        told = {
            "commit": commit(),
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "load_before": round(load, 1),
        }
        for part, measure in (
            ("decode", decoding),
            ("live", lambda: living(Path(name))),
            ("startup", lambda: startup.figures(ROUNDS)),
            ("stop", lambda: stop.figures(PRESSES)),
        ):
            told[part] = measure()
            print(f"{part}: {json.dumps(told[part])}", file=sys.stderr, flush=True)
    told["load_after"] = round(os.getloadavg()[0], 1)
    print(json.dumps(told, indent=1))
    print("\n".join(table(told)))


if __name__ == "__main__":
    main()
