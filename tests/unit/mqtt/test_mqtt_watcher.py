"""The reading side: bounded whatever comes, garbage counted, the newest kept."""

from __future__ import annotations

import asyncio
import json

import pytest
from mqtt_rig import BELT_1, StillHub

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.link import Incoming
from retroctl.adapters.mqtt.messages import Ack, Event, State, encoded
from retroctl.adapters.mqtt.topics import Leaf, Machine
from retroctl.adapters.mqtt.watcher import EVENTS, MACHINES, Watcher

BROKER = Broker.checked(parse_url("mqtt://127.0.0.1/club"))
SAID = {"ts": "2026-01-02T03:04:05.678Z", "run": "0" * 32}


def watcher() -> Watcher:
    return Watcher(StillHub(), BROKER, "club")  # type: ignore[arg-type]


def hear(to: Watcher, machine: Machine, leaf: Leaf, payload: bytes, *, retained: bool = False) -> None:
    to._arrived(Incoming(machine.topic(leaf), payload, retained))


async def test_of_each_machine_the_newest_state_waits_and_events_wait_in_order():
    to = watcher()
    for number in range(1, 6):
        hear(to, BELT_1, Leaf.STATE, encoded(State(seq=number, **SAID, state="holding")))
        hear(to, BELT_1, Leaf.EVENT, encoded(Event(seq=number, **SAID, t=1.0, event="alarm")))
    heard = to.take()
    assert [each.message.seq for each in heard] == [5, 1, 2, 3, 4, 5]
    assert to.read.replaced == 4
    assert to.take() == []


async def test_a_batch_comes_when_something_does_and_closing_ends_it():
    to = watcher()
    batches = to.batches()
    hear(to, BELT_1, Leaf.STATE, encoded(State(seq=1, **SAID, state="idle")))
    async with asyncio.timeout(10):
        assert [each.message.seq for each in await anext(batches)] == [1]
        await to.close(0.0)
        assert [batch async for batch in batches] == []


async def test_garbage_is_counted_and_shown_to_nobody():
    to = watcher()
    hear(to, BELT_1, Leaf.STATE, b"{")
    hear(to, BELT_1, Leaf.STOP, b'{"schema": "retroctl.stop/1", "id": "a"}')
    to._arrived(Incoming("retroctl/v1/club", b"x", retained=False))
    hear(to, BELT_1, Leaf.STATUS, b"")
    assert to.take() == []
    assert to.read.garbage == 1
    assert to.read.last_garbage is not None
    assert to.read.last_garbage.topic.endswith("belt-1/state")


async def test_neither_events_nor_machines_fill_the_memory():
    to = watcher()
    event = encoded(Event(seq=1, **SAID, t=1.0, event="alarm"))
    for _ in range(EVENTS + 10):
        hear(to, BELT_1, Leaf.EVENT, event)
    assert len(to.take()) == EVENTS
    assert to.read.dropped == 10
    state = encoded(State(seq=1, **SAID, state="idle"))
    for number in range(MACHINES + 5):
        hear(to, Machine("club", f"made-up-{number}"), Leaf.STATE, state)
    assert len(to.take()) == MACHINES - 1


@pytest.mark.virtual
async def test_a_stop_is_asked_for_again_until_something_is_heard_of_it(monkeypatch):
    to, sent = watcher(), list[bytes]()
    monkeypatch.setattr(to.link, "put", lambda make: sent.append(make().payload))
    heard = list[str]()

    async def ask() -> None:
        heard.extend([ack.result async for ack in to.stop(BELT_1, by="a test")])

    asking = asyncio.create_task(ask())
    await asyncio.sleep(5)
    assert len(sent) == 3, "at once, after two seconds, after four"
    assert len(set(sent)) == 1, "the same request"
    identity = json.loads(sent[0])["id"]
    for number, result in enumerate(("received", "at_rest"), 1):
        ack = Ack(seq=number, **SAID, id=identity, result=result, text="", after_s=0.1)
        hear(to, BELT_1, Leaf.ACK, encoded(ack))
        await asyncio.sleep(7)
    await asking
    assert heard == ["received", "at_rest"]
    assert len(sent) == 3


@pytest.mark.virtual
async def test_a_stop_that_nobody_hears_ends():
    to = watcher()
    assert [ack async for ack in to.stop(BELT_1, by="a test")] == []


@pytest.mark.virtual
async def test_only_the_machine_itself_says_what_became_of_its_stop(monkeypatch):
    to, sent = watcher(), list[bytes]()
    monkeypatch.setattr(to.link, "put", lambda make: sent.append(make().payload))
    stopping = to.stop(BELT_1, by="a test", wait_s=10.0)
    asking = asyncio.create_task(anext(stopping))
    await asyncio.sleep(1)
    identity = json.loads(sent[0])["id"]
    for machine, result in ((Machine("club", "belt-2"), "at_rest"), (BELT_1, "not_confirmed")):
        ack = Ack(seq=1, **SAID, id=identity, result=result, text="", after_s=0.1)
        hear(to, machine, Leaf.ACK, encoded(ack))
    assert (await asking).result == "not_confirmed"
    await stopping.aclose()
