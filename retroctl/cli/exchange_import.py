"""`retroctl import`: a workout of another program becomes a plan file; exported sessions go back into the record."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters.exchange.sessions_json import looks_like_sessions, read_sessions_json
from retroctl.adapters.exchange.workouts import read_workout
from retroctl.adapters.files import refuse_existing, shown, write_whole
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal import portable as stored
from retroctl.adapters.plans.writing import written_plan
from retroctl.app.conversion import FASTEST_KMH, Wishes, converted
from retroctl.cli.belts import belt_and_client
from retroctl.cli.progress import Progress
from retroctl.config import config_file, load_settings
from retroctl.errors import ConfigError
from retroctl.units import Speed
from retroctl.written import decimal

if TYPE_CHECKING:
    from retroctl.app.conversion import ForeignWorkout

MOST_TOLD: Final = 20
"""Sessions without an end that are named one by one."""


@dataclass(frozen=True, slots=True)
class AskedImport:
    """What was asked for."""

    scale: float | None
    reference: str | None
    client: str | None
    speed_range: str | None
    out: str | None
    force: bool
    flat: bool
    lengthen: bool
    rungs: bool


def import_file(source: str, asked: AskedImport) -> None:
    """Import a file, told apart by what is in it. Raises ConfigError, PlanError, JournalError."""
    path = Path(source)
    if looks_like_sessions(_beginning(path)):
        _import_sessions(path, asked)
    else:
        _import_workout(path, asked)


def _beginning(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ConfigError(
                f"{shown(path)}: there is no such file" if not path.exists() else f"{shown(path)}: not a file"
            )
        with path.open("rb") as file:
            return file.read(100)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigError(f"{shown(path)}: cannot be read: {reason}") from None


# -- workouts ----------------------------------------------------------------------------------------------------------


def _import_workout(path: Path, asked: AskedImport) -> None:
    name = shown(path)
    against = belt_and_client(asked.client, asked.speed_range)
    try:
        workout = read_workout(path, reference_kmh=_reference(asked.reference))
        wishes = Wishes(_scale(asked.scale, workout), asked.flat, asked.lengthen, asked.rungs)
        target = _target(path, workout, asked.out)
        refuse_existing(target, force=asked.force, folder_to_come=asked.out is None)
        made = converted(workout, wishes, against.belt, against.caps, against.client)
    except ConfigError as error:
        if str(error).startswith((name, "--")):
            raise
        raise type(error)(f"{name}: {error}") from None
    told = f"{workout.name} ({workout.program}, {len(workout.steps)} steps), speeds times {wishes.scale:g}"
    comments = (f"made by retroctl import from {path.name}", told, against.words, *made.lines)
    _write(target, written_plan(made.plan, comments), asked)
    print(told)
    print(against.words)
    for line in (*made.lines, *made.plan.remarks):
        print(f"  {line}")  # made of our own words and of names that were tidied when they were read
    minutes = sum(stage.hold_s for stage in made.plan.stages) / 60
    print(f"{shown(target)}: {len(made.plan.stages)} stages, {minutes:.1f} min; run it with --plan {shown(target)}")


def _write(target: Path, text: str, asked: AskedImport) -> None:
    if asked.out is None:
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{shown(target.parent)}: cannot be made: {error.strerror or error}") from None
    write_whole(target, text.encode(), force=asked.force)


def _scale(scale: float | None, workout: ForeignWorkout) -> float:
    if scale is not None:
        return scale
    speeds = [speed for step in workout.steps for speed in (step.from_kmh, step.to_kmh)]
    raise ConfigError(
        f"its speeds ({min(speeds):.1f} to {max(speeds):.1f} km/h) are meant for running forward; say "
        "how much of them is wanted backward with --scale, such as --scale 0.5"
    )


def _reference(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        kmh = Speed.parse(text).kmh
    except ConfigError as error:
        raise ConfigError(f"--reference: {error}") from None
    if not 0 < kmh <= FASTEST_KMH:
        raise ConfigError(f"--reference {text}: no speed to run at (0 to {FASTEST_KMH:g} km/h)")
    return kmh


def _target(path: Path, workout: ForeignWorkout, out: str | None) -> Path:
    """Where the plan goes. A name made of foreign text is made of letters, digits and hyphens alone."""
    if out is not None:
        return Path(out)
    slug = re.sub(r"[^a-z0-9]+", "-", (workout.name or path.stem).lower()).strip("-")[:60] or "workout"
    return config_file().parent / "plans" / f"{slug}.toml"


def number(option: str, text: str | None) -> float | None:
    """A number, or None where nothing was given. Raises ConfigError."""
    if text is None:
        return None
    try:
        return decimal(text)
    except ConfigError as error:
        raise ConfigError(f"{option}: {error}") from None


# -- sessions ----------------------------------------------------------------------------------------------------------


def _import_sessions(path: Path, asked: AskedImport) -> None:
    if asked.scale is not None or asked.out is not None or asked.reference is not None:
        raise ConfigError(f"{shown(path)}: holds sessions; --scale, --reference and --out are for workouts")
    folder = load_settings().data_dir
    # Everything is looked through before anything is written; twice read, so that no file must fit into memory.
    progress = Progress("looked through")
    seen: set[str] = set()
    fresh: set[str] = set()
    cut: list[str] = []
    for where, value in read_sessions_json(path):
        session = stored.sealed(value, where)
        if session.id in seen:
            raise ConfigError(f"{where}: session {session.id} is in the file twice")
        seen.add(session.id)
        if stored.fate(folder / FILE_NAME, session) == "new":
            fresh.add(session.id)
            if session.record.summary.status == "interrupted":
                cut.append(session.id)
        progress(len(seen), len(seen) + 1)
    progress.end()
    if fresh:
        every = (stored.sealed(value, where) for where, value in read_sessions_json(path))
        stored.store(folder, (session for session in every if session.id in fresh))
    here = len(seen) - len(fresh)
    for ident in cut[:MOST_TOLD]:
        print(
            f"{ident} has no end: it was interrupted, or the end was cut off before or in this file. "
            "It counts as interrupted."
        )
    if len(cut) > MOST_TOLD:
        print(f"and {len(cut) - MOST_TOLD} more without an end")
    print(f"{shown(path)}: {len(fresh)} sessions imported, {here} were in the record already.")
    print("Clients and their names are not in such a file's sessions; a session keeps its client's id.")
