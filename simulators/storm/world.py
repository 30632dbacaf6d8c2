"""One story lived through: the real session, gate, procedure and belief on a simulated machine, in virtual time.

It moves from one thing that happens to the next, so nothing waits; every frame is delivered, and the judge sees it.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from retroctl.app.engine import DropLink, Engine, Output
from retroctl.app.reports import Kind, Report
from retroctl.domain import events as ev
from retroctl.domain.effects import Announce, AnnouncementWithdrawn, Ended
from retroctl.domain.envelope import Envelope
from retroctl.domain.limits import BeltRange, Client, Level, caps_for
from retroctl.domain.plan import ladder_plan, raise_step
from retroctl.domain.session import Advance, Session
from retroctl.ftms.procedure import Write
from retroctl.units import Speed
from simulators.machine import FtmsMachine
from simulators.personality import personality
from simulators.storm.judge import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.storm.story import Act, Story

END_S: Final = 40.0
"""After the way out is taken, the world goes on so long at most."""
RECONNECT_S: Final = 3.8
"""Dropping a link and making it again takes so long."""
FORWARD: Final = 800

_KINDS: Final = {kind.value: kind for kind in ev.BalanceEvent}
_SAID: Final = {ev.BriefingItem.GAZE_TARGET: "mark on the wall", ev.BriefingItem.CONFIDENCE: "4"}


@dataclass
class Told:
    """What came of a story."""

    seconds: float = 0.0
    frames: int = 0
    writes: int = 0
    raises: int = 0
    acts: int = 0
    state: str = ""
    at_rest: bool = False
    alarms: dict[str, int] = field(default_factory=dict)


class World:
    """A session, a machine, people. `live` runs it to the end; the judge's Violation passes through."""

    def __init__(self, story: Story) -> None:
        self.story, self.now = story, 0.0
        low, high, step = (Speed(value) for value in story.belt)
        made = personality(story.machine).but(minimum=low, maximum=high, increment=step, start_speed=low)
        self.machine = FtmsMachine(made, seed=story.seed)
        belt = BeltRange(low, high, step)
        level = Level(story.client)
        forward = Speed(FORWARD) if level in {Level.PRACTISED, Level.TRAINED} else None
        client = Client(level, comfortable_forward=forward, balance_mastered=forward is not None)
        caps = caps_for(client, belt, qualified=True)
        top = min(max(Speed(story.top), low), caps.backward)
        plan = ladder_plan(belt, caps, top=top, hold_s=story.hold_s)
        advance = Advance(story.advance)
        session = Session(plan, belt, caps, advance=advance)
        envelope = Envelope(belt, caps, raise_step(belt), hold_s=story.hold_s, hands_free=advance is Advance.AUTO)
        self.engine = Engine(session, envelope, began_at=0.0)
        self.judge = Judge(
            *story.belt,
            level=story.client,
            forward=None if forward is None else forward.hundredths,
            confirm=advance is Advance.CONFIRM,
            honest=story.machine == "standard",
        )
        self.told = Told()
        self.link_up, self.left = True, False
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._on_link: set[int] = set()
        """Numbers of what is on its way over this link, and does not arrive once it is gone."""
        self._order = itertools.count()
        self._ended = False

    def live(self) -> Told:
        """From connecting to the end."""
        story = self.story
        self._connect()
        self._tell(ev.Connected())
        for act in story.acts:
            self._at(act.at, partial(self._act, act))
        self._at(story.look_s, self._look)
        last = story.acts[-1].at + END_S if story.acts else END_S
        while (following := self._next()) <= last:
            self._step(following)
            # As the program does: it is over once the session says so and no stop is under way.
            if self._ended and self.engine.session.state.value != "stopping":
                break
        told = self.told
        state = self.engine.session.state.value
        true = self._true()
        self.judge.at_end(true)
        told.seconds, told.state, told.at_rest, told.raises = self.now, state, true == 0, self.judge.raises
        return told

    # -- time ------------------------------------------------------------------------------------------------------

    def _next(self) -> float:
        deadline = self.engine.next_deadline()
        following = self.machine.next_event(self.now)
        if deadline is not None and deadline < following:
            following = deadline
        if self._later and self._later[0][0] < following:
            following = self._later[0][0]
        return max(following, self.now)

    def _step(self, at: float) -> None:
        self.now = at
        for emission in self.machine.advance(at):
            self._emitted(emission)
        while self._later and self._later[0][0] <= at:
            heapq.heappop(self._later)[2]()
        deadline = self.engine.next_deadline()
        if deadline is not None and deadline <= at:
            self._take(self.engine.tick(at))

    def _emitted(self, emission: Any) -> None:
        if emission.kind == "disconnect":
            if self.link_up:
                self._lose_link(RECONNECT_S)
            return
        if not self.link_up:
            return
        if emission.characteristic == "2acd":
            self.told.frames += 1
            self.judge.belt(self._true(), self.now)
        self.judge.heard(emission.characteristic, emission.data, self.now)
        self._take(self.engine.frame(emission.characteristic, emission.data, self.now))

    def _true(self) -> float:
        return self.machine.true_speed_kmh(self.now) * 100

    def _at(self, when: float, call: Callable[[], None], *, over_link: bool = False) -> None:
        number = next(self._order)
        if over_link:
            self._on_link.add(number)
            heapq.heappush(self._later, (when, number, lambda: self._over_link(number, call)))
        else:
            heapq.heappush(self._later, (when, number, call))

    def _over_link(self, number: int, call: Callable[[], None]) -> None:
        if number in self._on_link:
            self._on_link.discard(number)
            call()

    # -- people ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """The trainer looks at the screen and does what is sensible."""
        if self.left:
            return
        self._at(self.now + self.story.look_s, self._look)
        match self.engine.session.state.value:
            case "briefing":
                for item in ev.BriefingItem:
                    self._tell(ev.BriefingAnswered(item, yes=True, text=_SAID.get(item, "")))
                self._tell(ev.ArmRequested())
            case "armed":
                if self.story.seed % 3:
                    self._confirm_start(ev.StartKind.PROGRAM)
                else:
                    self._confirm_start(ev.StartKind.CONSOLE)
                    self.machine.console_start(self.now)
            case "holding" | "ready" | "overridden" | "lost":
                left = self.engine.session.hold_remaining_s(self.now)
                if left is None or left < 12.0:
                    self._confirm()
            case _:
                pass

    def _confirm(self) -> None:
        self.judge.confirmed(self.now)
        self._tell(ev.ConfirmPressed())

    def _confirm_start(self, kind: ev.StartKind) -> None:
        if kind is ev.StartKind.PROGRAM:
            self.judge.confirmed_start(self.now)
        self._tell(ev.StartConfirmed(kind))

    def _act(self, act: Act) -> None:  # noqa: C901, PLR0912, PLR0915 - a table
        self.told.acts += 1
        machine, faults, now = self.machine, self.machine.faults, self.now
        how: Any = act.how[0] if act.how else None
        match act.what:
            case "leave":
                self.left = True
                self._stop(person=False)
            case "confirm":
                for _ in range(how):
                    self._confirm()
            case "hold":
                self.judge.vetoes(now, breaks=False)
                self._tell(ev.HoldPressed())
            case "down":
                self._tell(ev.StepDownPressed())
            case "ease":
                self._tell(ev.EaseDownPressed())
            case "balance":
                self.judge.vetoes(now, breaks=True)
                self._tell(ev.BalanceEventNoted(_KINDS[how]))
            case "stop":
                self._stop(person=how == "person")
            case "witness":
                self._tell(ev.RestWitnessed())
            case "start again":
                self._tell(ev.ArmRequested())
            case "record":
                self.judge.upset(now)
                self._tell(ev.RecordFailed("no room"))
                self._at(now + how, lambda: self._tell(ev.RecordRestored()))
            case "console faster":
                for _ in range(how):
                    machine.console_faster(now)
            case "console slower":
                for _ in range(how):
                    machine.console_slower(now)
            case "console speed":
                machine.console_set_speed(how / 100, now)
            case "console stop":
                machine.console_stop(now)
            case "console pause":
                machine.console_pause(now)
            case "console start":
                machine.console_start(now)
            case "safety key":
                machine.pull_safety_key(now)
                self._at(now + how, lambda: machine.replace_safety_key(self.now))
            case "another app":
                if self.link_up:
                    machine.take_control_by_other_app(now)
                    self._at(now + how, lambda: machine.release_by_other_app(self.now))
            case "reboot":
                machine.reboot(now, absent_s=how)
            case "link lost":
                if self.link_up:
                    machine.disconnect(now)
                    self._lose_link(how)
            case "storm of links":
                self._link_storm(how)
            case "silent":
                faults.silent = True
                self._at(now + how, lambda: setattr(faults, "silent", False))
            case "loss":
                faults.loss = how
                self._at(now + act.how[1], lambda: setattr(faults, "loss", 0.0))
            case "late":
                faults.delay_s = how
                self._at(now + act.how[1], lambda: setattr(faults, "delay_s", 0.0))
            case "frames dropped":
                faults.drop_frames += how
            case "frames twice":
                faults.duplicate_frames += how
            case "frames corrupt":
                faults.corrupt_frames += how
            case "frames cut":
                faults.truncate_frames += how
            case "answers late":
                faults.answer_late_s = how
                self._at(now + act.how[1], lambda: setattr(faults, "answer_late_s", 0.0))
            case "answers dropped":
                faults.drop_answers += how
            case "refused":
                faults.reject_results.append(how)
            case "write refused":
                faults.reject_writes.append(how)
            case "ignored":
                faults.ignore_commands += how
            case "write hangs":
                faults.hang_writes += how
            case "writes slow":
                faults.write_s = how
                self._at(now + act.how[1], lambda: setattr(faults, "write_s", 0.0))
            case other:
                raise ValueError(f"a story knows no {other!r}")

    def _stop(self, *, person: bool) -> None:
        self.judge.pressed_stop(person=person)
        self._tell(ev.StopRequested("storm", person))

    def _link_storm(self, times: int) -> None:
        if self.link_up and times:
            self.machine.disconnect(self.now)
            self._lose_link(0.15)
            self._at(self.now + 0.5, lambda: self._link_storm(times - 1))

    # -- the program -----------------------------------------------------------------------------------------------

    def _tell(self, event: ev.Event) -> None:
        self._take(self.engine.handle(event, self.now))

    def _take(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Report():
                    self._reported(output)
                case Write(token=token, payload=payload):
                    self._write(token, payload)
                case Announce(number=number, seconds=seconds):
                    self.judge.announced(number)
                    self._at(self.now + seconds, partial(self._announced, number))
                case AnnouncementWithdrawn():
                    self.judge.announced(None)
                case DropLink():
                    if self.link_up:
                        self.machine.disconnect(self.now)
                        self._lose_link(RECONNECT_S)
                case Ended():
                    self._ended = True

    def _reported(self, report: Report) -> None:
        if report.kind is Kind.STATE:
            self.judge.entered(report.data["state"])
        elif report.kind is Kind.STOP:
            self.judge.says(report.data["view"])
        elif report.kind is Kind.ALARM:
            number = report.data["id"]
            self.told.alarms[number] = self.told.alarms.get(number, 0) + 1
            self.judge.alarmed(number)

    def _announced(self, number: int) -> None:
        self.judge.announcement_over(number, self.now)
        self._tell(ev.AnnouncementFinished(number))

    def _write(self, token: int, payload: bytes) -> None:
        self.told.writes += 1
        if not self.link_up:
            self._at(self.now, lambda: self._returned(token, lost=True))
            return
        self.judge.wrote(payload, self.now, true=self._true())
        result = self.machine.write("2ad9", payload, self.now)
        if not math.isinf(result.after_s):
            back = self.now + max(0.02, result.after_s)
            self._at(back, lambda: self._returned(token, error=result.error), over_link=True)

    def _returned(self, token: int, *, error: int | None = None, lost: bool = False) -> None:
        self._take(self.engine.write_returned(token, self.now, error=error, lost=lost))

    # -- the link --------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.machine.connect(self.now)
        for characteristic in ("2ad9", "2acd", "2ada"):
            self.machine.subscribe(characteristic, self.now)

    def _lose_link(self, away_s: float) -> None:
        self.link_up = False
        self._on_link.clear()
        self.judge.link_lost(self.now)
        self._take(self.engine.link_dropped(self.now))
        self._at(self.now + away_s, self._restore_link)

    def _restore_link(self) -> None:
        if self.link_up:
            return
        if not self.machine.advertises(self.now):
            self._at(self.now + 0.5, self._restore_link)
            return
        self._connect()
        self.link_up = True
        urgent = self.engine.urgent(self.now)
        if urgent is not None:
            self.told.writes += 1
            self.judge.wrote(urgent, self.now, true=self._true())
            self.machine.write("2ad9", urgent, self.now)
        self._tell(ev.LinkRestored())
