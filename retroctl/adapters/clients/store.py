"""The clients' file: found, added, changed under a lock, erased without a trace."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from retroctl.adapters import sqlite
from retroctl.adapters.clients.profile import from_json
from retroctl.adapters.clients.training import Begun, assessment_json, assessment_of, begun_of
from retroctl.app.client_profile import Change, Listed, Profile, Unreadable, as_json, checked_name, name_key
from retroctl.domain.method.proposal import caps_of
from retroctl.domain.method.today import not_today
from retroctl.errors import ClientError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from retroctl.domain.method.assessment import Assessment
    from retroctl.domain.method.days import Day

FILE_NAME: Final = "clients.sqlite3"
APPLICATION_ID: Final = 0x5254_434C
"""`RTCL`, in the file's header."""
MOST_NAMED: Final = 5
"""So many names a message about an unknown one gives."""

_FIRST = (
    """CREATE TABLE clients (
        client_id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        added_utc_ms INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE changes (
        change INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL REFERENCES clients,
        utc_ms INTEGER NOT NULL,
        by TEXT NOT NULL,
        what TEXT NOT NULL,
        data TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX changes_by_client ON changes (client_id)",
)
_TRAINING = (
    """CREATE TABLE programmes (
        programme INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL REFERENCES clients,
        name TEXT NOT NULL,
        started TEXT NOT NULL,
        by TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX programmes_by_client ON programmes (client_id)",
    """CREATE TABLE assessments (
        assessment INTEGER PRIMARY KEY,
        client_id TEXT NOT NULL REFERENCES clients,
        day TEXT NOT NULL,
        data TEXT NOT NULL,
        by TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX assessments_by_client ON assessments (client_id)",
)
TRAINING_SINCE: Final = 2
"""The `user_version` from which on there are programmes and assessments."""
MIGRATIONS: Sequence[Sequence[str]] = (_FIRST, _TRAINING)
"""Step n brings a file from `user_version` n to n + 1. A step that has been released is never edited: add one."""


class ClientStore:
    """The clients on this computer, in `folder`. Each call opens the file and closes it again.

    Every call raises JournalError, one clear line, for a file that is damaged, another program's, of a newer version,
    or held by another program for longer than two seconds; nothing is changed then.
    """

    def __init__(self, folder: Path, *, wall: Callable[[], float] = time.time) -> None:
        """`wall` gives UTC seconds since 1970."""
        self.file = folder / FILE_NAME
        self._wall = wall

    def add(self, name: str, make: Callable[[str], Profile], *, by: str) -> Profile:
        """Add a client: `make` gives the profile for a new random id. Raises ClientError where the name is taken."""
        profile = make(secrets.token_hex(8))
        kept = Profile(profile.id, checked_name(name), profile.facts, profile.injuries, profile.limits)
        sqlite.prepare(self.file)
        with self._writing() as connection:
            _refuse_taken(connection, kept.name, None)
            row = (kept.id, kept.name, name_key(kept.name), _text(as_json(kept)), self._utc_ms())
            connection.execute("INSERT INTO clients VALUES (?, ?, ?, ?, ?)", row)
            self._note(connection, kept.id, by, "added", as_json(kept))
        return kept

    def all(self) -> tuple[Profile | Unreadable, ...]:
        """Every client, by name. One that cannot be read hides no other."""
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute("SELECT client_id, name, profile FROM clients ORDER BY name_key").fetchall()
        return tuple(self._profile(*row) for row in rows)

    def listed(self, today: Day) -> tuple[Listed | Unreadable, ...]:
        """Every client as a chooser needs it."""
        return tuple(each if isinstance(each, Unreadable) else _listed(each, today) for each in self.all())

    def names(self) -> dict[str, str]:
        """The name of each client by the id; of what else is kept nothing needs to be readable."""
        with self._reading() as connection:
            rows = [] if connection is None else connection.execute("SELECT client_id, name FROM clients").fetchall()
        return dict(rows)

    def known(self, name: str) -> tuple[str, str]:
        """Id and name of the client of that name, or with that id. Raises ClientError when there is none."""
        return self._found(name)[:2]

    def find(self, name: str) -> Profile:
        """The client of that name, or with that id. Raises ClientError when there is none."""
        return from_json(*self._found(name), str(self.file))

    def _found(self, name: str) -> tuple[str, str, str]:
        with self._reading() as connection:
            found = None if connection is None else _find(connection, name)
            known = (
                []
                if connection is None
                else connection.execute("SELECT name FROM clients ORDER BY name_key LIMIT 50").fetchall()
            )
        if found is None:
            raise ClientError(_unknown(name, [row[0] for row in known]))
        return found

    def _profile(self, client_id: str, name: str, kept: str) -> Profile | Unreadable:
        try:
            return from_json(client_id, name, kept, str(self.file))
        except JournalError as error:
            return Unreadable(client_id, name, str(error))

    def changes(self, client_id: str) -> tuple[Change, ...]:
        """What was changed of a client, the first change first."""
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute(
                "SELECT utc_ms, by, what, data FROM changes WHERE client_id = ? ORDER BY change", (client_id,)
            ).fetchall()
        return tuple(Change(utc_ms, by, what, _object(data)) for utc_ms, by, what, data in rows)

    def change(
        self, name: str, edit: Callable[[Profile], tuple[Profile, dict[str, Any]]], *, by: str, what: str
    ) -> Profile:
        """Change a client under the file's lock, so that of two programs neither undoes the other.

        `edit` is given the profile as it is now, and gives the new one with what is to be recorded of the change.
        Raises ClientError for an unknown client or a name that is taken, and what `edit` raises.
        """
        if not sqlite.is_there(self.file):
            raise ClientError(_unknown(name, []))
        with self._writing() as connection:
            found = _find(connection, name)
            if found is None:
                known = connection.execute("SELECT name FROM clients ORDER BY name_key LIMIT 50").fetchall()
                raise ClientError(_unknown(name, [row[0] for row in known]))
            before = from_json(*found, str(self.file))
            after, data = edit(before)
            after = Profile(before.id, after.name, after.facts, after.injuries, after.limits)
            if after.name != before.name:
                after = Profile(after.id, checked_name(after.name), after.facts, after.injuries, after.limits)
                _refuse_taken(connection, after.name, after.id)
            connection.execute(
                "UPDATE clients SET name = ?, name_key = ?, profile = ? WHERE client_id = ?",
                (after.name, name_key(after.name), _text(as_json(after)), after.id),
            )
            self._note(connection, after.id, by, what, data)
        return after

    def begin_programme(self, client_id: str, begun: Begun) -> None:
        """Note that a programme begins; the one before it is over. Raises ClientError where the client is gone."""
        data = {"programme": begun.name.value, "started": str(begun.started)}
        with self._noting(client_id, begun.by, "programme", data) as connection:
            connection.execute(
                "INSERT INTO programmes (client_id, name, started, by) VALUES (?, ?, ?, ?)",
                (client_id, begun.name.value, str(begun.started), begun.by),
            )

    def programme(self, client_id: str) -> Begun | None:
        """The programme that was begun last; None without one."""
        query = "SELECT name, started, by FROM programmes WHERE client_id = ? ORDER BY programme DESC LIMIT 1"
        rows = self._training(query, client_id)
        if not rows:
            return None
        name, started, by = rows[0]
        return begun_of(name, started, by, str(self.file))

    def assess(self, client_id: str, taken: Assessment, *, by: str) -> None:
        """Keep an assessment. Raises ClientError where the client is gone."""
        data = assessment_json(taken)
        with self._noting(client_id, by, "assessed", {"day": str(taken.day), **data}) as connection:
            connection.execute(
                "INSERT INTO assessments (client_id, day, data, by) VALUES (?, ?, ?, ?)",
                (client_id, str(taken.day), _text(data), by),
            )

    def assessments(self, client_id: str) -> tuple[Assessment, ...]:
        """The assessments, the earliest first; of two on one day the one noted later comes later."""
        query = "SELECT day, data FROM assessments WHERE client_id = ? ORDER BY day, assessment"
        return tuple(assessment_of(day, data, str(self.file)) for day, data in self._training(query, client_id))

    def erase(self, client_id: str) -> bool:
        """Erase a client with all that was changed, also from the file's free space; False if there was none."""
        if not sqlite.is_there(self.file):
            return False
        connection = self._connect("rw")
        try:
            # Zeros over what is deleted; then the file is written anew without free pages.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (
                "DELETE FROM programmes WHERE client_id = ?",
                "DELETE FROM assessments WHERE client_id = ?",
            ):
                connection.execute(statement, (client_id,))
            changes = connection.execute("DELETE FROM changes WHERE client_id = ?", (client_id,)).rowcount
            clients = connection.execute("DELETE FROM clients WHERE client_id = ?", (client_id,)).rowcount
            connection.execute("COMMIT")
            connection.execute("VACUUM")
        except sqlite3.Error as error:
            raise sqlite.explain(self.file, error) from error
        finally:
            connection.close()
        return bool(clients or changes)

    # -- the file ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing."""
        connection = self._connect("rw")
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise sqlite.explain(self.file, error) from error
        finally:
            connection.close()  # rolls back what was not committed

    @contextmanager
    def _noting(self, client_id: str, by: str, what: str, data: dict[str, Any]) -> Iterator[sqlite3.Connection]:
        """One transaction about a client who is there, with the change noted."""
        if not sqlite.is_there(self.file):
            raise ClientError(_unknown(client_id, []))
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM clients WHERE client_id = ?", (client_id,)).fetchone() is None:
                raise ClientError(_unknown(client_id, []))
            yield connection
            self._note(connection, client_id, by, what, data)

    def _training(self, query: str, client_id: str) -> list[Any]:
        """Rows about programmes and assessments; none in a file that no newer program has opened for writing yet."""
        with self._reading() as connection:
            if connection is None or _version(connection) < TRAINING_SINCE:
                return []
            return connection.execute(query, (client_id,)).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One look at the file; None where there is none yet."""
        if not sqlite.is_there(self.file):
            yield None
            return
        connection = self._connect("ro")
        try:
            connection.execute("BEGIN")
            yield connection if sqlite.check(connection, str(self.file), APPLICATION_ID, MIGRATIONS) else None
        except sqlite3.Error as error:
            raise sqlite.explain(self.file, error) from error
        finally:
            connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        if sqlite3.sqlite_version_info < sqlite.OLDEST:
            raise JournalError(f"SQLite {sqlite3.sqlite_version} is too old for {self.file}; 3.37 or later is needed")
        sqlite.refuse_no_file(self.file)
        try:
            connection = sqlite3.connect(
                f"{self.file.absolute().as_uri()}?mode={mode}", uri=True, timeout=sqlite.BUSY_S, isolation_level=None
            )
        except sqlite3.Error as error:
            raise sqlite.explain(self.file, error) from error
        # What somebody wrote by hand need not be UTF-8; it must not hide the rest.
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            sqlite.check(connection, str(self.file), APPLICATION_ID, MIGRATIONS)
            # A file cut off in the middle shows only where the missing pages are read: so all are, they are few. Of a
            # page that is there in part SQLite reads the rest as zeros.
            torn = self.file.stat().st_size % int(connection.execute("PRAGMA page_size").fetchone()[0])
            if torn or connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("database disk image is malformed")  # noqa: TRY301 - explained below
            if mode == "rw":
                for pragma in ("synchronous = FULL", "fullfsync = ON", "foreign_keys = ON"):
                    connection.execute(f"PRAGMA {pragma}")
                sqlite.migrate(connection, str(self.file), APPLICATION_ID, MIGRATIONS)
        except (sqlite3.Error, OSError) as error:
            connection.close()
            raise sqlite.explain(self.file, error) from error
        except BaseException:  # Ctrl-C too: no open file is left behind
            connection.close()
            raise
        return connection

    def _note(self, connection: sqlite3.Connection, client_id: str, by: str, what: str, data: dict[str, Any]) -> None:
        connection.execute(
            "INSERT INTO changes (client_id, utc_ms, by, what, data) VALUES (?, ?, ?, ?, ?)",
            (client_id, self._utc_ms(), by, what, _text(data)),
        )

    def _utc_ms(self) -> int:
        return int(self._wall() * 1000)


def _listed(kept: Profile, today: Day) -> Listed:
    reasons = tuple(str(reason) for reason in not_today(kept.facts, today))
    return Listed(kept.id, kept.name, kept.facts.level, f"up to {caps_of(kept.facts, today).backward}", reasons)


def _find(connection: sqlite3.Connection, name: str) -> tuple[str, str, str] | None:
    query = (
        "SELECT client_id, name, profile FROM clients WHERE name_key = ? OR client_id = ? ORDER BY name_key = ? DESC"
    )
    key = name_key(" ".join(name.split()))
    found: tuple[str, str, str] | None = connection.execute(query, (key, name, key)).fetchone()
    return found


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_taken(connection: sqlite3.Connection, name: str, client_id: str | None) -> None:
    taken = connection.execute("SELECT client_id FROM clients WHERE name_key = ?", (name_key(name),)).fetchone()
    if taken is not None and taken[0] != client_id:
        raise ClientError(f"a client is called {name!r} already; add something that tells them apart")


def _unknown(name: str, known: list[str]) -> str:
    shown = name if len(name) <= MOST_NAMED * 20 else f"{name[: MOST_NAMED * 20]}..."
    if not known:
        return f"no client is called {shown!r}: there are none yet (retroctl client add NAME --birth-year YEAR)"
    names = ", ".join(repr(each) for each in known[:MOST_NAMED])
    more = "" if len(known) <= MOST_NAMED else ", ..."
    return f"no client is called {shown!r}; known are {names}{more} (retroctl client list)"


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
