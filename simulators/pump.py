"""Keeps a pure machine going on a clock: one timer, armed for the machine's next event."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.faults import AttResult, Emission
    from simulators.machine import GattEntry


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None:
        """Forget the call."""


class Clock(Protocol):
    """What a front end needs of time; the program's clock has this shape."""

    def now(self) -> float:
        """Give the present time in seconds."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at `when`."""
        ...


class Looks(Protocol):
    """What a peripheral shows of itself."""

    @property
    def name(self) -> str:
        """The name that it advertises."""
        ...

    @property
    def service_data(self) -> bytes | None:
        """The service data in its advertisement."""
        ...

    @property
    def payload(self) -> int:
        """The most bytes of one notification."""
        ...


class Machine(Protocol):
    """A pure peripheral, as a front end needs it: the treadmill, a strap."""

    wake: Callable[[], None]
    absent_until: float

    @property
    def service(self) -> int:
        """The assigned number of its one service."""
        ...

    @property
    def traits(self) -> Looks:
        """What it shows of itself."""
        ...

    @property
    def gatt(self) -> tuple[GattEntry, ...]:
        """The characteristics of its service."""
        ...

    def next_event(self, now: float) -> float:
        """Say when to call `advance` next."""
        ...

    def advance(self, now: float) -> list[Emission]:
        """Let time pass and take what has left the machine."""
        ...

    def advertises(self, now: float) -> bool:
        """Tell whether it can be found and connected to."""
        ...

    def connect(self, now: float) -> None:
        """Let a central connect."""
        ...

    def disconnect(self, now: float) -> None:
        """End the link."""
        ...

    def subscribe(self, characteristic: str, now: float) -> AttResult:
        """Enable notifications or indications."""
        ...

    def unsubscribe(self, characteristic: str, now: float) -> AttResult:
        """Disable them."""
        ...

    def read(self, characteristic: str, now: float) -> AttResult:
        """Read a characteristic."""
        ...

    def write(self, characteristic: str, data: bytes, now: float, *, with_response: bool = True) -> AttResult:
        """Write a characteristic."""
        ...


class Pump:
    """Advances `machine` whenever it is due and hands each emission to `deliver`, in order."""

    def __init__(self, machine: Machine, clock: Clock, deliver: Callable[[Emission], None]) -> None:
        self._machine = machine
        self._clock = clock
        self._deliver = deliver
        self._timer: Timer | None = None
        self._armed_for = math.inf
        machine.wake = self._arm
        self._arm()

    def close(self) -> None:
        """Leave the machine alone from here on."""
        self._machine.wake = lambda: None
        self._disarm()

    def _arm(self) -> None:
        due = self._machine.next_event(self._clock.now())
        if due == self._armed_for:
            return
        self._disarm()
        if due < math.inf:
            self._armed_for = due
            self._timer = self._clock.call_at(due, self._run)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._armed_for = None, math.inf

    def _run(self) -> None:
        # A loop may call a hair before the time; the event would not have come then, and again, and again.
        now = max(self._clock.now(), self._armed_for)
        self._timer, self._armed_for = None, math.inf
        emissions = self._machine.advance(now)
        try:
            for emission in emissions:
                self._deliver(emission)
        finally:
            # A listener that raises must not stop the treadmill.
            self._arm()
