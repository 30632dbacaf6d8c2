"""The real runner on a `PortMachine`, in virtual time: links, stalls and clocks are the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from port_machine import PortMachine
from rig import BELT, CLIENT, answers

from retroctl.app.clock import LoopClock
from retroctl.app.engine import Engine
from retroctl.app.reports import Kind, Report
from retroctl.app.runner import Runner
from retroctl.domain import events as ev
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import caps_for
from retroctl.domain.plan import ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.domain.verdict import Wire
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.app.stillness import Stillness


class PortRun:
    """A run with a person at the keys."""

    def __init__(
        self,
        name: str = "standard",
        *,
        wire: Wire = Wire.OPEN,
        stillness: Stillness | None = None,
        attended: bool = True,
        advance: Advance = Advance.CONFIRM,
    ) -> None:
        self.clock = LoopClock()
        self.port = PortMachine(self.clock, name, control_point=wire is not Wire.CLOSED)
        self.reports: list[Report] = []
        self.wire, self.advance = wire, advance
        self.runner = Runner(
            self.port,
            self.clock,
            listeners=[self.reports.append],
            exit_wait_s=15.0,
            attended=attended,
            stillness=stillness,
            jitter=lambda: 0.5,
        )

    async def brief(self) -> PortRun:
        """Connected, and the belt seen at rest; nothing is armed."""
        await self.runner.connect()
        caps = caps_for(CLIENT, BELT, qualified=True)
        plan = ladder_plan(BELT, caps, top=Speed(180), hold_s=60.0)
        session = Session(plan, BELT, caps, advance=self.advance, by_hand=self.wire is not Wire.OPEN)
        hands_free = self.advance is Advance.AUTO
        gate = Envelope(BELT, caps, raise_step(BELT), hold_s=60.0, hands_free=hands_free, wire=self.wire)
        self.runner.begin(Engine(session, gate, began_at=self.runner.began_at))
        await self.until("briefing")
        return self

    async def hold(self) -> PortRun:
        """Up to the hold at the lowest speed."""
        await self.brief()
        for answer in answers():
            self.runner.tell(answer)
        self.runner.tell(ev.ArmRequested())
        self.runner.tell(ev.StartConfirmed(ev.StartKind.PROGRAM))
        if self.wire is not Wire.OPEN:
            self.port.machine.console_start(self.clock.now())
        await self.until("holding")
        return self

    async def until(self, *states: str, within_s: float = 60.0) -> None:
        async with self.clock.timeout(within_s):
            while self.state not in states:
                await self.clock.sleep(0.01)

    async def end(self) -> Any:
        async with self.clock.timeout(400.0):
            return await self.runner.finish()

    @property
    def state(self) -> str:
        assert self.runner.engine is not None
        return self.runner.engine.session.state.value

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return [report.data | {"t": report.t} for report in self.reports if report.kind is kind]

    def alarms(self) -> list[str]:
        return [alarm["id"] for alarm in self.of(Kind.ALARM)]

    def links(self) -> list[str]:
        return [link["link"] for link in self.of(Kind.LINK) if "link" in link]

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for entry in self.port.machine.log]

    @property
    def true_speed(self) -> float:
        return self.port.machine.true_speed_kmh(self.clock.now())
