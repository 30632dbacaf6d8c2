"""Backends for the real bleak over a Bumble device: real ATT in one process, and no radio.

`BumbleRadio` has the methods of `SimulatedRadio`; what it does to bleak is the same, but each byte passes
Bumble's GATT client, L2CAP, HCI, a link in memory, and Bumble's GATT server. Where Bumble is kinder than
BlueZ, BlueZ is acted out (see `bluez_like`). Needs Bumble, the extra `radio`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_16, normalize_uuid_str
from bumble import att, core, hci
from bumble.core import AdvertisingData
from bumble.device import Connection, Device, Peer

from simulators.air import Air, device_on
from simulators.bearer import wait
from simulators.bluez_like import BlueZLikeClient, Link, RadioTiming, require_power
from simulators.bumble_peripheral import Peripheral

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import AdvertisementDataCallback
    from bumble.controller import Controller
    from bumble.device import Advertisement
    from bumble.gatt_client import CharacteristicProxy

    from simulators.pump import Clock, Machine

_CENTRAL_ADDRESS = "F0:00:00:00:00:01"
_SERVICES_16 = (
    AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
    AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS,
)
_NAMES = (AdvertisingData.COMPLETE_LOCAL_NAME, AdvertisingData.SHORTENED_LOCAL_NAME)


class _BumbleLink(Link):
    """One connection. A characteristic's `obj` is Bumble's proxy for it."""

    def __init__(self, client: BlueZLikeClient, clock: Clock, timing: RadioTiming, connection: Connection) -> None:
        super().__init__(client, clock, timing)
        self._connection = connection
        self._gatt = connection.gatt_client
        self._services = BleakGATTServiceCollection()
        self._connected = True
        self._ending: asyncio.Task[None] | None = None
        connection.on(Connection.EVENT_DISCONNECTION, self._disconnected)

    @property
    def services(self) -> BleakGATTServiceCollection:
        return self._services

    @property
    def mtu(self) -> int:
        return int(self._connection.att_mtu)

    async def discover(self) -> None:
        """Read the whole attribute table."""
        peer = Peer(self._connection)
        await peer.discover_all()  # type: ignore[no-untyped-call]  # Bumble leaves it unannotated
        for found in peer.services:
            service = BleakGATTService(found, found.handle, normalize_uuid_str(found.uuid.to_hex_str("-")))
            self._services.add_service(service)
            for proxy in found.characteristics:
                properties = sorted(gatt_char_props_to_strs(int(proxy.properties)))
                self._services.add_characteristic(
                    BleakGATTCharacteristic(
                        proxy,
                        proxy.handle,
                        normalize_uuid_str(proxy.uuid.to_hex_str("-")),
                        properties,
                        lambda: self.mtu - 3,
                        service,
                    )
                )

    def hang_up(self) -> None:
        if self._connected and self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._connection.disconnect(), name="hang-up")

    async def read(self, characteristic: BleakGATTCharacteristic) -> bytes:
        return bytes(await self._att(self._gatt.read_value(characteristic.handle)))

    async def write(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        await self._att(self._gatt.write_value(characteristic.handle, data, with_response=True))

    async def subscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        proxy: CharacteristicProxy[bytes] = characteristic.obj

        def received(data: bytes) -> None:
            self.received(characteristic.handle, data)

        await self._att(self._gatt.subscribe(proxy, received))

    async def unsubscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        await self._att(self._gatt.unsubscribe(characteristic.obj))

    async def command(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        await self._gatt.write_value(characteristic.handle, data, with_response=False)

    async def _att(self, transaction: Awaitable[Any]) -> Any:
        """Take the time that BlueZ takes, and raise what bleak raises."""
        await wait(self.clock, self.timing.latency_s / 2)
        try:
            result = await transaction
        except att.ATT_Error as error:
            await wait(self.clock, self.timing.latency_s / 2)
            raise BleakGATTProtocolError(error.error_code) from error
        except core.TimeoutError:
            self.hang_up()  # Bumble would go on; ATT may not
            raise asyncio.CancelledError from None
        await wait(self.clock, self.timing.latency_s / 2)
        return result

    def _disconnected(self, reason: int) -> None:
        del reason
        self._connected = False
        self.lost()


class _BumbleScanner(BaseBleakScanner):
    """A backend of `BleakScanner`; each radio makes a subclass that knows it."""

    radio: ClassVar[BumbleRadio]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str,
        **kwargs: Any,
    ) -> None:
        del scanning_mode, kwargs
        super().__init__(detection_callback, service_uuids)

    async def start(self) -> None:
        """Hear advertisements. Raises BleakBluetoothNotAvailableError when Bluetooth is off."""
        require_power(powered=self.radio.powered)
        self.seen_devices = {}
        self.radio.scanners.append(self)

    async def stop(self) -> None:
        """Hear no more."""
        if self in self.radio.scanners:
            self.radio.scanners.remove(self)

    def heard(self, address: str, advertisement: AdvertisementData) -> None:
        """Pass one advertisement on."""
        if self.is_allowed_uuid(advertisement.service_uuids):
            device = self.create_or_update_device(address, address, advertisement.local_name, None, advertisement)
            self.call_detection_callbacks(device, advertisement)


class BumbleRadio:
    """The air of one computer in Bumble's terms, with machines on it. Make it with `create`, end it with `close`."""

    def __init__(self, clock: Clock, timing: RadioTiming, air: Air, device: Device, controller: Controller) -> None:
        self.clock = clock
        self.timing = timing
        self.powered = True
        self.air = air
        self.scanners: list[_BumbleScanner] = []
        self._device = device
        self._controller = controller
        self._peripherals: dict[str, tuple[Peripheral, Controller]] = {}
        self._names: dict[str, str | None] = {}
        self._heard: dict[str, asyncio.Event] = {}

        class BumbleClient(BlueZLikeClient):
            radio = self

        class BumbleScanner(_BumbleScanner):
            radio = self

        self.client_backend: type[BaseBleakClient] = BumbleClient
        self.scanner_backend: type[BaseBleakScanner] = BumbleScanner

    @classmethod
    async def create(cls, clock: Clock, *, timing: RadioTiming | None = None, air: Air | None = None) -> BumbleRadio:
        """Make a radio that hears from now on, on an `air` of its own or on a shared one."""
        air = air or Air()
        device, controller = await device_on(air, _CENTRAL_ADDRESS, "central")
        radio = cls(clock, timing or RadioTiming(), air, device, controller)
        device.on(Device.EVENT_ADVERTISEMENT, radio._advertisement)
        # Always on: Bumble cannot cancel a connection attempt, so none may begin before the machine is heard.
        await device.start_scanning(filter_duplicates=False)
        return radio

    async def close(self) -> None:
        """End every link and take every machine off the air."""
        for peripheral, _ in self._peripherals.values():
            await peripheral.stop()
        await self._device.stop_scanning()

    async def add(self, machine: Machine, *, name: str | None = None, address: str) -> BLEDevice:
        """Put a machine on the air. `name` defaults to the machine's own; an empty one is not advertised."""
        shown = machine.traits.name if name is None else name
        device, controller = await device_on(self.air, address, shown)
        peripheral = Peripheral(machine, device, self.clock, name=shown)
        self._peripherals[address.upper()] = (peripheral, controller)
        await peripheral.start()
        return BLEDevice(address.upper(), shown or None, None)

    def drop(self, address: str) -> None:
        """Let the machine end its link; harmless when there is none."""
        self._peripherals[address.upper()][0].drop()

    def out_of_range(self, address: str, *, away: bool = True) -> None:
        """Take the machine out of range, or back: silence, then the link is lost after the supervision timeout."""
        controller = self._peripherals[address.upper()][1]
        if not away:
            self.air.away.discard(controller)
            return
        self.air.away.add(controller)

        def supervise() -> None:
            if controller in self.air.away:
                self.air.sever(controller)

        self.clock.call_at(self.clock.now() + self.timing.supervision_s, supervise)

    def power(self, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch this computer's Bluetooth on, or off, which drops every link."""
        self.powered = on
        if not on:
            self.air.sever(self._controller)

    def name_of(self, address: str) -> str | None:
        """Give the name under which the machine at `address` was heard."""
        return self._names.get(address.upper())

    async def open_link(self, client: BlueZLikeClient, timeout_s: float) -> Link:
        """Connect as bleak on BlueZ does: wait for the machine to advertise, then discover its services."""
        require_power(powered=self.powered)
        address = client.address.upper()
        gives_up = self.clock.now() + timeout_s
        heard = self._heard[address] = asyncio.Event()
        while not heard.is_set():
            if self.clock.now() >= gives_up:
                if client.scanned:
                    raise TimeoutError
                raise BleakDeviceNotFoundError(client.address, f"Device with address {client.address} was not found.")
            await wait(self.clock, min(self.timing.advertising_s, timeout_s))
            require_power(powered=self.powered)
        link = _BumbleLink(client, self.clock, self.timing, await self._connect(address, gives_up))
        try:
            await wait(self.clock, self.timing.connect_s / 2)
            if link.up:  # Bumble would send on a link that is gone, and wait 30 s for the answer
                await link.discover()
            await wait(self.clock, self.timing.connect_s / 2)
        except asyncio.CancelledError:
            link.hang_up()
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Else it is Bumble's way to say that the link went while it waited for an answer.
        if not link.up:
            raise BleakError("failed to discover services, device disconnected")
        return link

    async def _connect(self, address: str, gives_up: float) -> Connection:
        where = hci.Address(address, hci.Address.RANDOM_DEVICE_ADDRESS)
        attempt = asyncio.ensure_future(self._device.connect(where, timeout=None))

        def give_up() -> None:
            attempt.cancel()

        timer = self.clock.call_at(gives_up, give_up)
        try:
            return await attempt
        except asyncio.CancelledError:
            # Bumble's controller knows no LE Create Connection Cancel; a later advertisement would connect.
            self._controller.pending_le_connection = None
            if self.clock.now() >= gives_up:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()

    def _advertisement(self, heard: Advertisement) -> None:
        if not self.powered or not heard.is_connectable:
            return
        address = heard.address.to_string(with_type_qualifier=False)
        structures = heard.data.ad_structures
        name = next((data.decode(errors="replace") for kind, data in structures if kind in _NAMES), None)
        # Each once: in memory the scan response repeats the advertisement.
        services = dict.fromkeys(
            normalize_uuid_16(int.from_bytes(data[place : place + 2], "little"))
            for kind, data in structures
            if kind in _SERVICES_16
            for place in range(0, len(data) - 1, 2)
        )
        service_data = {
            normalize_uuid_16(int.from_bytes(data[:2], "little")): data[2:]
            for kind, data in structures
            if kind == AdvertisingData.SERVICE_DATA_16_BIT_UUID
        }
        self._names[address] = name
        if address in self._heard:
            self._heard[address].set()
        for scanner in list(self.scanners):
            scanner.heard(address, AdvertisementData(name, {}, service_data, list(services), None, heard.rssi, ()))
