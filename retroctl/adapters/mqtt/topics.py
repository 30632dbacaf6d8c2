"""Where things are said on the broker: `retroctl/v1/<club>/<machine>/<leaf>`, and who may be called what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retroctl.errors import ConfigError

ROOT: Final = "retroctl/v1"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""Lower case, so that no two names differ by case only; none of MQTT's wildcards, separators or `$`."""


class Leaf(StrEnum):
    """What is said under a machine's own prefix, and the one thing that is listened to."""

    STATUS = "status"
    STATE = "state"
    EVENT = "event"
    SESSION = "session"
    ACK = "cmd/ack"
    STOP = "cmd/stop"


@dataclass(frozen=True, slots=True, order=True)
class Machine:
    """One machine's place in the tree of topics. Raises ConfigError on names that cannot be part of a topic."""

    club: str
    name: str

    def __post_init__(self) -> None:
        checked_name("club", self.club)
        checked_name("machine", self.name)

    def topic(self, leaf: Leaf) -> str:
        """The topic of one leaf."""
        return f"{ROOT}/{self.club}/{self.name}/{leaf}"

    @property
    def path(self) -> str:
        """`club/machine`."""
        return f"{self.club}/{self.name}"


def checked_name(what: str, name: str) -> str:
    """`name`, if it can stand in a topic. Raises ConfigError."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what} {name[:60]!r}: 1 to 40 of a-z, 0-9, - and _, beginning with a letter or digit, such as belt-3"
        )
    return name


def of_club(club: str, leaf: Leaf) -> str:
    """The filter for one leaf of every machine of a club."""
    return f"{ROOT}/{checked_name('club', club)}/+/{leaf}"


def parsed(topic: str) -> tuple[Machine, Leaf] | None:
    """Whose topic that is, and which; None for any other."""
    parts = topic.split("/", 4)
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT:
        return None
    try:
        return Machine(parts[2], parts[3]), Leaf(parts[4])
    except (ConfigError, ValueError):
        return None
