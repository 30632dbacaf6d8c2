"""A session as plain JSON values, whole, and back into a record: nothing is lost, nothing is believed.

What goes out holds the rows and the packed samples as they are stored, with their hashes, and the samples once more as
plain numbers for other readers. What comes in must be of the right types and agree with its hashes, row by row.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Final, Literal

from retroctl.adapters import sqlite
from retroctl.adapters.journal import files, read
from retroctl.adapters.journal.checked import LONGEST, as_list, as_object, as_text, as_whole
from retroctl.adapters.journal.portable_after import Said, dump_after, read_after
from retroctl.adapters.journal.samples import Sample, unpack
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_ID: Final = re.compile(r"[0-9a-f]{8,64}")
_PLACE: Final = re.compile(r"([1-9]\d{0,8})(?:\.([1-9]\d{0,8}))?", re.ASCII)
_LONGEST_TEXT: Final = 1_000_000
_KEYS: Final = frozenset(
    {
        "id", "started_utc_ms", "program_version", "machine_name", "machine_address", "client_id", "simulated",
        "plan", "settings", "hash", "rows", "chunks", "samples", "after",
    }
)  # fmt: skip
_ROW_KEYS: Final = frozenset({"seq", "session_ms", "utc_ms", "kind", "data", "hash"})
_CHUNK_KEYS: Final = frozenset({"place", "start_ms", "utc_ms", "count", "data", "hash"})
_COLUMNS: Final = ("session_ms", "measured_hundredths_kmh", "target_hundredths_kmh", "heart_rate_bpm")

Fate = Literal["new", "here already"]


class Sealed:
    """A session that was looked through and may be stored. Made by `sealed`."""

    def __init__(self, record: read.SessionRecord, said: Said) -> None:
        self.record, self.said = record, said

    @property
    def id(self) -> str:
        """The session's id."""
        return self.record.summary.id

    def statements(self, number: int) -> list[tuple[str, tuple[Any, ...]]]:
        """What stores it as session `number`. Samples first: after the end row nothing may be added."""
        record = self.record
        made: list[tuple[str, tuple[Any, ...]]] = []
        for chunk in record.chunks:
            minute, _, part = chunk.place.partition(".")
            values = (chunk.start_ms, chunk.utc_ms, chunk.count, chunk.data, chunk.hash)
            if part:
                tail = "INSERT INTO sample_tail (session, minute, part, start_ms, utc_ms, count, data, hash)"
                made.append((f"{tail} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, int(minute), int(part), *values)))
            else:
                packed = "INSERT INTO sample_minutes (session, seq, start_ms, utc_ms, count, data, hash)"
                made.append((f"{packed} VALUES (?, ?, ?, ?, ?, ?, ?)", (number, int(minute), *values)))
        rows = "INSERT INTO journal (session, seq, session_ms, utc_ms, kind, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?)"
        return [*made, *((rows, (number, *row.fields, row.hash)) for row in record.rows)]

    @property
    def start(self) -> tuple[Any, ...]:
        """The values of its row in `sessions`."""
        return (*self.record.start_fields, self.record.first_hash)


def dump(file: Path, session_id: str, *, words: bool = False) -> dict[str, Any]:
    """A session as JSON values, with what was said after it; `words`: notes and incidents in words too.

    Raises JournalError, also where there is no such session.
    """
    whole = dumped(read.session(file, session_id))
    with files.reading(file) as connection:
        return {**whole, "after": dump_after(connection, session_id, words=words)}


def dumped(record: read.SessionRecord) -> dict[str, Any]:
    """A session that was read, as JSON values."""
    session_id, started, version, name, address, client_id, simulated, plan, settings = record.start_fields
    columns: dict[str, list[int | None]] = {column: [] for column in _COLUMNS}
    for sample in record.samples:
        for column, value in zip(_COLUMNS, _numbers(sample), strict=True):
            columns[column].append(value)
    return {
        "id": session_id, "started_utc_ms": started, "program_version": version, "machine_name": name,
        "machine_address": address, "client_id": client_id, "simulated": bool(simulated),
        "plan": _open(str(plan)), "settings": _open(str(settings)), "hash": record.first_hash.hex(),
        "rows": [
            {
                "seq": row.seq, "session_ms": row.session_ms, "utc_ms": row.utc_ms, "kind": row.kind,
                "data": _open(row.text), "hash": row.hash.hex(),
            }
            for row in record.rows
        ],
        "chunks": [
            {
                "place": chunk.place, "start_ms": chunk.start_ms, "utc_ms": chunk.utc_ms, "count": chunk.count,
                "data": base64.b64encode(chunk.data).decode(), "hash": chunk.hash.hex(),
            }
            for chunk in record.chunks
        ],
        "samples": columns,
    }  # fmt: skip


def sealed(value: object, where: str) -> Sealed:
    """Look a session through, all of it. Raises ConfigError naming `where` and what is wrong."""
    try:
        record = _record(value)
        said = read_after(value["after"]) if isinstance(value, dict) else Said()
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        words = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) and error.args else str(error)
        raise ConfigError(f"{where}: {words[:LONGEST]}") from None
    faults = read.verify(record)
    if faults:
        raise ConfigError(
            f"{where} ({record.summary.id}): {faults[0]}; it was damaged or changed since it was exported"
        )
    return Sealed(record, said)


def fate(file: Path, session: Sealed) -> Fate:
    """Whether it is in the record already. Raises ConfigError where another session of that id is, JournalError."""
    if not sqlite.is_there(file):
        return "new"
    with files.reading(file) as connection:
        found = connection.execute("SELECT hash FROM sessions WHERE id = ?", (session.id,)).fetchone()
    if found is None:
        return "new"
    if dumped(read.session(file, session.id)) != dumped(session.record):
        raise ConfigError(
            f"session {session.id} is in the record already and is another one than in the file; nothing was imported"
        )
    return "here already"


def store(folder: Path, sessions: Iterable[Sealed]) -> None:
    """Put sessions into the record in `folder`, each in a transaction of its own. Raises JournalError.

    Of its own, so that a session that runs meanwhile never waits for more than one of these.
    """
    file = files.prepare_folder(folder)
    files.demand_room(file)
    try:
        connection = files.connect_to_write(file)
    except (sqlite3.Error, OSError) as error:
        raise sqlite.explain(file, error) from error
    try:
        for session in sessions:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO sessions (id, started_utc_ms, program_version, machine_name, machine_address, client_id,"
                " simulated, plan, settings, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                session.start,
            )
            for statement, values in session.statements(int(cursor.lastrowid or 0)):
                connection.execute(statement, values)
            session.said.store(connection, session)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise sqlite.explain(file, error) from error
    finally:
        connection.close()


# -- reading -----------------------------------------------------------------------------------------------------------


def _record(value: object) -> read.SessionRecord:
    given = as_object(value, _KEYS, "a session")
    started, simulated = as_whole(given["started_utc_ms"], "started_utc_ms"), given["simulated"]
    if not isinstance(simulated, bool):
        raise TypeError("simulated is neither true nor false")
    begun = (
        _identity(given["id"]),
        started,
        as_text(given["program_version"], "program_version"),
        _optional_text(given["machine_name"], "machine_name"),
        _optional_text(given["machine_address"], "machine_address"),
        None if given["client_id"] is None else _identity(given["client_id"]),
        int(simulated),
    )
    plan, settings = _closed(given["plan"], "plan"), _closed(given["settings"], "settings")
    rows = tuple(_row(each) for each in as_list(given["rows"], "rows"))
    chunks = tuple(_chunk(each) for each in as_list(given["chunks"], "chunks"))
    samples = tuple(sample for chunk in chunks for sample in _unpacked(chunk))
    _compare(given["samples"], samples)
    if sum(row.kind == "end" for row in rows) > 1:
        raise ValueError("it ends more than once")
    end = next((row for row in rows if row.kind == "end"), None)
    last = rows[-1].utc_ms if rows else started
    ended = (None, None) if end is None else (end.session_ms, end.text)
    summary = read.summary_of((*begun, *ended, last))
    return read.SessionRecord(
        summary, read.as_object(plan), read.as_object(settings), rows, samples, chunks, _hash(given["hash"]),
        (*begun, plan, settings), (),
    )  # fmt: skip


def _row(value: object) -> read.JournalRow:
    given = as_object(value, _ROW_KEYS, "a row")
    session_ms = None if given["session_ms"] is None else as_whole(given["session_ms"], "session_ms")
    return read.JournalRow(
        as_whole(given["seq"], "seq"), session_ms, as_whole(given["utc_ms"], "utc_ms"),
        as_text(given["kind"], "kind"), _closed(given["data"], "data"), _hash(given["hash"]),
    )  # fmt: skip


def _chunk(value: object) -> read.SampleChunk:
    given = as_object(value, _CHUNK_KEYS, "a chunk of samples")
    place = given["place"]
    if not isinstance(place, str) or _PLACE.fullmatch(place) is None:
        raise ValueError("the place of a chunk of samples is no place")
    try:
        data = base64.b64decode(given["data"] if isinstance(given["data"], str) else "?", validate=True)
    except binascii.Error:
        raise ValueError(f"the samples of minute {place} are not base64") from None
    count = as_whole(given["count"], "count")
    return read.SampleChunk(
        place, as_whole(given["start_ms"], "start_ms"), as_whole(given["utc_ms"], "utc_ms"), count, data,
        _hash(given["hash"]),
    )  # fmt: skip


def _unpacked(chunk: read.SampleChunk) -> list[Sample]:
    samples = unpack(chunk.start_ms, chunk.data)
    if len(samples) != chunk.count:
        raise ValueError(f"minute {chunk.place} holds {len(samples)} samples and says {chunk.count}")
    return samples


def _compare(value: object, samples: Sequence[Sample]) -> None:
    """The plain numbers are there for others; they must say what the packed ones say."""
    given = as_object(value, frozenset(_COLUMNS), "samples")
    for place, column in enumerate(_COLUMNS):
        if as_list(given[column], column) != [_numbers(sample)[place] for sample in samples]:
            raise ValueError(f"samples: {column} is not what the chunks hold")


def _numbers(sample: Sample) -> tuple[int | None, ...]:
    return sample.session_ms, sample.measured_hundredths, sample.target_hundredths, sample.heart_rate


def _open(text: str) -> Any:
    """JSON text as the value that it is; as `{"text": ...}` where writing that value would not give the same text."""
    try:
        value = json.loads(text)
        if _compact(value) == text and not (isinstance(value, dict) and value.keys() == {"text"}):
            return value
    except (ValueError, RecursionError):
        pass
    return {"text": text}


def _closed(value: object, what: str) -> str:
    if isinstance(value, dict) and value.keys() == {"text"}:
        return as_text(value["text"], what, _LONGEST_TEXT)
    try:
        return as_text(_compact(value), what, _LONGEST_TEXT)
    except ValueError:
        raise ValueError(f"{what} is no JSON") from None


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _optional_text(value: object, what: str) -> str | None:
    return None if value is None else as_text(value, what)


def _identity(value: object) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise ValueError("an id is 8 to 64 hexadecimal digits")
    return value


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{64}", value) is None:
        raise ValueError("a hash is 64 hexadecimal digits")
    return bytes.fromhex(value)
