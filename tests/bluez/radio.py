"""The air inside the virtual machine: a controller for BlueZ and one for each simulated peripheral, on one link.

    kernel + BlueZ -- /dev/vhci -- Controller --.
                                                 >-- Air
    simulated treadmill -- Device -- Controller -'

Everything here runs on the event loop of one process. That loop also answers the kernel's HCI commands, so nothing
may block it: not even the call that powers the adapter on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address, LeFeatureMask
from bumble.transport import open_transport
from bumble.transport.common import AsyncPipeSink

from simulators.air import Air
from simulators.bumble_peripheral import Peripheral
from simulators.heart import SimulatedStrap, StrapTraits
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ADAPTER = "/org/bluez/hci0"
POWER_ON_S = 90.0
"""Emulated, the kernel and BlueZ need about 10 s for it and answer "Busy" on the way."""


class LoopTime:
    """The event loop's time as the simulator's clock: real seconds."""

    def __init__(self) -> None:
        self.now = time.monotonic  # what asyncio's loops run on
        self.call_at = asyncio.get_running_loop().call_at


class SimulatedTreadmill:
    """One simulated machine on the air. `machine` is the belt and its console, its log and its faults."""

    def __init__(self, air: Air, controller: Controller, device: Device, machine: FtmsMachine) -> None:
        self.machine = machine
        self.address = str(device.random_address).partition("/")[0]
        self._air = air
        self._controller = controller
        self.clock = LoopTime()
        self.peripheral = Peripheral(machine, device, self.clock, report=lambda line: say(f"treadmill: {line}"))

    def out_of_range(self) -> None:
        """Be out of range from now on: both ends of the link see its supervision timeout."""
        self._air.sever(self._controller)
        self._air.away.add(self._controller)

    def back_in_range(self) -> None:
        """Be heard again."""
        self._air.away.discard(self._controller)


class StrapOnAir:
    """A simulated strap on the air. `machine` may be silenced by hand."""

    def __init__(self, device: Device, machine: SimulatedStrap) -> None:
        self.machine = machine
        self.address = str(device.random_address).partition("/")[0]
        self.peripheral = Peripheral(machine, device, LoopTime(), report=lambda line: say(f"strap: {line}"))


class Radio:
    """The air with BlueZ on it; the methods put a peripheral there too."""

    def __init__(self) -> None:
        self.air = Air()

    def device(self, name: str) -> tuple[Controller, Device]:
        """A Bumble device with a controller of its own and a new random static address, not powered on yet.

        New on each call, because BlueZ keeps the services of an address that it knows.
        """
        controller = Controller(name, link=self.air)
        address = Address.generate_static_address()
        return controller, Device.with_hci(name, address, controller, AsyncPipeSink(controller))

    @asynccontextmanager
    async def treadmill(self, kind: str = "standard") -> AsyncIterator[SimulatedTreadmill]:
        """A simulated treadmill, advertising; it leaves the air at the end."""
        controller, device = self.device("Simulated treadmill")
        await device.power_on()
        treadmill = SimulatedTreadmill(
            self.air, controller, device, FtmsMachine(personality(kind), now=time.monotonic())
        )
        await treadmill.peripheral.start()
        try:
            yield treadmill
        finally:
            await treadmill.peripheral.stop()
            self.air.remove_controller(controller)

    @asynccontextmanager
    async def strap(self, traits: StrapTraits, speed_kmh: Callable[[float], float]) -> AsyncIterator[StrapOnAir]:
        """A simulated strap on the client, advertising; it leaves the air at the end."""
        controller, device = self.device(traits.name)
        await device.power_on()
        strap = StrapOnAir(device, SimulatedStrap(traits, speed_kmh, now=time.monotonic()))
        await strap.peripheral.start()
        try:
            yield strap
        finally:
            await strap.peripheral.stop()
            self.air.remove_controller(controller)


@asynccontextmanager
async def open_radio() -> AsyncIterator[Radio]:
    """Give the kernel a Bluetooth adapter, power it on and yield the air it is on. Raises TimeoutError."""
    radio = Radio()
    async with await open_transport("vhci") as transport:
        adapter = Controller("bluez", host_source=transport.source, host_sink=transport.sink, link=radio.air)
        # The kernel drives a controller with these through commands that Bumble's does not serve (google/bumble#841).
        adapter.le_features &= ~(LeFeatureMask.LL_PRIVACY | LeFeatureMask.LE_EXTENDED_ADVERTISING)
        adapter.public_address = Address("C0:FF:EE:00:00:01", Address.PUBLIC_DEVICE_ADDRESS)
        async with asyncio.timeout(POWER_ON_S):
            while not await _power_on():  # noqa: ASYNC110 - BlueZ tells by its answer alone
                await asyncio.sleep(0.5)
        yield radio


async def _power_on() -> bool:
    command = ("set-property", "org.bluez", ADAPTER, "org.bluez.Adapter1", "Powered", "b", "true")
    busctl = await asyncio.create_subprocess_exec(
        "busctl", "--system", *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await busctl.wait() == 0


def say(line: str) -> None:
    """Tell what happens, with the time; verdicts are the lines that begin with a brace."""
    sys.stdout.write(f"{time.monotonic():8.2f} {line}\n")
    sys.stdout.flush()


def fall_begins(machine: FtmsMachine, after: float) -> float:
    """When the belt itself first ran slower than a moment before; for machines asked about the past."""
    moments = (after + tick / 20 for tick in range(2400))
    return next(at for at in moments if machine.true_speed_kmh(at + 0.05) < machine.true_speed_kmh(at))


async def until(happened: Callable[[], bool], seconds: float, what: str) -> float:
    """Look every 20 ms whether it has happened; gives the time. Raises AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic()
