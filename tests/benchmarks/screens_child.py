"""`retroctl` as it is, watched from inside: `screens_child.py FILE LINES_A_SECOND ARGUMENT...`.

Its treadmill reports ten times a second. FILE gets a line for every Control Point write at the moment it is handed to
the Bluetooth library's backend: seconds of CLOCK_MONOTONIC, which parent and child share, and the bytes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from retroctl.app.reports import Kind
from retroctl.app.runner import Runner
from retroctl.cli import main
from simulators import personality as known
from simulators.bluez_like import BlueZLikeClient

FLOOD_TICK_S = 0.02


def ten_times_a_second() -> None:
    """Every known treadmill sends its record every 100 ms."""
    for name, each in list(known.PERSONALITIES.items()):
        known.PERSONALITIES[name] = each.but(record_interval_s=0.1)


def tell_writes(file: Any) -> None:
    """Note every write before the backend begins with it."""
    real = BlueZLikeClient.write_gatt_char

    async def write(self: Any, characteristic: Any, data: Any, response: Any) -> None:
        file.write(f"{time.monotonic():.6f} {bytes(data).hex()}\n")
        await real(self, characteristic, data, response)

    BlueZLikeClient.write_gatt_char = write  # type: ignore[method-assign]


def flood(lines_a_second: int) -> None:
    """From the start of the session, so many lines a second for log, screen and record."""
    real = Runner.begin

    async def pour(runner: Runner) -> None:
        sent, began = 0, time.monotonic()
        while True:
            await asyncio.sleep(FLOOD_TICK_S)
            while sent < (time.monotonic() - began) * lines_a_second:
                sent += 1
                runner.report(Kind.CUE, {"text": f"Line {sent} of many, each as long as what the program says."})

    def begin(self: Any, engine: Any) -> None:
        real(self, engine)
        self.flood = asyncio.create_task(pour(self), name="flood")

    Runner.begin = begin  # type: ignore[method-assign]


if __name__ == "__main__":
    out, lines = open(sys.argv[1], "w", buffering=1), int(sys.argv[2])  # noqa: SIM115, PTH123 - until the process ends
    sys.argv = ["retroctl", *sys.argv[3:]]
    ten_times_a_second()
    tell_writes(out)
    if lines:
        flood(lines)
    main()
