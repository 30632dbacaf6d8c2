"""Profile files: where they are, reading them strictly, writing them atomically."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import tomllib
from typing import TYPE_CHECKING, Final

from retroctl.adapters.files import is_there, refuse_dead_link
from retroctl.adapters.profiles.form import parse, render
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.domain.profile import Profile

FOLDER: Final = "machines"
LARGEST: Final = 100_000
"""A profile is a page of text; anything larger is something else."""
LONGEST_NAME: Final = 100


def path_of(data_dir: Path, address: str) -> Path:
    """The file of the machine at `address`, whether or not it exists."""
    name = re.sub(r"[^0-9A-Z-]", "-", address.upper())[:LONGEST_NAME]
    return data_dir / FOLDER / f"{name}.toml"


def load(data_dir: Path, address: str) -> Profile | None:
    """The profile of the machine at `address`; None when there is none. Raises ConfigError naming file and key."""
    path = path_of(data_dir, address)
    if not is_there(path):
        return None
    profile = _read(path)
    if profile.address.upper() != address.upper():
        raise ConfigError(f"{path}: address: it is {profile.address!r}, but the file is named after {address!r}")
    return profile


def load_all(data_dir: Path) -> list[Profile | ConfigError]:
    """Every profile in order of file names; for a file that cannot be read, what is wrong with it."""
    found: list[Profile | ConfigError] = []
    refuse_dead_link(data_dir / FOLDER)
    for path in sorted((data_dir / FOLDER).glob("*.toml")):
        try:
            found.append(_read(path))
        except ConfigError as error:
            found.append(error)
    return found


def save(data_dir: Path, profile: Profile) -> Path:
    """Write the profile; the old one stays until the new one is whole. Raises ConfigError naming the file."""
    path = path_of(data_dir, profile.address)
    text = render(profile)
    parse(path, tomllib.loads(text))  # what cannot be read again is not written
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".tmp", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - the temporary file has a name only
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108 - as above
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from None
    return path


def forget(data_dir: Path, address: str) -> Path:
    """Remove the profile of a machine. Raises ConfigError when there is none, or it cannot be removed."""
    path = path_of(data_dir, address)
    try:
        path.unlink()
    except FileNotFoundError:
        raise ConfigError(f"there is no profile of {address} ({path}); retroctl machine list shows all") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be removed: {error.strerror or error}") from None
    return path


def _read(path: Path) -> Profile:
    try:
        if path.is_fifo():  # it would be waited for, for ever
            raise ConfigError(f"{path}: a pipe, not a file; remove it")
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
        if len(written) > LARGEST:
            raise ConfigError(f"{path}: larger than a profile can be ({LARGEST} bytes)")
        data = tomllib.loads(written.decode("utf-8"))
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a text file (UTF-8); a profile is written in TOML") from None
    except (ValueError, RecursionError) as error:  # ValueError: a number of more digits than Python reads
        raise ConfigError(f"{path}: not TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from None
    return parse(path, data)
