"""What bleak on BlueZ does, whatever the radio: the common part of the two simulated backends.

It follows what was seen of bleak on BlueZ, in particular where that is unpleasant: a write that is not
answered keeps the Control Point busy after its caller has given up, ATT drops the link after 30 s, calls
still pending when the link goes are failed only by `disconnect()` (with EOFError), a disconnect takes two
seconds, an absent machine is a TimeoutError, and what is connected does not advertise.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from bleak.backends.client import BaseBleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError

from simulators.bearer import ATT_TIMEOUT_S, Bearer

if TYPE_CHECKING:
    from bleak.args import SizedBuffer
    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.client import NotifyCallback
    from bleak.backends.descriptor import BleakGATTDescriptor
    from bleak.backends.service import BleakGATTServiceCollection

    from simulators.pump import Clock


_GONE_WITHIN_S = 10.0
"""bleak's own bound for the link to be gone after it asked BlueZ."""


@dataclass(frozen=True, slots=True)
class RadioTiming:
    """How long things take, in seconds of the clock; as measured with BlueZ where it was measured."""

    connect_s: float = 0.4
    """Link and service discovery."""
    latency_s: float = 0.03
    """From a request to its answer."""
    disconnect_s: float = 2.0
    """BlueZ keeps a link about so long after it was asked to drop it."""
    supervision_s: float = 5.0
    """Until a machine out of range is noticed."""
    advertising_s: float = 0.25
    att_timeout_s: float = ATT_TIMEOUT_S


def require_power(*, powered: bool) -> None:
    """Raise BleakBluetoothNotAvailableError when Bluetooth is off."""
    if not powered:
        raise BleakBluetoothNotAvailableError("Bluetooth is turned off", BleakBluetoothNotAvailableReason.POWERED_OFF)


class Link(ABC):
    """One connection of one client: one ATT bearer, and who listens to what."""

    def __init__(self, client: BlueZLikeClient, clock: Clock, timing: RadioTiming) -> None:
        self.up = True
        self.gone = asyncio.Event()
        self.clock = clock
        self.timing = timing
        self.bearer = Bearer(clock, self.hang_up, timeout_s=timing.att_timeout_s)
        self.callbacks: dict[int, NotifyCallback] = {}
        self._client = client

    @property
    @abstractmethod
    def services(self) -> BleakGATTServiceCollection:
        """What the machine has."""

    @property
    @abstractmethod
    def mtu(self) -> int:
        """The negotiated ATT MTU."""

    @abstractmethod
    def hang_up(self) -> None:
        """End the connection, if it still stands, for both sides; `lost` follows, at once or soon."""

    # Each of these is one ATT request, takes its time, and raises BleakGATTProtocolError when refused.

    @abstractmethod
    async def read(self, characteristic: BleakGATTCharacteristic) -> bytes:
        """Read."""

    @abstractmethod
    async def write(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        """Write with response."""

    @abstractmethod
    async def subscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        """Write the Client Characteristic Configuration."""

    @abstractmethod
    async def unsubscribe(self, characteristic: BleakGATTCharacteristic) -> None:
        """Clear the Client Characteristic Configuration."""

    @abstractmethod
    async def command(self, characteristic: BleakGATTCharacteristic, data: bytes) -> None:
        """Write without response: no request, nothing is answered."""

    def received(self, handle: int, data: bytes) -> None:
        """Hand a notification or indication to whoever listens."""
        callback = self.callbacks.get(handle)
        if self.up and callback is not None:
            callback(bytearray(data))

    def lost(self) -> None:
        """Both ends know that the link is gone; pending calls are left hanging, as BlueZ leaves them."""
        if not self.up:
            return
        self.up = False
        self.gone.set()
        self.bearer.freeze()
        self._client.link_is_gone(self)


class BackendRadio(Protocol):
    """What a client needs of the radio it belongs to."""

    clock: Clock
    timing: RadioTiming

    def name_of(self, address: str) -> str | None:
        """Give the name of the machine there, if it has one."""
        ...

    async def open_link(self, client: BlueZLikeClient, timeout_s: float) -> Link:
        """Connect and discover.

        Raises TimeoutError, BleakDeviceNotFoundError (only an address was given, and nobody has it),
        BleakBluetoothNotAvailableError.
        """
        ...


class BlueZLikeClient(BaseBleakClient):
    """A backend of `BleakClient`; each radio makes a subclass that knows it."""

    radio: ClassVar[BackendRadio]

    def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
        super().__init__(address_or_ble_device, **kwargs)
        self.scanned = isinstance(address_or_ble_device, BLEDevice)
        self._link: Link | None = None

    @property
    def name(self) -> str:
        """The name of the machine, or its address with dashes."""
        return self.radio.name_of(self.address) or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        """The negotiated MTU."""
        return self._need_link().mtu

    @property
    def is_connected(self) -> bool:
        """True while the link stands."""
        return self._link is not None and self._link.up

    async def connect(self, pair: bool, **kwargs: Any) -> None:  # noqa: FBT001 - bleak's interface
        """Connect. Raises what the radio's `open_link` raises."""
        del pair
        if self.is_connected:
            raise BleakError("Client is already connected")
        link = await self.radio.open_link(self, float(kwargs.get("timeout", self._timeout)))
        self._link, self.services = link, link.services

    async def disconnect(self) -> None:
        """Drop the link, and fail what still waits on it with EOFError, as bleak does when it closes its bus.

        Raises TimeoutError when the link is not gone after 10 s.
        """
        link = self._link
        if link is None:
            return
        try:
            if link.up:
                # BlueZ's own timer: it runs on when the caller gives up waiting.
                link.clock.call_at(link.clock.now() + link.timing.disconnect_s, link.hang_up)
                async with asyncio.timeout(_GONE_WITHIN_S):
                    await link.gone.wait()
        finally:
            link.lost()
            link.bearer.close(EOFError)
            self._link = None

    def link_is_gone(self, link: Link) -> None:
        """Tell the program, which on BlueZ happens for a disconnect that it asked for as well."""
        if self._link is link:
            self.services = None
            if self._disconnected_callback is not None:
                self._disconnected_callback()

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: the machines need no pairing."""

    async def unpair(self) -> None:
        """Do nothing."""

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Read. Raises BleakGATTProtocolError."""
        del use_cached, kwargs
        link = self._need_link()
        return bytearray(await link.bearer.request(characteristic.handle, lambda: link.read(characteristic)))

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        """Refuse: the machines show no descriptors."""
        del use_cached, kwargs
        raise BleakError(f"Descriptor {descriptor} was not found!")

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - bleak's interface
    ) -> None:
        """Write. Raises BleakGATTProtocolError when a write with response is refused."""
        link, payload = self._need_link(), bytes(data)
        if response:
            await link.bearer.request(characteristic.handle, lambda: link.write(characteristic, payload))
            return
        await link.bearer.free(characteristic.handle)
        if link.up:
            await link.command(characteristic, payload)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        """Refuse: the machines show no descriptors."""
        del data
        raise BleakError(f"Descriptor {descriptor} was not found!")

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        """Subscribe. Raises BleakError when the characteristic can neither notify nor indicate."""
        del kwargs
        link = self._need_link()
        if not {"notify", "indicate"} & set(characteristic.properties):
            raise BleakError(f"{characteristic} can neither notify nor indicate")
        link.callbacks[characteristic.handle] = callback
        await link.bearer.request(characteristic.handle, lambda: link.subscribe(characteristic))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        """Unsubscribe."""
        link = self._need_link()
        await link.bearer.request(characteristic.handle, lambda: link.unsubscribe(characteristic))
        link.callbacks.pop(characteristic.handle, None)

    def _need_link(self) -> Link:
        if self._link is None or not self._link.up:
            raise BleakError("Not connected")
        return self._link
