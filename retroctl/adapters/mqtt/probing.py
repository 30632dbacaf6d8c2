"""A short visit to a broker: what it allows, and clearing what it keeps. Each visit has an end."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiomqtt

from retroctl.adapters.mqtt.client import Client
from retroctl.adapters.mqtt.homeassistant import config_topic
from retroctl.adapters.mqtt.hub import run_aside
from retroctl.adapters.mqtt.link import CONNECT_S, subscribed
from retroctl.adapters.mqtt.messages import Event, encoded, now_ts
from retroctl.adapters.mqtt.outbox import Outgoing
from retroctl.adapters.mqtt.reasons import NotAllowed, plain_reason
from retroctl.adapters.mqtt.topics import Leaf, of_club
from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.topics import Machine

VISIT_S: Final = 30.0
"""Everything together."""


class BrokerNotReached(TreadmillError):  # noqa: N818 - as its siblings
    """The broker was not reached; says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of what was found."""

    well: bool
    text: str


def check(broker: Broker) -> list[Finding]:
    """Connect, and try what a session or a viewer does. Raises BrokerNotReached."""
    return run_aside(_bounded(broker, _check(broker)))


def clear(broker: Broker, machine: Machine) -> list[Finding]:
    """Clear what is retained of a machine. Raises BrokerNotReached."""
    return run_aside(_bounded(broker, _clear(broker, machine)))


async def _bounded(broker: Broker, work: Any) -> Any:
    try:
        async with asyncio.timeout(VISIT_S):
            return await work
    except TimeoutError:
        raise BrokerNotReached(f"{broker.address.shown}: it does not answer") from None
    except (aiomqtt.MqttError, OSError) as error:
        raise BrokerNotReached(f"{broker.address.shown}: {plain_reason(error)}") from None


@asynccontextmanager
async def _visit(broker: Broker) -> AsyncIterator[Client]:
    # A name of its own: a session that runs as this machine must not be thrown off.
    client = Client(broker, f"retroctl-visit-{secrets.token_hex(6)}", None)
    try:
        async with asyncio.timeout(CONNECT_S):
            await client.__aenter__()
        yield client
        await client.__aexit__(None, None, None)
    finally:
        client.cut()


async def _check(broker: Broker) -> list[Finding]:
    address = broker.address
    async with _visit(broker) as client:
        how = "TLS, its certificate and name checked" if address.tls else "without TLS"
        found = [Finding(well=True, text=f"connected to {address.shown} with MQTT {broker.version}, {how}")]
        if address.machine is None:
            found += [await _may_read(client, of_club(address.club, leaf)) for leaf in (Leaf.STATUS, Leaf.STATE)]
            return found
        found.append(await _may_read(client, address.place.topic(Leaf.STOP)))
        text = "retroctl mqtt check"
        event = Event(seq=1, ts=now_ts(), run=uuid.uuid4().hex, t=0.0, event="remote", text=text)
        found += await _publish(client, address.place.topic(Leaf.EVENT), encoded(event), retain=False)
        return found + _unsaid(broker)


async def _clear(broker: Broker, machine: Machine) -> list[Finding]:
    topics = [*(machine.topic(leaf) for leaf in (Leaf.STATUS, Leaf.STATE, Leaf.SESSION)), config_topic(machine)]
    async with _visit(broker) as client:
        return [each for topic in topics for each in await _publish(client, topic, b"", retain=True)] + _unsaid(broker)


def _unsaid(broker: Broker) -> list[Finding]:
    """What a broker of the older version takes, it may drop all the same."""
    words = "MQTT 3.1.1 does not say what an access list forbids: check with 5"
    return [] if broker.version == "5" else [Finding(well=True, text=words)]


async def _may_read(client: Client, topic: str) -> Finding:
    try:
        await subscribed(client, topic)
    except NotAllowed as error:
        return Finding(well=False, text=str(error))
    return Finding(well=True, text=f"listening to {topic} was granted; Mosquitto grants it and may deliver nothing")


async def _publish(client: Client, topic: str, payload: bytes, *, retain: bool) -> Sequence[Finding]:
    if not await client.answered(client.say(Outgoing(topic, payload, retain))):
        return [Finding(well=False, text=f"the broker's access list does not let this user publish {topic}")]
    return [Finding(well=True, text=f"cleared {topic}" if retain else f"may publish under {topic.rsplit('/', 1)[0]}/")]
