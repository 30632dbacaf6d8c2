"""A floor with a club of machines on it, for its screen and its page."""

from __future__ import annotations

import itertools

from retroctl.app.floor import Floor
from retroctl.app.floor_news import AckNews, Alarm, Answer, Origin, Presence, StateNews, StatusNews
from retroctl.units import Speed

UTC = 1_790_000_000.0
NASTY = "[bold red]x[/] \x1b[31m\u202eevil\u2066 \U0001f3c3\u0301 \r\n\t" + "w" * 10_000


class Club:
    """Machines that speak; `now` moves only when a test says so."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        self.floor = Floor(lambda: f"stop-{next(numbers)}")
        self.now = 1000.0
        self.floor.linked(self.now)
        self._seqs = itertools.count(1)
        self.taken = True
        self.asked: list[tuple[str, str]] = []
        """Machine and id of each Stop that was to be sent."""

    def origin(self, machine):
        return Origin(machine, "a" * 32, next(self._seqs), UTC + self.now)

    def state(self, machine, state="holding", kmh=2.6, target=None, **more):
        measured = None if kmh is None else Speed.from_kmh(kmh)
        aim = measured if target is None else Speed.from_kmh(target)
        self.hear(StateNews(self.origin(machine), state, measured=measured, target=aim, **more))

    def status(self, machine, presence):
        self.hear(StatusNews(self.origin(machine), presence))

    def ack(self, machine, answer, reason=""):
        stop_id = next(stop_id for name, stop_id in reversed(self.asked) if name == machine)
        self.hear(AckNews(machine, stop_id, answer, reason))

    def hear(self, news):
        self.floor.hear(news, self.now, UTC + self.now)

    def send(self, machine, stop_id):
        """The broker takes it, where there is one."""
        self.asked.append((machine, stop_id))
        if self.taken:
            self.floor.sent(stop_id, self.now)

    def evening(self):
        """Some of everything."""
        self.state("belt-01", client="k7", hold_left_s=42, kmh=2.6)
        self.state("belt-02", "announcing", client="m2", hold_left_s=0, kmh=3.4)
        self.state(
            "belt-03",
            "settling",
            client="p9",
            kmh=4.7,
            target=4.2,
            alarms=(Alarm("F3", "THE BELT RUNS FASTER THAN ASKED"),),
        )
        self.state("belt-04", "briefing", kmh=0.0)
        self.state("belt-05", "stopped", kmh=0.0)
        self.state("belt-06", "stopped", kmh=0.0)
        self.status("belt-06", Presence.ENDED)
        self.state("belt-07", "holding", client="q1", kmh=5.0, hold_left_s=61)
        self.status("belt-07", Presence.LOST)
        self.state("belt-08", "easing_down", client="r3", kmh=1.8)
        self.state("rehab-room-treadmill-2", "overridden", client="s4-long-pseudonym", kmh=1.2)


__all__ = ["NASTY", "Answer", "Club", "Presence"]
