"""The record's folder, file and connections, and SQLite's errors in plain words."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from retroctl.adapters.journal import schema
from retroctl.errors import DiskFull, JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_NAME = "records.sqlite3"

BUSY_S = 2.0
"""How long one statement waits for another program's lock; closing, which is bounded by 5 s, must outlast it."""

LEAST_FREE_BYTES = 50_000_000
"""A session is begun only with this much room: hundreds of sessions' worth, so a disk that is merely filling is met
here and not in the middle of a session."""

_OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DENIED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MEANINGS = {
    **dict.fromkeys(_LOCKED, ("is held by another program", "close what else has it open")),
    **dict.fromkeys(_DENIED, ("cannot be written or opened", "check the permissions of it and its folder")),
    **dict.fromkeys(
        _DAMAGED, ("is damaged or is no record", "move it away (a new one is made) or put a backup in its place")
    ),
    sqlite3.SQLITE_IOERR: ("met an error of the disk", "check the disk"),
}
_TEXTS = {
    "disk is full": sqlite3.SQLITE_FULL,
    "is locked": sqlite3.SQLITE_BUSY,
    "readonly": sqlite3.SQLITE_READONLY,
    "unable to open": sqlite3.SQLITE_CANTOPEN,
    "malformed": sqlite3.SQLITE_CORRUPT,
    "not a database": sqlite3.SQLITE_NOTADB,
    "disk I/O": sqlite3.SQLITE_IOERR,
}

_creating = threading.Lock()
"""Held while the new file's descriptor is open: see `_make_private`."""


def prepare_folder(folder: Path) -> Path:
    """Make the folder (0700) and the empty file (0600) where they are missing; gives the file.

    A folder that is there already keeps its permissions: it may hold other things. Raises JournalError.
    """
    file = folder / FILE_NAME
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Created before SQLite sees it: its -wal and -shm files take this file's permissions.
        with _creating:
            try:
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                _make_private(file)
    except OSError as error:
        raise _from_os(file, error) from error
    return file


def demand_room(file: Path) -> None:
    """Raise DiskFull unless LEAST_FREE_BYTES are free where the record is kept."""
    try:
        free = shutil.disk_usage(file.parent).free
    except OSError as error:
        raise _from_os(file, error) from error
    if free < LEAST_FREE_BYTES:
        raise DiskFull(
            f"only {free // 1_000_000} MB are free where {file} is kept; "
            f"free at least {LEAST_FREE_BYTES // 1_000_000} MB, or name another data folder"
        )


def connect_to_write(file: Path) -> sqlite3.Connection:
    """Open a connection that keeps what it commits, to an up-to-date record. Raises sqlite3.Error, JournalError."""
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old for {file}; 3.37 or later is needed")
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
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
    end = time.monotonic() + BUSY_S
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            if mode != "wal":
                raise JournalError(f"{file} is on a disk that cannot keep a safe record (a network share?)")
            return


def connect_to_read(file: Path) -> sqlite3.Connection:
    """Open a connection that cannot change the record, while others write it. Raises JournalError."""
    if not file.is_file():
        raise JournalError(f"{file}: there is no record yet")
    try:
        return _read_only(file, "mode=ro")
    except sqlite3.Error as error:
        # In a folder that cannot be written, SQLite can read only a record of which nobody holds a log open.
        log = file.with_name(f"{file.name}-wal")
        if _code(error) not in _DENIED or (log.exists() and log.stat().st_size):
            raise explain(file, error) from error
    try:
        return _read_only(file, "mode=ro&immutable=1")
    except sqlite3.Error as error:
        raise explain(file, error) from error


def _read_only(file: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_S, isolation_level=None)
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
        raise explain(file, error) from error
    finally:
        connection.close()


def explain(file: Path, error: sqlite3.Error | OSError) -> JournalError:
    """Say what `error` means for the person in front of it: the file, the reason, the way out."""
    if isinstance(error, OSError):
        return _from_os(file, error)
    code, text = _code(error), str(error)
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"{file}: no room left on the disk; free some space")
    meaning, way_out = _MEANINGS.get(code, ("cannot be kept", "check the disk, or name another data folder"))
    return JournalError(f"{file} {meaning} ({text}); {way_out}")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code (https://www.sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # an error acted out by a test carries SQLite's text only
        return next((code for text, code in _TEXTS.items() if text in str(error)), sqlite3.SQLITE_ERROR)
    return int(code) & 0xFF


def _from_os(file: Path, error: OSError) -> JournalError:
    if error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return DiskFull(f"{file}: no room left on the disk; free some space")
    where = error.filename or file
    return JournalError(f"{file} cannot be kept ({where}: {error.strerror or error}); name another data folder")


def _make_private(file: Path) -> None:
    """Take a record that is there already from the eyes of others.

    Without opening it: closing any descriptor of a file lets go of all locks that this process holds on it, also those
    of another journal's connection (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    if file.stat().st_mode & 0o077:
        with suppress(OSError):  # somebody else's file: SQLite will say whether it can be written
            file.chmod(0o600)
