"""An opinion of its own on everything that leaves, and on the belt: it shares no code with session, gate or belief.

It sees what a sniffer on the air, a camera on the trainer's hands and a sensor on the belt would see, and what the
program says on its screen, and keeps its own account of what all that allows. It is the judge of the storm, and of
the tests that have no belt (`tests/judge.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from simulators.storm.seen import LATEST_ANSWER_S, REST_STATES, UNDER_WAY, Seen, Violation

__all__ = ["Judge", "Violation"]

STEP: Final = 80
"""0.5 mph, whole hundredths of km/h."""
HOLD_S: Final = 60.0
OVER_CAP: Final = 30
OVER_CAP_APART_S: Final = 0.5
OVER_CAP_S: Final = 9.0
"""A belt over its cap is being stopped within so long, though up to five seconds of frames may be missing."""
CALLED_S: Final = 30.0
"""The same where a person is told to lower it first."""
MILES_S: Final = 12.0
"""For so long a speed of another unit is steady before it must be known for one."""
MET_S: Final = 1.9
"""What is told for so long is the belt's speed to whoever asked for it."""
WORDS_S: Final = 13.0
"""A stop that the belt does not obey is called so within so long."""
FRESH_S: Final = 2.0
SILENT_S: Final = 5.0
BEGUN: Final = 20
"""A belt that moves more slowly may have begun since the last frame."""
NEAR: Final = 10
FALL: Final = 10
AGAIN_S: Final = 1.0
"""What Bluetooth refused for a lost subscription is written again within so long."""
AT_ONCE_S: Final = 0.15
UNHEARD_S: Final = 1.5
REPEAT_S: Final = 2.1
"""While nothing falls Stop is written again within so long: 1.5 s, and what the radio takes."""
SETTLED_S: Final = 3.0
"""A speed has settled within so long of its first frame; what was rated before was another one."""
SEEN_S: Final = 2.5
"""A belt is seen once a second, and rest is two frames."""


@dataclass
class Judge(Seen):
    """Raises Violation the moment something leaves, or the belt does, what it may not."""

    # -- what the program says -------------------------------------------------------------------------------------

    def entered(self, state: str, now: float) -> None:
        """The program is in another state."""
        before, self.state = self.state, state
        if state == "overridden" and self.frames and not self._like_miles(self.frames[-1][1]):
            # A belt that went elsewhere by itself; the trainer is told and asked. Where it creeps on to is not miles.
            self.console_at = now
        if state == "armed" and before in {"briefing", "stopped", "turning"}:
            self._need([speed for _, speed in self.frames[-2:]] == [0, 0], "armed on a belt that was not seen at rest")
            self.armed, self.stopping, self.lowest_sent, self.vetoed = True, False, False, False
            self.start_confirmed_at = self.view = self.stop_since = self.raised_at = self.owed_since = None
            self.must_stop_at = self.told_over_since = None
            self.face(self.facing_index + 1 if before == "turning" else 0)
        elif state == "stopping":
            self.stopping = False  # each stop has its own account
            self.wish()
            self.stop_since = self.fell_at = now
            self.lowest_in_fall, self.must_stop_at = self.frames[-1][1] if self.frames else None, None
        elif before == "stopping":
            self.stop_since = None

    def alarmed(self, number: str) -> None:
        """An alarm."""
        self._need(number != "F13", "the gate refused what the session proposed")

    def rests(self, least_true: float) -> None:
        """The program has just said that the belt stands; `least_true`: the least it ran at within what can be seen."""
        if self.honest and self.armed:
            self._need(least_true <= 0, f"said to stand, and the belt has not been under {least_true / 100:.2f}")

    # -- what the machine does -------------------------------------------------------------------------------------

    def heard(self, speed: int, now: float) -> None:
        """A frame with a speed reached the program."""
        before = self.frames[-1] if self.frames else None
        self.frames.append((now, speed))
        if self.stop_since is not None:
            if self.lowest_in_fall is None or speed <= self.lowest_in_fall - FALL:
                self.fell_at, self.lowest_in_fall = now, speed
        elif self.armed and self.state in UNDER_WAY and not self.called:
            self._told_over(speed, now)
            self._told_miles(speed, now)
        elif self.armed and self.honest and self.state in {"armed", "turning"} and speed > 0:
            rested = before is not None and before[1] == 0 and now - before[0] <= FRESH_S
            if rested and self._zeros() >= 1.0:
                self._must_stop("motion from rest that nobody asked for", now)

    def _zeros(self) -> float:
        """For how long 0 was told before the last frame."""
        end = began = self.frames[-2][0]
        for at, speed in reversed(self.frames[:-1][-6:]):
            if speed or began - at > FRESH_S:
                break
            began = at
        return end - began

    def _told_over(self, speed: int, now: float) -> None:
        if speed <= self.cap + OVER_CAP:
            self.told_over_since = None
        elif self.told_over_since is None:
            self.told_over_since = now
        elif now - self.told_over_since >= OVER_CAP_APART_S:
            self._must_stop(f"told to run at {speed / 100:.2f}, over the cap of {self.cap / 100:.2f},", now)

    def _told_miles(self, speed: int, now: float) -> None:
        """Asked for kilometres and given miles, and nobody has pressed a key since."""
        self._come_to(speed, now)
        moved = speed > self.claimed_from + OVER_CAP  # it may never have heard, and run on as it did
        # What a hold allows on a coarse machine may be as far off as miles are: at 0.6 km/h in steps of 0.3.
        moved = moved and speed > (self.claim or 0) + self._band()
        # Forward the client sets the speed: where it goes once it had come to what was asked for may be the keys.
        keys = self.console_at > self.claimed_at or (self.facing == "forward" and self.met)
        if not (moved and self._like_miles(speed)) or keys:
            self.other_since = None
        elif self.other_since is None:
            self.other_since = now
        elif now - self.other_since > MILES_S:
            self._must_stop(
                f"asked for {(self.claim or 0) / 100:.2f} and told to run at {speed / 100:.2f}, miles by its look,",
                now,
            )

    def _come_to(self, speed: int, now: float) -> None:
        """Whether the speed asked for has been told for long enough, going by it, to be the belt's."""
        if abs(speed - (self.claim or 0)) > NEAR:
            self.met_since = None
            return
        self.met_since = now if self.met_since is None else self.met_since
        self.met = self.met or now - self.met_since >= MET_S

    def _like_miles(self, speed: int) -> bool:
        claim = self.claim or 0
        return 153 * claim < speed * 100 < 169 * claim

    def _must_stop(self, why: str, now: float) -> None:
        if self.must_stop_at is None:
            self.must_stop_at, self.must_stop_for = now, why

    def belt(self, true: float, now: float) -> None:
        """The belt's true speed at a moment, hundredths of km/h; also the moment to look what has become due."""
        under_way = self.armed and not self.stopping and self.state not in REST_STATES
        if self.must_stop_at is not None and now > self.must_stop_at + self.slack_s:
            self._need(not under_way, f"{self.must_stop_for} and not stopped")
            self.must_stop_at = None
        if under_way and self.frames and now - self.frames[-1][0] > SILENT_S + 0.2 + self.slack_s:
            self._need(self.state not in UNDER_WAY, "nothing was heard of the belt for 5 s, and it is not stopped")
        if under_way and self.honest and true > self.cap + OVER_CAP + 1:
            self.over_since = now if self.over_since is None else self.over_since
            bound = CALLED_S if self.called else OVER_CAP_S
            over = f"the belt runs at {true / 100:.2f}, over the cap of {self.cap / 100:.2f}, unstopped"
            self._need(now - self.over_since <= bound, over)
        else:
            self.over_since = None
        if self.owed_since is not None:
            since = max(self.owed_since, self.free_at)
            self._need(now - since <= AT_ONCE_S + self.slack_s, "STOP was pressed, the radio is free, and no Stop left")
        if self.state == "stopping" and self.stop_since is not None:
            self._watch_stop(true, now, self.stop_since)

    def _watch_stop(self, true: float, now: float, since: float) -> None:
        moving = true > 0 and self.frames and self.frames[-1][1] > 0
        if moving and now - since > WORDS_S and self.view == "STOPPING":
            raise Violation(f"the belt runs at {true / 100:.2f} so long after Stop and the screen says STOPPING")
        if not self.called:
            last = max(since, self.stopped_at, self.fell_at, self.free_at)
            self._need(now - last <= REPEAT_S + self.slack_s, "nothing falls, and Stop is not repeated")

    # -- what leaves -----------------------------------------------------------------------------------------------

    def wrote(self, payload: bytes, now: float, *, true: float = 0.0) -> None:
        """Bytes handed to Bluetooth for the Control Point, or called out to a person; `true`: what the belt runs at."""
        op, refusal, self.refusal = payload[0], self.refusal, None
        self.last_op = op
        if refusal is not None and refusal[0] == payload and now - refusal[1] <= AGAIN_S and not self.stopping:
            return  # the same once more: the first has never reached the machine
        if self.first_stop:
            self._need(op == 0x08, "the link is back, a stop is under way, and something else goes first")
            self.first_stop = False
        elif self.called:
            pass  # a person is told, nothing is written
        elif payload in self.said:
            self.said.remove(payload)
        else:
            self._need(op == 0x08 or not self.said, f"{payload.hex()} was written, and something else was said")
        match op:
            case 0x08:
                self._stop(payload, now)
            case 0x00:
                self._control(payload, now)
            case 0x07:
                self._start(payload, now, true)
            case 0x02:
                self._need(len(payload) == 3, "a target of an odd length")
                self._target(int.from_bytes(payload[1:], "little"), now)
            case _:
                raise Violation(f"op code {op:02x} never leaves this program")

    def sent(self) -> None:
        """What was written is on its way: the radio is taken until it returns."""
        self.in_air, self.free_at = self.in_air + 1, math.inf

    def repeated(self, target: int) -> None:
        """A person is told again: never to raise once something speaks against it."""
        self._need(not self.stopping, "a speed called out after Stop")
        higher = target > self.frames[-1][1] + NEAR and target != self.minimum
        self._need(not (higher and self.vetoed), "a raise called out again after HOLD or a balance event")

    @staticmethod
    def _need(fact: object, otherwise: str) -> None:
        if not fact:
            raise Violation(otherwise)

    def _stop(self, payload: bytes, now: float) -> None:
        self._need(payload == b"\x08\x01", f"{payload.hex()} is not a Stop")
        self._need(self.armed or self.person_stopped, "a Stop that nobody may have wanted: nothing is armed")
        self.stops += 1
        self.stopped_at, self.owed_since = now, None

    def _control(self, payload: bytes, now: float) -> None:
        self._need(payload == b"\x00", "an odd Request Control")
        self._need(self.armed or self.person_stopped, "Request Control before arming")
        if self.stopping:
            seen = bool(self.frames) and self.frames[-1][1] > 0
            # A second Stop may have found the first still on its way: what counts is that nothing fell meanwhile.
            repeated = self.stops >= 2 or (self.stops == 1 and now - self.stopped_at >= UNHEARD_S)
            unheard = self.control_gone and not self.control_asked and repeated and seen
            self._need(self.denied or unheard, "Request Control after Stop for no reason")
            self.control_asked = True
        self.control_alone, self.control_asked_at = now - self.control_asked_at > LATEST_ANSWER_S, now

    def _start(self, payload: bytes, now: float, true: float) -> None:
        self._need(payload == b"\x07", "an odd Start")
        self._need(self.armed and not self.stopping, "Start before arming, or after Stop")
        self._need(self.frames, "Start on a belt never seen")
        at, speed = self.frames[-1]
        self._need(speed == 0, "Start on a moving belt")
        self._need(now - at <= FRESH_S, "Start on old data")
        confirmed_at, self.start_confirmed_at = self.start_confirmed_at, None
        fresh = confirmed_at is not None and now - confirmed_at <= 10.0
        self._need(fresh, "Start without a confirmation of its own")
        # Between two frames somebody may have pressed START at the console, or a belt has just begun to move by
        # itself: the program cannot know yet.
        known = self.honest and now - at <= 0.2 and true > BEGUN
        self._need(not known, "Start on a belt that truly moves")

    def _target(self, target: int, now: float) -> None:
        if self.stopping:
            self._need(target == self.minimum, "after Stop only the machine's lowest speed")
            self._need(self.stops >= 3, "the lowest speed before two repeats of Stop")
            self._need(self.frames and self.frames[-1][1] > self.minimum, "the lowest speed is no lower")
            self.lowest_in_stop += 1
            self._need(self.lowest_in_stop <= 1, "the lowest speed more than once after Stop")
            return
        self._need(self.armed, "a target before arming")
        self._need(self.minimum <= target <= self.maximum, "outside the machine's range")
        self._need((target - self.minimum) % self.increment == 0, "off the machine's grid")
        self._need(target <= self.cap, "over the cap")
        measured = self.frames[-1][1]
        self._need(measured > 0, "a target for a belt at rest")
        if not self.lowest_sent:
            self._need(target == self.minimum, "the first target is the lowest speed")
        # Lower than where the belt goes is no raise, though it has not come there yet.
        elif target != self.minimum and (
            target > measured + NEAR or target > max(measured, self.claim or 0, self.heading_for)
        ):
            self._raise(target, measured, now)
        self.lowest_sent, self.claim, self.claimed_at, self.other_since = True, target, now, None
        self.heading_for = 0
        self.claimed_from, self.met_since, self.met = measured, None, False
        self.breaks.append(now)
        self.voided_at = now

    def _raise(self, target: int, measured: int, now: float) -> None:
        step = self.increment if self.coarse and self.increment > STEP else STEP // self.increment * self.increment
        self._need(now - self.frames[-1][0] <= FRESH_S, "a raise on old data")
        self._need(target - measured <= step + max(NEAR, self.increment), "more than one step over the measured speed")
        self._need(not self.vetoed, "a raise after HOLD or a balance event")
        self._heart(now)
        self.raises += 1
        if self.facing == "forward":
            self._need(self.raised_at is None or now - self.raised_at >= 15.0, "two forward raises within 15 s")
            consented = self.confirms and now - self.confirms[-1] <= self.slack_s
            self._need(consented, "a forward raise without the trainer's key")
            self.raised_at = now
            return
        # The speed that was held: what was asked for, or where the belt was brought at the console.
        began = min(self._held_since(now, centre) for centre in (self.claim or 0, self._middle(now)))
        self._need(now - began >= HOLD_S, f"a raise after {now - began:.2f} s of a hold")
        # What was rated in the last minute was this speed; earlier it may have been another one near it.
        since = max(began + SETTLED_S, now - HOLD_S)
        if self.rated is not None and self.most_rpe is not None and self.rated[0] > since:
            self._need(self.rated[1] <= self.most_rpe, "a raise after a rating of this speed over the client's highest")
        if self.confirm:
            late = [at for at in self.confirms if at >= began + HOLD_S - 15.0]
            self._need(late, "a raise without consent in the last 15 s of its hold")
            self._need(self.voided_at <= late[-1], "a raise on void consent")
        self._need(self.announced_at is not None, "a raise that was not announced to its end")
        self._need(now - (self.announced_at or 0.0) <= 3.0, "a raise long after its announcement")

    def _heart(self, now: float) -> None:
        """F10: never over the limit; where a strap does not say that it is under it, a rating does."""
        if not self.strapped:
            return
        at, bpm = self.rate or (-9.0, None)
        under = now - self.over_limit_at >= 5.0 or self.over_limit_at < at
        self._need(under, "a raise with a heart rate over the limit")
        fine = bpm is not None and now - at <= 5.0 and self.heart_limit is not None and bpm <= self.heart_limit
        rated_at = -1.0 if self.rated is None else self.rated[0]
        self._need(fine or rated_at > self.over_limit_at, "a raise on a heart rate that is not known")

    def _band(self) -> int:
        """How far a belt may be off within a hold, hundredths of km/h."""
        return max(30, 2 * self.increment)

    def _held_since(self, now: float, centre: int) -> float:
        """From when to now every frame was fresh and near `centre` (outings under 2 s aside), and nothing broke it."""
        band, floor = self._band(), max(self.breaks, default=0.0)
        began = later = now
        out_until: float | None = None
        for at, speed in reversed(self.frames):
            if later - at > FRESH_S or at < floor:
                break
            if abs(speed - centre) > band:
                out_until = at if out_until is None else out_until
                if out_until - at >= FRESH_S:
                    break
            else:
                out_until = None
                began = at
            later = at
        return began

    def _middle(self, now: float) -> int:
        """The middle of what was measured in the last minute."""
        speeds = sorted(speed for at, speed in self.frames[-1200:] if now - at <= HOLD_S - 5.0)
        return speeds[len(speeds) // 2]
