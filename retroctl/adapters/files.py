"""What the adapters that read and write files have in common: read within bounds, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_SHOWN: Final = 200


def shown(path: Path | str) -> str:
    """A path as plain text of bounded length."""
    text = str(path)
    return text if text.isprintable() and len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]!r}"


def shown_text(text: str, most: int = 60) -> str:
    """Foreign text as one short line of printable characters."""
    kept = " ".join(text.split())
    kept = "".join(c if c.isprintable() else "?" for c in kept)
    return kept if len(kept) <= most else f"{kept[: most - 3]}..."


def is_there(path: Path) -> bool:
    """Whether there is anything of that name: False only where there is nothing, which a person may take for new.

    Raises ConfigError for a link that leads nowhere, most often to a disk that is not connected, and for what cannot be
    looked at.
    """
    try:
        path.stat()
    except FileNotFoundError:
        refuse_dead_link(path)
        return False
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown(path)}: cannot be read: {_reason(error)}") from None
    return True


def refuse_dead_link(path: Path) -> None:
    """Raise ConfigError where `path`, or a folder on the way to it, is a link that leads nowhere."""
    for each in (path, *path.parents):
        if each.is_symlink() and not each.exists():
            raise ConfigError(
                f"{shown(each)} is a link to {shown(each.readlink())}, where there is nothing; "
                "connect the disk that it leads to, or remove the link"
            )


def read_bounded(path: Path, most: int, what: str) -> bytes:
    """The file's bytes. Raises ConfigError when it is none, or larger than `what` can be: `most` bytes."""
    name = shown(path)
    try:
        status = path.stat()
        # A pipe or a device could block for ever, or never end.
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{name}: not a file")
        if status.st_size > most:
            raise ConfigError(
                f"{name}: {status.st_size} bytes are more than {what} can have ({most}); nothing was read"
            )
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise ConfigError(f"{name}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: cannot be read: {_reason(error)}") from None
    if len(data) > most:
        raise ConfigError(f"{name}: grew past what {what} can have ({most} bytes) while it was read")
    if not data:
        raise ConfigError(f"{name}: the file is empty")
    return data


def refuse_existing(path: Path, *, force: bool, folder_to_come: bool = False) -> None:
    """Raise ConfigError when something is there already and may not be overwritten, or is no file.

    `folder_to_come`: its folder is made later.
    """
    name = shown(path)
    try:
        if path.is_dir():
            raise ConfigError(f"{name}: is a folder; give the name of a file")
        if path.exists() and not force:
            raise ConfigError(f"{name}: is there already; give another --out, or --force to overwrite it")
        if not path.parent.is_dir() and not folder_to_come:
            raise ConfigError(f"{name}: the folder {shown(path.parent)} does not exist; make it first")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: cannot be written: {_reason(error)}") from None


def write_whole(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write `data` under `path`, all of it or nothing. Raises ConfigError."""
    write_pieces(path, (data,), force=force)


def write_pieces(path: Path, pieces: Iterable[bytes], *, force: bool = False) -> None:
    """Write the pieces under `path`, all of them or nothing: a reader never sees half a file.

    Made for its owner only (0600): exports tell about a person. Raises ConfigError, and what `pieces` raises.
    """
    refuse_existing(path, force=force)
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".retroctl-", suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        put_in_place(Path(temporary), path, force=force)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{shown(path)}: cannot be written: {_reason(error)}") from None
    finally:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)


def put_in_place(finished: Path, path: Path, *, force: bool) -> None:
    """Give a finished file its name. Without `force`, nothing that came there meanwhile is overwritten.

    Raises ConfigError, OSError.
    """
    if force:
        finished.replace(path)
        return
    try:
        os.link(finished, path)  # fails where the name is taken, in one step
    except FileExistsError:
        raise ConfigError(f"{shown(path)}: is there already; give another --out, or --force to overwrite it") from None
    except OSError:  # a disk without links
        refuse_existing(path, force=False)
        finished.replace(path)


def _reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
