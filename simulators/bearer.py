"""ATT as a client sees it through BlueZ: one request at a time, and a caller who gives up frees nothing.

A request that was sent stays outstanding until the peer answers or ATT's 30 s are over; then the link drops.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from simulators.pump import Clock

ATT_TIMEOUT_S = 30.0
"""Core Specification, Vol 3 Part F, 3.3.3: after this no more ATT traffic on the bearer."""

_NOBODY = -1
"""The turn is given, the request not yet sent."""

T = TypeVar("T")


async def wait(clock: Clock, seconds: float) -> None:
    """Wait for seconds of the clock; at least one turn of the loop; for ever when infinite."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    if math.isinf(seconds):
        await woken
        return
    timer = clock.call_at(clock.now() + seconds, wake)
    try:
        await woken
    finally:
        timer.cancel()


class Bearer:
    """The requests of one connection. `on_timeout` is called when ATT gives up: drop the link."""

    def __init__(self, clock: Clock, on_timeout: Callable[[], None], *, timeout_s: float = ATT_TIMEOUT_S) -> None:
        self._clock = clock
        self._on_timeout = on_timeout
        self._timeout_s = timeout_s
        self._queue: deque[asyncio.Future[None]] = deque()
        self._outstanding: asyncio.Task[None] | None = None
        self._outcome: asyncio.Future[Any] | None = None
        self._busy_with: int | None = None
        self._closed_with: type[BaseException] | None = None

    def busy(self, handle: int) -> bool:
        """Tell whether a request for this characteristic is outstanding."""
        return self._busy_with == handle

    async def request(self, handle: int, transact: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the bearer, then let `transact` have it until it is done, whatever becomes of the caller."""
        await self._turn()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._outcome, self._busy_with = outcome, handle
        self._outstanding = loop.create_task(self._transact(transact, outcome), name="att-request")
        # Shielded: BlueZ keeps the request although nobody waits for it any more.
        return await asyncio.shield(outcome)

    async def free(self, handle: int) -> None:
        """Wait until no request for this characteristic is outstanding: BlueZ does not even pass a command."""
        while self.busy(handle):
            await self._turn()
            self._next()

    def freeze(self) -> None:
        """Let the link be gone: what was outstanding will never be answered, and nobody is told."""
        if self._outstanding is not None:
            self._outstanding.cancel()

    def close(self, error: type[BaseException]) -> None:
        """Fail everything that still waits, and whatever comes, with `error`."""
        self._closed_with = error
        self.freeze()
        waiting = [future for future in (self._outcome, *self._queue) if future is not None and not future.done()]
        self._queue.clear()
        for future in waiting:
            future.set_exception(error())
            future.exception()  # a caller that was cancelled will not look

    async def _turn(self) -> None:
        if self._closed_with is not None:
            raise self._closed_with
        if self._busy_with is None and not self._queue:
            self._busy_with = _NOBODY
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._next()  # the turn had just come
            raise

    def _next(self) -> None:
        self._busy_with = None
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                self._busy_with = _NOBODY
                waiter.set_result(None)
                return

    async def _transact(self, transact: Callable[[], Coroutine[Any, Any, T]], outcome: asyncio.Future[T]) -> None:
        timer = self._clock.call_at(self._clock.now() + self._timeout_s, self._on_timeout)
        try:
            result = await transact()
        except asyncio.CancelledError:
            raise  # frozen: the bearer stays busy
        except Exception as error:  # noqa: BLE001 - the task ends here; the caller gets it
            if not outcome.done():
                outcome.set_exception(error)
                outcome.exception()
        else:
            if not outcome.done():
                outcome.set_result(result)
        finally:
            timer.cancel()
        self._outstanding = None
        self._next()


class SharedBearer(Bearer):
    """A second client's part in a bearer: BlueZ has one for all programs. Closing it fails only its own calls."""

    def __init__(self, whole: Bearer, clock: Clock) -> None:
        super().__init__(clock, lambda: None)
        self._whole = whole
        self._closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def busy(self, handle: int) -> bool:
        """Tell whether a request of any client for this characteristic is outstanding."""
        return self._whole.busy(handle)

    async def request(self, handle: int, transact: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait among the requests of all clients."""
        if self._closed_with is not None:
            raise self._closed_with
        call = asyncio.get_running_loop().create_task(self._whole.request(handle, transact), name="shared-request")
        try:
            ends: set[asyncio.Future[Any]] = {call, self._closing}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            call.cancel()
            raise
        if call.done():
            return call.result()
        call.cancel()
        raise self._closed_with or EOFError

    async def free(self, handle: int) -> None:
        """Wait until no request of any client for this characteristic is outstanding."""
        await self._whole.free(handle)

    def close(self, error: type[BaseException]) -> None:
        """Fail what this client still waits for."""
        self._closed_with = error
        if not self._closing.done():
            self._closing.set_result(None)
