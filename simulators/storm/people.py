"""What people, the machine and the air do in a story: the sensible trainer, and every odd act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from retroctl.domain import events as ev
from simulators.faults import REORDERED_BY_S
from simulators.storm.story import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.storm.scene import Scene
    from simulators.storm.story import Act

_SAID: Final = {ev.BriefingItem.GAZE_TARGET: "mark on the wall", ev.BriefingItem.CONFIDENCE: "4"}
GIVES_UP_S: Final = 60.0
"""Of a stop that is not confirmed: then the trainer, who has looked, leaves."""


class People:
    """Trainer, client and whoever passes by. They act on the world; they decide nothing for the program."""

    def __init__(self, world: Scene) -> None:
        self._world = world
        self._again, self._beginning = world.story.again, False
        self._away_until = 0.0
        self._stopping_since: float | None = None
        self._tidied = False

    # -- the sensible trainer --------------------------------------------------------------------------------------

    def look(self) -> None:  # noqa: C901 - a line for each state
        """Look at the screen and do what is sensible."""
        world = self._world
        if world.left:
            return
        world.later(world.story.look_s, self.look)
        if world.time() < self._away_until:
            return
        state = world.session.state.value
        if state != "stopping":
            self._stopping_since = None
        match state:
            case "briefing":
                self._brief()
            case "armed":
                self._start("console" if world.story.seed % 3 == 0 else "program")
                if world.story.seed % 3 == 0:
                    world.machine.console_start(world.time())
            case "holding" | "ready" | "overridden" | "lost":
                left = world.session.hold_remaining_s(world.time())
                if left is None or left < 12.0:
                    self._confirm()
                    self._rate()
            case "turning":
                self._confirm()
            case "stopping":
                self._watch_stop()
            case _:
                pass

    def begins_anew(self) -> bool:
        """At the end: whether the trainer goes on with another start."""
        world = self._world
        if self._beginning:
            return True
        if self._again <= 0 or world.left or world.judge.state != "stopped" or not world.link_up:
            return False
        self._again, self._beginning = self._again - 1, True
        world.later(world.story.look_s, self._begin_anew)
        return True

    def _begin_anew(self) -> None:
        self._beginning = False
        self._world.tell(ev.ArmRequested())
        if self._world.judge.state == "armed":
            self._world.begun_anew()
        else:
            self._again = 0  # it may not be: what was stopped at the machine wants a new session

    def _brief(self) -> None:
        world = self._world
        for item in ev.BriefingItem:
            world.tell(ev.BriefingAnswered(item, yes=True, text=_SAID.get(item, "")))
        world.tell(ev.ArmRequested())

    def _confirm(self) -> None:
        self._world.judge.confirmed(self._world.time())
        self._world.tell(ev.ConfirmPressed())

    def _start(self, kind: str) -> None:
        world = self._world
        if kind == "program":
            world.judge.confirmed_start(world.time())
        world.tell(ev.StartConfirmed(ev.StartKind(kind)))

    def _rate(self) -> None:
        """Where the strap says nothing, the trainer asks how hard it is."""
        world = self._world
        if world.strap is not None and world.session.heart.why_unknown(world.time()) is not None:
            self._rated(11)

    def _rated(self, rating: int) -> None:
        self._world.judge.rated_effort(rating, self._world.time())
        self._world.tell(ev.RpeGiven(rating))

    def _watch_stop(self) -> None:
        """NOT CONFIRMED - PULL THE CLIP: most do; and nobody stands there for ever."""
        world = self._world
        self._stopping_since = world.time() if self._stopping_since is None else self._stopping_since
        if world.judge.view == "NOT CONFIRMED - PULL THE CLIP" and world.story.pulls:
            world.machine.pull_safety_key(world.time())
        if world.time() - self._stopping_since > GIVES_UP_S:
            world.tell(ev.RestWitnessed())
            self._leave()

    def _leave(self) -> None:
        """The way out."""
        self._world.left = True
        self._world.stop(person=False)

    # -- everything odd --------------------------------------------------------------------------------------------

    def act(self, act: Act) -> None:
        """Do it."""
        world = self._world
        world.told.acts += 1
        world.told.faults += act.what in FAULTS
        if not self._person(act) and not self._console(act) and not self._air(act):
            raise ValueError(f"a story knows no {act.what!r}")

    def _person(self, act: Act) -> bool:  # noqa: C901, PLR0912 - a table
        world, now = self._world, self._world.time()
        how: Any = act.how[0] if act.how else None
        match act.what:
            case "leave":
                if not world.left:
                    self._leave()
            case "confirm":
                for _ in range(how):
                    self._confirm()
            case "hold":
                world.judge.vetoes(now, breaks=False)
                world.tell(ev.HoldPressed())
            case "down":
                world.tell(ev.StepDownPressed())
            case "ease":
                world.tell(ev.EaseDownPressed())
            case "balance":
                world.judge.vetoes(now, breaks=True)
                world.tell(ev.BalanceEventNoted(ev.BalanceEvent(how)))
            case "stop":
                world.stop(person=how == "person")
            case "witness":
                world.tell(ev.RestWitnessed())
            case "start again":
                world.tell(ev.ArmRequested())
            case "start confirmed":
                self._start(how)
            case "trainer away":
                self._away_until = now + how
            case "rated":
                self._rated(how)
            case "hands":
                if ev.Hands(how) is not world.session.hands:
                    world.judge.upset(now)
                world.tell(ev.HandsNoted(ev.Hands(how)))
            case "tag":
                world.tell(ev.TagNoted(how))
            case "keyboard lost":
                world.tell(ev.KeyboardLost())
            case "record":
                world.judge.upset(now)
                world.tell(ev.RecordFailed("no room"))
                world.later(how, lambda: world.tell(ev.RecordRestored()))
            case "stalled":
                world.judge.vetoes(now, breaks=False)
                world.tell(ev.ProcessStalled(how))
            case "slept":
                world.judge.vetoes(now, breaks=False)
                world.tell(ev.ComputerSlept(how))
            case _:
                return False
        return True

    def _console(self, act: Act) -> bool:  # noqa: C901, PLR0912 - a table
        world, machine, now = self._world, self._world.machine, self._world.time()
        how: Any = act.how[0] if act.how else None
        if act.what.startswith("console"):
            world.judge.pressed_console(now)
        match act.what:
            case "console keys":
                press = machine.console_faster if how > 0 else machine.console_slower
                for _ in range(abs(how)):
                    press(now)
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
                world.later(how, lambda: machine.replace_safety_key(world.time()))
            case "another app":
                if world.link_up:
                    machine.take_control_by_other_app(now)
                    world.later(how, lambda: machine.release_by_other_app(world.time()))
            case "reboot":
                machine.reboot(now, absent_s=how)
            case "clock":
                machine.drive.shift_clock(how, now)
            case _:
                return False
        return True

    def _air(self, act: Act) -> bool:  # noqa: C901, PLR0912 - a table
        world, faults = self._world, self._world.machine.faults
        how: Any = act.how[0] if act.how else None
        match act.what:
            case "link lost":
                if world.link_up:
                    world.lose_link(how)
            case "storm of links":
                self._link_storm(how)
            case "silent":
                self._for_a_while(faults, "silent", value=True, seconds=how)
            case "strap silent":
                if world.strap is not None:
                    self._for_a_while(world.strap, "silent", value=True, seconds=how)
            case "loss":
                self._for_a_while(faults, "loss", how, act.how[1])
            case "late":
                world.held_up(how)
                self._for_a_while(faults, "delay_s", how, act.how[1])
            case "frames dropped":
                faults.drop_frames += how
            case "frames twice":
                faults.duplicate_frames += how
            case "frames corrupt":
                faults.corrupt_frames += how
            case "frames cut":
                faults.truncate_frames += how
            case "frames reordered":
                world.held_up(REORDERED_BY_S)
                faults.reorder_frames += how
            case "answers late":
                self._for_a_while(faults, "answer_late_s", how, act.how[1])
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
                self._for_a_while(faults, "write_s", how, act.how[1])
            case _:
                return False
        return True

    def _for_a_while(self, whose: object, name: str, value: float, seconds: float) -> None:
        setattr(whose, name, value)
        ends: Callable[[], None] = lambda: setattr(whose, name, type(value)(0))  # noqa: E731 - its type is told
        self._world.later(seconds, ends)

    def _link_storm(self, times: int) -> None:
        world = self._world
        if world.link_up and times:
            world.lose_link(0.15)
            world.later(0.5, lambda: self._link_storm(times - 1))
