"""The real bleak on both simulated radios: in memory, and over Bumble's ATT. One suite, virtual time."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from retroctl.app.clock import LoopClock, ScaledClock
from simulators.bleak_backend import SimulatedRadio
from simulators.bumble_bleak import BumbleRadio
from simulators.machine import FtmsMachine
from simulators.personality import Personality, personality

ADDRESS = "C0:FF:EE:00:00:01"
ELSEWHERE = "C0:FF:EE:00:00:99"
FITNESS_MACHINE = "00001826-0000-1000-8000-00805f9b34fb"

virtual = pytest.mark.virtual
both = pytest.mark.parametrize("kind", ["memory", "bumble"])


class Bench:
    def __init__(self, radio, machine: FtmsMachine, clock):
        self.radio = radio
        self.machine = machine
        self.clock = clock
        self.heard: list[tuple[float, str, str]] = []
        self.lost_at: list[float] = []

    def client(self, device=None, **kwargs) -> BleakClient:
        return BleakClient(
            device or self.device,
            disconnected_callback=lambda _: self.lost_at.append(self.clock.now()),
            backend=self.radio.client_backend,
            **kwargs,
        )

    async def find(self, within_s: float = 5.0):
        return await BleakScanner.find_device_by_filter(
            lambda device, _: device.address == ADDRESS, timeout=within_s, backend=self.radio.scanner_backend
        )

    @asynccontextmanager
    async def connected(self, *characteristics: str):
        async with self.client() as client:
            for each in characteristics or ("2ad9", "2ada", "2acd"):
                await client.start_notify(each, lambda _, data, name=each: self._take(name, data))
            yield client

    def _take(self, name: str, data: bytearray):
        self.heard.append((self.clock.now(), name, bytes(data).hex()))

    def of(self, characteristic: str) -> list[str]:
        return [data for _, name, data in self.heard if name == characteristic]

    async def write(self, client: BleakClient, hexed: str, *, response: bool = True):
        await client.write_gatt_char("2ad9", bytes.fromhex(hexed), response=response)

    async def moving(self, client: BleakClient):
        for command in ("00", "07"):
            await self.write(client, command)
            await asyncio.sleep(0.3)
        await asyncio.sleep(10)
        assert self.speed == 1.0

    @property
    def speed(self) -> float:
        return self.machine.true_speed_kmh(self.clock.now())


@asynccontextmanager
async def bench(kind: str, what: str | Personality = "standard"):
    clock = LoopClock()
    machine = FtmsMachine(personality(what) if isinstance(what, str) else what, now=clock.now())
    if kind == "memory":
        radio = SimulatedRadio(clock)
        made = Bench(radio, machine, clock)
        made.device = radio.add(machine, address=ADDRESS)
        yield made
        radio.remove(ADDRESS)
    else:
        radio = await BumbleRadio.create(clock)
        made = Bench(radio, machine, clock)
        made.device = await radio.add(machine, address=ADDRESS)
        yield made
        await radio.close()
    await asyncio.sleep(0.1)
    stragglers = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert stragglers == []


# Finding.


@virtual
@both
async def test_a_scan_by_service_finds_the_machine_with_its_name(kind):
    async with bench(kind) as b:
        found = await BleakScanner.discover(
            2, return_adv=True, service_uuids=[FITNESS_MACHINE], backend=b.radio.scanner_backend
        )
        device, advertisement = found[ADDRESS]
        assert device.name == advertisement.local_name == "Simulated treadmill"
        assert advertisement.service_uuids == [FITNESS_MACHINE]
        assert (
            await BleakScanner.discover(
                2, service_uuids=["0000180d-0000-1000-8000-00805f9b34fb"], backend=b.radio.scanner_backend
            )
            == []
        )


@virtual
async def test_service_data_is_advertised_in_memory():
    async with bench("memory") as b:
        found = await BleakScanner.discover(2, return_adv=True, backend=b.radio.scanner_backend)
        assert found[ADDRESS][1].service_data == {FITNESS_MACHINE: bytes.fromhex("010100")}


@virtual
@both
async def test_an_anonymous_machine_is_found_by_service_alone(kind):
    async with bench(kind, "anonymous") as b:
        found = await BleakScanner.discover(
            2, return_adv=True, service_uuids=[FITNESS_MACHINE], backend=b.radio.scanner_backend
        )
        assert found[ADDRESS][0].name is None
        assert found[ADDRESS][1].service_data == {}
        async with b.client() as client:
            assert client.name == ADDRESS.replace(":", "-")


@virtual
@both
async def test_a_connected_machine_does_not_advertise_and_comes_back_afterwards(kind):
    async with bench(kind) as b:
        async with b.connected():
            assert await b.find() is None
        assert await b.find() is not None


# Connecting, reading, subscribing, writing.


@virtual
@both
async def test_services_show_the_characteristics_with_their_properties(kind):
    async with bench(kind) as b, b.client() as client:
        service = client.services.get_service(FITNESS_MACHINE)
        shown = {c.uuid[4:8]: sorted(c.properties) for c in service.characteristics}
        assert shown == {name: sorted(properties) for name, properties in b.machine.gatt}
        assert client.mtu_size == 23
        assert client.services.get_characteristic("2ad9").max_write_without_response_size == 20


@virtual
@both
async def test_an_address_will_do_instead_of_a_device(kind):
    async with bench(kind) as b, b.client(ADDRESS.lower()) as client:
        assert client.is_connected


@virtual
@both
async def test_a_whole_session(kind):
    async with bench(kind) as b:
        async with b.connected("2ad9", "2ada", "2ad3", "2acd") as client:
            assert (await client.read_gatt_char("2ad4")).hex() == "640040060a00"
            assert (await client.read_gatt_char("2acc")).hex() == "0c12000003000000"
            await b.moving(client)
            await b.write(client, "02c800")
            await asyncio.sleep(60)
            assert b.speed == 2.0
            await b.write(client, "0801")
            await asyncio.sleep(10)
            assert b.speed == 0
            assert b.of("2ad9") == ["800001", "800701", "800201", "800801"]
            assert b.of("2ada") == ["04", "05c800", "0201"]
            assert b.of("2ad3") == ["000e", "000d", "000f", "0001"]
            assert abs(len(b.of("2acd")) - 80) < 3
        assert not b.machine.connected
        assert [entry.data.hex() for entry in b.machine.log] == ["00", "07", "02c800", "0801"]


@virtual
@both
async def test_twenty_minutes_with_each_frame_cost_little(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        began, frames = time.process_time(), len(b.of("2acd"))
        await asyncio.sleep(1200)
        assert len(b.of("2acd")) - frames in {1200, 1201}
        assert time.process_time() - began < {"memory": 1.0, "bumble": 5.0}[kind], "about ten times what it takes"


@virtual
@both
async def test_att_errors_are_raised_with_their_code(kind):
    async with bench(kind) as b, b.connected("2acd") as client:
        with pytest.raises(BleakGATTProtocolError) as caught:
            await b.write(client, "00")
        assert caught.value.code == 0xFD
        await client.start_notify("2ad9", lambda *_: None)
        b.machine.faults.answer_late_s = 1.0
        await b.write(client, "00")
        with pytest.raises(BleakGATTProtocolError) as caught:
            await b.write(client, "00")
        assert caught.value.code == 0xFE
        with pytest.raises(BleakError, match="not found"):
            await client.read_gatt_char("2ad8")
        with pytest.raises(BleakError, match="neither notify nor indicate"):
            await client.start_notify("2ad4", lambda *_: None)


@virtual
@both
@pytest.mark.parametrize("what", ["notify-control-point", "write-command"])
async def test_odd_control_points_work(kind, what):
    async with bench(kind, what) as b, b.connected() as client:
        for command in ("00", "07"):
            await b.write(client, command, response=what != "write-command")
            await asyncio.sleep(0.3)
        await asyncio.sleep(10)
        assert b.speed == 1.0
        assert b.of("2ad9") == ["800001", "800701"]


@virtual
@both
async def test_empty_reads_are_empty(kind):
    async with bench(kind, "empty-reads") as b, b.client() as client:
        assert await client.read_gatt_char("2ad4") == b""


@virtual
@both
async def test_split_records_arrive_in_order(kind):
    async with bench(kind, "split-records") as b, b.connected("2acd"):
        await asyncio.sleep(10)
        assert [int(frame[:2], 16) & 1 for frame in b.of("2acd")] == [1, 0] * 10


@virtual
@both
async def test_stop_notify_ends_the_notifications(kind):
    async with bench(kind) as b, b.connected("2acd") as client:
        await asyncio.sleep(3)
        await client.stop_notify("2acd")
        before = len(b.heard)
        await asyncio.sleep(5)
        assert len(b.heard) == before > 0


@virtual
@both
async def test_console_and_faults_reach_the_client(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        b.machine.console_set_speed(2.0, b.clock.now())
        await asyncio.sleep(0.2)
        assert b.of("2ada")[-1] == "05c800"
        b.machine.pull_safety_key(b.clock.now())
        await asyncio.sleep(5)
        assert b.of("2ada")[-1] == "03"
        assert b.of("2acd")[-1][4:8] == "0000"
        b.machine.faults.silent = True
        before = len(b.heard)
        await asyncio.sleep(5)
        assert len(b.heard) == before


# What BlueZ does and others do not.


@virtual
@both
async def test_a_hung_write_blocks_the_control_point_although_its_caller_gave_up(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        b.machine.faults.hang_writes = 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await b.write(client, "02c800")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await b.write(client, "0801")
        assert [entry.data.hex() for entry in b.machine.log][-1] == "02c800"
        frames = len(b.of("2acd"))
        await asyncio.sleep(3)
        assert len(b.of("2acd")) == frames + 3, "notifications go on"


@virtual
@both
async def test_after_30_s_without_an_answer_the_link_drops(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        b.machine.faults.hang_writes = 1
        sent = b.clock.now()
        hung = asyncio.create_task(b.write(client, "02c800"))
        await asyncio.sleep(29.5)
        assert client.is_connected
        await asyncio.sleep(1)
        assert not client.is_connected
        assert b.lost_at[0] - sent == pytest.approx(30, abs=0.1)
        assert b.speed == 1.0
        assert not hung.done(), "nobody tells the one who waits"
        await client.disconnect()
        with pytest.raises(EOFError):
            await hung


@virtual
@both
async def test_a_stop_gets_through_once_the_hung_link_is_dropped_and_made_again(kind):
    async with bench(kind) as b:
        client = b.client()
        await client.connect()
        await client.start_notify("2ad9", lambda *_: None)
        await b.moving(client)
        b.machine.faults.hang_writes = 1
        hung = asyncio.create_task(b.write(client, "02c800"))
        await asyncio.sleep(1)
        began = b.clock.now()
        await client.disconnect()
        assert b.clock.now() - began == pytest.approx(2.0, abs=0.2)
        with pytest.raises(EOFError):
            await hung
        async with b.connected("2ad9") as again:
            await b.write(again, "00")
            await asyncio.sleep(0.1)
            await b.write(again, "0801")
            assert b.clock.now() - began < 5
            await asyncio.sleep(5)
        assert b.speed == 0


@virtual
@both
async def test_a_waiting_write_that_is_cancelled_is_never_sent(kind):
    async with bench(kind) as b, b.connected() as client:
        b.machine.faults.write_s = 2.0
        first = asyncio.create_task(b.write(client, "00"))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(b.write(client, "07"))
        third = asyncio.create_task(client.read_gatt_char("2ad4"))
        await asyncio.sleep(0.5)
        second.cancel()
        await first
        assert len(await third) == 6
        assert [entry.data.hex() for entry in b.machine.log] == ["00"]


@virtual
@both
async def test_the_machine_drops_the_link(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        b.radio.drop(ADDRESS)
        await asyncio.sleep(0.2)
        assert not client.is_connected
        assert len(b.lost_at) == 1
        with pytest.raises(BleakError):
            await b.write(client, "0801")
        await asyncio.sleep(30)
        assert b.speed == 1.0


@virtual
@both
async def test_out_of_range_is_silent_first_and_lost_after_the_supervision_timeout(kind):
    async with bench(kind) as b, b.connected() as client:
        await b.moving(client)
        began = b.clock.now()
        b.radio.out_of_range(ADDRESS)
        frames = len(b.heard)
        hung = asyncio.create_task(b.write(client, "02c800"))
        await asyncio.sleep(4.5)
        assert client.is_connected
        assert len(b.heard) == frames
        await asyncio.sleep(1)
        assert not client.is_connected
        assert b.lost_at[0] - began == pytest.approx(5.0, abs=0.1)
        assert not b.machine.connected
        assert await b.find() is None
        with pytest.raises(TimeoutError):
            await b.client(timeout=3).connect()
        b.radio.out_of_range(ADDRESS, away=False)
        assert await b.find() is not None
        assert [entry.data.hex() for entry in b.machine.log] == ["00", "07"]
        await client.disconnect()
        with pytest.raises(EOFError):
            await hung
        assert b.speed == 1.0


@virtual
@both
async def test_back_in_range_in_time_the_link_stands(kind):
    async with bench(kind) as b, b.connected() as client:
        b.radio.out_of_range(ADDRESS)
        await asyncio.sleep(2)
        b.radio.out_of_range(ADDRESS, away=False)
        await asyncio.sleep(10)
        assert client.is_connected
        assert b.lost_at == []


@virtual
@both
async def test_an_absent_machine_is_a_timeout_or_not_found(kind):
    async with bench(kind) as b:
        b.radio.out_of_range(ADDRESS)
        began = b.clock.now()
        with pytest.raises(TimeoutError):
            await b.client(timeout=4).connect()
        assert b.clock.now() - began == pytest.approx(4, abs=0.5)
        with pytest.raises(BleakDeviceNotFoundError):
            await b.client(ELSEWHERE, timeout=4).connect()


@virtual
@both
async def test_a_second_client_does_not_get_the_machine(kind):
    async with bench(kind) as b, b.connected():
        with pytest.raises(TimeoutError):
            await b.client(timeout=3).connect()


@virtual
@both
async def test_bluetooth_off_is_told_and_drops_the_link(kind):
    async with bench(kind) as b, b.connected() as client:
        b.radio.power(False)
        await asyncio.sleep(0.1)
        assert not client.is_connected
        with pytest.raises(BleakBluetoothNotAvailableError):
            await b.find()
        with pytest.raises(BleakBluetoothNotAvailableError):
            await b.client().connect()
        b.radio.power(True)
        assert await b.find() is not None


@virtual
@both
async def test_a_machine_that_vanishes_is_found_again_when_it_is_back(kind):
    async with bench(kind, "vanishes") as b, b.connected() as client:
        await b.moving(client)
        await asyncio.sleep(10)
        assert not client.is_connected
        vanished = b.lost_at[0]
        while await b.find(within_s=1) is None:
            assert b.clock.now() - vanished < 10
        assert b.clock.now() - vanished >= 4
        async with b.client():
            assert b.machine.connections == 2


@virtual
@both
async def test_disconnecting_twice_and_connecting_twice(kind):
    async with bench(kind) as b:
        client = b.client()
        await client.disconnect()
        await client.connect()
        with pytest.raises(BleakError, match="already connected"):
            await client.connect()
        await client.disconnect()
        await client.disconnect()
        assert len(b.lost_at) == 1
        await client.connect()
        assert client.is_connected
        await client.disconnect()


@virtual
@both
@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.25, 0.38])
async def test_a_cancelled_connect_leaves_no_link_behind(kind, after_s):
    async with bench(kind) as b:
        attempt = asyncio.create_task(b.client().connect())
        await asyncio.sleep(after_s)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        await asyncio.sleep(1)
        assert not b.machine.connected
        async with b.client() as client:
            assert client.is_connected


@virtual
@both
@pytest.mark.parametrize("after_s", [0.05, 0.1, 0.2, 0.3, 0.38])
async def test_a_link_that_goes_during_discovery_is_an_error_not_a_hang(kind, after_s):
    async with bench(kind) as b:
        attempt = asyncio.create_task(b.client().connect())
        advertised = {"memory": 0.0, "bumble": 0.3}[kind]  # Bumble waits for two advertisements first
        await asyncio.sleep(advertised + after_s)
        assert b.machine.connected
        b.radio.drop(ADDRESS)
        with pytest.raises(BleakError, match="failed to discover"):
            await attempt
        assert b.lost_at == []


@virtual
@both
async def test_two_runs_are_identical(kind):
    async def session() -> list[tuple[float, str, str]]:
        async with bench(kind) as b, b.connected() as client:
            began = b.clock.now()
            await b.moving(client)
            await b.write(client, "0801")
            await asyncio.sleep(10)
            return [(round(at - began, 6), name, data) for at, name, data in b.heard]

    assert await session() == await session()


# In memory only: other phones, scaled time, real time.


@virtual
async def test_a_machine_held_by_another_phone_is_not_found_until_it_is_let_go():
    async with bench("memory") as b:
        b.radio.occupy(ADDRESS)
        assert await b.find() is None
        b.radio.occupy(ADDRESS, taken=False)
        assert await b.find() is not None


@virtual
async def test_an_address_cannot_be_on_the_air_twice():
    async with bench("memory") as b:
        with pytest.raises(ValueError, match="already"):
            b.radio.add(b.machine, address=ADDRESS)


@virtual
async def test_a_listener_that_raises_does_not_stop_the_treadmill():
    caught = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: caught.append(context["exception"]))
    async with bench("memory") as b, b.client() as client:
        frames = []

        def listen(_, data):
            frames.append(data)
            if len(frames) == 1:
                raise RuntimeError("the listener's fault")

        await client.start_notify("2acd", listen)
        await asyncio.sleep(5)
        assert len(frames) == 5
        assert [str(error) for error in caught] == ["the listener's fault"]


async def test_scaled_time_on_a_real_loop():
    """A minute of a session in half a second: the clock is shared by machine and client."""
    clock = ScaledClock(200)
    machine = FtmsMachine(personality("standard"), now=clock.now())
    radio = SimulatedRadio(clock)
    device = radio.add(machine, address=ADDRESS)
    frames = []
    async with BleakClient(device, backend=radio.client_backend) as client:
        await client.start_notify("2ad9", lambda *_: None)
        await client.start_notify("2acd", lambda _, data: frames.append((clock.now(), data)))
        for command in (b"\x00", b"\x07"):
            await client.write_gatt_char("2ad9", command, response=True)
            await clock.sleep(1)
        await clock.sleep(60)
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(frames)]
    assert machine.true_speed_kmh(clock.now()) == 1.0
    assert len(frames) >= 60
    assert max(gaps) < 1.3
    radio.remove(ADDRESS)
    clock.stop()
