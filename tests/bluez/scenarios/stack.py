"""The stack itself, without any of the program: what fails here is the virtual machine's fault."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from bleak import BleakClient, BleakScanner
from bumble.core import AdvertisingData
from bumble.gatt import Characteristic, CharacteristicValue, Service

if TYPE_CHECKING:
    from bumble.device import Connection
    from radio import Radio

SERVICE = "00001826-0000-1000-8000-00805f9b34fb"
READABLE = "00002ad4-0000-1000-8000-00805f9b34fb"
NOTIFYING = "00002acd-0000-1000-8000-00805f9b34fb"
INDICATING = "00002ad9-0000-1000-8000-00805f9b34fb"
RANGE = bytes.fromhex("64005802 0a00")


async def stack(radio: Radio) -> dict[str, Any]:
    """Scan, connect, read, notify, write, indicate and disconnect; the figures are seconds."""
    _, device = radio.device("Stack probe")
    written: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer(connection: Connection, value: bytes) -> None:
        written.put_nowait(value)
        await device.indicate_subscribers(control_point, b"\x80" + value[:1] + b"\x01")

    read, write = Characteristic.Permissions.READABLE, Characteristic.Permissions.WRITEABLE
    kind = Characteristic.Properties
    data = Characteristic(NOTIFYING, kind.NOTIFY, read, b"")
    control_point = Characteristic(INDICATING, kind.WRITE | kind.INDICATE, write, CharacteristicValue(write=answer))
    device.add_service(Service(SERVICE, [Characteristic(READABLE, kind.READ, read, RANGE), data, control_point]))
    device.advertising_data = bytes(
        AdvertisingData(
            [
                (AdvertisingData.FLAGS, b"\x06"),
                (AdvertisingData.COMPLETE_LOCAL_NAME, b"Stack probe"),
                (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"\x26\x18"),
            ]
        )
    )
    await device.power_on()
    await device.start_advertising()

    figures: dict[str, Any] = {}
    began = time.monotonic()

    def lap(name: str) -> None:
        nonlocal began
        figures[name] = round(time.monotonic() - began, 3)
        began = time.monotonic()

    found = await BleakScanner.find_device_by_filter(lambda _, a: SERVICE in a.service_uuids, timeout=30)
    assert found is not None, "the peripheral was not seen"
    lap("scan_s")
    async with BleakClient(found, timeout=40) as client:
        lap("connect_s")
        assert bytes(await client.read_gatt_char(READABLE)) == RANGE
        lap("read_s")
        notified: asyncio.Queue[bytes] = asyncio.Queue()
        indicated: asyncio.Queue[bytes] = asyncio.Queue()
        await client.start_notify(INDICATING, lambda _, value: indicated.put_nowait(bytes(value)))
        await client.start_notify(NOTIFYING, lambda _, value: notified.put_nowait(bytes(value)))
        lap("subscribe_s")
        await device.notify_subscribers(data, b"\x00\x00\x64\x00")
        assert await asyncio.wait_for(notified.get(), 10) == b"\x00\x00\x64\x00"
        lap("notification_s")
        await client.write_gatt_char(INDICATING, b"\x00", response=True)
        lap("write_s")
        assert written.get_nowait() == b"\x00"
        assert await asyncio.wait_for(indicated.get(), 10) == b"\x80\x00\x01"
        lap("indication_s")
    lap("disconnect_s")
    return figures
