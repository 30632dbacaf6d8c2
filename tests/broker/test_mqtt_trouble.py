"""Brokers that die, hang, flood and lie: the session does not notice, and what can be said afterwards is said."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from broker_rig import Mosquitto, free_port, until
from mqtt_rig import BELT_1, Floor, identity, published, raw

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.messages import State, Status
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.adapters.mqtt.topics import Leaf
from retroctl.app.reports import Kind

pytestmark = pytest.mark.xdist_group("mosquitto in trouble")

PROGRAM = Path(__file__).with_name("mqtt_alone.py")


@pytest.fixture
def open_broker(tmp_path):
    mosquitto = Mosquitto(tmp_path / "open", tls=False)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def hub():
    hub = Hub()
    yield hub
    assert hub.close(30.0)


def alone(broker: Mosquitto, version: str) -> asyncio.subprocess.Process:
    """A process that publishes as a machine, and nothing else."""
    machine = "belt-5" if version == "5" else "belt-311"
    url = broker.url(None, machine)
    return asyncio.create_subprocess_exec(sys.executable, PROGRAM, url, version, stdout=asyncio.subprocess.DEVNULL)


async def test_the_last_will_tells_of_a_program_that_was_killed_and_of_one_that_is_frozen(open_broker, hub):
    """Frozen takes the broker one and a half keep-alives, and its own clock: about 12 s."""
    async with Floor(hub, open_broker.broker("", None)) as floor:

        def status(machine: str) -> str | None:
            said = [
                each.message
                for each in floor.heard
                if each.machine.name == machine and isinstance(each.message, Status)
            ]
            return f"{said[-1].status} {said[-1].reason}" if said else None

        killed = [await alone(open_broker, version) for version in ("5", "3.1.1")]
        await until(lambda: status("belt-5") == status("belt-311") == "online running", within_s=60)
        for process in killed:
            process.kill()
        await until(lambda: status("belt-5") == status("belt-311") == "offline lost", within_s=60)
        for process in killed:
            await process.wait()

        frozen = [await alone(open_broker, version) for version in ("5", "3.1.1")]
        try:
            await until(lambda: status("belt-5") == status("belt-311") == "online running", within_s=60)
            for process in frozen:
                os.kill(process.pid, signal.SIGSTOP)
            await until(lambda: status("belt-5") == status("belt-311") == "offline lost", within_s=90)
        finally:
            for process in frozen:
                process.kill()
                await process.wait()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_a_broker_that_is_started_again_in_mid_session_is_told_everything_again(open_broker, version):
    async with published(open_broker.broker(version=version)) as session:
        await session.hold()
        await until(lambda: session.publisher.link.connected)
        open_broker.stop()
        await until(lambda: session.standings and not session.standings[-1].connected)
        session.publisher(session.run.reports[-1])
        # What the broker kept is gone too.
        (open_broker.folder / "mosquitto.db").unlink(missing_ok=True)
        open_broker.start()
        await until(lambda: session.standings[-1].connected)
        hub = Hub()
        async with Floor(hub, open_broker.broker("", None, version=version)) as late:
            await until(lambda: {"Status", "State", "Session"} <= {type(each.message).__name__ for each in late.heard})
            assert [ack.result async for ack in late.watcher.stop(BELT_1, by="late", wait_s=60)][-1] == "at_rest"
        assert hub.close(30.0)
        assert await session.end()
        assert session.run.of(Kind.ALARM) == []


@pytest.mark.parametrize("version", ["5", "3.1.1"])
@pytest.mark.parametrize("ending", ["in order", "the broker takes no last word", "the hub goes first"])
async def test_whichever_way_a_run_ends_the_broker_keeps_that_it_is_offline(open_broker, hub, version, ending):
    """Leave that is taken of the broker makes it throw the last will away: only behind the last word."""
    machine_hub = Hub()
    publisher = MachinePublisher(
        machine_hub,
        open_broker.broker(version=version),
        identity(),
        picture=lambda: None,
        elapsed=lambda: 0.0,
        stop=lambda _source: None,
    )
    publisher.begin()
    await until(lambda: publisher.link.connected)
    if ending == "the broker takes no last word":
        open_broker.process.send_signal(signal.SIGSTOP)
        try:
            await publisher.close(1.0)
            assert await asyncio.to_thread(publisher.link.ended, 60.0)
        finally:
            open_broker.process.send_signal(signal.SIGCONT)
    elif ending == "in order":
        assert await publisher.close(60.0)
    assert await asyncio.to_thread(machine_hub.close, 60.0)

    async with Floor(hub, open_broker.broker("", None)) as late:
        await until(lambda: late.of(Status) and late.of(Status)[-1].status == "offline")
        assert late.of(Status)[-1].reason == ("ended" if ending == "in order" else "lost")
    async with Floor(hub, open_broker.broker("", None)) as later:
        await until(lambda: later.of(Status))
        assert later.of(Status)[-1].status == "offline"


@asynccontextmanager
async def server(answer):
    """Something on a port that is no broker."""
    tasks = set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    port = free_port()
    listening = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield port
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def never(_reader, _writer):
    await asyncio.Event().wait()


@pytest.mark.parametrize("scheme", ["mqtt", "mqtts"])
async def test_a_broker_that_accepts_and_never_answers_is_no_matter_to_the_session(scheme):
    async with server(never) as port:
        broker = Broker.checked(parse_url(f"{scheme}://127.0.0.1:{port}/club/belt-1"))
        async with published(broker) as session:
            await session.hold()
            session.run.runner.stop("key")
            await session.run.until_state("stopped")
            assert session.stops_written() >= 1
            assert not session.publisher.link.connected
            await session.end(0.1)
            assert session.run.of(Kind.ALARM) == []


CONNACK = bytes([0x20, 0x03, 0x00, 0x00, 0x00])
SUBACK = bytes([0x90, 0x04, 0x00, 0x01, 0x00, 0x01])
HUGE = bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F]) + b"x" * 4096


@pytest.mark.parametrize("lie", ["huge", "huge later", "noise", "noise later"])
async def test_a_broker_that_lies_is_cut_off_and_tried_again(lie):
    dice = random.Random(lie)  # noqa: S311 - the same noise each time
    visits = []

    async def answer(reader, writer):
        visits.append(lie)
        await reader.read(4096)
        if "later" in lie:
            writer.write(CONNACK)
            await reader.read(4096)
            writer.write(SUBACK)
        while True:
            writer.write(HUGE if "huge" in lie else dice.randbytes(4096))
            await writer.drain()
            await asyncio.sleep(0.01)

    async with server(answer) as port:
        broker = Broker.checked(parse_url(f"mqtt://127.0.0.1:{port}/club/belt-1"))
        async with published(broker) as session:
            await session.hold()
            await until(lambda: len(visits) >= 2, within_s=60)
            session.run.runner.stop("key")
            await session.run.until_state("stopped")
            assert session.sources == []
            await session.end()
            assert session.run.of(Kind.ALARM) == []


async def test_a_flood_of_garbage_on_its_stop_topic_is_no_matter_to_the_session(open_broker, hub):
    topic = BELT_1.topic(Leaf.STOP)
    over = asyncio.Event()

    async def flood(client):
        number = 0
        while not over.is_set():
            for _ in range(20):  # 1,000 a second
                number += 1
                await client.publish(topic, b"garbage %d" % number, qos=0)
            await asyncio.sleep(0.02)

    async with raw(open_broker) as client, published(open_broker.broker()) as session:
        await session.hold()
        flooding = asyncio.create_task(flood(client))
        await until(lambda: session.publisher.counts.received > 500)
        async with Floor(hub, open_broker.broker("", None)) as floor:
            assert [ack.result async for ack in floor.watcher.stop(BELT_1, by="floor", wait_s=60)][-1] == "at_rest"
        over.set()
        await flooding
        assert len(session.sources) == 1
        assert 1 <= len(session.notes) <= 30, "refusals are counted, and told once a second"
        assert "more were not told" in session.notes[-1] or len(session.notes) == 1
        assert await session.end()
        assert session.run.of(Kind.ALARM) == []


async def test_a_flood_of_stops_is_one_stop(open_broker):
    topic = BELT_1.topic(Leaf.STOP)
    async with raw(open_broker) as client, published(open_broker.broker()) as session:
        await session.hold()
        for number in range(300):
            await client.publish(topic, b'{"schema": "retroctl.stop/1", "id": "n%d"}' % number, qos=0)
        await session.run.until_state("stopped")
        await until(lambda: session.publisher.counts.received >= 300)
        assert len(session.sources) <= 4
        assert await session.end()


async def test_a_controlling_loop_that_says_nothing_is_called_silent(open_broker, hub):
    async with Floor(hub, open_broker.broker("", None)) as floor, published(open_broker.broker()) as session:
        session.publisher.begin()
        await until(lambda: floor.of(State))
        session.publisher._look.cancel()  # as if the loop stood still
        await until(lambda: floor.of(Status)[-1].status == "silent")
        session.publisher._say_state()
        await until(lambda: floor.of(Status)[-1].status == "online")
        assert await session.publisher.close(60.0)
