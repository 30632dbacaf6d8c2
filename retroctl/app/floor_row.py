"""One machine of the floor at one moment: how urgent it is, how much what is known says about now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.app.floor_news import Alarm, Presence, StateNews
    from retroctl.app.floor_stop import StopOrder


class Fresh(StrEnum):
    """How much what is known says about now."""

    NEVER = "never"
    """No state was ever heard."""
    NOW = "now"
    OLD = "old"
    SILENT = "silent"
    """Old, and for so long that the program may be gone."""
    OFFLINE = "offline"
    """The broker, or the program itself, says that it is gone."""


class Urgency(IntEnum):
    """The order of the floor."""

    TROUBLE = 0
    """An alarm; a Stop that failed; a belt that may be moving and nobody hears of it."""
    STOPPING = 1
    MOVING = 2
    READY = 3
    REST = 4
    GONE = 5
    """Offline, the belt last at rest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One machine at one moment."""

    machine: str
    urgency: Urgency
    fresh: Fresh
    age_s: float | None
    """Of what is shown; None where nothing was heard yet."""
    moving: bool
    """The belt moves, or may be moving."""
    news: StateNews | None
    alarms: tuple[Alarm, ...]
    """Those of now."""
    past: tuple[Alarm, ...]
    """Those that are over, and that nobody has marked as seen."""
    stop: StopOrder | None
    presence: Presence
    rival: bool
    """Two programs speak as this machine."""
    restarts: int
