"""What a named machine is made of: changes to the standard machine's data and, where data do not reach, a behaviour."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from simulators.behaviour import Behaviour
from simulators.traits import Traits

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = Literal["ladder", "held", "stopped", "not confirmed", "refused"]
"""How an unattended ladder on the machine ends: climbed to the top and at rest; stayed low, eased down and at rest;
stopped and at rest; the belt not confirmed at rest (exit status 4); not used at all (exit status 3)."""


@dataclass(frozen=True)
class Personality:
    """A machine as it is. `summary` says what it does, `source` where it was seen (a public repository or issue)."""

    name: str
    summary: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    behaviours: tuple[type[Behaviour], ...] = ()
    source: str = ""
    outcome: Outcome = "ladder"
    """How the program's session with it ends, which the tests hold it to."""
    shows: tuple[str, ...] = ()
    """Words that the trainer must have been shown by then; identifiers of failsafes count."""
    answer: str = ""
    """What the program does about it, for people."""

    @cached_property
    def traits(self) -> Traits:
        """The standard machine with this one's changes."""
        return dataclasses.replace(Traits(), **self.changes)

    @cached_property
    def behaviour_class(self) -> type[Behaviour]:
        """The behaviours as one class; the first named is asked first."""
        return type("Behaviour", self.behaviours or (Behaviour,), {})

    def __add__(self, other: Personality) -> Personality:
        """Combine both."""
        return Personality(
            name=f"{self.name}+{other.name}",
            summary=f"{self.summary}; {other.summary}",
            changes={**self.changes, **other.changes},
            behaviours=tuple(dict.fromkeys((*self.behaviours, *other.behaviours))),
            source="; ".join(filter(None, (self.source, other.source))),
        )

    def but(self, **changes: Any) -> Personality:
        """Give the same machine with other traits: `personality("standard").but(countdown_s=0)`."""
        return dataclasses.replace(self, changes={**self.changes, **changes})
