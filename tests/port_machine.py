"""The simulated machine straight at the application's port: the link is the test's to drop, at any moment."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from retroctl.app.ports import Disconnected, FrameArrived, MachineInfo
from retroctl.errors import LinkLost, TreadmillNotFound, WriteRefused
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock, Timer
    from retroctl.app.ports import LinkEvent


class PortMachine:
    """A Treadmill. `opened` holds the times of every connection made, `asked` of every one tried."""

    name, address = "Belt", "C0:DE:00:00:00:09"

    def __init__(self, clock: Clock, name: str = "standard", *, control_point: bool = True) -> None:
        self._clock = clock
        self.machine = FtmsMachine(personality(name).but(record_interval_s=0.25), seed=3, now=clock.now())
        self.control_point = control_point
        self.opened: list[float] = []
        self.asked: list[float] = []
        self.generation = 0
        self.sink: Callable[[LinkEvent], None] = lambda event: None
        self.lives_s = math.inf
        """Every link drops after so long."""
        self.held: list[FrameArrived] | None = None
        """While a list, frames wait here, as in a socket that nobody reads."""
        self._timer: Timer | None = None

    async def open(self, sink, urgent) -> MachineInfo:
        self.asked.append(self._clock.now())
        if not self.machine.advertises(self._clock.now()):
            await asyncio.sleep(0.05)
            raise TreadmillNotFound("it does not answer")
        self.generation += 1
        self.sink = sink
        self.opened.append(self._clock.now())
        self.machine.connect(self._clock.now())
        names = ("2ad9", "2acd", "2ada") if self.control_point else ("2acd",)
        for characteristic in names:
            self.machine.subscribe(characteristic, self._clock.now())
        self.machine.wake = self._soon
        payload = urgent()
        if payload is not None:
            self.machine.write("2ad9", payload, self._clock.now())
        self._soon()
        if self.lives_s < math.inf:
            generation = self.generation
            self._clock.call_at(self._clock.now() + self.lives_s, lambda: self._drop_if(generation))
        return MachineInfo(self.name, self.address, self.generation, True, self.control_point, True, None, None, None)

    async def write(self, payload: bytes) -> None:
        if not self.machine.connected:
            raise LinkLost("no link")
        result = self.machine.write("2ad9", payload, self._clock.now())
        await asyncio.sleep(0.02)
        if result.error is not None:
            raise WriteRefused(result.error)

    async def close(self) -> None:
        if self.machine.connected:
            self.machine.disconnect(self._clock.now())

    def drop(self, *, absent_s: float = 0.0) -> None:
        """The link is gone, and the machine not to be found for so long."""
        self.machine.absent_until = self._clock.now() + absent_s
        self.machine.disconnect(self._clock.now())
        self.sink(Disconnected(self.generation))

    def release(self) -> None:
        """What waited in the socket comes all at once."""
        held, self.held = self.held or [], None
        for frame in held:
            self.sink(frame)

    def _drop_if(self, generation: int) -> None:
        if self.machine.connected and generation == self.generation:
            self.drop()

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self.machine.next_event(self._clock.now())
        self._timer = None if due == math.inf else self._clock.call_at(due, self._advance)

    def _advance(self) -> None:
        for emission in self.machine.advance(self._clock.now()):
            frame = FrameArrived(self.generation, emission.characteristic, emission.data)
            if self.held is not None:
                self.held.append(frame)
            else:
                self.sink(frame)
        self._soon()
