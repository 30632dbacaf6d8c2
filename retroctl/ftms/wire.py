"""Little-endian fields: read as many as fit, report the rest; write only what is in range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Field:
    """One whole number on the wire. `per_unit` wire counts make one of the unit that `name` ends in."""

    name: str
    size: int
    signed: bool = False
    per_unit: int = 1
    unavailable: frozenset[int] = frozenset()
    """Wire values by which a machine says that it has no figure."""

    def scale(self, count: int) -> float:
        """Turn a wire count into the field's unit; the nearest float, an int where they are the same."""
        return count if self.per_unit == 1 else count / self.per_unit

    def encode(self, count: int) -> bytes:
        """Write a wire count. Raises ValueError when it does not fit."""
        try:
            return count.to_bytes(self.size, "little", signed=self.signed)
        except OverflowError:
            raise ValueError(f"{self.name}: {count} does not fit the wire") from None

    def decode(self, data: bytes) -> int:
        """Read a wire count from exactly `size` bytes."""
        return int.from_bytes(data, "little", signed=self.signed)


@dataclass(frozen=True, slots=True)
class Reading:
    """The wire counts that fitted, by field name, in order; and what did not."""

    counts: dict[str, int]
    truncated: bool
    """The value ended before the fields did."""
    trailing: bytes
    """Bytes that belong to no whole field: surplus, or the stump of a field that was cut."""


def read_fields(data: bytes, fields: Iterable[Field]) -> Reading:
    """Read `fields` from the front of `data`. The first that does not fit ends it: the later ones have no place."""
    data = bytes(data)
    counts: dict[str, int] = {}
    position = 0
    for field in fields:
        end = position + field.size
        if end > len(data):
            return Reading(counts, truncated=True, trailing=data[position:])
        counts[field.name] = field.decode(data[position:end])
        position = end
    return Reading(counts, truncated=False, trailing=data[position:])


def set_bits(word: int, *, first: int, last: int) -> tuple[int, ...]:
    """List the numbers of the bits set in `word` from bit `first` to bit `last`."""
    return tuple(bit for bit in range(first, last + 1) if word >> bit & 1)
