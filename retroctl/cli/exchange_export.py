"""`retroctl export`: sessions and plans for other programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters.clients import FILE_NAME as CLIENTS_FILE
from retroctl.adapters.clients import ClientStore
from retroctl.adapters.console.text import plain
from retroctl.adapters.exchange.fit_activity import write_fit
from retroctl.adapters.exchange.fit_workout import write_fit_workout
from retroctl.adapters.exchange.sessions_json import write_sessions_json
from retroctl.adapters.exchange.tables import write_samples, write_sessions
from retroctl.adapters.exchange.tcx import write_tcx
from retroctl.adapters.exchange.zwo import write_zwo
from retroctl.adapters.files import refuse_existing, shown, write_pieces, write_whole
from retroctl.adapters.journal import FILE_NAME, read
from retroctl.adapters.journal import portable as stored
from retroctl.adapters.plans import read_plan
from retroctl.adapters.sqlite import is_there
from retroctl.app.portable import Happening, Portable, Reading, portable
from retroctl.cli.belts import belt_and_client
from retroctl.cli.progress import Progress
from retroctl.config import load_settings
from retroctl.errors import ConfigError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SESSION_FORMATS: Final = ("fit", "tcx", "csv", "json")
PLAN_FORMATS: Final = ("zwo", "fit")
_DATED: Final = ("fit", "tcx")
_FIRST_MS, _LAST_MS = 631_152_000_000, 4_000_000_000_000
"""1990 to 2096: a clock outside of it was wrong, and FIT cannot write it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    format: str
    out: str | None
    with_name: bool
    force: bool


def export_session(which: str, asked: Asked) -> None:
    """Export one session. Raises ConfigError, JournalError."""
    file = _record()
    summary = _found(file, which)
    _export(file, [summary], asked, f"retroctl-{summary.started_utc:%Y%m%d}-{summary.id[:8]}", folder=False)


def export_client(name: str, asked: Asked) -> None:
    """Export all sessions of a client: JSON in one file, other formats a file each in a folder."""
    file = _record()
    client_id = ClientStore(load_settings().data_dir).known(name)[0]
    summaries = list(reversed(read.sessions(file, client_id=client_id)))
    if not summaries:
        raise ConfigError(f"client {plain(name)}: has no sessions yet")
    _export(file, summaries, asked, f"retroctl-client-{client_id[:8]}", folder=asked.format != "json")


def export_plan(source: str, asked: Asked, *, client: str | None, speed_range: str | None) -> None:
    """Export a plan as a workout of another program. Raises ConfigError, PlanError."""
    if asked.format not in PLAN_FORMATS:
        raise ConfigError(f"--format {asked.format!r}: a plan is exported as {' or '.join(PLAN_FORMATS)}")
    against = belt_and_client(client, speed_range)
    plan = read_plan(source).build(against.belt, against.caps)
    data = write_zwo(plan) if asked.format == "zwo" else write_fit_workout(plan)
    slug = re.sub(r"[^a-z0-9]+", "-", plan.name.lower()).strip("-")[:60] or "plan"
    path = Path(asked.out if asked.out is not None else f"{slug}.{asked.format}")
    write_whole(path, data, force=asked.force)
    print(f"{shown(path)}: {len(plan.stages)} stages. These are backward speeds; other programs call them running.")


def _export(file: Path, summaries: Sequence[read.SessionSummary], asked: Asked, stem: str, *, folder: bool) -> None:
    if asked.format not in SESSION_FORMATS:
        raise ConfigError(f"--format {asked.format!r}: give one of {', '.join(SESSION_FORMATS)}")
    names = _names(asked, summaries)
    if folder:
        _into_folder(file, summaries, asked, Path(asked.out if asked.out is not None else stem), names)
        return
    path = Path(asked.out if asked.out is not None else f"{stem}.{asked.format}")
    beside = path.with_name(f"{path.stem}-sessions.csv") if asked.format == "csv" else None
    for each in (path, *(() if beside is None else (beside,))):
        refuse_existing(each, force=asked.force)
    if asked.format == "json":
        progress = Progress("exported")
        sessions = _dumps(file, summaries, asked, progress)
        write_pieces(path, write_sessions_json(sessions, names or None), force=asked.force)
        progress.end()
    else:
        session = portable_of(file, summaries[0].id, names)
        write_whole(path, _WRITERS[asked.format](session), force=asked.force)
        if beside is not None:
            write_whole(beside, write_sessions([session]), force=asked.force)
    also = "" if beside is None else f" and {shown(beside)}"
    print(f"{shown(path)}{also}: {len(summaries)} session{'s' if len(summaries) != 1 else ''}{_whose(asked)}.")


def _into_folder(
    file: Path, summaries: Sequence[read.SessionSummary], asked: Asked, folder: Path, names: dict[str, str]
) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown(folder)}: cannot be made: {error}") from None
    paths = [folder / f"{each.started_utc:%Y%m%d}-{each.id[:8]}.{asked.format}" for each in summaries]
    table = folder / "sessions.csv"
    for path in (*paths, *((table,) if asked.format == "csv" else ())):
        refuse_existing(path, force=asked.force)
    progress = Progress("exported")
    sessions: list[Portable] = []
    written = 0
    for done, (summary, path) in enumerate(zip(summaries, paths, strict=True)):
        progress(done, len(summaries))
        session = portable_of(file, summary.id, names)
        if asked.format in _DATED and not session.laps:
            print(f"session {summary.id}: left out, the belt never moved in it")
            continue
        write_whole(path, _WRITERS[asked.format](session), force=asked.force)
        written += 1
        if asked.format == "csv":
            sessions.append(session)
    if asked.format == "csv":
        write_whole(table, write_sessions(sessions), force=asked.force)
    progress.end()
    print(f"{shown(folder)}: {written} of {len(summaries)} sessions{_whose(asked)}.")


def _fit(session: Portable) -> bytes:
    progress = Progress("FIT")
    data = write_fit(_dated(session), progress)
    progress.end()
    return data


_WRITERS: Final[dict[str, Callable[[Portable], bytes]]] = {
    "fit": _fit,
    "tcx": lambda session: write_tcx(_dated(session)),
    "csv": write_samples,
}


def _dated(session: Portable) -> Portable:
    if not _FIRST_MS <= session.started_utc_ms <= _LAST_MS:
        raise ConfigError(
            f"session {session.id}: this computer's clock was wrong when it was recorded; json and csv take it"
        )
    return session


def _dumps(
    file: Path, summaries: Sequence[read.SessionSummary], asked: Asked, progress: Progress
) -> Iterator[dict[str, object]]:
    for done, summary in enumerate(summaries):
        progress(done, len(summaries))
        yield stored.dump(file, summary.id, words=asked.with_name)


def portable_of(file: Path, session_id: str, names: dict[str, str]) -> Portable:
    """Read a session and count it. `names` gives clients' names by their ids. Raises JournalError."""
    record = read.session(file, session_id)
    summary = record.summary
    who = "no client named" if summary.client_id is None else f"client {summary.client_id[:8]}"
    return portable(
        id=summary.id,
        started_utc_ms=(summary.started_utc - read.EPOCH) // timedelta(milliseconds=1),
        who=names.get(summary.client_id or "", who),
        machine=summary.machine_name or "",
        program_version=summary.program_version,
        simulated=summary.simulated,
        plan=record.plan,
        outcome=summary.outcome if summary.status == "ended" else None,
        happenings=[Happening(row.session_ms, row.kind, row.data) for row in record.rows],
        readings=[
            Reading(each.session_ms, each.measured_hundredths, each.target_hundredths, each.heart_rate)
            for each in record.samples
        ],
    )


def _names(asked: Asked, summaries: Sequence[read.SessionSummary]) -> dict[str, str]:
    """The names of the clients of these sessions, where they were asked for."""
    folder = load_settings().data_dir
    if not asked.with_name or not is_there(folder / CLIENTS_FILE):
        return {}
    wanted = {each.client_id for each in summaries}
    return {each: name for each, name in ClientStore(folder).names().items() if each in wanted}


def _whose(asked: Asked) -> str:
    if asked.with_name:
        return "; with names, keep it safe"
    # The record's own settings are sealed by its hashes, and name who led (R2).
    return ", without any client's name; the trainer's is in it" if asked.format == "json" else ", without any name"


def _record() -> Path:
    file = load_settings().data_dir / FILE_NAME
    if not is_there(file):
        raise JournalError(f"{file}: there is no record yet")
    return file


def _found(file: Path, which: str) -> read.SessionSummary:
    """The session of that id, or of the only id that begins so, or the last one. Raises ConfigError."""
    if which == "last":
        last = read.sessions(file, limit=1)
        if not last:
            raise ConfigError(f"{file}: holds no session yet")
        return last[0]
    if re.fullmatch(r"[0-9a-f]{4,64}", which) is None:
        raise ConfigError(f"{shown(which)}: not a session's id; give its first digits (4 or more), or last")
    found = [each for each in read.sessions(file) if each.id.startswith(which)]
    if len(found) != 1:
        how_many = f"{len(found)} sessions begin" if found else "no session begins"
        latest = ", ".join(each.id for each in read.sessions(file, limit=3))
        raise ConfigError(f"{how_many} with {which!r}; the latest are {latest}")
    return found[0]
