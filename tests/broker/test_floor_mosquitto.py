"""The floor on a real Mosquitto: a session seen and stopped, a viewer who may not stop, a fleet that is stopped."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from contextlib import asynccontextmanager

import pytest
from broker_rig import Mosquitto, until
from mqtt_rig import published, raw

from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.link import Handlers, Link
from retroctl.adapters.mqtt.messages import Ack, Event, State, encoded
from retroctl.adapters.mqtt.topics import Leaf, Machine, of_club
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.app.floor import Floor
from retroctl.app.floor_news import Answer, Origin, StateNews
from retroctl.app.floor_row import Fresh, Urgency
from retroctl.app.floor_words import shown
from retroctl.cli.fleet import Fleet, Lateness, WatchedClock
from retroctl.cli.floor_mqtt import DENIED, LEAVES, FloorWatch
from retroctl.units import Speed

pytestmark = pytest.mark.xdist_group("floor-mosquitto")


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    mosquitto = Mosquitto(tmp_path_factory.mktemp("club-of-a-floor"), tls=True)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


class Hall:
    """A floor on a broker."""

    def __init__(self, watcher: Watcher) -> None:
        numbers = itertools.count(1)
        self.floor = Floor(lambda: f"stop-{next(numbers)}")
        self.watch = FloorWatch(self.floor, watcher, "club")

    def rows(self):
        return {row.machine: row for row in self.floor.rows(time.monotonic())}

    def stop(self, machine):
        self.watch.send(machine, self.floor.stop(machine, time.monotonic()))

    async def stopped(self, *machines, answer=Answer.AT_REST):
        def all_said() -> bool:
            orders = [self.rows()[machine].stop for machine in machines]
            return all(order is not None and order.answer is answer for order in orders)

        await until(all_said, within_s=60.0)


@asynccontextmanager
async def hall(broker):
    hub = Hub()
    watcher = Watcher(hub, broker, "club", leaves=LEAVES, name="floor")
    seen = Hall(watcher)
    watcher.begin()
    task = asyncio.create_task(seen.watch.run())
    try:
        await until(lambda: seen.floor.linked_at is not None)
        yield seen
    finally:
        await watcher.close(10.0)
        await task
        assert hub.close(10.0)


async def test_a_session_is_seen_stopped_and_seen_to_end_also_by_who_comes_late(club):
    async with hall(club.broker("floor", None)) as seen, published(club.broker()) as session:
        await session.hold()
        await until(lambda: seen.rows().get("belt-1") and seen.rows()["belt-1"].news.state == "holding")
        row = seen.rows()["belt-1"]
        assert (row.fresh, row.urgency, row.moving) == (Fresh.NOW, Urgency.MOVING, True)
        assert (shown(row).measured, shown(row).target) == ("1.00", "1.00")

        seen.stop("belt-1")
        await seen.stopped("belt-1")
        assert session.sources[0][0] == "MQTT, floor"
        await until(lambda: seen.rows()["belt-1"].news.state == "stopped")
        assert await session.end()
        await until(lambda: seen.rows()["belt-1"].urgency is Urgency.GONE)

    async with hall(club.broker("floor", None)) as late:
        await until(lambda: "belt-1" in late.rows() and late.rows()["belt-1"].news)
        kept = late.rows()["belt-1"]
        assert (kept.fresh, kept.news.state) == (Fresh.OFFLINE, "stopped"), "the broker kept both"


async def test_a_broker_that_comes_back_brings_the_stop_that_was_asked_for_meanwhile(tmp_path):
    mosquitto = Mosquitto(tmp_path / "broker", tls=False)
    mosquitto.start()
    try:
        async with hall(mosquitto.broker(machine=None)) as seen, published(mosquitto.broker()) as session:
            await session.hold()
            await until(lambda: "belt-1" in seen.rows() and seen.rows()["belt-1"].moving)
            mosquitto.stop()
            await until(lambda: seen.floor.linked_at is None)
            assert seen.floor.link_words
            seen.stop("belt-1")
            assert session.sources == []
            mosquitto.start()
            await seen.stopped("belt-1")
            assert session.run.true_speed == 0
            assert await session.end()
    finally:
        mosquitto.stop()


async def test_a_viewer_sees_everything_and_is_told_that_it_may_not_stop(club):
    async with hall(club.broker("viewer", None)) as seen, published(club.broker()) as session:
        await session.hold()
        await until(lambda: "belt-1" in seen.rows() and seen.rows()["belt-1"].moving)
        seen.stop("belt-1")
        await seen.stopped("belt-1", answer=Answer.REFUSED)
        assert seen.rows()["belt-1"].stop.reason == DENIED
        assert seen.rows()["belt-1"].urgency is Urgency.TROUBLE
        assert session.sources == []
        assert await session.end()


async def test_a_fleet_runs_sessions_stops_as_one_and_leaves_every_belt_at_rest(tmp_path):
    mosquitto = Mosquitto(tmp_path / "broker", tls=False)
    mosquitto.start()
    hub, lateness = Hub(), Lateness()
    try:
        async with hall(mosquitto.broker(machine=None)) as seen:
            broker = mosquitto.broker(machine=None)
            fleet = Fleet(hub, broker, 3, clock=WatchedClock(lateness), lateness=lateness)
            running = asyncio.create_task(fleet.run())
            names = ("sim-001", "sim-002", "sim-003")
            await until(
                lambda: len(seen.rows()) == 3 and all(row.news and row.moving for row in seen.rows().values()),
                within_s=180.0,
            )
            for machine, stop_id in seen.floor.stop_all(time.monotonic()):
                seen.watch.send(machine, stop_id)
            await seen.stopped(*names)
            fleet.leave("the test is over")
            await asyncio.wait_for(running, 60.0)
            assert not fleet.running
            # On a computer that is late alarms may have come, which stay trouble until somebody has seen them.
            await until(lambda: {row.fresh for row in seen.rows().values()} == {Fresh.OFFLINE})
            seen.floor.seen(names)
            assert {row.urgency for row in seen.rows().values()} == {Urgency.GONE}
    finally:
        assert hub.close(10.0)
        mosquitto.stop()
    assert lateness.count > 20
    assert fleet.results.total() >= 3


async def test_a_link_that_drops_behind_stop_all_loses_no_stop(tmp_path):
    """Each machine's Stop is at the broker once it is back, or was there before; none is told sent that is not."""
    mosquitto, count, hub = Mosquitto(tmp_path / "broker", tls=False), 300, Hub()
    mosquitto.start()
    heard = set()

    def arrived(message):
        heard.add(message.topic.split("/")[3])

    listening = Link(
        hub,
        mosquitto.broker(machine=None),
        identifier="all",
        subscriptions=[of_club("club", Leaf.STOP)],
        handlers=Handlers(arrived=arrived),
    )
    listening.begin()
    try:
        async with hall(mosquitto.broker(machine=None)) as seen:
            await until(lambda: listening.connected)
            now = time.monotonic()
            for number in range(count):
                told = StateNews(Origin(f"b{number}", "a" * 32, 1, time.time()), "holding", measured=Speed(250))
                seen.floor.hear(told, now, time.time())
            for machine, stop_id in seen.floor.stop_all(now):
                seen.watch.send(machine, stop_id)
            await asyncio.sleep(0)
            mosquitto.stop()
            await until(lambda: seen.floor.linked_at is None)
            mosquitto.start()
            await until(lambda: not seen.floor.unsent())
            await until(lambda: len(heard) == count)
    finally:
        listening.close()
        assert hub.close(30.0)
        mosquitto.stop()


async def test_answers_are_not_lost_among_all_that_a_floor_has_no_time_to_read(tmp_path):
    """A broker keeps so many messages for each client that is slow, and drops the others: not those said only once."""
    more = ["max_queued_messages 60"]
    mosquitto, hub = Mosquitto(tmp_path / "broker", tls=False, more=more), Hub()
    mosquitto.start()
    said = {"ts": "2026-01-02T03:04:05.678Z", "run": "a" * 32}
    machine, go_on = Machine("club", "belt-1"), threading.Event()
    try:
        async with raw(mosquitto) as client:
            watcher = Watcher(hub, mosquitto.broker(machine=None), "club", leaves=LEAVES, name="floor")
            watcher.begin()
            await until(lambda: watcher.standing and watcher.standing.connected)
            hub.call(go_on.wait, 60.0)  # the floor's computer has something else to do
            for seq in range(1, 201):
                event = encoded(Event(seq=seq, **said, t=1.0, event="stop", text="stopping"))
                await client.publish(machine.topic(Leaf.EVENT), event, qos=1)
                state = encoded(State(seq=seq, **said, state="stopping"))
                await client.publish(machine.topic(Leaf.STATE), state, qos=1, retain=True)
            for seq in range(1, 41):
                ack = encoded(Ack(seq=seq, **said, id=f"s{seq}", result="at_rest", text="."))
                await client.publish(machine.topic(Leaf.ACK), ack, qos=1)
            go_on.set()
            heard = []

            def all_acks() -> bool:
                heard.extend(each.message for each in watcher.take())
                return sum(isinstance(each, Ack) for each in heard) == 40

            await until(all_acks)
            assert max(each.seq for each in heard if isinstance(each, State)) == 200
            await watcher.close(10.0)
    finally:
        go_on.set()
        assert hub.close(30.0)
        mosquitto.stop()
