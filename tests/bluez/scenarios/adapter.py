"""The bleak adapter alone: find, open, read, every command of the program, the frames, and letting go."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from radio import until

from retroctl.adapters.ble.scan import find
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import LoopClock
from retroctl.app.ports import Disconnected, FrameArrived, LinkEvent

if TYPE_CHECKING:
    from radio import Radio

REQUEST_CONTROL, START, STOP = b"\x00", b"\x07", b"\x08\x01"
TARGET_1_5 = b"\x02\x96\x00"


async def adapter(radio: Radio) -> dict[str, Any]:
    """Open the simulated treadmill through BlueZ, command it, watch it, close; figures in seconds."""
    figures: dict[str, Any] = {}
    events: list[tuple[float, LinkEvent]] = []
    answered = asyncio.Event()

    def sink(event: LinkEvent) -> None:
        events.append((time.monotonic(), event))
        if isinstance(event, FrameArrived) and event.characteristic == "2ad9":
            answered.set()

    def frames(characteristic: str) -> list[bytes]:
        return [e.data for _, e in events if isinstance(e, FrameArrived) and e.characteristic == characteristic]

    async with radio.treadmill() as simulated:
        machine, clock = simulated.machine, LoopClock()
        began = time.monotonic()
        found = await find(simulated.address, 30, clock=clock)
        figures["find_s"] = round(time.monotonic() - began, 2)
        assert found.name == "Simulated treadmill"
        treadmill = BleTreadmill(found.device, clock=clock)
        began = time.monotonic()
        info = await treadmill.open(sink, lambda: None)
        figures["open_s"] = round(time.monotonic() - began, 2)
        assert info.speed_range is not None, info.remarks
        assert info.feature is not None, info.remarks
        assert info.has_control_point
        assert info.has_machine_status
        figures["remarks"] = list(info.remarks)
        assert not machine.log, "opening must not write"

        write_s: list[float] = []
        answer_s: list[float] = []
        for payload in (REQUEST_CONTROL, START, TARGET_1_5, STOP):
            answered.clear()
            began = time.monotonic()
            await treadmill.write(payload)
            write_s.append(round(time.monotonic() - began, 3))
            await asyncio.wait_for(answered.wait(), 10)
            answer_s.append(round(time.monotonic() - began, 3))
            assert frames("2ad9")[-1] == bytes((0x80, payload[0], 0x01)), frames("2ad9")[-1].hex()
            # Long enough for the belt to start and for frames to tell of it.
            await asyncio.sleep(8 if payload == START else 4)
        figures |= {"write_s": write_s, "answer_s": answer_s, "treadmill_data": len(frames("2acd"))}
        assert [written.data for written in machine.log] == [REQUEST_CONTROL, START, TARGET_1_5, STOP]
        assert len(frames("2acd")) >= 10, "Treadmill Data comes once a second"
        assert machine.true_speed_kmh(time.monotonic()) == 0
        assert not any(isinstance(event, Disconnected) for _, event in events)

        began = time.monotonic()
        await treadmill.close()
        figures["close_s"] = round(time.monotonic() - began, 2)
        assert figures["close_s"] <= 5.5
        await until(lambda: not machine.connected, 10, "the machine saw the link end")
        assert not any(isinstance(event, Disconnected) for _, event in events), "a drop that we asked for is no news"
    return figures
