"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitStatus(IntEnum):
    """The program's exit status."""

    OK = 0
    INTERNAL_ERROR = 1
    USAGE = 2
    NO_TREADMILL = 3
    NOT_AT_REST = 4


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. `belt_at_rest` only when rest was measured; `wrote`: something was sent to the machine."""

    status: ExitStatus
    reason: str
    belt_at_rest: bool
    wrote: bool = False
