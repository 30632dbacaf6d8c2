"""What waits to be published: bounded, the newest of what only the newest counts of, and nothing after its time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

OUTBOX: Final = 256
"""Messages that wait while the broker is away or slow. More are dropped, the oldest first, and counted."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish, QoS 1. Of `latest` ones only the newest of a topic is kept while it waits."""

    topic: str
    payload: bytes
    retain: bool = False
    latest: bool = False
    until: float = inf
    """Of `time.monotonic()`: a `latest` one that still waits then is not sent any more."""
    taken: Callable[[bool], None] | None = field(default=None, compare=False)
    """Called in the hub's thread when the broker has taken it, with True, or its access list has not, with False
    (MQTT 5; 3.1.1 takes everything). Not called for what never left."""


@dataclass(slots=True)
class Outbox:
    """The newest of each `latest` topic, and the others in order."""

    latest: dict[str, Outgoing] = field(default_factory=dict)
    others: deque[Outgoing] = field(default_factory=deque)

    def put(self, message: Outgoing) -> int:
        """Have it wait; how many older ones had to go for it."""
        if message.latest:
            self.latest[message.topic] = message
            return 0
        dropped = len(self.others) >= OUTBOX
        if dropped:
            self.others.popleft()
        self.others.append(message)
        return int(dropped)

    def some(self, most: int, now: float) -> list[Outgoing]:
        """What is to be sent next, at most so many. They wait until they are `done`."""
        for topic in [topic for topic, message in self.latest.items() if message.until < now]:
            del self.latest[topic]
        found = [message for message, _ in zip(self.others, range(most), strict=False)]
        return found + [message for message, _ in zip(self.latest.values(), range(most - len(found)), strict=False)]

    def done(self, message: Outgoing) -> None:
        """It was sent; what replaced it meanwhile stays."""
        if self.others and self.others[0] is message:
            self.others.popleft()
        elif self.latest.get(message.topic) is message:
            del self.latest[message.topic]
