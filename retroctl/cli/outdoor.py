"""A session on a track (R25): a checklist before, what the trainer notes after it. It never touches a machine.

No belt moves here, so that waiting for an answer holds nothing up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from retroctl import __version__
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import SqliteJournal
from retroctl.adapters.plans import Preset, read_plan
from retroctl.app.afterwards import ConfidenceAfter, FreeNote, SessionRpe
from retroctl.cli.person import person
from retroctl.cli.trainer import trainer_of
from retroctl.config import load_settings
from retroctl.domain.effects import NoteKind
from retroctl.domain.events import LEAST_RPE, MOST_RPE, BalanceEvent
from retroctl.domain.limits import HANDS_FREE_LEVELS, Client
from retroctl.errors import ConfigError, PlanError
from retroctl.written import whole

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.cli.person import Person

TRIES: Final = 3
MOST_MINUTES: Final = 600
EVENTS: Final = {"none": None, "stumble": BalanceEvent.STUMBLE, "fall": BalanceEvent.FALL}


def outdoor_command(client: str | None, *, machine: str | None, plan: str, by: str | None = None) -> int:
    """Ask, keep, ask, keep; gives the exit status.

    Raises ConfigError for a machine or a terminal that went away, PlanError for a checklist that is not met,
    ClientError, JournalError.
    """
    if read_plan(plan).preset is not Preset.OUTDOOR or machine is not None:
        raise ConfigError("an outdoor session controls no machine (R25): leave --sim and --address out")
    settings = load_settings()
    trainer = trainer_of(by, settings)
    who = person(client, settings.data_dir, simulated=False)
    answers = _checklist(who.client)
    return asyncio.run(_noted(settings.data_dir, who, answers, trainer))


def _checklist(client: Client) -> dict[str, bool]:
    """The answers. Raises PlanError where what this client needs is missing (R25)."""
    experienced = client.balance_mastered and client.level in HANDS_FREE_LEVELS
    print(f"Outdoors, at level {client.level}. Nobody sees where they go: look for the client.")
    answers = {
        "empty_track": _yes("The track is fairly empty"),
        "spotter": _yes("A spotter goes along"),
        "mirror": _yes("The client wears a mirror"),
    }
    if not answers["empty_track"] and not experienced:
        raise PlanError("outdoors at this level only on a fairly empty track (R25); no session was noted")
    if not answers["spotter"] and not (experienced and answers["mirror"]):
        needed = "a spotter or a mirror" if experienced else "a spotter"
        raise PlanError(f"outdoors the client needs {needed}: the path and other runners are behind (R25)")
    return answers


async def _noted(data_dir: Path, who: Person, answers: dict[str, bool], trainer: str) -> int:
    journal = await SqliteJournal.open(data_dir)
    try:
        await journal.begin_session(
            program_version=__version__,
            simulated=False,
            client_id=who.client_id,
            plan={"name": Preset.OUTDOOR.value, "kind": Preset.OUTDOOR.value, "stages": []},
            settings={"trainer": trainer, "level": who.client.level.value, "outdoor": True},
        )
        began = time.monotonic()
        journal.append(0.0, "briefing", {"outdoor": answers})
        _line("Noted. Go out; press Enter when it is over: ")
        minutes = _number("Minutes run backward", 0, MOST_MINUTES)
        rpe = _number("Exertion of the whole session, Borg 6 to 20", LEAST_RPE, MOST_RPE)
        event = EVENTS[_word("Balance", tuple(EVENTS))]
        confidence = _number("Confidence now, 1 (uneasy) to 5 (sure)", 1, 5)
        text = _line("Anything else (Enter for nothing): ")
        over = time.monotonic() - began
        if rpe is not None:
            journal.append(over, "note", {"note": NoteKind.RPE.value, "value": rpe})
        if event is not None:
            journal.append(over, "event", {"event": "BalanceEventNoted", "kind": event.value})
        outcome = {
            "exit_status": 0,
            "reason": "an outdoor session, noted",
            "backward_minutes": minutes,
            "outdoor": True,
        }
        journal.end_session(over, outcome)
        await journal.flush()
        for said in (
            None if confidence is None else ConfidenceAfter(confidence),
            None if rpe is None else SessionRpe(rpe),
            FreeNote(text) if text else None,
        ):
            if said is not None:
                await journal.keep(said)
    finally:
        if not await journal.close():
            print(f"The record of this session is not complete: {plain(journal.problem or '')}", file=sys.stderr)
    print(
        f"Kept in {journal.file}. It counts as a day's session for rest (R16), and holds the next back "
        "after a balance event or a high RPE. It brings no level nearer and is compared with no plan, since no belt "
        "measured it; a balance event in it speaks against the next level and incline (R14, R15)."
    )
    return 0


def _line(prompt: str) -> str:
    """One line from the trainer. Raises ConfigError when nobody is there."""
    print(prompt, end="", flush=True)
    line = "" if sys.stdin is None else sys.stdin.readline()
    if not line:
        raise ConfigError("nobody answers: an outdoor session needs a trainer at the keys")
    return line.strip()


def _yes(question: str) -> bool:
    return _word(question, ("yes", "no")) == "yes"


def _word(question: str, words: tuple[str, ...]) -> str:
    """One of the words, or how it begins; asked so often and no more. Raises ConfigError."""
    for _ in range(TRIES):
        given = _line(f"{question} ({'/'.join(words)})? ").casefold()
        found = [word for word in words if given and word.startswith(given)]
        if len(found) == 1:
            return found[0]
    raise ConfigError(f"{question}: answer {', '.join(words)}")


def _number(question: str, least: int, most: int) -> int | None:
    """A whole number, or None for a line with nothing on it. Raises ConfigError."""
    for _ in range(TRIES):
        given = _line(f"{question} (Enter: not asked): ")
        if not given:
            return None
        with suppress(ConfigError):
            if least <= (number := whole(given)) <= most:
                return number
    raise ConfigError(f"{question}: answer with a number from {least} to {most}")
