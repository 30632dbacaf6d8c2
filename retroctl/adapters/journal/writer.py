"""The writer thread's side: one connection, one session at a time, every batch one transaction.

Everything here runs on the one thread that owns the connection.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from retroctl.adapters import sqlite
from retroctl.adapters.journal import afterwards, chain, files, samples
from retroctl.errors import JournalError, ProgrammingFault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from retroctl.app.afterwards import After

WritePoint = Literal[
    "connect", "begin", "session", "row", "tail", "minute", "thin", "end", "commit", "committed", "disconnect"
]
"""Where a fault can be acted out: just before the named write, and `committed` just after the commit returned."""

Seam = Callable[[WritePoint, sqlite3.Connection | None], None]
"""Called at every write point; raises (sqlite3.Error, OSError) or kills in tests. The connection is for its pragmas."""

END = "end"
"""The kind of a session's last row."""


def no_faults(_point: WritePoint, _connection: sqlite3.Connection | None) -> None:
    """Let everything pass."""


@dataclass(frozen=True, slots=True)
class SessionStart:
    """What a session begins with; `plan` and `settings` are JSON texts."""

    id: str
    started_utc_ms: int
    program_version: str
    machine_name: str | None
    machine_address: str | None
    client_id: str | None
    simulated: bool
    plan: str
    settings: str

    @property
    def fields(self) -> tuple[str | int | None, ...]:
        """The fields in the order of their columns, as they are stored and hashed."""
        machine = (self.machine_name, self.machine_address)
        begun = (self.id, self.started_utc_ms, self.program_version, *machine)
        return (*begun, self.client_id, int(self.simulated), self.plan, self.settings)


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be written: `data` is a JSON text."""

    session_ms: int | None
    utc_ms: int
    kind: str
    data: str


@dataclass(frozen=True, slots=True)
class QueuedSample:
    """A sample whose bytes are known to fit: what is queued can be written."""

    minute_ms: int
    utc_ms: int
    record: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written in one transaction. `end`, where there is one, holds the outcome and becomes the last row."""

    rows: Sequence[Row] = ()
    samples: Sequence[QueuedSample] = ()
    end: Row | None = None

    def __len__(self) -> int:
        return len(self.rows) + len(self.samples) + (self.end is not None)


@dataclass(frozen=True, slots=True)
class _Head:
    """How far the file has come: the last number and hash of each chain, and the minute that is growing."""

    rows: int
    row_hash: bytes
    minutes: int
    minute_hash: bytes
    samples: int
    part: int = 0
    part_hash: bytes = b""
    minute_ms: int = 0
    minute_utc_ms: int = 0
    growing: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def marks(self) -> tuple[bytes, bytes, bytes]:
        """Two heads with the same marks are the same state of the file."""
        return self.row_hash, self.minute_hash, self.part_hash


class Writer:
    """Owns the connection. Every method raises JournalError (DiskFull) and may be called again after it."""

    def __init__(self, file: Path, seam: Seam = no_faults) -> None:
        self._file = file
        self._seam = seam
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._start: SessionStart | None = None
        self._session = 0
        self._head: _Head | None = None
        self._tried: _Head | None = None
        self._kept: Batch | None = None

    def connect(self) -> None:
        """Open the record, making it or bringing it up to date where needed."""
        try:
            self._open()
        except (sqlite3.Error, OSError) as error:
            self._abandon()
            raise sqlite.explain(self._file, error) from error

    def begin(self, start: SessionStart) -> None:
        """Write a session's beginning, durably."""
        first = chain.first_hash(start.fields)
        try:
            connection = self._open()
            self._seam("begin", connection)
            connection.execute("BEGIN IMMEDIATE")
            self._seam("session", connection)
            cursor = connection.execute(
                "INSERT INTO sessions (id, started_utc_ms, program_version, machine_name, machine_address, client_id,"
                " simulated, plan, settings, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*start.fields, first),
            )
            self._commit(connection)
        except (sqlite3.Error, OSError) as error:
            self._abandon()
            raise sqlite.explain(self._file, error) from error
        if cursor.lastrowid is None:  # pragma: no cover - an INSERT that returned has a row
            raise ProgrammingFault("SQLite gave no number to a new session")
        self._start, self._session = start, cursor.lastrowid
        self._head, self._tried, self._kept = _Head(0, first, 0, first, 0), None, None

    def write(self, batch: Batch) -> None:
        """Write a batch, durably and whole. After an error, the same batch is given again: it is never kept twice."""
        if self._start is None:
            raise ProgrammingFault("a row was written before its session began")
        if batch is self._kept:
            return  # whoever asked was cancelled before the answer came, and asks again
        try:
            connection = self._open()
            if self._head is None:
                self._head = self._read_head(connection, self._start)
                if self._tried is not None and self._head.marks == self._tried.marks:
                    self._tried, self._kept = None, batch  # the commit reported an error and was kept all the same
                    return
            self._tried = None
            self._seam("begin", connection)
            connection.execute("BEGIN IMMEDIATE")
            head = self._write_rows(connection, self._head, batch.rows)
            head = self._write_samples(connection, head, batch.samples)
            if batch.end is not None:
                head = self._write_end(connection, head, batch.end)
            self._tried = head
            self._commit(connection)
        except (sqlite3.Error, OSError) as error:
            self._head = None
            self._abandon()
            raise sqlite.explain(self._file, error) from error
        except ValueError as error:
            raise JournalError(f"{self._file} is damaged ({error}); this session cannot be continued in it") from error
        self._head, self._tried, self._kept = head, None, batch

    def keep(self, utc_ms: int, said: After) -> None:
        """Write what was said after the session begun last, durably."""
        if self._start is None:
            raise ProgrammingFault("something was said after a session that had not begun")
        try:
            connection = self._open()
            self._seam("begin", connection)
            connection.execute("BEGIN IMMEDIATE")
            afterwards.write(connection, self._start.id, self._start.client_id, utc_ms, said)
            self._commit(connection)
        except (sqlite3.Error, OSError) as error:
            self._abandon()
            raise sqlite.explain(self._file, error) from error

    def disconnect(self) -> None:
        """Let go of the file; SQLite folds its log into it when nobody else has it open."""
        try:
            self._seam("disconnect", self._connection)
        except (sqlite3.Error, OSError) as error:
            raise sqlite.explain(self._file, error) from error
        finally:
            self._abandon()

    def interrupt(self) -> None:
        """From another thread: make the statement that is running give up."""
        connection = self._connection
        if connection is not None:
            with suppress(sqlite3.ProgrammingError):  # its own thread closed it between these two lines
                connection.interrupt()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._seam("connect", None)
            self._connection = files.connect_to_write(self._file)
            self._inode = _inode(self._file)
        elif _inode(self._file) != self._inode:
            # SQLite would go on writing to a file that no name leads to.
            raise JournalError(
                f"{self._file} was moved or removed while it was in use; nothing more is kept of this session"
            )
        return self._connection

    def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()  # rolls back what was not committed

    def _commit(self, connection: sqlite3.Connection) -> None:
        self._seam("commit", connection)
        connection.execute("COMMIT")
        self._seam("committed", connection)

    def _write_rows(self, connection: sqlite3.Connection, head: _Head, rows: Sequence[Row]) -> _Head:
        for row in rows:
            self._seam("row", connection)
            head = self._insert_row(connection, head, row)
        return head

    def _insert_row(self, connection: sqlite3.Connection, head: _Head, row: Row) -> _Head:
        seq = head.rows + 1
        fields = (seq, row.session_ms, row.utc_ms, row.kind, row.data)
        digest = chain.link(head.row_hash, fields)
        connection.execute(
            "INSERT INTO journal (session, seq, session_ms, utc_ms, kind, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._session, *fields, digest),
        )
        return replace(head, rows=seq, row_hash=digest)

    def _write_end(self, connection: sqlite3.Connection, head: _Head, end: Row) -> _Head:
        """Close both chains: with their lengths in the last row, what is cut off an ended session is missed."""
        head = self._pack_minute(connection, head)
        self._seam("end", connection)
        counts = f'"rows":{head.rows},"samples":{head.samples},"samples_hash":"{head.minute_hash.hex()}"'
        return self._insert_row(connection, head, replace(end, data=f'{{"outcome":{end.data},{counts}}}'))

    def _write_samples(self, connection: sqlite3.Connection, head: _Head, queued: Sequence[QueuedSample]) -> _Head:
        for minute_ms, group in itertools.groupby(queued, key=lambda sample: sample.minute_ms):
            run = list(group)
            while run:
                full = len(head.growing) >= samples.MAX_RECORDS
                if head.growing and (full or minute_ms != head.minute_ms):
                    head = self._pack_minute(connection, head)
                room = samples.MAX_RECORDS - len(head.growing)
                head = self._append_to_tail(connection, head, run[:room])
                run = run[room:]
        return head

    def _append_to_tail(self, connection: sqlite3.Connection, head: _Head, run: Sequence[QueuedSample]) -> _Head:
        self._seam("tail", connection)
        minute, part = head.minutes + 1, head.part + 1
        start_ms, utc_ms = run[0].minute_ms, run[0].utc_ms
        records = tuple(sample.record for sample in run)
        chunk = samples.pack(records)
        place = f"{minute}.{part}"
        digest = chain.link(head.part_hash or head.minute_hash, (place, start_ms, utc_ms, len(run)), chunk)
        connection.execute(
            "INSERT INTO sample_tail (session, minute, part, start_ms, utc_ms, count, data, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._session, minute, part, start_ms, utc_ms, len(run), chunk, digest),
        )
        return _grown(head, (part, digest), (start_ms, utc_ms), records)

    def _pack_minute(self, connection: sqlite3.Connection, head: _Head) -> _Head:
        if not head.growing:
            return head
        self._seam("minute", connection)
        seq = head.minutes + 1
        chunk = samples.pack(head.growing)
        start_ms, utc_ms, count = head.minute_ms, head.minute_utc_ms, len(head.growing)
        digest = chain.link(head.minute_hash, (str(seq), start_ms, utc_ms, count), chunk)
        connection.execute(
            "INSERT INTO sample_minutes (session, seq, start_ms, utc_ms, count, data, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._session, seq, start_ms, utc_ms, count, chunk, digest),
        )
        self._seam("thin", connection)
        connection.execute("DELETE FROM sample_tail WHERE session = ? AND minute = ?", (self._session, seq))
        return replace(head, minutes=seq, minute_hash=digest, part=0, part_hash=b"", growing=())

    def _read_head(self, connection: sqlite3.Connection, start: SessionStart) -> _Head:
        """Look how far the file has come, after an error left doubt about it."""
        session = (self._session,)
        first = chain.first_hash(start.fields)
        last_row = "SELECT seq, hash FROM journal WHERE session = ? ORDER BY seq DESC LIMIT 1"
        last_minute = "SELECT seq, hash FROM sample_minutes WHERE session = ? ORDER BY seq DESC LIMIT 1"
        rows, row_digest = connection.execute(last_row, session).fetchone() or (0, first)
        minutes, minute_digest = connection.execute(last_minute, session).fetchone() or (0, first)
        packed = "SELECT coalesce(sum(count), 0) FROM sample_minutes WHERE session = ?"
        count = int(connection.execute(packed, session).fetchone()[0])
        head = _Head(rows, row_digest, minutes, minute_digest, count)
        tail = (
            "SELECT part, start_ms, utc_ms, data, hash FROM sample_tail WHERE session = ? AND minute = ? ORDER BY part"
        )
        for part, start_ms, utc_ms, chunk, digest in connection.execute(tail, (self._session, minutes + 1)):
            head = _grown(head, (part, digest), (start_ms, utc_ms), tuple(samples.split(chunk)))
        return head


def _grown(head: _Head, tail: tuple[int, bytes], start: tuple[int, int], records: tuple[bytes, ...]) -> _Head:
    return replace(
        head,
        part=tail[0],
        part_hash=tail[1],
        minute_ms=start[0],
        minute_utc_ms=head.minute_utc_ms if head.growing else start[1],
        samples=head.samples + len(records),
        growing=head.growing + records,
    )


def _inode(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
