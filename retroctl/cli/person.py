"""Whom a session is for: nobody named, the demonstration's client, or one of the clients kept here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from retroctl.domain.limits import Client, Level
from retroctl.domain.method.days import Day
from retroctl.domain.method.heart import HeartLimits, intensity, without_facts
from retroctl.domain.method.today import not_today
from retroctl.errors import ClientError
from retroctl.units import Speed

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.domain.method.facts import Facts
    from retroctl.domain.method.practice import Outing, Practice

DEMO_CLIENT: Final = "demo"


@dataclass(frozen=True, slots=True)
class Person:
    """What a session needs to know of its client. `practice` is what was done before, for the rules R11 and R14.

    `facts` and the day they are judged by are None for nobody named and the demonstration.
    """

    client: Client
    mass_kg: float | None = None
    client_id: str | None = None
    practice: tuple[Practice, ...] = ()
    facts: Facts | None = None
    day: Day | None = None
    heart: HeartLimits = field(default_factory=lambda: without_facts(Level.NEW))
    """The limits of heart rate and RPE today."""
    strap: str | None = None
    """The address of the strap that the client wore last."""
    outdoors: tuple[Outing, ...] = ()
    """Sessions without a belt (R25): what went wrong in them speaks against incline (R14)."""


NOBODY: Final = Person(Client())
DEMO: Final = Person(
    Client(Level.PRACTISED, comfortable_forward=Speed(800), balance_mastered=True),
    mass_kg=70.0,
    heart=HeartLimits(None, 150, 168, 14, rpe_leads=False, why="level practised"),  # 40 years old, 60 a minute at rest
)


def today() -> Day:
    """The day by this computer's clock, where it is."""
    return Day(datetime.now().astimezone().date().toordinal())


def person(name: str | None, data_dir: Path, *, simulated: bool) -> Person:
    """The client of that name, fit to run today.

    Raises ClientError for an unknown one and for one who may not run today, with every reason; JournalError. On the
    simulated treadmill sessions there count as practice, on a real one they do not.
    """
    if name is None:
        return NOBODY
    if name == DEMO_CLIENT:
        return DEMO
    from retroctl.adapters.clients import ClientStore  # noqa: PLC0415 - only where a client is named
    from retroctl.adapters.clients.straps import StrapBook  # noqa: PLC0415 - heavy
    from retroctl.adapters.journal import FILE_NAME  # noqa: PLC0415 - heavy
    from retroctl.adapters.journal.history import history, outings  # noqa: PLC0415 - heavy

    found, day = ClientStore(data_dir).find(name), today()
    found.facts.check(day)
    reasons = not_today(found.facts, day)
    if reasons:
        raise ClientError(
            f"no session with {found.name} today: {'; '.join(map(str, reasons))}. "
            "What has changed is noted with retroctl client edit and retroctl client clear"
        )
    record = data_dir / FILE_NAME
    practice, outdoors = history(record, found.id, with_simulated=simulated), outings(record, found.id)
    limits, strap = intensity(found.facts, day), StrapBook(data_dir).of(found.id)
    return Person(
        found.facts.limits(day), found.facts.mass_kg, found.id, practice, found.facts, day, heart=limits, strap=strap,
        outdoors=outdoors,
    )  # fmt: skip
