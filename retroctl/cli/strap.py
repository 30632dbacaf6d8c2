"""Which strap a session listens to, if any: chosen, remembered with the client, or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.adapters.ble.strap import BleStrap
from retroctl.app.reports import Kind
from retroctl.app.strap import StrapKeeper
from retroctl.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.reports import Report
    from retroctl.app.runner import Runner
    from retroctl.cli.machine import Chosen
    from retroctl.cli.options import RunOptions

AUTO: Final = "auto"
NONE: Final = "none"
LONGEST_ADDRESS: Final = 64
SIM_STRAP_ADDRESS: Final = "C0:DE:00:00:00:5A"


@dataclass(frozen=True, slots=True)
class StrapChoice:
    """The strap of a session. `address`: None for the only one in range; `sim`: the name of a simulated one."""

    address: str | None = None
    sim: str | None = None

    @property
    def words(self) -> str:
        """For the introduction."""
        if self.sim is not None:
            return f"simulated, {self.sim}"
        return "the only one in range" if self.address is None else self.address


def strap_choice(
    strap: str | None, sim_strap: str | None, *, sim: str | None, remembered: str | None
) -> StrapChoice | None:
    """What was asked for; None for no strap. `remembered` is the client's last one. Raises ConfigError."""
    if sim_strap is not None:
        from simulators.heart import strap_traits  # noqa: PLC0415 - only for the simulated treadmill

        if sim is None:
            raise ConfigError("--sim-strap is for the simulated treadmill: add --sim standard, or use --strap")
        if strap is not None:
            raise ConfigError("--strap and --sim-strap exclude each other")
        strap_traits(sim_strap)
        return StrapChoice(sim=sim_strap)
    if strap is None:
        return StrapChoice(remembered) if remembered is not None and sim is None else None
    wanted = strap.strip()
    if wanted == NONE:
        return None
    if sim is not None:
        raise ConfigError("--strap is for a real treadmill; with --sim use --sim-strap steady")
    if wanted == AUTO:
        return StrapChoice()
    if not wanted or len(wanted) > LONGEST_ADDRESS or not wanted.isascii() or not wanted.isprintable():
        raise ConfigError(
            f"--strap {strap[:LONGEST_ADDRESS]!r}: give an address as `retroctl scan --straps` shows it, auto, or none"
        )
    return StrapChoice(wanted)


def strap_keeper(
    options: RunOptions, chosen: Chosen, runner: Runner, clock: Clock, listeners: list[Callable[[Report], None]]
) -> StrapKeeper | None:
    """The keeper of the session's strap, listening to the run; None without a strap."""
    choice = options.strap
    if choice is None:
        return None

    def remark(text: str) -> None:
        runner.report(Kind.LINK, {"strap": text})

    keeper = StrapKeeper(_strap(choice, chosen, clock, options.settings.scan_s), clock,
                         frame=runner.heart_rate, remark=remark)  # fmt: skip
    listeners.append(keeper)
    return keeper


def _strap(choice: StrapChoice, chosen: Chosen, clock: Clock, scan_s: float) -> BleStrap:
    radio, machine = chosen.radio, chosen.machine
    if choice.sim is None or radio is None or machine is None:
        return BleStrap(choice.address, clock=clock, scan_s=scan_s)
    from simulators.heart import SimulatedStrap, strap_traits  # noqa: PLC0415 - not needed for a real one

    on_client = SimulatedStrap(strap_traits(choice.sim), machine.true_speed_kmh, now=clock.now())
    radio.add(on_client, address=SIM_STRAP_ADDRESS)
    return BleStrap(
        SIM_STRAP_ADDRESS, clock=clock, scan_s=scan_s, backend=radio.client_backend, scanner=radio.scanner_backend
    )


def remember_strap(options: RunOptions, address: str | None) -> str | None:
    """Keep with the client where the strap was found; says why that failed, and None when all is well."""
    choice, client_id = options.strap, options.client_id
    if choice is None or choice.sim is not None or client_id is None or address is None:
        return None
    from retroctl.adapters.clients.straps import StrapBook  # noqa: PLC0415 - only where a client is named

    try:
        StrapBook(options.settings.data_dir).remember(client_id, address)
    except (ConfigError, JournalError) as error:
        return str(error)
    return None
