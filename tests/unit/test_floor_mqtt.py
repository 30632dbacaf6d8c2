"""MQTT messages as the floor's news: every kind, clocks that are nonsense, and a Stop for each of two thousand."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from mqtt_rig import StillHub

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.messages import Ack, Event, Session, State, Status
from retroctl.adapters.mqtt.outbox import Outbox, Outgoing
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Heard, Watcher
from retroctl.app.floor import Floor
from retroctl.app.floor_news import AckNews, Alarm, AlarmNews, Answer, Presence, StateNews, StatusNews
from retroctl.cli.floor_mqtt import DENIED, FloorWatch, news_of

RUN = "a" * 32
SAID = {"seq": 3, "ts": "2026-09-21T14:13:20.500Z", "run": RUN}
BELT = Machine("west", "belt-1")


def news(message, *, retained=False):
    return news_of(Heard(BELT, message, retained, 100.0))


def test_a_state_carries_speeds_hold_client_what_blocks_and_what_is_said_of_a_stop():
    told = news(
        State(
            **SAID, state="stopping", measured_kmh=2.6, measured_age_s=0.3, target_kmh=3.4, hold_left_s=12.0,
            client="k7", blocks=("F1", "F6", "F99"), stop="not_confirmed", problem=True,
        ),
        retained=True,
    )  # fmt: skip
    assert isinstance(told, StateNews)
    assert (told.origin.machine, told.origin.run, told.origin.seq, told.origin.kept) == ("belt-1", RUN, 3, True)
    assert told.origin.sent_utc_s == pytest.approx(1_790_000_000.5)
    assert (told.measured.kmh, told.measured_age_s, told.target.kmh, told.hold_left_s) == (2.6, 0.3, 3.4, 12.0)
    assert told.client == "k7"
    assert told.alarms == (
        Alarm("F1", "NO DATA FROM THE TREADMILL"),
        Alarm("F99", "AN ALARM THAT THIS VERSION DOES NOT KNOW"),
    )
    assert told.stop == "NOT CONFIRMED - PULL THE CLIP"
    assert told.problem


@pytest.mark.parametrize(
    ("status", "reason", "presence"),
    [
        ("online", "running", Presence.ONLINE),
        ("silent", "silent", Presence.SILENT),
        ("offline", "ended", Presence.ENDED),
        ("offline", "lost", Presence.LOST),
    ],
)
def test_a_status_says_whether_the_program_is_there_and_who_says_so(status, reason, presence):
    told = news(Status(**SAID, status=status, reason=reason, version="1", simulated=True, treadmill="x"))
    assert isinstance(told, StatusNews)
    assert told.presence is presence


def test_alarms_are_told_and_a_change_at_the_console_is_none():
    alarm = Event(**SAID, t=1.0, event="alarm", id="F3", text="THE BELT RUNS FASTER THAN ASKED")
    assert news(alarm) == AlarmNews(news(alarm).origin, Alarm("F3", "THE BELT RUNS FASTER THAN ASKED"))
    assert news(Event(**SAID, t=1.0, event="alarm", id="F1")).alarm.text == "NO DATA FROM THE TREADMILL"
    assert news(Event(**SAID, t=1.0, event="alarm", id="F6")) is None
    assert news(Event(**SAID, t=1.0, event="command", name="stop")) is None
    assert news(Session(**SAID, phase="begun", simulated=True, treadmill="x")) is None


@pytest.mark.parametrize(
    ("result", "answer"),
    [
        ("received", Answer.RECEIVED),
        ("sent", Answer.WRITTEN),
        ("accepted", Answer.ACCEPTED),
        ("at_rest", Answer.AT_REST),
        ("not_confirmed", Answer.NOT_CONFIRMED),
        ("nothing_to_stop", Answer.NOTHING),
        ("refused", Answer.REFUSED),
    ],
)
def test_every_acknowledgement_is_an_answer(result, answer):
    assert news(Ack(**SAID, id="s1", result=result, text="")) == AckNews("belt-1", "s1", answer)
    assert news(Ack(**SAID, id=None, result=result, text="")) is None


def test_a_date_that_is_none_is_no_reason_to_fall_over():
    told = news(State(seq=1, ts="2026-13-45T99:99:99.999Z", run=RUN, state="holding"))
    assert told.origin.sent_utc_s == 0.0


class Desk:
    """A floor and its watch on a link that connects to nothing; `hub` is the broker's thread, which may be slow."""

    def __init__(self, hub):
        self.watcher = Watcher(hub, Broker.checked(parse_url("mqtt://127.0.0.1/west")), "west")
        numbers = itertools.count()
        self.floor = Floor(lambda: f"s{next(numbers)}")
        self.watch = FloorWatch(self.floor, self.watcher, "west")

    def stop_all(self, count):
        for number in range(count):
            state = State(seq=1, ts=SAID["ts"], run=RUN, state="holding")
            told = news_of(Heard(Machine("west", f"b{number}"), state, False, 1.0))
            self.floor.hear(told, time.monotonic(), time.time())
        for machine, stop_id in self.floor.stop_all(time.monotonic()):
            self.watch.send(machine, stop_id)

    @property
    def waiting(self):
        return self.watcher.link._waiting.latest

    async def all_wait(self, count):
        for _ in range(500):
            if len(self.waiting) == count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(len(self.waiting))


class LateHub(StillHub):
    """A thread that has not come to anything yet."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def call(self, function, *arguments):
        self.calls.append((function, arguments))
        return True

    def catch_up(self):
        calls, self.calls = self.calls, []
        for function, arguments in calls:
            function(*arguments)


async def test_stops_for_two_thousand_machines_all_wait_for_the_broker_and_none_is_dropped():
    desk = Desk(StillHub())
    desk.stop_all(2000)
    await desk.all_wait(2000)
    assert desk.watcher.link.counts.dropped_out == 0


async def test_stops_that_find_no_room_on_the_way_to_the_brokers_thread_go_a_little_later():
    """Two thousand at once are more than may wait for a thread that is busy; the ones behind must not fall away."""
    hub = LateHub()
    desk = Desk(hub)
    desk.stop_all(2000)
    await asyncio.sleep(0.1)
    assert len(desk.waiting) == 0
    hub.catch_up()
    assert len(desk.waiting) == 1024
    for _ in range(500):
        hub.catch_up()
        if len(desk.waiting) == 2000:
            break
        await asyncio.sleep(0.02)
    assert len(desk.waiting) == 2000
    assert len(desk.floor.unsent()) == 2000


async def test_each_stop_is_said_taken_or_refused_as_the_broker_says():
    desk = Desk(StillHub())
    desk.stop_all(3)
    await desk.all_wait(3)
    first, second, third = desk.waiting.values()
    first.taken(True)
    second.taken(False)
    await asyncio.sleep(0)
    answers = {row.machine: (row.stop.answer, row.stop.reason) for row in desk.floor.rows(time.monotonic())}
    assert answers == {"b0": (Answer.SENT, ""), "b1": (Answer.REFUSED, DENIED), "b2": (Answer.ASKED, "")}
    assert third.until > time.monotonic()


def test_what_waits_longer_than_it_is_good_for_is_not_sent():
    box = Outbox()
    stale, fresh = (Outgoing(topic, b"", latest=True, until=until) for topic, until in (("a", 10.0), ("b", 11.0)))
    for each in (stale, fresh):
        box.put(each)
    assert box.some(9, 10.0) == [stale, fresh]
    assert box.some(9, 10.5) == [fresh]
