"""What a run tells: one flat record for each thing that happened, for the screen, JSON lines and the journal alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of report. Those of JSON lines are documented in docs/JSONL.md; the others go to the journal only."""

    STATE = "state"
    COMMAND = "command"
    CALLOUT = "callout"
    OUTCOME = "outcome"
    TELEMETRY = "telemetry"
    CUE = "cue"
    REFUSAL = "refusal"
    ALARM = "alarm"
    NOTE = "note"
    SUMMARY = "summary"
    # journal only
    EVENT = "event"
    FRAME = "frame"
    LINK = "link"
    STOP = "stop"
    HELD = "held"
    ENDED = "ended"


JSON_LINE_KINDS = frozenset(
    {
        Kind.STATE,
        Kind.COMMAND,
        Kind.CALLOUT,
        Kind.OUTCOME,
        Kind.TELEMETRY,
        Kind.CUE,
        Kind.REFUSAL,
        Kind.ALARM,
        Kind.NOTE,
        Kind.SUMMARY,
    }
)


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened. `t` is seconds since the run began."""

    t: float
    kind: Kind
    data: dict[str, Any] = field(default_factory=dict[str, Any])
