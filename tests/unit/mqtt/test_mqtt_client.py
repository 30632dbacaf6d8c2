"""The connection itself: a broker that keeps to no rule costs the session neither memory nor its word."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import asynccontextmanager, suppress

import pytest
from mqtt_rig import StillHub, identity

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.client import MOST_PACKET, MOST_WAITING, TURN_S, Client
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.link import Handlers, Link
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.publisher import MachinePublisher
from retroctl.adapters.mqtt.reasons import AGAIN_AND_AGAIN, LOST, TAKEN_OVER
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Watcher

CONNACK = bytes([0x20, 0x03, 0x00, 0x00, 0x00])
CONNACK_3 = bytes([0x20, 0x02, 0x00, 0x00])
SIZE = 20_000
NO_TEXT = os.fsdecode(b"\x80")


def published(number: int, *, qos: int) -> bytes:
    """A PUBLISH on topic `t`."""
    identity = number.to_bytes(2, "big") if qos else b""
    body = b"\x00\x01t" + identity + b"\x00" + b"x" * SIZE
    return bytes([0x30 | qos << 1, len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14]) + body


@asynccontextmanager
async def connected(said: list[bytes]):
    """A client of a broker that says yes, and all of `said` once it may, and reads no more; and what lets it go on."""
    go_on = asyncio.Event()

    async def serve(reader, writer):
        await reader.read(4096)
        writer.write(CONNACK)
        await go_on.wait()
        with suppress(OSError):
            for each in said:
                writer.write(each)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(Broker.checked(parse_url(f"mqtt://127.0.0.1:{port}/club/b")), "someone", None)
    try:
        async with asyncio.timeout(30):
            await client.__aenter__()
        yield client, go_on
    finally:
        client.cut()
        server.close()


async def test_a_small_message_of_ours_does_not_wait_for_what_was_sent_before_it():
    async with connected([]) as (client, go_on):
        go_on.set()
        assert client._client.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux can be told to acknowledge at once")
async def test_what_comes_is_acknowledged_at_once_for_a_broker_that_keeps_small_messages_back_until_it_is():
    """Such a broker (Mosquitto, unless told otherwise) held a Stop behind other small messages for up to 40 ms."""
    came: list[float] = []
    both, enough, gone = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve(reader, writer):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        await reader.read(4096)
        writer.write(CONNACK)
        small = b"\x30\x06\x00\x01t\x00xx"
        for _ in range(12):
            await reader.read(4096)  # who has just spoken takes time over its acknowledgements
            writer.write(small)
            await asyncio.sleep(0)
            writer.write(small)
            await both.wait()
            both.clear()
        enough.set()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        gone.set()

    def arrived(_topic: str, _payload: bytes, _retained: bool) -> None:
        came.append(time.monotonic())
        if len(came) % 2 == 0:
            client.say(Outgoing("t", b"next"))
            both.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}/club/b"
    client = Client(Broker.checked(parse_url(url)), "someone", None, arrived)
    try:
        async with asyncio.timeout(60):
            await client.__aenter__()
            client.say(Outgoing("t", b"first"))
            await enough.wait()
            client.cut()
            await gone.wait()
    finally:
        client.cut()
        server.close()
    apart = [second - first for first, second in zip(came[::2], came[1::2], strict=True)]
    assert min(apart[4:]) < 0.02, "a late computer makes some later, not all"


class Endless:
    """Paho's client, and its socket, and the loop: there is always something more to be read."""

    _in_messages = _out_packet = ()

    def __init__(self) -> None:
        self.reads = 0
        self.later: list[float] = []

    def loop_read(self) -> None:
        self.reads += 1

    def socket(self) -> Endless:
        return self

    def pending(self) -> int:
        return 1

    def setsockopt(self, *_: object) -> None:
        pass

    def time(self) -> float:
        return 100.0

    def remove_reader(self, _: int) -> None:
        pass

    def call_at(self, when: float, _: object) -> None:
        self.later.append(when)


async def test_who_controls_a_belt_reads_less_in_a_turn_than_who_only_watches():
    broker, read = Broker.checked(parse_url("mqtt://127.0.0.1/club")), []
    watching = Watcher(StillHub(), broker, "club").link._read_a_turn  # type: ignore[arg-type]
    for a_turn in (Link(StillHub(), broker, identifier="b")._read_a_turn, watching):  # type: ignore[arg-type]
        client, endless = Client(broker, "b", None, read_a_turn=a_turn), Endless()
        client._client, client._loop, client._reading = endless, endless, (endless, -1)  # type: ignore[assignment]
        client._read()
        assert endless.later == [100.0 + TURN_S], "the rest waits for the next turn"
        read.append(endless.reads)
    assert read == [50, 200]


async def test_messages_that_a_broker_promises_and_never_delivers_are_not_kept():
    """With QoS 2, for which nobody asked, each waits in memory until the broker lets it go."""
    assert len(published(1, qos=2)) < MOST_PACKET
    async with connected([published(number, qos=2) for number in range(1, 200)]) as (client, go_on):
        go_on.set()
        with pytest.raises(ConnectionAbortedError):
            async with asyncio.timeout(30):
                await client.lost()
        assert len(client._client._in_messages) == 1


async def test_answers_that_a_broker_does_not_read_are_not_kept_without_end():
    async with connected([published(1, qos=0)]) as (client, go_on):
        client._client._out_packet.extend([None] * (MOST_WAITING + 1))
        go_on.set()
        with pytest.raises(ConnectionAbortedError):
            async with asyncio.timeout(30):
                await client.lost()


async def test_what_cannot_even_be_tried_is_said_like_any_other_failure():
    """A password of bytes that are no text: paho refuses it before anything is sent."""
    broker = Broker(parse_url("mqtt://me@127.0.0.1/club/b"), password=NO_TEXT)
    link = Link(None, broker, identifier="someone")  # type: ignore[arg-type]
    assert "surrogates" in await link._once()


TAKEN = bytes([0xE0, 0x02, 0x8E, 0x00])
KEPT_ALIVE = bytes([0xE0, 0x02, 0x8D, 0x00])


@pytest.mark.parametrize(
    ("version", "said", "why"),
    [
        ("5", TAKEN, TAKEN_OVER),
        ("5", b"", AGAIN_AND_AGAIN),
        ("5", KEPT_ALIVE, "[code:141] Keep alive timeout"),
        ("3.1.1", b"", AGAIN_AND_AGAIN),
    ],
)
async def test_another_client_of_the_same_name_is_named_only_where_the_broker_says_so(version, said, why):
    """A weak network looks the same as another laptop with the same name, unless the broker speaks (MQTT 5)."""

    async def serve(reader, writer):
        await reader.read(4096)
        writer.write(CONNACK if version == "5" else CONNACK_3)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}/club/b"
    hub, told, enough = Hub(), [], asyncio.Event()
    loop = asyncio.get_running_loop()

    def stands(standing):
        if not standing.connected:
            told.append(standing.why)
            if len(told) == 2:
                loop.call_soon_threadsafe(enough.set)

    broker = Broker.checked(parse_url(url), version=version)
    link = Link(hub, broker, identifier="someone", handlers=Handlers(standing=stands), jitter=lambda: 0.0)
    link.begin()
    async with asyncio.timeout(60):
        await enough.wait()
    link.close()
    assert await asyncio.to_thread(hub.close, 30.0)
    server.close()
    assert told[1] == why
    assert told[0] == (why if said else LOST)


async def test_no_more_messages_are_on_their_way_than_the_broker_takes():
    """Receive Maximum, MQTT 5 section 3.2.2.3.3: a broker ends the connection of a client that sends more."""
    seen: list[bytes] = []
    most = 0
    enough = asyncio.Event()

    async def serve(reader, writer):
        nonlocal most
        await reader.read(4096)
        writer.write(bytes([0x20, 0x06, 0x00, 0x00, 0x03, 0x21, 0x00, 0x03]))
        waiting = b""
        with suppress(OSError):
            while not enough.is_set():
                with suppress(TimeoutError):  # all that it sends unasked is here by then, or a little later
                    async with asyncio.timeout(0.2):
                        while some := await reader.read(4096):
                            waiting += some
                        return
                numbers = []
                while waiting:
                    size = 2 + waiting[1]
                    packet, waiting = waiting[:size], waiting[size:]
                    if packet[0] >> 4 == 3:
                        numbers.append(packet[5:7])  # behind the topic `t`
                most = max(most, len(numbers))
                seen.extend(numbers)
                for number in numbers:
                    writer.write(b"\x40\x02" + number)
                if len(seen) == 10:
                    enough.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    hub = Hub()
    url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}/club/b"
    greeting = [Outgoing("t", b"%d" % number) for number in range(10)]
    link = Link(
        hub, Broker.checked(parse_url(url), version="5"), identifier="someone",
        handlers=Handlers(greeting=lambda: greeting),
    )  # fmt: skip
    link.begin()
    async with asyncio.timeout(60):
        await enough.wait()
    link.close(0.1)
    assert await asyncio.to_thread(hub.close, 30.0)
    server.close()
    assert len(set(seen)) == 10
    assert most == 3


def test_no_two_machines_are_one_client():
    """A broker throws one of two off, again and again: the two would never be on the floor at a time."""
    machines = [Machine("north", "west-1"), Machine("north-west", "1"), Machine("north_west", "1"), Machine("n", "1")]
    broker = Broker.checked(parse_url("mqtt://127.0.0.1/club"))

    def publisher(machine: Machine) -> MachinePublisher:
        return MachinePublisher(
            StillHub(),
            broker,
            identity(machine),
            picture=lambda: None,
            elapsed=lambda: 0.0,
            stop=lambda _source: None,  # type: ignore[arg-type]
        )

    assert len({publisher(machine).link._identifier for machine in machines}) == len(machines)


def test_a_link_that_is_closed_before_it_has_begun_ends():
    hub = Hub()
    link = Link(hub, Broker.checked(parse_url("mqtt://127.0.0.1:9/club/b")), identifier="someone")

    def both() -> None:
        link.begin()
        link.close(0.1)

    hub.call(both)
    ended = link.ended(10.0)
    assert hub.close(30.0)
    assert ended
