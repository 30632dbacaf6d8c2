"""From the wish to stop to the belt at rest: when Stop is repeated, what else may go out, what may truthfully be said.

Only Stop leaves, but for two exceptions: Request Control after an answer of Control Not Permitted, or once behind the
first repeat where control ended with a lost link and the machine may not say so; and, after two
repeats, once the machine's minimum as a target speed where that is below the measured speed. Never Start or Resume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from retroctl.domain.belief import FRAMES_APART_S, FRESH_S, REST_FRAMES, REST_SPAN_S
from retroctl.domain.commands import Answer, Command, RequestControl, SetTargetSpeed, Stop
from retroctl.domain.effects import StopView
from retroctl.units import REST, Speed

FALL: Final = 10
"""A fall of measured speed that counts, in hundredths of km/h."""
REPEAT_S: Final = 1.5
"""No fall for so long: Stop again."""
AT_ONCE_AGAIN_S: Final = 0.5
"""A pressed Stop is not written more often than this; a key held down must not fill the radio."""
STUBBORN_AFTER: Final = 2
"""After so many Stops without a fall, with the next one, the lowest speed is asked for once as well."""
NOT_AT_REST_S: Final = 10.0
FALLS_S: Final = 3.0
"""A belt that loses 0.1 km/h in this time falls, however slowly."""
LONGEST_FALL_S: Final = 60.0
"""So long after a stop began nobody waits for rest on the way out any more."""
SILENT_S: Final = 5.0
REST_AFTER_START_S: Final = 10.0
"""Countdowns of up to 6 s are known, and machines that start although they were stopped meanwhile, with success: a
pending start counts as cancelled so long after it was sent."""
REST_BEFORE_MOTION_S: Final = 5.0
"""And after so long at rest: by then a belt that moves and tells 0 has counted a metre."""
SAID_AGAIN_S: Final = 5.0
"""NOT CONFIRMED is said again so often while it lasts: whoever was not listening must hear it."""
SAID_AGAIN: Final = 120
"""So many times at most, ten minutes; the screen goes on saying it."""


@dataclass(slots=True)
class StopWatch:
    """One stop, from the moment it was wanted."""

    minimum: Speed
    began: float
    lowest: Speed | None
    """The lowest measured speed so far; None while none is known."""
    start_at: float | None = None
    """When a Start was sent, if the belt has not moved since."""
    control_gone: bool = False
    """It ended with the link, or was withdrawn: a machine that answers nothing, or always success, will not say so."""
    by_hand: bool = False
    """A person stops this belt: only Stop is asked for, and nothing falls until somebody presses it."""
    sent_at: float | None = None
    sent: int = 0
    """So many have left."""
    accepted_at: float | None = None
    _left_at: float | None = None
    """When one last left. One that could not, behind a slow write, keeps no pressed Stop from leaving."""
    _left_before: float | None = None
    _fell_at: float | None = None
    _regained_at: float | None = None
    _minimum_sent: bool = False
    _zero_frames: int = 0
    _zero_since: float | None = None
    _zero_at: float = 0.0
    _falls_until: float = 0.0
    _asked_control: bool = False
    _data_at: float | None = None
    _said: StopView | None = None
    _said_at: float = 0.0
    _said_again: int = 0
    measured: Speed | None = None

    def begin(self, *, quiet: bool) -> list[Command]:
        """What leaves at once: Stop, unless the machine itself says that it has stopped (`quiet`)."""
        return [] if quiet else self._send(self.began)

    def press_again(self, now: float) -> list[Command]:
        """A person presses Stop once more."""
        recent = self._left_at is not None and now - self._left_at < AT_ONCE_AGAIN_S
        return [] if recent else self._send(now)

    def measure(self, measured: Speed, now: float, *, falls_until: float = 0.0, rolls: bool = False) -> None:
        """Take in a frame. `falls_until`: before then 0 is no rest; `rolls`: 0 was told, but the metres count on."""
        self._falls_until = falls_until
        self.measured, self._data_at = measured, now
        if self.lowest is None:
            self.lowest = measured
        elif measured.hundredths <= self.lowest.hundredths - FALL:
            self.lowest, self._fell_at = measured, now
        if measured > REST:
            self.start_at = None
        if measured > REST or rolls:
            self._zero_frames, self._zero_since = 0, None
        elif self._zero_since is None:
            self._zero_frames, self._zero_since, self._zero_at = 1, now, now
        elif now - self._zero_at >= FRAMES_APART_S:
            self._zero_frames += 1
            self._zero_at = now

    def link_lost(self) -> None:
        """What the machine last said and measured is no longer known to hold; rest must be seen anew."""
        self.measured = self.accepted_at = self._zero_since = None
        self._zero_frames = 0
        self._asked_control = False
        self.control_gone = True

    def control_lost(self) -> None:
        """The machine has withdrawn its permission; who stops it by hand has none to lose."""
        self.control_gone = self.control_gone or not self.by_hand

    def written(self, now: float) -> None:
        """Stop was the first thing written on a new connection: from here the repeat is counted."""
        self.sent_at = self._left_at = now

    def answered(self, command: Command, answer: Answer, now: float) -> list[Command]:
        """Take in the wire's answer; a machine that denies control is asked for it, then told to stop again."""
        if isinstance(command, RequestControl):
            asked, self._asked_control = self._asked_control, False
            self.control_gone = self.control_gone and answer is not Answer.SUCCESS
            return self._send(now) if asked else []
        if isinstance(command, SetTargetSpeed) and command.target == self.minimum and answer is Answer.NOT_SENT:
            self._minimum_sent = False
        if not isinstance(command, Stop):
            return []
        if answer is Answer.SUCCESS and self.accepted_at is None:
            self.accepted_at = now
        if answer is Answer.NOT_SENT:
            self.sent, self._left_at = self.sent - 1, self._left_before
        recently = self._regained_at is not None and now - self._regained_at < REPEAT_S
        # Some machines start on Request Control: one that is not commanded is asked for it only while it moves.
        stands = self.by_hand and (self.measured is None or self.measured == REST)
        if answer is not Answer.NOT_PERMITTED or recently or stands:
            return []
        self._regained_at = now
        return self._ask_control()

    def due(self, now: float) -> list[Command]:
        """What leaves because nothing fell."""
        if now < self.next_repeat():
            return []
        repeated = self.sent_at is not None
        commands = self._send(now)
        if self.control_gone and repeated and self.measured is not None and self.measured > REST:
            commands += self._ask_control()
        stubborn = self.sent > STUBBORN_AFTER and not self._minimum_sent and not self.by_hand
        if stubborn and self.measured is not None and self.measured > self.minimum:
            self._minimum_sent = True
            commands.append(SetTargetSpeed(self.minimum))
        return commands

    def next_repeat(self) -> float:
        """When Stop goes out again unless the belt falls."""
        return max(self.began, self.sent_at or 0.0, self._fell_at or 0.0) + REPEAT_S

    def at_rest(self) -> bool:
        """Measured 0 in two frames since the wish; longer where a fall was not seen, or a start may be on its way."""
        if self._zero_frames < REST_FRAMES or self._zero_since is None:
            return False
        seen = self._zero_at - self._zero_since >= REST_SPAN_S
        return seen and self._zero_at >= self._rest_from(self._zero_since)

    def _rest_from(self, zero_since: float) -> float:
        """When 0 since then counts as rest."""
        if self.start_at is None:
            return self._falls_until
        return max(self._falls_until, self.start_at + REST_AFTER_START_S, zero_since + REST_BEFORE_MOTION_S)

    def coming_to_rest(self, now: float) -> bool:
        """Whether rest is on its way: the belt fell lately, or tells 0 and lacks only the time that a belt may take.

        That it still rolls shows in its metres, which have no end where it ignores Stop: so there is one here.
        """
        heard = self._data_at is not None and now - self._data_at <= FRESH_S
        falls = self._fell_at is not None and now - self._fell_at <= FALLS_S
        return heard and now - self.began < LONGEST_FALL_S and (falls or self.measured == REST)

    def view(self, now: float) -> StopView:
        """What may truthfully be said."""
        if self.at_rest():
            return StopView.STOPPED
        if self.accepted_at is not None and now - self._silent_from() >= SILENT_S:
            return StopView.SILENT
        if self.by_hand and self._fell_at is None and self._zero_frames == 0 and now - self.began < NOT_AT_REST_S:
            return StopView.CALLED_OUT
        not_falling = self._zero_frames == 0 and now - max(self.began, self._fell_at or 0.0) >= REPEAT_S
        waiting = self._zero_since is not None and now < self._rest_from(self._zero_since)
        if not_falling or (now - self.began >= NOT_AT_REST_S and not waiting):
            return StopView.NOT_CONFIRMED
        return StopView.STOPPING

    def to_be_said(self, view: StopView, now: float) -> bool:
        """Whether `view` is to be said now: when it is new, and again while a stop is not confirmed."""
        if view is not self._said:
            self._said, self._said_at, self._said_again = view, now, 0
            return True
        if now < self.next_said():
            return False
        self._said_at, self._said_again = now, self._said_again + 1
        return True

    def next_said(self) -> float:
        """When the words are to be said again though they are the same."""
        again = self._said is StopView.NOT_CONFIRMED and self._said_again < SAID_AGAIN
        return self._said_at + SAID_AGAIN_S if again else math.inf

    def next_view_change(self, now: float) -> float:
        """When the words may change though nothing happens."""
        marks = [max(self.began, self._fell_at or 0.0) + REPEAT_S, self.began + NOT_AT_REST_S]
        marks.append(self._silent_from() + SILENT_S)
        if self._zero_since is not None:
            marks.append(self._rest_from(self._zero_since))
        return min([mark for mark in marks if mark > now], default=now + REPEAT_S)

    def _silent_from(self) -> float:
        """Silence counts from the last frame, and never from before Stop was accepted: a belt needs time to fall."""
        return max(self.began, self._data_at or 0.0, self.accepted_at or 0.0)

    def _ask_control(self) -> list[Command]:
        """Ask for control; its answer, or the end of waiting for one, sends Stop again."""
        self.control_gone, self._asked_control = False, True
        return [RequestControl()]

    def _send(self, now: float) -> list[Command]:
        self._left_before, self._left_at = self._left_at, now
        self.sent_at = now
        self.sent += 1
        return [Stop()]
