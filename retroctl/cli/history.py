"""`retroctl history`: past sessions as a list and one by one, as lines or on a screen. It reads and changes nothing."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from retroctl.adapters.clients import ClientStore
from retroctl.adapters.console.chart import draw, draw_pulse
from retroctl.adapters.console.lines import log_line
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import FILE_NAME, read
from retroctl.adapters.journal.afterwards import afterwards
from retroctl.adapters.journal.confidence import before_of, on_scale
from retroctl.adapters.journal.overview import overview
from retroctl.app.client_given import LONGEST_BY
from retroctl.app.history import (
    ERASED,
    HEADINGS,
    NOBODY,
    Moment,
    Opened,
    began,
    columns,
    facts,
    gaps,
    rungs,
)
from retroctl.app.reports import Kind, Report
from retroctl.cli.client_list import WIDEST_NAME
from retroctl.config import load_settings
from retroctl.domain.limits import Facing
from retroctl.domain.method.figures import Confidence, moved_s
from retroctl.errors import ClientError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from retroctl.adapters.journal.overview import Line, PlanRead
    from retroctl.domain.method.figures import Figures

LATEST: Final = 40
"""So many sessions are listed unless more are asked for; the screen lists them all."""
LEAST_ID: Final = 4
"""Characters of a session's id that name it, when no other begins so."""
SHOWN_ID: Final = 8
PAGE: Final = 200
"""Lines that are laid out together; the first ones of ten thousand are there at once."""
NARROWEST: Final = 60
WIDEST: Final = 160
BESIDE_CHART: Final = 10


@dataclass(frozen=True)
class Past:
    """A session of the record with its client's name. See the protocol `Entry`."""

    line: Line
    client: str

    @property
    def id(self) -> str:
        """The session's random id."""
        return self.line.id

    @cached_property
    def when(self) -> str:
        """Its beginning by this computer's clock."""
        moment = self.line.started_utc
        try:
            moment = moment.astimezone()
        except (OverflowError, OSError, ValueError):  # a clock far from any year that people live in
            return f"{moment:%Y-%m-%d %H:%M} UTC"
        return f"{moment:%Y-%m-%d %H:%M}"

    @property
    def machine(self) -> str:
        """Where."""
        return self.line.machine

    @property
    def simulated(self) -> bool:
        """Whether no real belt moved."""
        return self.line.simulated

    @property
    def figures(self) -> Figures:
        """What it came to."""
        return self.line.figures


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    who: str | None
    session: str | None
    last: int | None
    everything: bool
    plain: bool
    screen: bool
    """Whether there is a terminal to draw on."""


def history_command(wanted: Wanted) -> None:
    """Show it. Raises ConfigError, ClientError, JournalError."""
    folder = load_settings().data_dir
    file = folder / FILE_NAME
    client_id, session_id = _who_or_which(wanted, folder)
    if wanted.last is not None and wanted.last < 1:
        raise ConfigError(f"--last {wanted.last}: give 1 or more")
    names = ClientStore(folder).names()
    screen = wanted.screen and not wanted.plain
    if session_id is None:
        limit = wanted.last if wanted.everything or screen or wanted.last else LATEST
        entries = [_past(line, names) for line in overview(file, client_id=client_id, limit=limit)]
    else:
        entries = [_past(_find(file, session_id), names)]
    if screen:
        asyncio.run(_on_screen(file, entries, opened=session_id is not None))
    elif session_id is not None:
        _print(opened_lines(open_session(file, entries[0]), _width()))
    else:
        _print(list_lines(entries, left_out=len(entries) == LATEST and not wanted.everything and not wanted.last))


def _who_or_which(wanted: Wanted, folder: Path) -> tuple[str | None, str | None]:
    """The client's id and the session's, as far as either was named."""
    if wanted.session is not None:
        if wanted.who is not None:
            raise ConfigError("a client's list or one --session: they exclude each other")
        return None, wanted.session
    if wanted.who is None:
        return None, None
    try:
        return ClientStore(folder).known(wanted.who)[0], None
    except ClientError:
        if not _looks_like_an_id(wanted.who):
            raise
        return None, wanted.who


def _looks_like_an_id(text: str) -> bool:
    return len(text) >= LEAST_ID and all(letter in "0123456789abcdef" for letter in text)


def _find(file: Path, session_id: str) -> Line:
    """The session whose id is or begins so. Raises ConfigError where none or several do."""
    found = [] if not _looks_like_an_id(session_id) else overview(file, id_begins=session_id)
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(
            f"no session has an id that begins with {session_id[:40]!r}; retroctl history lists them with their ids"
        )
    raise ConfigError(f"{len(found)} sessions have an id that begins with {session_id!r}: give more of it")


def _past(line: Line, names: dict[str, str]) -> Past:
    return Past(line, NOBODY if line.client_id is None else names.get(line.client_id, ERASED))


async def _on_screen(file: Path, entries: Sequence[Past], *, opened: bool) -> None:
    from retroctl.adapters.tui.history.run import HistoryScreen  # noqa: PLC0415 - heavy
    from retroctl.cli.ways_out import ways_out  # noqa: PLC0415 - heavy

    by_id = {entry.id: entry for entry in entries}

    def whole(session_id: str) -> Opened:
        return open_session(file, by_id[session_id])

    screen = HistoryScreen(entries, whole, first=entries[0].id if opened else None)
    with ways_out(screen.leave):
        await screen.run()


# -- one session -------------------------------------------------------------------------------------------------------


def open_session(file: Path, entry: Past) -> Opened:
    """Read one session, whole. Raises JournalError."""
    record = read.session(file, entry.id)
    moments = tuple(
        Moment(sample.session_s, _kmh(sample.measured_hundredths), _kmh(sample.target_hundredths), sample.heart_rate)
        for sample in record.samples
    )
    plan = entry.line.plan
    remarks = list(read.verify(record))
    silent = gaps(moments)
    if silent:
        remarks.append(f"about {silent:.0f} s of the session no speed is known")
    reports = tuple(
        Report((row.session_ms or 0) / 1000, Kind(row.kind), row.data) for row in record.rows if row.kind in _KINDS
    )
    cap, level, trainer = (record.settings.get(key) for key in ("cap_kmh", "level", "trainer"))
    said = afterwards(file, entry.id)
    confidence = Confidence(
        before_of(row.data for row in record.rows if row.kind == "event"), on_scale(said.confidence)
    )
    return Opened(
        entry=entry,
        figures=replace(_with_times(entry.figures, plan, reports, moments), confidence=confidence),
        moments=moments,
        course=plan.course,
        began_s=began(moments),
        cap_kmh=float(cap) if isinstance(cap, int | float) else None,
        level=level if isinstance(level, str) else "",
        reports=reports,
        said=said,
        remarks=tuple(remarks),
        trainer=trainer[:LONGEST_BY] if isinstance(trainer, str) else "",
    )


_KINDS: Final = frozenset(kind.value for kind in Kind)


def _with_times(figures: Figures, plan: PlanRead, reports: Sequence[Report], moments: Sequence[Moment]) -> Figures:
    """The figures with what only the samples tell, where the end row does not say it."""
    if figures.moving_s is not None and figures.backward_s is not None:
        return figures
    moving, backward = moved_s(
        [(moment.t, moment.measured) for moment in moments],
        _turns(plan, reports),
    )
    return replace(figures, moving_s=moving, backward_s=backward)


def _turns(plan: PlanRead, reports: Sequence[Report]) -> list[tuple[float, bool]]:
    """From when on the client faces backward, or forward: the facing of each stage that was entered."""
    turns = [(0.0, plan.stages[0].facing is Facing.BACKWARD)] if plan.stages else [(0.0, True)]
    for report in reports:
        stage = report.data.get("stage") if report.kind is Kind.STATE else None
        if isinstance(stage, int) and 0 <= stage < len(plan.stages):
            turns.append((report.t, plan.stages[stage].facing is Facing.BACKWARD))
    return turns


def _kmh(hundredths: int | None) -> float | None:
    return None if hundredths is None else hundredths / 100


# -- as lines ----------------------------------------------------------------------------------------------------------


def list_lines(entries: Sequence[Past], *, left_out: bool) -> Iterator[str]:
    """One line a session, the latest first: as wide as the widest so far, so that nobody waits for the last one."""
    if not entries:
        yield "No sessions yet. Try one without a treadmill: retroctl demo"
        return
    widths = [len(heading) for heading in HEADINGS[:-1]]
    for first in range(0, len(entries), PAGE):
        page = entries[first : first + PAGE]
        cells = [tuple(plain(cell) for cell in columns(entry)) for entry in page]
        widths = [
            min(WIDEST_NAME, max(width, *(len(row[place]) for row in cells))) for place, width in enumerate(widths)
        ]
        if not first:
            yield _row("id", HEADINGS, widths)
        yield from (_row(entry.id[:SHOWN_ID], row, widths) for entry, row in zip(page, cells, strict=True))
    yield ""
    if left_out:
        yield f"The latest {len(entries)}; --all or --last N lists more."
    yield "One of them with its graph, rungs and log: retroctl history --session ID"


def _row(ident: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    fixed = "  ".join(f"{cell[:width]:<{width}}" for cell, width in zip(cells, widths, strict=False))
    return f"{ident:<{SHOWN_ID}}  {fixed}  {cells[-1]}"


def opened_lines(opened: Opened, width: int) -> Iterator[str]:
    """One session: what it came to, its graph, its rungs, its log."""
    for name, words in facts(opened):
        yield f"{name:<12} {plain(words)}"
    yield ""
    moments = [moment for moment in opened.moments if moment.measured is not None]
    points = [(moment.t, moment.measured or 0.0, moment.target) for moment in moments]
    columns_wide = width - BESIDE_CHART
    chart = draw(points, width=columns_wide, course=opened.course)
    yield from chart or ["The belt never moved."]
    if points:
        end = max(points[-1][0], opened.began_s + sum(seconds for seconds, _ in opened.course))
        pulse = [(moment.t, moment.heart_rate) for moment in opened.moments if moment.t >= opened.began_s]
        yield from draw_pulse(pulse, opened.began_s, end, width=columns_wide) or ["       heart rate: not known"]
    yield ""
    yield from rungs(opened.figures) or ["No speed was held."]
    yield ""
    for report in opened.reports:
        line = _logged(report)
        if line is not None:
            yield line


def _logged(report: Report) -> str | None:
    try:
        return log_line(report)
    except (KeyError, TypeError, ValueError):
        return f"{'':8}(a row that cannot be read: {report.kind})"


def _width() -> int:
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((100, 24)).columns - 1))


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        print(line)
