"""A session's voice on a real Mosquitto, in both versions of MQTT: what is told, kept, told again, and the stop."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path

import jsonschema
import pytest
from broker_rig import Mosquitto, until
from mqtt_rig import BELT_1, Floor, identity, published, raw

from retroctl.adapters.mqtt.client import Client
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.messages import Ack, Event, Session, State, Status, encoded
from retroctl.adapters.mqtt.reasons import AGAIN_AND_AGAIN, TAKEN_OVER
from retroctl.adapters.mqtt.topics import Leaf

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "mqtt-messages.schema.json").read_text())

pytestmark = pytest.mark.xdist_group("mosquitto")


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    mosquitto = Mosquitto(tmp_path_factory.mktemp("club"), tls=True)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    assert hub.close(30.0)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_session_is_told_a_remote_stop_ends_it_and_each_step_of_that_is_acknowledged(club, hub, version):
    async with (
        Floor(hub, club.broker("floor", None, version=version)) as floor,
        published(club.broker(version=version)) as session,
    ):
        await session.hold()
        await until(lambda: [s for s in floor.of(State) if s.state == "holding" and s.measured_kmh == 1.0])
        assert session.stops_written() == 0
        acks = [ack async for ack in floor.watcher.stop(BELT_1, by="the test", wait_s=60)]

        assert [ack.result for ack in acks] == ["received", "sent", "accepted", "at_rest"]
        assert session.sources[0][0] == "MQTT, the test"
        assert session.run.true_speed == 0
        assert session.stops_written() >= 1
        assert await session.end()
        await until(lambda: floor.of(Status)[-1].status == "offline")

    ended = [s for s in floor.of(Session) if s.phase == "ended"]
    assert ended[-1].outcome.belt_at_rest
    assert floor.of(Status)[-1].reason == "ended"
    assert {e.name for e in floor.of(Event) if e.event == "command"} == {
        "request-control",
        "start",
        "set-target-speed",
        "stop",
    }
    for message in (*floor.of(Status), *floor.of(State), *floor.of(Event), *floor.of(Session), *floor.of(Ack)):
        jsonschema.validate(
            json.loads(encoded(message)), {**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{type(message).__name__}"}]}
        )
    assert floor.watcher.read.garbage == 0


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_what_is_retained_reaches_who_comes_late_and_says_how_old_it_is(club, hub, version):
    async with published(club.broker(version=version)) as session:
        await session.hold()
        await until(lambda: session.publisher.counts.sent >= 5)
        async with Floor(hub, club.broker("viewer", None, version=version)) as late:
            await until(
                lambda: {Status, State, Session} <= {type(each.message) for each in late.heard if each.retained}
            )
        kept = {type(each.message): each for each in late.heard if each.retained}
        assert kept[Status].message.status == "online"
        assert kept[State].message.measured_kmh == 1.0
        assert kept[State].message.measured_age_s is not None
        assert kept[Session].message.stages[0].target_kmh == 1.0
        assert await session.end()


@pytest.mark.parametrize(
    ("what", "payload", "retain"),
    [
        ("retained", b'{"schema": "retroctl.stop/1", "id": "a"}', True),
        ("malformed", b"stop", False),
        ("oversize", b'{"schema": "retroctl.stop/1", "id": "a", "by": "' + b"x" * 2000 + b'"}', False),
        ("another kind", b'{"schema": "retroctl.start/1", "id": "a"}', False),
    ],
)
async def test_what_is_no_request_to_stop_is_refused_said_and_recorded(club, hub, what, payload, retain):
    topic = BELT_1.topic(Leaf.STOP)
    async with raw(club) as client:
        if retain:
            await client.publish(topic, payload, qos=1, retain=True)
        async with Floor(hub, club.broker("floor", None)) as floor, published(club.broker()) as session:
            await session.hold()
            if not retain:
                await client.publish(topic, payload, qos=1)
            await until(lambda: session.notes, what=what)
            await until(lambda: floor.of(Ack))
            assert floor.of(Ack)[0].result == "refused"
            assert "no request to stop" in session.notes[0]
            assert session.sources == []
            assert session.states[-1] in {"holding", "ready"}
            await client.publish(topic, b"", qos=1, retain=True)
            assert await session.end()


async def test_a_machines_credential_cannot_speak_for_another(club, hub):
    async with (
        Floor(hub, club.broker("viewer", None)) as viewer,
        published(club.broker("belt-2", "belt-1"), identity=identity()) as session,
    ):
        session.publisher.begin()
        await until(lambda: session.standings)

        assert not session.standings[0].connected
        assert "access list" in session.standings[0].why
        assert [each for each in viewer.heard if each.machine == BELT_1 and not each.retained] == []
        assert await session.publisher.close(60.0)


async def test_what_a_machine_publishes_under_anothers_name_reaches_nobody(club, hub):
    state = encoded(State(seq=1, ts="2026-01-01T00:00:00.000Z", run="0" * 32, state="holding"))
    async with Floor(hub, club.broker("viewer", None)) as viewer, raw(club, "belt-2") as belt_2:
        for leaf in Leaf:
            await belt_2.publish(BELT_1.topic(leaf), state, qos=1)
        await belt_2.publish("retroctl/v1/club/belt-2/state", state, qos=1)
        await until(lambda: [each for each in viewer.heard if each.message.run == "0" * 32])
        assert {each.machine.name for each in viewer.heard if each.message.run == "0" * 32} == {"belt-2"}
        await belt_2.publish("retroctl/v1/club/belt-2/state", b"", qos=1, retain=True)


async def test_a_viewer_cannot_stop_and_a_machine_cannot_stop_another(club, hub):
    stop = b'{"schema": "retroctl.stop/1", "id": "a"}'
    async with published(club.broker()) as session, raw(club, "viewer") as viewer, raw(club, "belt-2") as other:
        await session.hold()
        for client in (viewer, other):
            await client.publish(BELT_1.topic(Leaf.STOP), stop, qos=1)
        async with Floor(hub, club.broker("floor", None)) as floor:
            assert session.publisher.counts.received == 0
            assert session.sources == []
            assert [ack.result async for ack in floor.watcher.stop(BELT_1, by="floor", wait_s=60)][-1] == "at_rest"
        assert await session.end()


async def test_a_stop_of_a_machine_that_is_not_there_is_answered_by_nobody(club, hub):
    async with Floor(hub, club.broker("floor", None)) as floor:
        assert [ack async for ack in floor.watcher.stop(BELT_1, by="floor", wait_s=0.5)] == []


async def test_two_that_publish_as_one_machine_are_told_so(club):
    async with published(club.broker()) as first, published(club.broker()) as second:
        for each in (first, second):
            each.publisher.begin()
        # Mosquitto 2.0 ends the older connection without a word, so that it can be the network as well.
        known = {TAKEN_OVER, AGAIN_AND_AGAIN}
        await until(lambda: [s for s in (*first.standings, *second.standings) if s.why in known])
        for each in (first, second):
            assert await each.publisher.close(60.0)


async def test_over_tls_too_a_small_message_leaves_at_once(club):
    client = Client(club.broker("floor", None), "someone", None)
    try:
        await client.__aenter__()
        sock = client._client.socket()
        assert isinstance(sock, ssl.SSLSocket)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        await client.__aexit__(None, None, None)
    finally:
        client.cut()
