"""Copies of our SQLite files, made while others write them, and put back when nobody does."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.adapters import sqlite
from retroctl.adapters.files import put_in_place, refuse_existing, shown, shown_text
from retroctl.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Told = Callable[[int, int], None]
    """Hears of progress: pages done, and of how many."""

_MAGIC: Final = b"SQLite format 3\0"
_PAGES: Final = 2000
"""Pages copied between two words of progress: 8 MB."""
MOST_FAULTS: Final = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file of ours: what it is called in messages, its number in the header, its migrations."""

    what: str
    owner: int
    migrations: Sequence[Sequence[str]]


def silent(_done: int, _of: int) -> None:
    """Nobody wants to hear of progress."""


def copy_out(file: Path, target: Path, kind: Kind, *, force: bool = False, told: Told = silent) -> None:
    """Copy `file` to `target` as it is at this moment, also while a session writes it. Complete, or nothing at all.

    Raises JournalError, and ConfigError where `target` is there already.
    """
    refuse_existing(target, force=force)
    temporary = ""
    try:
        with closing(_open(file, kind, "ro")) as source:
            # One look, held: what is written meanwhile would otherwise begin the copy anew, again and again.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=".retroctl-", suffix=".part")
            os.close(descriptor)
            with closing(sqlite3.connect(temporary, isolation_level=None)) as copied:
                _copy(source, copied, told)
                # One file that needs no other beside it, wherever it is taken.
                copied.execute("PRAGMA journal_mode = DELETE")
                _refuse_faults(copied, kind, f"the copy of {shown(file)}", whole=False)
        with Path(temporary).open("rb+") as written:
            os.fsync(written.fileno())
        put_in_place(Path(temporary), target, force=force)
    except (sqlite3.Error, OSError) as error:
        raise sqlite.explain(target if isinstance(error, OSError) else file, error) from error
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def refuse_damaged(file: Path, kind: Kind) -> None:
    """Raise JournalError unless `file` is a whole file of this kind that this program knows; reads all of it."""
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            head = opened.read(100)
    except OSError as error:
        raise JournalError(f"{shown(file)}: cannot be read: {error.strerror or error}") from None
    if not head.startswith(_MAGIC):
        raise JournalError(f"{shown(file)}: is no backup of {kind.what}")
    page = int.from_bytes(head[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(head[28:32], "big")
    if size != page * pages:
        raise JournalError(
            f"{shown(file)}: has {size} bytes, and {page * pages} belong to it; it was cut short or something was added"
        )
    try:
        with closing(_open(file, kind, "ro&immutable=1")) as connection:
            _refuse_faults(connection, kind, shown(file), whole=True)
    except sqlite3.Error as error:
        raise JournalError(f"{shown(file)}: is damaged ({error})") from None


def faults(file: Path, kind: Kind) -> list[str]:
    """What SQLite finds wrong with the file, in its words; nothing where it is whole. Raises JournalError."""
    try:
        with closing(_open(file, kind, "ro")) as connection:
            return _faults(connection, kind, whole=True)
    except sqlite3.DatabaseError as error:
        if sqlite.primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return [str(error)]
        raise sqlite.explain(file, error) from error


def refuse_in_use(file: Path) -> None:
    """Raise JournalError while anybody has the file open; asked of every file before the first one is replaced."""
    if not sqlite.is_there(file):
        return
    try:
        with closing(_exclusive(file)) as connection:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        if sqlite.primary_code(error) in sqlite.LOCKED:
            raise _in_use(file) from None
        # Damaged, or not to be opened: `put_back` knows what to do, or says why it cannot.


def put_back(backup: Path, file: Path, kind: Kind, aside: Path, *, told: Told = silent) -> bool:
    """Put `backup` in the place of `file`; what was there is kept under `aside`. Gives whether something was.

    `backup` has been looked through. Raises JournalError, and nothing is changed, while anybody has the file open.
    """
    try:
        return _put_back(backup, file, kind, aside, told)
    except sqlite3.DatabaseError as error:
        if sqlite.primary_code(error) in sqlite.LOCKED:
            raise _in_use(file) from None
        if sqlite.primary_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise sqlite.explain(file, error) from error
    except OSError as error:
        raise sqlite.explain(file, error) from error
    # What is there is so damaged that SQLite does not open it, so no session can have it open either.
    _move_aside(file, aside)
    try:
        _put_back(backup, file, kind, aside, told)
    except (sqlite3.Error, OSError) as error:
        raise sqlite.explain(file, error) from error
    return True


def _put_back(backup: Path, file: Path, kind: Kind, aside: Path, told: Told) -> bool:
    """Into the file itself, in one transaction of SQLite's: it is never half the one and half the other."""
    sqlite.prepare(file)
    with closing(_exclusive(file)) as target:
        used = sqlite.check(target, str(file), kind.owner, kind.migrations) > 0
        target.execute("COMMIT")
        if used:
            _keep(target, aside)
        with closing(_open(backup, kind, "ro&immutable=1")) as source:
            _copy(source, target, told)
        sqlite.migrate(target, str(file), kind.owner, kind.migrations)
    return used


def _exclusive(file: Path) -> sqlite3.Connection:
    """A connection inside a transaction that nobody shares: every session holds its share of the file while it runs."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=0.2, isolation_level=None)
    try:
        # Kept from the first look to the end, also between transactions.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
    except BaseException:
        connection.close()
        raise
    return connection


def _in_use(file: Path) -> JournalError:
    return JournalError(f"{file} is in use: a session is running, or another program reads it; end that first")


def _keep(held: sqlite3.Connection, aside: Path) -> None:
    """Copy what is there now, through the connection that holds it."""
    descriptor = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(aside, isolation_level=None)) as kept:
            _copy(held, kept, silent)
            kept.execute("PRAGMA journal_mode = DELETE")
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _move_aside(file: Path, aside: Path) -> None:
    try:
        for ending in ("", "-wal", "-shm"):
            part = file.with_name(file.name + ending)
            if part.exists():
                part.replace(aside.with_name(aside.name + ending))
    except OSError as error:
        raise sqlite.explain(file, error) from error


def _open(file: Path, kind: Kind, how: str) -> sqlite3.Connection:
    if not sqlite.is_there(file) or not file.is_file():
        raise JournalError(f"{shown(file)}: there is no such file")
    uri = f"{file.absolute().as_uri()}?mode={how}"
    connection = sqlite3.connect(uri, uri=True, timeout=sqlite.BUSY_S, isolation_level=None)
    try:
        if not sqlite.check(connection, shown(file), kind.owner, kind.migrations):
            raise JournalError(f"{shown(file)}: holds nothing yet")  # noqa: TRY301 - closed below
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, told: Told) -> None:
    source.backup(target, pages=_PAGES, sleep=0.05, progress=lambda _status, left, of: told(of - left, of))


def _refuse_faults(connection: sqlite3.Connection, kind: Kind, name: str, *, whole: bool) -> None:
    found = _faults(connection, kind, whole=whole)
    if found:
        raise JournalError(f"{name}: is damaged ({found[0]})")


def _faults(connection: sqlite3.Connection, kind: Kind, *, whole: bool) -> list[str]:
    check = "integrity_check" if whole else "quick_check"
    said = [str(row[0]) for row in connection.execute(f"PRAGMA {check}({MOST_FAULTS})")]
    loose = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS) if whole else []
    return [
        *(line for line in said if line != "ok"),
        *(f"a row of {row[0]} belongs to nothing" for row in loose),
        *(_other_rules(connection, kind) if whole else ()),
    ]


def _other_rules(connection: sqlite3.Connection, kind: Kind) -> list[str]:
    """Tables and triggers that are not as this program makes them: the file's own rules are part of what is kept."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for step in kind.migrations[:version]:
            for statement in step:
                fresh.execute(statement)
        expected, found = _rules(fresh), _rules(connection)
    names = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    return [
        f"{shown_text(name)} " + ("is missing" if name not in found else "is not retroctl's")
        for name in names[:MOST_FAULTS]
    ]


def _rules(connection: sqlite3.Connection) -> dict[str, str | None]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {f"{kind} {name}": sql for kind, name, sql in rows}
