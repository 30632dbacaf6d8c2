"""A test from the first frame to the belt at rest: what guards it at every moment, and how it stops.

The steps (`script`) only say what to try next. Whatever they wait for, each frame passes the guards here first: motion
nobody asked for, a belt faster than asked, silence, a console or another app that interferes. Any of them, like a key,
ends the steps at once and for good, and the belt is stopped by the same discipline as in a session (`StopWatch`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.domain.belief import REST_FRAMES
from retroctl.domain.commands import Answer, RequestControl, SetTargetSpeed, StartOrResume, Stop
from retroctl.domain.effects import StopView
from retroctl.domain.profile import Verdict
from retroctl.domain.qualify import guards
from retroctl.domain.qualify.findings import Findings, StopRecord
from retroctl.domain.qualify.gate import CEILING
from retroctl.domain.qualify.guards import Expect, Over
from retroctl.domain.qualify.happenings import (
    Alert,
    Answered,
    Ask,
    Connected,
    Entered,
    LetGo,
    LinkBack,
    LinkGone,
    Measured,
    Note,
    Refused,
    Sent,
    StatusTold,
    Step,
    StopWanted,
    TrialEnded,
    WriteHung,
    left_s,
)
from retroctl.domain.qualify.trace import Frame, Trace
from retroctl.domain.stopping import StopWatch
from retroctl.units import REST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from retroctl.domain.limits import BeltRange
    from retroctl.domain.qualify.happenings import Happening, TrialCommand, TrialEffect

TOTAL_S: Final = 1200.0
"""A test that takes longer than twenty minutes is ended, incomplete."""
SILENT_S: Final = 5.0
OURS_S: Final = 3.0
"""A status so soon after a command of ours may be its echo."""


class Trial:
    """One test. `handle(happening, now)` gives what is to be done; `next_deadline` says when to call again at last."""

    def __init__(self, belt: BeltRange, script: Callable[[Trial], Generator[float]], *, attended: bool) -> None:
        """`script`: the steps. `attended`: somebody is there to pull the safety key."""
        self.belt, self.attended = belt, attended
        self.ceiling = min(CEILING, belt.maximum)
        self.findings = Findings()
        self.trace = Trace()
        self.step: Step | None = None
        self.now = 0.0
        self.expect = Expect.REST
        self.target: int | None = None
        """The target in force, hundredths of km/h; none before the first one after a start."""
        self.sent_at: dict[str, float] = {}
        self.answers: dict[str, Answered] = {}
        """The last answer to each kind of command since it was last asked for."""
        self.first_start_at: float | None = None
        """When the first Start of this rest was written."""
        self.link_up = True
        self.dithers = 0
        self.status_seen: list[tuple[float, int]] = []
        self.awaited: set[str] = set()
        """Kinds of commands that were written and neither answered nor given up."""
        self.ended_by: str | None = None
        """Why the steps ended early; None while they run, and when they came to their end."""
        self.over = False
        self.stopped_by_person = False
        self.at_rest = False
        """Whether the belt was measured at rest at the end."""
        self._script = script(self)
        self._wake_at: float | None = None
        self._effects: list[TrialEffect] = []
        self._began: float | None = None
        self._step_began = 0.0
        self._watch: StopWatch | None = None
        self._record: StopRecord | None = None
        self._ending = False
        self._wrote = False
        self._zero_frames = 0
        self._lowest_since_target: int | None = None
        self._suspect: int | None = None
        self._away = False
        self._frame_at = 0.0
        self._warned = False
        self._rest_counts_at = self._stop_began = -1.0

    # -- what goes in ----------------------------------------------------------------------------------------------

    def handle(self, happened: Happening, now: float) -> list[TrialEffect]:
        """Take in what happened; gives what is to be done, in order."""
        self.now = now
        self._effects = []
        if self._began is None:
            self._began = self._frame_at = now
        self._take_in(happened)
        self._drive_stop(happened)
        if not self._ending:
            self._run_script()
        self._finish_when_at_rest()
        return self._effects

    def next_deadline(self) -> float | None:
        """When to look again though nothing happens."""
        if self.over:
            return None
        marks = [self._frame_at + SILENT_S, self._rest_counts_at]
        if self._watch is not None:
            marks += [self._watch.next_repeat(), self._watch.next_view_change(self.now)]
        if self._wake_at is not None and not self._ending:
            marks.append(self._wake_at)
        return min((mark for mark in marks if mark > self.now), default=self.now + 1.0)

    @property
    def ending(self) -> bool:
        """Whether the steps are over and only the belt's rest is waited for."""
        return self._ending

    @property
    def stop_wanted(self) -> bool:
        """Whether Stop must be the first thing on a new connection."""
        return self._watch is not None

    @property
    def duration_s(self) -> float:
        """Seconds since the machine was connected."""
        return 0.0 if self._began is None else self.now - self._began

    def left_s(self, now: float) -> float:
        """About how many seconds the test still takes, on an ordinary machine."""
        if self.step is None or self._ending:
            return 0.0
        return left_s(self.step, now - self._step_began, attended=self.attended)

    # -- what the script uses --------------------------------------------------------------------------------------

    def enter(self, step: Step) -> None:
        """A step begins."""
        self.step, self._step_began = step, self.now
        self._effects.append(Entered(step))

    def note(self, text: str) -> None:
        """Something found, for people."""
        self._effects.append(Note(text))

    def ask(self, command: TrialCommand) -> None:
        """Put a command to the gate."""
        self.answers.pop(command.name, None)
        self.sent_at[command.name] = self.now
        if isinstance(command, SetTargetSpeed):
            self.target = command.target.hundredths
            self._lowest_since_target = self.trace.speed
        elif isinstance(command, StartOrResume):
            self.expect, self.target = Expect.START, None
            self.first_start_at = None
        self._effects.append(Ask(command))

    def let_go(self, after_s: float) -> None:
        """Drop the link on purpose."""
        self._away, self.expect = True, Expect.ANYTHING
        self._effects.append(LetGo(after_s))

    def came_back(self) -> None:
        """What is measured from here on is judged again."""
        self._away = False
        self._frame_at = self.now

    def begin_stop(self, kind: str) -> None:
        """Stop, with everything that belongs to it, until rest is measured."""
        before = self.trace.speed or 0
        self._record = StopRecord(before, kind=kind, last_before=self.trace.frames[-1] if self.trace.frames else None)
        self._watch = StopWatch(self.belt.minimum, self.now, self.trace.last)
        self.expect, self.target = Expect.ANYTHING, None
        self._warned = False
        self._stop_began = self.now
        for command in self._watch.begin(quiet=False):
            self._effects.append(Ask(command))

    def ask_again(self, command: StartOrResume) -> None:
        """A second Start for the same rest: the first one's time stays."""
        self._effects.append(Ask(command))

    def key_told(self, since: float) -> bool:
        """Whether Machine Status has told of the safety key."""
        return any(at >= since and op == guards.SAFETY_KEY for at, op in self.status_seen)

    def stop_stuck(self, seconds: float) -> bool:
        """Whether the belt has not fallen at all for so long since Stop, or since it fell last."""
        return self._record is not None and self._record.stuck(self.now, seconds)

    def stop_silent(self) -> bool:
        """Whether the machine took Stop and has sent nothing since."""
        return self._watch is not None and self._watch.view(self.now) is StopView.SILENT

    def stops_written(self) -> int:
        """How often Stop was written in this stop."""
        return 0 if self._record is None else len(self._record.sent)

    @property
    def stopping(self) -> bool:
        """Whether a stop is under way."""
        return self._watch is not None

    def until(self, condition: Callable[[], bool], within_s: float) -> Generator[float, None, bool]:
        """Wait for `condition`, at most `within_s` seconds; whether it came."""
        end = self.now + within_s
        while not condition():
            if self.now >= end:
                return False
            yield end
        return True

    def wait(self, seconds: float) -> Generator[float]:
        """Let time pass."""
        yield from self.until(lambda: False, seconds)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _take_in(self, happened: Happening) -> None:  # noqa: C901, PLR0912 - a line for each happening
        match happened:
            case Measured():
                self._measured(happened)
            case Sent(command=command):
                self._wrote = True
                self.sent_at[command.name] = self.now
                self.awaited.add(command.name)
                if isinstance(command, StartOrResume) and self.first_start_at is None:
                    self.first_start_at = self.now
                if isinstance(command, Stop) and self._record is not None:
                    self._record.sent.append(self.now)
            case Answered():
                self._answered(happened)
            case StatusTold():
                self._status(happened)
            case LinkGone():
                self.link_up = False
                if not self._away:
                    self._end(Verdict.INCOMPLETE, "the link dropped by itself in the middle of the test")
            case LinkBack():
                self.link_up = True
                self._frame_at = self.now
            case WriteHung():
                self._end(Verdict.DANGEROUS, guards.HUNG)
            case StopWanted(source=source):
                self.stopped_by_person = self.stopped_by_person or not (self._ending or self.step is Step.SAFETY_KEY)
                self._end(None, f"stopped: {source}")
            case Refused(command=command, reason=reason):
                self._end(Verdict.INCOMPLETE, f"{command.name} was not written, by the rules of this test: {reason}")
            case Connected():
                pass
            case _:
                self._on_time()

    def _on_time(self) -> None:
        if self.duration_s >= TOTAL_S:
            self._end(Verdict.INCOMPLETE, f"the test took longer than {TOTAL_S / 60:.0f} minutes")
        elif self.link_up and self._watch is None and self.now - self._frame_at >= SILENT_S:
            self._end(Verdict.INCOMPLETE, f"it sent no Treadmill Data for {SILENT_S:.0f} s")

    def _measured(self, frame: Measured) -> None:
        before = self.trace.speed
        taken = Frame(self.now, frame.speed.hundredths, frame.distance_m)
        self.trace.frames.append(taken)
        self._frame_at = self.now
        self._zero_frames = self._zero_frames + 1 if frame.speed == REST else 0
        if self._record is not None and self._watch is not None:
            self._record.frames.append(taken)
        if self._lowest_since_target is not None:
            self._lowest_since_target = min(self._lowest_since_target, taken.speed)
        if not self._ending:
            self._guard(taken.speed, taken.speed if before is None else before)
        elif self._suspect is not None:
            # Not one mad frame: the next one says so too.
            if taken.speed >= self._suspect:
                self.findings.dangers.append(f"the belt ran faster than it was asked to: {taken.speed / 100:.2f} km/h")
            self._suspect = None

    def _guard(self, speed: int, before: int) -> None:
        if self.expect is Expect.START and speed > 0:
            self.expect = Expect.MOTION
        trip = guards.seen(
            self.belt,
            self.step,
            self.expect,
            target=self.target,
            lowest=self._lowest_since_target,
            speed=speed,
            before=before,
            rested=self._zero_frames >= REST_FRAMES,
        )
        if trip is not None:
            self._suspect = trip.suspect
            self._end(trip.verdict, trip.text)

    def _status(self, told: StatusTold) -> None:
        self.findings.statuses.add(told.op)
        self.status_seen.append((self.now, told.op))
        recent = self.now - max(self.sent_at.values(), default=-OURS_S) < OURS_S
        meant = None if self._away else guards.told(told.op, self.step, self.expect, recent=recent)
        if meant is not None:
            self._end(Verdict.INCOMPLETE, meant)

    def _answered(self, answered: Answered) -> None:
        name = answered.command.name
        self.answers[name] = answered
        self.awaited.discard(name)
        if answered.answer is not Answer.NOT_SENT:
            self.findings.written += 1
            self.findings.answered += answered.answer is not Answer.NONE
        denied = answered.answer is Answer.NOT_PERMITTED and self._watch is None
        if denied and not isinstance(answered.command, RequestControl):
            self._end(Verdict.INCOMPLETE, f"{guards.DENIED} {name}: the control that it gave does not last")
        if isinstance(answered.command, Stop) and self._record is not None and self._record.answered_at is None:
            self._record.answered_at = None if answered.answer in {Answer.NONE, Answer.NOT_SENT} else self.now

    def _drive_stop(self, happened: Happening) -> None:
        """Everything between Stop and rest."""
        watch, record = self._watch, self._record
        if watch is None or record is None:
            return
        commands: list[TrialCommand] = []
        match happened:
            case Measured(speed=speed):
                watch.measure(speed, self.now)
            case LinkGone():
                watch.link_lost()
            case LinkBack():
                watch.written(self.now)  # the first thing on the new connection was Stop
                # Control ended with the old one. A machine that answers nothing would never say that it is missing.
                commands.append(RequestControl())
            case Answered(command=RequestControl() | SetTargetSpeed() | StartOrResume() | Stop() as command):
                commands += watch.answered(command, happened.answer, self.now)
            case _:
                pass
        if self.link_up and not watch.at_rest():
            commands += watch.due(self.now)
        self._effects += [Ask(command) for command in commands]
        if watch.view(self.now) is StopView.NOT_CONFIRMED and not self._warned:
            self._warned = True
            self._effects.append(Alert("STOP NOT CONFIRMED - PULL THE CLIP"))
        if watch.at_rest() and self.now >= self._believable_rest():
            self._watch, self.expect = None, Expect.REST
            self.findings.stops.append(record)
            self._record = None

    def _believable_rest(self) -> float:
        """From when on a measured rest is one: a speed that drops to 0 at once may be what was asked for."""
        record = self._record
        if record is not None and self._rest_counts_at < self._stop_began:
            self._rest_counts_at = self.now + self.findings.doubtful_s(record)
        return self._rest_counts_at

    def _run_script(self) -> None:
        try:
            self._wake_at = next(self._script)
        except StopIteration:
            self._ending = True
        except Over as over:
            self._end(over.verdict, over.text)

    def _end(self, verdict: Verdict | None, text: str) -> None:
        """The steps end here. Everything after this is the belt's way to rest."""
        if self._ending:
            return
        if isinstance(verdict, Verdict) or self.step is not Step.SAFETY_KEY:
            self.ended_by = text  # a key in the last step only leaves that step out
        self._ending = True
        if verdict is Verdict.DANGEROUS:
            self.findings.dangers.append(text)
        elif verdict is Verdict.INCOMPLETE:
            self.findings.gaps.append(text)
        self._script.close()
        self._effects.append(Alert(text))
        touched = self._wrote or bool(self.sent_at)
        still = self._zero_frames > 0 or not self.trace.frames
        if self._watch is None and (touched or not still):
            self.begin_stop("other")

    def _finish_when_at_rest(self) -> None:
        if self._ending and self._watch is None and not self.over:
            self.over = True
            self.findings.judge_answers()
            self.at_rest = self._zero_frames > 0 or not self._wrote
            self._effects.append(TrialEnded())
