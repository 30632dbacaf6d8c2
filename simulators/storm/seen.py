"""What the judge has seen: people's acts, the program's words, frames and bytes, each with its time. No opinion yet.

Speeds are whole hundredths of km/h, times session seconds. The limits are written down here a second time, on purpose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

CAPS: Final = {"rehab": 200, "new": 320, "novice": 480, "practised": 640, "runner": 800, "trained": 970}
FORWARD_CEILING: Final = 1400
SHARE_OF_FORWARD: Final = 72
HEARTS: Final = range(25, 251)
"""Per cent."""
REST_STATES: Final = frozenset({"stopped", "faulted"})
UNDER_WAY: Final = frozenset(
    {"starting", "settling", "holding", "ready", "announcing", "overridden", "lost", "easing_down"}
)


class Violation(AssertionError):  # noqa: N818 - what the belt did, not an error of the judge's
    """Something happened that may not."""


@dataclass
class Seen:
    """Facts of one session, and what was seen of it so far."""

    minimum: int
    maximum: int
    increment: int
    level: str
    forward: int | None
    """Comfortable forward speed of the client."""
    confirm: bool
    """Raises need the trainer's consent."""
    honest: bool = False
    """The machine tells its belt's speed and obeys Stop; what the belt does can be held against the program."""
    limit: int | None = None
    """A clinician's."""
    coarse: bool = False
    """Steps over 0.5 mph were accepted."""
    facings: tuple[str, ...] = ("backward",)
    """How the client faces, from one turn to the next."""
    heart_limit: int | None = None
    most_rpe: int | None = None
    strapped: bool = False
    """A strap belongs to the session: a rate under the limit, or a rating, before each raise."""
    called: bool = False
    """A person at the console moves the belt: takes longer, and is told first."""
    slack_s: float = 0.0
    """Between what is seen here and what the program has taken in."""

    armed: bool = False
    stopping: bool = False
    person_stopped: bool = False
    state: str = "idle"
    view: str | None = None
    facing_index: int = 0
    frames: list[tuple[float, int]] = field(default_factory=list)
    breaks: list[float] = field(default_factory=list)
    """When the hold was broken by something else than speed: a target, a balance event, the link."""
    confirms: list[float] = field(default_factory=list)
    voided_at: float = -math.inf
    """When consent given before became void."""
    vetoed: bool = False
    start_confirmed_at: float | None = None
    announcement: int | None = None
    announced_at: float | None = None
    lowest_sent: bool = False
    said: list[bytes] = field(default_factory=list)
    """What the program said that it writes, and has not been seen to."""
    stops: int = 0
    stopped_at: float = -math.inf
    """When a Stop was last written."""
    owed_since: float | None = None
    """Somebody pressed STOP, and none has been written."""
    lowest_in_stop: int = 0
    denied: bool = False
    control_gone: bool = False
    control_asked_at: float = -math.inf
    """When it was last asked for."""
    control_alone: bool = False
    """And not soon after another time: whichever of the two the machine answers, the program may have given it up."""
    control_asked: bool = False
    """In this stop, since control was last lost."""
    claim: int | None = None
    heading_for: int = 0
    """Where the machine has said since that it goes."""
    raised_at: float | None = None
    raises: int = 0
    link_up: bool = True
    free_at: float = 0.0
    """Since when the link stands and no write is under way; infinity while that is not so."""
    in_air: int = 0
    last_op: int = 0
    """Of the last write."""
    refusal: tuple[bytes, float] | None = None
    first_stop: bool = False
    """The link is back and a stop is under way: nothing may come before Stop."""
    stop_since: float | None = None
    lowest_in_fall: int | None = None
    fell_at: float = -math.inf
    other_since: float | None = None
    """Since when a speed is told that is the one asked for in another unit."""
    console_at: float = -math.inf
    claimed_at: float = -math.inf
    claimed_from: int = 0
    """What was told when a speed was last asked for."""
    met_since: float | None = None
    """Since when the speed asked for is told."""
    met: bool = False
    """It was told for so long that it counts as come to."""
    told_over_since: float | None = None
    must_stop_at: float | None = None
    must_stop_for: str = ""
    over_since: float | None = None
    rate: tuple[float, int | None] | None = None
    """The last frame of the strap."""
    over_limit_at: float = -math.inf
    rated: tuple[float, int] | None = None

    @property
    def facing(self) -> str:
        """How the client faces."""
        return self.facings[self.facing_index]

    cap: int = field(init=False)
    """The fastest that may be asked for, as the client faces."""

    def __post_init__(self) -> None:
        self.face(0)

    def face(self, index: int) -> None:
        """The client faces as the plan has it."""
        self.facing_index = index
        self.cap = self._cap()

    def _cap(self) -> int:
        caps = [self.maximum] + ([] if self.limit is None else [self.limit])
        if self.facing == "forward":
            caps += [FORWARD_CEILING, CAPS[self.level] if self.forward is None else self.forward]
        else:
            caps += [CAPS[self.level], CAPS["trained"]]
            caps += [] if self.forward is None else [self.forward * SHARE_OF_FORWARD // 100]
        return min(caps)

    # -- what people do --------------------------------------------------------------------------------------------

    def pressed_stop(self, now: float, *, person: bool) -> None:
        """STOP, or a way out of the program."""
        wanted = person or (self.armed and self.state not in REST_STATES and self.state != "stopping")
        on_its_way = now - self.stopped_at <= AGAIN_S or (self.in_air and self.last_op == 0x08)
        if wanted and not self.called and not on_its_way and self.owed_since is None:
            self.owed_since = now
        if person or self.armed:
            self.wish()
        self.person_stopped = self.person_stopped or person

    def confirmed(self, now: float) -> None:
        """The trainer's consent."""
        self.confirms.append(now)
        self.vetoed = False

    def vetoes(self, now: float, *, breaks: bool) -> None:
        """HOLD; or a balance event, which breaks the hold as well."""
        self.voided_at, self.vetoed = now, True
        if breaks:
            self.breaks.append(now)

    def confirmed_start(self, now: float) -> None:
        """The trainer lets the program start the belt."""
        self.start_confirmed_at = now

    def rated_effort(self, rating: int, now: float) -> None:
        """The client says how hard it is."""
        self.rated = (now, rating)

    def link_lost(self, now: float) -> None:
        """Control ends with the link; earlier consent is void and the hold broken."""
        self.lose_control()
        self.link_up, self.free_at, self.in_air = False, math.inf, 0
        # What the old connection told last may never have been taken in: the first frame of the next may be a fall.
        self.told_over_since = self.lowest_in_fall = None
        # What became of the last target is not known, and the trainer goes on from the speed there is.
        self.console_at, self.other_since = now, None
        self.upset(now)
        self.breaks.append(now)

    def link_back(self, now: float, *, ready_s: float = 0.0) -> None:
        """Connected again; it can be written to `ready_s` later."""
        self.link_up, self.free_at = True, now + ready_s
        self.first_stop = self.state == "stopping" and not self.called

    def upset(self, now: float) -> None:
        """Something that makes earlier consent void."""
        self.voided_at = now

    def refused(self, payload: bytes, now: float) -> None:
        """Bluetooth has refused a write: nothing came of it, and it may be tried once more."""
        self.refusal = (payload, now)

    def returned(self, now: float, *, refused: bool = False) -> None:
        """A write has come back, well or `refused`: then the machine has not heard the target, if it was one."""
        if refused and self.last_op == 0x02:
            self.console_at = now
        self.in_air = max(0, self.in_air - 1)
        if not self.in_air and self.link_up:
            self.free_at = now

    def pressed_console(self, now: float) -> None:
        """Somebody has pressed keys on the machine."""
        self.console_at = now

    # -- what the program says -------------------------------------------------------------------------------------

    def says(self, view: str) -> None:
        """What the program says of a stop."""
        self.view = view

    def commanded(self, payload: bytes) -> None:
        """The program says what it writes."""
        self.said.append(payload)

    def announced(self, number: int | None) -> None:
        """An announcement begins, or is withdrawn."""
        self.announcement, self.announced_at = number, None

    def announcement_over(self, number: int, now: float) -> None:
        """An announcement was spoken to its end."""
        if number == self.announcement:
            self.announced_at = now

    # -- what others do --------------------------------------------------------------------------------------------

    def answered(self, op: int, result: int, now: float) -> None:
        """The Control Point has answered."""
        if result == 5:
            self.voided_at = now
            self.lose_control()
            self.denied = self.denied or op == 8
        elif (op, result) == (0, 1) and self.last_op == 0 and self.control_alone:
            self.control_gone = self.control_gone and now - self.control_asked_at > GRANTED_S

    def status(self, op: int, now: float, *, target: int | None = None) -> None:
        """Machine Status: control is lost with FF and with a reset; who moves the belt by hand has none to lose.

        `target`: the one that the machine says it goes to now.
        """
        self.heading_for = self.heading_for if target is None else target
        if op in (0xFF, 0x01) and not self.called:
            self.voided_at = self.console_at = now  # whoever has control now may move the belt
            self.lose_control()

    def lose_control(self) -> None:
        """The machine no longer takes commands of the program's."""
        self.control_gone, self.control_asked = True, False

    def beat(self, bpm: int | None, now: float) -> None:
        """A frame of the strap; what no heart does is no rate."""
        rate = bpm if bpm in HEARTS else None
        self.rate, self.strapped = (now, rate), True
        if rate is not None and self.heart_limit is not None and rate > self.heart_limit:
            self.over_limit_at = self.voided_at = now

    def wish(self) -> None:
        """A stop is wanted."""
        if not self.stopping:
            self.stopping = True
            self.stops = self.lowest_in_stop = 0
            self.denied = self.control_asked = False


AGAIN_S: Final = 0.5
"""A pressed Stop is not written more often than this."""
GRANTED_S: Final = 1.0
"""Control that is granted so soon, with nothing written in between, the program cannot have missed."""
LATEST_ANSWER_S: Final = 15.0
