"""What the trainer notes while the belt runs. It moves nothing; other hands and a high rating hold a raise back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.domain import events as ev
from retroctl.domain.effects import Noted, NoteKind
from retroctl.domain.transitions import ARMED_STATES, State, Trigger

if TYPE_CHECKING:
    from retroctl.domain.session.core import Core
    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class Rated:
    """A rating of perceived exertion (Borg, 6 to 20), the speed it was given for and the session second."""

    rating: int
    rung: Speed
    at: float


@dataclass(slots=True)
class Notes:
    """What is known of the client beside the belt."""

    hands: ev.Hands = ev.Hands.BOTH
    """R4: the first rung begins with both hands on the rails."""
    rung: Speed | None = None
    """The speed that settled last: what a rating is said of, also when the belt is on its way to the next."""
    rung_at: float = 0.0
    rated: Rated | None = None

    def settled(self, rung: Speed, now: float) -> None:
        """The belt runs at `rung`."""
        if rung != self.rung:
            self.rung, self.rung_at = rung, now

    @property
    def rpe_wanted(self) -> bool:
        """Whether the speed held last has no rating yet."""
        return self.rung is not None and (self.rated is None or self.rated.at < self.rung_at)


def note(core: Core, kind: NoteKind, value: int | str) -> None:
    """Tell what was noted, with the target in force and the measured speed."""
    in_force, belief = core.belief.in_force, core.belief
    measured = core.measured if belief.fresh(core.now) else None
    core.emit(Noted(kind, value, None if in_force is None else in_force.speed, measured))


def rpe(core: Core, event: ev.RpeGiven) -> None:
    """Keep the rating and the speed that it is about."""
    rung = core.notes.rung
    if not ev.LEAST_RPE <= event.rating <= ev.MOST_RPE:
        core.refuse("RPE", f"{event.rating} is not on Borg's scale; it goes from {ev.LEAST_RPE} to {ev.MOST_RPE}")
    elif rung is None:
        core.refuse("RPE", "no speed has been held yet that it could be about")
    else:
        core.notes.rated = Rated(event.rating, rung, core.now)
        measured = core.measured if core.belief.fresh(core.now) else None
        core.emit(Noted(NoteKind.RPE, event.rating, rung, measured))
        highest = None if core.heart.limits is None else core.heart.limits.rpe_max
        if highest is not None and event.rating > highest:
            core.consent_at = None
            core.refuse(
                "RPE", f"{event.rating} is over {highest}: stay, or step down; a raise waits for a lower rating"
            )


def hands(core: Core, event: ev.HandsNoted) -> None:
    """R4, R11: other hands are a change of difficulty, so they take back a raise that is being announced."""
    if core.state not in ARMED_STATES:
        core.refuse("R4", "hands are noted once armed; the first rung begins with both on the rails")
        return
    if event.hands is core.notes.hands:
        return
    core.notes.hands = event.hands
    note(core, NoteKind.HANDS, event.hands.value)
    core.consent_at = None
    if core.state is State.ANNOUNCING:
        core.held_back = True
        core.move(Trigger.WITHDRAWN)
        core.refuse("R11", "the hands have changed: one thing at a time; confirm for the raise")


def tag(core: Core, event: ev.TagNoted) -> None:
    """A numbered tag; its words are the configuration's."""
    if 1 <= event.number <= ev.TAGS:
        note(core, NoteKind.TAG, event.number)
    else:
        core.refuse("tag", f"{event.number} is no tag; they are numbered from 1 to {ev.TAGS}")
