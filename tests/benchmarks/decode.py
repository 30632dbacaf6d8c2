"""Nanoseconds to decode a frame of Treadmill Data, against other decoders: `python tests/benchmarks/decode.py`.

Captured frames of real treadmills (tests/vectors/captures.json), those that every decoder reads. All in one process and
in turn, so that the ratio holds on a busy computer too; the best of many rounds. Needs nothing of this project but
`retroctl.ftms`; a decoder that is not installed is left out and named. pyftms needs Python 3.12 or 3.13.
"""

from __future__ import annotations

import json
import platform
import sys
import timeit
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from retroctl.ftms.treadmill_data import decode_treadmill_data  # noqa: E402 - an interpreter without retroctl

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, NUMBER = 15, 20
GOAL = 5.0


def others() -> dict[str, Callable[[bytes], object]]:
    found: dict[str, Callable[[bytes], object]] = {}
    try:
        from pyftms.models import TreadmillData  # noqa: PLC0415 - may be missing
        from pyftms.serializer import get_serializer  # noqa: PLC0415
    except (ImportError, SyntaxError):
        pass
    else:
        serializer = get_serializer(TreadmillData)
        found["pyftms"] = lambda data: serializer.deserialize(data)._asdict()
    try:
        from deancochran_ftms import decode_measurement  # noqa: PLC0415
    except ImportError:
        pass
    else:
        found["deancochran-ftms"] = lambda data: decode_measurement("2acd", data)
    return found


def reads(decode: Callable[[bytes], object], data: bytes) -> bool:
    try:
        decode(data)
    except Exception:  # noqa: BLE001 - whatever another decoder says to a frame that it does not read
        return False
    return True


def figures() -> dict[str, object]:
    peers = others()
    captures = json.loads((ROOT / "tests/vectors/captures.json").read_text())
    every = [bytes.fromhex(each["hex"]) for each in captures if each["char"] == "2acd"]
    frames = [data for data in every if all(reads(decode, data) for decode in peers.values())]
    decoders = {"retroctl": decode_treadmill_data, **peers}
    best = dict.fromkeys(decoders, float("inf"))
    for _ in range(ROUNDS):
        for name, decode in decoders.items():

            def run(decode: Callable[[bytes], object] = decode) -> None:
                for data in frames:
                    decode(data)

            best[name] = min(best[name], timeit.timeit(run, number=NUMBER) / NUMBER / len(frames) * 1e9)
    return {
        "python": platform.python_version(),
        "frames": f"{len(frames)} of {len(every)} captured",
        "ns_per_frame": {name: round(ns) for name, ns in best.items()},
        "versions": {name: version_of(name) for name in peers},
        "left_out": [name for name in ("pyftms", "deancochran-ftms") if name not in peers],
        "times_faster_than_the_fastest_other": round(min(best[name] for name in peers) / best["retroctl"], 2)
        if peers
        else None,
        "goal": GOAL,
    }


def version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


if __name__ == "__main__":
    print(json.dumps(figures()))
