"""A session as plain lines for people: what is said, done and measured, with the time at the left."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.console.text import plain
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.console.output import Output
    from retroctl.app.snapshot import Snapshot

QUIET_EVERY_S: Final = 15.0
"""Without a terminal, telemetry is printed only this often: enough to follow, not enough to drown."""
WIDTH: Final = 100
"""Where lines are broken when no terminal says how wide it is."""
NARROWEST: Final = 40
BAR: Final = 10
OLD_S: Final = 2.0
INDENT: Final = " " * 8

_COMMANDS: Final = {
    "request-control": "request control",
    "start": "START the belt",
    "set-target-speed": "target",
    "stop": "STOP the belt",
}
_STATES: Final = {
    "idle": "Connecting. Nothing is written to the machine.",
    "observing": "Connected. Watching the belt for 3 s.",
    "briefing": "The belt is at rest. Briefing; still nothing is written to the machine.",
    "armed": "Armed. From here every way out stops the belt.",
    "stopped": "At rest (measured).",
    "faulted": "At rest (measured). The session has ended with a fault.",
    "lost": "Link lost. Connecting again, to observe or to stop only.",
    "overridden": "The console has changed the speed. Confirm to go on from there.",
}
_BY_HAND: Final = {
    "armed": "Armed. This program does not move the belt: every way out calls out STOP, and you press it.",
}
"""What is different where a person at the console moves the belt."""
_NO_STATUS: Final = frozenset({"idle", "observing", "briefing", "stopped", "faulted"})
"""States in which the belt is known to stand: a status line would only push the questions away."""

_WAITS: Final = {
    "the trainer's confirmation": "ENTER = faster",
    "on HOLD until the trainer confirms": "HOLD: ENTER = go on",
}


class PlainLines:
    """A listener that prints reports for people. On a terminal, telemetry is one line that is written over."""

    def __init__(
        self, output: Output, picture: Callable[[], Snapshot | None], *, columns: Callable[[], int] | None = None
    ) -> None:
        """`columns` gives the terminal's present width; without a terminal it is None."""
        self._output, self._picture, self._columns = output, picture, columns
        self._shown_at = -QUIET_EVERY_S
        self._line_open = False

    def __call__(self, report: Report) -> None:
        """Print the report."""
        if report.kind is Kind.TELEMETRY:
            self._telemetry(report)
            return
        text = _words(report)
        picture = self._picture() if report.kind is Kind.STATE else None
        if picture is not None and picture.by_hand:
            text = _BY_HAND.get(report.data["state"], text)
        if text is not None:
            self.say(report.t, text)

    def say(self, t: float, text: str) -> None:
        """Print one line at run second `t`."""
        self._print(f"{_clock(t)}  {plain(text)}", INDENT)

    def note(self, text: str) -> None:
        """Print one line that belongs to no time; what follows stands under its first word."""
        self._print(text, " " * (len(text) - len(text.lstrip())))

    def _print(self, text: str, indent: str) -> None:
        if self._line_open:
            self._line_open = False
            self._output.text("\r\x1b[K")
        for line in textwrap.wrap(text, self._width(), subsequent_indent=indent, break_on_hyphens=False) or [""]:
            self._output.line(line)

    def _width(self) -> int:
        return WIDTH if self._columns is None else max(NARROWEST, self._columns() - 1)

    def _telemetry(self, report: Report) -> None:
        picture = self._picture()
        if self._columns is not None:
            if picture is not None and picture.state.value in _NO_STATUS:
                return
            self._line_open = True
            text = f"{_clock(report.t)}  {_status(picture, report)}"
            self._output.text(f"\r\x1b[K{text[: self._width()]}", telemetry=True)
        elif report.t - self._shown_at >= QUIET_EVERY_S:
            self._shown_at = report.t
            self._output.line(f"{_clock(report.t)}  {_status(picture, report)}", telemetry=True)


def log_line(report: Report) -> str | None:
    """A report of a past session as one line with its time; None where people need not read it."""
    text = _words(report)
    return None if text is None else f"{_clock(report.t)}  {plain(text)}"


def _words(report: Report) -> str | None:
    data = report.data
    if report.kind is Kind.STATE:
        return _STATES.get(data["state"])
    if report.kind is Kind.OUTCOME and data["result"] == "confirmed":
        return None
    if report.kind is Kind.LINK:
        return _link(data)
    words = {
        Kind.COMMAND: lambda: f"-> {_command(data)}  [{data['hex']}]  ({data['source']})",
        Kind.CALLOUT: lambda: f">> {data['text']}{_again(data)}",
        Kind.OUTCOME: lambda: f"<- {_command(data)}: {data['result']}",
        Kind.CUE: lambda: f'"{data["text"]}"',
        Kind.REFUSAL: lambda: f"-- not done ({data['rule']}): {data['reason']}",
        Kind.ALARM: lambda: f"!! {data['id']}  {data['text']}",
        Kind.NOTE: lambda: f"++ {_note(data)}",
        Kind.STOP: lambda: f"== {data['view']}",
    }.get(report.kind)
    return None if words is None else words()


def _command(data: dict[str, Any]) -> str:
    target = f" {data['target_kmh']:.2f} km/h" if "target_kmh" in data else ""
    return f"{_COMMANDS[data['name']]}{target}"


def _again(data: dict[str, Any]) -> str:
    return "" if data.get("times", 1) == 1 else f"  (said {data['times']} times)"


def _note(data: dict[str, Any]) -> str:
    speed = "" if data["target_kmh"] is None else f" at {data['target_kmh']:.2f} km/h"
    words = data.get("text") or f"{data['value']}"
    return f"noted: {data['note']} {words}{speed}"


def _link(data: dict[str, Any]) -> str | None:
    if "remark" in data:
        return None  # shown before the session, with what the machine says of itself
    if "strap" in data:
        return f"   {data['strap']}"
    if "failed" in data:
        return f"   the write {data['write']} failed: {data['failed']}"
    reason = f": {data['reason']}" if "reason" in data else ""
    return f"   link {data['link']}{reason}"


def _clock(t: float) -> str:
    return f"{int(t) // 60:3d}:{int(t) % 60:02d}"


def heart_short(picture: Snapshot) -> str:
    """The heart rate with its limit, or its band, in few characters."""
    low, high = picture.heart_low_bpm, picture.heart_limit_bpm
    limit = "" if high is None else f"/{high}" if low is None else f"/{low}-{high}"
    return "HR ?" if picture.heart_rate_bpm is None else f"HR {picture.heart_rate_bpm}{limit}"


def _status(picture: Snapshot | None, report: Report) -> str:
    """The belt in one line that fits 80 columns."""
    target = report.data["target_kmh"]
    speeds = f"{report.data['measured_kmh']:5.2f} km/h"
    parts = [speeds if target is None else f"{speeds} (target {target:.2f})"]
    if picture is None:
        return parts[0]
    if picture.measured_age_s is not None and picture.measured_age_s > OLD_S:
        parts.append(f"{picture.measured_age_s:.0f} s OLD")
    if picture.strap:
        parts.append(heart_short(picture))
    state = picture.state.value
    if state not in {"holding", "ready", "announcing"}:
        return "  ".join([*parts, state.replace("_", " ")])
    if picture.hold_remaining_s:
        filled = min(BAR, int(BAR * (1.0 - picture.hold_remaining_s / picture.hold_s)))
        parts.append(f"hold [{'#' * filled}{'.' * (BAR - filled)}] {picture.hold_remaining_s:3.0f} s")
    else:
        parts.append("hold served")
    if picture.next_target is not None:
        parts.append(f"next {picture.next_target.kmh:.2f}")
    if state == "ready" and picture.raise_waits_for is not None:
        parts.append(_WAITS.get(picture.raise_waits_for, f"WAITS: {picture.raise_waits_for}"))
    return "  ".join(parts)
