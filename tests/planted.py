"""Bugs to plant: each a change of a few words in one function or constant, and what the judge must say of it.

A change is made to the function's own source, compiled in its module, and put in the place of the original wherever
that was imported. `blind` bugs come with a gate that lets every command pass, as if both had the bug: then it is the
judge, not the program's second opinion, who must see it.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from retroctl.domain import envelope
from retroctl.domain.verdict import Allowed
from simulators.storm.story import Act, Story, story

if TYPE_CHECKING:
    import pytest

SESSION = "retroctl.domain.session"


@dataclass(frozen=True)
class Change:
    """`where`: `module:function`, `module:Class.function`, or `module:CONSTANT` (then `new` is its value)."""

    where: str
    old: str
    new: str


@dataclass(frozen=True)
class Bug:
    """`seed`, `machine`, or `told`: a story in which it shows; `says`: words of the violation."""

    changes: tuple[Change, ...]
    says: str
    seed: int = 0
    told: Story | None = None
    blind: bool = False
    machine: str = "standard"

    def story(self) -> Story:
        """In which it shows."""
        return self.told or story(self.seed, (self.machine,))


def plant(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the bug into the program, for the length of a test."""
    for change in bug.changes:
        _apply(change, monkeypatch)
    if bug.blind:
        monkeypatch.setattr(envelope.Envelope, "judge", lambda *_: Allowed())
        monkeypatch.setattr(envelope.Envelope, "judge_again", lambda *_: Allowed())


def _apply(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    module_name, _, path = change.where.partition(":")
    module = importlib.import_module(module_name)
    owner: Any = module
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    original = inspect.getattr_static(owner, name)
    if not callable(original):
        _everywhere(name, original, eval(change.new, vars(module)), monkeypatch)  # noqa: S307 - our own table
        return
    # A second change to the same function begins from the first one's source.
    source = getattr(original, "planted_source", None) or textwrap.dedent(inspect.getsource(original))
    assert source.count(change.old) == 1, (
        f"{change.where}: {change.old!r} stands there {source.count(change.old)} times"
    )
    made: dict[str, Any] = {}
    changed = source.replace(change.old, change.new)
    code = compile(f"from __future__ import annotations\n{changed}", module_name, "exec")
    exec(code, vars(module), made)  # noqa: S102 - our own table
    made[name].planted_source = changed
    if classes:
        monkeypatch.setattr(owner, name, made[name])
    else:
        _everywhere(name, original, made[name], monkeypatch)


def _everywhere(name: str, original: object, replacement: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, other in list(sys.modules.items()):
        # The judge has numbers of its own, of the same name here and there: they stay as they are.
        same = vars(other).get(name) is original if callable(original) else vars(other).get(name) == original
        if same and key.startswith(("retroctl", "simulators") if callable(original) else "retroctl"):
            monkeypatch.setattr(other, name, replacement)


def _bug(*changes: tuple[str, str, str], says: str, **how: Any) -> Bug:
    return Bug(tuple(Change(*change) for change in changes), says, **how)


CALM = Story(5, "standard", (100, 1600, 10), "practised", 500, 60.0, "confirm", 4.0, (Act(400.0, "leave"),))
"""A session in which nothing happens."""

BUGS = {
    "the cap is one rung too high": _bug(
        (
            "retroctl.domain.limits:caps_for",
            "return Caps(least_backward[0],",
            "return Caps(Speed(least_backward[0].hundredths + 80),",
        ),
        says="over the cap",
        seed=12,
    ),
    "the share of the forward speed is forgotten": _bug(
        ("retroctl.domain.limits:_BACKWARD_SHARE", "", "(100, 100)"),
        says="over the cap",
        seed=12,
    ),
    "a raise is two steps": _bug(
        ("retroctl.domain.plan:raise_step", "return Speed(MAX_RAISE", "return Speed(2 * MAX_RAISE"),
        says="more than one step",
        seed=1,
    ),
    "the hold is counted from the request": _bug(
        (f"{SESSION}.progress:_served_at", "core.hold.settled_at, 0.0", "core.pending_at, 0.0"),
        (
            f"{SESSION}.memory:Memory.remaining_at",
            "return self.hold.remaining(hold_s, now)",
            "return max(0.0, self.pending_at + hold_s - now)",
        ),
        says="of a hold",
        blind=True,
        seed=1,
    ),
    "the hold is a quarter of a minute short": _bug(
        (f"{SESSION}.progress:_served_at", "core.course.stage.hold_s - lead_s", "core.course.stage.hold_s - 15.0"),
        (
            f"{SESSION}.memory:Memory.remaining_at",
            "return self.hold.remaining(hold_s, now)",
            "return self.hold.remaining(hold_s - 15.0, now)",
        ),
        says="of a hold",
        blind=True,
        seed=1,
    ),
    "a hold that was served counts for the next speed too": _bug(
        ("retroctl.domain.hold:HoldTimer.measure", "self.settled_at = now", "self.settled_at = now - 60.0"),
        says="of a hold",
        blind=True,
    ),
    "an excursion does not break the hold": _bug(
        ("retroctl.domain.hold:HoldTimer._watch_excursion", "self.restart()", "return HoldNews.NOTHING"),
        (f"{SESSION}.machine:_hold", "elif core.steady", "elif False and core.steady"),
        says="of a hold",
        blind=True,
        machine="no-status",
        seed=15,
    ),
    "HOLD is not heeded": _bug(
        (
            f"{SESSION}.trainer:hold",
            "core.held_back, core.consent_at = True, None",
            "core.held_back, core.consent_at = False, core.consent_at",
        ),
        says="a raise after HOLD",
        blind=True,
        seed=93,
    ),
    "a balance event does not block": _bug(
        (f"{SESSION}.trainer:balance_event", "core.held_back = True", "core.held_back = False"),
        (f"{SESSION}.trainer:balance_event", "core.blocks.add(FailsafeId.F11)", "pass"),
        says="a raise after HOLD or a balance event",
        blind=True,
        told=replace(
            CALM,
            advance="auto",
            acts=(Act(40.0, "balance", (1,)), Act(41.0, "trainer away", (300.0,)), Act(200.0, "leave")),
        ),
    ),
    "consent is skipped": _bug(
        (f"{SESSION}.progress:_raise_if_due", "core.consent_at is None and core.advance is not Advance.AUTO", "False"),
        says="without consent",
        blind=True,
        seed=103,
    ),
    "consent counts from any moment of the hold": _bug(
        (f"{SESSION}.core:CONSENT_WINDOW_S", "", "1000.0"),
        says="without consent in the last 15 s",
        blind=True,
        seed=103,
    ),
    "the announcement is skipped": _bug(
        (f"{SESSION}.progress:_announce_on", "finished_at is None or core.now < core.announced_at + ANNOUNCE_S or", ""),
        (f"{SESSION}.progress:_announce_on", "core.now - finished_at > ANNOUNCED_FRESH_S", "False"),
        says="not announced to its end",
        blind=True,
        seed=1,
    ),
    "consent outlives a record that fails": _bug(
        (
            f"{SESSION}:_dispatch",
            'core.alarm(FailsafeId.F14, f"{event.reason}; ease down?")\n            core.consent_at = None',
            "pass",
        ),
        (f"{SESSION}:_dispatch", "core.blocks.add(FailsafeId.F14)", "pass"),
        says="void consent",
        blind=True,
        told=CALM.with_acts(tuple(Act(60.0 + 2.0 * place, "record", (1.0,)) for place in range(40))),
    ),
    "old data are good enough": _bug(
        (f"{SESSION}.progress:_watch_data", "age > STOP_WITHOUT_DATA_S", "False"),
        says="nothing was heard of the belt for 5 s",
        seed=4,
    ),
    "missing data stop the belt after 15 s only": _bug(
        (f"{SESSION}.progress:STOP_WITHOUT_DATA_S", "", "15.0"),
        says="nothing was heard of the belt for 5 s",
        seed=4,
    ),
    "Start goes to a belt that moves": _bug(
        (
            f"{SESSION}.progress:after_start_news",
            "            core.ask_lowest()",
            "            core.propose(StartOrResume(), 'again')",
        ),
        says="Start on a moving belt",
        blind=True,
        seed=1,
    ),
    "the first target is not the lowest": _bug(
        (
            f"{SESSION}.core:Core.ask_lowest",
            'self.command(self.belt.minimum, "start")',
            'self.command(self.belt.snap_down(Speed(self.belt.minimum.hundredths + 50)), "start")',
        ),
        says="the first target is the lowest speed",
        blind=True,
    ),
    "Stop is not repeated": _bug(
        ("retroctl.domain.stopping:StopWatch.next_repeat", "+ REPEAT_S", "+ 1000.0"),
        says="Stop is not repeated",
        seed=1,
    ),
    "Stop is lost behind a write": _bug(
        ("retroctl.ftms.procedure:Procedure.stop", "self._stop, self._stop_wanted_at = payload, now", "pass"),
        says="STOP was pressed, the radio is free",
        told=CALM.with_acts(
            (Act(14.0, "writes slow", (2.5, 20.0)), Act(16.0, "stop", ("person",)), Act(30.0, "leave"))
        ),
    ),
    "Stop waits for an answer": _bug(
        (
            "retroctl.ftms.procedure:Procedure.stop",
            "if self._in_air is not None or self._stop is not None:",
            "if self._in_air is not None or self._stop is not None or self._awaited is not None:",
        ),
        says="STOP was pressed, the radio is free",
        seed=20,
    ),
    "control is asked for with every Stop": _bug(
        ("retroctl.domain.stopping:StopWatch._send", "return [Stop()]", "return [Stop(), RequestControl()]"),
        says="Request Control after Stop",
        blind=True,
        seed=1,
    ),
    "the lowest speed is sent with every repeat": _bug(
        ("retroctl.domain.stopping:StopWatch.due", "self._minimum_sent = True", "pass"),
        says="more than once after Stop",
        blind=True,
        machine="stop-ignored",
        seed=1,
    ),
    "on a new link Stop is not the first": _bug(
        (
            "retroctl.app.engine:Engine.urgent",
            "if not self.session.stop_latched or not self.envelope.writes(Stop()):",
            "if True:",
        ),
        says="something else goes first",
        seed=11,
    ),
    "an accepted Stop counts as rest": _bug(
        (
            "retroctl.domain.stopping:StopWatch.at_rest",
            "if self._zero_frames < REST_FRAMES or self._zero_since is None:",
            (
                "if self.accepted_at is not None:\n        return True\n"
                "    if self._zero_frames < REST_FRAMES or self._zero_since is None:"
            ),
        ),
        says="said to stand",
    ),
    "the screen says STOPPING for ever": _bug(
        ("retroctl.domain.stopping:StopWatch.view", "return StopView.NOT_CONFIRMED", "return StopView.STOPPING"),
        says="the screen says STOPPING",
        machine="stop-ignored",
        seed=1,
    ),
    "a belt over the cap is let run": _bug(
        ("retroctl.domain.monitors:OVER_CAP", "", "300"),
        says="over the cap",
        seed=14,
    ),
    "one frame over the cap in ten is enough to forget the others": _bug(
        ("retroctl.domain.monitors:OVER_CAP_APART_S", "", "6.0"),
        says="over the cap",
        seed=14,
    ),
    "motion from rest is nobody's business": _bug(
        (f"{SESSION}.machine:_tripped", "if rested and moving else None", "if False else None"),
        says="motion from rest that nobody asked for",
        seed=6,
    ),
    "miles are taken for kilometres": _bug(
        ("retroctl.domain.monitors:other_unit", "return any(", "return False and any("),
        says="miles by its look",
        machine="mph-target",
        seed=2,
    ),
    "targets are written in miles": _bug(
        (
            "retroctl.app.engine:encode",
            "cp.encode_set_target_speed(target)",
            "cp.encode_set_target_speed(type(target)(round(target.hundredths / 1.609344)))",
        ),
        says="something else was said",
        seed=1,
    ),
    "what is too fast is clamped and not refused": _bug(
        (
            "retroctl.domain.limits:caps_for",
            "return Caps(least_backward[0],",
            "return Caps(Speed(least_backward[0].hundredths + 80),",
        ),
        (
            "retroctl.app.engine:encode",
            "cp.encode_set_target_speed(target)",
            "cp.encode_set_target_speed(min(target, type(target)(320)))",
        ),
        says="something else was said",
        blind=True,
        seed=12,
    ),
    "speeds off the machine's grid are asked for": _bug(
        (
            "retroctl.domain.limits:BeltRange.snap_down",
            "return Speed(self.minimum.hundredths + top // self.increment.hundredths * self.increment.hundredths)",
            "return Speed(self.minimum.hundredths + top)",
        ),
        says="off the machine's grid",
        blind=True,
        seed=31,
    ),
    "the heart rate does not limit": _bug(
        (f"{SESSION}.exertion:block", "if heart.over(now):", "if False:"),
        (f"{SESSION}.exertion:block", "return None if unknown is None else", "return None if True else"),
        says="heart rate",
        blind=True,
        seed=17,
    ),
    "a rating does not limit": _bug(
        (
            f"{SESSION}.exertion:block",
            "if rated is not None and highest is not None and rated.rating > highest:",
            "if False:",
        ),
        says="a rating of this speed over",
        blind=True,
        seed=34,
    ),
    "forward raises come as fast as keys": _bug(
        (f"{SESSION}.trainer:MIN_FORWARD_RAISE_GAP_S", "", "0.0"),
        says="two forward raises within 15 s",
        seed=2,
    ),
    "armed without looking": _bug(
        (f"{SESSION}.trainer:arm", "elif not core.link_up or not core.belief.at_rest(core.now):", "elif False:"),
        says="armed on a belt that was not seen at rest",
        told=replace(CALM, look_s=8.0, acts=(Act(3.9, "console start"), Act(60.0, "leave"))),
    ),
    "a resting belt is asked for control after Stop": _bug(
        ("retroctl.domain.envelope:Envelope.judge_again", "and not self._stop_denied", "and not self._denied"),
        says="Request Control after Stop",
        machine="toggle-start+starts-fast+answers-control-only",
        seed=295,
    ),
    "the gate has another opinion": _bug(
        ("retroctl.domain.envelope:Envelope._judge_consent", "held < self._hold_s:", "held < self._hold_s + 8.0:"),
        says="the gate refused what the session proposed",
        seed=1,
    ),
}
