"""The connect loop: a bounded number of bounded tries, with pauses that grow and are spread at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bleak.exc import BleakDeviceNotFoundError

from retroctl.adapters.ble.availability import bluetooth_error, explain
from retroctl.adapters.ble.faults import STACK_ERRORS, describe
from retroctl.errors import LinkLost, TreadmillNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bleak.backends.device import BLEDevice

    from retroctl.adapters.ble.link import Link
    from retroctl.app.clock import Clock

CONNECT_TRY_S = 10.0
"""One try. Machines that answer at all were seen to answer within 2 s."""
CONNECT_TRIES = 4
CONNECT_OVERALL_S = 45.0
"""All tries together, pauses and searches included."""
FIRST_PAUSE_S = 0.25
"""Before the second try; doubled for each further one. Radio trouble often passes in a moment."""
SEARCH_S = 5.0
"""How long to look for a machine that the system has forgotten."""

LIKELY_CAUSES = (
    "most often a phone or tablet app holds it, since a treadmill serves one device at a time (close the app or switch "
    "that device's Bluetooth off); or it sleeps (press a key or step on the belt); or it is too far away"
)


async def connect(
    new_link: Callable[[BLEDevice], Link],
    device: BLEDevice,
    *,
    name: str,
    clock: Clock,
    jitter: Callable[[], float],
    search: Callable[[float], Awaitable[BLEDevice | None]],
    tries: int = CONNECT_TRIES,
    try_s: float = CONNECT_TRY_S,
) -> Link:
    """Connect and discover the services.

    `jitter` gives numbers from 0 to 1. `search` looks for the machine again for at most so many seconds. At most
    `tries` tries of `try_s` each.
    Raises TreadmillNotFound when no try succeeds, LinkLost when the link is given up meanwhile, TreadmillError when
    this computer's Bluetooth cannot be used.
    """
    deadline = clock.now() + CONNECT_OVERALL_S
    cause: BaseException = TimeoutError()
    tried = 0
    while tried < tries and (left := deadline - clock.now()) > 0:
        if tried:
            await clock.sleep(min(left, FIRST_PAUSE_S * 2 ** (tried - 1) * (0.5 + jitter())))
        tried += 1
        link = new_link(device)
        try:
            await link.connect(min(try_s, max(deadline - clock.now(), 0.1)))
        except STACK_ERRORS as error:
            cause = error
        except LinkLost as error:
            if link.gone.done():
                raise
            cause = error
        except BaseException:  # cancelled, or a bug: either way this try must not stay behind
            link.give_up()
            raise
        else:
            return link
        await link.let_go()
        trouble = explain(cause)
        if trouble is not None:
            raise bluetooth_error(trouble) from cause
        if isinstance(cause, BleakDeviceNotFoundError):
            device = await search(SEARCH_S) or device
    raise TreadmillNotFound(f"{name} cannot be reached ({describe(cause)}, {tried} tries): {LIKELY_CAUSES}") from cause
