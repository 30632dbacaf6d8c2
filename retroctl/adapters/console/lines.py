"""A session as plain lines for people: what is said, done and measured, with the time at the left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from retroctl.adapters.console.text import plain
from retroctl.app.reports import Kind, Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.adapters.console.output import Output
    from retroctl.app.snapshot import Snapshot

QUIET_EVERY_S: Final = 15.0
"""Without a terminal, telemetry is printed only this often: enough to follow, not enough to drown."""
BAR: Final = 20
OLD_S: Final = 2.0

_COMMANDS: Final = {
    "request-control": "request control",
    "start": "START the belt",
    "set-target-speed": "target",
    "stop": "STOP the belt",
}
_STATES: Final = {
    "briefing": "Briefing. Nothing is written to the machine.",
    "armed": "Armed. From here every way out stops the belt.",
    "stopped": "At rest (measured).",
    "faulted": "At rest (measured). The session has ended with a fault.",
    "lost": "Link lost. Connecting again, to observe or to stop only.",
    "overridden": "The console has changed the speed. Confirm to go on from there.",
}


class PlainLines:
    """A listener that prints reports for people. With a terminal, telemetry is one line that is written over."""

    def __init__(
        self, output: Output, picture: Callable[[], Snapshot | None], *, terminal: bool, verbose: bool = True
    ) -> None:
        self._output, self._picture = output, picture
        self._terminal, self._verbose = terminal, verbose
        self._shown_at = -QUIET_EVERY_S
        self._line_open = False

    def __call__(self, report: Report) -> None:
        """Print the report."""
        if report.kind is Kind.TELEMETRY:
            self._telemetry(report)
            return
        text = self._words(report)
        if text is not None:
            self.say(report.t, text)

    def say(self, t: float, text: str) -> None:
        """Print one line at run second `t`."""
        self._close_line()
        self._output.line(f"{_clock(t)}  {plain(text)}")

    def note(self, text: str) -> None:
        """Print one line that belongs to no time."""
        self._close_line()
        self._output.line(text)

    def _words(self, report: Report) -> str | None:
        data = report.data
        match report.kind:
            case Kind.STATE:
                return _STATES.get(data["state"])
            case Kind.COMMAND if self._verbose:
                target = f" {data['target_kmh']:.2f} km/h" if "target_kmh" in data else ""
                return f"-> {_COMMANDS[data['name']]}{target}  [{data['hex']}]  ({data['source']})"
            case Kind.OUTCOME if data["result"] != "confirmed":
                return f"   {_COMMANDS[data['name']]}: {data['result']}"
            case Kind.CUE:
                return f'"{data["text"]}"'
            case Kind.REFUSAL:
                return f"-- not done ({data['rule']}): {data['reason']}"
            case Kind.ALARM:
                return f"!! {data['id']}  {data['text']}"
            case Kind.STOP:
                return f"== {data['view']}"
            case Kind.LINK:
                return f"   link: {data.get('remark') or data.get('reason') or data.get('link') or data.get('failed')}"
            case _:
                return None

    def _telemetry(self, report: Report) -> None:
        picture = self._picture()
        if self._terminal:
            self._line_open = True
            self._output.text(f"\r\x1b[K{_clock(report.t)}  {_status(picture, report)}", telemetry=True)
        elif report.t - self._shown_at >= QUIET_EVERY_S:
            self._shown_at = report.t
            self._output.line(f"{_clock(report.t)}  {_status(picture, report)}", telemetry=True)

    def _close_line(self) -> None:
        if self._line_open:
            self._line_open = False
            self._output.text("\n")


def _clock(t: float) -> str:
    return f"{int(t) // 60:3d}:{int(t) % 60:02d}"


def _status(picture: Snapshot | None, report: Report) -> str:
    parts = [f"{report.data['measured_kmh']:5.2f} km/h"]
    if report.data["target_kmh"] is not None:
        parts.append(f"target {report.data['target_kmh']:.2f}")
    if picture is None:
        return "  ".join(parts)
    if picture.measured_age_s is not None and picture.measured_age_s > OLD_S:
        parts.append(f"({picture.measured_age_s:.0f} s OLD)")
    parts.append(picture.state.value.replace("_", " "))
    if picture.hold_remaining_s is not None and picture.state.value in ("holding", "ready", "announcing"):
        done = 1.0 - picture.hold_remaining_s / picture.hold_s
        filled = min(BAR, int(BAR * done))
        parts.append(f"[{'#' * filled}{'.' * (BAR - filled)}] {picture.hold_remaining_s:3.0f} s left")
        if picture.next_target is not None:
            parts.append(f"next {picture.next_target.kmh:.2f}")
    if picture.state.value == "ready" and picture.raise_waits_for is not None:
        parts.append(f"waiting for {picture.raise_waits_for}")
    return "  ".join(parts)
