"""Telemetry samples as bytes: nine bytes a sample, a minute to a row. docs/RECORDS.md documents the format.

A chunk is one version byte and the records:

    1   the records as they are
    2   the records, compressed by zlib (the writer takes whichever of the two is shorter)

A record is little-endian: offset from the chunk's start in ms (u16), flags (u8: bit 0 measured known, bit 1 target
known, bit 2 heart rate known), measured and target in 0.01 km/h (u16 each), heart rate in beats a minute (u16).
Flags, not sentinels: zero is news, and every value that the wire can carry is kept as it came.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINUTE_MS = 60_000

MAX_RECORDS = 6_000
"""The most samples of one chunk: a minute at 100 Hz. It bounds what a damaged chunk can unpack to."""

_RECORD = struct.Struct("<HBHHH")
_PLAIN, _DEFLATED = 1, 2
_MAX_MS = 2**53


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured and wanted at one moment of session time; None is "not known", never zero.

    `session_ms` is whole milliseconds; speeds are whole hundredths of km/h (0 to 65535), `heart_rate` beats a minute.
    """

    session_ms: int
    measured_hundredths: int | None
    target_hundredths: int | None
    heart_rate: int | None

    @property
    def session_s(self) -> float:
        """Session seconds."""
        return self.session_ms / 1000

    def record(self) -> bytes:
        """Give the sample's nine bytes, counted from the start of its minute.

        Raises ValueError if a value does not fit.
        """
        if abs(self.session_ms) > _MAX_MS:
            raise ValueError(f"a session time of {self.session_ms} ms is no session time")
        values = (self.measured_hundredths, self.target_hundredths, self.heart_rate)
        flags = sum(1 << bit for bit, value in enumerate(values) if value is not None)
        try:
            return _RECORD.pack(self.session_ms % MINUTE_MS, flags, *(value or 0 for value in values))
        except struct.error:
            raise ValueError(f"{self} does not fit its record") from None

    @property
    def minute_ms(self) -> int:
        """The start of the minute of session time that this sample falls in."""
        return self.session_ms - self.session_ms % MINUTE_MS


def pack(records: Sequence[bytes]) -> bytes:
    """Make one chunk of these records, in their order."""
    body = b"".join(records)
    deflated = zlib.compress(body, 6)
    if len(deflated) < len(body):
        return bytes([_DEFLATED]) + deflated
    return bytes([_PLAIN]) + body


def split(chunk: bytes) -> list[bytes]:
    """Give the records of a chunk. Raises ValueError for anything that `pack` cannot have written."""
    if not chunk:
        raise ValueError("an empty chunk of samples")
    version, body = chunk[0], chunk[1:]
    if version == _DEFLATED:
        body = _inflate(body)
    elif version != _PLAIN:
        raise ValueError(f"samples of format {version}, which this program does not know")
    size = _RECORD.size
    if len(body) % size or len(body) > MAX_RECORDS * size:
        raise ValueError(f"{len(body)} bytes of samples are not a whole number of records")
    return [body[at : at + size] for at in range(0, len(body), size)]


def unpack(start_ms: int, chunk: bytes) -> list[Sample]:
    """Give the samples of a chunk that starts at `start_ms`. Raises ValueError as `split`."""
    return list(_samples(start_ms, split(chunk)))


def _samples(start_ms: int, records: Iterable[bytes]) -> Iterable[Sample]:
    for record in records:
        offset, flags, measured, target, heart_rate = _RECORD.unpack(record)
        yield Sample(
            start_ms + offset,
            measured if flags & 1 else None,
            target if flags & 2 else None,
            heart_rate if flags & 4 else None,
        )


def _inflate(body: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(body, MAX_RECORDS * _RECORD.size + 1)
    except zlib.error as error:
        raise ValueError(f"samples that do not unpack ({error})") from None
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("samples that do not unpack (cut short, too long, or followed by something else)")
    return plain
