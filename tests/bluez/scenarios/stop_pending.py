"""Stop while a speed write is pending: the machine never answers it, and BlueZ lets nothing else past it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from program import STOP as STOP_KEY
from program import run_program
from radio import fall_begins, until

if TYPE_CHECKING:
    from radio import Radio

REQUEST_CONTROL, STOP, SET_TARGET_SPEED = b"\x00", b"\x08\x01", 0x02
STOP_WITHIN_S = 20.0
"""Emulated. On a real computer about 5 s were measured: 1 s to give the write up, the rest to drop and reconnect."""


async def stop_pending(radio: Radio) -> dict[str, Any]:
    """The program alarms, drops the link, connects again, and Stop is the first thing it writes."""
    async with (
        radio.treadmill() as treadmill,
        run_program("--address", treadmill.address, "--top", "1.8", "--hold", "60") as program,
    ):
        machine = treadmill.machine
        await program.brief_and_arm()
        await program.start_at_the_console(treadmill)
        await until(lambda: len(machine.log) > 0, 30, "Request Control")
        machine.faults.hang_writes = 1
        await until(lambda: len(machine.log) > 1, 20, "the speed write")
        assert machine.log[-1].data[0] == SET_TARGET_SPEED
        moving_kmh = machine.true_speed_kmh(time.monotonic())
        assert moving_kmh > 0

        wanted_at = program.press(STOP_KEY)
        alarm = await program.until(lambda line: line.get("id") == "F2", 15, "an alarm about the write")
        await until(lambda: machine.connections == 2, STOP_WITHIN_S + 20, "a new connection")
        reconnected_at = time.monotonic()
        await until(lambda: len(machine.log) > 2, STOP_WITHIN_S, "Stop")
        stop = machine.log[2]
        assert stop.data == STOP, machine.log
        assert stop.connection == 2
        status = await program.ended()

        assert all(w.data in (STOP, REQUEST_CONTROL) for w in machine.log[2:]), machine.log
        assert status == 0, status
        assert program.lines[-1]["belt_at_rest"] is True
        assert machine.true_speed_kmh(time.monotonic()) == 0
        stop_seen_s = stop.at - wanted_at
        assert stop_seen_s <= STOP_WITHIN_S, stop_seen_s
        return {
            "alarm": alarm["text"],
            "alarm_s": round(alarm["at"] - wanted_at, 2),
            "reconnected_s": round(reconnected_at - wanted_at, 2),
            "stop_seen_s": round(stop_seen_s, 2),
            "belt_falls_s": round(fall_begins(machine, wanted_at) - wanted_at, 2),
            "writes_after": [w.data.hex() for w in machine.log[2:]],
        }
