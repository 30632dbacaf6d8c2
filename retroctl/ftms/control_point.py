"""Fitness Machine Control Point 0x2AD9: what is asked of the machine, and its answer (FTMS v1.0.1, section 4.16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroctl.errors import MalformedFrame
from retroctl.ftms.opcodes import ControlPointOp, StopAction
from retroctl.ftms.parameters import TARGET_SPEED, request_fields
from retroctl.ftms.wire import read_fields
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESPONSE_SIZE = 3


@dataclass(frozen=True, slots=True)
class ControlPointRequest:
    """A request as read back from its bytes. `counts` holds the parameters in wire units, by name, in order."""

    op: int
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    truncated: bool = False
    trailing: bytes = b""

    @property
    def target_speed(self) -> Speed | None:
        """The speed that Set Target Speed asks for; None for any other request or when it was cut off."""
        if self.op != ControlPointOp.SET_TARGET_SPEED or self.truncated:
            return None
        return Speed(self.counts[TARGET_SPEED[0].name])

    @property
    def stop_action(self) -> int | None:
        """1 stop, 2 pause (any other number is kept); None for any other request or when it was cut off."""
        return self.counts.get("param") if self.op == ControlPointOp.STOP_OR_PAUSE else None


@dataclass(frozen=True, slots=True)
class ControlPointResponse:
    """The machine's answer: which request, and its Result Code; plain ints, so an unknown one is kept as it is."""

    request_op: int
    result: int
    parameter: bytes = b""
    """Only Spin Down defines one: lowest and highest target speed, 0.01 km/h each."""


def encode_request_control() -> bytes:
    """Ask for control of the machine: op code 00. All other requests need it."""
    return encode_request(ControlPointOp.REQUEST_CONTROL)


def encode_reset() -> bytes:
    """Reset targets and clocks and give control up: op code 01."""
    return encode_request(ControlPointOp.RESET)


def encode_set_target_speed(target_speed: Speed) -> bytes:
    """Set the target speed, 0.01 km/h: op code 02. A machine's own range is checked elsewhere."""
    return encode_request(ControlPointOp.SET_TARGET_SPEED, target_speed.hundredths)


def encode_start_or_resume() -> bytes:
    """Start the belt, or resume after a pause: op code 07."""
    return encode_request(ControlPointOp.START_OR_RESUME)


def encode_stop() -> bytes:
    """Stop the belt: op code 08 with parameter 01."""
    return encode_request(ControlPointOp.STOP_OR_PAUSE, StopAction.STOP)


def encode_pause() -> bytes:
    """Pause the belt: op code 08 with parameter 02."""
    return encode_request(ControlPointOp.STOP_OR_PAUSE, StopAction.PAUSE)


def encode_request(op: ControlPointOp, *counts: int) -> bytes:
    """Write any request, its parameters in wire units and in the specification's order.

    The resistance level is written as the one byte of v1.0 where it fits, else as the signed pair of v1.0.1.
    Raises ValueError for a number that does not fit the wire, a wrong count of parameters, or `RESPONSE_CODE`,
    which is the machine's to send.
    """
    fields = request_fields(op, 1 if counts and 0 <= counts[0] <= 0xFF else 2)
    if fields is None:
        raise ValueError(f"op code 0x{op:02X} is not a request")
    if len(counts) != len(fields):
        raise ValueError(f"{op.name} takes {len(fields)} parameters, not {len(counts)}")
    return bytes([op]) + b"".join(each.encode(count) for each, count in zip(fields, counts, strict=True))


def encode_response(response: ControlPointResponse) -> bytes:
    """Write a machine's answer. Raises ValueError when an op code or result is not a byte."""
    return bytes([ControlPointOp.RESPONSE_CODE, response.request_op, response.result]) + response.parameter


def decode_request(data: bytes) -> ControlPointRequest:
    """Read a request as a machine would. Raises MalformedFrame when there is no op code at all.

    An unknown op code keeps its number, its parameter is `trailing`.
    """
    if not data:
        raise MalformedFrame("a Control Point request needs an op code", data)
    op, parameter = data[0], bytes(data[1:])
    reading = read_fields(parameter, request_fields(op, len(parameter)) or ())
    return ControlPointRequest(op, reading.counts, reading.truncated, reading.trailing)


def decode_response(data: bytes) -> ControlPointResponse:
    """Read an answer: 80, the request's op code, a result. Raises MalformedFrame for anything else or shorter."""
    if len(data) < _RESPONSE_SIZE or data[0] != ControlPointOp.RESPONSE_CODE:
        raise MalformedFrame("a Control Point response is 80, the request's op code and a result", data)
    return ControlPointResponse(request_op=data[1], result=data[2], parameter=bytes(data[_RESPONSE_SIZE:]))
