"""Every report into the record; and the record's trouble back into the session (F14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.ports import Journal


class Recorder:
    """A listener. `tell` takes the session's event when the record fails or works again."""

    def __init__(self, journal: Journal, tell: Callable[[ev.Event], None]) -> None:
        self._journal, self._tell = journal, tell
        self._failing = self._ended = False

    def end(self) -> None:
        """The session's last row is queued: what is told from here on (a broker that goes) belongs to no session."""
        self._ended = True

    def __call__(self, report: Report) -> None:
        """Queue the report; returns at once."""
        if self._ended:
            return
        if report.kind is Kind.TELEMETRY:
            measured, target = report.data["measured_kmh"], report.data["target_kmh"]
            in_hundredths = None if target is None else round(target * 100)
            self._journal.sample(report.t, round(measured * 100), in_hundredths, report.data.get("heart_rate_bpm"))
        else:
            self._journal.append(report.t, report.kind.value, report.data)
        problem = self._journal.problem
        if (problem is not None) is not self._failing:
            self._failing = problem is not None
            self._tell(ev.RecordRestored() if problem is None else ev.RecordFailed(problem))
