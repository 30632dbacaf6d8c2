"""Other people's FTMS clients drive the simulated treadmill: it is a treadmill to them as well."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner

from retroctl.app.clock import LoopClock
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

pytestmark = pytest.mark.virtual

ADDRESS = "C0:DE:00:00:00:01"


class Air:
    """A machine on a radio in memory."""

    def __init__(self, name: str) -> None:
        self.clock = LoopClock()
        self.radio = SimulatedRadio(self.clock)
        self.machine = FtmsMachine(personality(name), now=self.clock.now())
        self.device = self.radio.add(self.machine, address=ADDRESS)

    @property
    def true_speed(self) -> float:
        return self.machine.true_speed_kmh(self.clock.now())

    async def until(self, speed: float) -> None:
        async with asyncio.timeout(60):
            while abs(self.true_speed - speed) > 0.001:  # noqa: ASYNC110 - a belt has no event
                await asyncio.sleep(0.1)

    def client_class(self, base: type[BleakClient]) -> type[BleakClient]:
        """A client that can only be on this radio."""
        backend = self.radio.client_backend

        class OnOurRadio(base):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, backend=backend, **kwargs)

        return OnOurRadio


@pytest.mark.skipif(
    not (3, 12) <= sys.version_info[:2] < (3, 14), reason="pyftms is for Python 3.12 and 3.13 (its Requires-Python)"
)
@pytest.mark.parametrize("name", ["standard", "notify-control-point", "split-records", "toggle-start"])
async def test_pyftms_starts_sets_speeds_and_stops(monkeypatch, name):
    import pyftms  # noqa: PLC0415 - not with every Python
    from pyftms.client import client as inside  # noqa: PLC0415

    air = Air(name)

    async def nothing_stale(*_args: Any) -> None:
        """The system's own Bluetooth is not asked."""

    monkeypatch.setattr(inside, "BleakClient", air.client_class(BleakClient))
    monkeypatch.setattr(inside, "close_stale_connections", nothing_stale)
    scanned = await BleakScanner.discover(timeout=1.0, return_adv=True, backend=air.radio.scanner_backend)
    device, advertisement = scanned[ADDRESS]
    events: list[Any] = []
    treadmill = pyftms.get_client(device, advertisement, on_ftms_event=events.append)
    assert treadmill.machine_type is pyftms.MachineType.TREADMILL

    await treadmill.connect()
    assert treadmill.supported_ranges["target_speed"].min_value == 1.0
    assert treadmill.supported_ranges["target_speed"].max_value == 16.0
    assert await treadmill.start_resume() is pyftms.ResultCode.SUCCESS
    await air.until(1.0)
    assert await treadmill.set_target_speed(3.4) is pyftms.ResultCode.SUCCESS
    await air.until(3.4)
    await asyncio.sleep(2.0)
    assert treadmill.live_properties
    assert treadmill.get_property("speed_instant") == pytest.approx(3.4)
    assert await treadmill.stop() is pyftms.ResultCode.SUCCESS
    await air.until(0.0)
    await treadmill.disconnect()

    assert [entry.data.hex() for entry in air.machine.log] == ["00", "07", "025401", "0801"]
    assert not air.machine.connected


@pytest.mark.parametrize("name", ["standard", "always-success", "steps-appended"])
async def test_pycycling_starts_sets_speeds_and_stops(name):
    from pycycling.fitness_machine_service import FitnessMachineService  # noqa: PLC0415 - only here

    air = Air(name)
    answers: list[Any] = []
    statuses: list[Any] = []
    async with air.client_class(BleakClient)(air.device) as client:
        service = FitnessMachineService(client)
        service.set_control_point_response_handler(answers.append)
        service.set_fitness_machine_status_handler(statuses.append)
        await service.enable_control_point_indicate()
        await service.enable_fitness_machine_status_notify()
        features, targets = await service.get_all_features()
        for command in (service.request_control(), service.start_or_resume()):
            await command
            await asyncio.sleep(0.5)
        await air.until(1.0)
        await service.set_target_speed(340)
        await air.until(3.4)
        await service.stop_or_pause(pause=False)
        await air.until(0.0)

    assert features.total_distance_supported
    assert targets.speed_target_setting_supported
    assert [answer.result_code_enum.name for answer in answers] == ["SUCCESS"] * 4
    assert len(statuses) >= 3


@pytest.mark.parametrize(
    "name", ["standard", "request-control-04", "answers-control-only", "crashes-on-early-target", "fast-frames"]
)
async def test_walkingpad_controller_starts_sets_speeds_and_stops(monkeypatch, name):
    from walkingpad_controller import ftms  # noqa: PLC0415 - only here

    air = Air(name)
    monkeypatch.setattr(ftms, "BleakClient", air.client_class(BleakClient))
    controller = ftms.FTMSController()

    await controller.connect(air.device)
    assert controller.capabilities.speed_range.max_speed == 16.0
    assert await controller.start()
    await air.until(1.0)
    await asyncio.sleep(4.0)
    await controller.set_target_speed(3.4)
    await air.until(3.4)
    await asyncio.sleep(1.5)
    assert controller.status.speed == pytest.approx(3.4)
    await controller.stop()
    await air.until(0.0)
    await controller.disconnect()

    assert [entry.data.hex() for entry in air.machine.log] == ["00", "07", "025401", "0801"]
