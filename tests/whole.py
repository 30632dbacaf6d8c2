"""The whole program but for its command line: real runner, real BLE adapter, real bleak, on any front end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rig import BELT, CLIENT

from retroctl.adapters.ble.treadmill import BleTreadmill
from retroctl.app.attendant import Attendant
from retroctl.app.clock import LoopClock
from retroctl.app.engine import Engine
from retroctl.app.reports import Kind, Report
from retroctl.app.runner import Runner
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Client, caps_for
from retroctl.domain.plan import Plan, ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import BaseBleakScanner

    from retroctl.app.clock import Clock
    from retroctl.app.ports import Speech
    from retroctl.app.result import Result
    from simulators.machine import FtmsMachine


@dataclass
class FrontEnd:
    """A simulated machine as a Bluetooth stack offers it."""

    machine: FtmsMachine
    device: BLEDevice
    client_backend: type[BaseBleakClient] | None
    scanner_backend: type[BaseBleakScanner] | None
    drop: Callable[[], None]


@dataclass
class Whole:
    """A run on a front end. `reports` holds everything it told."""

    front: FrontEnd
    clock: Clock = field(default_factory=LoopClock)
    top: float = 1.8
    hold_s: float = 60.0
    client: Client = CLIENT
    belt: BeltRange = BELT
    advance: Advance = Advance.AUTO
    attend: bool = True
    plan: Plan | None = None
    speech: Speech | None = None
    reports: list[Report] = field(default_factory=list)
    runner: Runner = field(init=False)
    _watchers: list[tuple[Callable[[Report], bool], asyncio.Event]] = field(default_factory=list)

    def __post_init__(self) -> None:
        treadmill = BleTreadmill(
            self.front.device,
            clock=self.clock,
            backend=self.front.client_backend,
            scanner=self.front.scanner_backend,
            jitter=lambda: 0.5,
        )
        self.runner = Runner(
            treadmill, self.clock, listeners=[self._take], exit_wait_s=15.0, attended=False, speech=self.speech
        )
        if self.attend:
            self.runner._listeners.append(Attendant(self.clock, self.runner.tell, alone=True))

    async def begin(self) -> None:
        await self.runner.connect()
        self.hand_over()

    def hand_over(self, wire: Wire = Wire.OPEN) -> None:
        """Make the engine and begin, once connected."""
        caps = caps_for(self.client, self.belt, qualified=True)
        plan = self.plan or ladder_plan(self.belt, caps, top=Speed.from_kmh(self.top), hold_s=self.hold_s)
        session = Session(plan, self.belt, caps, advance=self.advance, by_hand=wire is not Wire.OPEN)
        envelope = Envelope(
            self.belt,
            caps,
            raise_step(self.belt),
            hold_s=self.hold_s,
            hands_free=self.advance is Advance.AUTO,
            wire=wire,
        )
        self.runner.begin(Engine(session, envelope, began_at=self.runner.began_at))

    async def finish(self, *, within_s: float = 3600.0) -> Result:
        async with self.clock.timeout(within_s):
            return await self.runner.finish()

    async def run(self) -> Result:
        await self.begin()
        return await self.finish()

    async def until(self, wanted: Callable[[Report], bool], *, within_s: float = 600.0) -> None:
        """Wait until a report that is `wanted` comes, or has come."""
        if any(wanted(report) for report in self.reports):
            return
        seen = asyncio.Event()
        self._watchers.append((wanted, seen))
        async with self.clock.timeout(within_s):
            await seen.wait()

    async def until_state(self, state: str, target: float | None = None, *, within_s: float = 600.0) -> None:
        def wanted(report: Report) -> bool:
            same = report.kind is Kind.STATE and report.data["state"] == state
            return same and (target is None or report.data["target_kmh"] == target)

        await self.until(wanted, within_s=within_s)

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [report.data | {"t": report.t} for report in self.reports if report.kind is kind]

    @property
    def true_speed(self) -> float:
        return self.front.machine.true_speed_kmh(self.clock.now())

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for entry in self.front.machine.log if entry.characteristic == "2ad9"]

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        for wanted, seen in self._watchers:
            if wanted(report):
                seen.set()
