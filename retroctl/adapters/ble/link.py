"""One connection: its client, its generation, its end, and a bound round every call on it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from bleak import BleakClient

from retroctl.adapters.ble.bounds import abandon
from retroctl.adapters.ble.faults import ATT_CCCD_IMPROPERLY_CONFIGURED, STACK_ERRORS, write_fault
from retroctl.errors import LinkLost, UnsupportedTreadmill, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice

    from retroctl.app.clock import Clock

T = TypeVar("T")

RELEASE_S = 4.5
"""The most that letting go of a client may take; BlueZ was measured at 2.6 s."""
SUBSCRIBE_AGAIN_S = 1.0
CANCEL_S = 2.0
"""Of this, the most that a cancelled connect may take to end."""

_log = logging.getLogger(__name__)


class Link:
    """One try at a connection and all that belongs to it. It ends once and is never used again.

    `gone` is done from the moment the link is lost or given up: nothing waits beyond it, nothing is delivered after it.
    """

    def __init__(
        self,
        device: BLEDevice,
        generation: int,
        *,
        clock: Clock,
        backend: type[BaseBleakClient] | None,
        connect_s: float,
        releases: set[asyncio.Task[None]],
        dropped: Callable[[Link], None],
        keep: Callable[[], bool],
    ) -> None:
        """`keep` says whether the link is another program's too, so that it must not be dropped from here."""
        self.generation = generation
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._connected = False
        self.in_use = False
        """`open` has returned: from here a drop is told as an event, before that it is the outcome of `open`."""
        self.control: tuple[BleakGATTCharacteristic, bool] | None = None
        """The Control Point, and whether it is written with response."""
        self.subscribe_again: Callable[[], Coroutine[Any, Any, None]] | None = None
        """Makes the Control Point's subscription anew; used once."""
        self.watchers: list[asyncio.Task[None]] = []
        """Tasks that end with the link."""
        self._clock = clock
        self._dropped = dropped
        self._keep = keep
        self._releases = releases
        self._connecting: asyncio.Task[None] | None = None
        self._release: asyncio.Task[None] | None = None
        self.client = BleakClient(
            device, disconnected_callback=lambda _client: self._on_disconnected(), timeout=connect_s, backend=backend
        )

    async def connect(self, seconds: float) -> None:
        """Connect and discover the services. Raises TimeoutError, LinkLost, or what the stack raises."""
        self._connecting = self.begin(self.client.connect(), "connect")
        await self._result(self._connecting, seconds, "connect")
        if not self.client.is_connected:
            raise LinkLost("the connection ended at once")
        self._connected = True

    def _on_disconnected(self) -> None:
        # While connecting, bleak itself may see the link come and go and try again; `connect` tells how it ended.
        if self._connected:
            self.drop()

    def drop(self) -> None:
        """Note that the link is lost; harmless when it has ended already."""
        if not self.gone.done():
            self.give_up()
            self._dropped(self)

    def give_up(self) -> asyncio.Task[None]:
        """End the link because we want to; gives the task, bounded by `RELEASE_S`, that lets go of the client.

        Also needed after a drop: on BlueZ an old client keeps its D-Bus connection, and its subscriptions come back.
        """
        if not self.gone.done():
            self.gone.set_result(None)
        for watcher in self.watchers:
            abandon(watcher)
        if self._release is None:
            self._release = asyncio.create_task(self._let_go(), name=f"release link {self.generation}")
            self._releases.add(self._release)
            self._release.add_done_callback(self._releases.discard)
        return self._release

    async def let_go(self) -> None:
        """Give the link up and wait until the client is let go of, a little over `RELEASE_S` at the most."""
        with suppress(TimeoutError):
            async with self._clock.timeout(RELEASE_S + 0.5):
                await asyncio.wait({self.give_up()})

    async def _let_go(self) -> None:
        try:
            async with self._clock.timeout(RELEASE_S):
                # A try that was cancelled still has to tell the system so, and needs its client for that.
                if self._connecting is not None:
                    await self._ended(self._connecting)
                if self.client.is_connected and self._keep():
                    return  # what the client holds goes with the process
                await self.client.disconnect()
        except Exception as error:  # noqa: BLE001 - the task ends here; whatever it was, the link is given up
            _log.info("letting go of link %d: %r", self.generation, error)

    async def _ended(self, connecting: asyncio.Task[None]) -> None:
        with suppress(TimeoutError):
            async with self._clock.timeout(CANCEL_S):
                await asyncio.wait({connecting})

    def begin(self, work: Coroutine[Any, Any, T], what: str) -> asyncio.Task[T]:
        """Start a call on the link; `wait` or `run` bounds it."""
        return asyncio.create_task(work, name=f"{what} on link {self.generation}")

    def check(self, otherwise: str) -> None:
        """Raise LinkLost with these words if the link has ended."""
        if self.gone.done():
            raise LinkLost(otherwise)

    async def wait(self, task: asyncio.Task[T], seconds: float) -> bool:
        """Wait until the call is done, at most `seconds`; says whether it is. Raises LinkLost."""
        try:
            async with self._clock.timeout(seconds):
                ends: set[asyncio.Future[Any]] = {task, self.gone}
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return task.done()
        if not task.done():
            raise LinkLost("the connection to the machine is gone")
        return True

    async def run(self, work: Coroutine[Any, Any, T], seconds: float, what: str) -> T:
        """Give the call's result. Raises TimeoutError after `seconds`, LinkLost, or what the call raises.

        The call runs in a task of its own: a Bluetooth stack that does not even react to being cancelled
        cannot hold up who waits.
        """
        return await self._result(self.begin(work, what), seconds, what)

    async def _result(self, task: asyncio.Task[T], seconds: float, what: str) -> T:
        try:
            if not await self.wait(task, seconds):
                raise TimeoutError(f"no answer to: {what}")
        finally:
            abandon(task)
        return self.result(task)

    @staticmethod
    def result(task: asyncio.Task[T]) -> T:
        """Give the result of a call that is done. Raises what it raised; LinkLost when the stack cancelled it."""
        if task.cancelled():
            raise LinkLost(f"the Bluetooth stack gave up: {task.get_name()}")
        return task.result()

    async def write_control_point(self, payload: bytes, seconds: float) -> None:
        """Write to the Control Point. Raises WriteRefused, LinkLost, ProcedureTimeout, UnsupportedTreadmill.

        A machine that lost the subscription of its answers refuses every write for that, Stop too: then it is made
        anew, once, and the write repeated.
        """
        try:
            await self._write_control_point(payload, seconds)
        except WriteRefused as refused:
            if refused.code != ATT_CCCD_IMPROPERLY_CONFIGURED or not await self._subscribed_again():
                raise
            await self._write_control_point(payload, seconds)

    async def _subscribed_again(self) -> bool:
        again, self.subscribe_again = self.subscribe_again, None
        if again is None:
            return False
        try:
            await self.run(again(), SUBSCRIBE_AGAIN_S, "subscribe 2ad9 again")
        except STACK_ERRORS as error:
            _log.info("the Control Point's subscription was not made anew: %r", error)
            return False
        return True

    async def _write_control_point(self, payload: bytes, seconds: float) -> None:
        self.check("there is no connection to the machine")
        if self.control is None and not self.in_use:
            raise LinkLost("the connection to the machine is still being set up")
        if self.control is None:
            raise UnsupportedTreadmill("the machine has no Control Point that can be written")
        characteristic, with_response = self.control
        try:
            await self.run(
                self.client.write_gatt_char(characteristic, payload, response=with_response),
                seconds,
                f"write {payload.hex(' ')}",
            )
        except STACK_ERRORS as error:
            fault = write_fault(error, connected=self.client.is_connected)
            if isinstance(fault, LinkLost):
                self.drop()
            raise fault from error
