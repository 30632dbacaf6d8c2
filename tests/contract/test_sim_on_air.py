"""The simulated treadmill through a Bumble transport: a real HCI stream, here over a TCP socket."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest
from bleak import BleakClient, BleakScanner
from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address, LeFeatureMask
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket

from retroctl.app.clock import LoopClock
from retroctl.errors import ConfigError
from simulators.air import Air
from simulators.bluez_like import RadioTiming
from simulators.bumble_bleak import BumbleRadio
from simulators.machine import FtmsMachine
from simulators.on_air import random_static_address, serve, virtual_adapter
from simulators.personality import personality

FAST = RadioTiming(connect_s=0.05, latency_s=0.002, disconnect_s=0.05, advertising_s=0.02)


def machine(clock) -> FtmsMachine:
    return FtmsMachine(personality("standard").but(countdown_s=0.1, record_interval_s=0.05), now=clock.now())


class Adapter:
    """A Bluetooth adapter at the other end of a socket: Bumble's controller on an air of its own."""

    def __init__(self, *, deaf: bool = False):
        self._deaf = deaf

    async def __aenter__(self):
        self.air = Air()
        listening = socket.create_server(("127.0.0.1", 0))
        self.transport = f"tcp-client:127.0.0.1:{listening.getsockname()[1]}"
        self._hci = await open_tcp_server_transport_with_socket(listening)
        if not self._deaf:
            Controller("adapter", host_source=self._hci.source, host_sink=self._hci.sink, link=self.air)
        return self

    async def unplug(self):
        if self._hci.sink.transport is not None:
            self._hci.sink.transport.close()
        self._hci.server.close()
        await self._hci.server.wait_closed()

    async def __aexit__(self, *_):
        await self.unplug()


async def test_a_client_on_the_same_air_finds_it_starts_it_and_stops_it():
    clock, told = LoopClock(), []
    served = machine(clock)
    async with Adapter() as adapter, asyncio.timeout(30):
        serving = asyncio.create_task(serve(served, adapter.transport, clock=clock, name="Cellar", report=told.append))
        radio = await BumbleRadio.create(clock, timing=FAST, air=adapter.air)
        device = await BleakScanner.find_device_by_name("Cellar", timeout=20, backend=radio.scanner_backend)
        arrived: asyncio.Queue[str] = asyncio.Queue()
        async with BleakClient(device, backend=radio.client_backend) as client:
            await client.start_notify("2ad9", lambda _, data: arrived.put_nowait(data.hex()))
            for command, answer in (("00", "800001"), ("07", "800701"), ("0801", "800801")):
                await client.write_gatt_char("2ad9", bytes.fromhex(command), response=True)
                assert await arrived.get() == answer
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await radio.close()
    assert [entry.data.hex() for entry in served.log] == ["00", "07", "0801"]
    assert told[0].startswith("advertising as Cellar (")
    assert [line.split()[0] for line in told[1:3]] == ["connected:", "disconnected"]


async def test_it_ends_when_the_adapter_is_unplugged():
    clock, told = LoopClock(), asyncio.Queue()
    async with Adapter() as adapter, asyncio.timeout(30):
        serving = asyncio.create_task(
            serve(machine(clock), adapter.transport, clock=clock, address="C0:00:00:00:00:07", report=told.put_nowait)
        )
        assert await told.get() == "advertising as Simulated treadmill (C0:00:00:00:00:07)"
        await adapter.unplug()
        await serving
        assert told.get_nowait() == "the adapter is gone"


async def test_a_virtual_adapter_lets_this_computers_stack_hear_the_machine():
    """The kernel's part is played by Bumble's host at the other end of a socket."""
    clock, told = LoopClock(), []
    async with asyncio.timeout(30):
        listening = socket.create_server(("127.0.0.1", 0))
        hci = await open_tcp_server_transport_with_socket(listening)
        where = f"tcp-client:127.0.0.1:{listening.getsockname()[1]}"
        async with virtual_adapter(where, clock=clock, report=told.append) as adapter:
            await adapter.add(machine(clock), address="C0:00:00:00:00:09")
            stack = Device.with_hci("stack", Address("F0:00:00:00:00:02"), hci.source, hci.sink)
            await stack.power_on()
            assert not stack.host.supports_le_features(LeFeatureMask.LE_EXTENDED_ADVERTISING)
            heard = asyncio.get_running_loop().create_future()
            stack.on("advertisement", lambda found: heard.done() or heard.set_result(found))
            await stack.start_scanning()
            assert (await heard).address == Address("C0:00:00:00:00:09")
        hci.server.close()
        await hci.server.wait_closed()
    assert told == ["advertising as Simulated treadmill (C0:00:00:00:00:09)"]


async def test_vhci_is_a_virtual_adapter_that_serves_until_cancelled(monkeypatch):
    clock, told = LoopClock(), asyncio.Queue()

    class Nowhere:
        def set_packet_sink(self, sink):
            pass

        def on_packet(self, packet):
            pass

    class Transport:
        source = sink = Nowhere()

        async def close(self):
            told.put_nowait("closed")

    async def opened(name):
        assert name == "vhci"
        return Transport()

    monkeypatch.setattr("bumble.transport.open_transport", opened)
    serving = asyncio.create_task(serve(machine(clock), "vhci", clock=clock, name="", report=told.put_nowait))
    async with asyncio.timeout(10):
        assert (await told.get()).startswith("advertising without a name (")
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert await told.get() == "closed"


async def test_an_adapter_that_does_not_answer_is_one_clear_line(monkeypatch):
    monkeypatch.setattr("simulators.on_air._OPEN_WITHIN_S", 0.2)
    async with Adapter(deaf=True) as adapter:
        clock = LoopClock()
        with pytest.raises(ConfigError, match="does not answer"):
            await serve(machine(clock), adapter.transport, clock=clock, report=print)


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
    with pytest.raises(ConfigError, match=r"\[radio\]"):
        await serve(machine(clock), "usb:0", clock=clock, report=print)


def test_addresses_are_random_static_and_differ():
    made = {random_static_address() for _ in range(20)}
    assert len(made) == 20
    assert all(int(address[:2], 16) >= 0xC0 for address in made)
