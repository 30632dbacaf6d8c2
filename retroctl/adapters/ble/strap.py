"""A heart-rate strap through bleak: found, connected, listened to. It only listens, and it gives way to the treadmill.

The retries, and the giving way, are the application's (`retroctl.app.strap`); here every try is bounded.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bleak.exc import BleakDeviceNotFoundError, BleakError

from retroctl.adapters.ble import gatt
from retroctl.adapters.ble.availability import bluetooth_error, explain
from retroctl.adapters.ble.faults import STACK_ERRORS, describe
from retroctl.adapters.ble.link import Link
from retroctl.adapters.ble.names import shown_name
from retroctl.adapters.ble.scan import SCAN_S, same_address, sweep
from retroctl.errors import LinkLost, SeveralStraps, StrapNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

    from retroctl.app.clock import Clock

HEART_RATE_SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
HEART_RATE_MEASUREMENT = "00002a37-0000-1000-8000-00805f9b34fb"
CONNECT_S = 10.0
SUBSCRIBE_S = 5.0
CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class FoundStrap:
    """One thing in range that offers the Heart Rate Service."""

    name: str
    """As shown to people; the address where it has none."""
    address: str
    rssi_dbm: int | None
    """Received strength; None when this computer is connected to it already."""
    device: BLEDevice

    @property
    def line(self) -> str:
        """All that is known of it, in one line."""
        strength = "connected to this computer already" if self.rssi_dbm is None else f"{self.rssi_dbm} dBm"
        shown = f"{self.name} ({self.address})" if self.name != self.address else self.address
        return f"{shown}, {strength}"


async def scan_straps(
    seconds: float = SCAN_S,
    *,
    clock: Clock,
    until: str | None = None,
    backend: type[BaseBleakScanner] | None = None,
    adapter: type[BaseBleakAdapter] | None = None,
) -> list[FoundStrap]:
    """Listen for `seconds`, or until the one at the address `until` is heard; the strongest first.

    Raises TreadmillError when Bluetooth cannot be used.
    """
    heard: dict[str, FoundStrap] = {}
    enough = asyncio.Event()

    def take(device: BLEDevice, advertisement: AdvertisementData) -> None:
        before = heard.get(device.address)
        uuids = {uuid.lower() for uuid in advertisement.service_uuids}
        if HEART_RATE_SERVICE not in uuids and before is None:
            return
        name = shown_name(advertisement.local_name or device.name, device.address)
        name = before.name if before is not None and name == device.address else name
        heard[device.address] = FoundStrap(name, device.address, advertisement.rssi, device)
        if until is not None and same_address(device.address, until):
            enough.set()

    def connected(device: BLEDevice) -> None:
        name = shown_name(device.name, device.address)
        heard.setdefault(device.address, FoundStrap(name, device.address, None, device))
        if until is not None and same_address(device.address, until):
            enough.set()

    await sweep(seconds, enough, take, connected, HEART_RATE_SERVICE, clock=clock, backend=backend, adapter=adapter)
    return sorted(heard.values(), key=lambda strap: (-(strap.rssi_dbm or 0), strap.address))


def choose_strap(found: Sequence[FoundStrap], address: str | None) -> FoundStrap:
    """The strap at `address`, or the only one; never one of several: it may be on somebody else.

    Raises StrapNotFound, SeveralStraps.
    """
    if address is not None:
        for strap in found:
            if same_address(strap.address, address):
                return strap
        raise StrapNotFound("the strap is not heard: wet it, put it on, and close other apps that may hold it")
    if not found:
        raise StrapNotFound("no strap is heard: wet it, put it on, and close other apps that may hold it")
    if len(found) > 1:
        raise SeveralStraps(
            f"{len(found)} straps are in range and none is picked: retroctl scan --straps lists them, "
            "--strap ADDRESS says which"
        )
    return found[0]


class BleStrap:
    """One strap; see the Strap port. `address`: None for the only one in range."""

    def __init__(
        self,
        address: str | None,
        *,
        clock: Clock,
        scan_s: float = SCAN_S,
        backend: type[BaseBleakClient] | None = None,
        scanner: type[BaseBleakScanner] | None = None,
    ) -> None:
        self._wanted = address
        self._clock, self._scan_s = clock, scan_s
        self._backend, self._scanner = backend, scanner
        self._device: BLEDevice | None = None
        self._link: Link | None = None
        self._links = 0
        self._releases: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str | None:
        """Where it was found, or is looked for."""
        return self._wanted

    async def connect(self, frame: Callable[[bytes], None]) -> None:
        """Find it, connect, subscribe; `frame` gets what it sends. Bounded; raises TreadmillError."""
        self._give_up()
        await self._finish_releases()
        device = self._device
        if device is None:
            found = await scan_straps(self._scan_s, clock=self._clock, until=self._wanted, backend=self._scanner)
            device = self._device = choose_strap(found, self._wanted).device
            self._wanted = device.address
        self._links += 1
        link = self._link = Link(
            device,
            self._links,
            clock=self._clock,
            backend=self._backend,
            connect_s=CONNECT_S,
            releases=self._releases,
            dropped=lambda _link: None,
            keep=lambda: False,
        )
        try:
            await link.connect(CONNECT_S)
            await link.run(self._subscribe(link, frame), SUBSCRIBE_S, "subscribe 2a37")
        except (*STACK_ERRORS, LinkLost) as error:
            link.give_up()
            if isinstance(error, BleakDeviceNotFoundError):
                self._device = None  # the system has forgotten it: look for it again
            trouble = explain(error)
            if trouble is not None:
                raise bluetooth_error(trouble) from error
            raise StrapNotFound(f"the strap cannot be reached ({describe(error)})") from error
        except BaseException:  # cancelled: the release goes on by itself, within its bound
            link.give_up()
            raise

    async def lost(self) -> None:
        """Wait until the connection is gone; at once when there is none."""
        if self._link is not None:
            await asyncio.wait({self._link.gone})

    async def close(self) -> None:
        """Let go of it. Never raises, returns within 5 s."""
        self._give_up()
        await self._finish_releases()

    async def _subscribe(self, link: Link, frame: Callable[[bytes], None]) -> None:
        found = _measurement(link)
        if found is None or not gatt.notifies(found):
            raise BleakError("it offers no heart rate")

        def arrived(_sender: BleakGATTCharacteristic, data: bytearray) -> None:
            if not link.gone.done():
                frame(bytes(data))

        await link.client.start_notify(found, arrived)

    def _give_up(self) -> None:
        if self._link is not None:
            self._link.give_up()

    async def _finish_releases(self) -> None:
        if self._releases:
            with suppress(TimeoutError):
                async with self._clock.timeout(CLOSE_S):
                    await asyncio.wait(set(self._releases))


def _measurement(link: Link) -> BleakGATTCharacteristic | None:
    for service in link.client.services:
        for characteristic in service.characteristics:
            if characteristic.uuid.lower() == HEART_RATE_MEASUREMENT:
                return characteristic
    return None
