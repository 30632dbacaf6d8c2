"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from retroctl.domain.effects import Ended, EndReason

NO_TREADMILL: Final = frozenset({EndReason.ALREADY_MOVING, EndReason.NO_DATA, EndReason.LINK_LOST})
"""Ends that mean: this machine could not be used."""


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


def judged(
    end: Ended | None,
    *,
    left: str | None,
    gave_up: str | None,
    error: BaseException | None,
    our_fault: bool,
    at_rest: bool,
    wrote: bool,
) -> Result:
    """The verdict on a run. Rest that was not measured is never claimed, whatever else is said.

    `left`: the way out that was taken. `gave_up`: why waiting for rest ended. `error`: a fault in this program.
    `our_fault`: the envelope refused what the session proposed (F13).
    """
    status, reason = ExitStatus.OK, left or "left"
    if end is not None:
        reason = end.text or end.reason.value
        status = ExitStatus.NO_TREADMILL if end.reason in NO_TREADMILL else ExitStatus.OK
    if our_fault:
        status = ExitStatus.INTERNAL_ERROR
    if error is not None:
        status = ExitStatus.INTERNAL_ERROR
        reason = f"a fault in this program: {type(error).__name__}: {error}"
    if gave_up is not None:
        at_rest = False
        reason = reason if error is not None else gave_up
    if not at_rest and status is not ExitStatus.NO_TREADMILL and (wrote or error is None):
        status = ExitStatus.NOT_AT_REST
    return Result(status, reason, belt_at_rest=at_rest, wrote=wrote)
