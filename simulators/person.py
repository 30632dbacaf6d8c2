"""Somebody at the console of a simulated treadmill, who presses what is called out, a moment later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.treadmill import Treadmill


@dataclass
class PersonAtConsole:
    """`now` is the machine's time; `later(when, call)` calls back at that time.

    `waits_s`: from hearing a call to pressing the keys. `deaf_to`: so many calls are not heard first.
    """

    treadmill: Treadmill
    now: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    waits_s: float = 2.0
    deaf_to: int = 0
    off_kmh: float = 0.0
    """How far beside what was called out the speed is set."""
    presses: int = 0
    _busy_with: tuple[str, float | None] | None = None

    def hear(self, name: str, target_kmh: float | None = None) -> None:
        """Hear a call: `start`, `stop`, `set-target-speed`; anything else asks for nothing."""
        call = (name, target_kmh)
        if name not in ("start", "stop", "set-target-speed"):
            self._busy_with = None  # what was called before does not count any more
        elif self.deaf_to > 0:
            self.deaf_to -= 1
        elif call != self._busy_with:
            self._busy_with = call
            self.later(self.now() + self.waits_s, lambda: self._press(call))

    def _press(self, call: tuple[str, float | None]) -> None:
        if call != self._busy_with:
            return  # something else was called meanwhile
        self._busy_with = None
        self.presses += 1
        now = self.now()
        match call:
            case ("start", _):
                self.treadmill.console_start(now)
            case ("stop", _):
                self.treadmill.console_stop(now)
            case (_, target_kmh):
                if target_kmh is not None:
                    self.treadmill.console_set_speed(target_kmh + self.off_kmh, now)
