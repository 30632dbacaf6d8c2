"""A record with sessions in it, written by the program's own journal, and the commands run in this process."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retroctl.adapters.journal import SqliteJournal
from retroctl.app.summary import Tally
from retroctl.cli.app import app
from retroctl.cli.status import status_of
from retroctl.errors import RetroctlError
from retroctl.units import Speed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STARTED = 1_795_000_000.25
"""A fixed moment, not on a whole second."""
RUNGS = (100, 180, 260, 340, 260)
HALF_HOUR = 360


@dataclass
class Written:
    """What the journal was told at the end."""

    id: str
    outcome: dict[str, Any]


def write_session(
    folder: Path,
    *,
    hold_s: int = 20,
    rungs: tuple[int, ...] = RUNGS,
    facings: tuple[str, ...] = (),
    heart: bool = True,
    client_id: str | None = None,
    ended: bool = True,
    started: float = STARTED,
    mass_kg: float | None = 70.0,
    name: str = "ladder",
    ease: tuple[int, ...] = (200, 150, 100, 50),
) -> Written:
    """One session: each rung held `hold_s` seconds at 1 Hz, a rating in the second, a gap in the third, easing down."""
    return asyncio.run(_write(folder, hold_s, rungs, facings, heart, client_id, ended, started, mass_kg, name, ease))


async def _write(
    folder: Path, hold_s: int, rungs: tuple[int, ...], facings: tuple[str, ...], heart: bool, client_id: str | None,
    ended: bool, started: float, mass_kg: float | None, name: str, ease: tuple[int, ...],
) -> Written:  # fmt: skip
    clock = [started]
    journal = await SqliteJournal.open(folder, wall=lambda: clock[0])
    stages = [
        {
            "kind": "ladder",
            "facing": (facings or ("backward",) * len(rungs))[n],
            "target_kmh": r / 100,
            "hold_s": hold_s,
        }
        for n, r in enumerate(rungs)
    ]
    session_id = await journal.begin_session(
        program_version="0.1.0", simulated=True, machine_name="Belt <1>", machine_address="C0:DE", client_id=client_id,
        plan={"name": name, "stages": stages, "ease_rung_s": 20.0}, settings={"advance": "auto"},
    )  # fmt: skip
    tally, t = Tally(mass_kg=mass_kg), 0.4
    backward = True

    def tick(measured: int, target: int | None) -> None:
        nonlocal t
        clock[0] = started + t
        rate = 110 + round(20 * math.sin(t / 40)) if heart else None
        tally.measured(Speed(measured), t, backward=backward)
        journal.sample(t, measured, target, rate)
        t += 1.003

    journal.append(t, "state", {"state": "idle", "stage": None, "target_kmh": None})
    for _ in range(3):
        tick(0, None)
    before = 0
    for number, rung in enumerate(rungs):
        backward = stages[number]["facing"] == "backward"
        journal.append(t, "command", {"name": "set-target-speed", "target_kmh": rung / 100, "hex": "02"})
        journal.append(t, "state", {"state": "settling", "stage": number, "target_kmh": rung / 100})
        for second in range(hold_s):
            share = min(1.0, (second + 1) / 4)
            tick(round(before + (rung - before) * share), rung)
            if number == 1 and second == hold_s // 2:
                journal.append(t - 0.5, "note", {"note": "rpe", "value": 13, "target_kmh": rung / 100})
            if number == 2 and second == hold_s // 2:
                t += 5.0  # nothing was heard for so long
        tally.held(Speed(rung), hold_s)
        before = rung
    journal.append(t, "state", {"state": "easing_down", "stage": len(rungs) - 1, "target_kmh": 1.0})
    for speed in ease:
        tick(speed, 100)
    journal.append(t, "command", {"name": "stop", "hex": "0801"})
    journal.append(t, "state", {"state": "stopping", "stage": len(rungs) - 1, "target_kmh": 1.0})
    for _ in range(3):
        tick(0, None)
    outcome = {
        "peak_kmh": tally.peak.kmh,
        "held": [{"target_kmh": speed.kmh, "seconds": seconds} for speed, seconds in tally.holds],
        "duration_s": round(tally.moving_s, 1),
        "distance_m": round(tally.distance_m, 1),
        "kcal": None if mass_kg is None else round(tally.kcal, 1),
        "exit_status": 0,
        "reason": "the end of easing down",
    }
    if ended:
        journal.end_session(t, outcome)
    assert await journal.close()
    return Written(session_id, outcome)


@dataclass
class Ran:
    """A command's exit status and what it said."""

    status: int
    out: str
    err: str


def command(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    """Run a command; an expected error is one line, as the program prints it."""
    capsys.readouterr()
    status, said = 0, ""
    try:
        status = app(args=list(words), standalone_mode=False) or 0
    except SystemExit as left:
        status = int(left.code or 0)
    except RetroctlError as error:
        status, said = status_of(error), " ".join(str(error).split())
    captured = capsys.readouterr()
    return Ran(status, captured.out, captured.err + said)
