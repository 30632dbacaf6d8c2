"""The failsafes as one table: the documents, the tests' parameters and the words on the screen come from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FailsafeId(StrEnum):
    """The number by which alarms, records and documents name a failsafe."""

    F1 = "F1"
    F2 = "F2"
    F3 = "F3"
    F4 = "F4"
    F5 = "F5"
    F6 = "F6"
    F7 = "F7"
    F8 = "F8"
    F9 = "F9"
    F10 = "F10"
    F11 = "F11"
    F12 = "F12"
    F13 = "F13"
    F14 = "F14"
    F15 = "F15"


class Act(StrEnum):
    """What a failsafe does beyond blocking raises."""

    ALARM = "alarm"
    STOP = "stop"
    END = "session ends"
    ASK = "adopt and ask"
    HOLD = "hold and tell"


class Clears(StrEnum):
    """What lifts the block that a failsafe leaves."""

    NEVER = "never in this session"
    CONFIRMED = "the trainer confirms"
    REARMED = "the trainer arms again"
    RESTORED = "data are back, the hold served anew"
    EFFORT = "under the limit for 5 s; where not known, a rating (RPE) of this speed"
    WRITTEN = "the record can be written again"


HEART_UNKNOWN: Final = "HEART RATE UNKNOWN"
"""How the alarm of F10 opens where there is no rate to be over anything."""
HEART_NEAR_HIGHEST: Final = "near the highest"
"""What it holds from 90 % of the heart rate reserve on."""


@dataclass(frozen=True, slots=True)
class Failsafe:
    """One row: when it trips while armed, what it does, what lifts it."""

    id: FailsafeId
    condition: str
    act: Act
    clears: Clears
    alarm: str
    """What the trainer sees first: short, plain, in capitals where a person must act."""


FAILSAFES: Final = {
    row.id: row
    for row in (
        Failsafe(
            FailsafeId.F1,
            "no Treadmill Data for more than 2 s (raises blocked), more than 5 s (stop)",
            Act.STOP,
            Clears.RESTORED,
            "NO DATA FROM THE TREADMILL",
        ),
        Failsafe(
            FailsafeId.F2,
            "disconnected while armed; stop after 5 s without data",
            Act.ALARM,
            Clears.REARMED,
            "LINK LOST - BELT MAY BE MOVING - PULL THE CLIP OR PRESS STOP ON THE CONSOLE",
        ),
        Failsafe(
            FailsafeId.F3,
            "measured over the highest target of the last 10 s by more than 0.5 km/h for 2 s, and not announced; or "
            "started above the first target by as much, and does not take it",
            Act.STOP,
            Clears.NEVER,
            "THE BELT RUNS FASTER THAN ASKED",
        ),
        Failsafe(
            FailsafeId.F4,
            "measured more than 0.30 km/h over the cap in two frames at least 0.5 s apart",
            Act.STOP,
            Clears.NEVER,
            "THE BELT IS OVER THE CAP",
        ),
        Failsafe(
            FailsafeId.F5,
            "measured / target in 1.50-1.72 or 0.56-0.68 at a settled speed, or out of all scale; a lower target that "
            "raised the speed; a belt under its own lowest speed by that ratio; metres that do not fit the speed",
            Act.STOP,
            Clears.NEVER,
            "THE MACHINE TAKES OR GIVES SPEEDS IN ANOTHER UNIT",
        ),
        Failsafe(
            FailsafeId.F6,
            "the speed was changed at the console",
            Act.ASK,
            Clears.CONFIRMED,
            "SPEED CHANGED AT THE CONSOLE",
        ),
        Failsafe(
            FailsafeId.F7,
            "safety key pulled, or stopped at the console",
            Act.END,
            Clears.NEVER,
            "STOPPED AT THE MACHINE",
        ),
        Failsafe(
            FailsafeId.F8,
            "control permission lost, or a command answered with Control Not Permitted",
            Act.ALARM,
            Clears.REARMED,
            "THE MACHINE NO LONGER TAKES OUR COMMANDS",
        ),
        Failsafe(
            FailsafeId.F9,
            "a command was rejected, or its outcome is unknown",
            Act.HOLD,
            Clears.CONFIRMED,
            "THE MACHINE DID NOT DO WHAT IT WAS ASKED",
        ),
        Failsafe(
            FailsafeId.F10,
            "heart rate over the client's limit (told at 15 s, step down proposed at 30 s, a stop at 90 % of the "
            "reserve); or, with a strap, not known: silent for 5 s, frozen for 10 s, none, or no limit known",
            Act.HOLD,
            Clears.EFFORT,
            "HEART RATE OVER THE LIMIT",
        ),
        Failsafe(
            FailsafeId.F11,
            "balance event: 1 rail, 2 stumble, 3 stepped off, 4 fall; 3 and 4 stop",
            Act.HOLD,
            Clears.CONFIRMED,
            "BALANCE EVENT",
        ),
        Failsafe(
            FailsafeId.F12,
            "motion from rest that nobody asked for, or the machine restarted",
            Act.STOP,
            Clears.NEVER,
            "THE BELT MOVES AND NOBODY ASKED FOR IT",
        ),
        Failsafe(
            FailsafeId.F13,
            "the envelope refused what the session proposed",
            Act.STOP,
            Clears.NEVER,
            "A FAULT IN THIS PROGRAM - THE BELT IS BEING STOPPED",
        ),
        Failsafe(
            FailsafeId.F14,
            "the record cannot be written",
            Act.ALARM,
            Clears.WRITTEN,
            "THE RECORD CANNOT BE WRITTEN",
        ),
        Failsafe(
            FailsafeId.F15,
            "the program stood still for more than 0.5 s (alarm, until the trainer confirms), more than 5 s, or the "
            "computer slept (stop)",
            Act.STOP,
            Clears.NEVER,
            "THIS COMPUTER STOOD STILL",
        ),
    )
}
"""Every failsafe by its number."""
