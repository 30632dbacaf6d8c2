"""The end: what is known of the belt first, then what was held and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical

from retroctl.adapters.tui import ladder
from retroctl.adapters.tui.screens.page import Page
from retroctl.adapters.tui.text import clock, plain
from retroctl.adapters.tui.widgets import Ladder, Painted
from retroctl.app.summary import energy_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from retroctl.adapters.tui.controls import View
    from retroctl.adapters.tui.widgets import Part

FULL_HOLD_S: Final = 60.0
BAR: Final = 24


class SummaryPage(Page):
    """Any key of STOP, Enter or q closes it."""

    where: ClassVar[str] = "summary"

    def content(self) -> Iterable[Widget]:
        """Words above, the picture below."""
        yield Vertical(Painted(id="words"), Ladder(), id="page")

    def keys(self, view: View) -> Sequence[str]:  # noqa: ARG002 - other screens need it
        """One way: out."""
        return ("ENTER close",)

    def draw_content(self, view: View) -> None:
        """Paint."""
        self.query_one("#words", Painted).paint(*_words(view))
        if view.facts is not None and view.feed.points:
            last = view.feed.points[-1].t
            course = ladder.Course(view.feed.points, last, (), view.facts.caps.backward.kmh, view.facts.plan.top.kmh)
            self.query_one(Ladder).tell(course)


def _words(view: View) -> list[Part]:
    summary, ending = view.feed.summary or {}, view.ending or ("", "")
    reason, belt = ending
    style = "$alarm-text on $error bold" if "NOT CONFIRMED" in belt else "bold"
    parts: list[Part] = [(f" {belt[:1].upper()}{belt[1:]}. ", style), f"\nEnded: {plain(reason)}.\n\n"]
    held = summary.get("held", [])
    longest = max([FULL_HOLD_S, *(hold["seconds"] for hold in held)])
    for hold in held[-14:]:
        full = round(BAR * hold["seconds"] / longest)
        cut = "" if hold["seconds"] >= FULL_HOLD_S else "  cut short"
        parts += [
            f"  held {hold['target_kmh']:5.2f} km/h  ", ("█" * full, "$measured"), ("░" * (BAR - full), "$text-muted"),
            f"  {clock(hold['seconds'])}{cut}\n",
        ]  # fmt: skip
    if not held:
        parts.append("  No speed was held.\n")
    if summary.get("duration_s"):
        kcal = energy_words(summary)
        parts.append(
            f"\n  peak {summary['peak_kmh']:.2f} km/h   {summary['distance_m']:.0f} m   "
            f"{clock(summary['duration_s'])} moving{'   ' if kcal else ''}{kcal}\n"
        )
    alarms = [line for line in view.feed.lines if line.mark == "‼"]
    if alarms:
        parts.append(f"  alarms: {len(alarms)}; the last: {alarms[-1].text}\n")
    parts.append((f"  record: {plain(str(summary.get('record', '')), 160)}\n", "$text-muted"))
    if summary.get("belt_at_rest"):
        parts.append("  Remove the safety key.\n")
    return parts
