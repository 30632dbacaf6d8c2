"""Finding a lost machine again, to observe or to stop only: bounded, with pauses that grow and are spread at random."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo, Treadmill

RECONNECT_FOR_S: Final = 60.0
"""After a lost link, so long is spent on finding the machine again."""
STORM_FOR_S: Final = 120.0
"""Links that come and go again are tried for so long in all."""
STEADY_S: Final = 5.0
"""A link that has lived for so long has been restored; the next loss begins anew."""
FIRST_PAUSE_S: Final = 0.5
"""Before the second try; doubled for each further one. The first try is made at once: a stop may wait for it."""
LONGEST_PAUSE_S: Final = 2.0


def pause_s(failures: int, jitter: Callable[[], float]) -> float:
    """How long to wait before a try after so many failures: none after none, then growing, spread by half either way.

    `jitter` gives numbers from 0 to 1.
    """
    if failures == 0:
        return 0.0
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10)) * (0.5 + jitter())


class Reconnector:
    """One attempt at a time; a second wish to drop the link ends the connection being made, and the attempt goes on."""

    def __init__(
        self,
        treadmill: Treadmill,
        clock: Clock,
        *,
        sink: Callable[[LinkEvent], None],
        failed: Callable[[str], None],
        lost: Callable[[], None],
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`failed` is told why of each try that failed; `lost` is called when the machine was not found in time."""
        self._treadmill, self._clock, self._jitter = treadmill, clock, jitter
        self._sink, self._failed, self._lost = sink, failed, lost
        self._running = False
        self._failures = 0
        """Tries that failed and links that did not last, since there was a link that did."""
        self._up_at: float | None = None
        self._unsteady_since = clock.now()

    @property
    def running(self) -> bool:
        """Whether an attempt is under way."""
        return self._running

    async def run(self, urgent: Callable[[], bytes | None], *, drop: bool) -> MachineInfo | None:
        """Connect again, with `drop` after letting the link go; None while another attempt runs, or when it failed.

        `urgent` gives what must be written before anything else on the new connection.
        """
        if self._running:
            if drop:
                await self._treadmill.close()
            return None
        self._running = True
        try:
            self._note_loss()
            if drop:
                await self._treadmill.close()
            info = await self._try_until_found(urgent)
        finally:
            self._running = False
        if info is None:
            self._lost()
        else:
            self._up_at = self._clock.now()
        return info

    def _note_loss(self) -> None:
        """A link that lasted, or the first one, begins a new count; one that did not is a failure like any other."""
        now = self._clock.now()
        if self._up_at is not None and now - self._up_at < STEADY_S:
            self._failures += 1
        else:
            self._failures, self._unsteady_since = 0, now

    async def _try_until_found(self, urgent: Callable[[], bytes | None]) -> MachineInfo | None:
        clock = self._clock
        until = min(clock.now() + RECONNECT_FOR_S, self._unsteady_since + STORM_FOR_S)
        while clock.now() < until:
            await clock.sleep(min(pause_s(self._failures, self._jitter), max(0.0, until - clock.now())))
            try:
                async with clock.timeout(max(0.1, until - clock.now())):
                    return await self._treadmill.open(self._sink, urgent)
            except (TreadmillError, TimeoutError) as error:
                self._failures += 1
                self._failed(str(error) or "no answer in time")
        return None
