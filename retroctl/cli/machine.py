"""Which treadmill a command talks to: a simulated one in memory, or one found on the air."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.adapters.ble.lock import machine_lock
from retroctl.adapters.ble.scan import choose, find, scan
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.clock import LoopClock, ScaledClock
from retroctl.app.reports import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from retroctl.app.clock import Clock
    from retroctl.app.reports import Report
    from simulators.bleak_backend import SimulatedRadio
    from simulators.machine import FtmsMachine

SIM_ADDRESS = "C0:DE:00:00:00:01"
STANDARD = "standard"
"""The simulated machine that does what the specification says: it counts as qualified."""
EXIT_WAIT_SIM_S = 15.0
EXIT_WAIT_REAL_S = 30.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """A treadmill to talk to."""

    treadmill: BleTreadmill
    simulated: bool
    machine: FtmsMachine | None = None
    """The simulated machine itself: somebody must press its console where a belt is not commanded."""
    radio: SimulatedRadio | None = None
    """The simulated air, for a strap beside the machine."""

    @property
    def exit_wait_s(self) -> float:
        """How long a way out waits for the belt to rest."""
        return EXIT_WAIT_SIM_S if self.simulated else EXIT_WAIT_REAL_S


@contextmanager
def session_clock(speedup: float) -> Iterator[Clock]:
    """The clock of a run; a scaled one lets go of the loop at the end."""
    if speedup == 1:
        yield LoopClock()
        return
    scaled = ScaledClock(speedup)
    try:
        yield scaled
    finally:
        scaled.stop()


def sim_address(name: str) -> str:
    """The address of a simulated machine: each its own, so that each can have a profile."""
    if name == STANDARD:
        return SIM_ADDRESS
    return ":".join(["C0", "DE", *(f"{byte:02X}" for byte in zlib.crc32(name.encode()).to_bytes(4, "big"))])


def simulated(name: str, clock: Clock) -> Chosen:
    """A simulated treadmill, reached through the real Bluetooth library on a backend in memory."""
    from simulators.bleak_backend import SimulatedRadio  # noqa: PLC0415 - not needed for a real treadmill
    from simulators.machine import FtmsMachine  # noqa: PLC0415 - heavy
    from simulators.personality import personality  # noqa: PLC0415 - heavy

    radio = SimulatedRadio(clock)
    machine = FtmsMachine(personality(name), now=clock.now())
    device = radio.add(machine, address=sim_address(name))
    treadmill = BleTreadmill(device, clock=clock, backend=radio.client_backend, scanner=radio.scanner_backend)
    return Chosen(treadmill, simulated=True, machine=machine, radio=radio)


def at_console(chosen: Chosen, clock: Clock) -> Callable[[Report], None] | None:
    """A listener that presses on the simulated console what is called out; None for a real treadmill."""
    if chosen.machine is None:
        return None
    from simulators.person import PersonAtConsole  # noqa: PLC0415 - not needed for a real treadmill

    person = PersonAtConsole(chosen.machine, clock.now, clock.call_at)

    def hear(report: Report) -> None:
        if report.kind is Kind.CALLOUT:
            person.hear(report.data["name"], report.data.get("target_kmh"))

    return hear


async def on_air(address: str | None, seconds: float, clock: Clock) -> Chosen:
    """The one treadmill in range, or the one named. Raises TreadmillNotFound with the way out, TreadmillError."""
    if address is not None:
        found = await find(address, seconds, clock=clock)
    else:
        found = choose(await scan(seconds, clock=clock), None)
    return Chosen(BleTreadmill(found.device, clock=clock), simulated=False)


@contextmanager
def held(chosen: Chosen, data_dir: Path) -> Iterator[None]:
    """Hold the machine against a second controller on this computer; each simulated one is its own."""
    if chosen.simulated:
        yield
        return
    with machine_lock(chosen.treadmill.address, chosen.treadmill.name, folder=data_dir / "locks"):
        yield
