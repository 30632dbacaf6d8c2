"""Faults that a test, or a person at the simulated console, injects while the machine runs.

They belong to the air and to the moment; what a machine does by nature is a personality.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random

TREADMILL_DATA = "2acd"
REORDERED_BY_S = 1.2
"""More than the usual second between two records."""


class Emission(NamedTuple):
    """Something that leaves the machine by itself at time `at`.

    `kind` is `notify`, `indicate`, or `disconnect` (the machine drops the link; no characteristic, no data).
    """

    characteristic: str
    data: bytes
    at: float
    kind: str


@dataclass
class Faults:
    """All off at first. Set an attribute; counts run down as they are used."""

    silent: bool = False
    """No notification and no indication arrives; writes are still obeyed and their writes answered."""
    drop_frames: int = 0
    """So many Treadmill Data notifications are lost."""
    duplicate_frames: int = 0
    """So many Treadmill Data notifications come twice."""
    reorder_frames: int = 0
    """So many Treadmill Data notifications come after the one that follows them."""
    corrupt_frames: int = 0
    """So many Treadmill Data notifications have one bit flipped, chosen by the machine's seed."""
    truncate_frames: int = 0
    """So many Treadmill Data notifications lose their end, at a place chosen by the machine's seed."""
    loss: float = 0.0
    """The probability, by the machine's seed, that any notification is lost."""
    delay_s: float = 0.0
    """Every notification and indication comes so much later."""
    answer_late_s: float = 0.0
    """Control Point answers come so much later; a procedure is running meanwhile."""
    drop_answers: int = 0
    """So many Control Point answers are never sent; the command is obeyed."""
    reject_results: list[int] = field(default_factory=list)
    """The next commands are answered with these result codes and not obeyed."""
    reject_writes: list[int] = field(default_factory=list)
    """The next Control Point writes get these ATT errors and are not obeyed."""
    ignore_commands: int = 0
    """So many commands are answered with success and not obeyed."""
    hang_writes: int = 0
    """So many Control Point writes are never answered, not even by ATT, and not obeyed."""
    write_s: float = 0.0
    """Write responses come so much later."""

    def touch(self, emission: Emission, rng: random.Random) -> list[Emission]:
        """Decide what of `emission` goes on the air: nothing, itself, or something worse."""
        if self.silent or (self.loss and rng.random() < self.loss):
            return []
        if self.delay_s:
            emission = emission._replace(at=emission.at + self.delay_s)
        if emission.characteristic != TREADMILL_DATA:
            return [emission]
        if self.drop_frames:
            self.drop_frames -= 1
            return []
        if self.corrupt_frames:
            self.corrupt_frames -= 1
            emission = emission._replace(data=_one_bit_flipped(emission.data, rng))
        if self.truncate_frames:
            self.truncate_frames -= 1
            emission = emission._replace(data=emission.data[: rng.randrange(max(1, len(emission.data)))])
        if self.reorder_frames:
            self.reorder_frames -= 1
            emission = emission._replace(at=emission.at + REORDERED_BY_S)
        if self.duplicate_frames:
            self.duplicate_frames -= 1
            return [emission, emission]
        return [emission]

    def take_hang(self) -> bool:
        """Use up one hung write."""
        hung = self.hang_writes > 0
        self.hang_writes -= hung
        return hung

    def take_ignored(self) -> bool:
        """Use up one ignored command."""
        ignored = self.ignore_commands > 0
        self.ignore_commands -= ignored
        return ignored

    def take_dropped_answer(self) -> bool:
        """Use up one answer that is never sent."""
        dropped = self.drop_answers > 0
        self.drop_answers -= dropped
        return dropped


def _one_bit_flipped(data: bytes, rng: random.Random) -> bytes:
    if not data:
        return data
    place = rng.randrange(len(data) * 8)
    flipped = bytearray(data)
    flipped[place // 8] ^= 1 << place % 8
    return bytes(flipped)


class AttResult(NamedTuple):
    """How a read or a write ends on ATT: an error code or None, the data read, and when the answer comes."""

    error: int | None = None
    data: bytes = b""
    after_s: float = 0.0
    """Seconds until the answer; infinite = never."""


NEVER = AttResult(after_s=math.inf)
