"""Sessions as JSON: one object, a session to a line, so that a file of any length is read in little memory.

    {"schema": "retroctl.sessions", "version": 1, "sessions": [
    {...},
    {...}
    ]}

What is in a session is the record's matter; here it is any JSON value.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters.files import shown
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

SCHEMA: Final = "retroctl.sessions"
VERSION: Final = 1
LONGEST_LINE: Final = 3_000_000
"""Bytes of one session; half an hour takes about 60,000. Anything longer is something else, and is not read."""
LARGEST: Final = 2_000_000_000
_MOST_CONTAINERS: Final = 100_000
"""Lists and objects in a line: in little text they take the most memory."""
_END: Final = b"]}"


def write_sessions_json(sessions: Iterable[dict[str, Any]], names: dict[str, str] | None = None) -> Iterator[bytes]:
    """The file in pieces. `names` gives clients' names by their ids, where they were asked for.

    Raises ConfigError for a session that is too long to be read again.
    """
    head: dict[str, Any] = {"schema": SCHEMA, "version": VERSION}
    if names:
        head["names"] = names
    yield json.dumps(head, ensure_ascii=False).removesuffix("}").encode() + b', "sessions": ['
    before = b"\n"
    for session in sessions:
        line = json.dumps(session, separators=(",", ":")).encode()
        if len(line) >= LONGEST_LINE:
            raise ConfigError(
                f"session {session.get('id')}: {len(line)} bytes are more than could be taken back ({LONGEST_LINE}); "
                "retroctl backup keeps it whole"
            )
        yield before + line
        before = b",\n"
    yield b"\n" + _END + b"\n"


def looks_like_sessions(data: bytes) -> bool:
    """Whether the first bytes of a file are those of JSON."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_sessions_json(path: Path) -> Iterator[tuple[str, Any]]:
    """Each session with its place in words. Raises ConfigError; what came before the error may have been right."""
    name = shown(path)
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigError(f"{name}: larger than any file of sessions ({LARGEST} bytes); nothing was read")
        with path.open("rb") as file:
            yield from _read(file, name)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror or error}") from None


def _read(file: BinaryIO, name: str) -> Iterator[tuple[str, Any]]:
    first = _line(file, name, 1)
    head = first.rstrip()
    if not head.endswith(b"["):
        yield from _reformatted(first + file.read(LONGEST_LINE), name)
        return
    _check_head(_value(head + _END, name), name)
    number, expected = 1, True
    while True:
        number += 1
        line = _line(file, name, number).strip()
        if line == _END and (not expected or number == 2):
            break
        if not expected:
            raise ConfigError(f"{name}: line {number}: a comma is missing before it")
        expected = line.endswith(b",")
        yield f"{name}: line {number}", _value(line.removesuffix(b","), f"{name}: line {number}")
    if file.read(1000).strip():
        raise ConfigError(f"{name}: something follows the end of the sessions")


def _line(file: BinaryIO, name: str, number: int) -> bytes:
    line = file.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise ConfigError(f"{name}: line {number} is longer than a session can be ({LONGEST_LINE} bytes)")
    if not line:
        raise ConfigError(f"{name}: ends in the middle; the file was cut short")
    return line


def _reformatted(data: bytes, name: str) -> Iterator[tuple[str, Any]]:
    """The same object in another layout, as an editor may have left it; only where it is small."""
    if len(data) > LONGEST_LINE:
        raise ConfigError(f"{name}: too large for a layout that is not retroctl's; export it again")
    whole = _value(data, name)
    _check_head(whole, name)
    for number, session in enumerate(whole["sessions"], start=1):
        yield f"{name}: session {number}", session


def _check_head(head: Any, name: str) -> None:
    if not isinstance(head, dict) or head.get("schema") != SCHEMA:
        raise ConfigError(f"{name}: JSON, but not a file of retroctl's sessions (schema {SCHEMA!r})")
    version = head.get("version")
    if version != VERSION or isinstance(version, bool):
        raise ConfigError(
            f"{name}: format {str(version)[:20]}, and this retroctl knows {VERSION}; a newer one may read it"
        )
    if not isinstance(head.get("sessions"), list):
        raise ConfigError(f"{name}: holds no list of sessions")


def _value(data: bytes, where: str) -> Any:
    if data.count(b"[") + data.count(b"{") > _MOST_CONTAINERS:
        raise ConfigError(f"{where}: holds more than any session does")
    try:
        return json.loads(data.removeprefix(b"\xef\xbb\xbf").decode(), parse_constant=_no_number)
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: not text in UTF-8") from None
    except RecursionError:
        raise ConfigError(f"{where}: nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{where}: not JSON: {error}") from None


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
