"""`retroctl` as it is, in a process of its own; at the end, the simulated belt's true speed goes to a file.

Usage: python cli_driver.py FILE ARGUMENT...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from retroctl.app.clock import ScaledClock
from retroctl.cli import main
from simulators.machine import FtmsMachine

machines: list[FtmsMachine] = []
clocks: list[ScaledClock] = []


def remember(made: type, kept: list[Any]) -> None:
    """Keep every instance of a class; nothing else about it changes."""
    make = made.__init__

    def init(self: Any, *args: Any, **named: Any) -> None:
        make(self, *args, **named)
        kept.append(self)

    made.__init__ = init  # type: ignore[misc]


if __name__ == "__main__":
    remember(FtmsMachine, machines)
    remember(ScaledClock, clocks)
    truth, sys.argv = Path(sys.argv[1]), ["retroctl", *sys.argv[2:]]
    try:
        main()
    finally:
        now = clocks[0].now() if clocks else 0.0
        truth.write_text(
            json.dumps(
                {
                    "true_speed": [machine.true_speed_kmh(now) for machine in machines],
                    "written": [entry.data.hex() for machine in machines for entry in machine.log],
                    "session_s": now,
                }
            )
        )
