"""Whether this program, or the whole computer, stood still (F15): nobody watched the belt meanwhile.

A stall shows as a beat that comes late. A computer that slept shows as two clocks that have parted: one that counts
sleep and one that does not. Where the system has both they are compared, and setting the computer's time by hand or by
the network moves neither. Only where it has not (neither Linux, macOS nor Windows) the time of day is compared; there a
clock that is put forward by more than 2 s looks like sleep. Windows' monotonic clock counts sleep, so there a sleep is
a long stall.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

from retroctl.domain.events import ComputerSlept, ProcessStalled

if TYPE_CHECKING:
    from collections.abc import Callable

BEAT_S: Final = 0.25
"""How often the program looks at its clocks while nothing else happens, real seconds."""
STALL_S: Final = 0.5
"""A beat that is later than this was held up."""
SLEPT_S: Final = 2.0
"""Two clocks that part by more than this: the computer slept."""
LATE_FRAMES_S: Final = 0.25
"""Frames that come so soon after a stall waited somewhere meanwhile: they say nothing about now."""


class Stillness:
    """Look often; each `look` tells what has happened since the one before."""

    def __init__(self, monotonic: Callable[[], float], asleep: Callable[[], float] | None = None) -> None:
        """`monotonic`: the event loop's own time. `asleep`: seconds that the computer has slept so far."""
        self._monotonic, self._asleep = monotonic, asleep or slept_s
        self._looked_at = monotonic()
        self._slept = self._asleep()

    def look(self) -> ProcessStalled | ComputerSlept | None:
        """What has happened since the last look, the graver first; None while all is well."""
        now, slept = self._monotonic(), self._asleep()
        late = now - self._looked_at - BEAT_S
        asleep = slept - self._slept
        self._looked_at, self._slept = now, slept
        if asleep > SLEPT_S:
            return ComputerSlept(asleep)
        return ProcessStalled(late) if late > STALL_S else None


def slept_s() -> float:
    """Seconds that this computer has slept since some moment; only differences mean anything."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    elif sys.platform == "darwin":  # noqa: RET505 - type checkers follow the chain, not what comes after a return
        return time.clock_gettime(time.CLOCK_MONOTONIC) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    elif sys.platform == "win32":
        return 0.0
    else:
        return time.time() - time.monotonic()
