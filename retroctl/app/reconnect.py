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
