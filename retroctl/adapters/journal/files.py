"""The record's folder, file and connections."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from retroctl.adapters import sqlite
from retroctl.adapters.journal import schema
from retroctl.errors import DiskFull, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "records.sqlite3"

LEAST_FREE_BYTES = 50_000_000
"""A session is begun only with this much room: hundreds of sessions' worth, so a disk that is merely filling is met
here and not in the middle of a session."""


def prepare_folder(folder: Path) -> Path:
    """Make the folder (0700) and the empty file (0600) where they are missing; gives the file. Raises JournalError."""
    return sqlite.prepare(folder / FILE_NAME)


def demand_room(file: Path) -> None:
    """Raise DiskFull unless LEAST_FREE_BYTES are free where the record is kept."""
    try:
        free = shutil.disk_usage(file.parent).free
    except OSError as error:
        raise sqlite.explain(file, error) from error
    if free < LEAST_FREE_BYTES:
        raise DiskFull(
            f"only {free // 1_000_000} MB are free where {file} is kept; "
            f"free at least {LEAST_FREE_BYTES // 1_000_000} MB, or name another data folder"
        )


def connect_to_write(file: Path) -> sqlite3.Connection:
    """Open a connection that keeps what it commits, to an up-to-date record. Raises sqlite3.Error, JournalError."""
    if sqlite3.sqlite_version_info < sqlite.OLDEST:
        raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old for {file}; 3.37 or later is needed")
    sqlite.refuse_no_file(file)
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=sqlite.BUSY_S, isolation_level=None
    )
    try:
        schema.check(connection, str(file))
        _use_wal(connection, file)
        # FULL: a commit that returned survives a power cut. fullfsync: macOS asks the drive itself only when told to.
        for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA journal_size_limit = 8000000")
        schema.migrate(connection, str(file))
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, file: Path) -> None:
    """Switch to the write-ahead log; SQLite does not wait for a lock here, so this does, for BUSY_S at most."""
    end = time.monotonic() + sqlite.BUSY_S
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if sqlite.primary_code(error) not in sqlite.LOCKED or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            if mode != "wal":
                raise JournalError(f"{file} is on a disk that cannot keep a safe record (a network share?)")
            return


def connect_to_read(file: Path) -> sqlite3.Connection:
    """Open a connection that cannot change the record, while others write it. Raises JournalError."""
    if not sqlite.is_there(file):
        raise JournalError(f"{file}: there is no record yet")
    sqlite.refuse_no_file(file)
    try:
        return _read_only(file, "mode=ro")
    except sqlite3.Error as error:
        # In a folder that cannot be written, SQLite can read only a record of which nobody holds a log open.
        log = file.with_name(f"{file.name}-wal")
        if sqlite.primary_code(error) not in sqlite.DENIED or (log.exists() and log.stat().st_size):
            raise sqlite.explain(file, error) from error
    try:
        return _read_only(file, "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise sqlite.explain(file, error) from error


def _read_only(file: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?{how}", uri=True, timeout=sqlite.BUSY_S, isolation_level=None
    )
    try:
        connection.execute("PRAGMA query_only = ON")
        if not schema.check(connection, str(file)):
            raise JournalError(f"{file}: there is no record yet")  # noqa: TRY301 - the connection is closed below
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """One consistent look at the record: whatever is written meanwhile, it stays as it was. Raises JournalError."""
    connection = connect_to_read(file)
    try:
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise sqlite.explain(file, error) from error
    finally:
        connection.close()
