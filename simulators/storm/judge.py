"""An opinion of its own on everything that leaves, and on the belt: it shares no code with session, gate or belief.

It sees what a sniffer on the air, a camera on the trainer's hands and a sensor on the belt would see, and what the
program says on its screen, and keeps its own account of what all that allows. Speeds are whole hundredths of km/h.
The limits are written down here a second time, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

STEP: Final = 80
"""0.5 mph, whole hundredths of km/h."""
HOLD_S: Final = 60.0
CAPS: Final = {"rehab": 200, "new": 320, "novice": 480, "practised": 640, "runner": 800, "trained": 970}
SHARE_OF_FORWARD: Final = 0.72
OVER_CAP: Final = 30
OVER_CAP_S: Final = 9.0
"""A belt over its cap is being stopped within so long, though up to five seconds of frames may be missing."""
WORDS_S: Final = 13.0
"""A stop that the belt does not obey is called so within so long."""
FRESH_S: Final = 2.0
NEAR: Final = 10


class Violation(AssertionError):  # noqa: N818 - what the belt did, not an error of the judge's
    """Something happened that may not."""


@dataclass
class Judge:
    """Raises Violation the moment something leaves, or the belt does, what it may not."""

    minimum: int
    maximum: int
    increment: int
    level: str
    forward: int | None
    """Comfortable forward speed of the client."""
    confirm: bool
    honest: bool
    """The machine reports its belt's speed and obeys Stop; what it says can be held against the program."""
    armed: bool = False
    stopping: bool = False
    person_stopped: bool = False
    state: str = "idle"
    view: str | None = None
    frames: list[tuple[float, int]] = field(default_factory=list)
    breaks: list[float] = field(default_factory=list)
    confirms: list[float] = field(default_factory=list)
    voids: list[float] = field(default_factory=list)
    vetoed: bool = False
    start_confirmed_at: float | None = None
    announcement: int | None = None
    announced_at: float | None = None
    lowest_sent: bool = False
    stops: int = 0
    lowest_in_stop: int = 0
    denied: bool = False
    control_gone: bool = False
    claim: int | None = None
    raises: int = 0
    over_since: float | None = None
    stop_since: float | None = None

    @property
    def cap(self) -> int:
        """The fastest that may be asked for."""
        caps = [CAPS[self.level], self.maximum, CAPS["trained"]]
        if self.forward is not None:
            caps.append(int(self.forward * SHARE_OF_FORWARD))
        return min(caps)

    # -- what people do --------------------------------------------------------------------------------------------

    def pressed_stop(self, *, person: bool) -> None:
        """STOP, or a way out of the program."""
        if person or self.armed:
            self._wish()
        self.person_stopped = self.person_stopped or person

    def confirmed(self, now: float) -> None:
        """The trainer's consent."""
        self.confirms.append(now)
        self.vetoed = False

    def vetoes(self, now: float, *, breaks: bool) -> None:
        """HOLD; or a balance event, which breaks the hold as well."""
        self.voids.append(now)
        self.vetoed = True
        if breaks:
            self.breaks.append(now)

    def confirmed_start(self, now: float) -> None:
        """The trainer lets the program start the belt."""
        self.start_confirmed_at = now

    def link_lost(self, now: float) -> None:
        """Control ends with the link; earlier consent is void and the hold broken."""
        self.control_gone = True
        self.upset(now)
        self.breaks.append(now)

    def upset(self, now: float) -> None:
        """Something that makes earlier consent void."""
        self.voids.append(now)

    # -- what the program says -------------------------------------------------------------------------------------

    def entered(self, state: str) -> None:
        """The program is in another state."""
        before, self.state = self.state, state
        if state == "armed" and before != "armed":
            if [speed for _, speed in self.frames[-2:]] != [0, 0]:
                raise Violation("armed on a belt that was not seen at rest")
            self.armed, self.stopping, self.lowest_sent, self.vetoed = True, False, False, False
            self.start_confirmed_at, self.view, self.stop_since = None, None, None
        elif state == "stopping":
            self.stopping = False
            self._wish()
        elif before == "stopping":
            self.stop_since = None

    def says(self, view: str) -> None:
        """What the program says of a stop."""
        self.view = view

    def alarmed(self, number: str) -> None:
        """An alarm."""
        if number == "F13":
            raise Violation("the gate refused what the session proposed")

    def announced(self, number: int | None) -> None:
        """An announcement begins, or is withdrawn."""
        self.announcement, self.announced_at = number, None

    def announcement_over(self, number: int, now: float) -> None:
        """An announcement was spoken to its end."""
        if number == self.announcement:
            self.announced_at = now

    # -- what the machine does -------------------------------------------------------------------------------------

    def heard(self, characteristic: str, data: bytes, now: float) -> None:
        """A frame reached the program."""
        if characteristic == "2acd" and len(data) >= 4 and not data[0] & 1:
            self.frames.append((now, int.from_bytes(data[2:4], "little")))
        elif characteristic == "2ada" and data[:1] in {b"\xff", b"\x01"}:
            self.control_gone = True
            self.voids.append(now)
        elif characteristic == "2ad9" and len(data) == 3 and data[2] == 5:
            self.voids.append(now)
            self.denied = self.denied or data[1] == 8
            self.control_gone = True

    def belt(self, true: float, now: float) -> None:
        """The belt's true speed at a moment, hundredths of km/h."""
        if (
            self.armed
            and not self.stopping
            and self.state not in {"stopped", "faulted"}
            and true > self.cap + OVER_CAP + 1
        ):
            self.over_since = now if self.over_since is None else self.over_since
            if self.honest and now - self.over_since > OVER_CAP_S:
                raise Violation(f"the belt runs at {true / 100:.2f}, over the cap of {self.cap / 100:.2f}, unstopped")
        else:
            self.over_since = None
        if self.state == "stopping":
            self.stop_since = now if self.stop_since is None else self.stop_since
            moving = true > 0 and self.frames and self.frames[-1][1] > 0
            if moving and now - self.stop_since > WORDS_S and self.view == "STOPPING":
                raise Violation(f"the belt runs at {true / 100:.2f} so long after Stop and the screen says STOPPING")

    # -- what leaves -----------------------------------------------------------------------------------------------

    def wrote(self, payload: bytes, now: float, *, true: float) -> None:
        """Bytes on the Control Point."""
        op = payload[0]
        if op == 0x08:
            self._stop(payload)
        elif op == 0x00:
            self._need(payload == b"\x00", "an odd Request Control")
            self._need(self.armed or self.person_stopped, "Request Control before arming")
            seen = bool(self.frames) and self.frames[-1][1] > 0
            unheard = self.control_gone and self.stops >= 2 and seen
            self._need(not self.stopping or self.denied or unheard, "Request Control after Stop for no reason")
            self.control_gone = self.control_gone and not self.stopping
        elif op == 0x07:
            self._start(payload, now, true)
        elif op == 0x02:
            self._need(len(payload) == 3, "a target of an odd length")
            self._target(int.from_bytes(payload[1:], "little"), now)
        else:
            raise Violation(f"op code {op:02x} never leaves this program")

    def at_end(self, true: float) -> None:
        """The session is over."""
        if self.state in {"stopped", "faulted"} and self.armed and self.honest and true > 0:
            raise Violation(f"it is over, the program says at rest, and the belt runs at {true / 100:.2f}")

    def _wish(self) -> None:
        if not self.stopping:
            self.stopping = True
            self.stops = self.lowest_in_stop = 0
            self.denied = False

    @staticmethod
    def _need(fact: bool, otherwise: str) -> None:  # noqa: FBT001 - a small assert
        if not fact:
            raise Violation(otherwise)

    def _stop(self, payload: bytes) -> None:
        self._need(payload == b"\x08\x01", f"{payload.hex()} is not a Stop")
        self._need(self.armed or self.person_stopped, "a Stop that nobody may have wanted: nothing is armed")
        self.stops += 1

    def _start(self, payload: bytes, now: float, true: float) -> None:
        self._need(payload == b"\x07", "an odd Start")
        self._need(self.armed and not self.stopping, "Start before arming, or after Stop")
        self._need(bool(self.frames), "Start on a belt never seen")
        at, speed = self.frames[-1]
        self._need(speed == 0, "Start on a moving belt")
        self._need(now - at <= FRESH_S, "Start on old data")
        confirmed_at, self.start_confirmed_at = self.start_confirmed_at, None
        self._need(confirmed_at is not None and now - confirmed_at <= 10.0, "Start without a confirmation of its own")
        # Between two frames somebody may have pressed START at the console: the program cannot know yet.
        self._need(true == 0 or not self.honest or now - at > 0.2, "Start on a belt that truly moves")

    def _target(self, target: int, now: float) -> None:
        if self.stopping:
            self._need(target == self.minimum, "after Stop only the machine's lowest speed")
            self._need(self.stops >= 3, "the lowest speed before two repeats of Stop")
            self._need(bool(self.frames) and self.frames[-1][1] > self.minimum, "the lowest speed is no lower")
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
        elif target != self.minimum and (target > measured + NEAR or target > max(measured, self.claim or 0)):
            self._raise(target, measured, now)
        self.lowest_sent, self.claim = True, target
        self.breaks.append(now)
        self.voids.append(now)

    def _raise(self, target: int, measured: int, now: float) -> None:
        step = max(1, STEP // self.increment) * self.increment
        self._need(now - self.frames[-1][0] <= FRESH_S, "a raise on old data")
        self._need(target - measured <= step + max(NEAR, self.increment), "more than one step over the measured speed")
        self._need(not self.vetoed, "a raise after HOLD or a balance event")
        began = min(self._held_since(now, centre) for centre in (self.claim or 0, self._middle(now)))
        self._need(now - began >= HOLD_S, f"a raise after {now - began:.2f} s of a hold")
        if self.confirm:
            late = [at for at in self.confirms if at >= began + HOLD_S - 15.0]
            self._need(bool(late), "a raise without consent in the last 15 s of its hold")
            self._need(all(at <= late[-1] for at in self.voids), "a raise on void consent")
        self._need(self.announced_at is not None, "a raise that was not announced to its end")
        self._need(now - (self.announced_at or 0.0) <= 3.0, "a raise long after its announcement")
        self.raises += 1

    def _held_since(self, now: float, centre: int) -> float:
        """From when to now every frame was fresh and near `centre` (outings under 2 s aside), and nothing broke it."""
        band = max(30, 2 * self.increment)
        floor = max(self.breaks, default=0.0)
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
        speeds = sorted(speed for at, speed in self.frames[-1200:] if now - at <= HOLD_S - 5.0)
        return speeds[len(speeds) // 2]
