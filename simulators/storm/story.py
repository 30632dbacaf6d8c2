"""What happens in one session of the storm, drawn from a seed: the setting, and every odd thing with its time."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_S: Final = 2400.0
"""A session of the storm is over after so long at the latest."""
MEAN_GAP_S: Final = 25.0
"""From one odd thing to the next, on the average: a fault for each simulated minute and more."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that somebody does, or that befalls machine or air, at a session second."""

    at: float
    what: str
    how: tuple[Any, ...] = ()

    def __str__(self) -> str:
        words = " ".join(str(part) for part in self.how)
        return f"{self.at:8.2f} s  {self.what} {words}".rstrip()


@dataclass(frozen=True, slots=True)
class Story:
    """One session. `with_acts` gives the same one with other acts: a story is shrunk by leaving some out."""

    seed: int
    machine: str
    belt: tuple[int, int, int]
    """Supported Speed Range: minimum, maximum, increment in hundredths of km/h."""
    client: str
    """Level of the client."""
    top: int
    """Where the ladder is to end, hundredths of km/h; the cap, if that is lower."""
    hold_s: float
    advance: str
    look_s: float
    """How often the trainer looks, and does what is sensible then."""
    acts: tuple[Act, ...]

    def with_acts(self, acts: tuple[Act, ...]) -> Story:
        """The same story with these acts only."""
        return replace(self, acts=acts)

    def __str__(self) -> str:
        low, high, step = self.belt
        head = (
            f"seed {self.seed}: {self.machine}, {low / 100:.2f} to {high / 100:.2f} by {step / 100:.2f} km/h, "
            f"client {self.client}, ladder to {self.top / 100:.2f} held {self.hold_s:g} s, advance {self.advance}, "
            f"a look every {self.look_s:.1f} s"
        )
        return "\n".join((head, *(f"  {act}" for act in self.acts)))


BELTS: Final = ((100, 1600, 10), (80, 1200, 16), (100, 400, 50), (50, 300, 1), (100, 2000, 10))
CLIENTS: Final = ("new", "rehab", "practised", "trained")


def _seconds(low: float, high: float) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (round(rng.uniform(low, high), 2),)


def _count(low: int, high: int) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (rng.randint(low, high),)


def _of(*choices: Any) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (rng.choice(choices),)


PEOPLE: Final[dict[str, Callable[[random.Random], tuple[Any, ...]]]] = {
    "confirm": _count(1, 3),
    "hold": lambda _rng: (),
    "down": lambda _rng: (),
    "ease": lambda _rng: (),
    "balance": _of(1, 1, 2, 2, 3, 4),
    "stop": _of("person", "person", "exit"),
    "witness": lambda _rng: (),
    "start again": lambda _rng: (),
    "record": _seconds(1, 30),
}
CONSOLE: Final[dict[str, Callable[[random.Random], tuple[Any, ...]]]] = {
    "console faster": _count(1, 8),
    "console slower": _count(1, 8),
    "console speed": _of(50, 100, 150, 250, 400, 800, 1200),
    "console stop": lambda _rng: (),
    "console pause": lambda _rng: (),
    "console start": lambda _rng: (),
    "safety key": _seconds(0.5, 20),
    "another app": _seconds(1, 20),
    "reboot": _seconds(0.5, 8),
}
AIR: Final[dict[str, Callable[[random.Random], tuple[Any, ...]]]] = {
    "link lost": _of(0.05, 0.3, 1.0, 3.0, 4.8, 5.2, 9.0, 30.0),
    "storm of links": _count(2, 8),
    "silent": _seconds(0.5, 12),
    "loss": lambda rng: (round(rng.uniform(0.05, 0.9), 2), round(rng.uniform(2, 40), 1)),
    "late": lambda rng: (round(rng.uniform(0.2, 4.0), 2), round(rng.uniform(2, 30), 1)),
    "frames dropped": _count(1, 6),
    "frames twice": _count(1, 6),
    "frames corrupt": _count(1, 4),
    "frames cut": _count(1, 4),
    "answers late": lambda rng: (round(rng.uniform(0.3, 6.0), 2), round(rng.uniform(2, 30), 1)),
    "answers dropped": _count(1, 4),
    "refused": _of(2, 3, 4, 5, 5),
    "write refused": _of(0xFE, 0xFE, 0x80, 0xFD, 0x03),
    "ignored": _count(1, 3),
    "write hangs": _count(1, 2),
    "writes slow": lambda rng: (round(rng.uniform(0.1, 2.5), 2), round(rng.uniform(2, 20), 1)),
}
ACTS: Final = {**PEOPLE, **CONSOLE, **AIR}


def story(seed: int, machines: tuple[str, ...]) -> Story:
    """The story of a seed. `machines`: names of personalities to draw from, singly or two together."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    machine = rng.choice(machines)
    if rng.random() < 0.3:
        other = rng.choice(machines)
        machine = machine if other == machine else f"{machine}+{other}"
    lasts_s = rng.uniform(200.0, LONGEST_S)
    calm = rng.choice((0.5, 1.0, 1.0, 3.0))
    acts: list[Act] = []
    at = rng.expovariate(1 / (MEAN_GAP_S * calm))
    while at < lasts_s:
        kind = rng.choices((PEOPLE, CONSOLE, AIR), (4, 2, 5))[0]
        what = rng.choice(tuple(kind))
        acts.append(Act(round(at, 2), what, kind[what](rng)))
        at += rng.expovariate(1 / (MEAN_GAP_S * calm))
    acts.append(Act(round(lasts_s, 2), "leave"))
    return Story(
        seed=seed,
        machine=machine,
        belt=rng.choice(BELTS),
        client=rng.choice(CLIENTS),
        top=rng.choice((150, 300, 500, 970)),
        hold_s=rng.choice((60.0, 60.0, 61.5, 90.0, 120.0)),
        advance=rng.choice(("confirm", "confirm", "auto")),
        look_s=round(rng.uniform(1.5, 9.0), 2),
        acts=tuple(acts),
    )
