"""A machine of the floor in words, the same for the screen and for the page. Nothing is told by colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.app.floor_news import Answer
from retroctl.app.floor_row import Fresh, Row, Urgency
from retroctl.app.floor_stop import FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retroctl.app.floor import Floor
    from retroctl.units import Speed

STATES: Final = {
    "idle": "CONNECTING",
    "observing": "WATCHING",
    "briefing": "BRIEFING",
    "armed": "ARMED",
    "starting": "STARTING",
    "settling": "CHANGING",
    "holding": "HOLDING",
    "ready": "HELD",
    "announcing": "FASTER SOON",
    "overridden": "CONSOLE",
    "lost": "LINK LOST",
    "easing_down": "EASING DOWN",
    "turning": "TURNING",
    "stopping": "STOPPING",
    "stopped": "AT REST",
    "faulted": "AT REST, FAULT",
}
MARKS: Final = {
    Urgency.TROUBLE: "‼",
    Urgency.STOPPING: "■",
    Urgency.MOVING: "▶",
    Urgency.READY: "▷",
    Urgency.REST: "·",
    Urgency.GONE: "○",
}
"""A shape for each urgency, for eyes that see no colour."""
GO_THERE: Final = "GO THERE, PULL THE CLIP"
UNKNOWN: Final = "-"
LINK_S: Final = 1.5
"""A broker that is away for less is not worth a word: it is back before anybody has read it."""

_ANSWERS: Final = {
    Answer.ASKED: "STOP: asked",
    Answer.SENT: "STOP: sent, no answer yet",
    Answer.RECEIVED: "STOP: its program has it",
    Answer.WRITTEN: "STOP: sent to the treadmill",
    Answer.ACCEPTED: "STOP: accepted by the treadmill, rest not measured yet",
    Answer.AT_REST: "STOP: done, rest is measured",
    Answer.NOTHING: "STOP: there was no session to stop",
    Answer.NOT_CONFIRMED: f"STOP NOT CONFIRMED - {GO_THERE}",
    Answer.NO_ANSWER: f"NO ANSWER TO STOP - {GO_THERE}",
    Answer.NOT_SENT: f"STOP NOT SENT - {GO_THERE}",
    Answer.REFUSED: f"STOP REFUSED - {GO_THERE}",
}
_SUMMED: Final = (
    (Answer.NO_ANSWER, "NO ANSWER"),
    (Answer.NOT_CONFIRMED, "NOT CONFIRMED"),
    (Answer.REFUSED, "REFUSED"),
    (Answer.NOT_SENT, "NOT SENT"),
    (Answer.ASKED, "asked"),
    (Answer.SENT, "sent"),
    (Answer.RECEIVED, "received"),
    (Answer.WRITTEN, "written"),
    (Answer.ACCEPTED, "accepted"),
    (Answer.AT_REST, "at rest"),
    (Answer.NOTHING, "no session"),
)
"""What needs somebody first."""


@dataclass(frozen=True, slots=True)
class Note:
    """A line below a machine. `urgent`: an alarm of now, a Stop that failed."""

    mark: str
    text: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One machine as it is written. Foreign text is as it came, cut to its bound: whoever draws it makes it plain."""

    machine: str
    mark: str
    urgency: Urgency
    client: str
    state: str
    measured: str
    target: str
    hold: str
    age: str
    grey: bool
    """What is shown is old, and says nothing about now."""
    notes: tuple[Note, ...]


def shown(row: Row) -> Shown:
    """The words for a machine."""
    news = row.news
    return Shown(
        row.machine,
        MARKS[row.urgency],
        row.urgency,
        UNKNOWN if news is None or not news.client else news.client,
        _state(row),
        UNKNOWN if news is None else _speed(news.measured),
        UNKNOWN if news is None else _speed(news.target),
        UNKNOWN if news is None or news.hold_left_s is None or not row.moving else clock(news.hold_left_s),
        _age(row),
        row.fresh is not Fresh.NOW,
        tuple(_notes(row)),
    )


def clock(seconds: float) -> str:
    """Minutes and seconds, the rest of a second counted as one."""
    whole = max(0, int(seconds + 0.999))
    return f"{whole // 60}:{whole % 60:02d}"


def ago(seconds: float) -> str:
    """How long ago, in two words at most."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 360_000 else f"{seconds / 86_400:.0f} d"


def _state(row: Row) -> str:
    news = row.news
    if row.fresh is Fresh.OFFLINE:
        return "OFFLINE, MAY MOVE" if row.moving else "OFFLINE"
    if news is None:
        return "NOTHING YET"
    if row.fresh is Fresh.SILENT:
        return "SILENT, MAY MOVE" if row.moving else "SILENT"
    return _word(news.state)


def _word(state: str) -> str:
    return STATES.get(state, state.upper()[:14])


def _speed(speed: Speed | None) -> str:
    return UNKNOWN if speed is None else f"{speed.kmh:.2f}"


def _age(row: Row) -> str:
    if row.age_s is None:
        return UNKNOWN
    return "now" if row.fresh is Fresh.NOW else f"{ago(row.age_s)} ago"


def _notes(row: Row) -> list[Note]:
    notes: list[Note] = []
    gone = row.urgency is Urgency.GONE
    if row.stop is not None:
        failed = row.stop.answer in FAILED
        words = "STOP: nobody there to answer" if failed and gone else _ANSWERS[row.stop.answer]
        reason = f" ({row.stop.reason})" if row.stop.reason and not gone else ""
        notes.append(Note("‼" if failed and not gone else "■", words + reason, failed and not gone))
    if row.rival:
        notes.append(Note("‼", "TWO PROGRAMS SPEAK AS THIS MACHINE - give each computer its own name", urgent=True))
    news = row.news
    if news is not None and news.stop and news.problem and not gone:
        notes.append(Note("‼", news.stop, urgent=True))
    if row.fresh in (Fresh.SILENT, Fresh.OFFLINE) and row.moving and news is not None:
        last = f"last heard: {_word(news.state)} at {_speed(news.measured)} km/h"
        notes.append(Note("‼", f"IT MAY BE MOVING - LOOK AT IT ({last})", urgent=True))
    notes += [Note("‼", f"{alarm.id} {alarm.text}", urgent=True) for alarm in row.alarms]
    if news is not None and news.problem and not gone and not any(note.urgent for note in notes):
        notes.append(Note("‼", "its program asks for somebody to look", urgent=True))
    notes += [Note("!", f"{alarm.id} {alarm.text} (over, not marked as seen)", urgent=False) for alarm in row.past]
    notes.sort(key=lambda note: not note.urgent)
    return notes


# -- the floor as a whole ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the machines."""

    count: str
    trouble: str
    """Empty when there is none."""
    broker: str
    """Empty while the broker is there."""
    stop_all: str
    """How far the last STOP ALL is; empty when there is none."""
    left_out: str


def heading(floor: Floor, rows: Sequence[Row], now: float) -> Heading:
    """The floor in a line or two."""
    heard = sum(row.fresh is Fresh.NOW for row in rows)
    moving = sum(row.moving for row in rows)
    trouble = sum(row.urgency is Urgency.TROUBLE for row in rows)
    away_s = floor.unlinked_s(now)
    broker = ""
    if away_s is not None and (away_s > LINK_S or not rows):
        why = f" ({floor.link_words})" if floor.link_words else ""
        broker = f"NO BROKER for {ago(away_s)}: all of this is old, no STOP leaves here{why}"
    return Heading(
        f"{heard} of {len(rows)} heard now, {moving} moving",
        "" if not trouble else "1 IN TROUBLE" if trouble == 1 else f"{trouble} IN TROUBLE",
        broker,
        _all_words(floor, now),
        "" if not floor.left_out else f"{floor.left_out} machines more are not shown: there is no room for them",
    )


def _all_words(floor: Floor, now: float) -> str:
    told = floor.all_stop(now)
    if told is None or floor.all_at is None:
        return ""
    parts = ", ".join(f"{told[answer]} {words}" for answer, words in _SUMMED if told[answer])
    return f"STOP ALL {ago(now - floor.all_at)} ago, {sum(told.values())} asked: {parts}"
