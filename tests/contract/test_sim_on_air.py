"""The simulated treadmill through a Bumble transport: a real HCI stream, here over a TCP socket."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest
from bleak import BleakClient, BleakScanner
from bumble.controller import Controller
from bumble.transport.tcp_server import open_tcp_server_transport

from retroctl.app.clock import LoopClock
from retroctl.errors import ConfigError
from simulators.air import Air
from simulators.bluez_like import RadioTiming
from simulators.bumble_bleak import BumbleRadio
from simulators.machine import FtmsMachine
from simulators.on_air import random_static_address, serve
from simulators.personality import personality

FAST = RadioTiming(connect_s=0.05, latency_s=0.002, disconnect_s=0.05, advertising_s=0.02)


def machine(clock) -> FtmsMachine:
    return FtmsMachine(personality("standard").but(countdown_s=0.1, record_interval_s=0.05), now=clock.now())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_client_on_the_same_air_finds_it_starts_it_and_stops_it():
    clock, air, told = LoopClock(), Air(), []
    port = free_port()
    adapter = await open_tcp_server_transport(f"127.0.0.1:{port}")
    Controller("adapter", host_source=adapter.source, host_sink=adapter.sink, link=air)
    served = machine(clock)
    serving = asyncio.create_task(
        serve(served, f"tcp-client:127.0.0.1:{port}", clock=clock, name="Cellar", report=told.append)
    )
    radio = await BumbleRadio.create(clock, timing=FAST, air=air)
    async with asyncio.timeout(30):
        device = await BleakScanner.find_device_by_name("Cellar", timeout=20, backend=radio.scanner_backend)
        arrived: asyncio.Queue[str] = asyncio.Queue()
        async with BleakClient(device, backend=radio.client_backend) as client:
            await client.start_notify("2ad9", lambda _, data: arrived.put_nowait(data.hex()))
            for command, answer in (("00", "800001"), ("07", "800701"), ("0801", "800801")):
                await client.write_gatt_char("2ad9", bytes.fromhex(command), response=True)
                assert await arrived.get() == answer
        assert [entry.data.hex() for entry in served.log] == ["00", "07", "0801"]
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
    await radio.close()
    await adapter.close()
    assert told[0].startswith("advertising as Cellar (")
    assert [line.split()[0] for line in told[1:3]] == ["connected:", "disconnected"]


@pytest.mark.parametrize(
    "transport",
    ["nonsense:1", "nonsense", "serial:/dev/none", "tcp-client:127.0.0.1:1", "usb:97", "vhci:/dev/none"],
)
async def test_an_adapter_that_is_not_there_is_one_clear_line(transport):
    clock = LoopClock()
    with pytest.raises(ConfigError, match="cannot be opened") as caught:
        await serve(machine(clock), transport, clock=clock, report=print)
    assert transport in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_without_bumble_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "bumble.device", None)
    clock = LoopClock()
    with pytest.raises(ConfigError, match=r"pip install 'retroctl\[radio\]'"):
        await serve(machine(clock), "usb:0", clock=clock, report=print)


def test_addresses_are_random_static_and_differ():
    made = {random_static_address() for _ in range(20)}
    assert len(made) == 20
    assert all(int(address[:2], 16) >= 0xC0 for address in made)
