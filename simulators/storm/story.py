"""What happens in one session of the storm, drawn from a seed: the setting, and every odd thing with its time."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_S: Final = 2400.0
"""A session of the storm is over after so long at the latest."""
FAULT_GAP_S: Final = 30.0
"""From one fault to the next, on the average: two in each simulated minute, in a calm story one."""
ACT_GAP_S: Final = 70.0
"""From one unexpected thing that people do to the next."""


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
    """Minimum, maximum, increment in hundredths of km/h, for machines that have no range of their own."""
    client: str
    """Level of the client."""
    top: int
    """Where the plan is to go, hundredths of km/h; the cap, if that is lower."""
    hold_s: float
    advance: str
    look_s: float
    """How often the trainer looks, and does what is sensible then."""
    acts: tuple[Act, ...]
    plan: str = "ladder"
    """The shape of the plan: one of PLANS."""
    forward: int | None = None
    """Comfortable forward speed of the client."""
    limit: int | None = None
    """A clinician's limit."""
    strap: str = ""
    """The heart-rate strap; empty for none."""
    wire: str = "open"
    """Whether the program may write: open, stop only, closed (a person is told what to press)."""
    again: int = 0
    """So many times the trainer begins anew when the belt has come to rest."""
    pulls: bool = True
    """The trainer pulls the clip when told to."""

    def with_acts(self, acts: tuple[Act, ...]) -> Story:
        """The same story with these acts only."""
        return replace(self, acts=acts)

    def __str__(self) -> str:
        low, high, step = self.belt
        head = (
            f"seed {self.seed}: {self.machine}, {low / 100:.2f} to {high / 100:.2f} by {step / 100:.2f} km/h, "
            f"client {self.client}, forward {self.forward}, limit {self.limit}, {self.plan} to {self.top / 100:.2f} "
            f"held {self.hold_s:g} s, advance {self.advance}, strap {self.strap or 'none'}, wire {self.wire}, "
            f"a look every {self.look_s:.1f} s, again {self.again}, pulls the clip: {self.pulls}"
        )
        return "\n".join((head, *(f"  {act}" for act in self.acts)))


BELTS: Final = ((100, 1600, 10), (100, 1600, 10), (80, 1200, 16), (100, 400, 50), (50, 300, 1), (100, 2000, 10))
CLIENTS: Final = ("rehab", "new", "novice", "practised", "practised", "runner", "trained", "trained")
PLANS: Final = ("ladder", "ladder", "ladder", "main set", "turns", "forward first", "introduction", "incline")
STRAPS: Final = ("", "", "", "", "", "", "", "", "steady", "dropouts", "contact", "frozen", "high")


def _seconds(low: float, high: float) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (round(rng.uniform(low, high), 2),)


def _count(low: int, high: int) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (rng.randint(low, high),)


def _of(*choices: Any) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (rng.choice(choices),)


def _nothing(_rng: random.Random) -> tuple[Any, ...]:
    return ()


def _for_a_while(
    low: float, high: float, shortest_s: float, longest_s: float
) -> Callable[[random.Random], tuple[Any, ...]]:
    return lambda rng: (round(rng.uniform(low, high), 2), round(rng.uniform(shortest_s, longest_s), 1))


PEOPLE: Final[dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]]] = {
    "confirm": (6, _count(1, 3)),
    "hold": (3, _nothing),
    "down": (4, _nothing),
    "ease": (1, _nothing),
    "balance": (3, _of(1, 1, 1, 2, 2, 3, 4)),
    "stop": (1, _of("person", "person", "exit")),
    "witness": (1, _nothing),
    "start again": (1, _nothing),
    "start confirmed": (1, _of("program", "console")),
    "trainer away": (2, _seconds(5, 90)),
    "rated": (3, _count(7, 19)),
    "hands": (2, _of("both", "one", "none")),
    "tag": (1, _count(1, 9)),
    "keyboard lost": (1, _nothing),
}
"""What people do at the program, with how often."""
MILD: Final[dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]]] = {
    "loss": (2, _for_a_while(0.05, 0.4, 2, 30)),
    "late": (2, _for_a_while(0.1, 1.4, 2, 20)),
    "frames dropped": (3, _count(1, 2)),
    "frames twice": (3, _count(1, 6)),
    "frames corrupt": (2, _count(1, 2)),
    "frames cut": (2, _count(1, 3)),
    "frames reordered": (2, _count(1, 2)),
    "answers late": (3, _for_a_while(0.3, 6.0, 2, 30)),
    "answers dropped": (3, _count(1, 4)),
    "write refused": (2, _of(0xFE, 0xFE, 0x80, 0xFD, 0x03)),
    "writes slow": (3, _for_a_while(0.1, 2.5, 2, 20)),
    "console keys": (2, _of(-2, -1, -1, 1, 1, 2, 3)),
    "stalled": (1, _of(0.6, 0.6, 3.0)),
    "clock": (1, _of(-30.0, 30.0, 3600.0)),
}
"""Faults that a session mostly survives."""
GRAVE: Final[dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]]] = {
    "console speed": (3, _of(50, 100, 150, 250, 400, 800, 1200)),
    "console keys": (3, _of(-8, -5, 4, 5, 6, 8)),
    "console stop": (1, _nothing),
    "console pause": (1, _nothing),
    "console start": (1, _nothing),
    "safety key": (1, _seconds(0.5, 20)),
    "another app": (2, _seconds(1, 20)),
    "reboot": (1, _seconds(0.5, 8)),
    "link lost": (3, _of(0.05, 0.3, 1.0, 3.0, 4.8, 5.2, 9.0, 30.0)),
    "storm of links": (1, _count(2, 8)),
    "silent": (3, _seconds(0.5, 12)),
    "loss": (2, _for_a_while(0.4, 0.9, 2, 40)),
    "late": (2, _for_a_while(1.4, 4.0, 2, 30)),
    "frames dropped": (2, _count(2, 6)),
    "frames corrupt": (1, _count(2, 4)),
    "refused": (3, _of(2, 3, 4, 5, 5)),
    "ignored": (2, _count(1, 3)),
    "write hangs": (2, _count(1, 2)),
    "record": (2, _seconds(1, 30)),
    "stalled": (1, _of(3.0, 8.0)),
    "slept": (1, _of(3.0, 600.0)),
    "strap silent": (1, _seconds(4, 40)),
}
"""Faults that often end one."""
ACTS: Final = {**PEOPLE, **MILD, **GRAVE}
FAULTS: Final = frozenset({*MILD, *GRAVE})


def story(seed: int, machines: tuple[str, ...]) -> Story:
    """The story of a seed. `machines`: names of personalities to draw from, singly, or two or three together."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    parts = rng.sample(machines, min(len(machines), rng.choices((1, 2, 3), (8, 3, 1))[0]))
    lasts_s = rng.uniform(200.0, LONGEST_S)
    # Most stories are mild, or hardly a hold would be served; in some everything goes wrong at once.
    grave, pace = rng.choice(((0.0, 0.7), (0.02, 1.0), (0.1, 1.0), (0.3, 1.5), (0.7, 0.5)))
    acts: list[Act] = []
    at = rng.expovariate(1 / FAULT_GAP_S) * pace
    while at < lasts_s:
        acts.append(_drawn(rng, at, GRAVE if rng.random() < grave else MILD))
        at += rng.expovariate(1 / FAULT_GAP_S) * pace
    at = rng.expovariate(1 / ACT_GAP_S)
    while at < lasts_s:
        acts.append(_drawn(rng, at, PEOPLE))
        at += rng.expovariate(1 / ACT_GAP_S)
    acts.sort(key=lambda act: act.at)
    acts.append(Act(round(lasts_s, 2), "leave"))
    level = rng.choice(CLIENTS)
    grown = level in {"practised", "runner", "trained"}
    return Story(
        seed=seed,
        machine="+".join(parts),
        belt=rng.choice(BELTS),
        client=level,
        top=rng.choice((150, 300, 500, 970)),
        hold_s=rng.choice((60.0, 60.0, 61.5, 90.0, 120.0)),
        advance=rng.choice(("confirm", "confirm", "auto")),
        look_s=round(rng.uniform(1.5, 9.0), 2),
        acts=tuple(acts),
        plan=rng.choice(PLANS),
        forward=rng.choice((500, 800, 1200) if grown else (None, 500, 800)),
        limit=rng.choice((None, None, None, 150, 260)),
        strap=rng.choice(STRAPS),
        wire=rng.choices(("open", "stop only", "closed"), (12, 1, 1))[0],
        again=rng.choice((0, 1, 2)),
        pulls=rng.random() < 0.8,
    )


def _drawn(
    rng: random.Random, at: float, kind: dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]]
) -> Act:
    what = rng.choices(tuple(kind), [weight for weight, _ in kind.values()])[0]
    return Act(round(at, 2), what, kind[what][1](rng))
