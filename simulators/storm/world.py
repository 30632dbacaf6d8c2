"""One story lived through: the real session, gate, procedure and belief on a simulated machine, in virtual time.

It moves from one thing that happens to the next, so nothing waits; every frame is delivered, and the judge sees it.
"""

from __future__ import annotations

import heapq
import itertools
import math
from functools import partial
from typing import TYPE_CHECKING, Final

from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce, AnnouncementWithdrawn, Ended
from retroctl.ftms.procedure import Write
from simulators.heart import SimulatedStrap, strap_traits
from simulators.person import PersonAtConsole
from simulators.storm.people import People
from simulators.storm.scene import Scene, Told
from simulators.storm.setting import Refused, setting

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.domain.session import Session
    from simulators.faults import Emission
    from simulators.storm.story import Story

END_S: Final = 40.0
"""After the way out is taken, the world goes on so long at most."""
RECONNECT_S: Final = 3.8
"""Dropping a link and making it again takes so long."""
WRITE_S: Final = 0.02


class World(Scene):
    """A session, a machine, people. `live` runs it to the end; the judge's Violation passes through."""

    def __init__(self, story: Story) -> None:
        """Raises Refused where no session can be made of the story."""
        made = setting(story)
        super().__init__(story, made)
        self.now = 0.0
        self.engine = Engine(made.session, made.envelope, began_at=0.0)
        self.people = People(self)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._on_link: set[int] = set()
        """Numbers of what is on its way over this link, and does not arrive once it is gone."""
        self._order = itertools.count()
        self._ended = False
        self._deadline: float = math.inf
        if story.strap:
            self.strap = SimulatedStrap(strap_traits(story.strap), self.machine.true_speed_kmh, seed=story.seed)
            self.strap.connect(0.0)
            self.strap.subscribe("2a37", 0.0)
            self._at(self.strap.next_event(0.0), self._heart)
        if made.judge.called:
            self.console = PersonAtConsole(self.machine, self.time, self._at)

    def live(self) -> Told:
        """From connecting to the end."""
        story, machine, later, judge = self.story, self.machine, self._later, self.judge
        self._subscribe()
        self.tell(ev.Connected())
        for act in story.acts:
            self._at(act.at, partial(self.people.act, act))
        self._at(story.look_s, self.people.look)
        last = story.acts[-1].at + END_S if story.acts else END_S
        while True:
            now, of_machine = self.now, machine.next_event(self.now)
            at = min(of_machine, self._deadline, later[0][0] if later else math.inf)
            # Whoever has left waits for rest so long at most, as the program does.
            if at > last or at > self.left_at + END_S:
                break
            if at > now:
                self.now = now = at
            judge.belt(machine.true_speed_kmh(now) * 100, now)
            if of_machine <= now:
                for emission in machine.advance(now):
                    self._emitted(emission)
            while later and later[0][0] <= now:
                heapq.heappop(later)[2]()
            if self._deadline <= now:
                self._take(self.engine.tick(now))
            # As the program does: it is over once the session says so and no stop is under way.
            if self._ended and self.judge.state != "stopping" and not self.people.begins_anew():
                break
        return self.end()

    @property
    def session(self) -> Session:
        """The session."""
        return self.engine.session

    # -- time ------------------------------------------------------------------------------------------------------

    def time(self) -> float:
        """Session seconds."""
        return self.now

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something so much later."""
        self._at(self.now + seconds, call)

    def _emitted(self, emission: Emission) -> None:
        if emission.kind == "disconnect":
            if self.link_up:
                self.lose_link(RECONNECT_S)
            return
        if not self.link_up:
            return
        characteristic, data, now = emission.characteristic, emission.data, self.now
        self.heard(characteristic, data, now)
        self._take(self.engine.frame(characteristic, data, now))

    def _at(self, when: float, call: Callable[[], None], *, over_link: bool = False) -> None:
        number = next(self._order)
        if over_link:
            self._on_link.add(number)
            heapq.heappush(self._later, (when, number, lambda: self._over_link(number, call)))
        else:
            heapq.heappush(self._later, (when, number, call))

    def _over_link(self, number: int, call: Callable[[], None]) -> None:
        if number in self._on_link:
            self._on_link.discard(number)
            call()

    def _heart(self) -> None:
        if self.strap is None:
            return
        for emission in self.strap.advance(self.now):
            self.beat(emission, self.now)
            self._take(self.engine.frame("2a37", emission.data, self.now))
        self._at(self.strap.next_event(self.now), self._heart)

    # -- the program -----------------------------------------------------------------------------------------------

    def tell(self, event: ev.Event) -> None:
        """Something happened to the program."""
        self._take(self.engine.handle(event, self.now))

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Report):
                if output.kind is not Kind.TELEMETRY:
                    self.reported(output)
            elif isinstance(output, Write):
                self._write(output.token, output.payload)
            elif isinstance(output, Announce):
                self.judge.announced(output.number)
                self.later(output.seconds, partial(self._announced, output.number))
            elif isinstance(output, AnnouncementWithdrawn):
                self.judge.announced(None)
            elif isinstance(output, DropLink):
                if self.link_up:
                    self.lose_link(RECONNECT_S)
            elif isinstance(output, Ended):
                self._ended = True
        deadline = self.engine.next_deadline()
        self._deadline = math.inf if deadline is None else deadline

    def begun_anew(self) -> None:
        """The trainer goes on with the session that had ended."""
        self._ended = False

    def _announced(self, number: int) -> None:
        self.judge.announcement_over(number, self.now)
        self.tell(ev.AnnouncementFinished(number))

    def _write(self, token: int, payload: bytes) -> None:
        self.told.writes += 1
        if not self.link_up:
            self._at(self.now, lambda: self._returned(token, lost=True))
            return
        self.judge.wrote(payload, self.now, true=self.true())
        self.judge.sent()
        result = self.machine.write("2ad9", payload, self.now)
        if not math.isinf(result.after_s):
            back = self.now + max(WRITE_S, result.after_s)
            self._at(back, lambda: self._returned(token, error=result.error), over_link=True)

    def _returned(self, token: int, *, error: int | None = None, lost: bool = False) -> None:
        self.judge.returned(self.now, refused=error is not None)
        self._take(self.engine.write_returned(token, self.now, error=error, lost=lost))

    # -- the link --------------------------------------------------------------------------------------------------

    def _subscribe(self) -> None:
        for characteristic in ("2ad9", "2acd", "2ada"):
            self.machine.subscribe(characteristic, self.now)

    def lose_link(self, away_s: float) -> None:
        """The link is gone, and made again as soon as the machine is found, `away_s` later at the earliest."""
        self.link_up = False
        self._on_link.clear()
        self.machine.disconnect(self.now)
        self.judge.link_lost(self.now)
        self._take(self.engine.link_dropped(self.now))
        self.later(away_s, self._restore_link)

    def _restore_link(self) -> None:
        if self.link_up:
            return
        if not self.machine.advertises(self.now):
            self.later(0.5, self._restore_link)
            return
        self.machine.connect(self.now)
        self._subscribe()
        self.link_up = True
        self.judge.link_back(self.now)
        urgent = self.engine.urgent(self.now)
        if urgent is not None:
            self.told.writes += 1
            self.judge.wrote(urgent, self.now, true=self.true())
            self.machine.write("2ad9", urgent, self.now)
        self.tell(ev.LinkRestored())


def lived(story: Story) -> Told | None:
    """What came of the story; None where no session can be made of it."""
    try:
        world = World(story)
    except Refused:
        return None
    return world.live()
