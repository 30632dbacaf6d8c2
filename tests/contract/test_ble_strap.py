"""The strap through the real bleak, in memory and over Bumble's ATT, beside a treadmill on the same radio."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from retroctl.adapters.ble.scan import scan
from retroctl.adapters.ble.strap import BleStrap, choose_strap, scan_straps
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import LoopClock
from retroctl.errors import SeveralStraps, StrapNotFound, TreadmillError
from retroctl.ftms.heart_rate import decode_heart_rate
from simulators.bleak_backend import SimulatedRadio
from simulators.bumble_bleak import BumbleRadio
from simulators.heart import SimulatedStrap, strap_traits
from simulators.machine import FtmsMachine
from simulators.personality import personality

pytestmark = pytest.mark.virtual
both = pytest.mark.parametrize("kind", ["memory", "bumble"])

BELT, STRAP, OTHER = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02", "C0:FF:EE:00:00:03"


class Bench:
    def __init__(self, radio, clock) -> None:
        self.radio, self.clock = radio, clock
        self.machine = FtmsMachine(personality("standard"), now=clock.now())
        self.strap = SimulatedStrap(strap_traits("steady"), self.machine.true_speed_kmh, now=clock.now())
        self.frames: list[bytes] = []

    def ble_strap(self, address: str | None) -> BleStrap:
        radio = self.radio
        return BleStrap(
            address, clock=self.clock, scan_s=3.0, backend=radio.client_backend, scanner=radio.scanner_backend
        )

    async def straps(self):
        return await scan_straps(3.0, clock=self.clock, backend=self.radio.scanner_backend)


@asynccontextmanager
async def bench(kind: str):
    clock = LoopClock()
    if kind == "memory":
        made = Bench(SimulatedRadio(clock), clock)
        made.belt = made.radio.add(made.machine, address=BELT)
        made.radio.add(made.strap, address=STRAP)
        yield made
        return
    radio = await BumbleRadio.create(clock)
    try:
        made = Bench(radio, clock)
        made.belt = await radio.add(made.machine, address=BELT)
        await radio.add(made.strap, address=STRAP)
        yield made
    finally:
        await radio.close()


@both
async def test_straps_and_treadmills_are_told_apart_by_their_service(kind):
    async with bench(kind) as b:
        assert [strap.address for strap in await b.straps()] == [STRAP]
        machines = await scan(3.0, clock=b.clock, backend=b.radio.scanner_backend)
        assert [machine.address for machine in machines] == [BELT]


@both
async def test_the_only_strap_is_found_and_heard_beside_the_treadmill(kind):
    async with bench(kind) as b:
        treadmill = BleTreadmill(b.belt, clock=b.clock, backend=b.radio.client_backend, scanner=b.radio.scanner_backend)
        events = []
        await treadmill.open(events.append, lambda: None)
        strap = b.ble_strap(None)
        await strap.connect(b.frames.append)
        assert strap.address == STRAP
        await asyncio.sleep(5)
        rates = [decode_heart_rate(frame).heart_rate_bpm for frame in b.frames]
        assert len(rates) >= 4
        assert all(rate is not None and 55 < rate < 70 for rate in rates)
        before = len(events)
        await strap.close()
        await asyncio.sleep(3)
        assert len(events) > before, "the treadmill goes on sending"
        assert not b.strap.connected
        await treadmill.close()


@both
async def test_a_drop_ends_the_wait_and_nothing_is_delivered_after_it(kind):
    async with bench(kind) as b:
        strap = b.ble_strap(STRAP.lower())
        await strap.connect(b.frames.append)
        await asyncio.sleep(2)
        b.strap.vanish(b.clock.now(), absent_s=4.0)
        async with asyncio.timeout(5):
            await strap.lost()
        heard = len(b.frames)
        await asyncio.sleep(6)
        assert len(b.frames) == heard
        await strap.connect(b.frames.append)
        await asyncio.sleep(2)
        assert len(b.frames) > heard
        await strap.close()


async def test_one_of_several_is_never_picked():
    async with bench("memory") as b:
        b.radio.add(SimulatedStrap(strap_traits("steady"), lambda _now: 0.0), address=OTHER, rssi=-30)
        with pytest.raises(SeveralStraps, match="2 straps are in range and none is picked"):
            await b.ble_strap(None).connect(b.frames.append)
        found = await b.straps()
        assert [strap.address for strap in found] == [OTHER, STRAP]
        assert found[0].line == f"Simulated strap ({OTHER}), -30 dBm"
        assert choose_strap(found, STRAP.lower()).address == STRAP
        assert b.strap.connections == 0


async def test_no_strap_a_wrong_address_and_one_that_is_taken_are_said_in_one_line():
    async with bench("memory") as b:
        b.radio.occupy(STRAP)
        with pytest.raises(StrapNotFound, match="no strap is heard"):
            await b.ble_strap(None).connect(b.frames.append)
        with pytest.raises(StrapNotFound, match="the strap is not heard"):
            await b.ble_strap(OTHER).connect(b.frames.append)


async def test_a_thing_without_a_heart_rate_is_refused_and_let_go_of():
    async with bench("memory") as b:
        b.strap.gatt = b.strap.gatt[1:]
        b.radio.remove(STRAP)
        b.radio.add(b.strap, address=STRAP)
        with pytest.raises(StrapNotFound, match="offers no heart rate"):
            await b.ble_strap(STRAP).connect(b.frames.append)
        await asyncio.sleep(5)
        assert not b.strap.connected


async def test_one_that_went_out_of_reach_cannot_be_reached_again_and_bluetooth_off_is_said():
    async with bench("memory") as b:
        strap = b.ble_strap(STRAP)
        await strap.connect(b.frames.append)
        b.strap.vanish(b.clock.now(), absent_s=1000.0)
        await strap.lost()
        with pytest.raises(StrapNotFound, match="cannot be reached"):
            await strap.connect(b.frames.append)
        b.radio.power(False)
        with pytest.raises(TreadmillError):
            await strap.connect(b.frames.append)
        await strap.close()


async def test_giving_a_try_up_lets_go_of_the_link():
    async with bench("memory") as b:
        strap = b.ble_strap(STRAP)
        trying = asyncio.create_task(strap.connect(b.frames.append))
        await asyncio.sleep(0.6)
        trying.cancel()
        await asyncio.wait({trying})
        await strap.close()
        assert not b.strap.connected
        await b.ble_strap(None).lost()
