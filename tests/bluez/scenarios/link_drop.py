"""The link drops in mid-hold: the program connects again to observe, and to stop, and for nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from program import run_program
from radio import fall_begins, until

if TYPE_CHECKING:
    from radio import Radio

REQUEST_CONTROL, STOP = b"\x00", b"\x08\x01"
AWAY_S = 8.0
"""Longer than the 5 s after which Stop is latched."""


async def link_drop(radio: Radio) -> dict[str, Any]:
    """First a short drop, after which it only watches; then a long one, after which Stop comes first."""
    async with (
        radio.treadmill() as treadmill,
        run_program("--address", treadmill.address, "--top", "1.8", "--hold", "60") as program,
    ):
        machine = treadmill.machine
        await program.brief_and_arm()
        await program.start_at_the_console(treadmill)
        await program.state("holding", 60)
        await asyncio.sleep(5)
        before = len(machine.log)

        dropped_at = time.monotonic()
        treadmill.peripheral.drop()
        lost = await program.state("lost", 20)
        alarm = await program.until(lambda line: line.get("id") == "F2", 10, "an alarm about the link")
        await until(lambda: machine.connections == 2, 60, "a new connection")
        back_s = time.monotonic() - dropped_at
        # Long enough for anything that it might be tempted to resume.
        await asyncio.sleep(6)
        after_short = [w.data for w in machine.log[before:]]
        states = [line["state"] for line in program.said("state")]
        assert states[-1] == "lost", f"data were back before Stop was due, and nobody armed again: {states}"
        assert not after_short, f"connecting again is to observe: {after_short}"

        away_at = time.monotonic()
        treadmill.out_of_range()
        await asyncio.sleep(AWAY_S)
        treadmill.back_in_range()
        status = await program.ended(120)
        writes = machine.log[before:]
        assert writes, "no Stop was written"
        assert (writes[0].data, writes[0].connection) == (STOP, 3), "a latched Stop is the first write"
        # The link took control with it: a machine that answers "not permitted" is asked for it, then told again.
        assert all(w.data in (STOP, REQUEST_CONTROL) for w in writes), writes
        assert status == 0, status
        assert program.lines[-1]["belt_at_rest"] is True
        assert machine.true_speed_kmh(time.monotonic()) == 0
        return {
            "lost_told_s": round(lost["at"] - dropped_at, 2),
            "alarm": alarm["text"],
            "connected_again_s": round(back_s, 2),
            "stop_first_s": round(writes[0].at - away_at - AWAY_S, 2),
            "belt_falls_s": round(fall_begins(machine, writes[0].at) - away_at - AWAY_S, 2),
            "writes": [(w.connection, w.data.hex()) for w in writes],
        }
