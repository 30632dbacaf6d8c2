"""Everything the program may ever ask of a machine. Nothing else exists: no incline, no pause, no reset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class RequestControl:
    """Op code 00: ask for permission to command. Some machines start their belt on it, so it needs the trainer."""

    name = "request-control"


@dataclass(frozen=True, slots=True)
class StartOrResume:
    """Op code 07: start the belt. Once for each confirmation, never while it moves (many machines pause on it)."""

    name = "start"


@dataclass(frozen=True, slots=True)
class SetTargetSpeed:
    """Op code 02: ask for a target speed."""

    target: Speed
    name = "set-target-speed"


@dataclass(frozen=True, slots=True)
class Stop:
    """Op code 08 01: stop the belt. Always allowed."""

    name = "stop"


Command = RequestControl | StartOrResume | SetTargetSpeed | Stop


class Outcome(StrEnum):
    """What became of a command, judged from the answer and from telemetry together."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Answer(StrEnum):
    """What the wire alone says about a command; telemetry has the last word."""

    SUCCESS = "success"
    REFUSED = "refused"
    NOT_PERMITTED = "not permitted"
    NONE = "no answer"
    NOT_SENT = "not sent"
