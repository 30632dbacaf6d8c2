"""The trainer's screen on a session in virtual time: the screen is real, the belt moves only when a test says so."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from rig import BELT, CLIENT, Rig

from retroctl.adapters.tui.app import TrainerApp
from retroctl.adapters.tui.controls import Controls
from retroctl.adapters.tui.facts import Facts, Machine
from retroctl.adapters.tui.feed import Feed
from retroctl.adapters.tui.painted import Painted
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import snapshot
from retroctl.config import TAGS
from retroctl.domain import events as ev
from retroctl.domain.limits import caps_for
from retroctl.domain.session import Advance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from textual.pilot import Pilot

    from retroctl.app.afterwards import After

NAME = "Belt 1"
BRIEFING = ("y", "y", "1", "y", "y", "y", "4")


class _Told(list[Report]):
    """The rig keeps reports in a list; whoever listens hears of each as it is kept."""

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed

    def append(self, report: Report) -> None:
        super().append(report)
        self._feed(report)


class Desk:
    """A rig and the trainer's screen on it. `stops` and `left` hold what the screen asked for."""

    def __init__(self, name: str = "standard", *, machine: str = NAME, clock: Any = None, **asked: Any) -> None:
        asked.setdefault("advance", Advance.CONFIRM)
        self.rig = Rig(name, **asked)
        self.feed = Feed()
        before, self.rig.reports = self.rig.reports, _Told(self.feed)
        for report in before:
            self.rig.reports.append(report)
        self.stops: list[str] = []
        self.left: list[str] = []
        self.told: list[ev.Event] = []
        self.kept: list[After] = []
        self.broken_record: str | None = None
        """Why nothing is kept; None while all is well."""
        controls = Controls(
            self.tell,
            self.stop,
            self.left.append,
            lambda: snapshot(self.rig.engine, self.rig.now),
            lambda: self.rig.now,
            self.keep,
        )
        self.hand = 0.0
        """Real seconds as the screen knows them: one passes before each key, so that none is a key held down."""
        self.app = TrainerApp(controls, Machine(machine, "C0:DE:00:00:00:01", True), self.feed, real_now=self._real_now)
        self.app.plan(Facts(self.rig.plan, caps_for(CLIENT, BELT, qualified=True), asked["advance"], tags=TAGS))

    def _real_now(self) -> float:
        return self.hand

    def keep(self, said: After, told: Callable[[str | None], None]) -> None:
        if self.broken_record is None:
            self.kept.append(said)
        told(self.broken_record)

    def tell(self, event: ev.Event) -> None:
        self.told.append(event)
        self.rig.tell(event)

    def stop(self, source: str) -> None:
        self.stops.append(source)
        self.rig.tell(ev.StopRequested(source))

    @asynccontextmanager
    async def open(self, width: int = 80, height: int = 24) -> AsyncIterator[Pilot[None]]:
        async with self.app.run_test(size=(width, height)) as pilot:
            await pilot.pause()
            yield pilot

    async def press(self, pilot: Pilot[None], *keys: str) -> None:
        for key in keys:
            self.hand += 1.0
            await pilot.press(key)
        await pilot.pause()

    async def pass_time(self, pilot: Pilot[None], seconds: float) -> None:
        self.rig.run_for(seconds)
        self.app.draw()
        await pilot.pause()

    async def brief(self, pilot: Pilot[None]) -> None:
        self.rig.run_until(lambda: self.rig.state == "briefing", limit_s=10)
        await pilot.pause()
        await self.press(pilot, *BRIEFING, "enter")
        assert self.rig.state == "armed"

    async def hold(self, pilot: Pilot[None]) -> None:
        """Briefing, start, first hold, all by keys."""
        await self.brief(pilot)
        await self.press(pilot, "p", "enter")
        self.rig.run_until(lambda: self.rig.state == "holding", limit_s=60)
        self.app.draw()
        await pilot.pause()

    async def held(self, pilot: Pilot[None]) -> None:
        """The first hold runs, and the screen was not asked for any of it."""
        self.rig.start_and_hold(1.0)
        await pilot.pause()
        self.app.draw()

    async def end(self, pilot: Pilot[None]) -> None:
        """The belt is at rest, and the summary stands there."""
        self.rig.run_for(20)
        self.feed(Report(self.rig.now, Kind.SUMMARY, {"held": [], "belt_at_rest": True}))
        self.app.finish("stopped by a key", "the belt is at rest (measured)")
        await pilot.pause()
        await pilot.pause()

    async def ready(self, pilot: Pilot[None]) -> None:
        """The first hold is served."""
        await self.hold(pilot)
        self.rig.run_until(lambda: self.rig.state == "ready", limit_s=90)
        await pilot.pause()

    @property
    def written(self) -> list[str]:
        return self.rig.written

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return self.rig.of(kind)

    @property
    def text(self) -> str:
        """Everything on the present screen."""
        return "\n".join(widget.shown for widget in self.app.screen.query(Painted) if widget.display)

    def pages(self) -> Iterator[str]:
        return (type(screen).__name__ for screen in self.app.screen_stack)
