"""What is said of what happens: each report to the clips that say it, event first, and how urgent that is.

The session's own sentences are matched here, so that screen, record and voice say the same thing. What has no row is
not spoken; a test holds every sentence and every alarm of the session against these tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.voice.numbers import NUMBER_CLIPS, POINT_CLIPS, duration, speed
from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import StopView
from retroctl.domain.failsafes import HEART_NEAR_HIGHEST, HEART_UNKNOWN
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import Callable


class Urgency(IntEnum):
    """Who goes first, and whom it cuts off."""

    STOP = 0
    ALARM = 1
    ANNOUNCEMENT = 2
    SENTENCE = 3
    TONE = 4
    FREE = 5


LASTS_S: Final = 1.0
"""A cue that could not begin within this is about a moment that has passed, seconds."""
KEYS_LAST_S: Final = 6.0
"""Keys that go elsewhere stay there: it may be said when an announcement, which must not be cut off, is over."""
COUNT_LASTS_S: Final = 0.3
"""A count that comes late counts wrong."""


@dataclass(frozen=True, slots=True)
class Saying:
    """The clips to play one after another."""

    clips: tuple[str, ...]
    urgency: Urgency = Urgency.SENTENCE
    lasts_s: float = LASTS_S


PHRASES: Final = {
    "faster-in-five": "Faster in five.",
    "faster": "Faster.",
    "slower": "Slower.",
    "hold": "Hold.",
    "holding": "Holding.",
    "minute": "Minute.",
    "minutes": "Minutes.",
    "seconds": "Seconds.",
    "starting": "Starting. Hands on the rails.",
    "press-start": "Press start, on the console.",
    "press-stop": "Press stop, on the console.",
    "easing-down": "Easing down.",
    "confirmed": "Confirmed.",
    "going-on": "Going on.",
    "connected-again": "Connected again. Confirm to go on, or stop.",
    "turn": "Stand still. Turn. Confirm.",
    "facing-backward": "Facing backward.",
    "facing-forward": "Facing forward.",
    "client-sets-speed": "Set the speed at the console.",
    "stopping": "Stopping.",
    "stopped": "Stopped.",
    "not-confirmed": "Not confirmed.",
    "pull-the-clip": "Pull the clip.",
    "look-at-the-belt": "Look at the belt.",
    "no-data": "No data.",
    "link-lost": "Link lost.",
    "too-fast": "Too fast.",
    "wrong-unit": "Wrong unit.",
    "speed-changed": "Speed changed, at the console.",
    "stopped-at-the-machine": "Stopped, at the machine.",
    "control-lost": "Control lost.",
    "not-done": "Not done.",
    "heart-rate-high": "Heart rate too high.",
    "heart-rate-unknown": "Heart rate unknown.",
    "heart-rate-known": "Heart rate known again.",
    "near-the-highest": "Near the highest. Stop?",
    "balance": "Balance. Stay here.",
    "belt-moves": "The belt moves. Stay off.",
    "program-fault": "Program fault.",
    "not-recorded": "Not recorded.",
    "computer-stood-still": "The computer stood still.",
    "keys-elsewhere": "Keys go elsewhere.",
    "no-guard": "No guard.",
    "guard-stops": "The guard stops the belt.",
    "guard-in-place": "The guard is in place.",
}
"""Name and words of each clip that is not a number."""

SPOKEN: Final = PHRASES | NUMBER_CLIPS | POINT_CLIPS
"""Every spoken clip of the bank."""

HOLD_SERVED: Final = "tone-hold-served"
COUNT: Final = "tone-count"
SILENCE: Final = "silence"
TONES: Final = (HOLD_SERVED, COUNT, SILENCE)
"""Clips that need no language; the last is what tries out a player."""

ALARMS: Final[dict[str, tuple[str, ...]]] = {
    "F1": ("no-data",),
    "F2": ("link-lost", "pull-the-clip"),
    "F3": ("too-fast",),
    "F4": ("too-fast",),
    "F5": ("wrong-unit",),
    "F6": ("speed-changed",),
    "F7": ("stopped-at-the-machine",),
    "F8": ("control-lost",),
    "F9": ("not-done",),
    "F10": ("heart-rate-high",),
    "F11": ("balance",),
    "F12": ("belt-moves",),
    "F13": ("program-fault",),
    "F14": ("not-recorded",),
    "F15": ("computer-stood-still",),
}
GUARD: Final = "guard"
"""The alarm that is no failsafe of the session: the process that watches this one is missing, or has acted."""

ALARMS_BY_WORDS: Final = (
    (HEART_UNKNOWN, ("heart-rate-unknown",)),
    (HEART_NEAR_HIGHEST, ("heart-rate-high", "near-the-highest")),
)
"""Where one failsafe has more than one thing to say, by what its text holds."""
GUARDS_WORDS: Final = (
    ("the guard stops the belt", ("guard-stops", "pull-the-clip")),
    ("the guard is in place", ("guard-in-place",)),
    ("", ("no-guard",)),
)
"""What the guard's alarm says, by what its text holds; anything else of it is that there is none."""

STOPS: Final[dict[str, tuple[str, ...]]] = {
    StopView.CALLED_OUT: (),  # by hand it is called out, again and again
    StopView.STOPPING: (),  # the session says it as a sentence in the same moment
    StopView.NOT_CONFIRMED: ("not-confirmed", "pull-the-clip"),
    StopView.SILENT: ("stopped", "not-confirmed", "look-at-the-belt"),
    StopView.STOPPED: ("stopped",),
}

NOT_SPOKEN: Final = frozenset(
    {
        "Noted: the trainer sees the belt at rest.",  # an answer to the one who has just looked
    }
)

_FIXED: Final[dict[str, Saying]] = {
    "Stopping.": Saying(("stopping",), Urgency.STOP),
    "Press STOP on the console. Pull the clip.": Saying(("press-stop",), Urgency.STOP),
    "Starting. Hands on the rails.": Saying(("starting",)),
    "Press START on the console.": Saying(("press-start",)),
    "Easing down.": Saying(("easing-down",)),
    "Confirmed.": Saying(("confirmed",)),
    "Heart rate known again.": Saying(("heart-rate-known",)),
    "Going on.": Saying(("going-on",)),
    "Connected again. Confirm to go on, or stop.": Saying(("connected-again",)),
    "Stand still. Turn. Confirm.": Saying(("turn",)),
    "Facing backward.": Saying(("facing-backward",)),
    "Facing forward.": Saying(("facing-forward",)),
    "The keys go elsewhere.": Saying(("keys-elsewhere",), lasts_s=KEYS_LAST_S),
    "The client sets the speed at the console.": Saying(("client-sets-speed",)),
} | {f"{count}": Saying((COUNT,), Urgency.ANNOUNCEMENT, COUNT_LASTS_S) for count in (1, 2, 3)}

_KMH: Final = r"(?P<kmh>[0-9]{1,2}\.[0-9])"
_PATTERNS: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = (
    (re.compile(rf"Faster\. {_KMH}\."), ("faster",)),
    (re.compile(rf"Slower\. {_KMH}\."), ("slower",)),
    (re.compile(rf"Holding {_KMH}\."), ("holding",)),
    (re.compile(rf"Going on at {_KMH}\."), ("going-on",)),
)
_HOLD: Final = re.compile(rf"{_KMH}\. Hold (?P<seconds>[0-9]{{1,4}}) seconds\.")
ANNOUNCEMENT: Final = re.compile(rf"Faster in [0-9]{{1,3}} seconds: {_KMH}\.")
"""The screen's words of an announcement. The voice is asked for it apart, because the raise waits for its end."""


def announcement(target: Speed, seconds: float, *, mph: bool) -> Saying:
    """What announces a raise to `target` in `seconds`."""
    words = "faster-in-five" if round(seconds) == 5 else "faster"
    return Saying((words, *speed(target, mph=mph)), Urgency.ANNOUNCEMENT)


def saying(report: Report, *, mph: bool) -> Saying | None:
    """What to say of a report; None for what is not spoken. Never raises, whatever the report holds."""
    say = _KINDS.get(report.kind)
    return None if say is None else say(report.data, mph)


def sentence(text: str, *, mph: bool) -> Saying | None:
    """What to say for one of the session's sentences."""
    if (fixed := _FIXED.get(text)) is not None:
        return fixed
    if (match := _HOLD.fullmatch(text)) is not None:
        return Saying(("hold", *duration(int(match["seconds"]))))
    for pattern, words in _PATTERNS:
        if (match := pattern.fullmatch(text)) is not None:
            return Saying((*words, *speed(Speed.from_kmh(float(match["kmh"])), mph=mph)))
    return None


def free_text(report: Report) -> str | None:
    """The words of a cue that no clips are made of, for the system's own voice; None for every other report."""
    text = str(report.data.get("text", ""))
    known = text in NOT_SPOKEN or text.isdigit() or ANNOUNCEMENT.fullmatch(text) or sentence(text, mph=False)
    return None if report.kind is not Kind.CUE or known else text or None


def _cue(data: dict[str, Any], mph: bool) -> Saying | None:  # noqa: FBT001 - one signature for the table below
    return sentence(str(data.get("text")), mph=mph)


def _callout(data: dict[str, Any], mph: bool) -> Saying | None:  # noqa: FBT001 - all sayings are made alike
    """What the trainer is to press; a Stop each time, so that it is heard for as long as the belt does not fall.

    A Stop cuts off the one before, so each says one thing that is over by then: the key, the clip, and so on in turn.
    """
    name, target = data.get("name"), data.get("target_kmh")
    if name == "stop":
        told = data.get("times", 1)
        times = told if isinstance(told, int) else 1
        clip = "press-stop" if times % 2 else "pull-the-clip"
        return Saying((clip,), Urgency.STOP) if times > 1 else None  # the first time a sentence says it
    if name == "start":
        return Saying(("press-start",)) if data.get("times", 1) > 1 else None
    if name != "set-target-speed" or not isinstance(target, float):
        return None
    return Saying(("client-sets-speed", *speed(Speed.from_kmh(target), mph=mph)), Urgency.SENTENCE)


def _alarm(data: dict[str, Any], _mph: bool) -> Saying | None:  # noqa: FBT001 - all sayings are made alike
    name, text = str(data.get("id")), str(data.get("text"))
    by_words = GUARDS_WORDS if name == GUARD else ALARMS_BY_WORDS
    clips = next((said for words, said in by_words if words in text), ALARMS.get(name, ()))
    return _unless_empty(clips, Urgency.ALARM)


def _stop(data: dict[str, Any], _mph: bool) -> Saying | None:  # noqa: FBT001 - all sayings are made alike
    return _unless_empty(STOPS.get(str(data.get("view")), ()), Urgency.STOP)


def _state(data: dict[str, Any], _mph: bool) -> Saying | None:  # noqa: FBT001 - all sayings are made alike
    return Saying((HOLD_SERVED,), Urgency.TONE) if data.get("state") == "ready" else None


def _unless_empty(clips: tuple[str, ...], urgency: Urgency) -> Saying | None:
    return Saying(clips, urgency) if clips else None


_KINDS: Final[dict[Kind, Callable[[dict[str, Any], bool], Saying | None]]] = {
    Kind.CUE: _cue,
    Kind.CALLOUT: _callout,
    Kind.ALARM: _alarm,
    Kind.STOP: _stop,
    Kind.STATE: _state,
}
