"""MQTT messages as the floor's news: every kind, clocks that are nonsense, and a Stop for each of two thousand."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from mqtt_rig import StillHub

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.messages import Ack, Event, Session, State, Status
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Heard, Watcher
from retroctl.app.floor import Floor
from retroctl.app.floor_news import AckNews, Alarm, AlarmNews, Answer, Presence, StateNews, StatusNews
from retroctl.cli.floor_mqtt import FloorWatch, news_of

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


async def test_stops_for_two_thousand_machines_all_wait_for_the_broker_and_none_is_dropped():
    hub = StillHub()
    hub.call = lambda function, *arguments: (function(*arguments), True)[1]
    watcher = Watcher(hub, Broker.checked(parse_url("mqtt://127.0.0.1/west")), "west")
    numbers = itertools.count()
    floor = Floor(lambda: f"s{next(numbers)}")
    watch = FloorWatch(floor, watcher, "west")
    for number in range(2000):
        state = State(seq=1, ts=SAID["ts"], run=RUN, state="holding")
        told = news_of(Heard(Machine("west", f"b{number}"), state, False, 1.0))
        floor.hear(told, time.monotonic(), time.time())
    for machine, stop_id in floor.stop_all(time.monotonic()):
        watch.send(machine, stop_id)
    for _ in range(200):
        if len(watcher.link._waiting.latest) == 2000:
            break
        await asyncio.sleep(0.02)
    assert len(watcher.link._waiting.latest) == 2000
    assert watcher.link.counts.dropped_out == 0
