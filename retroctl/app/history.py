"""Past sessions as people read them: a line of the list, one session opened. Text is raw: adapters make it plain."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from retroctl.app.confidence import confidence_words
from retroctl.app.summary import LONGEST_STEP_S
from retroctl.domain.energy import in_words
from retroctl.domain.method.figures import Who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.app.afterwards import Afterwards
    from retroctl.app.reports import Report
    from retroctl.domain.method.figures import Ending, Figures, Spent

UNKNOWN: Final = "-"
NOT_KNOWN: Final = "not known"
NOBODY: Final = "nobody named"
ERASED: Final = "(erased)"
"""A client whose name is nowhere any more."""


class Entry(Protocol):
    """One session of the list. `client` and `machine` are foreign text."""

    @property
    def id(self) -> str:
        """The session's random id."""
        ...

    @property
    def when(self) -> str:
        """The day and the time of its beginning, where this computer is: 2026-11-24 10:31."""
        ...

    @property
    def client(self) -> str:
        """Who trained."""
        ...

    @property
    def machine(self) -> str:
        """Where."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether no real belt moved."""
        ...

    @property
    def figures(self) -> Figures:
        """What it came to; may be reckoned only when asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """A sample: session second, speeds in km/h, beats a minute; None is "not known", never zero."""

    t: float
    measured: float | None
    target: float | None
    heart_rate: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One session, whole. `course`: the plan as (seconds, km/h) without any waiting, from `began_s` on.

    `remarks` are plain sentences about damage.
    """

    entry: Entry
    figures: Figures
    moments: tuple[Moment, ...]
    course: tuple[tuple[float, float], ...]
    began_s: float
    cap_kmh: float | None
    level: str
    reports: tuple[Report, ...]
    said: Afterwards
    remarks: tuple[str, ...]
    trainer: str = ""
    """Who led, where the record says it."""


def clock(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


HEADINGS: Final = ("date", "client", "plan", "peak held", "backward", "RPE", "events", "ended by")


def columns(entry: Entry) -> tuple[str, ...]:
    """What stands in a list, in the order of HEADINGS."""
    figures = entry.figures
    peak = figures.peak
    return (
        entry.when,
        entry.client,
        figures.name + (" SIMULATED" if entry.simulated else ""),
        UNKNOWN if peak is None else f"{peak.kmh:.2f} km/h",
        clock(figures.backward_s),
        UNKNOWN if figures.rpe is None else str(figures.rpe),
        str(len(figures.events)) if figures.events or figures.holds else UNKNOWN,
        ended_by(figures.ending),
    )


def ended_by(ending: Ending) -> str:
    """Who stopped and why, for a list."""
    return ending.why if ending.who in (Who.UNKNOWN, Who.NOBODY) else f"{ending.who}: {ending.why}"


def facts(opened: Opened) -> list[tuple[str, str]]:
    """What a session was and came to: names and words."""
    entry, figures = opened.entry, opened.figures
    where = f"{entry.machine or 'no treadmill'}{', SIMULATED' if entry.simulated else ''}"
    cap = "" if opened.cap_kmh is None else f", cap {opened.cap_kmh:.2f} km/h"
    level = f" (level {opened.level}{cap})" if opened.level else ""
    found = [
        ("session", entry.id),
        ("when", entry.when),
        ("client", f"{entry.client}{level}"),
        ("trainer", opened.trainer or NOT_KNOWN),
        ("treadmill", where),
        ("plan", figures.name or NOT_KNOWN),
        ("ended", ended_by(figures.ending)),
        ("the belt", rest_words(figures)),
        ("peak held", NOT_KNOWN if figures.peak is None else f"{figures.peak} for a minute or longer, backward"),
        ("time", f"{clock(figures.backward_s)} backward of {clock(figures.moving_s)} moving"),
        ("exertion", NOT_KNOWN if figures.rpe is None else f"RPE {figures.rpe} at the most"),
        ("balance", balance_words(figures)),
        ("confidence", confidence_words(figures.confidence)),
    ]
    if figures.distance_m:
        found.append(("distance", f"{figures.distance_m:.0f} m"))
    if figures.spent is not None:
        found.append(("energy", energy_words(figures.spent)))
    return found + _said(opened.said) + [("DAMAGE", remark) for remark in opened.remarks]


def _said(said: Afterwards) -> list[tuple[str, str]]:
    """What was said after the session. Foreign text, long at times."""
    found = [("note", note) for note in said.notes]
    found += [
        ("INCIDENT", f"{each.what}; {'somebody was hurt' if each.injury else 'nobody was hurt'}; told: {each.told}")
        for each in said.incidents
    ]
    return found


def energy_words(spent: Spent) -> str:
    """An amount of energy with its band."""
    return in_words(spent.kcal, spent.low, spent.high, extrapolated=spent.extrapolated)


def rest_words(figures: Figures) -> str:
    """What the record knows of the belt at the end."""
    if figures.at_rest is None:
        return "not known: the record does not say what it did at the end"
    return "at rest (measured)" if figures.at_rest else "NOT CONFIRMED at rest"


def balance_words(figures: Figures) -> str:
    """The balance events of a session."""
    if not figures.events:
        return "no event noted"
    names = ", ".join(
        each.event.name.lower().replace("_", " ") + ("" if each.at is None else f" at {each.at}")
        for each in figures.events
    )
    rate = figures.events_per_10_min
    return names + ("" if rate is None else f" ({rate:.1f} in ten minutes)")


def rungs(figures: Figures) -> list[str]:
    """Each speed that was held, how long, with which hands, how hard."""
    lines: list[str] = []
    for hold in figures.holds:
        rated = figures.rpe_at(hold.target)
        hands = f"   hands {hold.hands}" if hold.hands else ""
        exertion = "" if rated is None else f"   RPE {rated}"
        cut = "" if hold.seconds >= 60 else "   cut short"
        lines.append(f"{hold.target.kmh:5.2f} km/h  {clock(hold.seconds):>6}{hands}{exertion}{cut}")
    return lines


def began(moments: Sequence[Moment]) -> float:
    """The second in which the belt first moved, or was first asked to; 0 where it never was."""
    return next((each.t for each in moments if each.measured or each.target), 0.0)


def gaps(moments: Sequence[Moment]) -> float:
    """Seconds of a session about which no sample says anything."""
    return sum(after.t - before.t for before, after in pairwise(moments) if after.t - before.t > LONGEST_STEP_S)
