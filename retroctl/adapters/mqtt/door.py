"""What may come in over the broker: a request to stop, and nothing else. Runs in the hub's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.adapters.mqtt.messages import Stop, Unreadable, decoded
from retroctl.adapters.mqtt.narrator import shortened
from retroctl.adapters.mqtt.topics import Leaf

if TYPE_CHECKING:
    from retroctl.adapters.mqtt.link import Incoming

REFUSALS_A_SECOND: Final = 1
"""Refusals are counted; so many a second are told and recorded."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is no request to stop. `unsaid`: how many like it went by since the last that was told."""

    why: str
    unsaid: int = 0

    @property
    def words(self) -> str:
        """For the record and whoever sent it."""
        more = f" ({self.unsaid} more were not told)" if self.unsaid else ""
        return f"no request to stop: {self.why}{more}"


class Door:
    """Looks at every message that comes. There is no way through it but `Stop`."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._told_at = float("-inf")
        self._unsaid = 0
        self.refused = 0

    def judge(self, message: Incoming, now: float) -> Stop | Refused | None:
        """A request to stop; a refusal that is to be told; or None, where it was told lately or is not for us."""
        if message.topic != self._topic:
            return None
        if message.retained:
            return self._refusal("it was kept by the broker, so nobody asks now; publish it without retain", now)
        try:
            stop = decoded(Leaf.STOP, message.payload)
        except Unreadable as error:
            return self._refusal(str(error), now)
        return stop if isinstance(stop, Stop) else None

    def _refusal(self, why: str, now: float) -> Refused | None:
        self.refused += 1
        if now - self._told_at < 1 / REFUSALS_A_SECOND:
            self._unsaid += 1
            return None
        unsaid, self._unsaid, self._told_at = self._unsaid, 0, now
        return Refused(shortened(why, 200), unsaid)


def source_of(stop: Stop) -> str:
    """Who asked, for screen and record."""
    return f"MQTT, {shortened(stop.by, 40)}" if stop.by else "MQTT"
