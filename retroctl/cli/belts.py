"""For whom and for which belt a plan is checked when there is no machine to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.cli.options import checked_belt
from retroctl.cli.person import DEMO, DEMO_CLIENT, NOBODY, today
from retroctl.config import load_settings
from retroctl.domain.limits import BeltRange, Caps, caps_for
from retroctl.units import Speed

if TYPE_CHECKING:
    from retroctl.domain.limits import Client

USUAL: Final = BeltRange(Speed(100), Speed(1600), Speed(10))
"""What most treadmills have; a session checks every plan again on the machine it runs on."""


@dataclass(frozen=True, slots=True)
class Against:
    """What a plan is checked against, with the words for it."""

    belt: BeltRange
    client: Client
    caps: Caps
    words: str


def belt_and_client(client: str | None, speed_range: str | None) -> Against:
    """Raises ConfigError, ClientError for an unknown client, JournalError."""
    belt = USUAL if speed_range is None else checked_belt(speed_range)
    if client is None:
        limits = NOBODY.client
    elif client == DEMO_CLIENT:
        limits = DEMO.client
    else:
        from retroctl.adapters.clients import ClientStore  # noqa: PLC0415 - only where a client is named

        limits = ClientStore(load_settings().data_dir).find(client).facts.limits(today())
    caps = caps_for(limits, belt, qualified=True)
    usual = " (most treadmills; --range names another)" if speed_range is None else ""
    words = (
        f"checked for a belt of {belt.minimum} to {belt.maximum} in steps of {belt.increment}{usual}, "
        f"cap {caps.backward} ({caps.backward_reason}{'' if client else '; --client names another'})"
    )
    return Against(belt, limits, caps, words)
