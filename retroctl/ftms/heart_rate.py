"""Heart Rate Measurement 0x2A37: a strap's or a console's (Heart Rate Service v1.0, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from retroctl.errors import MalformedFrame
from retroctl.ftms.wire import Field, read_fields, set_bits

_WIDE_RATE = 1 << 0
_CONTACT_DETECTED = 1 << 1
_CONTACT_SUPPORTED = 1 << 2
_ENERGY_PRESENT = 1 << 3
_INTERVALS_PRESENT = 1 << 4
_INTERVAL_SIZE = 2


@dataclass(frozen=True, slots=True)
class HeartRateMeasurement:
    """One notification. `sent_bpm` is the figure as sent, None when it was cut off; see `heart_rate_bpm`."""

    sent_bpm: int | None
    contact: bool | None = None
    """Whether the sensor feels skin; None when it cannot tell."""
    energy_kj: int | None = None
    """Energy spent since the last reset."""
    rr_1024: tuple[int, ...] | None = None
    """Times between beats in 1/1024 s, oldest first; None when the sensor does not send them."""
    unknown_bits: tuple[int, ...] = ()
    truncated: bool = False
    trailing: bytes = b""

    @property
    def heart_rate_bpm(self) -> int | None:
        """The rate, where there is one: 0 means none, and one sent without skin contact is not a heart's."""
        return self.sent_bpm if self.sent_bpm and self.contact is not False else None


def decode_heart_rate(data: bytes) -> HeartRateMeasurement:
    """Read 0x2A37. Raises MalformedFrame for an empty value."""
    if not data:
        raise MalformedFrame("Heart Rate Measurement needs its byte of flags", data)
    flags, body = data[0], bytes(data[1:])
    layout = [Field("bpm", 2 if flags & _WIDE_RATE else 1)]
    if flags & _ENERGY_PRESENT:
        layout.append(Field("energy_kj", 2))
    reading = read_fields(body, layout)
    truncated, trailing = reading.truncated, reading.trailing
    intervals: tuple[int, ...] | None = None
    if flags & _INTERVALS_PRESENT and not truncated:
        whole = len(trailing) // _INTERVAL_SIZE * _INTERVAL_SIZE
        intervals = tuple(int.from_bytes(trailing[at : at + _INTERVAL_SIZE], "little") for at in range(0, whole, 2))
        trailing = trailing[whole:]
        truncated = bool(trailing) or not intervals
    return HeartRateMeasurement(
        sent_bpm=reading.counts.get("bpm"),
        contact=bool(flags & _CONTACT_DETECTED) if flags & _CONTACT_SUPPORTED else None,
        energy_kj=reading.counts.get("energy_kj"),
        rr_1024=intervals,
        unknown_bits=set_bits(flags, first=5, last=7),
        truncated=truncated,
        trailing=trailing,
    )


class Beats:
    """Tells beats from their repetition: a sensor that is stuck may send its last times between beats for ever."""

    def __init__(self) -> None:
        self._last: tuple[int, ...] = ()

    def new(self, intervals: tuple[int, ...] | None) -> bool:
        """Whether these times, in 1/1024 s, came with beats: there are some, and not those of the frame before."""
        before, self._last = self._last, intervals or ()
        return bool(intervals) and intervals != before
