"""What the application needs from the world, as protocols; adapters implement them, tests fake them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.domain.effects import Announce
    from retroctl.ftms.features import FitnessMachineFeature
    from retroctl.ftms.ranges import SpeedRange, SupportedRange


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """A notification or indication. `characteristic` is the four-digit assigned number in lower case: `2acd`.

    `generation` counts the connections of one treadmill from 1: a frame of an earlier one is stale.
    """

    generation: int
    characteristic: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The link of `generation` is gone, and nobody here asked for it."""

    generation: int


LinkEvent = FrameArrived | Disconnected


@dataclass(frozen=True, slots=True)
class MachineInfo:
    """What a machine said of itself at this connection. Ranges are never kept from one connection to the next."""

    name: str
    address: str
    generation: int
    has_treadmill_data: bool
    has_control_point: bool
    has_machine_status: bool
    feature: FitnessMachineFeature | None
    speed_range: SpeedRange | None
    incline_range: SupportedRange | None
    remarks: tuple[str, ...] = ()
    """Plain sentences about what was missing, empty or odd; each is shown to the trainer and recorded."""


class Treadmill(Protocol):
    """One machine on the air. Every method is bounded; none retries a Control Point write."""

    @property
    def name(self) -> str:
        """The machine's name as shown to people; the address where it has none."""
        ...

    @property
    def address(self) -> str:
        """The address by which the machine was chosen."""
        ...

    async def open(self, sink: Callable[[LinkEvent], None], urgent: Callable[[], bytes | None]) -> MachineInfo:
        """Connect, read what there is, subscribe; write nothing, unless `urgent()` gives a payload.

        `urgent` is asked once, right after the Control Point subscription (or 1 s after discovery,
        whichever comes first): a latched Stop goes out before anything else. From then on `write` works,
        while the rest is still being set up. A link that drops before this returns ends it with LinkLost, not
        with an event. `sink` is called from the event loop, must not block, and gets frames in their order.
        Raises TreadmillNotFound, UnsupportedTreadmill, LinkLost; a plain TreadmillError when this computer's
        Bluetooth cannot be used.
        """
        ...

    async def write(self, payload: bytes) -> None:
        """Write `payload` to the Control Point; returns when the machine's stack has answered the write.

        Raises WriteRefused (with the ATT code), LinkLost, ProcedureTimeout (after ATT's own 30 s).
        Cancelling it does not free the radio: on BlueZ the Control Point stays busy until ATT gives up.
        """
        ...

    async def close(self) -> None:
        """Drop the link, which also releases control. Never raises, returns within 5 s."""


class Strap(Protocol):
    """The client's heart-rate strap: listened to, never written to. Every method but `lost` is bounded."""

    @property
    def address(self) -> str | None:
        """Where it was found, or is looked for; None while any will do."""
        ...

    async def connect(self, frame: Callable[[bytes], None]) -> None:
        """Find it, connect, subscribe; from then on `frame` gets each Heart Rate Measurement, in the event loop.

        One try. Raises StrapNotFound, SeveralStraps; TreadmillError when this computer's Bluetooth cannot be used.
        Cancelling it gives the try up at once.
        """

    async def lost(self) -> None:
        """Wait until the connection is gone; at once when there is none."""

    async def close(self) -> None:
        """Let go of it. Never raises, returns within 5 s."""


class Journal(Protocol):
    """The record of one session: append-only, never awaited by the control loop."""

    def append(self, session_s: float, kind: str, data: dict[str, Any]) -> None:
        """Queue one row; returns at once. A full queue or a failed write is told through `problem`."""
        ...

    def sample(
        self, session_s: float, measured_hundredths: int | None, target_hundredths: int | None, heart_rate: int | None
    ) -> None:
        """Queue one telemetry sample, speeds in 0.01 km/h; returns at once."""
        ...

    @property
    def problem(self) -> str | None:
        """Why rows are not being kept, in plain words; None while all is well."""
        ...


class Telling(Enum):
    """What became of a spoken announcement."""

    GIVEN = "given"
    """Spoken to its end; or nobody can hear, and what is seen counts alone."""
    BROKEN_OFF = "broken off"
    """Begun and cut off, or failed in the middle; the raise that waits for it must not come."""


class Speech(Protocol):
    """The part of an announcement that is heard. Neither method blocks or raises."""

    def announce(self, announce: Announce, settled: Callable[[Telling], None]) -> None:
        """Begin to speak; `settled` gets, once, in the event loop, what became of it (possibly inside this call)."""

    def withdraw(self) -> None:
        """Fall silent about the raise; what `settled` gets from here on means nothing."""
