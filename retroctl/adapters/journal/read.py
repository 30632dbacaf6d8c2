"""Reading the record: while others write it, without ever changing it, and without trusting it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from retroctl.adapters.journal import chain, files
from retroctl.adapters.journal.samples import Sample, unpack
from retroctl.adapters.journal.writer import END
from retroctl.errors import JournalError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

Status = Literal["ended", "interrupted"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session in a list. `interrupted` says that it has no end row: also true of one that is running now."""

    id: str
    started_utc: datetime
    program_version: str
    machine_name: str | None
    machine_address: str | None
    client_id: str | None
    simulated: bool
    status: Status
    ended_s: float | None
    """Session seconds of the end row; None without one."""
    last_utc: datetime
    """When the last row was queued: how long ago an interrupted session was cut, or that it is running."""
    end_text: str | None = field(repr=False)
    """The end row as it is stored."""

    @property
    def outcome(self) -> dict[str, Any]:
        """What `end_session` was given; empty without an end row. Read when asked for: a list of 10,000 stays quick."""
        return {} if self.end_text is None else _only_object(as_object(self.end_text).get("outcome"))


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row. `session_s` is None where the caller's time was no time; `text` is `data` as it is stored."""

    seq: int
    session_ms: int | None
    utc_ms: int
    kind: str
    text: str
    hash: bytes

    @property
    def fields(self) -> tuple[str | int | None, ...]:
        """What the hash covers, beside the hash before."""
        return self.seq, self.session_ms, self.utc_ms, self.kind, self.text

    @property
    def session_s(self) -> float | None:
        """Session seconds."""
        return None if self.session_ms is None else self.session_ms / 1000

    @property
    def utc(self) -> datetime:
        """The computer's clock when the row was queued; it may have been set back in between."""
        return utc(self.utc_ms)

    @property
    def data(self) -> dict[str, Any]:
        """The row's fields; empty if they were damaged."""
        return as_object(self.text)


@dataclass(frozen=True, slots=True)
class SampleChunk:
    """Samples as they are stored: `place` is the minute's number, or `minute.part` of a minute that never got full."""

    place: str
    start_ms: int
    utc_ms: int
    count: int
    data: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """All of a session."""

    summary: SessionSummary
    plan: dict[str, Any]
    settings: dict[str, Any]
    rows: tuple[JournalRow, ...]
    samples: tuple[Sample, ...]
    chunks: tuple[SampleChunk, ...]
    first_hash: bytes
    """The hash stored with the beginning."""
    start_fields: tuple[str | int | None, ...]
    remarks: tuple[str, ...]
    """Plain sentences about what could not be read."""


_SUMMARY = """
    SELECT s.id, s.started_utc_ms, s.program_version, s.machine_name, s.machine_address, s.client_id, s.simulated,
           e.session_ms, e.data,
           coalesce(e.utc_ms, (SELECT utc_ms FROM journal j WHERE j.session = s.session ORDER BY seq DESC LIMIT 1),
                    s.started_utc_ms)
    FROM sessions s LEFT JOIN journal e ON e.session = s.session AND e.kind = 'end'
"""


def sessions(
    file: Path, *, limit: int | None = None, client_id: str | None = None, before: datetime | None = None
) -> list[SessionSummary]:
    """List the sessions, the latest first: `limit` of them, of one client, begun before a moment.

    Raises JournalError.
    """
    query = f"{_SUMMARY} WHERE 1"
    values: list[str | int] = []
    if client_id is not None:
        query += " AND s.client_id = ?"
        values.append(client_id)
    if before is not None:
        query += " AND s.started_utc_ms < ?"
        values.append((before - EPOCH) // timedelta(milliseconds=1))
    query += " ORDER BY s.started_utc_ms DESC, s.session DESC LIMIT ?"
    values.append(-1 if limit is None else limit)
    with files.reading(file) as connection:
        return [summary_of(row) for row in connection.execute(query, values)]


def session(file: Path, session_id: str) -> SessionRecord:
    """One session, whole. Damage in it becomes remarks. Raises JournalError, also where there is no such session."""
    with files.reading(file) as connection:
        found = connection.execute(f"{_SUMMARY} WHERE s.id = ?", (session_id,)).fetchone()
        if found is None:
            raise JournalError(f"{file} holds no session {session_id!r}")
        number, plan, settings, digest = connection.execute(
            "SELECT session, plan, settings, hash FROM sessions WHERE id = ?", (session_id,)
        ).fetchone()
        rows = tuple(
            JournalRow(*row)
            for row in connection.execute(
                "SELECT seq, session_ms, utc_ms, kind, data, hash FROM journal WHERE session = ? ORDER BY seq",
                (number,),
            )
        )
        chunks = tuple(_chunks(connection, number))
    summary = summary_of(found)
    samples: list[Sample] = []
    remarks: list[str] = []
    for chunk in chunks:
        try:
            samples += unpack(chunk.start_ms, chunk.data)
        except ValueError as error:
            remarks.append(f"the samples of minute {chunk.place} cannot be read: {error}")
    fields = (*found[:7], plan, settings)
    return SessionRecord(
        summary, as_object(plan), as_object(settings), rows, tuple(samples), chunks, digest, fields, tuple(remarks)
    )


def verify(record: SessionRecord) -> tuple[str, ...]:
    """Say what is wrong with a session, in plain sentences; nothing when each row is as it was written.

    Rows cut off the end of an interrupted session are not missed: that is what an interruption looks like.
    """
    return tuple(_faults(record))


def _faults(record: SessionRecord) -> Iterator[str]:
    yield from record.remarks
    first = chain.first_hash(record.start_fields)
    if first != record.first_hash:
        yield "the session's beginning is not as it was written"
    before = record.first_hash
    for place, row in enumerate(record.rows, 1):
        if row.seq != place:
            yield f"row {place} is missing"
            break
        if row.hash != chain.link(before, row.fields):
            yield f"row {row.seq} ({row.kind}) is not as it was written, or follows one that is not"
            break
        before = row.hash
    yield from _chunk_faults(record)
    yield from _end_faults(record)


def _chunk_faults(record: SessionRecord) -> Iterator[str]:
    before = record.first_hash
    minutes = sum("." not in chunk.place for chunk in record.chunks)
    expected = [str(n) for n in range(1, minutes + 1)]
    expected += [f"{minutes + 1}.{n}" for n in range(1, len(record.chunks) - minutes + 1)]
    for place, chunk in zip(expected, record.chunks, strict=True):
        if chunk.place != place:
            yield f"the samples of minute {place} are missing"
            return
        if chunk.hash != chain.link(before, (chunk.place, chunk.start_ms, chunk.utc_ms, chunk.count), chunk.data):
            yield f"the samples of minute {chunk.place} are not as they were written, or follow some that are not"
            return
        before = chunk.hash


def _end_faults(record: SessionRecord) -> Iterator[str]:
    ends = [row for row in record.rows if row.kind == END]
    if not ends:
        return
    said = ends[0].data
    if record.rows[-1] is not ends[0] or said.get("rows") != len(record.rows) - 1:
        yield f"the end row counts {said.get('rows')} rows before it, and there are {len(record.rows) - 1}"
    last = record.chunks[-1].hash if record.chunks else record.first_hash
    if said.get("samples_hash") != last.hex() or said.get("samples") != sum(chunk.count for chunk in record.chunks):
        yield f"the end row counts {said.get('samples')} samples, and others are there"


def _chunks(connection: sqlite3.Connection, number: int) -> Iterator[SampleChunk]:
    packed = "SELECT seq, start_ms, utc_ms, count, data, hash FROM sample_minutes WHERE session = ? ORDER BY seq"
    for seq, *rest in connection.execute(packed, (number,)):
        yield SampleChunk(str(seq), *rest)
    tail = (
        "SELECT minute, part, start_ms, utc_ms, count, data, hash FROM sample_tail"
        " WHERE session = ? ORDER BY minute, part"
    )
    for minute, part, *rest in connection.execute(tail, (number,)):
        yield SampleChunk(f"{minute}.{part}", *rest)


def summary_of(row: tuple[Any, ...]) -> SessionSummary:
    """A session in a list, from the columns of the query above."""
    session_id, started, version, name, address, client_id, simulated, ended_ms, ended, last = row
    return SessionSummary(
        id=session_id,
        started_utc=utc(started),
        program_version=version,
        machine_name=name,
        machine_address=address,
        client_id=client_id,
        simulated=bool(simulated),
        status="interrupted" if ended is None else "ended",
        ended_s=None if ended_ms is None else ended_ms / 1000,
        last_utc=utc(last),
        end_text=ended,
    )


def utc(utc_ms: int) -> datetime:
    """The moment; the nearest that there is for a clock beyond all years."""
    try:
        return EPOCH + timedelta(milliseconds=utc_ms)
    except OverflowError:  # a clock, or a file, beyond the year 9999
        return datetime.max.replace(tzinfo=UTC) if utc_ms > 0 else datetime.min.replace(tzinfo=UTC)


def as_object(text: str) -> dict[str, Any]:
    """The JSON object that `text` is; empty for anything else."""
    try:
        return _only_object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _only_object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
