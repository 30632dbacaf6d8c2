"""The one clock of a run: session seconds, timers on them, and bounds for awaits.

`LoopClock` follows the event loop's own time: real in the program, virtual on a virtual loop in tests.
`ScaledClock` serves `--speedup`: simulator and controller share it, and it advances by at most
`MAX_STEP_S` per turn of the loop, so that a busy computer cannot make the controller believe that
frames were missing.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

MAX_STEP_S = 0.25
"""The most session seconds that pass in one turn of the loop: an eighth of the 2 s after which data count as stale."""

LATE_S = 0.001
"""Timers on the loop's own time are set so much later, so that `now()` has reached what they were set for."""


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None:
        """Forget the call; harmless when it has run."""


class Clock(Protocol):
    """Session time in monotonic seconds, and everything that waits on it."""

    def now(self) -> float:
        """Session seconds; only differences mean anything."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at session time `when`, or on the next turn if that is past."""
        ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Bound the awaits inside by `seconds` of session time; raises TimeoutError."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of session time."""


class Deadline:
    """One call that is pending or not, and can be set anew."""

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock, self._callback = clock, callback
        self._timer: Timer | None = None

    @property
    def pending(self) -> bool:
        """Whether the call is still to come."""
        return self._timer is not None

    def set(self, when: float | None) -> None:
        """Call at session time `when` and no sooner or later time set before; None: not at all."""
        self.cancel()
        if when is not None:
            self._timer = self._clock.call_at(when, self._ring)

    def cancel(self) -> None:
        """Forget the call."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        self._callback()


class LoopClock:
    """The running event loop's time, one second a second."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        """Session seconds: the loop's monotonic time."""
        return self._loop.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at `when`."""
        # A loop may call a hair early: a millisecond more, or a deadline would be asked for again and again.
        return self._loop.call_at(when + LATE_S, callback)

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncGenerator[None, None]:
        """Bound the awaits inside; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            yield

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _ScaledTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ScaledClock:
    """`factor` session seconds for each real one, shared by the simulator and the controller.

    Call `stop()` when the run is over: the clock keeps one timer on the loop while it runs.
    """

    def __init__(self, factor: float) -> None:
        if not 0 < factor <= 1000:  # beyond this the loop cannot turn often enough to keep up
            raise ValueError(f"a speed-up of {factor} is not between 0 and 1000")
        self._loop = asyncio.get_running_loop()
        self._factor = factor
        self._now = 0.0
        self._real = self._loop.time()
        self._order = itertools.count()
        self._timers: list[tuple[float, int, _ScaledTimer]] = []
        self._pump = self._loop.call_soon(self._turn)

    def now(self) -> float:
        """Session seconds since the clock was made."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at session time `when`."""
        timer = _ScaledTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncGenerator[None, None]:
        """Bound the awaits inside by session seconds; raises TimeoutError."""
        async with asyncio.timeout(None) as bound:
            timer = self.call_at(self._now + seconds, lambda: bound.reschedule(self._loop.time()))
            try:
                yield
            finally:
                timer.cancel()

    async def sleep(self, seconds: float) -> None:
        """Wait for session seconds."""
        woken = asyncio.Event()
        timer = self.call_at(self._now + seconds, woken.set)
        try:
            await woken.wait()
        finally:
            timer.cancel()

    def stop(self) -> None:
        """Let go of the loop; time stands still from here."""
        self._pump.cancel()

    def _turn(self) -> None:
        real = self._loop.time()
        # The next timer may be nearer than the allowed step: stop there, so that what it causes is seen in order.
        goal = self._now + min((real - self._real) * self._factor, MAX_STEP_S)
        self._real = real
        if self._timers and self._timers[0][0] < goal:
            goal = max(self._now, self._timers[0][0])
        self._now = goal
        try:
            while self._timers and self._timers[0][0] <= self._now:
                callback = heapq.heappop(self._timers)[2].callback
                if callback is not None:
                    callback()
        finally:
            # A callback that raises goes to the loop's exception handler; time must not stand still for it.
            self._pump = self._loop.call_later(min(0.01, MAX_STEP_S / self._factor / 2), self._turn)
