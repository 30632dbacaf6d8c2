"""A radio in memory for the real bleak: backends for `BleakClient` and `BleakScanner` over pure machines."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, ClassVar, cast

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_16

from simulators.bearer import SharedBearer, wait
from simulators.bluez_like import BlueZLikeClient, Link, RadioTiming, require_power
from simulators.pump import Clock, Machine, Pump

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.assigned_numbers import CharacteristicPropertyName
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import AdvertisementDataCallback

    from simulators.faults import AttResult, Emission
    from simulators.pump import Timer

__all__ = ["RadioTiming", "SimulatedRadio"]


class _Station:
    """One machine within reach of the radio."""

    def __init__(self, radio: SimulatedRadio, machine: Machine, device: BLEDevice, rssi: int) -> None:
        self.radio = radio
        self.machine = machine
        self.device = device
        self.rssi = rssi
        self.link: _MemoryLink | None = None
        self.in_range = True
        self.taken = False
        self.services, self.handles = _services(machine)
        self.pump = Pump(machine, radio.clock, self._deliver)

    def reachable(self) -> bool:
        return self.in_range and not self.taken and self.machine.advertises(self.radio.clock.now())

    def advertisement(self) -> AdvertisementData:
        traits, uuid = self.machine.traits, normalize_uuid_16(self.machine.service)
        return AdvertisementData(
            local_name=self.device.name,
            manufacturer_data={},
            service_data={} if traits.service_data is None else {uuid: traits.service_data},
            service_uuids=[uuid],
            tx_power=None,
            rssi=self.rssi,
            platform_data=(),
        )

    def _deliver(self, emission: Emission) -> None:
        if self.link is None or not self.in_range:
            return
        if emission.kind == "disconnect":
            self.link.hang_up()
        else:
            self.link.received(self.handles[emission.characteristic], emission.data)


class _MemoryLink(Link):
    """One connection to one machine. A characteristic's `obj` is its assigned number."""

    def __init__(self, client: BlueZLikeClient, station: _Station) -> None:
        super().__init__(client, station.radio.clock, station.radio.timing)
        self.joined: list[_JoinedLink] = []
        self._station = station
        self._machine = station.machine
        station.machine.connect(self.clock.now())
        station.link = self

    @property
    def services(self) -> BleakGATTServiceCollection:
        return self._station.services

    @property
    def mtu(self) -> int:
        return self._machine.traits.payload + 3

    @property
    def in_range(self) -> bool:
        """Whether the machine hears and is heard."""
        return self._station.in_range

    def hang_up(self) -> None:
        if self._station.link is self:
            self._station.link = None
            self._machine.disconnect(self.clock.now())
            self.lost()
            for other in self.joined:
                other.lost()

    def received(self, handle: int, data: bytes) -> None:
        """Hand it to every client on the link."""
        super().received(handle, data)
        for other in self.joined:
            other.received(handle, data)

    async def read(self, characteristic: BleakGATTCharacteristic) -> bytes:
        return await self._transact(lambda now: self._machine.read(characteristic.obj, now))

    async def write(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        await self._transact(lambda now: self._machine.write(characteristic.obj, data, now))

    async def subscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._transact(lambda now: self._machine.subscribe(characteristic.obj, now))

    async def unsubscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._transact(lambda now: self._machine.unsubscribe(characteristic.obj, now))

    async def command(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        if self._station.in_range:
            self._machine.write(characteristic.obj, data, self.clock.now(), with_response=False)

    async def _transact(self, act: Callable[[float], AttResult]) -> bytes:
        await wait(self.clock, self.timing.latency_s / 2)
        if not self._station.in_range:
            await wait(self.clock, math.inf)
        result = act(self.clock.now())
        await wait(self.clock, result.after_s + self.timing.latency_s / 2)
        if result.error is not None:
            raise BleakGATTProtocolError(result.error)
        return result.data


class _JoinedLink(Link):
    """Another client on a connection that stands, as on BlueZ: all programs share one; a drop is for all of them."""

    def __init__(self, client: BlueZLikeClient, first: _MemoryLink) -> None:
        super().__init__(client, first.clock, first.timing)
        self.bearer = SharedBearer(first.bearer, first.clock)
        self._first = first
        first.joined.append(self)

    @property
    def services(self) -> BleakGATTServiceCollection:
        return self._first.services

    @property
    def mtu(self) -> int:
        return self._first.mtu

    def hang_up(self) -> None:
        self._first.hang_up()

    async def read(self, characteristic: BleakGATTCharacteristic) -> bytes:
        return await self._first.read(characteristic)

    async def write(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        await self._first.write(characteristic, data)

    async def subscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._first.subscribe(characteristic)

    async def unsubscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        """The others still listen."""

    async def command(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        await self._first.command(characteristic, data)


class _MemoryScanner(BaseBleakScanner):
    """A backend of `BleakScanner`; each radio makes a subclass that knows it."""

    radio: ClassVar[SimulatedRadio]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,
    ) -> None:
        del scanning_mode, kwargs
        super().__init__(detection_callback, service_uuids)
        self._timer: Timer | None = None

    async def start(self) -> None:
        """Hear advertisements. Raises BleakBluetoothNotAvailableError when Bluetooth is off."""
        require_power(powered=self.radio.powered)
        self.seen_devices = {}
        self._later()

    async def stop(self) -> None:
        """Hear no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self) -> None:
        clock = self.radio.clock
        self._timer = clock.call_at(clock.now() + self.radio.timing.advertising_s, self._hear)

    def _hear(self) -> None:
        self._later()
        if not self.radio.powered:
            return
        for station in self.radio.stations.values():
            heard = station.advertisement()
            if station.reachable() and self.is_allowed_uuid(heard.service_uuids):
                address = station.device.address
                device = self.create_or_update_device(address, address, heard.local_name, None, heard)
                self.call_detection_callbacks(device, heard)


class SimulatedRadio:
    """The air of one computer, with machines on it.

    `BleakClient(device, backend=radio.client_backend)`, `BleakScanner(backend=radio.scanner_backend)`.
    """

    def __init__(self, clock: Clock, *, timing: RadioTiming | None = None) -> None:
        self.clock = clock
        self.timing = timing or RadioTiming()
        self.powered = True
        self.shares = False
        """Another client is another program on this computer, and joins a link that stands; else another computer's."""
        self.stations: dict[str, _Station] = {}

        class SimulatedClient(BlueZLikeClient):
            radio = self

        class SimulatedScanner(_MemoryScanner):
            radio = self

        self.client_backend: type[BaseBleakClient] = SimulatedClient
        self.scanner_backend: type[BaseBleakScanner] = SimulatedScanner

    def add(self, machine: Machine, *, name: str | None = None, address: str, rssi: int = -60) -> BLEDevice:
        """Put a machine on the air. `name` defaults to the machine's own; an empty one is not advertised."""
        shown = machine.traits.name if name is None else name
        device = BLEDevice(address.upper(), shown or None, None)
        if device.address in self.stations:
            raise ValueError(f"{address} is on the air already")
        self.stations[device.address] = _Station(self, machine, device, rssi)
        return device

    def remove(self, address: str) -> None:
        """Take a machine off the air for good."""
        self.drop(address)
        self.stations.pop(address.upper()).pump.close()

    def drop(self, address: str) -> None:
        """Let the machine end its link now; harmless when there is none."""
        link = self.stations[address.upper()].link
        if link is not None:
            link.hang_up()

    def out_of_range(self, address: str, *, away: bool = True) -> None:
        """Take the machine out of range, or back: silence, then the link is lost after the supervision timeout."""
        station = self.stations[address.upper()]
        station.in_range = not away
        link = station.link

        def supervise() -> None:
            if link is not None and not station.in_range:
                link.hang_up()

        if away and link is not None:
            self.clock.call_at(self.clock.now() + self.timing.supervision_s, supervise)

    def occupy(self, address: str, *, taken: bool = True) -> None:
        """Let another phone hold the machine, or let go of it: it cannot be found meanwhile."""
        self.stations[address.upper()].taken = taken

    def power(self, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch this computer's Bluetooth on, or off, which drops every link."""
        self.powered = on
        if not on:
            for address in self.stations:
                self.drop(address)

    def name_of(self, address: str) -> str | None:
        """Give the name of the machine at `address`, if it has one."""
        station = self.stations.get(address.upper())
        return station.device.name if station else None

    async def open_link(self, client: BlueZLikeClient, timeout_s: float) -> Link:
        """Connect as bleak on BlueZ does: wait for the machine to advertise, then discover its services."""
        require_power(powered=self.powered)
        gives_up = self.clock.now() + timeout_s
        standing = self._standing(client.address)
        if self.shares and standing is not None:
            await wait(self.clock, self.timing.latency_s)
            return _JoinedLink(client, standing)
        while not self._reachable(client.address):
            if self.clock.now() >= gives_up:
                if client.scanned:
                    raise TimeoutError
                raise BleakDeviceNotFoundError(client.address, f"Device with address {client.address} was not found.")
            await wait(self.clock, min(self.timing.advertising_s, timeout_s))
            require_power(powered=self.powered)
        link = _MemoryLink(client, self.stations[client.address.upper()])
        try:
            await wait(self.clock, self.timing.connect_s)
            if not link.in_range:
                await link.gone.wait()  # the supervision timeout ends it
        except asyncio.CancelledError:
            link.hang_up()
            raise
        if not link.up:
            raise BleakError("failed to discover services, device disconnected")
        return link

    def _standing(self, address: str) -> _MemoryLink | None:
        station = self.stations.get(address.upper())
        return None if station is None else station.link

    def _reachable(self, address: str) -> bool:
        station = self.stations.get(address.upper())
        return station is not None and station.reachable()


def _services(machine: Machine) -> tuple[BleakGATTServiceCollection, dict[str, int]]:
    """Make what bleak shows of a machine, and the handle of each assigned number."""
    services = BleakGATTServiceCollection()
    service = BleakGATTService(None, 1, normalize_uuid_16(machine.service))
    services.add_service(service)

    def payload_size() -> int:
        return machine.traits.payload

    handles: dict[str, int] = {}
    for index, entry in enumerate(machine.gatt):
        handles[entry.characteristic] = handle = 2 + 3 * index
        properties = cast("list[CharacteristicPropertyName]", list(entry.properties))
        uuid = normalize_uuid_16(int(entry.characteristic, 16))
        services.add_characteristic(
            BleakGATTCharacteristic(entry.characteristic, handle, uuid, properties, payload_size, service)
        )
    return services, handles
