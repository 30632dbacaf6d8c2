"""The adapter's bounds follow the session clock: with `--speedup` they shrink with everything else."""

from __future__ import annotations

import asyncio
import time

import pytest

from retroctl.adapters.ble.scan import find
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import ScaledClock
from retroctl.errors import LinkLost
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

ADDRESS = "AA:BB:CC:00:00:01"


async def test_scan_open_hang_and_close_on_a_clock_twenty_times_as_fast():
    clock = ScaledClock(20)
    try:
        radio = SimulatedRadio(clock)
        machine = FtmsMachine(personality("standard"), now=clock.now())
        radio.add(machine, address=ADDRESS)
        real, session = time.monotonic(), clock.now()
        found = await find(None, 8.0, clock=clock, backend=radio.scanner_backend)
        treadmill = BleTreadmill(found.device, clock=clock, backend=radio.client_backend)
        frames = []
        await treadmill.open(frames.append, lambda: None)
        await clock.sleep(3)
        assert frames
        machine.faults.hang_writes = 1
        write = asyncio.create_task(treadmill.write(b"\x00"))
        await clock.sleep(1)
        await treadmill.close()
        with pytest.raises(LinkLost):
            await write
        assert clock.now() - session > 13
        assert time.monotonic() - real < 10
    finally:
        clock.stop()
