"""`retroctl backup`, `restore` and `check`: looking after the record and the clients' file."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters import safekeeping, small_files
from retroctl.adapters.clients import FILE_NAME as CLIENTS_FILE
from retroctl.adapters.clients import ClientStore, Unreadable
from retroctl.adapters.clients.store import APPLICATION_ID, MIGRATIONS
from retroctl.adapters.files import refuse_existing, shown, write_whole
from retroctl.adapters.journal import FILE_NAME, care
from retroctl.adapters.sqlite import is_there
from retroctl.cli.progress import Progress
from retroctl.config import config_file, load_settings
from retroctl.errors import ConfigError, JournalError, RetroctlError

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS: Final = safekeeping.Kind("the clients", APPLICATION_ID, MIGRATIONS)
FOUND: Final = 1
"""The exit status of `check` where something is damaged."""
MOST_TOLD: Final = 50


def backup_command(target: str, *, force: bool) -> None:
    """Copy the record, and the clients and the small files beside it. Raises ConfigError, JournalError."""
    folder = load_settings().data_dir
    record, clients = folder / FILE_NAME, folder / CLIENTS_FILE
    path = Path(target)
    beside, with_clients = clients_beside(path), is_there(clients)
    if not is_there(record):
        raise JournalError(f"{record}: there is no record yet")
    if path.absolute() in (record.absolute(), clients.absolute()):
        raise ConfigError(f"{shown(path)}: is the record itself; name another file, best on another disk")
    refuse_existing(path, force=force)
    if with_clients:
        refuse_existing(beside, force=force)
    small = small_files.gather(folder, config_file().parent)
    if small:
        refuse_existing(small_beside(path), force=force)
    progress = Progress("copied")
    safekeeping.copy_out(record, path, care.RECORD, force=force, told=progress)
    progress.end()
    print(f"{shown(path)}: {path.stat().st_size / 1e6:.1f} MB, as the record was at this moment.")
    if with_clients:
        safekeeping.copy_out(clients, beside, CLIENTS, force=force)
        print(f"{shown(beside)}: the clients, with their names. The two belong together: keep both safe.")
    if small:
        packed = small_files.pack(small, small_beside(path), force=force)
        print(f"{shown(small_beside(path))}: {packed} small files: straps, machines, remote, configuration, plans.")


def restore_command(source: str, *, damaged: bool) -> None:
    """Put a backup in the place of the record. Raises ConfigError, JournalError; nothing is changed then."""
    folder = load_settings().data_dir
    path = Path(source)
    beside = clients_beside(path)
    if path.absolute() == (folder / FILE_NAME).absolute():
        raise ConfigError(f"{shown(path)}: is the record itself")
    safekeeping.refuse_damaged(path, care.RECORD)
    _refuse_unsound(path, damaged=damaged)
    with_clients = beside.is_file() and beside.absolute() != (folder / CLIENTS_FILE).absolute()
    if with_clients:
        safekeeping.refuse_damaged(beside, CLIENTS)
    small = small_files.unpack(small_beside(path)) if small_beside(path).is_file() else {}
    _demand_room(folder, path)
    for name in (FILE_NAME, *((CLIENTS_FILE,) if with_clients else ())):
        safekeeping.refuse_in_use(folder / name)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    progress = Progress("put back")
    for backup, name, kind, wanted in (
        (path, FILE_NAME, care.RECORD, True),
        (beside, CLIENTS_FILE, CLIENTS, with_clients),
    ):
        if not wanted:
            continue
        file = folder / name
        aside = folder / f"{file.stem}-before-{stamp}.sqlite3"
        kept = safekeeping.put_back(backup, file, kind, aside, told=progress)
        progress.end()
        print(
            f"{file}: {kind.what} of {shown(backup)}." + (f" What was there is kept as {aside.name}." if kept else "")
        )
    if not with_clients:
        print(f"The clients are as they were: there is no {beside.name} beside the backup.")
    _put_back_small(small, folder)


def check_command() -> int:
    """Look everything through; gives the exit status: 0 all as it was written, 1 something is damaged."""
    folder = load_settings().data_dir
    record = folder / FILE_NAME
    if not is_there(record):
        raise JournalError(f"{record}: there is no record yet")
    wrong: list[str] = [f"{record}: {fault}" for fault in safekeeping.faults(record, care.RECORD)]
    try:
        wrong += _sessions(record)
    except JournalError as error:
        wrong.append(str(error))
    wrong += _clients(folder)
    for line in wrong[:MOST_TOLD]:
        print(f"DAMAGED  {line}")
    if len(wrong) > MOST_TOLD:
        print(f"DAMAGED  and {len(wrong) - MOST_TOLD} more")
    if wrong:
        print("Do not write on: make a copy of the folder, then retroctl restore a backup from before.")
        return FOUND
    print("Everything is as it was written.")
    return 0


def clients_beside(path: Path) -> Path:
    """Where the clients' copy stands beside a backup of the record."""
    return path.with_name(f"{path.stem}-clients{path.suffix}")


def small_beside(path: Path) -> Path:
    """Where the small files' copy stands beside a backup of the record."""
    return path.with_name(f"{path.stem}-files.zip")


def _put_back_small(small: dict[str, bytes], folder: Path) -> None:
    """What is there stays: it may be newer, and a profile says what a machine did last."""
    back: list[str] = []
    for name, data in small.items():
        file = small_files.place_of(name, folder, config_file().parent)
        if file.exists():
            continue
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{file.parent}: cannot be made: {error.strerror or error}") from None
        write_whole(file, data)
        back.append(name)
    if small:
        names = f": {', '.join(back[:MOST_TOLD])}" if back else ""
        print(f"Small files: {len(back)} put back{names}; {len(small) - len(back)} were there already and stay.")


def _sessions(record: Path) -> Iterator[str]:
    progress = Progress("looked through")
    found = care.look_through(record, progress)
    progress.end()
    sessions = "1 session" if found.sessions == 1 else f"{found.sessions} sessions"
    print(f"{record}: {sessions}, {len(found.interrupted)} without an end.")
    for line in found.interrupted[:MOST_TOLD]:
        print(f"  {line}")
    if len(found.interrupted) > MOST_TOLD:
        print(f"  and {len(found.interrupted) - MOST_TOLD} more")
    yield from found.faults


def _clients(folder: Path) -> Iterator[str]:
    file = folder / CLIENTS_FILE
    if not is_there(file) or not file.stat().st_size:
        return
    try:
        yield from (f"{file}: {fault}" for fault in safekeeping.faults(file, CLIENTS))
        kept = ClientStore(folder).all()
        yield from (each.why for each in kept if isinstance(each, Unreadable))
        print(f"{file}: {len(kept)} clients.")
    except RetroctlError as error:
        yield str(error)


def _refuse_unsound(path: Path, *, damaged: bool) -> None:
    wrong = care.sound(path)
    if wrong and not damaged:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise JournalError(
            f"{shown(path)}: {wrong[0]}{more}; another backup may be whole, --damaged takes this one all the same"
        )


def _demand_room(folder: Path, path: Path) -> None:
    """Room for the backup and for what is kept aside."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise JournalError(f"{folder}: cannot be used: {error.strerror or error}") from None
    record = folder / FILE_NAME
    needed = path.stat().st_size * 2 + (record.stat().st_size if record.is_file() else 0)
    if free < needed:
        raise JournalError(f"{folder}: {needed // 1_000_000} MB are needed and {free // 1_000_000} MB are free")
