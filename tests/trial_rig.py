"""A whole test on the simulated machine, in pure virtual time: no loop, no radio. A judge watches the true belt."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from retroctl.app.engine import DropLink
from retroctl.app.trial_engine import Told, TrialEngine, TrialOutput
from retroctl.domain.limits import BeltRange
from retroctl.domain.qualify import Trial, TrialGate
from retroctl.domain.qualify import happenings as hp
from retroctl.domain.qualify.script import script
from retroctl.ftms.procedure import Write
from retroctl.units import Speed
from simulators.machine import FtmsMachine
from simulators.personality import Personality, personality

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.domain.profile import Profile

WRITE_S = 0.02
CONNECT_S = 1.2


class TrialRig:
    """One test on one machine. `run()` goes to its end, or until the belt was not seen at rest for `give_up_s`."""

    def __init__(self, name: str | Personality = "standard", *, seed: int = 1, attended: bool = False) -> None:
        self.now = 0.0
        self.machine = FtmsMachine(personality(name) if isinstance(name, str) else name, seed=seed)
        minimum, maximum, increment = self.machine.behaviour.speed_range()
        self.belt = BeltRange(Speed(minimum), Speed(maximum), Speed(increment))
        self.trial = Trial(self.belt, script, attended=attended)
        self.engine = TrialEngine(self.trial, TrialGate(self.belt))
        self.told: list[Told] = []
        self.ended = False
        self.link_up = False
        self.hook: Callable[[Told], None] = lambda told: None
        self.steps: list[tuple[str, float]] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._generation = 0
        self._away = False
        self._connect()
        self._take(self.engine.handle(hp.Connected(), self.now))

    # -- looking at it

    @property
    def true_speed(self) -> float:
        return self.machine.true_speed_kmh(self.now)

    @property
    def peak(self) -> float:
        """The fastest the belt really was, so far."""
        return max(point.speed_kmh for point in self.machine.drive.belt.breakpoints if point.at <= self.now)

    @property
    def written(self) -> list[str]:
        return [entry.data.hex() for entry in self.machine.log if entry.characteristic == "2ad9"]

    def of(self, kind: str) -> list[dict[str, object]]:
        return [told.data | {"t": told.t} for told in self.told if told.type == kind]

    def profile(self) -> Profile:
        return self.trial.findings.profile(
            name="Belt", address="AA", belt=self.belt, typed=False, day="2026-01-02", version="0", duration_s=self.now
        )

    # -- time

    def run(self, *, give_up_s: float = 30.0, limit_s: float = 2000.0) -> TrialRig:
        """Go on to the end; `ended` stays False where the belt was not seen at rest."""
        stuck_since: float | None = None
        while not self.ended and self.now < limit_s:
            if self.trial.ending and stuck_since is None:
                stuck_since = self.now
            if stuck_since is not None and self.now - stuck_since > give_up_s and self.trial.stop_stuck(give_up_s):
                break
            self._step()
        return self

    def run_until(self, done: Callable[[], bool], *, limit_s: float = 2000.0) -> TrialRig:
        while not done():
            assert not self.ended
            assert self.now < limit_s
            self._step()
        return self

    def stop(self, source: str = "key") -> None:
        self._take(self.engine.handle(hp.StopWanted(source), self.now))

    # -- inside

    def _step(self) -> None:
        deadline = self.engine.next_deadline()
        marks = [self.machine.next_event(self.now)]
        marks += [] if deadline is None else [deadline]
        marks += [self._later[0][0]] if self._later else []
        self.now = max(self.now, min(marks))
        for emission in self.machine.advance(self.now):
            if emission.kind == "disconnect":
                self.machine.disconnect(self.now)
                self._dropped()
            elif self.link_up:
                self._take(self.engine.frame(emission.characteristic, emission.data, self.now))
        while self._later and self._later[0][0] <= self.now:
            heapq.heappop(self._later)[2]()
        deadline = self.engine.next_deadline()
        if deadline is not None and deadline <= self.now:
            self._take(self.engine.tick(self.now))

    def _at(self, when: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._later, (when, next(self._order), call))

    def _dropped(self) -> None:
        self.link_up = False
        self._generation += 1
        self._at(self.now + CONNECT_S, self._again)
        self._take(self.engine.link_dropped(self.now))

    def _again(self) -> None:
        if self.link_up:
            return
        if not self.machine.advertises(self.now):
            self._at(self.now + 1.0, self._again)
            return
        self._connect()
        urgent = self.engine.urgent(self.now)
        if urgent is not None:
            self.machine.write("2ad9", urgent, self.now)
        self._take(self.engine.link_restored(self.now))

    def _connect(self) -> None:
        self.machine.connect(self.now)
        for characteristic in ("2ad9", "2acd", "2ada"):
            self.machine.subscribe(characteristic, self.now)
        self.link_up = True

    def _take(self, outputs: list[TrialOutput]) -> None:
        for output in outputs:
            match output:
                case Told():
                    self.told.append(output)
                    if output.type == "step":
                        self.steps.append((str(output.data["step"]), self.now))
                    self.hook(output)
                case Write(token=token, payload=payload):
                    self._write(token, payload)
                case hp.LetGo(after_s=after_s):
                    self.machine.disconnect(self.now)
                    self.link_up = False
                    self._generation += 1
                    self._at(self.now + after_s, self._again)
                    self._at(self.now, lambda: self._take(self.engine.link_dropped(self.now)))
                case DropLink():
                    self.machine.disconnect(self.now)
                    self._at(self.now, self._dropped)
                case _:
                    self.ended = True

    def _write(self, token: int, payload: bytes) -> None:
        generation = self._generation
        with_response = "write" in self.machine.traits.control_point_properties
        result = self.machine.write("2ad9", payload, self.now, with_response=with_response)
        if result.after_s == float("inf"):
            return

        def returned() -> None:
            if generation == self._generation:
                self._take(self.engine.write_returned(token, self.now, error=result.error))

        self._at(self.now + max(WRITE_S, result.after_s), returned)
