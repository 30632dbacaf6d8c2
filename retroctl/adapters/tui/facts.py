"""What stands for the whole session: the machine, the plan, the caps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroctl.domain.limits import Caps
    from retroctl.domain.plan import Plan
    from retroctl.domain.session import Advance


@dataclass(frozen=True, slots=True)
class Machine:
    """Which treadmill this is; its name and address come from the air and are shown as plain text."""

    name: str
    address: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What is going to happen. `speedup`: session seconds in a real one, above 1 only on the simulator."""

    plan: Plan
    caps: Caps
    advance: Advance
    remarks: tuple[str, ...] = ()
    speedup: float = 1.0
    tags: tuple[str, ...] = ()
    """The words of the numbered tags, from number 1."""
