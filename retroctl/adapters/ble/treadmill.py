"""`BleTreadmill`: the Treadmill port on bleak."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING

from retroctl.adapters.ble.connect import CONNECT_TRIES, CONNECT_TRY_S, connect
from retroctl.adapters.ble.link import Link
from retroctl.adapters.ble.names import shown_name
from retroctl.adapters.ble.scan import look_for
from retroctl.adapters.ble.setup import Setup
from retroctl.app.ports import Disconnected
from retroctl.errors import LinkLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo

WRITE_S = 31.0
"""ATT ends a request after 30 s (Core Specification, Vol 3 Part F, 3.3.3); one more, so that the stack speaks first."""
CLOSE_S = 5.0
JOIN_TRY_S = 40.0
"""Longer than whoever joins a link waits: a try that ran out would make the system drop it for all."""


class BleTreadmill:
    """One machine reached through bleak. Every call is bounded on `clock`; see the Treadmill port for the contract.

    `backend` and `scanner` replace bleak's own for the system (the simulator). `jitter` gives numbers from 0 to 1.
    `beside` makes it the second one on a link that another program holds (the guard): it subscribes to what shows speed
    and answers and reads nothing, and while `beside()` says so it never asks the system to drop the link.
    An exception out of a sink goes to the event loop's exception handler, whichever Bluetooth stack called: the
    stacks treat it differently, and some would only log it.
    """

    def __init__(
        self,
        device: BLEDevice,
        *,
        clock: Clock,
        backend: type[BaseBleakClient] | None = None,
        scanner: type[BaseBleakScanner] | None = None,
        jitter: Callable[[], float] = random.random,
        beside: Callable[[], bool] | None = None,
    ) -> None:
        self._device = device
        self._name = shown_name(device.name, device.address)
        self._clock = clock
        self._backend = backend
        self._scanner = scanner
        self._jitter = jitter
        self._beside = beside
        self._generation = 0
        self._closes = 0
        self._link: Link | None = None
        self._releases: set[asyncio.Task[None]] = set()
        self._silent: set[str] = set()

    @property
    def name(self) -> str:
        """The machine's name as shown to people; the address where it has none."""
        return self._name

    @property
    def address(self) -> str:
        """The address by which the machine was chosen."""
        return self._device.address

    @property
    def system_path(self) -> str | None:
        """BlueZ's object path of the machine, by which another process finds the connection; None on other systems."""
        details: object = self._device.details
        path = details.get("path") if isinstance(details, dict) else None
        return path if isinstance(path, str) else None

    async def open(self, sink: Callable[[LinkEvent], None], urgent: Callable[[], bytes | None]) -> MachineInfo:
        """Connect, subscribe, read; write nothing, unless `urgent()` gives a payload.

        `write` works as soon as `urgent` has been asked, while the rest is still being set up. A link that drops
        before this returns is told by LinkLost, not by an event.
        Raises TreadmillNotFound, UnsupportedTreadmill, LinkLost; TreadmillError when this computer's Bluetooth
        cannot be used.
        """
        self._give_up_link()
        await self._finish_releases()
        self._generation += 1
        link = await self._connect(self._generation, sink)

        def deliver(event: LinkEvent) -> None:
            if not link.gone.done():
                _hand_over(sink, event)

        try:
            setup = Setup(link, name=self._name, clock=self._clock, silent=self._silent, reads=self._beside is None)
            info = await setup.run(self.address, deliver, urgent)
            link.check(f"the connection to {self._name} ended while it was set up")
        except Exception:  # whatever stood in the way of setting up, no half-open link stays behind
            link.give_up()
            await self._finish_releases()
            raise
        except BaseException:  # cancelled: nothing may be awaited here; the release goes on by itself, within its bound
            link.give_up()
            raise
        link.in_use = True
        return info

    async def write(self, payload: bytes) -> None:
        """Write to the Control Point; see the port. Raises WriteRefused, LinkLost, ProcedureTimeout."""
        if self._link is None:
            raise LinkLost(f"there is no connection to {self._name}")
        await self._link.write_control_point(payload, WRITE_S)

    async def close(self) -> None:
        """Drop the link. Never raises, returns within 5 s; a pending write ends with LinkLost."""
        self._closes += 1
        self._give_up_link()
        await self._finish_releases()

    async def _connect(self, generation: int, sink: Callable[[LinkEvent], None]) -> Link:
        closes = self._closes
        # A link that another program holds is joined or not; to make it again is that program's business.
        joins = self._beside is not None and self._beside()
        tries, try_s = (1, JOIN_TRY_S) if joins else (CONNECT_TRIES, CONNECT_TRY_S)

        def dropped(link: Link) -> None:
            if link.in_use:
                _hand_over(sink, Disconnected(link.generation))

        def new_link(device: BLEDevice) -> Link:
            if self._closes != closes:
                raise LinkLost(f"the connection to {self._name} was given up")
            self._device = device
            self._link = Link(
                device,
                generation,
                clock=self._clock,
                backend=self._backend,
                connect_s=try_s,
                releases=self._releases,
                dropped=dropped,
                keep=self._beside or (lambda: False),
            )
            return self._link

        async def search(seconds: float) -> BLEDevice | None:
            return await look_for(self.address, seconds, clock=self._clock, backend=self._scanner)

        return await connect(
            new_link,
            self._device,
            name=self._name,
            clock=self._clock,
            jitter=self._jitter,
            search=search,
            tries=tries,
            try_s=try_s,
        )

    def _give_up_link(self) -> None:
        if self._link is not None:
            self._link.give_up()

    async def _finish_releases(self) -> None:
        """Wait until old clients are let go of: one still at it could drop the next connection too."""
        if self._releases:
            with suppress(TimeoutError):
                async with self._clock.timeout(CLOSE_S):
                    await asyncio.wait(self._releases)


def _hand_over(sink: Callable[[LinkEvent], None], event: LinkEvent) -> None:
    try:
        sink(event)
    except Exception as error:  # noqa: BLE001 - the call of a Bluetooth stack ends here; the loop's handler is told
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"a Bluetooth event could not be taken in: {event}", "exception": error}
        )
