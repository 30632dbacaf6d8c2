"""Every named machine, by what is odd about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.catalogue.commands import COMMANDS
from simulators.catalogue.links import LINKS
from simulators.catalogue.records import RECORDS
from simulators.catalogue.speeds import SPEEDS
from simulators.catalogue.starts import STARTS
from simulators.catalogue.stops import STOPS

__all__ = ["CATALOGUE", "COMMANDS", "LINKS", "NOT_ACTED_OUT", "RECORDS", "SPEEDS", "STARTS", "STOPS"]

if TYPE_CHECKING:
    from simulators.recipe import Personality

CATALOGUE: tuple[Personality, ...] = (*COMMANDS, *STARTS, *SPEEDS, *STOPS, *RECORDS, *LINKS)

NOT_ACTED_OUT: dict[str, str] = {
    "A console that shows mph while everything on the air is km/h (Urevo E1L)": "nothing of it is on the air",
    "A client that drops records of all zeros (pyftms), or truncates speeds before it sends them": (
        "the client's own fault; this program does neither"
    ),
    "Speeds in mph that are not on a grid of 0.1 km/h": "arithmetic, not a machine; tests/unit/domain/test_plan.py",
    "A heart-rate strap that repeats a frozen value": "a strap is another device",
    "A phone app that holds the machine, so that it is not seen": (
        "of the radio, not of the machine: `SimulatedRadio.occupy`"
    ),
    "Two treadmills in range": "of the radio, not of the machine; tests/contract/test_ble_scan.py",
    "Another program that holds the GATT session on Windows": "of the system; only the words of the error are tested",
    "A disconnect of macOS that hangs for hours": (
        "of the system; tests/contract/test_ble_treadmill.py has hanging calls"
    ),
    "A link that is noticed as lost only after 5 s": "every simulated link is so (`RadioTiming.supervision_s`)",
    "Result 04 for a Stop of a belt at rest; counters that stay after a stop": "the standard machine does both",
}
"""What is known of real machines and has no personality, with the reason."""
