"""The battery: told before arming when it is low, and once more each time it falls below a mark. Decides nothing."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S: Final = 60.0
"""A battery that lasts a session does not fall by much within this; reading it may block, so it has its own thread."""
MARKS: Final = (20, 10)
"""Per cent. Below the first a session should not begin; below the second the computer may go at any time."""
CLOSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Battery:
    """What the system says of its battery: 0 to 100 %, and whether it is being used up."""

    percent: float
    discharging: bool


def read_battery() -> Battery | None:
    """Ask the system; None where it has no battery or does not say. May block. Never raises."""
    try:
        import psutil  # noqa: PLC0415 - only where a battery is watched

        found = psutil.sensors_battery()
    except Exception:  # noqa: BLE001 - drivers answer with anything; a battery that cannot be read is not known
        return None
    if found is None or found.percent is None:
        return None
    # Not known whether plugged in: taken for discharging, for a warning too many does no harm.
    return Battery(float(found.percent), discharging=not found.power_plugged)


def warning_of(battery: Battery | None) -> str | None:
    """What to tell of a battery that is low and being used up; None where there is nothing to tell."""
    if battery is None or not battery.discharging or battery.percent >= MARKS[0]:
        return None
    return (
        f"BATTERY AT {battery.percent:.0f} % - PLUG THIS COMPUTER IN. "
        "If it goes off the belt runs on: clip, or STOP on the console"
    )


class Marks:
    """Tells a low battery once for each mark; plugging it in and out again tells it anew."""

    def __init__(self) -> None:
        self._told = 0

    def take(self, battery: Battery | None) -> str | None:
        """What to tell of this reading."""
        warning = warning_of(battery)
        if battery is None:
            return None
        below = 0 if warning is None else sum(battery.percent < mark for mark in MARKS)
        before, self._told = self._told, below
        return warning if below > before else None


class BatteryWatch:
    """Looks once a minute, in a thread of its own, from `begin` to `close`."""

    def __init__(self, read: Callable[[], Battery | None] = read_battery, *, every_s: float = EVERY_S) -> None:
        """`read` may block as long as it likes: nothing waits for it."""
        self._read, self._every_s = read, every_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, tell: Callable[[str], None]) -> None:
        """Start looking; `tell` gets each warning in the event loop, the first before anybody can have armed."""
        loop = asyncio.get_running_loop()

        def watch() -> None:
            marks = Marks()
            while not self._over.is_set():
                warning = marks.take(self._read())
                if warning is not None and not self._over.is_set():
                    try:
                        loop.call_soon_threadsafe(tell, warning)
                    except RuntimeError:  # the loop has ended
                        return
                self._over.wait(self._every_s)

        self._thread = threading.Thread(target=watch, name="battery", daemon=True)
        self._thread.start()

    def close(self) -> bool:
        """Look no more; False where a reading still blocks, and its thread is left behind."""
        self._over.set()
        if self._thread is None:
            return True
        self._thread.join(CLOSE_S)
        return not self._thread.is_alive()
