"""Named machines, and how names are read: `a+b` is both at once, `fault:seed=7` something that happens by chance.

A personality is data (changes to `Traits`) and, where data do not reach, a small `Behaviour`. `a+b` takes the
changes of both, the later name winning where they meet, and stacks their behaviours. `catalogue` holds them all.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from retroctl.errors import ConfigError
from simulators.catalogue import CATALOGUE
from simulators.injected import HAPPENINGS, injected
from simulators.recipe import Personality

__all__ = ["PERSONALITIES", "Personality", "listing", "personality"]

PERSONALITIES: dict[str, Personality] = {each.name: each for each in CATALOGUE}
"""Every named machine."""


def personality(name: str) -> Personality:
    """Find the machine of that name, or several joined with `+`. Raises ConfigError that names the known ones."""
    return reduce(add, (_part(part.strip()) for part in name.split("+")))


def listing() -> list[str]:
    """Give a line for each machine and each fault, and how they are combined."""
    machines = [f"{each.name:26} {each.summary}" for each in PERSONALITIES.values()]
    faults = [f"{name:26} {each.summary}" for name, each in HAPPENINGS.items()]
    return [
        *machines,
        "",
        "Faults by chance, the same for the same seed (NAME:seed=7, NAME:every=10 for their mean distance in seconds):",
        *faults,
        "",
        "Combine any with +, as in mph-target+no-indication or standard+drop:seed=7+late.",
    ]


def _part(text: str) -> Personality:
    name, *rest = text.split(":")
    parameters = dict.fromkeys(rest, "")
    parameters = {key: value for key, _, value in (each.partition("=") for each in parameters)}
    if name in HAPPENINGS:
        return injected(name, parameters)
    found = PERSONALITIES.get(name)
    if found is None:
        known = ", ".join((*PERSONALITIES, *HAPPENINGS))
        raise ConfigError(f"no simulated treadmill is called {name!r}; known are {known}")
    if rest:
        raise ConfigError(f"{text}: only the faults by chance ({', '.join(HAPPENINGS)}) take parameters")
    return found
