"""What the gate says of a command, and how much of what it allows may be written to the machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may go out."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not, for this rule and reason."""

    rule: str
    reason: str


Verdict = Allowed | Refused


class Wire(Enum):
    """What of that which is allowed may be written to the machine; the rest is called out to a person."""

    OPEN = "everything that is allowed"
    STOP_ONLY = "what a stop needs: Stop, and Request Control where Stop was refused for want of it"
    CLOSED = "nothing"
