"""The storm's judge for tests without a belt: what the bench tells and shows, in the judge's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.app.reports import Kind
from retroctl.domain import events as ev
from simulators.storm.judge import Judge as StormJudge
from simulators.storm.setting import facings

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.reports import Report
    from retroctl.domain.heart import HeartWatch
    from retroctl.domain.limits import BeltRange, Client
    from retroctl.domain.plan import Plan


class Judge(StormJudge):
    """Raises Violation (an AssertionError) the moment something leaves that may not."""

    @classmethod
    def of(
        cls,
        belt: BeltRange,
        client: Client,
        plan: Plan,
        *,
        confirm: bool,
        coarse: bool,
        heart: HeartWatch | None,
        called: bool,
    ) -> Judge:
        forward, limit = client.comfortable_forward, client.clinician_limit
        return cls(
            belt.minimum.hundredths,
            belt.maximum.hundredths,
            belt.increment.hundredths,
            level=client.level.value,
            forward=None if forward is None else forward.hundredths,
            confirm=confirm,
            limit=None if limit is None else limit.hundredths,
            coarse=coarse,
            facings=facings(plan),
            heart_limit=None if heart is None else heart.high_bpm,
            most_rpe=None if heart is None or heart.limits is None else heart.limits.rpe_max,
            strapped=heart is not None and heart.chosen,
            called=called,
        )

    def told(self, event: ev.Event, now: float) -> None:
        """What the bench tells the engine."""
        match event:
            case ev.TelemetryReceived(measured=measured):
                self.heard(measured.hundredths, now)
            case ev.StopRequested(person=person):
                self.pressed_stop(now, person=person)
            case ev.StartConfirmed(kind=ev.StartKind.PROGRAM):
                self.confirmed_start(now)
            case ev.HeartRateReceived(bpm=bpm):
                self.beat(bpm, now)
            case ev.RpeGiven(rating=rating) if ev.LEAST_RPE <= rating <= ev.MOST_RPE:
                self.rated_effort(rating, now)
            case ev.ConfirmPressed():
                self.confirmed(now)
            case ev.HoldPressed() | ev.ProcessStalled() | ev.ComputerSlept():
                self.vetoes(now, breaks=False)
            case ev.BalanceEventNoted():
                self.vetoes(now, breaks=True)
            case ev.AnnouncementFinished(number=number):
                self.announcement_over(number, now)
            case ev.LinkDropped():
                self.link_lost(now)
            case ev.ControlLost():
                self.status(0xFF, now)
            case ev.RecordFailed():
                self.upset(now)
            case _:
                pass

    def reported(self, report: Report) -> None:
        """What the engine says."""
        told: dict[Kind, Callable[[], None]] = {
            Kind.STATE: lambda: self.entered(report.data["state"], report.t),
            Kind.ALARM: lambda: self.alarmed(report.data["id"]),
            Kind.STOP: lambda: self.says(report.data["view"]),
            Kind.COMMAND: lambda: self.commanded(bytes.fromhex(report.data["hex"])),
        }
        if report.kind in told:
            told[report.kind]()
