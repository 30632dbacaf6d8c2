"""From the wish to stop to the belt at rest: when Stop is repeated, what else may go out, what may truthfully be said.

Only Stop leaves, but for two exceptions: Request Control after an answer of Control Not Permitted, and, after two
repeats, once the machine's minimum as a target speed where that is below the measured speed. Never Start or Resume.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from retroctl.domain.belief import REST_FRAMES
from retroctl.domain.commands import Answer, Command, RequestControl, SetTargetSpeed, Stop
from retroctl.domain.effects import StopView
from retroctl.units import REST, Speed

FALL: Final = 10
"""A fall of measured speed that counts, in hundredths of km/h."""
REPEAT_S: Final = 1.5
"""No fall for so long: Stop again."""
AT_ONCE_AGAIN_S: Final = 0.5
"""A pressed Stop is not written more often than this; a key held down must not fill the radio."""
NOT_AT_REST_S: Final = 10.0
SILENT_S: Final = 5.0
START_PENDING_S: Final = 20.0
"""A start that was sent may take so long to move the belt; rest seen before that proves little."""
REST_AFTER_START_S: Final = 10.0
"""Countdowns of up to 6 s are known: a pending start counts as cancelled after so long at rest."""
REST_AFTER_ANSWER_S: Final = 2.0


@dataclass(slots=True)
class StopWatch:
    """One stop, from the moment it was wanted."""

    minimum: Speed
    began: float
    lowest: Speed | None
    """The lowest measured speed so far; None while none is known."""
    start_pending: bool = False
    """A Start was sent and the belt had not moved yet."""
    sent_at: float | None = None
    repeats: int = 0
    accepted_at: float | None = None
    _fell_at: float | None = None
    _regained_at: float | None = None
    _minimum_sent: bool = False
    _zero_frames: int = 0
    _zero_since: float | None = None
    _data_at: float | None = None
    measured: Speed | None = None

    def begin(self, *, quiet: bool) -> list[Command]:
        """What leaves at once: Stop, unless the machine itself says that it has stopped (`quiet`)."""
        return [] if quiet else self._send(self.began)

    def press_again(self, now: float) -> list[Command]:
        """A person presses Stop once more."""
        recent = self.sent_at is not None and now - self.sent_at < AT_ONCE_AGAIN_S
        return [] if recent else self._send(now)

    def measure(self, measured: Speed, now: float) -> None:
        """Take in a frame."""
        self.measured, self._data_at = measured, now
        if self.lowest is None:
            self.lowest = measured
        elif measured.hundredths <= self.lowest.hundredths - FALL:
            self.lowest, self._fell_at = measured, now
        if measured > REST:
            self._zero_frames, self._zero_since = 0, None
            self.start_pending = False
        else:
            self._zero_frames += 1
            self._zero_since = now if self._zero_since is None else self._zero_since

    def answered(self, command: Command, answer: Answer, now: float) -> list[Command]:
        """Take in the wire's answer; a machine that denies control is asked for it, then told to stop again."""
        if isinstance(command, RequestControl):
            return self._send(now)
        if not isinstance(command, Stop):
            return []
        if answer is Answer.NOT_PERMITTED:
            if self._regained_at is not None and now - self._regained_at < REPEAT_S:
                return []
            self._regained_at = now
            return [RequestControl()]
        if answer is not Answer.NOT_SENT and answer is not Answer.NONE:
            self.accepted_at = now
        return []

    def due(self, now: float) -> list[Command]:
        """What leaves because nothing fell."""
        if now < self.next_repeat():
            return []
        self.repeats += 1
        commands = self._send(now)
        stubborn = self.repeats > 2 and not self._minimum_sent  # noqa: PLR2004 - "after two repeats"
        if stubborn and self.measured is not None and self.measured > self.minimum:
            self._minimum_sent = True
            commands.append(SetTargetSpeed(self.minimum))
        return commands

    def next_repeat(self) -> float:
        """When Stop goes out again unless the belt falls."""
        return max(self.began, self.sent_at or 0.0, self._fell_at or 0.0) + REPEAT_S

    def at_rest(self, now: float) -> bool:
        """Measured 0 in two frames since the wish; longer where a start may still be on its way."""
        if self._zero_frames < REST_FRAMES or self._zero_since is None:
            return False
        if not self.start_pending:
            return True
        if self.accepted_at is not None and now - max(self.accepted_at, self._zero_since) >= REST_AFTER_ANSWER_S:
            return True
        return now - self._zero_since >= REST_AFTER_START_S

    def view(self, now: float) -> StopView:
        """What may truthfully be said."""
        if self.at_rest(now):
            return StopView.STOPPED
        heard = self.began if self._data_at is None else max(self.began, self._data_at)
        if self.accepted_at is not None and now - heard >= SILENT_S:
            return StopView.SILENT
        never_fell = self._fell_at is None and self._zero_frames == 0 and now - self.began >= REPEAT_S
        if never_fell or now - self.began >= NOT_AT_REST_S:
            return StopView.NOT_CONFIRMED
        return StopView.STOPPING

    def next_view_change(self, now: float) -> float:
        """When the words may change though nothing happens."""
        marks = [self.began + REPEAT_S, self.began + NOT_AT_REST_S]
        marks.append((self.began if self._data_at is None else max(self.began, self._data_at)) + SILENT_S)
        return min((mark for mark in marks if mark > now), default=now + REPEAT_S)

    def _send(self, now: float) -> list[Command]:
        self.sent_at = now
        return [Stop()]
