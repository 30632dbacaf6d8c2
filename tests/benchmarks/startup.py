"""`--help` and the first frame, against a bare interpreter: `python tests/benchmarks/startup.py [ROUNDS]`.

In turn, so that the differences hold on a busy computer too: the interpreter that does nothing, the interpreter that
imports bleak, `retroctl --help`, and `retroctl run --sim standard` on a terminal until its first words are painted. The
goal for `--help` is 200 ms more than the bare interpreter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from live import Program

ROUNDS = 15
GOAL_MS = 200.0
RUN = "from retroctl.cli import main; main()"
SCRIPT = Path(__file__).with_name("startup_child.py")


def took(*arguments: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.monotonic() - began) * 1000


def first_frame(folder: Path) -> float:
    began = time.monotonic()
    program = Program(
        folder, [str(SCRIPT)], ["run", "--sim", "standard", "--client", "demo", "--top", "2.6"], bare=True
    )
    try:
        program.see("Connecting", "connecting", "1/7", "Looking")
        return (time.monotonic() - began) * 1000
    finally:
        program.end()


def shown(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"best": round(ordered[0]), "median": round(ordered[len(ordered) // 2])}


def figures(rounds: int) -> dict[str, object]:
    kinds: dict[str, list[float]] = {"bare interpreter": [], "import bleak": [], "--help": [], "first frame": []}
    with tempfile.TemporaryDirectory() as name:
        for _ in range(rounds):
            kinds["bare interpreter"].append(took("-c", "pass"))
            kinds["import bleak"].append(took("-c", "import bleak"))
            kinds["--help"].append(took("-c", RUN, "--help"))
            kinds["first frame"].append(first_frame(Path(name)))
    best = {name: min(values) for name, values in kinds.items()}
    return {
        "rounds": rounds,
        "ms": {name: shown(values) for name, values in kinds.items()},
        "help_over_bare_ms": round(best["--help"] - best["bare interpreter"]),
        "first_frame_over_bare_ms": round(best["first frame"] - best["bare interpreter"]),
        "goal_help_over_bare_ms": GOAL_MS,
        "computer_load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    print(json.dumps(figures(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
