"""Stopping the belt when the program itself is at fault: a few lines that use neither session nor engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from retroctl.domain.verdict import Wire
from retroctl.errors import LinkLost, MalformedFrame, TreadmillError
from retroctl.ftms.control_point import encode_request_control, encode_stop
from retroctl.ftms.treadmill_data import decode_treadmill_data
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import FrameArrived, LinkEvent, Treadmill

REPEAT_S: Final = 1.5
REST_SPAN_S: Final = 0.9
"""For how long frames must say 0: two that arrive at once are one observation."""
REST_UNSEEN_S: Final = 5.0
"""The same where the belt was not seen to move before: a machine may tell its target, and the belt still falls."""


class LastResort:
    """Writes Stop until measured 0 was seen for long enough, within a bound."""

    def __init__(
        self,
        treadmill: Treadmill,
        clock: Clock,
        generation: int,
        *,
        sink: Callable[[LinkEvent], None],
        told: Callable[[bytes], None],
        wire: Wire = Wire.OPEN,
        call: Callable[[], None] = lambda: None,
    ) -> None:
        """`sink` takes the events of a new connection, where the old one is gone; `told` hears of each write.

        `call` tells the person at the console each time, where `wire` is not open.
        """
        self._wire, self._call = wire, call
        self._treadmill, self._clock, self._generation = treadmill, clock, generation
        self._sink, self._told = sink, told
        self._zero_since: float | None = None
        self._moved = False
        self._rest = asyncio.Event()

    def take_in(self, frame: FrameArrived) -> None:
        """Look for rest in a frame."""
        if frame.characteristic != "2acd" or frame.generation < self._generation:
            return
        try:
            measured = decode_treadmill_data(frame.data).measured_speed
        except MalformedFrame:
            return
        if measured is None:
            return
        if measured > REST:
            self._zero_since, self._moved = None, True
            self._rest.clear()
            return
        now = self._clock.now()
        if self._zero_since is None:
            self._zero_since = now
        if now - self._zero_since >= (REST_SPAN_S if self._moved else REST_UNSEEN_S):
            self._rest.set()

    async def stop(self, within_s: float) -> bool:
        """Stop the belt; True when it was seen at rest within `within_s` session seconds."""
        end = self._clock.now() + within_s
        repeats = 0
        while not self._rest.is_set() and self._clock.now() < end:
            # A machine that has taken control away obeys again once it is asked; every other repeat asks.
            self._call()
            if repeats % 2 and self._wire is Wire.OPEN:
                await self._try(encode_request_control())
            if self._wire is not Wire.CLOSED:
                await self._try(encode_stop())
            repeats += 1
            try:
                async with self._clock.timeout(REPEAT_S):
                    await self._rest.wait()
            except TimeoutError:
                continue
        return self._rest.is_set()

    async def _try(self, payload: bytes) -> None:
        try:
            async with self._clock.timeout(REPEAT_S):
                self._told(payload)
                await self._treadmill.write(payload)
        except LinkLost:
            await self._connect_again()
        except (TreadmillError, TimeoutError):
            return

    async def _connect_again(self) -> None:
        """One try; Stop is the first thing written."""
        self._zero_since = None
        try:
            info = await self._treadmill.open(self._sink, encode_stop)
        except (TreadmillError, TimeoutError):
            return
        self._generation = info.generation
