"""What `retroctl client` does."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl import __version__
from retroctl.adapters.clients import ClientStore
from retroctl.adapters.clients.straps import StrapBook
from retroctl.adapters.clients.training import assessment_json, programme_json
from retroctl.adapters.console.text import plain
from retroctl.adapters.journal import FILE_NAME
from retroctl.adapters.journal.erase import erase_client as erase_from_record
from retroctl.adapters.journal.export import notes_of, sessions_of
from retroctl.adapters.journal.history import history, outings
from retroctl.adapters.sqlite import is_there
from retroctl.app.client_desk import ClientDesk, Done
from retroctl.app.client_given import OPTIONS, Given, decider
from retroctl.app.client_profile import as_json
from retroctl.app.client_words import (
    LONGEST_LINE,
    SCREEN_AGAIN,
    condition_lines,
    level_head,
    level_lines,
    profile_lines,
)
from retroctl.cli.client_list import list_lines
from retroctl.cli.person import today
from retroctl.cli.trainer import account
from retroctl.config import load_settings
from retroctl.domain.limits import Level
from retroctl.errors import ClientError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from retroctl.app.client_given import ClearanceGiven, Terms

EXPORT_VERSION: Final = 1


def store() -> ClientStore:
    """The clients of the configured data folder."""
    return ClientStore(load_settings().data_dir)


def desk_of(folder: Path, terms: Terms = OPTIONS) -> ClientDesk:
    """The acts on the clients of a folder, whose sessions are in the record beside them."""

    def done(client_id: str, with_simulated: bool) -> Done:
        record = folder / FILE_NAME
        return Done(history(record, client_id, with_simulated=with_simulated), outings(record, client_id))

    return ClientDesk(ClientStore(folder), done, today=today, account=account, terms=terms)


def add_client(name: str, given: Given, by: str | None) -> None:
    """Add a client. Raises ClientError, JournalError."""
    kept = _desk().add(name, given, by)
    print(f"Added {plain(kept.name)} (id {kept.id}), at level {kept.facts.level}.")
    _print(profile_lines(kept, today()))


def edit_client(name: str, given: Given, by: str | None) -> None:
    """Change facts. Raises ClientError, JournalError."""
    if given == Given():
        raise ClientError("nothing to change was given (see retroctl client edit --help)")
    after = _desk().edit(name, given, by)
    if given.voids_screening:
        print(f"{SCREEN_AGAIN} and note it with --screening.")
    _print(profile_lines(after, today()))


def show_client(name: str) -> None:
    """Print a client. Raises ClientError, JournalError."""
    _print(_desk().lines(name))


def list_clients() -> None:
    """Print all clients. Raises JournalError."""
    found = store().listed(today())
    if not found:
        print("No clients yet: retroctl client add NAME --birth-year YEAR")
    _print(list_lines(found))


def show_levels(name: str, *, with_simulated: bool) -> None:
    """Print what every level asks for. Raises ClientError, JournalError."""
    desk = _desk()
    found = desk.clients.find(name)
    print(f"{plain(found.name)} is at level {found.facts.level}.")
    for level in Level:
        print(level_head(level))
        _print(condition_lines(desk.conditions(found, level, with_simulated=with_simulated), indent=2))


def set_level(name: str, wanted: str, *, by: str | None, despite: str | None, with_simulated: bool) -> None:
    """Change a level, with its conditions recorded. Raises ClientError, JournalError."""
    done = _desk().set_level(name, wanted, by=by, despite=despite, with_simulated=with_simulated)
    _print(condition_lines(done.conditions, indent=2))
    _print(level_lines(done.profile, done.by))


def clear_client(name: str, given: ClearanceGiven, by: str | None) -> None:
    """Note or remove a clearance. Raises ClientError, JournalError."""
    _print(profile_lines(_desk().clear(name, given, by), today()))


def export_client(name: str, to: str | None) -> None:
    """Write one JSON file. Raises ClientError, ConfigError, JournalError."""
    clients = store()
    found = clients.find(name)
    record = _record()
    sessions = sessions_of(record, found.id)
    whole = {
        "format": "retroctl client",
        "version": EXPORT_VERSION,
        "program_version": __version__,
        "exported_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "client": {"id": found.id, "name": found.name, **as_json(found)},
        "strap": StrapBook(clients.file.parent).of(found.id),
        "changes": [
            {"utc": _utc(each.utc_ms), "by": each.by, "what": each.what, "data": each.data}
            for each in clients.changes(found.id)
        ],
        "programme": programme_json(clients.programme(found.id)),
        "assessments": [{"day": str(each.day), **assessment_json(each)} for each in clients.assessments(found.id)],
        "notes": notes_of(record, found.id),
        "sessions": sessions,
    }
    file = Path(f"client-{found.id}.json" if to is None else to)
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    try:
        # Never over something that is there, and for this account's eyes only.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise ConfigError(f"{file}: there is a file already; name another with --to") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror or error}") from None
    print(f"{file}: {plain(found.name)}, {len(sessions)} sessions. It holds personal data: keep it safe.")


def erase_client(name: str, *, yes: bool) -> None:
    """Erase a client. Raises ClientError, JournalError, ConfigError where nobody can be asked."""
    clients = store()
    client_id, called = clients.known(name)  # nothing else of a client needs to be readable to be erased
    if not yes:
        _ask_for_name(called, client_id)
    record = _record()
    # The record first: should it be in use, the client is still there to be erased again.
    if is_there(record):
        erase_from_record(record, client_id)
    StrapBook(clients.file.parent).forget(client_id)
    clients.erase(client_id)
    where = f"Sessions stay in the record under the id {plain(client_id)}, which leads to nobody."
    print(f"Erased. {where} Backups are not touched.")


def _ask_for_name(name: str, client_id: str) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for the name once more: add --yes")
    print(f"Erasing cannot be undone. Type the name ({plain(name)}) to erase it: ", end="", flush=True)
    # The id will do: a name that was spoilt cannot always be typed.
    if sys.stdin.readline().strip() not in (name, client_id):
        raise ConfigError("the name was not typed; nothing was erased")


def decided_by(by: str | None) -> str:
    """Who decides: as given, or this computer's account. Raises ClientError."""
    return decider(by, account(), OPTIONS)


def _desk() -> ClientDesk:
    return desk_of(load_settings().data_dir)


def _record() -> Path:
    return load_settings().data_dir / FILE_NAME


def _utc(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms / 1000, UTC).isoformat(timespec="seconds")


def _print(lines: Iterable[str]) -> None:
    """Names and free text are in these lines, so each is made plain."""
    for line in lines:
        print(plain(line, LONGEST_LINE))
