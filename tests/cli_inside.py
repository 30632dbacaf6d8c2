"""`retroctl run` in this process, in virtual time, with the simulated machine in hand: its true speed, its log.

Everything is the program's own but the radio, the clock and the signal handlers; `leave` is what a signal would call.
"""

from __future__ import annotations

import asyncio
import functools
import json
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from retroctl.adapters.ble import scan as scan_module
from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.adapters.console.jsonl import JsonLines
from retroctl.adapters.console.output import Output
from retroctl.adapters.journal import read
from retroctl.app.clock import LoopClock
from retroctl.cli import front, machine, session, ways_out
from retroctl.cli.machine import SIM_ADDRESS, Chosen
from retroctl.cli.options import RunOptions
from retroctl.errors import RetroctlError
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.personality import personality

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from retroctl.app.clock import Clock
    from retroctl.app.reports import Report
    from simulators.personality import Personality

SHORT = {"top": "1.8", "hold": "60"}
_NOTHING: dict[str, Any] = dict.fromkeys(
    ("sim", "address", "client", "plan", "top", "hold", "advance", "speed_range"), None
)


class Inside:
    """One run. `hook` sees every report after it was printed; what it raises is a listener that crashed."""

    def __init__(self, patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], folder: Any) -> None:
        self.capfd, self.folder = capfd, folder
        self.machines: list[FtmsMachine] = []
        self.personality: Personality = personality("standard")
        self.others: list[Personality] = []
        self.powered = True
        self.hook: Callable[[Report], None] = lambda report: None
        self.leave: Callable[[str], None] = lambda name: None
        self.clock: Clock
        self.radio: SimulatedRadio
        self.error: RetroctlError | None = None
        self.status: int | None = None
        self.out = self.err = ""
        patch.setenv("RETROCTL_DATA_DIR", str(folder))
        patch.setattr(session, "simulated", self._simulated)
        patch.setattr(session, "session_clock", lambda _factor: nullcontext(self._clock()))
        patch.setattr(session, "_stillness", lambda _options: None)  # a virtual loop does not stand still
        patch.setattr(session, "_imports_uncollected", nullcontext)  # what it thaws again, the tests keep frozen
        patch.setattr(front, "ways_out", self._ways_out)
        patch.setattr(ways_out, "ways_out", self._ways_out)
        patch.setattr(front, "keys", lambda *_: nullcontext())
        patch.setattr(session, "power_watched", lambda *_: nullcontext())  # its threads know real time only
        patch.setattr(machine, "scan", self._scan)
        patch.setattr(machine, "find", self._find)
        inside = self

        class Hooked(JsonLines):
            def __call__(self, report: Report) -> None:
                super().__call__(report)
                inside.hook(report)

        patch.setattr(front, "JsonLines", Hooked)

    async def run(self, *, terminal: bool = False, **asked: Any) -> int | None:
        """Run to the end; gives the status, or keeps the error that ended it before a session."""
        given = {"sim": "standard", "yes": not terminal, "jsonl": True, "speedup": "1", **SHORT, **asked}
        whole = {**_NOTHING, "plain": False, "coarse": False, **given, "terminal": terminal}
        options = RunOptions.checked(**whole)
        errors = Output(2, lambda: None)
        try:
            self.status = await session._run(options, errors)
        except RetroctlError as error:
            self.error = error
        finally:
            errors.close()
            captured = self.capfd.readouterr()
            self.out, self.err = captured.out, captured.err
        return self.status

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        assert self.lines[-1]["type"] == "summary"
        return self.lines[-1]

    @property
    def machine(self) -> FtmsMachine:
        return self.machines[0]

    @property
    def true_speed(self) -> float:
        return self.machine.true_speed_kmh(self.clock.now())

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for each in self.machines for entry in each.log if entry.characteristic == "2ad9"]

    @property
    def record(self) -> read.SessionRecord:
        file = self.folder / "records.sqlite3"
        record = read.session(file, read.sessions(file)[0].id)
        assert read.verify(record) == ()
        return record

    def soon(self, call: Callable[[], None]) -> None:
        """As a signal would: on the loop's next turn."""
        asyncio.get_running_loop().call_soon(call)

    def _clock(self) -> Clock:
        self.clock = LoopClock()
        self.radio = SimulatedRadio(self.clock)
        self.radio.powered = self.powered
        return self.clock

    def _simulated(self, _name: str, clock: Clock) -> Chosen:
        self._put_on_air()
        device = self.radio.stations[SIM_ADDRESS].device
        treadmill = BleTreadmill(
            device, clock=clock, backend=self.radio.client_backend, scanner=self.radio.scanner_backend
        )
        return Chosen(treadmill, simulated=True, machine=self.machine, radio=self.radio)

    def _put_on_air(self) -> None:
        for number, each in enumerate((self.personality, *self.others), 1):
            made = FtmsMachine(each, now=self.clock.now())
            self.machines.append(made)
            self.radio.add(made, address=f"{SIM_ADDRESS[:-1]}{number}", name=f"Belt {number}")

    async def _scan(self, seconds: float, *, clock: Clock) -> Any:
        self._put_on_air()
        return await scan_module.scan(seconds, clock=clock, backend=self.radio.scanner_backend)

    async def _find(self, address: str, seconds: float, *, clock: Clock) -> Any:
        self._put_on_air()
        return await scan_module.find(address, seconds, clock=clock, backend=self.radio.scanner_backend)

    @contextmanager
    def _ways_out(self, leave: Callable[[str], None]) -> Iterator[None]:
        self.leave = leave
        yield


def once(wanted: Callable[[Report], bool], act: Callable[[], Any]) -> Callable[[Report], None]:
    """A hook that acts at the first report that is `wanted`."""
    done: list[bool] = []

    def hook(report: Report) -> None:
        if not done and wanted(report):
            done.append(True)
            act()

    return hook


def in_state(name: str, report: Report) -> bool:
    return report.kind == "state" and report.data["state"] == name


def entering(name: str) -> Callable[[Report], bool]:
    return functools.partial(in_state, name)
