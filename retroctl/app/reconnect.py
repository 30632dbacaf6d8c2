"""Finding a lost machine again, to observe or to stop only, within a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import LinkEvent, MachineInfo, Treadmill

RECONNECT_FOR_S: Final = 60.0
"""After a lost link, so long is spent on finding the machine again."""
RECONNECT_PAUSE_S: Final = 1.0


async def connect_again(
    treadmill: Treadmill,
    clock: Clock,
    *,
    sink: Callable[[LinkEvent], None],
    urgent: Callable[[], bytes | None],
    failed: Callable[[str], None],
) -> MachineInfo | None:
    """Try until it works or RECONNECT_FOR_S session seconds have passed; None when the machine stays lost.

    `urgent` gives what must be written before anything else on the new connection. `failed` is told of each try.
    """
    until = clock.now() + RECONNECT_FOR_S
    while clock.now() < until:
        try:
            async with clock.timeout(max(0.1, until - clock.now())):
                return await treadmill.open(sink, urgent)
        except (TreadmillError, TimeoutError) as error:
            failed(str(error) or "no answer in time")
            await clock.sleep(RECONNECT_PAUSE_S)
    return None


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
    ) -> None:
        """`lost` is called when the machine was not found again within the bound."""
        self._treadmill, self._clock = treadmill, clock
        self._sink, self._failed, self._lost = sink, failed, lost
        self._running = False

    @property
    def running(self) -> bool:
        """Whether an attempt is under way."""
        return self._running

    async def run(self, urgent: Callable[[], bytes | None], *, drop: bool) -> MachineInfo | None:
        """Connect again, with `drop` after letting the link go; None while another attempt runs, or when it failed."""
        if self._running:
            if drop:
                await self._treadmill.close()
            return None
        self._running = True
        try:
            if drop:
                await self._treadmill.close()
            info = await connect_again(
                self._treadmill, self._clock, sink=self._sink, urgent=urgent, failed=self._failed
            )
        finally:
            self._running = False
        if info is None:
            self._lost()
        return info
