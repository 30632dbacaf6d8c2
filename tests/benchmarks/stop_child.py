"""`retroctl` on a Bumble link, with a bare bleak client beside it: `stop_child.py FILE RATE DESCRIPTOR ARGUMENT...`.

Two simulated treadmills on one air, both ignoring Stop and both reporting RATE times a second: one for the program, one
for a bare `BleakClient` that subscribed to the same data. A key on the terminal DESCRIPTOR makes it write Stop at once,
as the smallest program would: from the loop's reader straight into `write_gatt_char`. FILE gets a line whenever a Stop
has come to a peripheral's write handler: who, and seconds of CLOCK_MONOTONIC. The link has no latency of its own here:
what is measured is what the computer does.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

from bleak import BleakClient

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.runner import Runner
from retroctl.cli import main, session
from retroctl.cli.machine import Chosen
from simulators import bumble_bleak, bumble_peripheral
from simulators.bluez_like import RadioTiming
from simulators.bumble_bleak import BumbleRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

STOP = b"\x08\x01"
CONTROL_POINT = "00002ad9-0000-1000-8000-00805f9b34fb"
TREADMILL_DATA = "00002acd-0000-1000-8000-00805f9b34fb"
ADDRESSES = {"program": "C0:DE:00:00:00:01", "bare": "C0:DE:00:00:00:02"}


def without_waits() -> None:
    """No time where the simulated radio has no latency, instead of the millisecond of its timer."""
    real = bumble_bleak.wait

    async def wait(clock: Any, seconds: float) -> None:
        if seconds > 0:
            await real(clock, seconds)
        else:
            await asyncio.sleep(0)

    bumble_bleak.wait = bumble_peripheral.wait = wait


class Air:
    """Both machines, and the bare client."""

    def __init__(self, file: Any, rate: float, descriptor: int) -> None:
        self._file, self._rate, self._descriptor = file, rate, descriptor
        self._tasks: set[asyncio.Task[None]] = set()
        self._keep: list[Any] = []

    async def choose(self, run: Any) -> Chosen:
        """In the place of the program's own choice of a treadmill."""
        clock = run._clock
        radio = await BumbleRadio.create(clock, timing=RadioTiming(connect_s=0.1, latency_s=0.0))
        devices = {}
        for who, address in ADDRESSES.items():
            kind = personality("stop-ignored").but(record_interval_s=1 / self._rate)
            machine = FtmsMachine(kind, now=clock.now())
            self._tell(who, machine)
            devices[who] = await radio.add(machine, name=f"Belt {who}", address=address)
        self._keep += [radio, devices]
        self._radio, self._device = radio, devices["bare"]
        treadmill = BleTreadmill(
            devices["program"], clock=clock, backend=radio.client_backend, scanner=radio.scanner_backend
        )
        return Chosen(treadmill, simulated=True)

    def _tell(self, who: str, machine: FtmsMachine) -> None:
        write = machine.write

        def told(characteristic: str, data: bytes, now: float, **more: Any) -> Any:
            if data == STOP:
                self._file.write(f"{who} {time.monotonic():.6f}\n")
            return write(characteristic, data, now, **more)

        machine.write = told  # type: ignore[method-assign]

    async def bare(self) -> None:
        """Connect the bare client, and let it write when it is told to."""
        client = BleakClient(self._device, backend=self._radio.client_backend)
        await client.connect()
        await client.start_notify(TREADMILL_DATA, lambda _sender, _data: None)
        await client.start_notify(CONTROL_POINT, lambda _sender, _data: None)
        loop = asyncio.get_running_loop()

        def read() -> None:
            if not os.read(self._descriptor, 1):
                loop.remove_reader(self._descriptor)
                return
            task = loop.create_task(client.write_gatt_char(CONTROL_POINT, STOP, response=True))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.add_reader(self._descriptor, read)
        self._keep.append(client)
        self._file.write("ready 0\n")


if __name__ == "__main__":
    out = open(sys.argv[1], "w", buffering=1)  # noqa: SIM115, PTH123 - until the process ends
    air = Air(out, float(sys.argv[2]), int(sys.argv[3]))
    sys.argv = ["retroctl", *sys.argv[4:]]
    without_waits()
    session._Run._choose = lambda self: air.choose(self)  # type: ignore[method-assign]  # noqa: PLW0108 - it binds
    begin = Runner.begin

    def begin_both(self: Any, engine: Any) -> None:
        begin(self, engine)
        self.bare = asyncio.create_task(air.bare(), name="bare")

    Runner.begin = begin_both  # type: ignore[method-assign]
    main()
