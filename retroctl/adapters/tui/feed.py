"""From reports to what the screen shows. A listener that only stores, bounded, and says that there is something new."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.tui.words import Line, line_of
from retroctl.app.reports import Kind, Report
from retroctl.domain.events import MachineStop

if TYPE_CHECKING:
    from collections.abc import Callable

LOG_LINES: Final = 300
"""Lines kept for the screen; the record keeps all of them."""
TRACE_POINTS: Final = 2400
"""Points kept for the picture: more than any terminal has columns. When full, every other one goes."""
ALARM_LEAST_S: Final = 10.0
"""An alarm stays on the screen at least so long, though its cause has gone."""

NOTHING_TO_PRESS: Final = frozenset({"armed", "stopped", "faulted", "turning", "lost"})
"""States in which nothing that was called out still counts."""

_LOUD: Final = frozenset({Kind.STATE, Kind.ALARM, Kind.STOP, Kind.CALLOUT, Kind.SUMMARY})
"""Kinds that are drawn at once; everything else waits for the next picture."""


@dataclass(frozen=True, slots=True)
class Point:
    """Session second, measured and target speed in km/h."""

    t: float
    measured: float
    target: float | None


@dataclass(frozen=True, slots=True)
class AlarmShown:
    """An alarm on the screen."""

    id: str
    text: str
    t: float


class Feed:
    """What has been told so far. `news` is called for what should be drawn at once, never for telemetry."""

    def __init__(self) -> None:
        self.news: Callable[[], None] = lambda: None
        self.leaving: Callable[[], object] = lambda: None
        """Called when a way out of the program is taken."""
        self.lines: deque[Line] = deque(maxlen=LOG_LINES)
        self.points: list[Point] = []
        self.alarms: dict[str, AlarmShown] = {}
        self.told = 0
        """Reports taken in; a picture that has seen as many needs no new log."""
        self.state = "idle"
        self.cue = ""
        self.mode = ""
        """Said when this belt is moved by a person at the console; empty when it is commanded."""
        self.called = ""
        """What a person is to do at the console just now."""
        self.summary: dict[str, Any] | None = None
        self.held: list[tuple[float, str]] = []
        """Speed and hands of the holds that are over."""
        self.emergency = False
        """A fall was noted, or the safety key pulled: the incident form opens."""
        self._every_s = 0.25

    # Everything that arrives is taken in here, in the call that reports it: it must stay cheap.
    def __call__(self, report: Report) -> None:
        """Take in a report."""
        if report.kind is Kind.TELEMETRY:
            self._measured(report)
            return
        self._remember(report)
        line = line_of(report)
        if line is not None:
            self.lines.append(line)
            self.told += 1
        if report.kind in _LOUD:
            self.news()

    def alarms_in(self, blocks: frozenset[str], t: float) -> list[AlarmShown]:
        """The alarms to show at session second `t`, newest first: what still blocks, and what is not old."""
        for key, alarm in list(self.alarms.items()):
            if alarm.id not in blocks and t - alarm.t > ALARM_LEAST_S:
                del self.alarms[key]
        return sorted(self.alarms.values(), key=lambda alarm: -alarm.t)

    def _remember(self, report: Report) -> None:  # noqa: C901 - one flat table of kinds
        data = report.data
        match report.kind:
            case Kind.STATE:
                self.state = str(data["state"])
                self.called = "" if self.state in NOTHING_TO_PRESS else self.called
            case Kind.CUE:
                self.cue = str(data["text"])
            case Kind.ALARM:
                self.emergency = self.emergency or MachineStop.SAFETY_KEY.value in str(data["text"])
                self.alarms[str(data["id"])] = AlarmShown(str(data["id"]), str(data["text"]), report.t)
            case Kind.CALLOUT if data["name"] == "mode":
                self.mode = str(data["text"])
            case Kind.CALLOUT:
                self.called = str(data["text"])
            case Kind.OUTCOME if data["result"] == "confirmed":
                self.called = ""
            case Kind.HELD:
                self.held.append((float(data["target_kmh"]), str(data["hands"])))
            case Kind.NOTE if data["note"] == "balance" and data["value"] == "fall":
                self.emergency = True
            case Kind.SUMMARY:
                self.summary = data
            case Kind.EVENT if data.get("event") == "Leaving":
                self.leaving()
            case _:
                pass

    def _measured(self, report: Report) -> None:
        point = Point(report.t, report.data["measured_kmh"], report.data["target_kmh"])
        last = self.points[-1] if self.points else None
        if last is None and point.measured == 0:
            return  # the picture begins with the belt
        if last is not None and point.t - last.t < self._every_s and point.target == last.target:
            return
        self.points.append(point)
        if len(self.points) > TRACE_POINTS:
            del self.points[1::2]
            self._every_s *= 2
