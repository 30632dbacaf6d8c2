"""The connection of one run: made, written to, made again when it was lost, used without an engine at the last.

A session's runner and a test's qualifier have it in common; both decide, this carries out.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.app.inbox import Inbox
from retroctl.app.last_resort import LastResort
from retroctl.app.ports import FrameArrived
from retroctl.app.reconnect import Reconnector
from retroctl.domain.verdict import Wire
from retroctl.errors import LinkLost, ProcedureTimeout, TreadmillNotFound, UnsupportedTreadmill, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo, Treadmill


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: refused with an ATT code, or lost (then the reason), or neither."""

    error: int | None = None
    lost: str | None = None
    wants_pairing: str | None = None
    """Refused because computer and machine are not paired: how to do that. Said once: a Stop is repeated."""


class Connection:
    """One treadmill. What an earlier connection still sends is dropped here."""

    def __init__(
        self,
        treadmill: Treadmill,
        clock: Clock,
        *,
        not_restored: Callable[[str], None],
        lost: Callable[[], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`not_restored` hears why a try to connect again failed, `lost` that all of them did.

        `jitter`: numbers from 0 to 1 that spread the pauses between the tries.
        """
        self.treadmill, self._clock = treadmill, clock
        self._pairing_told = False
        self.wrote = False
        """Whether anything was sent to the machine."""
        self._inbox = Inbox()
        self._generation = 0
        self._opening: asyncio.Future[MachineInfo] | None = None
        self._given_up: tuple[str, float] | None = None
        self._last_resort: LastResort | None = None
        self._reconnector = Reconnector(
            treadmill, clock, sink=self._inbox.put, failed=not_restored, lost=lost, jitter=jitter
        )

    async def make(self) -> MachineInfo:
        """Connect; nothing is written. Raises TreadmillError, also when it is given up meanwhile."""
        self._opening = asyncio.ensure_future(self.treadmill.open(self._inbox.put, lambda: None))
        self._cancel_given_up()
        try:
            info = await self._opening
        except asyncio.CancelledError:
            if self._given_up is None:
                raise
            raise TreadmillNotFound(
                f"left ({self._given_up[0]}) before the treadmill was reached; nothing was written to it"
            ) from None
        self._generation = info.generation
        return info

    def give_up(self, source: str, *, patience_s: float) -> None:
        """`source` ends connecting, also one that is yet to begin, unless it is done within `patience_s`."""
        self._given_up = (source, patience_s)
        self._cancel_given_up()

    def _cancel_given_up(self) -> None:
        opening, given_up = self._opening, self._given_up
        if opening is None or given_up is None:
            return
        _source, patience_s = given_up

        def cancel() -> None:
            opening.cancel()

        if patience_s > 0.0:
            self._clock.call_at(self._clock.now() + patience_s, cancel)
        else:
            cancel()

    async def pump(self, take: Callable[[LinkEvent], None]) -> None:
        """Hand what arrives to `take`, or to the last resort once there is one; goes on until cancelled."""
        await self._inbox.pump(lambda event: self._arrive(event, take))

    def _arrive(self, event: LinkEvent, take: Callable[[LinkEvent], None]) -> None:
        if self._last_resort is not None:
            if isinstance(event, FrameArrived):
                self._last_resort.take_in(event)
        elif event.generation >= self._generation:
            take(event)

    async def write(self, payload: bytes) -> Written:
        """Write to the Control Point, within the deadline of the adapter; tells how that went and raises nothing."""
        self.wrote = True
        try:
            await self.treadmill.write(payload)
        except WriteRefused as refused:
            words = None if self._pairing_told else refused.wants_pairing
            self._pairing_told = self._pairing_told or words is not None
            return Written(error=refused.code, wants_pairing=words)
        except (LinkLost, ProcedureTimeout, UnsupportedTreadmill) as gone:
            return Written(lost=str(gone))
        return Written()

    async def make_again(self, urgent: Callable[[], bytes | None], *, drop: bool) -> int | None:
        """Connect again, with `drop` after letting the link go, and write `urgent()` first where there is any.

        The number of the new connection; None while another attempt runs, or when it failed.
        """
        info = await self._reconnector.run(urgent, drop=drop)
        if info is None:
            return None
        self._generation = info.generation
        return self._generation

    @property
    def on_its_own(self) -> bool:
        """Whether the last resort has taken over: no engine is asked any more."""
        return self._last_resort is not None

    async def stop_without_engine(
        self,
        within_s: float,
        *,
        told: Callable[[bytes], None] = lambda _payload: None,
        wire: Wire = Wire.OPEN,
        call: Callable[[], None] = lambda: None,
    ) -> bool:
        """Bring the belt to rest when the engine is not to be trusted; whether it was seen at rest in time.

        `told`, `wire`, `call`: as the last resort has them.
        """

        def noted(payload: bytes) -> None:
            self.wrote = True
            told(payload)

        self._last_resort = LastResort(
            self.treadmill, self._clock, self._generation, sink=self._inbox.put, told=noted, wire=wire, call=call
        )
        return await self._last_resort.stop(within_s)

    async def close(self) -> None:
        """Let go of the machine."""
        await self.treadmill.close()
