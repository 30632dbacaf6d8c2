"""Faults by chance, the same for the same seed: `--sim "standard+drop:seed=7"`.

A fault is a `Behaviour` that from the first connection on does something bad every now and then.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from retroctl.errors import ConfigError
from simulators.behaviour import Behaviour
from simulators.recipe import Personality

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.machine import FtmsMachine

EVERY_S = 20.0
"""The mean time between two faults where `every` does not say otherwise, seconds."""


class Happening(NamedTuple):
    """One kind of fault. `act` does it to the machine now; `once` = only a single time."""

    summary: str
    act: Callable[[FtmsMachine, random.Random, float], None]
    once: bool = False


def _for_a_while(machine: FtmsMachine, attribute: str, value: float, until: float) -> None:
    setattr(machine.faults, attribute, value)
    machine.schedule(until, lambda _now: setattr(machine.faults, attribute, type(value)(0)))


def _drop(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.drop_frames += rng.randint(1, 4)


def _delay(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    _for_a_while(machine, "delay_s", rng.uniform(0.2, 3.0), now + rng.uniform(3.0, 15.0))


def _duplicate(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.duplicate_frames += rng.randint(1, 4)


def _reorder(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.reorder_frames += rng.randint(1, 3)


def _corrupt(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.corrupt_frames += rng.randint(1, 2)


def _truncate(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.truncate_frames += rng.randint(1, 3)


def _silence(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    _for_a_while(machine, "silent", True, now + rng.uniform(1.0, 12.0))  # noqa: FBT003 - the value of an attribute


def _storm(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    machine.vanish(now, absent_s=rng.uniform(0.0, 6.0))


def _refuse(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del now
    machine.faults.reject_results.append(rng.choice((2, 3, 4, 5)))


def _late(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    _for_a_while(machine, "answer_late_s", rng.uniform(0.5, 6.0), now + rng.uniform(5.0, 20.0))


def _reboot(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    machine.reboot(now, absent_s=rng.uniform(1.0, 8.0))


def _clock(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    machine.drive.shift_clock(rng.choice((-3600.0, -30.0, 30.0, 3600.0)), now)


def _key(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del rng
    machine.pull_safety_key(now)


def _console(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    press = rng.choice(("faster", "faster", "slower", "set", "set", "stop", "pause", "start"))
    match press:
        case "faster":
            machine.console_faster(now)
        case "slower":
            machine.console_slower(now)
        case "set":
            machine.console_set_speed(rng.uniform(1.0, 6.0), now)
        case "stop":
            machine.console_stop(now)
        case "pause":
            machine.console_pause(now)
        case _:
            machine.console_start(now)


def _takeover(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    machine.take_control_by_other_app(now, exclusive=rng.random() < 0.5)


def _hang(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del rng, now
    machine.faults.hang_writes += 1


def _ignore(machine: FtmsMachine, rng: random.Random, now: float) -> None:
    del rng, now
    machine.faults.ignore_commands += 1


HAPPENINGS: Mapping[str, Happening] = {
    "drop": Happening("loses Treadmill Data, up to four at a time", _drop),
    "delay": Happening("sends everything up to 3 s late, for a while", _delay),
    "duplicate": Happening("sends Treadmill Data twice", _duplicate),
    "reorder": Happening("sends Treadmill Data after their successors", _reorder),
    "corrupt": Happening("sends Treadmill Data with one bit flipped", _corrupt),
    "truncate": Happening("sends Treadmill Data without their end", _truncate),
    "silent": Happening("says nothing at all for up to 12 s, on a link that stands", _silence),
    "storm": Happening("drops the link again and again, absent for up to 6 s", _storm),
    "refuse": Happening("refuses a command with one of the result codes", _refuse),
    "late": Happening("answers commands up to 6 s late, for a while", _late),
    "hang": Happening("never answers a write, not even on ATT", _hang),
    "ignore": Happening("answers success to a command and does nothing", _ignore),
    "clock": Happening("lets its elapsed time jump", _clock),
    "reboot": Happening("restarts itself, once", _reboot, once=True),
    "key": Happening("has its safety key pulled, once", _key, once=True),
    "console": Happening("has keys pressed on its console", _console),
    "takeover": Happening("gives its control to another app", _takeover),
}
"""The faults by name."""


def injected(name: str, parameters: Mapping[str, str]) -> Personality:
    """Make the fault of that name; `seed` chooses its moments, `every` their mean distance in seconds.

    Raises ConfigError for any other parameter or a value that is no number.
    """
    known = {"seed": "0", "every": str(EVERY_S)}
    for key, value in parameters.items():
        if key not in known or not value.replace(".", "", 1).isdigit():
            raise ConfigError(f"{name}:{key}={value}: give seed=NUMBER or every=SECONDS, as in {name}:seed=7")
        known[key] = value
    happening, every_s, seed = HAPPENINGS[name], max(1.0, float(known["every"])), known["seed"]

    class Injected(Behaviour):
        def __init__(self, machine: FtmsMachine) -> None:
            super().__init__(machine)
            self._dice = random.Random(f"{name}:{seed}")  # noqa: S311 - repeatable on purpose
            self._begun = False

        def on_connect(self, now: float) -> None:
            super().on_connect(now)
            if not self._begun:
                self._begun = True
                self.machine.schedule(self._next(now), self._happen)

        def _next(self, now: float) -> float:
            return now + self._dice.uniform(0.1, 2.0) * every_s

        def _happen(self, now: float) -> None:
            happening.act(self.machine, self._dice, now)
            if not happening.once:
                self.machine.schedule(self._next(now), self._happen)

    return Personality(f"{name}:seed={seed}", happening.summary, {}, (Injected,))
