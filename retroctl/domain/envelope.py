"""The gate: the only way to the wire. Deny by default; refuses, never clamps, and says why; always passes Stop.

It keeps its own small picture of the belt, fed with the same events as the session but judged by its own rules, so
that a mistake in the session meets a second opinion. A refusal of what the session proposed is a bug (F13).
"""

from __future__ import annotations

from typing import Final

from retroctl.domain.belief import FRESH_S, REST_FRAMES
from retroctl.domain.commands import Answer, Command, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.events import (
    AnnouncementFinished,
    ArmRequested,
    BalanceEventNoted,
    CommandAnswered,
    ComputerSlept,
    ConfirmPressed,
    ControlLost,
    Event,
    Hands,
    HandsNoted,
    HeartRateReceived,
    HoldPressed,
    LinkDropped,
    ProcessStalled,
    RecordFailed,
    RecordRestored,
    StartConfirmed,
    StartKind,
    StopRequested,
    TelemetryReceived,
    plausible,
)
from retroctl.domain.limits import (
    MIN_BACKWARD_HOLD_S,
    MIN_FORWARD_RAISE_GAP_S,
    BeltRange,
    Caps,
    Facing,
)
from retroctl.domain.verdict import Allowed, Refused, Verdict, Wire
from retroctl.units import REST, Speed

START_CONFIRMATION_S: Final = 10.0
STEADY_BEFORE_TARGET_S: Final = 2.0
CONSENT_WINDOW_S: Final = 15.0
KEY_FRESH_S: Final = 3.0
"""A forward raise follows the trainer's key at once, or not at all."""
ANNOUNCED_FRESH_S: Final = 3.0
AWAY_S: Final = 2.0
HEART_KNOWN_S: Final = 5.0
REPEATS_FIRST: Final = 2
MEASURED_JITTER: Final = 10
"""A belt on its way up may show a little less than the speed it is sent back to, hundredths of km/h."""


class Envelope:
    """Fed with `observe`, asked with `judge`, both with the same `now` as the session."""

    def __init__(
        self,
        belt: BeltRange,
        caps: Caps,
        max_raise: Speed,
        *,
        hold_s: float = MIN_BACKWARD_HOLD_S,
        hands_free: bool = False,
        heart_limit_bpm: int | None = None,
        wire: Wire = Wire.OPEN,
    ) -> None:
        """`hold_s` is the plan's shortest backward hold; less than 60 s is raised to 60, which is law.

        `heart_limit_bpm`: of the client, beats a minute; None where it is not known.
        """
        self.wire = wire
        self._belt, self._caps, self._max_raise = belt, caps, max_raise
        self._hold_s = max(hold_s, MIN_BACKWARD_HOLD_S)
        self._hands_free = hands_free
        self._heart_limit_bpm = heart_limit_bpm
        self._heart_over_at: float | None = None
        """When a heart rate over the limit came, if no lower one has come since."""
        self.facing = Facing.BACKWARD
        self._armed = False
        self._stop_latched = False
        self._stops = 0
        """So many Stops were let out since the last one was wanted."""
        self._lowest_in_stop = False
        self._last: Event | None = None
        self._confirmed_at: float | None = None
        """When the trainer last confirmed a start by the program; None once it is used."""
        self._measured: Speed | None = None
        self._measured_at = 0.0
        self._zero_frames = 0
        self._target: Speed | None = None
        """What the belt is expected to run at: the last target that went out, or a console speed that was adopted."""
        self._lowest_sent = False
        """Since the belt last started the machine's lowest speed was asked of it: it comes before anything else."""
        self._anchor: Speed | None = None
        self._steady_since: float | None = None
        self._away_since: float | None = None
        self._consent_at: float | None = None
        self._vetoed = False
        self._hands = Hands.BOTH
        """Other hands are another difficulty: consent given before is no consent to a raise on top of it."""
        self._announced_at: float | None = None
        self._raised_at: float | None = None
        self._denied = self._asked_denied = False
        """Control is gone; and a target was asked for all the same."""
        self._stop_denied = False
        """The stop under way was answered with Control Not Permitted."""
        self._unrecorded = False

    def observe(self, event: Event, now: float) -> None:  # noqa: C901, PLR0912 - a line for each thing that happens
        """Take in what happened, before the session does."""
        self._last = event
        match event:
            case TelemetryReceived(measured=measured):
                self._measure(measured, now)
            case StartConfirmed(kind=StartKind.PROGRAM):
                self._confirmed_at = now
            case ConfirmPressed():
                self._consent_at, self._vetoed = now, False
            case HoldPressed():
                self._consent_at, self._vetoed = None, True
            case HandsNoted(hands=hands) if hands is not self._hands:
                self._hands, self._consent_at = hands, None
            case HeartRateReceived(bpm=int(bpm)) if self._heart_limit_bpm is not None and plausible(bpm):
                over = bpm > self._heart_limit_bpm
                self._heart_over_at = now if over else None
                self._consent_at = None if over else self._consent_at
            case BalanceEventNoted():
                self._consent_at, self._vetoed = None, True
                if self._target is not None:
                    self._restart_hold()
            case AnnouncementFinished():
                self._announced_at = now
            case StopRequested(person=person):
                self._stop_latched = self._stop_latched or self._armed or person
            case LinkDropped():
                self._measured, self._zero_frames = None, 0
                self._restart_hold()
            case ControlLost():
                self._denied, self._asked_denied, self._consent_at = True, False, None
            case CommandAnswered(answer=answer):
                self._hear(event.command, answer)
            case RecordFailed():
                self._unrecorded, self._consent_at = True, None
            case ProcessStalled() | ComputerSlept():
                self._consent_at, self._vetoed = None, True
            case RecordRestored():
                self._unrecorded = False
            case _:
                pass

    def arm(self, facing: Facing, now: float) -> None:
        """The session says that it was armed. Believed only right after the trainer's act, on a belt seen at rest."""
        if isinstance(self._last, ArmRequested) and self._rests(now):
            self._armed, self._stop_latched, self._denied, self._vetoed = True, False, False, False
            self._hands = Hands.BOTH
            self._face(facing)

    def turned(self, facing: Facing, now: float) -> None:
        """The session says that the client has turned. Believed only right after the trainer's act, at rest."""
        if isinstance(self._last, ConfirmPressed) and self._rests(now) and self._armed:
            self._stop_latched = False
            self._face(facing)

    def follow(self, target: Speed | None) -> None:
        """The session expects the belt at `target` (a console speed it adopted): the hold is served there, anew."""
        if target is not None and target != self._target:
            self._target = self._anchor = target
            self._restart_hold()

    def latch_stop(self) -> None:
        """The session stops, be it by its own decision: from here only what this stop needs goes out."""
        self._stop_latched, self._stops, self._lowest_in_stop, self._stop_denied = True, 0, False, False

    def judge(self, command: Command, now: float) -> Verdict:
        """Whether `command` may go out at `now`."""
        match command:
            case Stop():
                self._stops += 1
                return Allowed()
            case RequestControl():
                return Allowed() if self._armed or self._stop_latched else _unarmed()
            case StartOrResume():
                return self._judge_start(now)
            case _:
                verdict = self._judge_target(command.target, now)
                if isinstance(verdict, Allowed):
                    self._note_target(command.target, now)
                return verdict

    def writes(self, command: Command) -> bool:
        """Whether what is allowed is written, too. Where not, no event and no state opens the wire."""
        if self.wire is Wire.STOP_ONLY:
            return isinstance(command, Stop) or (isinstance(command, RequestControl) and self._stop_latched)
        return self.wire is Wire.OPEN

    def judge_again(self, command: Command, now: float) -> Verdict:
        """Whether `command`, allowed a moment ago, may still go out after waiting for the air.

        Start, and any target over the measured speed, goes out at once or not at all.
        """
        match command:
            case Stop():
                return self.judge(command, now)
            case RequestControl():
                rests = self._measured is None or self._measured == REST
                if self._stop_latched and rests and not self._stop_denied:
                    return Refused("stop", "the belt rests, and some machines start when they are asked for control")
                return self.judge(command, now)
            case StartOrResume():
                return Refused("N1", "a start does not wait")
            case _:
                return self._judge_again(command.target, now)

    def _judge_again(self, target: Speed, now: float) -> Verdict:
        measured = self._measured
        if self._stop_latched:
            return self._judge_in_stop(target, wanted=self._lowest_in_stop)
        if measured is None or measured == REST or now - self._measured_at > FRESH_S:
            return Refused("N3", "a target speed is for a belt seen moving")
        slower = target.hundredths <= measured.hundredths + MEASURED_JITTER
        lowest = target == self._belt.minimum
        return Allowed() if lowest or slower else Refused("R7", "a raise does not wait")

    def _judge_start(self, now: float) -> Verdict:  # noqa: PLR0911 - a list of rules
        if not self._armed:
            return _unarmed()
        if self._stop_latched:
            return Refused("stop", "Stop is latched")
        if self._confirmed_at is None:
            return Refused("N1", "there is no confirmation of a start by the program, or it has been used")
        if now - self._confirmed_at > START_CONFIRMATION_S:
            return Refused("N1", "the confirmation is older than 10 s")
        if self._measured is None or now - self._measured_at > FRESH_S:
            return Refused("N3", "the belt's state is not known")
        if self._measured != REST:
            return Refused("N3", f"the belt moves at {self._measured}")
        self._confirmed_at = None
        return Allowed()

    def _judge_target(self, target: Speed, now: float) -> Verdict:  # noqa: PLR0911 - a list of rules
        measured = self._measured
        if self._stop_latched:
            return self._judge_in_stop(target, wanted=not self._lowest_in_stop)
        if not self._armed:
            return _unarmed()
        if not self._belt.on_grid(target):
            return Refused("N9", f"{target} is not a speed this machine can be asked for")
        cap = self._caps.of(self.facing)
        if target > cap:
            return Refused("cap", f"{target} is over the cap of {cap}")
        if measured is None or measured == REST:
            return Refused("N3", "a target speed is for a moving belt")
        if target == self._belt.minimum:
            return self._judge_minimum(now)
        if self._lowest_sent and self._is_down(target, measured):
            return Allowed()
        return self._judge_raise(target, measured, now)

    def _judge_in_stop(self, target: Speed, *, wanted: bool) -> Verdict:
        """After two repeats of Stop, once, the lowest speed, where the belt is faster."""
        slower = target == self._belt.minimum and self._measured is not None and self._measured > target
        if wanted and slower and self._stops > REPEATS_FIRST:
            self._lowest_in_stop = True
            return Allowed()
        return Refused("stop", "Stop is latched")

    def _is_down(self, target: Speed, measured: Speed) -> bool:
        """Lower than, or the same as, what the belt was asked for and does; never a way to creep upwards."""
        asked = self._target is not None and target <= self._target
        return asked and target.hundredths <= measured.hundredths + MEASURED_JITTER

    def _judge_minimum(self, now: float) -> Verdict:
        """The lowest speed may always be asked of a belt that has run steadily, or that ran at a target before."""
        if self._target is not None:
            return Allowed()
        if self._steady_since is None or now - self._steady_since < STEADY_BEFORE_TARGET_S:
            return Refused("A10", "the belt has not run steadily for 2 s yet")
        return Allowed()

    def _judge_raise(self, target: Speed, measured: Speed, now: float) -> Verdict:  # noqa: PLR0911 - a list of rules
        if now - self._measured_at > FRESH_S:
            return Refused("F1", "telemetry is stale")
        if self._denied:
            return Refused("F8", "control is not permitted")
        if self._unrecorded:
            return Refused("F14", "the record cannot be written")
        if self._heart_over_at is not None and now - self._heart_over_at <= HEART_KNOWN_S:
            return Refused("F10", f"the heart rate is over the limit of {self._heart_limit_bpm}")
        if not self._lowest_sent:
            return Refused("R6", f"the first target is the machine's lowest speed, {self._belt.minimum}")
        if self._steady_since is None:
            return Refused("R9", "the present speed is not settled")
        if self._target is not None and target.hundredths - self._target.hundredths > self._max_raise.hundredths:
            return Refused("R7", f"{self._target} to {target} is more than {self._max_raise}")
        if target.hundredths - measured.hundredths > self._max_raise.hundredths + self._belt.tolerance:
            return Refused("R7", f"measured {measured} to {target} is more than {self._max_raise}")
        return self._judge_consent(now)

    def _judge_consent(self, now: float) -> Verdict:
        if self._vetoed:
            return Refused("R8", "HOLD or a balance event: the trainer has not confirmed since")
        if self.facing is Facing.FORWARD:
            return self._judge_forward(now)
        held = now - (self._steady_since or now)
        if held < self._hold_s:
            return Refused("R9", f"{self._hold_s - held:.1f} s of the hold are left")
        consented = self._consent_at is not None and held - (now - self._consent_at) >= self._hold_s - CONSENT_WINDOW_S
        if not consented and not self._hands_free:
            return Refused("R8", "the trainer has not consented to this raise")
        if self._announced_at is None or now - self._announced_at > ANNOUNCED_FRESH_S:
            return Refused("announcement", "the raise has not been announced to the end")
        return Allowed()

    def _judge_forward(self, now: float) -> Verdict:
        if self._raised_at is not None and now - self._raised_at < MIN_FORWARD_RAISE_GAP_S:
            return Refused("R9", "the last raise was less than 15 s ago")
        if self._consent_at is None or now - self._consent_at > KEY_FRESH_S:
            return Refused("R8", "a forward raise follows the trainer's key")
        return Allowed()

    def _note_target(self, target: Speed, now: float) -> None:
        if self._stop_latched:
            return
        self._raised_at = now if self._target is not None and target > self._target else self._raised_at
        self._lowest_sent = self._lowest_sent or target == self._belt.minimum
        self._target = self._anchor = target
        self._asked_denied = self._denied
        self._restart_hold()
        self._announced_at = None

    def _measure(self, measured: Speed, now: float) -> None:
        gap = self._measured is None or now - self._measured_at > FRESH_S
        if gap:
            self._restart_hold()
        rested = self._measured == REST
        self._measured, self._measured_at = measured, now
        self._zero_frames = self._zero_frames + 1 if measured == REST else 0
        if self._target is None and (gap or rested or self._distance(measured) > self._belt.near):
            # Before the first target there is nothing to hold: steady is whatever the belt has just come to.
            self._anchor = measured
            self._restart_hold()
        distance = self._distance(measured)
        if self._steady_since is None:
            if distance <= self._belt.tolerance:
                self._steady_since, self._away_since = now, None
        elif distance <= self._belt.excursion:
            self._away_since = None
        elif self._away_since is None:
            self._away_since = now
        elif now - self._away_since >= AWAY_S:
            self._restart_hold()

    def _distance(self, measured: Speed) -> int:
        return 0 if self._anchor is None else abs(measured.hundredths - self._anchor.hundredths)

    def _rests(self, now: float) -> bool:
        return self._zero_frames >= REST_FRAMES and now - self._measured_at <= FRESH_S

    def _face(self, facing: Facing) -> None:
        self.facing = facing
        self._target = self._anchor = None
        self._lowest_sent = False
        self._confirmed_at = self._announced_at = self._raised_at = None
        self._restart_hold()

    def _restart_hold(self) -> None:
        """The hold is served anew, and consent was to a hold that is no more."""
        self._steady_since = self._away_since = self._consent_at = None

    def _hear(self, command: Command, answer: Answer) -> None:
        if isinstance(command, SetTargetSpeed) and answer is Answer.NOT_SENT:
            self._lowest_in_stop = False
        if isinstance(command, Stop) and answer is Answer.NOT_SENT:
            self._stops = max(0, self._stops - 1)  # an earlier one was still on its way: this was no repeat
        if isinstance(command, RequestControl) and answer is Answer.SUCCESS:
            self._denied = False
        # Asked since, a machine that takes a target has given control, whatever it answers to the request for it.
        if isinstance(command, SetTargetSpeed) and answer is Answer.SUCCESS and self._asked_denied:
            self._denied = self._asked_denied = False
        if answer is Answer.NOT_PERMITTED:
            self._denied, self._asked_denied, self._consent_at = True, False, None
            self._stop_denied = self._stop_denied or isinstance(command, Stop)


def _unarmed() -> Refused:
    return Refused("unarmed", "the trainer has not armed")
