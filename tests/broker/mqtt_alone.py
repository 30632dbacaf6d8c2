"""A process that publishes as a machine until it is killed: URL and version of MQTT on the command line."""

from __future__ import annotations

import asyncio
import sys

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.narrator import Identity
from retroctl.adapters.mqtt.publisher import MachinePublisher


async def main() -> None:
    broker = Broker.checked(parse_url(sys.argv[1]), version=sys.argv[2])  # type: ignore[arg-type]
    identity = Identity(broker.address.place, "f" * 32, "0.1.0", "Belt", simulated=True)
    publisher = MachinePublisher(
        Hub(), broker, identity, picture=lambda: None, elapsed=lambda: 0.0, stop=lambda _source: None
    )
    publisher.begin()
    await asyncio.sleep(120)


asyncio.run(main())
