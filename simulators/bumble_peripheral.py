"""A simulated machine as a Bumble GATT server: real ATT, over a link in memory or a real radio.

Needs Bumble, the extra `radio`.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from bumble import att, gatt
from bumble.core import UUID, AdvertisingData
from bumble.device import Connection, Device

from simulators.bearer import wait
from simulators.pump import Clock, Machine, Pump

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from simulators.faults import AttResult, Emission
    from simulators.machine import GattEntry

_ADVERTISING_INTERVAL_MS = 100.0
_ADVERTISEMENT_BYTES = 31
_FLAGS = bytes((0x06,))
"""LE General Discoverable, BR/EDR not supported."""

_PROPERTIES = {
    "read": gatt.Characteristic.Properties.READ,
    "write": gatt.Characteristic.Properties.WRITE,
    "write-without-response": gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
    "notify": gatt.Characteristic.Properties.NOTIFY,
    "indicate": gatt.Characteristic.Properties.INDICATE,
}


def _tell_nobody(line: str) -> None:
    del line


class Peripheral:
    """One machine on one Bumble device. `report` is told in plain words who comes and goes."""

    def __init__(
        self,
        machine: Machine,
        device: Device,
        clock: Clock,
        *,
        name: str | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self._machine = machine
        self._device = device
        self._clock = clock
        self._name = machine.traits.name if name is None else name
        self._report = report or _tell_nobody
        self._connection: Connection | None = None
        self._hung: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_air = False
        self._characteristics = {entry.characteristic: self._characteristic(entry) for entry in machine.gatt}
        service = gatt.Service(UUID.from_16_bits(machine.service), list(self._characteristics.values()))
        device.add_service(service)
        device.on(Device.EVENT_CONNECTION, self._connected)
        self._pump = Pump(machine, clock, self._deliver)

    async def start(self) -> None:
        """Advertise from now on, whenever the machine can be found. The device must be powered on."""
        self._on_air = True
        await self._advertise()

    def close(self) -> None:
        """Let go of the machine and of the loop, without a word to the radio: it may be gone."""
        self._on_air = False
        self._pump.close()
        self._device.remove_listener(Device.EVENT_CONNECTION, self._connected)
        for task in self._tasks:
            task.cancel()

    async def stop(self) -> None:
        """Leave the air: no more advertising, the link is dropped."""
        self.close()
        if self._device.is_advertising:
            await self._device.stop_advertising()
        if self._connection is not None:
            await self._connection.disconnect()

    def drop(self) -> None:
        """End the link from the machine's side; harmless when there is none."""
        if self._connection is not None:
            self._spawn(self._connection.disconnect(), "drop")

    # GATT.

    def _characteristic(self, entry: GattEntry) -> gatt.Characteristic[bytes]:
        properties = gatt.Characteristic.Properties(0)
        for name in entry.properties:
            properties |= _PROPERTIES[name]

        def read(connection: Connection) -> bytes:
            del connection
            return self._finish(self._machine.read(entry.characteristic, self._clock.now()))

        async def write(connection: Connection, value: bytes) -> None:
            del connection
            now = self._clock.now()
            with_response = "write" in entry.properties  # Bumble does not say which kind it was
            result = self._machine.write(entry.characteristic, value, now, with_response=with_response)
            if math.isinf(result.after_s):
                await self._for_ever()
            if result.after_s > 0:
                await wait(self._clock, result.after_s)
            self._finish(result)

        characteristic: gatt.Characteristic[bytes] = gatt.Characteristic(
            UUID.from_16_bits(int(entry.characteristic, 16)),
            properties,
            gatt.Characteristic.READABLE | gatt.Characteristic.WRITEABLE,
            att.AttributeValue(read=read, write=write),
        )

        def subscription(bearer: att.Bearer, notify: bool, indicate: bool) -> None:  # noqa: FBT001 - Bumble's event
            del bearer
            act = self._machine.subscribe if notify or indicate else self._machine.unsubscribe
            act(entry.characteristic, self._clock.now())

        characteristic.on(gatt.Characteristic.EVENT_SUBSCRIPTION, subscription)
        return characteristic

    @staticmethod
    def _finish(result: AttResult) -> bytes:
        if result.error is not None:
            raise att.ATT_Error(error_code=att.ErrorCode(result.error))
        return result.data

    async def _for_ever(self) -> None:
        """Hold the answer back for as long as the connection stands."""
        if self._hung is None:
            self._hung = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._hung)

    def _deliver(self, emission: Emission) -> None:
        connection = self._connection
        if connection is None:
            return
        if emission.kind == "disconnect":
            self.drop()
            return
        characteristic = self._characteristics[emission.characteristic]
        if emission.kind == "indicate":
            server = self._device.gatt_server
            self._spawn(server.indicate_subscriber(connection, characteristic, emission.data), "indication")
            return
        # Written out, not `notify_subscriber`: that is a coroutine, and one task each could lose the order.
        notification = att.ATT_Handle_Value_Notification(
            attribute_handle=characteristic.handle, attribute_value=emission.data[: connection.att_mtu - 3]
        )
        self._device.gatt_server.send_gatt_pdu(connection, bytes(notification))

    # GAP.

    def _advertisement(self) -> tuple[bytes, bytes]:
        """Put flags, service and name into the advertisement, service data into the scan response."""
        parts: list[tuple[int, bytes]] = [
            (AdvertisingData.FLAGS, _FLAGS),
            (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, self._machine.service.to_bytes(2, "little")),
        ]
        name = self._name.encode()
        room = _ADVERTISEMENT_BYTES - sum(2 + len(data) for _, data in parts) - 2
        if name:
            whole = len(name) <= room
            kind = AdvertisingData.COMPLETE_LOCAL_NAME if whole else AdvertisingData.SHORTENED_LOCAL_NAME
            parts.append((kind, name[:room]))
        service_data = self._machine.traits.service_data
        response = b""
        if service_data is not None:
            body = self._machine.service.to_bytes(2, "little") + service_data
            response = bytes(AdvertisingData([(AdvertisingData.SERVICE_DATA_16_BIT_UUID, body)]))
        return bytes(AdvertisingData(parts)), response

    async def _advertise(self) -> None:
        absent_s = self._machine.absent_until - self._clock.now()
        if absent_s > 0:
            await wait(self._clock, absent_s)
        if not self._on_air or self._connection is not None:
            return
        data, response = self._advertisement()
        await self._device.start_advertising(
            advertising_data=data,
            scan_response_data=response,
            advertising_interval_min=_ADVERTISING_INTERVAL_MS,
            advertising_interval_max=_ADVERTISING_INTERVAL_MS,
        )
        shown = f"as {self._name}" if self._name else "without a name"
        self._report(f"advertising {shown} ({self._device.random_address})")

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._disconnected)
        self._machine.connect(self._clock.now())
        self._report(f"connected: {connection.peer_address}")

    def _disconnected(self, reason: int) -> None:
        self._connection = None
        if self._hung is not None:
            self._hung.cancel()
            self._hung = None
        self._machine.disconnect(self._clock.now())
        self._report(f"disconnected (reason 0x{reason:02X})")
        for task in self._tasks:
            if task.get_name() == "indication":
                task.cancel()
        if self._on_air:
            self._spawn(self._advertise(), "advertising")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(f"{task.get_name()} failed: {error!r}")
