"""What the choosing needs from outside, and what it gives back. The command line hands the one in and takes the other.

Nothing here knows Bluetooth, plan files or where clients are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from retroctl.app.client_forms import ClientForms
    from retroctl.domain.limits import BeltRange, Caps
    from retroctl.domain.plan import Plan
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, or given beforehand: in the words of the options of `retroctl run`. None: not given."""

    sim: str | None = None
    address: str | None = None
    client: str | None = None
    plan: str | None = None
    top: str | None = None
    hold: str | None = None
    advance: str | None = None


@dataclass(frozen=True, slots=True)
class HeardMachine:
    """A machine as the air tells of it. `name` and `remarks` are foreign text."""

    name: str
    address: str
    rssi_dbm: int | None
    """Received strength; None for one that does not advertise because this computer is connected to it."""
    says_treadmill: bool | None
    """Whether its advertisement says treadmill; None where it does not say."""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Practice:
    """The simulated machine that is offered for practice: its name for `--sim`, and its range."""

    name: str
    belt: BeltRange


@dataclass(frozen=True, slots=True)
class ClientRow:
    """One client to choose. `name` and `note` are foreign text."""

    key: str | None
    """What `--client` takes; None is nobody named."""
    name: str
    level: str
    cap: str
    """The cap in words."""
    note: str = ""
    not_today: bool = False
    """No session may begin today; `note` says why."""
    simulated_only: bool = False
    client_id: str | None = None
    """The id of a client who is kept here and can be changed; None for the others."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan as it would be. `assumed`: the machine's range is not known yet, so its lowest speed is a guess."""

    plan: Plan
    caps: Caps
    assumed: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a machine says of itself once connected. `remarks` are foreign text."""

    belt: BeltRange | None
    """Its Supported Speed Range; None where it announces none, or one that cannot be a treadmill's."""
    range_words: str
    control: bool
    """Whether it has a Control Point, so that it can be commanded at all."""
    remarks: tuple[str, ...] = ()


class Surroundings(Protocol):
    """Everything outside the screen."""

    practice: Practice
    listen_s: float
    """How long one search lasts."""
    settle_s: float
    """After so long a machine that is the only one heard counts as the only one there is."""

    forms: ClientForms
    """What can be done with the clients; what is kept shows after `look_again`."""
    nothing_heard: str
    """What keeps machines from being found, and what to do about it."""

    def clients(self) -> Sequence[ClientRow]:
        """Whom there is to choose; at least nobody named."""
        ...

    def look_again(self) -> None:
        """Read the clients anew: `clients` itself is asked five times a second, and reads nothing."""
        ...

    def plan_files(self) -> Sequence[str]:
        """What `--plan` takes beside the ladder: presets, and the plan files that lie where one would look for them."""
        ...

    def preview(self, choice: Choice, belt: BeltRange | None) -> Preview:
        """The plan of `choice` on a machine of this range (None: not known). Raises ConfigError with stage and rule."""
        ...

    async def listen(self, heard: Callable[[HeardMachine], None]) -> None:
        """Search for `listen_s`, telling of each machine as often as it is heard. Raises TreadmillError."""
        ...

    async def watch(
        self, choice: Choice, said: Callable[[Said], None], measured: Callable[[Speed], None], over: asyncio.Event
    ) -> None:
        """Connect to the machine of `choice`, write nothing, tell what it says and measures until `over` is set.

        The link is let go of when this returns, also when it is cancelled. Raises TreadmillError.
        """
        ...
