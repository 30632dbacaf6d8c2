"""The parts of the screens. Each draws one thing from what it is shown, and only when that has changed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from textual.widgets import Input

from retroctl.adapters.tui import ladder
from retroctl.adapters.tui.digits import big
from retroctl.adapters.tui.messages import News
from retroctl.adapters.tui.painted import Painted, coloured
from retroctl.adapters.tui.text import clock, plain
from retroctl.adapters.tui.words import BELT, OLD_S
from retroctl.app.afterwards import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from retroctl.adapters.tui.facts import Facts, Machine
    from retroctl.adapters.tui.feed import AlarmShown
    from retroctl.adapters.tui.painted import Part
    from retroctl.adapters.tui.words import Line
    from retroctl.app.snapshot import Snapshot

ROOM_FOR_THREE: Final = 76
"""Columns that three large numbers need."""
NARROW, SHORT = 40, 20
"""Columns and rows under which an alarm has a smaller mark, and stands alone."""
HELD: Final = frozenset({"settling", "holding", "ready", "announcing", "overridden"})
"""States in which a hold may run."""

RUNGS_SHOWN: Final = 3
"""Rungs before this one whose hands are listed."""


class Top(Painted):
    """Which machine this is, on every screen; what runs on it; the time."""

    def tell(self, machine: Machine, where: str, t: float) -> None:
        """Paint."""
        name = plain(machine.name, 28) or "(no name)"
        kind = " SIMULATED" if machine.simulated else ""
        left = f" {name}{kind}"
        right = f"{where}  {clock(t)} "
        room = max(1, self.size.width - len(left) - len(right))
        self.paint((left, "bold"), " " * room, right)


class Belt(Painted):
    """The belt's state as known, with its age when it is old. Always on the screen."""

    def tell(self, picture: Snapshot | None, *, over: bool = False) -> None:
        """Paint; `over`: the connection is closed, so what is known gets old and nothing new comes."""
        if over and picture is not None and picture.measured is not None and picture.measured_age_s is not None:
            self.paint(
                (f" BELT: {BELT[picture.state.value]} WHEN LAST SEEN ", "reverse bold"),
                f"  {picture.measured.kmh:.2f} km/h, {picture.measured_age_s:.0f} s ago; not connected any more",
            )
            return
        if picture is None:
            self.paint((" BELT: NOT KNOWN YET ", "reverse bold"), "  no data so far")
            return
        word = BELT[picture.state.value]
        age, measured = picture.measured_age_s, picture.measured
        if measured is None or age is None:
            self.paint((f" BELT: {word} ", "reverse bold"), "  no speed measured so far")
        elif age > OLD_S:
            self.paint(
                (f" BELT: NOT KNOWN FOR {age:.0f} s ", "$alarm-text on $error bold"),
                f"  last seen at {measured.kmh:.2f} km/h; {word.lower()}",
            )
        elif picture.state.value == "stopping":
            said = "" if picture.stop_view is None else picture.stop_view.value
            self.paint((f" BELT: {said or word} ", "$warning reverse bold"), f"  measured {measured.kmh:.2f} km/h")
        elif measured.hundredths and picture.state.value in ("armed", "briefing", "observing", "turning", "stopped"):
            self.paint(
                (" BELT: MOVES ", "$alarm-text on $error bold"), f"  {measured.kmh:.2f} km/h, and nobody here asked"
            )
        else:
            self.paint((f" BELT: {word} ", "reverse bold"), f"  measured {measured.kmh:.2f} km/h")


class Alarms(Painted):
    """Alarms, by word and shape: a field of its own colours, pushed between everything else."""

    def tell(self, alarms: Sequence[AlarmShown], stop: str) -> None:
        """Paint; `stop` is what must be said of a stop that is not confirmed."""
        width = max(10, self.app.size.width)
        texts = ([stop] if stop else []) + [f"{alarm.id}  {plain(alarm.text, 160)}" for alarm in alarms]
        self.display = bool(texts)
        self.paint("\n".join(alarm_rows(texts, width, self.app.size.height)))


def alarm_rows(texts: Sequence[str], width: int, height: int) -> list[str]:
    """The rows of a field of alarms, the first ones, each to its end where there is room: it says what to do there."""
    mark = "▐█ ALARM █▌ " if width >= NARROW else "█! "
    most_rows, most_alarms = (3, 3) if height >= SHORT else (2, 1)
    rows: list[str] = []
    shown = 0
    for text in texts[:most_alarms]:
        room = most_rows - len(rows)
        if room:
            lines = textwrap.wrap(text, width - len(mark)) or [""]
            rows += [f"{' ' * len(mark) if place else mark}{line}" for place, line in enumerate(lines[:room])]
            shown += 1
    if shown < len(texts):
        left = len(texts) - shown
        more = f"  (+{left} more)" if width >= NARROW else f" (+{left})"
        rows[-1] = f"{rows[-1][: width - len(more)].rstrip()}{more}"
    return [row.ljust(width) for row in rows]


class Banner(Painted):
    """One sentence that must be seen, or nothing."""

    def tell(self, text: str) -> None:
        """Paint; an empty text takes no room."""
        self.display = bool(text)
        self.paint(text)


class Called(Painted):
    """What a person is to do at the console; otherwise that this belt is moved by one; nothing where it is not."""

    def tell(self, text: str) -> None:
        """Paint; an empty text takes no room."""
        self.display = bool(text)
        self.paint(text)


class Speeds(Painted):
    """Measured speed in big digits, beside the target and what comes next."""

    def tell(self, picture: Snapshot | None, following_kmh: float | None) -> None:
        """Paint."""
        measured = None if picture is None or picture.measured is None else picture.measured
        old = picture is None or picture.measured_age_s is None or picture.measured_age_s > OLD_S
        number = _number(None if measured is None else measured.kmh)
        stopping = picture is not None and picture.state.value == "stopping"
        target = _number(0.0 if stopping else None if picture is None or picture.target is None else picture.target.kmh)
        following = _number(following_kmh)
        label = "MEASURED km/h, OLD" if old and measured is not None else "MEASURED km/h"
        if self.app.size.height < 12 or self.app.size.width < 50:
            self.paint(
                (f"{number} km/h", "bold reverse" if old else "bold"), f"{' OLD' if old else ''}  ",
                ("target ", "$text-muted"), target, ("  next ", "$text-muted"), following,
            )  # fmt: skip
            return
        columns = [(label, number), ("TARGET", target), ("NEXT", following)]
        roomy = (self.size.width or self.app.size.width) >= ROOM_FOR_THREE
        self.paint(*(_three if roomy else _one)(big(number), columns, old=old))


def _number(kmh: float | None) -> str:
    """A speed in at most four characters."""
    if kmh is None:
        return "--"
    return f"{kmh:.2f}" if kmh < 10 else f"{kmh:.1f}"


def _one(rows: Sequence[str], columns: Sequence[tuple[str, str]], *, old: bool) -> list[Part]:
    """Measured speed large, the others in words beside it."""
    (label, _), *beside = columns
    parts: list[Part] = [(f" {label}", "bold reverse" if old and "OLD" in label else "$text-muted")]
    for number, row in enumerate(rows):
        parts += ["\n ", (row.ljust(27), "$text-muted" if old else "$measured bold")]
        if number % 2 and number // 2 < len(beside):
            name, text = beside[number // 2]
            parts += [(f"{name:<7}", "$text-muted"), (text, "bold")]
    return parts


def _three(rows: Sequence[str], columns: Sequence[tuple[str, str]], *, old: bool) -> list[Part]:
    (label, _), *beside = columns
    width = 28
    parts: list[Part] = [(f" {label}".ljust(width), "bold reverse" if old and "OLD" in label else "$text-muted")]
    blocks = [big(text) for _, text in beside]
    widths = [25, 23]
    parts += [(name.ljust(wide), "$text-muted") for (name, _), wide in zip(beside, widths, strict=True)]
    for number, row in enumerate(rows):
        parts += ["\n ", (row.ljust(width - 1), "$text-muted" if old else "$measured bold")]
        style = ("$commanded", "$planned")
        for block, wide, colour in zip(blocks, widths, style, strict=True):
            parts.append((block[number].ljust(wide), colour))
    return parts


class Hold(Painted):
    """The hold's count-down as a bar, in words too."""

    def tell(self, picture: Snapshot | None) -> None:
        """Paint."""
        if picture is None or picture.hold_remaining_s is None or picture.state.value not in HELD:
            self.paint(("HOLD  ", "bold"), ("not running", "$text-muted"))
            return
        left, whole = picture.hold_remaining_s, max(1.0, picture.hold_s)
        words = f"  {clock(left + 0.999)} left of {clock(whole)}" if left > 0 else f"  served ({clock(whole)})"
        room = max(4, (self.size.width or 80) - 8 - len(words))
        cells = (1.0 - min(1.0, left / whole)) * room
        full = int(cells)
        part = " ▏▎▍▌▋▊▉"[int((cells - full) * 8)] if full < room else ""
        self.paint(
            ("HOLD  ", "bold"), ("█" * full + part, "$measured"),
            ("░" * (room - full - len(part)), "$text-muted"), (words, "bold"),
        )  # fmt: skip


class Why(Painted):
    """What the session waits for, and why."""

    _tall = 0

    def tell(self, word: str, sentence: str) -> None:
        """Paint."""
        urgent = word in ("YOUR TURN", "FASTER", "LINK LOST", "CONSOLE", "TURN", "STOPPING")
        self.paint((f" {word} ", "$warning reverse bold" if urgent else "reverse"), f" {plain(sentence)}")
        rows = -(-len(self.shown) // max(1, self.size.width))
        if rows != self._tall:
            self._tall = rows
            self.refresh(layout=True)  # a second row that is not needed any more is the ladder's


class Asked(Painted):
    """The three speeds that are not the same: what was asked, what the machine said, what the belt does."""

    def tell(self, picture: Snapshot | None) -> None:
        """Paint."""
        if picture is None or picture.requested is None:
            self.paint((" nothing asked of the machine", "$text-muted"))
            return
        said = "the machine said yes" if picture.accepted is not None else "no yes from the machine"
        measured = "not known" if picture.measured is None else f"{picture.measured.kmh:.2f}"
        self.paint((f" asked {picture.requested.kmh:.2f}, {said}, measured {measured}", "$text-muted"))


class Client(Painted):
    """What is known of the client: hands, exertion, heart rate. What is not known is said to be so."""

    def tell(self, picture: Snapshot | None, held: Sequence[tuple[float, str]]) -> None:
        """Paint; `held`: speed and hands of the rungs before this one."""
        if picture is None:
            self.paint("")
            return
        before = ", ".join(f"{kmh:.2f} {hands}" for kmh, hands in held[-RUNGS_SHOWN:])
        rpe = "--" if picture.rpe is None else f"{picture.rpe.rating} at {picture.rpe.rung.kmh:.2f}"
        self.paint(
            (" HANDS ", "$text-muted"), (picture.hands.value.upper(), "bold"), f"  RPE {rpe}  ",
            ("RPE? p" if picture.rpe_wanted else "", "$warning reverse bold"),
            f"{'  ' if picture.rpe_wanted else ''}HEART ", *heart_words(picture),
            (f"  ({before})" if before else "", "$text-muted"),
        )  # fmt: skip


def heart_words(picture: Snapshot) -> list[tuple[str, str]]:
    """The heart rate with its limit; with a strap also that it is not known, and for how long nothing has come."""
    low, high = picture.heart_low_bpm, picture.heart_limit_bpm
    limit = "" if high is None else f" of {high}" if low is None else f" of {low}-{high}"
    if not picture.strap:
        return [("--", "")]
    if picture.heart_rate_bpm is None:
        age = picture.heart_age_s
        since = "" if age is None or age < 1 else f" {age:.0f} s"
        return [(f"UNKNOWN{since}", "$warning reverse bold")]
    style = "$error reverse bold" if picture.heart_over else ""
    under = ", under" if low is not None and picture.heart_rate_bpm < low else ""
    return [(f"{picture.heart_rate_bpm}{limit}{under}", style)]


class Entered(Painted):
    """The number that is being entered, where one is."""

    def tell(self, lines: Sequence[str]) -> None:
        """Paint; without lines it takes no room."""
        self.display = bool(lines)
        self.paint("\n".join(lines))


class Field(Input):
    """A text field: there is one on the summary only, when the belt is at rest and the session over."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, select_on_focus=False)
        self.cursor_blink = False
        self.asked: object = None

    def validate_value(self, value: str) -> str:
        """What is typed or pasted, without what a terminal would obey and what turns text round."""
        return plain(value, LONGEST_TEXT)

    def _on_paste(self, event: events.Paste) -> None:
        """Several lines become one."""
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(" ".join(event.text.split("\n")))


class Fitted(Painted):
    """Drawn to fill its room, so drawn anew when an alarm or the terminal changes that."""

    def on_resize(self) -> None:
        """There is more or less room."""
        self.app.post_message(News())


class Ladder(Fitted):
    """The ladder as a picture; `ladder.draw` says of what."""

    def tell(self, course: ladder.Course) -> None:
        """Paint."""
        self.paint(*coloured(ladder.draw(course, self.size.width, self.size.height)))


class Log(Fitted):
    """What the program did and why; the newest at the bottom."""

    def tell(self, lines: Sequence[Line]) -> None:
        """Paint as many of the last lines as there is room for."""
        width, height = self.size.width, self.size.height
        if not width or not height:
            return
        rows: list[list[Part]] = []
        for line in reversed(lines):
            if len(rows) >= height:
                break
            rows[:0] = _wrapped(line, width)
        rows = rows[-height:]
        parts: list[Part] = []
        for row in rows:
            parts += [*row, "\n"]
        self.paint(*parts[:-1])


def _wrapped(line: Line, width: int) -> list[list[Part]]:
    head = f"{clock(line.t):>6} {line.mark} "
    room = max(8, width - len(head))
    style = "bold" if line.mark in ("‼", "■") else ""
    pieces = textwrap.wrap(line.text, room, break_on_hyphens=False) or [""]
    rows: list[list[Part]] = []
    for number, piece in enumerate(pieces):
        lead = head if number == 0 else " " * len(head)
        rows.append([(lead, "$text-muted"), (piece, style) if style else piece])
    return rows


class Keys(Painted):
    """The keys that work now; STOP first."""

    def tell(self, words: Sequence[str]) -> None:
        """Paint what fits; the last words go first."""
        width = self.size.width or 80
        shown = " "
        stop, *others = words
        for word in others:
            if len(stop) + 2 + len(shown) + len(word) + 2 <= width:
                shown += f" {word} "
        self.paint((f" {stop} ", "$alarm-text on $error bold"), shown)


def course_of(facts: Facts, picture: Snapshot, points: Sequence[object], now: float) -> ladder.Course:
    """The picture's contents at session second `now`."""
    return ladder.Course(
        points=points,  # type: ignore[arg-type]  # the feed keeps them as it got them
        now=now,
        ahead=ladder.ahead(facts, picture),
        cap=facts.caps.of(facts.plan.stages[picture.stage].facing).kmh,
        top=facts.plan.top.kmh,
    )
