"""What the program did and why, in words for a trainer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.tui.text import plain
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from retroctl.adapters.tui.facts import Facts
    from retroctl.app.snapshot import Snapshot

REFUSED: Final = "-"
"""The mark of what was asked and is not done."""
CALLED: Final = "☞"
"""The mark of what a person is asked to do at the console."""
OLD_S: Final = 2.0
"""Telemetry older than this says nothing about now."""

_COMMANDS: Final = {
    "request-control": "ask for control",
    "start": "START the belt",
    "set-target-speed": "target",
    "stop": "STOP the belt",
}
_STATES: Final = {
    "observing": "Connected. Watching the belt.",
    "briefing": "The belt is at rest. Briefing.",
    "armed": "Armed: from here every way out stops the belt.",
    "stopped": "At rest (measured).",
    "faulted": "At rest (measured). Ended with a fault.",
    "lost": "Link lost. Connecting again, to observe or to stop only.",
}
BELT: Final = {
    "idle": "CONNECTING",
    "observing": "WATCHING",
    "briefing": "AT REST",
    "armed": "AT REST, ARMED",
    "starting": "STARTING",
    "settling": "MOVING",
    "holding": "MOVING",
    "ready": "MOVING",
    "announcing": "MOVING, A RAISE IS COMING",
    "overridden": "MOVING, SPEED SET AT THE CONSOLE",
    "lost": "LINK LOST, MAY BE MOVING",
    "easing_down": "MOVING, EASING DOWN",
    "turning": "AT REST, TURN",
    "stopping": "STOPPING",
    "stopped": "AT REST",
    "faulted": "AT REST",
}
"""The belt's state as known, in one word or two."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log: session second, a mark that tells its kind without colour, the words."""

    t: float
    mark: str
    text: str


def line_of(report: Report) -> Line | None:
    """The report as a line of the log; None where a trainer need not read it."""
    mark, text = _marked(report)
    return None if text is None else Line(report.t, mark, plain(text))


def _marked(report: Report) -> tuple[str, str | None]:  # noqa: C901, PLR0911, PLR0912 - one flat table of kinds
    data = report.data
    match report.kind:
        case Kind.STATE:
            return "·", _STATES.get(data["state"])
        case Kind.COMMAND:
            return "→", f"{_command(data)}  ({data['source']})"
        case Kind.CALLOUT:
            return CALLED, data["text"]
        case Kind.OUTCOME if data["result"] != "confirmed":
            return "←", f"{_command(data)}: {data['result']}"
        case Kind.CUE if not str(data["text"]).isdigit():
            return "“", data["text"]
        case Kind.REFUSAL:
            return REFUSED, f"not done ({data['rule']}): {data['reason']}"
        case Kind.ALARM:
            return "‼", f"{data['id']} {data['text']}"
        case Kind.STOP:
            return "■", data["view"]
        case Kind.HELD:
            return "✓", f"{data['target_kmh']:.2f} held for {data['seconds']:.0f} s"
        case Kind.NOTE:
            return "+", _note(data)
        case Kind.LINK:
            return "~", _link(data)
        case Kind.EVENT if data.get("event") == "Leaving":
            return "·", f"leaving: {data.get('source')}"
        case _:
            return "", None


def _command(data: dict[str, Any]) -> str:
    target = f" {data['target_kmh']:.2f} km/h" if "target_kmh" in data else ""
    return f"{_COMMANDS.get(data['name'], data['name'])}{target}"


def _note(data: dict[str, Any]) -> str:
    speed = "" if data["target_kmh"] is None else f" at {data['target_kmh']:.2f}"
    value = data["value"]
    match data["note"]:
        case "rpe":
            return f"RPE {value}{speed}"
        case "hands":
            return f"hands on the rails: {value}{speed}"
        case "balance":
            return f"balance: {value}{speed}"
        case _:
            return f"tag {value}: {data.get('text') or '(no words)'}{speed}"


def _link(data: dict[str, Any]) -> str:
    if "remark" in data or "strap" in data:
        return str(data.get("remark") or data["strap"])
    if "failed" in data:
        return f"the write {data['write']} failed: {data['failed']}"
    reason = f": {data['reason']}" if "reason" in data else ""
    return f"link {data.get('link')}{reason}"


def next_speed(facts: Facts | None, picture: Snapshot | None) -> float | None:
    """The speed that comes next, in km/h; None where none does."""
    if facts is None or picture is None or picture.state.value in ("stopping", "stopped", "faulted", "lost"):
        return None
    if picture.state.value in ("armed", "starting"):
        return facts.plan.stages[picture.stage].target.kmh
    if picture.state.value == "easing_down":
        rungs = [rung for rung in facts.plan.ladder if picture.target is not None and rung < picture.target]
        return max(rungs).kmh if rungs else 0.0
    return None if picture.next_target is None else picture.next_target.kmh


def why(picture: Snapshot, cue: str) -> tuple[str, str]:  # noqa: C901, PLR0911, PLR0912 - one flat table of states
    """A word in capitals and a sentence: what the session waits for, or what comes next."""
    state, waits = picture.state.value, picture.raise_waits_for
    following = "" if picture.next_target is None else f" to {picture.next_target.kmh:.2f}"
    match state:
        case "armed" if picture.by_hand:
            return "START?", "client on the side rails; c, then START at the console within 60 s"
        case "settling" | "easing_down" if picture.by_hand:
            return "WAIT", "for the belt to come to what was called out; set it at the console"
        case "stopping" if picture.by_hand:
            return "STOPPING", "press STOP at the console; this program cannot; the clip is surer"
        case "armed":
            return "START?", "client on the side rails; c: START at the console, p: the program starts the belt"
        case "starting":
            return "STARTING", cue
        case "settling":
            return "WAIT", "the belt is on its way to the target; then the hold runs"
        case "announcing":
            count = f"{following[1:]} in {cue}" if cue.isdigit() else cue
            return "FASTER", f"{count}   (h or PageUp takes it back)"
        case "overridden":
            return "CONSOLE", "Enter goes on at the console's speed (the hold runs anew); d goes down"
        case "lost":
            return "LINK LOST", "look at the belt; clip or console if in doubt; Enter goes on once it is back"
        case "easing_down":
            return "EASING", "the rungs are walked down, then the belt is stopped; nothing is raised any more"
        case "turning":
            return "TURN", "Stand still. Turn. Then Enter."
        case "stopping":
            return "STOPPING", "look at the belt; STOP again sends it again; the clip is surer"
        case "stopped" | "faulted":
            return "ENDED", "the belt is at rest (measured)"
        case _:
            return _raise_waits(waits, following, on_hold=picture.on_hold)


def _raise_waits(waits: str | None, following: str, *, on_hold: bool) -> tuple[str, str]:
    if on_hold:
        return "ON HOLD", f"Enter goes on; until then nothing is raised{following}"
    if not following:
        return "LAST RUNG", "after this hold the rungs are walked down" if waits is None else f"{waits}"
    if waits is None:
        return "NEXT", f"faster{following}, announced first"
    if waits == "the trainer's confirmation":
        return "YOUR TURN", f"ENTER or PageDown = faster{following};  h = stay"
    return "WAITS", f"faster{following} waits: {waits}"
