"""What every SQLite file of ours has in common: made private, owned, migrated; SQLite's errors in plain words."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from retroctl.adapters import files
from retroctl.errors import ConfigError, DiskFull, JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUSY_S = 2.0
"""How long one statement waits for another program's lock; closing, which is bounded by 5 s, must outlast it."""

OLDEST = (3, 37, 0)  # STRICT tables
LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
DENIED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_MEANINGS = {
    **dict.fromkeys(LOCKED, ("is held by another program", "close what else has it open")),
    **dict.fromkeys(DENIED, ("cannot be written or opened", "check the permissions of it and its folder")),
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


def prepare(file: Path) -> Path:
    """Make the folder (0700) and the empty file (0600) where they are missing; gives the file.

    A folder that is there already keeps its permissions: it may hold other things. Raises JournalError.
    """
    folder = file.parent
    is_there(file)
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


def is_there(file: Path) -> bool:
    """Whether there is a file. Raises JournalError for a link that leads nowhere, and for what cannot be looked at."""
    try:
        file.stat()
    except FileNotFoundError:
        try:
            files.refuse_dead_link(file)
        except ConfigError as error:
            raise JournalError(str(error)) from None
        return False
    except OSError as error:
        raise _from_os(file, error) from error
    return True


def refuse_no_file(file: Path) -> None:
    """Raise JournalError for a pipe or a device in the place of the file: SQLite would wait for it without end."""
    if file.exists() and not file.is_file():
        raise explain(file, sqlite3.OperationalError("unable to open database file"))


def check(connection: sqlite3.Connection, name: str, owner: int, migrations: Sequence[Sequence[str]]) -> int:
    """How many migrations the file called `name` has had (0: it is new). `owner` is our number in the file's header.

    Raises JournalError for another program's file and for one that a newer version has written.
    """
    # The owner last: another retroctl may be making the file just now. It sets all three in one commit, so where
    # tables or a version have been seen, the owner is there too.
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    found = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if found != owner and (tables or version or found):
        raise JournalError(f"{name} is the database of another program; move it away, or name another data folder")
    if version > len(migrations):
        raise JournalError(
            f"{name} was written by a newer retroctl (format {version}, this one knows {len(migrations)}); "
            "update retroctl, or name another data folder"
        )
    return version


def migrate(connection: sqlite3.Connection, name: str, owner: int, migrations: Sequence[Sequence[str]]) -> None:
    """Bring the file up to date, all steps or none. Raises JournalError as `check`, sqlite3.Error as SQLite does."""
    if check(connection, name, owner, migrations) == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another program may have done it in between.
        for step in migrations[check(connection, name, owner, migrations) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {owner}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def explain(file: Path, error: sqlite3.Error | OSError) -> JournalError:
    """Say what `error` means for the person in front of it: the file, the reason, the way out."""
    if isinstance(error, OSError):
        return _from_os(file, error)
    if file.is_dir():
        return JournalError(f"{file}: is a folder and no database; move it away (a new one is made)")
    code, text = primary_code(error), str(error)
    if file.exists() and not file.is_file():
        return JournalError(f"{file}: is no file (a pipe or a device); move it away (a new one is made)")
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"{file}: no room left on the disk; free some space")
    meaning, way_out = _MEANINGS.get(code, ("cannot be kept", "check the disk, or name another data folder"))
    return JournalError(f"{file} {meaning} ({text}); {way_out}")


def primary_code(error: sqlite3.Error) -> int:
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
