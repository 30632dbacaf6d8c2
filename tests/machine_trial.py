"""One ladder without a trainer on any machine: the whole program but its command line, and the belt's own verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from belt_judge import BeltJudge
from whole import FrontEnd, Whole

from retroctl.app.clock import LoopClock
from retroctl.app.reports import Kind
from retroctl.cli.session import announced_range
from retroctl.domain.limits import Client, Level, caps_for
from retroctl.domain.plan import ladder_plan
from retroctl.domain.verdict import Wire
from retroctl.errors import RetroctlError
from retroctl.units import Speed
from simulators.bleak_backend import SimulatedRadio
from simulators.machine import FtmsMachine
from simulators.person import PersonAtConsole

if TYPE_CHECKING:
    from retroctl.app.reports import Report
    from simulators.personality import Personality

ADDRESS = "C0:DE:00:00:00:01"
CLIENT = Client(Level.NOVICE, comfortable_forward=Speed(800))


class Trial(Whole):
    """Uses the range that the machine announces, as the program does. `status` is the exit status it would end with."""

    def __init__(self, kind: Personality, *, top: float = 2.6) -> None:
        clock = LoopClock()
        radio = SimulatedRadio(clock)
        self.machine = FtmsMachine(kind, now=clock.now())
        device = radio.add(self.machine, address=ADDRESS)
        front = FrontEnd(self.machine, device, radio.client_backend, radio.scanner_backend, lambda: radio.drop(ADDRESS))
        super().__init__(front, clock=clock, top=top, client=CLIENT)
        self.began, self.status, self.reason, self.claims_rest = clock.now(), 0, "", False
        self.ended = self.began
        self.person: PersonAtConsole | None = None
        """Who presses what is called out, where the machine takes no commands."""

    async def run(self) -> Any:
        try:
            info = await self.runner.connect()
            self.belt = announced_range(info)
            caps = caps_for(self.client, self.belt, qualified=True)
            self.plan = ladder_plan(
                self.belt, caps, top=Speed.from_kmh(min(self.top, self.belt.maximum.kmh)), hold_s=60.0
            )
        except RetroctlError as error:
            self.status, self.reason = 3, str(error)
            await self.runner.abandon()
            self.ended = self.clock.now()
            return None
        if info.has_control_point:
            self.hand_over()
        else:
            self.person = PersonAtConsole(self.machine, self.clock.now, self.clock.call_at)
            self.runner._listeners.append(self._call)
            self.hand_over(Wire.CLOSED)
        result = await self.finish(within_s=3000.0)
        self.status, self.reason, self.claims_rest = int(result.status), result.reason, result.belt_at_rest
        self.ended = self.clock.now()
        return result

    def _call(self, report: Report) -> None:
        if report.kind is Kind.CALLOUT:
            self.person.hear(report.data["name"], report.data.get("target_kmh"))

    def faults(self) -> list[str]:
        """What the belt's judge finds, and a status that does not fit."""
        cap = caps_for(self.client, self.belt, qualified=True).backward.kmh
        pressed = "console" in self.machine.personality.name or "takeover" in self.machine.personality.name
        pressed = pressed or self.person is not None
        judge = BeltJudge(self.machine, cap, self.began, self.ended, self.belt.increment.kmh, others_press=pressed)
        found = judge.faults(claims_rest=self.claims_rest)
        if self.status == 1:
            found.append(f"an internal error: {self.reason}")
        if self.status == 0 and not self.claims_rest:
            found.append("status 0 without rest")
        if self.status == 3 and self.written:
            found.append(f"not usable, and written to: {self.written}")
        return found

    @property
    def outcome(self) -> str:
        """In the words of a personality."""
        if self.status != 0:
            return {3: "refused", 4: "not confirmed"}.get(self.status, "internal error")
        tops = [held["target_kmh"] for held in self.of(Kind.HELD) if held["seconds"] >= 60]
        if tops and max(tops) == pytest.approx(self.plan.stages[-1].target.kmh):
            return "ladder"
        eased = any(report.data["state"] == "easing_down" for report in self.reports if report.kind is Kind.STATE)
        return "held" if eased else "stopped"

    @property
    def shown(self) -> str:
        """All that the trainer was told."""
        kinds = (Kind.CALLOUT, Kind.ALARM, Kind.REFUSAL, Kind.CUE, Kind.STOP, Kind.LINK)
        texts = [" ".join(map(str, report.data.values())) for report in self.reports if report.kind in kinds]
        return "\n".join([*texts, self.reason])

    def alarm_ids(self) -> list[str]:
        return sorted({alarm["id"] for alarm in self.of(Kind.ALARM)})
