"""A long storm in parts: each that is through is kept in a folder, so that an interrupted storm goes on behind it.

A kept part counts only for the same question put to the same program: its name has a digest of both in it.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from pathlib import Path
from typing import Any, Final

import retroctl
import simulators
from simulators.storm.tally import Tally

SEEDS_APART: Final = 1_000_000
"""Between the first seeds of two parts: far more than the stories of one."""


def digest(question: object) -> str:
    """Of `question`, this program, this simulator and this Python: what a part's figures hang on."""
    hashed = hashlib.sha256(f"{question!r} {platform.python_version()}".encode())
    for package in (retroctl, simulators):
        folder = Path(package.__path__[0])
        for source in sorted(folder.rglob("*.py")):
            hashed.update(str(source.relative_to(folder)).encode() + b"\0" + source.read_bytes())
    return hashed.hexdigest()[:16]


class Kept:
    """Parts in a folder, which is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, question: object) -> tuple[Tally, float] | None:
        """The sums of a part that is through and the seconds it took by the clock; None where there is none."""
        try:
            data: dict[str, Any] = json.loads(self._file(question).read_text("utf-8"))
            for name in ("counts", "alarms", "ends"):
                data["tally"][name] = Counter[str](data["tally"][name])
            return Tally(**data["tally"]), float(data["clock_s"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, question: object, tally: Tally, clock_s: float) -> None:
        """Keep a part that is through. Raises OSError."""
        file = self._file(question)
        file.parent.mkdir(parents=True, exist_ok=True)
        half = file.with_suffix(".tmp")
        half.write_text(json.dumps({"tally": vars(tally), "clock_s": clock_s}), "utf-8")
        half.replace(file)

    def _file(self, question: object) -> Path:
        return self._folder / f"{digest(question)}.json"
