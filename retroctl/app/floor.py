"""All machines of a club as they are known here: who is in trouble first, nothing without its age.

Pure: what was heard and the time are handed in. What comes twice, late or out of order changes nothing; what comes
from a program that was started anew begins anew. Everything is bounded, whatever arrives.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from retroctl.app.floor_news import (
    LONGEST_NAME,
    MOST_ALARMS,
    AckNews,
    Alarm,
    AlarmNews,
    Answer,
    News,
    Presence,
    StateNews,
    StatusNews,
)
from retroctl.app.floor_order import Order
from retroctl.app.floor_row import Fresh, Row, Urgency
from retroctl.app.floor_stop import DONE, FAILED, FRESH_S, UNDER_WAY, StopOrder
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_MACHINES: Final = 2000
"""More are counted, not kept: a floor has a hundred, a broken credential as many as it likes."""
OLD_S: Final = 3.0
"""With a message a second, what is older than this was missed twice and says nothing about now."""
SILENT_S: Final = 15.0
"""About when a broker gives up a program that has frozen (measured with Mosquitto: 12 to 15 s)."""
WINDOW: Final = 30
"""Messages after which the least delay is looked for anew, so that a clock that was set is forgotten in a minute."""

_PARTS: Final = re.compile(r"([0-9]+)", re.ASCII)
AT_REST: Final = frozenset({"idle", "observing", "briefing", "armed", "turning", "stopped", "faulted"})
"""States in which a belt stands, unless it is measured otherwise."""
READY: Final = frozenset({"observing", "briefing", "armed", "turning"})
ENDED: Final = frozenset({"stopped", "faulted"})


class Heard(StrEnum):
    """What became of a piece of news."""

    TAKEN = "taken"
    OLD = "old"
    """A repetition, or overtaken by what came before it."""
    FULL = "full"
    """Of one machine more than are kept."""
    UNKNOWN = "unknown"
    """An answer to a Stop that nobody here asked for."""


class _Machine:
    __slots__ = (
        "heard_at", "kept", "late_s", "least", "name", "news", "order", "place", "presence", "seen", "stop", "taken",
        "unseen",
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.place = tuple(
            (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in _PARTS.split(name)
        )
        """For belt-2 to stand before belt-10."""
        self.order = Order()
        self.news: StateNews | None = None
        self.heard_at = 0.0
        self.kept = False
        self.late_s = 0.0
        """How much later than the quickest the last state came."""
        self.least = [float("inf"), float("inf")]
        self.taken = 0
        self.presence = Presence.ONLINE
        self.unseen: OrderedDict[str, Alarm] = OrderedDict()
        self.seen: frozenset[str] = frozenset()
        """Alarms of now that somebody has marked as seen."""
        self.stop: StopOrder | None = None

    # -- taking in -------------------------------------------------------------------------------------------------

    def admits(self, news: StateNews | StatusNews | AlarmNews, now: float) -> bool:
        """Whether it is new; with a restart everything begins anew."""
        run = self.order.run
        live = self.news is not None and not self.kept
        if not self.order.admits(news, now, live=live, well=self._fresh(self._age(now)) is Fresh.NOW):
            return False
        if self.order.run != run:
            self.least, self.taken = [float("inf"), float("inf")], 0
            self.seen = frozenset()
        return True

    def take_state(self, news: StateNews, now: float, now_utc_s: float) -> None:
        self.news, self.heard_at, self.kept = _bounded(news), now, news.origin.kept
        apart = now_utc_s - news.origin.sent_utc_s
        if news.origin.kept:
            self.late_s = max(0.0, apart)
        else:
            self.late_s = self._lateness(apart)
            self.presence = Presence.ONLINE  # whoever speaks is there
            if self.stop is not None and news.measured == REST and news.state in AT_REST:
                self.stop.look(now)
                age_s = float("inf") if news.measured_age_s is None else news.measured_age_s + self.late_s
                self.stop.see_rest(now - age_s, now, ended=news.state in ENDED)
        alarms = {alarm.id: alarm for alarm in self.news.alarms}
        self.seen &= alarms.keys()
        for alarm in alarms.values():
            if alarm.id not in self.seen:
                self.note(alarm)

    def note(self, alarm: Alarm) -> None:
        """An alarm that has to be seen by somebody."""
        self.unseen[alarm.id] = alarm
        self.unseen.move_to_end(alarm.id)
        while len(self.unseen) > MOST_ALARMS:
            self.unseen.popitem(last=False)

    def _lateness(self, apart: float) -> float:
        """How much later than the quickest it came: clocks that differ do not matter, a message that waited does."""
        if self.taken % WINDOW == 0:
            self.least = [self.least[1], float("inf")]
        self.taken += 1
        self.least[1] = min(self.least[1], apart)
        return apart - min(self.least)

    # -- looking at it ---------------------------------------------------------------------------------------------

    def row(self, now: float) -> Row:
        news, stop = self.news, self.stop
        if stop is not None:
            stop.look(now)
            if stop.over(now) or (stop.done_at is not None and self._moved_since(stop.done_at)):
                stop = self.stop = None
        age = self._age(now)
        fresh = self._fresh(age)
        moving = _may_move(news)
        alarms = () if news is None else news.alarms
        ids = {alarm.id for alarm in alarms}
        rival = self.order.rival(now)
        past = tuple(alarm for alarm in self.unseen.values() if alarm.id not in ids)
        return Row(
            self.name,
            Urgency.TROUBLE if rival else self._urgency(fresh, moving=moving),
            fresh,
            age,
            moving,
            news,
            alarms,
            past,
            stop,
            self.presence,
            rival,
            self.order.restarts,
        )

    def _age(self, now: float) -> float | None:
        if self.news is None:
            return None
        return self.late_s + (self.news.measured_age_s or 0.0) + max(0.0, now - self.heard_at)

    def _moved_since(self, when: float) -> bool:
        return not self.kept and self.heard_at > when + OLD_S and _may_move(self.news)

    def _fresh(self, age: float | None) -> Fresh:
        if self.presence in (Presence.ENDED, Presence.LOST):
            return Fresh.OFFLINE
        if age is None:
            return Fresh.NEVER
        if age > SILENT_S or self.presence is Presence.SILENT:
            return Fresh.SILENT
        return Fresh.OLD if self.kept or age > OLD_S else Fresh.NOW

    def _urgency(self, fresh: Fresh, *, moving: bool) -> Urgency:
        stop, news = self.stop, self.news
        gone = fresh is Fresh.OFFLINE and not moving
        unheard = fresh in (Fresh.SILENT, Fresh.OFFLINE) and moving
        failed = stop is not None and stop.answer in FAILED and not gone
        problem = news is not None and not gone and (news.problem or bool(news.alarms))
        if failed or unheard or self.unseen or problem:
            return Urgency.TROUBLE
        if gone:
            return Urgency.GONE
        if (stop is not None and stop.answer in UNDER_WAY) or (news is not None and news.state == "stopping"):
            return Urgency.STOPPING
        if moving:
            return Urgency.MOVING
        return Urgency.READY if news is not None and news.state in READY else Urgency.REST


class Floor:
    """The machines of one club. Tell it what is heard with `hear`, ask it with `rows`."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        """`new_id` gives a fresh random word for each Stop."""
        self._new_id = new_id
        self._machines: dict[str, _Machine] = {}
        self._ids: OrderedDict[str, StopOrder] = OrderedDict()
        self.counts = dict.fromkeys(Heard, 0)
        self._left_out: set[str] = set()
        self.linked_at: float | None = None
        """Since when the broker is there; None while it is not."""
        self.link_words = "connecting"
        self._unlinked_at: float | None = None
        self.all_at: float | None = None
        """When everybody was last asked to stop."""

    # -- hearing ---------------------------------------------------------------------------------------------------

    def hear(self, news: News, now: float, now_utc_s: float) -> Heard:
        """Take a piece of news. `now`: monotonic seconds; `now_utc_s`: this computer's seconds since 1970."""
        heard = self._hear(news, now, now_utc_s)
        self.counts[heard] += 1
        return heard

    def _hear(self, news: News, now: float, now_utc_s: float) -> Heard:
        if isinstance(news, AckNews):
            order = self._ids.get(news.stop_id)
            if order is None or order.machine != news.machine:
                return Heard.UNKNOWN
            order.hear(news.answer, news.reason, now)
            return Heard.TAKEN
        machine = self._machine(news.origin.machine)
        if machine is None:
            return Heard.FULL
        if not machine.admits(news, now):
            return Heard.OLD
        match news:
            case StateNews():
                machine.take_state(news, now, now_utc_s)
            case StatusNews():
                machine.presence = news.presence
            case AlarmNews():
                machine.note(news.alarm.cut())
        return Heard.TAKEN

    def _machine(self, name: str) -> _Machine | None:
        name = name[:LONGEST_NAME]
        machine = self._machines.get(name)
        if machine is None:
            if len(self._machines) >= MOST_MACHINES:
                if len(self._left_out) < MOST_MACHINES:
                    self._left_out.add(name)
                return None
            machine = self._machines[name] = _Machine(name)
        return machine

    @property
    def left_out(self) -> int:
        """How many machines there was no room for (counted up to `MOST_MACHINES`)."""
        return len(self._left_out)

    def linked(self, now: float) -> None:
        """The broker is there."""
        self.linked_at, self._unlinked_at, self.link_words = now, None, ""

    def unlinked(self, now: float, why: str) -> None:
        """The broker is not there: from here everything known gets older."""
        if self._unlinked_at is None:
            self._unlinked_at = now
        self.linked_at, self.link_words = None, why

    def unlinked_s(self, now: float) -> float | None:
        """For how long there has been no broker; None while there is one."""
        if self.linked_at is not None:
            return None
        return 0.0 if self._unlinked_at is None else now - self._unlinked_at

    # -- looking ---------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._machines)

    def rows(self, now: float) -> list[Row]:
        """Every machine: trouble first, then stopping, moving, ready, at rest, gone; by name within."""
        rows = [(machine.row(now), machine.place) for machine in self._machines.values()]
        rows.sort(key=lambda pair: (pair[0].urgency, pair[1]))
        return [row for row, _ in rows]

    def all_stop(self, now: float) -> dict[Answer, int] | None:
        """How far the last STOP ALL is; None when there was none, or when all of it is over."""
        if self.all_at is None:
            return None
        told = dict.fromkeys(Answer, 0)
        for machine in self._machines.values():
            if machine.stop is not None and machine.stop.of_all:
                machine.stop.look(now)
                told[machine.stop.answer] += 1
        if not any(told.values()):
            self.all_at = None
            return None
        return told

    # -- people ----------------------------------------------------------------------------------------------------

    def seen(self, machines: Iterable[str]) -> None:
        """Somebody has seen these machines' alarms: those that are over go, those of now stay, in the open."""
        for name in machines:
            machine = self._machines.get(name)
            if machine is not None:
                machine.unseen.clear()
                machine.seen = frozenset() if machine.news is None else frozenset(a.id for a in machine.news.alarms)
                if machine.stop is not None and machine.stop.answer in FAILED:
                    machine.stop = None

    def stop(self, name: str, now: float) -> str | None:
        """Ask one machine to stop; gives the id to send. None for a machine that nobody has heard of."""
        return self._ask(name, now, of_all=False)

    def stop_all(self, now: float) -> list[tuple[str, str]]:
        """Ask every machine, also those that seem to be gone; gives machines and ids, those that may move first."""
        self.all_at = now
        asked: list[tuple[str, str]] = []
        for row in sorted(self.rows(now), key=lambda row: not row.moving):
            stop_id = self._ask(row.machine, now, of_all=True)
            if stop_id is not None:
                asked.append((row.machine, stop_id))
        return asked

    def _ask(self, name: str, now: float, *, of_all: bool) -> str | None:
        machine = self._machines.get(name)
        if machine is None:
            return None
        order = machine.stop
        if order is None or order.answer in DONE:
            order = machine.stop = StopOrder(name, now)
        stop_id = self._new_id()
        order.ask(stop_id, now)
        order.of_all = of_all or order.of_all
        self._ids[stop_id] = order
        while len(self._ids) > MOST_MACHINES * 2:
            self._ids.popitem(last=False)
        return stop_id

    def due(self, now: float) -> list[tuple[str, str]]:
        """Stops that nobody has answered, to be sent once more: machines and ids. Not to who is gone with its belt."""
        return [
            (machine.name, machine.stop.id)
            for machine in self._machines.values()
            if machine.stop is not None and machine.row(now).urgency is not Urgency.GONE and machine.stop.again(now)
        ]

    def sent(self, stop_id: str, now: float, *, failed: str | None = None) -> None:
        """The broker has taken a Stop, or why it has not left this computer."""
        order = self._ids.get(stop_id)
        if order is not None and order.id == stop_id:  # of an asking that was repeated the last one counts
            order.hear(Answer.SENT if failed is None else Answer.NOT_SENT, failed or "", now)

    def refused(self, stop_id: str, why: str, now: float) -> None:
        """The broker would not take a Stop."""
        order = self._ids.get(stop_id)
        if order is not None:
            order.hear(Answer.REFUSED, why, now)

    def fresh_until(self, stop_id: str) -> float:
        """Until when a Stop that cannot leave may still do so; the past for one that nobody knows."""
        order = self._ids.get(stop_id)
        return float("-inf") if order is None else order.asked_at + FRESH_S

    def unsent(self) -> list[str]:
        """Machines whose Stop has not left this computer, as far as is known."""
        return [machine.name for machine in self._machines.values() if machine.stop is not None and machine.stop.unsent]


def _bounded(news: StateNews) -> StateNews:
    alarms = tuple(alarm.cut() for alarm in news.alarms[:MOST_ALARMS])
    client = None if news.client is None else news.client[:LONGEST_NAME]
    stop = None if news.stop is None else news.stop[:LONGEST_NAME]
    return StateNews(
        news.origin, news.state[:LONGEST_NAME], client, news.measured, news.measured_age_s, news.target,
        news.hold_left_s, alarms, stop, news.problem,
    )  # fmt: skip


def _may_move(news: StateNews | None) -> bool:
    """Whether a belt moves as far as is known. What this version does not understand, moves."""
    if news is None:
        return False
    return news.state not in AT_REST or (news.measured is not None and news.measured.hundredths > 0)
