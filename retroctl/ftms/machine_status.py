"""Fitness Machine Status 0x2ADA: what changed at the machine, and by whom (FTMS v1.0.1, section 4.17)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroctl.errors import MalformedFrame
from retroctl.ftms.opcodes import MachineStatusOp
from retroctl.ftms.parameters import TARGET_SPEED, notification_fields
from retroctl.ftms.wire import read_fields
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """One notification. `op` is a plain int, so an unknown one is kept; `counts` holds its parameters in wire units."""

    op: int
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    truncated: bool = False
    """The parameter, or a part of it, is missing. What the op code says holds all the same."""
    trailing: bytes = b""

    @property
    def target_speed(self) -> Speed | None:
        """The new target speed; None when the notification is about something else or was cut off."""
        if self.op != MachineStatusOp.TARGET_SPEED_CHANGED or self.truncated:
            return None
        return Speed(self.counts[TARGET_SPEED[0].name])

    @property
    def stop_action(self) -> int | None:
        """1 stopped, 2 paused (any other number is kept); None when not about that, or not said which."""
        return self.counts.get("param") if self.op == MachineStatusOp.STOPPED_OR_PAUSED_BY_USER else None


def decode_machine_status(data: bytes) -> MachineStatus:
    """Read one notification of 0x2ADA. Raises MalformedFrame when there is no op code at all.

    An unknown op code keeps its number, its parameter is `trailing`. 02 without its byte is still a stop.
    """
    if not data:
        raise MalformedFrame("Fitness Machine Status needs an op code", data)
    op, parameter = data[0], bytes(data[1:])
    reading = read_fields(parameter, notification_fields(op, len(parameter)) or ())
    return MachineStatus(op, reading.counts, reading.truncated, reading.trailing)


def encode_machine_status(op: MachineStatusOp, *counts: int) -> bytes:
    """Write a notification, its parameters in wire units and in order, the resistance level as the v1.0.1 pair.

    Raises ValueError for a number that does not fit the wire or a wrong count of parameters.
    """
    fields = notification_fields(op, 2) or ()
    if len(counts) != len(fields):
        raise ValueError(f"{op.name} takes {len(fields)} parameters, not {len(counts)}")
    return bytes([op]) + b"".join(each.encode(count) for each, count in zip(fields, counts, strict=True))
