"""A simulated client's heart and the strap that listens to it: pure, handed the time and the belt's speed.

The strap is a machine on the air like the treadmill: a front end connects it, subscribes, and sends what `advance`
gives. Its bytes are its own (Heart Rate Service v1.0, section 3.1).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.errors import ConfigError
from simulators.faults import AttResult, Emission
from simulators.machine import GattEntry

if TYPE_CHECKING:
    from collections.abc import Callable

MEASUREMENT: Final = "2a37"
SENSOR_LOCATION: Final = "2a38"
CHEST: Final = b"\x01"
_INVALID_HANDLE, _READ_NOT_PERMITTED, _WRITE_NOT_PERMITTED = 0x01, 0x02, 0x03
_CONTACT_SUPPORTED, _CONTACT_DETECTED, _INTERVALS = 1 << 2, 1 << 1, 1 << 4


@dataclass(frozen=True, slots=True)
class ClientTraits:
    """One client's heart. The defaults give about 130 a minute for backward walking at 4.8 km/h.

    Published: 132 at 4.8 km/h and 168 at 8.0 (Williford et al. 1998).
    """

    resting_bpm: float = 62.0
    highest_bpm: float = 185.0
    per_kmh: float = 14.0
    rise_s: float = 30.0
    """Time constant of the way up, seconds; of the way down it is `recovery_s`."""
    recovery_s: float = 50.0
    drift_per_min: float = 0.4
    """With time in motion the rate creeps up, by `drift_most` at most; it goes back at rest."""
    drift_most: float = 12.0


class ClientHeart:
    """The rate follows the belt's speed with a lag, drifts upwards in motion, and comes back slowly."""

    def __init__(self, traits: ClientTraits, now: float) -> None:
        self.traits = traits
        self.bpm = traits.resting_bpm
        self._drift = 0.0
        self._at = now

    def advance(self, now: float, speed_kmh: float) -> float:
        """Let time pass at `speed_kmh` and give the rate, beats a minute."""
        traits, step = self.traits, max(0.0, now - self._at)
        self._at = now
        creep = traits.drift_per_min * step / 60 * (1 if speed_kmh > 0 else -2)
        self._drift = min(max(self._drift + creep, 0.0), traits.drift_most)
        goal = min(traits.resting_bpm + traits.per_kmh * speed_kmh + self._drift, traits.highest_bpm)
        constant = traits.rise_s if goal > self.bpm else traits.recovery_s
        self.bpm += (goal - self.bpm) * -math.expm1(-step / constant)
        return self.bpm


@dataclass(frozen=True, slots=True)
class StrapTraits:
    """A kind of strap on a kind of client. Times are seconds from the first subscription."""

    summary: str
    client: ClientTraits = ClientTraits()
    name: str = "Simulated strap"
    service_data: None = None
    payload: int = 20
    every_s: float = math.inf
    """How often it fails, and ..."""
    silent_s: float = 0.0
    """... how long it then sends nothing, ..."""
    no_contact_s: float = 0.0
    """... or says that it feels no skin."""
    frozen_from_s: float = math.inf
    """From here on it repeats one rate, without beats."""


STRAPS: Final = {
    "steady": StrapTraits("a strap that always tells"),
    "dropouts": StrapTraits("nothing for 15 s in each minute", every_s=60.0, silent_s=15.0),
    "contact": StrapTraits("feels no skin for 15 s in each minute", every_s=60.0, no_contact_s=15.0),
    "frozen": StrapTraits("repeats one rate after 60 s, without beats", frozen_from_s=60.0),
    "high": StrapTraits("a heart that is soon over any limit", client=ClientTraits(per_kmh=60.0)),
}


def strap_traits(name: str) -> StrapTraits:
    """The strap of that name. Raises ConfigError naming those there are."""
    try:
        return STRAPS[name]
    except KeyError:
        raise ConfigError(f"no simulated strap is called {name!r}; there are: {', '.join(STRAPS)}") from None


class SimulatedStrap:
    """One strap on the air, on a client on the belt whose speed `speed_kmh(now)` gives.

    `silent`, `frozen` and `no_contact` may be switched by hand; `wake` is called after each input.
    """

    service = 0x180D
    gatt = (GattEntry(MEASUREMENT, ("notify",)), GattEntry(SENSOR_LOCATION, ("read",)))
    interval_s = 1.0

    def __init__(
        self, traits: StrapTraits, speed_kmh: Callable[[float], float], *, seed: int = 0, now: float = 0.0
    ) -> None:
        self.traits = traits
        self.heart = ClientHeart(traits.client, now)
        self.silent = self.frozen = self.no_contact = False
        self.connected = False
        self.connections = 0
        self.absent_until = -math.inf
        self.wake: Callable[[], None] = lambda: None
        self._speed_kmh = speed_kmh
        self._rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._began: float | None = None
        self._next = math.inf
        self._gone = False
        self._last_bpm = round(self.heart.bpm)

    def advertises(self, now: float) -> bool:
        """Tell whether it can be found and connected to: one central at a time."""
        return not self.connected and now >= self.absent_until

    def connect(self, now: float) -> None:
        """Let a central connect."""
        del now
        self.connected = True
        self.connections += 1
        self.wake()

    def disconnect(self, now: float) -> None:
        """End the link, for whatever reason."""
        del now
        self.connected, self._next = False, math.inf
        self.wake()

    def vanish(self, now: float, *, absent_s: float) -> None:
        """Drop the link and be out of range for so long."""
        self.absent_until = now + absent_s
        self._gone = self.connected
        self.wake()

    def subscribe(self, characteristic: str, now: float) -> AttResult:
        """Begin to send, once a second."""
        if characteristic != MEASUREMENT:
            return AttResult(_INVALID_HANDLE)
        self._began = now if self._began is None else self._began
        self._next = now + self.interval_s
        self.wake()
        return AttResult()

    def unsubscribe(self, characteristic: str, now: float) -> AttResult:
        """Send no more."""
        del characteristic, now
        self._next = math.inf
        self.wake()
        return AttResult()

    def read(self, characteristic: str, now: float) -> AttResult:
        """Only the place of the sensor can be read."""
        del now
        return AttResult(data=CHEST) if characteristic == SENSOR_LOCATION else AttResult(_READ_NOT_PERMITTED)

    def write(self, characteristic: str, data: bytes, now: float, *, with_response: bool = True) -> AttResult:
        """Nothing can be written."""
        del characteristic, data, now, with_response
        return AttResult(_WRITE_NOT_PERMITTED)

    def next_event(self, now: float) -> float:
        """Say when to call `advance` next."""
        return now if self._gone else self._next

    def advance(self, now: float) -> list[Emission]:
        """Let time pass up to `now` and give what was sent by then."""
        if self._gone:
            self._gone = False
            return [Emission("", b"", now, "disconnect")]
        sent: list[Emission] = []
        while self._next <= now:
            at, self._next = self._next, self._next + self.interval_s
            frame = self._frame(at)
            if frame is not None:
                sent.append(Emission(MEASUREMENT, frame, at, "notify"))
        return sent

    def _frame(self, at: float) -> bytes | None:
        traits, since = self.traits, at - (at if self._began is None else self._began)
        bpm = round(self.heart.advance(at, self._speed_kmh(at)) + self._rng.uniform(-0.6, 0.6))
        failing = since % traits.every_s if since >= traits.every_s else math.inf
        if self.silent or failing < traits.silent_s:
            return None
        if self.frozen or since >= traits.frozen_from_s:
            return bytes((_CONTACT_SUPPORTED | _CONTACT_DETECTED, self._last_bpm))
        self._last_bpm = bpm
        if self.no_contact or failing < traits.no_contact_s:
            return bytes((_CONTACT_SUPPORTED, 0))
        beat = round(60 / bpm * 1024 * (1 + self._rng.uniform(-0.02, 0.02)))
        flags = _CONTACT_SUPPORTED | _CONTACT_DETECTED | _INTERVALS
        return bytes((flags, bpm)) + beat.to_bytes(2, "little")
