"""A second, independent opinion on everything that leaves: it shares no code with the session or the gate.

It sees what a camera in the room and a sniffer on the air would see - frames, people's acts, bytes - and keeps its own
account of what they allow. Speeds are whole hundredths of km/h.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroctl.app.reports import Kind
from retroctl.domain import events as ev

if TYPE_CHECKING:
    from bench import Bench

    from retroctl.app.reports import Report


@dataclass
class Judge:
    """Raises AssertionError the moment something leaves that may not."""

    bench: Bench
    armed: bool = False
    stop_wanted: bool = False
    person_stopped: bool = False
    frames: list[tuple[float, int]] = field(default_factory=list)
    breaks: list[float] = field(default_factory=list)
    """When the hold was broken by something else than speed: a target, a balance event, the link."""
    confirms: list[float] = field(default_factory=list)
    voids: list[float] = field(default_factory=list)
    """When consent given before became void."""
    vetoed: bool = False
    start_confirmed_at: float | None = None
    announcement: int | None = None
    announced_at: float | None = None
    lowest_sent: bool = False
    stops_since_wish: int = 0
    lowest_in_stop: int = 0
    denied_in_stop: bool = False
    control_gone: bool = False
    """The link was lost, or somebody else took control, and control was not asked for since a Stop failed."""
    raised_at: float | None = None
    raises: int = 0
    claim: int | None = None
    heart_limit: int | None = None
    strapped: bool = False
    """A strap belongs to the session: a rate under the limit, or a rating, before each raise."""
    rate: tuple[float, int | None] | None = None
    """The last frame of the strap."""
    over_at: float = -1.0
    rated_at: float = -1.0

    # -- what it sees

    def told(self, event: ev.Event, now: float) -> None:
        match event:
            case ev.StopRequested(person=person):
                if person or self.armed:
                    self._wish_stop()
                self.person_stopped = self.person_stopped or person
            case ev.StartConfirmed(kind=ev.StartKind.PROGRAM):
                self.start_confirmed_at = now
            case ev.HeartRateReceived(bpm=bpm):
                self.rate, self.strapped = (now, bpm), True
                if bpm is not None and self.heart_limit is not None and bpm > self.heart_limit:
                    self.over_at = now
                    self.voids.append(now)
            case ev.RpeGiven(rating=rating) if 6 <= rating <= 20:
                self.rated_at = now
            case ev.ConfirmPressed():
                self.confirms.append(now)
                self.vetoed = False
            case ev.HoldPressed():
                self.voids.append(now)
                self.vetoed = True
            case ev.BalanceEventNoted():
                self.voids.append(now)
                self.breaks.append(now)
                self.vetoed = True
            case ev.AnnouncementFinished(number=number):
                if number == self.announcement:
                    self.announced_at = now
            case ev.LinkDropped():
                self.control_gone = True
                self.voids.append(now)
                self.breaks.append(now)
            case ev.ProcessStalled() | ev.ComputerSlept():
                self.voids.append(now)
                self.vetoed = True
            case ev.ControlLost():
                self.control_gone = True
                self.voids.append(now)
            case ev.RecordFailed():
                self.voids.append(now)
            case _:
                pass

    def after(self, event: ev.Event) -> None:
        """Arming and a turn count when the session took them up; both need a belt that rests."""
        state = self.bench.state
        if isinstance(event, ev.ArmRequested) and state == "armed" and not self._armed_before:
            self._rearm()
            self.vetoed = False
        if isinstance(event, ev.ConfirmPressed) and state == "armed":
            self._rearm()
        self._armed_before = state == "armed"

    _armed_before: bool = False

    def _rearm(self) -> None:
        assert [speed for _, speed in self.frames[-2:]] == [0, 0], "armed on a belt not seen at rest"
        self.armed, self.stop_wanted = True, False
        self.lowest_sent = False
        self.start_confirmed_at = None
        self.raised_at = None

    def _wish_stop(self) -> None:
        if not self.stop_wanted:
            self.stop_wanted = True
            self.stops_since_wish = self.lowest_in_stop = 0
            self.denied_in_stop = False

    def saw(self, hundredths: int, now: float) -> None:
        self.frames.append((now, hundredths))

    def status(self, data: bytes, now: float) -> None:
        if data[0] in (0xFF, 0x01):
            self.control_gone = True
            self.voids.append(now)

    def answered(self, op: int, result: int, now: float) -> None:
        if result == 5:
            self.control_gone = True
            self.voids.append(now)
            self.denied_in_stop = self.denied_in_stop or op == 8

    def announced(self, number: int | None) -> None:
        self.announcement, self.announced_at = number, None

    def reported(self, report: Report) -> None:
        if report.kind is Kind.STATE and report.data["state"] == "stopping":
            self.stop_wanted = False  # each stop has its own account
            self._wish_stop()
        if report.kind is Kind.ALARM:
            assert report.data["id"] != "F13", f"the gate refused what the session proposed at {report.t}"

    # -- what it allows

    def wrote(self, payload: bytes, now: float) -> None:
        match payload[0]:
            case 0x08:
                assert payload == b"\x08\x01", f"{payload.hex()} is not a Stop"
                assert self.armed or self.person_stopped, "a Stop that nobody may have wanted: nothing is armed"
                self.stops_since_wish += 1
            case 0x00:
                assert payload == b"\x00"
                if self.stop_wanted:
                    unheard = (
                        self.control_gone and self.stops_since_wish >= 2 and self.frames and self.frames[-1][1] > 0
                    )
                    assert self.denied_in_stop or unheard, "Request Control after Stop, and control was never lost"
                    self.control_gone = False
                    return
                assert self.armed, "Request Control before arming"
            case 0x07:
                self._start(payload, now)
            case 0x02:
                assert len(payload) == 3
                self._target(int.from_bytes(payload[1:], "little"), now)
            case other:
                raise AssertionError(f"op code {other:02x} never leaves this program")

    def repeated(self, target: int) -> None:
        """A person is told again: never to raise once something speaks against it."""
        assert not self.stop_wanted, "a speed called out after Stop"
        higher = target > self.frames[-1][1] + 10 and target != self.bench.range.minimum.hundredths
        assert not (higher and self.vetoed), "a raise called out again after HOLD or a balance event"

    def _start(self, payload: bytes, now: float) -> None:
        assert payload == b"\x07"
        assert self.armed, "Start before arming"
        assert not self.stop_wanted, "Start after Stop"
        assert self.frames, "Start on a belt never seen"
        seen_at, speed = self.frames[-1]
        assert speed == 0, "Start on a moving belt"
        assert now - seen_at <= 2.0, "Start on old data"
        assert self.start_confirmed_at is not None, "Start without a confirmation of its own"
        assert now - self.start_confirmed_at <= 10.0, "Start on an old confirmation"
        self.start_confirmed_at = None

    def _target(self, target: int, now: float) -> None:
        belt = self.bench.range
        low, high, step = belt.minimum.hundredths, belt.maximum.hundredths, belt.increment.hundredths
        if self.stop_wanted:
            assert target == low, "after Stop only the machine's lowest speed"
            assert self.stops_since_wish >= 3, "the lowest speed before two repeats of Stop"
            assert self.frames[-1][1] > low
            self.lowest_in_stop += 1
            assert self.lowest_in_stop <= 1, "the lowest speed more than once after Stop"
            return
        assert self.armed, "a target before arming"
        assert low <= target <= high, "outside the machine's range"
        assert (target - low) % step == 0, "off the machine's grid"
        assert target <= self.bench.caps.of(self.bench.session.facing).hundredths, "over the cap"
        measured = self.frames[-1][1]
        assert measured > 0, "a target for a belt at rest"
        if not self.lowest_sent:
            assert target == low, "the first target is the lowest speed"
        elif target != low and (target > measured + 10 or target > max(measured, self.claim or 0)):
            self._raise(target, measured, now)
        self.lowest_sent = True
        self.claim = target
        self.breaks.append(now)
        self.voids.append(now)

    def _raise(self, target: int, measured: int, now: float) -> None:
        belt, bench = self.bench.range, self.bench
        step = bench.step.hundredths
        tolerance = max(10, belt.increment.hundredths)
        assert now - self.frames[-1][0] <= 2.0, "a raise on old data"
        assert target - measured <= step + tolerance, "a raise of more than one step over the measured speed"
        assert not self.vetoed, "a raise after HOLD or a balance event"
        self._effort(now)
        self.raises += 1
        if bench.session.facing == "forward":
            assert self.raised_at is None or now - self.raised_at >= 15.0
            assert self.confirms
            assert now == self.confirms[-1]
            self.raised_at = now
            return
        # The speed that was held: what was asked for, or where the belt was brought at the console.
        began = min(self._hold_began(now, centre) for centre in (self.claim or 0, self._middle(now)))
        assert now - began >= 60.0, f"a raise after {now - began:.2f} s of a hold"
        if bench.session._core.advance == "confirm":
            late = [at for at in self.confirms if at >= began + 45.0]
            assert late, "a raise without consent in the last 15 s of its hold"
            assert not [at for at in self.voids if at > late[-1]], "a raise on void consent"
        assert self.announced_at is not None, "a raise that was not announced to its end"
        assert now - self.announced_at <= 3.0, "a raise long after its announcement"

    def _effort(self, now: float) -> None:
        """F10: never over the limit; where a strap does not say that it is under it, a rating does."""
        if not self.strapped:
            return
        at, bpm = self.rate or (-9.0, None)
        assert now - self.over_at >= 5.0 or self.over_at < at, "a raise with a heart rate over the limit"
        fine = bpm is not None and now - at <= 5.0 and self.heart_limit is not None and bpm <= self.heart_limit
        assert fine or self.rated_at > self.over_at, "a raise on a heart rate that is not known"

    def _hold_began(self, now: float, centre: int) -> float:
        """From when to now every frame was fresh and near `centre` (outings under 2 s aside), and nothing broke it."""
        band = max(30, 2 * self.bench.range.increment.hundredths)
        floor = max(self.breaks, default=0.0)
        began = now
        later: float = now
        out_until: float | None = None
        for at, speed in reversed(self.frames):
            if later - at > 2.0 or at < floor:
                break
            if abs(speed - centre) > band:
                out_until = at if out_until is None else out_until
                if out_until - at >= 2.0:
                    break
            else:
                out_until = None
                began = at
            later = at
        return began

    def _middle(self, now: float) -> int:
        """The middle of what was measured in the last minute."""
        speeds = sorted(speed for at, speed in self.frames if now - at <= 55.0)
        return speeds[len(speeds) // 2]
