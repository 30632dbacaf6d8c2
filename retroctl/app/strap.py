"""Keeps the client's strap connected for as long as a session lasts, and never in the treadmill's way.

It begins when the treadmill is set up. While the treadmill's link is lost, or the belt is being stopped, a try to reach
the strap is given up at once and none is begun: one radio serves both. Its own failures are remarks.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final

from retroctl.app.reports import Kind, Report
from retroctl.errors import RetroctlError, SeveralStraps

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import Strap

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
TRIES: Final = 12
"""In a row without a connection that lasts; with the pauses between them about six minutes."""
TRY_S: Final = 40.0
"""The most one try may take: looking for it, connecting, subscribing, each with a bound of its own below."""
STEADY_S: Final = 10.0
"""A connection that is gone sooner was none: one that comes and goes would keep the radio busy all session long."""
END_S: Final = 5.0
RADIO_IS_NEEDED: Final = frozenset({"stopping", "lost"})


class StrapKeeper:
    """A listener of the run's reports. `begin` once the treadmill is set up, `close` at the end."""

    def __init__(
        self,
        strap: Strap,
        clock: Clock,
        *,
        frame: Callable[[bytes], None],
        remark: Callable[[str], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`frame` gets what the strap sends; `remark` plain sentences for the trainer; `jitter` numbers from 0 to 1."""
        self._strap, self._clock, self._jitter = strap, clock, jitter
        self._frame, self._remark = frame, remark
        self._link_lost = self._radio_needed = False
        self._free, self._needed = asyncio.Event(), asyncio.Event()
        self._free.set()
        self._task: asyncio.Task[None] | None = None
        self._said = ""
        self.address: str | None = None
        """Where the strap was found; None while it never was."""

    def __call__(self, report: Report) -> None:
        """Give way to the treadmill, or go on."""
        if report.kind is Kind.EVENT and report.data.get("event") in ("LinkDropped", "LinkRestored"):
            self._link_lost = report.data["event"] == "LinkDropped"
        elif report.kind is Kind.STATE:
            self._radio_needed = report.data["state"] in RADIO_IS_NEEDED
        else:
            return
        if self._link_lost or self._radio_needed:
            self._free.clear()
            self._needed.set()
        else:
            self._needed.clear()
            self._free.set()

    def begin(self) -> None:
        """Look for the strap from now on."""
        self._task = asyncio.create_task(self._keep(), name="keep the strap")

    async def close(self) -> None:
        """Let go of the strap; bounded, never raises."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=END_S)
        await self._strap.close()

    async def _keep(self) -> None:
        tries = 0
        while tries < TRIES:
            if tries:
                pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (tries - 1))
                await self._clock.sleep(pause * (0.5 + self._jitter()))
            await self._free.wait()
            try:
                connected = await self._one_try()
            except SeveralStraps as error:
                self._say(str(error))
                return
            except (RetroctlError, TimeoutError) as error:
                self._say(str(error) or "the strap does not answer")
                tries += 1
                continue
            if not connected:
                continue  # the treadmill needed the radio: that was no fault of the strap's
            began = self._clock.now()
            self.address = self._strap.address
            self._say("the strap is connected")
            await self._strap.lost()
            self._say("the strap's connection is gone; looking for it again")
            tries = 1 if self._clock.now() - began >= STEADY_S else tries + 1
        self._say("the strap is given up for this session; a raise waits for RPE at each speed")

    async def _one_try(self) -> bool:
        """One try to reach it; False where the treadmill came first. Raises RetroctlError, TimeoutError."""
        work = asyncio.create_task(self._bounded(), name="reach the strap")
        needed = asyncio.create_task(self._needed.wait(), name="the treadmill needs the radio")
        try:
            await asyncio.wait({work, needed}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                return False
            work.result()
            return True
        finally:
            needed.cancel()
            work.cancel()
            if not work.done():
                await asyncio.wait({work}, timeout=END_S)

    async def _bounded(self) -> None:
        async with self._clock.timeout(TRY_S):
            await self._strap.connect(self._frame)

    def _say(self, text: str) -> None:
        """Tell the trainer; the same thing only once in a row."""
        if text != self._said:
            self._said = text
            self._remark(f"{text[0].upper()}{text[1:]}.")
