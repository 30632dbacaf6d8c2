"""The simulated treadmill on a real Bluetooth adapter, or beside a computer's own stack, through Bumble.

Bumble is imported only here and only when it is needed: it is the extra `radio`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from retroctl.errors import ConfigError, needs_extra

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from bumble.device import Device

    from simulators.air import Air
    from simulators.bumble_peripheral import Peripheral
    from simulators.machine import FtmsMachine
    from simulators.pump import Clock

__all__ = ["VirtualAdapter", "serve", "virtual_adapter"]

_OPEN_WITHIN_S = 20.0
"""An adapter that does not answer its first commands in this time will not answer later."""


def random_static_address() -> str:
    """Make a random static address (Core Specification, Vol 6 Part B, 1.3.2.1): its two highest bits are set."""
    octets = bytearray(secrets.token_bytes(6))
    octets[0] |= 0xC0
    return octets.hex(":").upper()


async def serve(
    machine: FtmsMachine,
    transport: str,
    *,
    clock: Clock,
    name: str | None = None,
    address: str | None = None,
    report: Callable[[str], None],
) -> None:
    """Put `machine` on the air through `transport` until cancelled or the transport ends.

    `transport` is Bumble's: `usb:0`, `serial:/dev/ttyACM0`, `tcp-client:HOST:PORT`, `hci-socket:0`. With `vhci` the
    kernel of this computer gets a virtual adapter that hears the machine. A fresh random static address is used
    when none is given, because Bluetooth stacks remember the services of an address.
    Raises ConfigError when Bumble is missing or the transport cannot be opened.
    """
    _need_bumble()
    where = address or random_static_address()
    if transport.partition(":")[0] == "vhci":
        async with virtual_adapter(transport, clock=clock, report=report) as adapter:
            await adapter.add(machine, name=name, address=where)
            await asyncio.get_running_loop().create_future()
        return
    from bumble import hci  # noqa: PLC0415 - an extra
    from bumble.device import Device  # noqa: PLC0415 - heavy

    async with _opened(transport) as (source, sink):
        shown = machine.traits.name if name is None else name
        device = Device.with_hci(shown, hci.Address(where, hci.Address.RANDOM_DEVICE_ADDRESS), source, sink)
        with _adapter_errors(transport):
            async with asyncio.timeout(_OPEN_WITHIN_S):
                await device.power_on()
        await _on(device, machine, clock, name=shown, report=report, until=source.terminated)


async def _on(
    device: Device,
    machine: FtmsMachine,
    clock: Clock,
    *,
    name: str,
    report: Callable[[str], None],
    until: asyncio.Future[None],
) -> None:
    from simulators.bumble_peripheral import Peripheral  # noqa: PLC0415 - needs the extra

    peripheral = Peripheral(machine, device, clock, name=name, report=report)
    await peripheral.start()
    try:
        await asyncio.shield(until)
        report("the adapter is gone")
    finally:
        peripheral.close()
        if not until.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_OPEN_WITHIN_S):
                    await peripheral.stop()


class VirtualAdapter:
    """An adapter that this computer's kernel believes to have, and the machines that it hears."""

    def __init__(self, air: Air, clock: Clock, report: Callable[[str], None]) -> None:
        self.air = air
        self._clock = clock
        self._report = report
        self._peripherals: list[Peripheral] = []

    def close(self) -> None:
        """Let go of the machines."""
        for peripheral in self._peripherals:
            peripheral.close()

    async def add(self, machine: FtmsMachine, *, name: str | None = None, address: str) -> None:
        """Put a machine beside the adapter."""
        from simulators.air import device_on  # noqa: PLC0415 - needs the extra
        from simulators.bumble_peripheral import Peripheral  # noqa: PLC0415 - needs the extra

        shown = machine.traits.name if name is None else name
        device, _ = await device_on(self.air, address, shown)
        peripheral = Peripheral(machine, device, self._clock, name=shown, report=self._report)
        self._peripherals.append(peripheral)
        await peripheral.start()


@asynccontextmanager
async def virtual_adapter(
    transport: str = "vhci", *, clock: Clock, report: Callable[[str], None]
) -> AsyncIterator[VirtualAdapter]:
    """Give this computer's kernel a virtual adapter (Linux, `hci_vhci`, needs root).

    The event loop is the adapter: it must keep turning for the kernel's commands to be answered.
    Raises ConfigError when Bumble is missing or the device cannot be opened.
    """
    _need_bumble()
    from bumble import hci  # noqa: PLC0415 - an extra
    from bumble.controller import Controller  # noqa: PLC0415 - heavy

    from simulators.air import Air  # noqa: PLC0415 - heavy

    async with _opened(transport) as (source, sink):
        air = Air()
        adapter = Controller("adapter", host_source=source, host_sink=sink, link=air)
        # BlueZ would use both as soon as they are announced, and Bumble's controller only half knows them.
        adapter.le_features &= ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING)
        virtual = VirtualAdapter(air, clock, report)
        try:
            yield virtual
        finally:
            virtual.close()


@asynccontextmanager
async def _opened(transport: str) -> AsyncIterator[tuple[Any, Any]]:
    from bumble.transport import open_transport  # noqa: PLC0415 - an extra

    with _adapter_errors(transport):
        async with asyncio.timeout(_OPEN_WITHIN_S):
            opened = await open_transport(transport)
    try:
        yield opened.source, opened.sink
    finally:
        await opened.close()


@contextlib.contextmanager
def _adapter_errors(transport: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise ConfigError(f"the Bluetooth adapter {transport!r} does not answer") from error
    except Exception as error:  # each kind of transport is another library with errors of its own
        reason = str(error) or type(error).__name__
        raise ConfigError(f"the Bluetooth adapter {transport!r} cannot be opened: {reason}") from error


def _need_bumble() -> None:
    try:
        import bumble.device  # noqa: F401, PLC0415 - the question is whether it can be imported
    except ImportError as error:
        raise ConfigError(f"a simulated treadmill on the air needs {needs_extra('radio')}") from error
