"""Finding treadmills: by the Fitness Machine Service alone; name and service data only help to tell them apart."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bleak import BleakAdapter, BleakScanner

from retroctl.adapters.ble.availability import bluetooth_error, explain_scan
from retroctl.adapters.ble.bounds import bounded
from retroctl.adapters.ble.connect import LIKELY_CAUSES
from retroctl.adapters.ble.faults import STACK_ERRORS
from retroctl.adapters.ble.gatt import FITNESS_MACHINE_SERVICE
from retroctl.adapters.ble.names import shown_name
from retroctl.errors import TreadmillNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bleak.backends.adapter import BaseBleakAdapter
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

    from retroctl.app.clock import Clock

SCAN_S = 8.0
"""Machines advertise at most a few seconds apart; a busy hall loses some."""
START_S = 10.0
STOP_S = 5.0
CONNECTED_S = 3.0
"""How long the system may take to say which machines it is connected to already."""

_MACHINE_KINDS = ("treadmill", "cross trainer", "step climber", "stair climber", "rower", "indoor bike")
"""Fitness Machine Type, bits 0 to 5 (FTMS v1.0.1, section 3.1.2)."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FoundMachine:
    """One machine that offers the Fitness Machine Service."""

    name: str
    """As shown to people; the address where it has none."""
    address: str
    rssi_dbm: int | None
    """Received strength, the nearer to 0 the closer; None when it was not heard but is connected already."""
    says_treadmill: bool | None
    """Whether its advertisement says treadmill; None when it does not say. Many do not, some say it wrongly."""
    remarks: tuple[str, ...]
    device: BLEDevice

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.name != self.address else self.address

    @property
    def line(self) -> str:
        """All that is known of it, in one line."""
        strength = "not advertising" if self.rssi_dbm is None else f"{self.rssi_dbm} dBm"
        return "; ".join((f"{self}, {strength}", *self.remarks))


async def scan(
    seconds: float = SCAN_S,
    *,
    clock: Clock,
    backend: type[BaseBleakScanner] | None = None,
    adapter: type[BaseBleakAdapter] | None = None,
    heard: Callable[[FoundMachine], None] | None = None,
) -> list[FoundMachine]:
    """Listen for `seconds` and give every fitness machine heard, the strongest first.

    Machines that this computer is connected to already do not advertise; they are listed too (a program that was
    killed leaves its link up). `heard` is told of each machine whenever it is heard, for a list that is shown while
    it grows. Raises TreadmillError when Bluetooth cannot be used.
    """
    return await _listen(seconds, until=None, clock=clock, backend=backend, adapter=adapter, told=heard)


async def find(
    address: str | None,
    seconds: float = SCAN_S,
    *,
    clock: Clock,
    backend: type[BaseBleakScanner] | None = None,
    adapter: type[BaseBleakAdapter] | None = None,
) -> FoundMachine:
    """Find the machine at `address`, as soon as it is heard; without an address the only one heard in `seconds`.

    Raises TreadmillNotFound (see `choose`), TreadmillError when Bluetooth cannot be used.
    """
    found = await _listen(seconds, until=address, clock=clock, backend=backend, adapter=adapter)
    return choose(found, address)


async def look_for(
    address: str,
    seconds: float,
    *,
    clock: Clock,
    backend: type[BaseBleakScanner] | None = None,
    adapter: type[BaseBleakAdapter] | None = None,
) -> BLEDevice | None:
    """Look for one machine again; None when it is not heard. Raises TreadmillError when Bluetooth cannot be used."""
    found = await _listen(seconds, until=address, clock=clock, backend=backend, adapter=adapter)
    return next((machine.device for machine in found if same_address(machine.address, address)), None)


def choose(found: Sequence[FoundMachine], address: str | None) -> FoundMachine:
    """Pick the machine at `address`, or the only one. Never picks one of several: the belt may be somebody else's.

    Raises TreadmillNotFound; its one line names the usual cause, or all machines and the way out.
    """
    if address is not None:
        for machine in found:
            if same_address(machine.address, address):
                return machine
        others = f" (heard instead: {_listed(found)})" if found else ""
        raise TreadmillNotFound(f"no treadmill at {address} answered{others}: {LIKELY_CAUSES}")
    if not found:
        raise TreadmillNotFound(f"no treadmill answered: {LIKELY_CAUSES}")
    if len(found) > 1:
        raise TreadmillNotFound(
            f"{len(found)} machines answered: {_listed(found)}: "
            f"say which one is yours, for example --address {found[0].address}"
        )
    return found[0]


async def _listen(
    seconds: float,
    *,
    until: str | None,
    clock: Clock,
    backend: type[BaseBleakScanner] | None,
    adapter: type[BaseBleakAdapter] | None,
    told: Callable[[FoundMachine], None] | None = None,
) -> list[FoundMachine]:
    heard: dict[str, _Heard] = {}
    wanted = asyncio.Event()

    def take(device: BLEDevice, advertisement: AdvertisementData) -> None:
        heard.setdefault(device.address, _Heard()).take(device, advertisement)
        if told is not None and (machine := heard[device.address].machine()) is not None:
            told(machine)
        if until is not None and same_address(device.address, until) and heard[device.address].machine() is not None:
            wanted.set()

    connected: list[BLEDevice] = []

    def known(device: BLEDevice) -> None:
        connected.append(device)
        if told is not None:
            told(_connected_machine(device))
        if until is not None and same_address(device.address, until):
            wanted.set()

    await sweep(seconds, wanted, take, known, FITNESS_MACHINE_SERVICE, clock=clock, backend=backend, adapter=adapter)
    machines = [machine for record in heard.values() if (machine := record.machine()) is not None]
    machines += [_connected_machine(device) for device in connected if device.address not in heard]
    return sorted(machines, key=lambda machine: (-(machine.rssi_dbm or 0), machine.address))


async def sweep(
    seconds: float,
    enough: asyncio.Event,
    take: Callable[[BLEDevice, AdvertisementData], None],
    connected: Callable[[BLEDevice], None],
    service: str,
    *,
    clock: Clock,
    backend: type[BaseBleakScanner] | None,
    adapter: type[BaseBleakAdapter] | None,
) -> None:
    """Listen for `seconds`, or until `enough`; first `connected` is told what this computer is connected to already.

    `service`: by which those are known. Raises TreadmillError when Bluetooth cannot be used.
    """
    if backend is None or adapter is not None:
        for device in await _connected_already(clock, adapter, service):
            connected(device)
    if not enough.is_set():
        await _run_scanner(seconds, enough, take, clock=clock, backend=backend)


async def _run_scanner(
    seconds: float,
    enough: asyncio.Event,
    take: Callable[[BLEDevice, AdvertisementData], None],
    *,
    clock: Clock,
    backend: type[BaseBleakScanner] | None,
) -> None:
    try:
        # No filter by service: a machine may name it in its service data alone, which filters do not look at.
        scanner = BleakScanner(take, backend=backend)
        try:
            await bounded(scanner.start(), START_S, "start scanning", clock)
            with suppress(TimeoutError):
                async with clock.timeout(seconds):
                    await enough.wait()
        finally:
            await _stop(scanner, clock)
    except STACK_ERRORS as error:
        raise bluetooth_error(explain_scan(error)) from error


async def _stop(scanner: BleakScanner, clock: Clock) -> None:
    try:
        await bounded(scanner.stop(), STOP_S, "stop scanning", clock)
    except STACK_ERRORS as error:
        _log.info("stopping the scan: %r", error)  # what was heard is good all the same


async def _connected_already(clock: Clock, adapter: type[BaseBleakAdapter] | None, service: str) -> list[BLEDevice]:
    """Ask the system which machines with this service it is connected to; best effort, the scan tells what is wrong."""

    async def ask() -> list[BLEDevice]:
        return await (await BleakAdapter.get(backend=adapter)).get_connected_devices([service])

    try:
        return await bounded(ask(), CONNECTED_S, "ask for connected machines", clock)
    except (*STACK_ERRORS, NotImplementedError) as error:
        _log.info("asking for connected machines: %r", error)
        return []


class _Heard:
    """What one address has said so far; the name often comes only with a later packet."""

    def __init__(self) -> None:
        self._device: BLEDevice | None = None
        self._name: str | None = None
        self._rssi_dbm: int | None = None
        self._offers_service = False
        self._service_data: bytes | None = None

    def take(self, device: BLEDevice, advertisement: AdvertisementData) -> None:
        self._device = device
        self._name = advertisement.local_name or device.name or self._name
        self._rssi_dbm = advertisement.rssi
        service_data = {uuid.lower(): data for uuid, data in advertisement.service_data.items()}
        self._service_data = service_data.get(FITNESS_MACHINE_SERVICE, self._service_data)
        uuids = {uuid.lower() for uuid in advertisement.service_uuids} | service_data.keys()
        self._offers_service = self._offers_service or FITNESS_MACHINE_SERVICE in uuids

    def machine(self) -> FoundMachine | None:
        if self._device is None or not self._offers_service:
            return None
        says_treadmill, remarks = _read_service_data(self._service_data)
        return FoundMachine(
            name=shown_name(self._name, self._device.address),
            address=self._device.address,
            rssi_dbm=self._rssi_dbm,
            says_treadmill=says_treadmill,
            remarks=remarks,
            device=self._device,
        )


def _read_service_data(data: bytes | None) -> tuple[bool | None, tuple[str, ...]]:
    """Read Flags and Fitness Machine Type (FTMS v1.0.1, section 3.1). Machines cut or swap them."""
    if data is None:
        return None, ()
    if len(data) < 2:
        return None, (f"its advertisement does not say which kind of machine it is ({data.hex() or 'empty'})",)
    remarks = []
    if not data[0] & 0x01:
        remarks.append("it advertises itself as not available at the moment")
    if len(data) == 2:
        remarks.append("its advertisement is one byte short")
    type_bits = data[1] | (data[2] if len(data) > 2 else 0)
    says_treadmill = bool(type_bits & 0x01)
    kinds = [kind for bit, kind in enumerate(_MACHINE_KINDS) if type_bits >> bit & 1]
    if len(data) > 2 and not data[1] and data[2]:
        remarks.append("its advertisement has the two bytes of its type swapped")
    if not says_treadmill:
        remarks.append(
            f"it advertises itself as {' and '.join(kinds) or 'no known kind of machine'}, not as a treadmill"
        )
    return says_treadmill, tuple(remarks)


def _connected_machine(device: BLEDevice) -> FoundMachine:
    return FoundMachine(
        name=shown_name(device.name, device.address),
        address=device.address,
        rssi_dbm=None,
        says_treadmill=None,
        remarks=("this computer is connected to it already, perhaps by another program",),
        device=device,
    )


def same_address(address: str, other: str) -> bool:
    """Whether two writings of an address are one."""
    return address.lower() == other.strip().lower()


def _listed(found: Iterable[FoundMachine]) -> str:
    return ", ".join(f"{machine}" + (f" {machine.rssi_dbm} dBm" if machine.rssi_dbm else "") for machine in found)
