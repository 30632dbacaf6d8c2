"""The choosing on surroundings made up for a test, or on the program's own with a simulated radio."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rig import BELT

from retroctl.adapters.plans import PlanRequest, read_plan
from retroctl.adapters.tui.choose.app import ChooseApp
from retroctl.adapters.tui.choose.ports import Choice, ClientRow, HeardMachine, Practice, Preview, Said
from retroctl.adapters.tui.painted import Painted
from retroctl.app.client_forms import ClientForms
from retroctl.app.client_given import FIELDS
from retroctl.cli.choosing import _kept_clients
from retroctl.cli.client_work import desk_of
from retroctl.domain.limits import Client, caps_for
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from textual.pilot import Pilot

ONE, TWO = "AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02"


def machine(address: str = ONE, rssi: int | None = -55, name: str = "Belt 1", **more: Any) -> HeardMachine:
    return HeardMachine(name, address, rssi, more.pop("says_treadmill", True), more.pop("remarks", ()))


@dataclass
class Made:
    """Surroundings in hand: `tell` is the air, `link` what a connected machine tells."""

    practice: Practice = field(default_factory=lambda: Practice("standard", BELT))
    listen_s: float = 60.0
    settle_s: float = 8.0
    nothing_heard: str = "most often a phone app holds it"
    forms: Any = None
    error: Exception | None = None
    said: Said | None = field(default_factory=lambda: Said(BELT, "1.00 to 16.00", control=True))
    rows: list[ClientRow] = field(
        default_factory=lambda: [
            ClientRow(None, "nobody named", "new", "at most 3.20 km/h"),
            ClientRow("demo", "demo", "practised", "at most 5.76 km/h", simulated_only=True),
        ]
    )
    files: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    tell: Callable[[HeardMachine], None] = lambda _machine: None
    speed: Callable[[Speed], None] = lambda _speed: None
    watched: list[Choice] = field(default_factory=list)

    def clients(self) -> list[ClientRow]:
        return self.rows

    def look_again(self) -> None:
        """The rows are made up."""

    def plan_files(self) -> list[str]:
        return self.files

    def preview(self, choice: Choice, belt: Any) -> Preview:
        caps = caps_for(Client(), belt or BELT, qualified=True)
        top = None if choice.top is None else Speed.parse(choice.top)
        request = PlanRequest(top=top, hold_s=float(choice.hold or 120))
        if choice.plan not in (None, "ladder"):
            request = read_plan(choice.plan)
        return Preview(request.build(belt or BELT, caps), caps, assumed=belt is None)

    async def listen(self, heard: Callable[[HeardMachine], None]) -> None:
        self.tell = heard
        try:
            if self.error is not None:
                raise self.error
            await asyncio.Event().wait()
        finally:
            self.ended.append("search")

    async def watch(self, choice: Choice, said: Any, measured: Any, over: asyncio.Event) -> None:
        self.watched.append(choice)
        try:
            if self.said is None:
                await asyncio.Event().wait()
            said(self.said)
            self.speed = measured
            await over.wait()
        finally:
            self.ended.append("link")


class Office(Made):
    """Clients as they are kept, in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(forms=ClientForms(desk_of(folder, FIELDS)))
        self.folder = folder
        self.look_again()

    def look_again(self) -> None:
        self.rows = [ClientRow(None, "nobody named", "new", "at most 3.20 km/h"), *_kept_clients(self.folder)]


class Chooser:
    """The application, its air, and its time: a second passes before each key."""

    def __init__(self, given: Choice | None = None, around: Any = None) -> None:
        self.around = around or Made()
        self.hand = 100.0
        self.app = ChooseApp(self.around, given or Choice(), now=lambda: self.hand)

    @asynccontextmanager
    async def open(self, width: int = 80, height: int = 24) -> AsyncIterator[Pilot[Choice]]:
        async with self.app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            try:
                yield pilot
            finally:
                self.app.exit(self.app.return_value)
                await self.app.let_go()
        if self.app.failure is not None:
            raise self.app.failure

    async def press(self, pilot: Pilot[Choice], *keys: str) -> None:
        for key in keys:
            self.hand += 1.0
            await pilot.press(key)
            await self.settle(pilot)

    async def settle(self, pilot: Pilot[Choice]) -> None:
        """Until nothing is being read or kept any more, and that is shown."""
        async with asyncio.timeout(20):
            await self.app.errands.settled()
        await pilot.pause()

    async def hear(self, pilot: Pilot[Choice], *machines: HeardMachine, seconds: float = 0.0) -> None:
        for each in machines:
            self.around.tell(each)
        self.hand += seconds
        self.app.draw()
        await pilot.pause()

    @property
    def page(self) -> str:
        return type(self.app.screen).__name__

    @property
    def said(self) -> str:
        """The text without its line breaks."""
        return " ".join(self.text.split())

    @property
    def text(self) -> str:
        return "\n".join(widget.shown for widget in self.app.screen.query(Painted) if widget.display)
