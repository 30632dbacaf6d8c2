"""Where a machine may differ in what it does: small hooks, each of them the standard machine's answer.

A misbehaving machine overrides one or two of them and calls `super()` for the rest, so that several can be
combined: the classes become the bases of one class, in the order in which they were named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators import encoding as wire

if TYPE_CHECKING:
    from simulators.machine import AttResult, FtmsMachine


class Behaviour:
    """The conforming machine. One instance belongs to one machine and may keep state."""

    def __init__(self, machine: FtmsMachine) -> None:
        self.machine = machine

    # What values mean.

    def belt_kmh(self, target_kmh: float) -> float:
        """Give the belt speed that a target on the wire leads to."""
        return target_kmh

    def reported_kmh(self, now: float) -> float:
        """Give the speed that Treadmill Data tells."""
        return self.machine.true_speed_kmh(now)

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        """Choose what Treadmill Data tell, where the conforming machine tells `record`."""
        del now
        return record

    def speed_range(self) -> tuple[int, int, int]:
        """Minimum, maximum, increment as announced in 2AD4, in 0.01 km/h."""
        traits = self.machine.traits
        return traits.minimum.hundredths, traits.maximum.hundredths, traits.increment.hundredths

    def value(self, characteristic: str, data: bytes) -> bytes:
        """Choose what a read of `characteristic` gives, where the conforming machine gives `data`."""
        del characteristic
        return data

    # What is obeyed, and what is said.

    def accepts_subscription(self, characteristic: str, now: float) -> bool:
        """Tell whether the machine heeds a subscription; ATT answers well either way."""
        del characteristic, now
        return True

    def console_works(self, now: float) -> bool:
        """Tell whether the keys of the console do anything; the safety key always does."""
        del now
        return True

    def status(self, data: bytes) -> bytes | None:
        """Choose what Machine Status tells, where the conforming machine tells `data`; None = nothing."""
        return data

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        """Look at a Control Point write first; anything but None is the whole answer and nothing is done."""
        del data, now
        return None

    def obeys_stop(self, parameter: int, now: float) -> bool:
        """Whether Stop (1) or Pause (2) stops the belt; the answer is success either way."""
        del parameter, now
        return True

    def start_while_started(self, now: float) -> int:
        """Answer Start or Resume while counting down or moving: operation failed."""
        del now
        return 0x04

    def answer(self, op: int, result: int) -> int | None:
        """Choose the result code that is told; None = no answer."""
        traits = self.machine.traits
        return traits.results.get(op, result) if traits.answers else None

    def frames(self, now: float) -> list[bytes]:
        """Make the Treadmill Data notifications of one tick; none = the machine is silent."""
        traits = self.machine.traits
        record = self.record(self.machine.record(now), now)
        if traits.too_long == "truncate":
            return [wire.treadmill_data(record, traits.record_flags)[: traits.payload]]
        return wire.split_treadmill_data(record, traits.record_flags, traits.payload)

    # What happens by itself.

    def on_connect(self, now: float) -> None:
        """React to a central that has connected."""

    def on_started(self, now: float) -> None:
        """React to a start, by whomever; the countdown begins now."""

    def on_target(self, now: float) -> None:
        """React to a target speed set over the air."""

    def on_stopped(self, now: float) -> None:
        """React to a stop or pause, by whomever; the belt may still be falling."""
