"""Scanning through the real BleakScanner on the simulated radio, in virtual time."""

from __future__ import annotations

import asyncio
import functools

import bleak
import pytest
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError

from retroctl.adapters.ble import probe
from retroctl.adapters.ble.scan import find, look_for, scan
from retroctl.app.clock import LoopClock
from retroctl.errors import TreadmillError, TreadmillNotFound
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

pytestmark = pytest.mark.virtual

ONE, TWO = "AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02"


def radio_with(*machines: tuple[str, str, int]) -> SimulatedRadio:
    radio = SimulatedRadio(LoopClock())
    for kind, address, rssi in machines:
        radio.add(FtmsMachine(personality(kind), now=radio.clock.now()), address=address, rssi=rssi)
    return radio


async def scan_on(radio: SimulatedRadio, seconds: float = 3.0, **kwargs):
    return await scan(seconds, clock=LoopClock(), backend=radio.scanner_backend, **kwargs)


async def test_a_scan_lists_every_fitness_machine_the_strongest_first():
    found = await scan_on(radio_with(("standard", ONE, -80), ("standard", TWO, -40)))
    assert [(machine.address, machine.rssi_dbm, machine.says_treadmill) for machine in found] == [
        (TWO, -40, True),
        (ONE, -80, True),
    ]
    assert all(machine.remarks == () for machine in found)


def counting_stops(radio: SimulatedRadio, stops: list[float]) -> type:
    async def stop(self):
        stops.append(asyncio.get_running_loop().time())
        await super(type(self), self).stop()

    return type("Counting", (radio.scanner_backend,), {"stop": stop})


async def test_a_scan_takes_its_time_and_stops_scanning():
    stops: list[float] = []
    await scan(8.0, clock=LoopClock(), backend=counting_stops(radio_with(("standard", ONE, -50)), stops))
    assert stops == [pytest.approx(8.0, abs=0.1)]


async def test_a_cancelled_scan_stops_scanning():
    stops: list[float] = []
    backend = counting_stops(radio_with(("standard", ONE, -50)), stops)
    scanning = asyncio.create_task(scan(8.0, clock=LoopClock(), backend=backend))
    await asyncio.sleep(2)
    scanning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scanning
    assert stops == [pytest.approx(2.0)]


async def test_a_machine_without_name_and_service_data_is_found_by_the_service_alone():
    (machine,) = await scan_on(radio_with(("anonymous", ONE, -50)))
    assert (machine.name, machine.says_treadmill, machine.remarks) == (ONE, None, ())


async def test_the_only_machine_is_chosen():
    radio = radio_with(("standard", ONE, -50))
    machine = await find(None, 3.0, clock=LoopClock(), backend=radio.scanner_backend)
    assert machine.address == ONE


async def test_an_address_is_found_as_soon_as_it_is_heard_in_any_spelling():
    radio = radio_with(("standard", ONE, -50), ("standard", TWO, -40))
    before = asyncio.get_running_loop().time()
    machine = await find(f" {ONE.lower()} ", 8.0, clock=LoopClock(), backend=radio.scanner_backend)
    assert machine.address == ONE
    assert asyncio.get_running_loop().time() - before < 1.0


async def test_two_machines_are_never_chosen_between():
    radio = radio_with(("standard", ONE, -50), ("standard", TWO, -40))
    with pytest.raises(TreadmillNotFound, match="--address") as caught:
        await find(None, 3.0, clock=LoopClock(), backend=radio.scanner_backend)
    assert ONE in str(caught.value)
    assert TWO in str(caught.value)


async def test_a_machine_held_by_a_phone_is_not_found_and_the_line_says_why():
    radio = radio_with(("standard", ONE, -50))
    radio.occupy(ONE)
    with pytest.raises(TreadmillNotFound, match="phone"):
        await find(None, 3.0, clock=LoopClock(), backend=radio.scanner_backend)
    assert await look_for(ONE, 3.0, clock=LoopClock(), backend=radio.scanner_backend) is None


async def test_bluetooth_off_is_one_line_with_the_way_out():
    radio = radio_with(("standard", ONE, -50))
    radio.power(on=False)
    with pytest.raises(TreadmillError, match="switched off") as caught:
        await scan_on(radio)
    assert not isinstance(caught.value, TreadmillNotFound)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("stage", ["start", "stop"])
async def test_a_scanner_that_hangs_is_bounded(stage):
    radio = radio_with(("standard", ONE, -50))

    async def hang(self):
        await asyncio.sleep(3600)

    backend = type("Hanging", (radio.scanner_backend,), {stage: hang})
    before = asyncio.get_running_loop().time()
    if stage == "start":
        with pytest.raises(TreadmillError, match="in time"):
            await scan(3.0, clock=LoopClock(), backend=backend)
    else:
        assert len(await scan(3.0, clock=LoopClock(), backend=backend)) == 1
    assert asyncio.get_running_loop().time() - before <= 15


async def test_a_failed_start_names_its_cause():
    radio = radio_with(("standard", ONE, -50))

    async def start(self):
        raise BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"])

    backend = type("Denied", (radio.scanner_backend,), {"start": start})
    with pytest.raises(TreadmillError, match="usermod"):
        await scan(3.0, clock=LoopClock(), backend=backend)


def connected_to(*devices: BLEDevice, error: BaseException | None = None) -> type[BaseBleakAdapter]:
    class Adapter(BaseBleakAdapter):
        @classmethod
        async def get(cls, **kwargs):
            return cls()

        async def get_connected_devices(self, service_uuids):
            assert service_uuids == {"00001826-0000-1000-8000-00805f9b34fb"}
            if error is not None:
                raise error
            return list(devices)

    return Adapter


async def test_a_machine_that_a_killed_program_left_connected_is_found_without_advertising():
    radio = radio_with(("standard", ONE, -50))
    radio.occupy(ONE)
    adapter = connected_to(BLEDevice(ONE, "Belt", None))
    before = asyncio.get_running_loop().time()
    machine = await find(ONE, 8.0, clock=LoopClock(), backend=radio.scanner_backend, adapter=adapter)
    assert (machine.name, machine.rssi_dbm) == ("Belt", None)
    assert "connected" in machine.remarks[0]
    assert asyncio.get_running_loop().time() == before, "nothing to listen for"
    assert [found.address for found in await scan_on(radio, adapter=adapter)] == [ONE]


async def test_a_machine_both_heard_and_connected_is_listed_once():
    radio = radio_with(("standard", ONE, -50))
    adapter = connected_to(BLEDevice(ONE, "Belt", None))
    (machine,) = await scan_on(radio, adapter=adapter)
    assert machine.rssi_dbm == -50


@pytest.mark.parametrize("error", [NotImplementedError(), FileNotFoundError(), BleakDBusError("org.x", [])])
async def test_not_knowing_what_is_connected_does_not_end_the_scan(error):
    radio = radio_with(("standard", ONE, -50))
    assert len(await scan_on(radio, adapter=connected_to(error=error))) == 1


async def test_the_doctors_probe_counts_devices_and_machines(monkeypatch):
    radio = radio_with(("standard", ONE, -50), ("anonymous", TWO, -60))
    monkeypatch.setattr(bleak, "BleakScanner", functools.partial(bleak.BleakScanner, backend=radio.scanner_backend))
    assert await probe._try(2.0) == {"works": True, "heard": 2, "machines": 2}
