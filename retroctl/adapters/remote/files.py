"""The file of a remote that was taught: a few lines of TOML that a person can read and write, read strictly."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from retroctl.adapters.files import refuse_dead_link
from retroctl.app.remote import WORDS, Meaning, Remote, shown
from retroctl.errors import ConfigError

LARGEST: Final = 10_000
"""Bytes; five lines need 200."""
_LONGEST_KEY: Final = 100
_HEAD: Final = """\
# The presenter remote as it was taught with `retroctl remote`; `retroctl remote forget` removes this file.
# Space, Esc, s, b, full stop, F5 and Ctrl-Q are STOP whatever stands here.
"""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    stop: str
    hold: str | None = None
    confirm: str | None = None
    step_down: str | None = None
    balance_event: str | None = None


def read_remote(file: Path) -> Remote:
    """Read what was taught; an untaught Remote where there is no file. Raises ConfigError naming file and key."""
    try:
        if file.is_fifo():  # it would be waited for, for ever
            raise ConfigError(f"{file}: a pipe, not a file; {_WAY_OUT}")
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except FileNotFoundError:
        refuse_dead_link(file)
        return Remote()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}; {_WAY_OUT}") from None
    if len(data) > LARGEST:
        raise ConfigError(f"{file}: larger than {LARGEST} bytes; {_WAY_OUT}")
    try:
        given = _File.model_validate(tomllib.loads(data.decode()))
        return remote_of({meaning: key for meaning in Meaning if (key := getattr(given, meaning.value)) is not None})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])[:_LONGEST_KEY] or "?"
        key = key if key.isprintable() else repr(key)
        raise ConfigError(f"{file}: {key}: {first['msg']}; {_WAY_OUT}") from None
    except (ValueError, RecursionError, ConfigError) as error:  # ValueError: no TOML, no text, a number without end
        raise ConfigError(f"{file}: {error}; {_WAY_OUT}") from None


_WAY_OUT: Final = "mend it, or teach the remote anew with `retroctl remote`"


def remote_of(chosen: dict[Meaning, str]) -> Remote:
    """A remote from meanings to keys. Raises ConfigError where one key has two."""
    keys: dict[str, Meaning] = {}
    for meaning, key in chosen.items():
        if key in keys:
            raise ConfigError(f"{meaning.value}: {shown(key)[:40]} is {WORDS[keys[key]]} already")
        keys[key] = meaning
    return Remote(keys)


def save_remote(file: Path, remote: Remote) -> None:
    """Write it, whole or not at all. Raises ConfigError."""
    lines = [f'{meaning.value} = "{key}"' for key, meaning in remote.keys.items()]
    text = _HEAD + "\n".join(sorted(lines, key=lambda line: not line.startswith("stop"))) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix="remote-", suffix=".new")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(text)
            Path(name).replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}; the remote stays as it was") from None


def forget_remote(file: Path) -> bool:
    """Remove what was taught; False where nothing was. Raises ConfigError."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(f"{file} cannot be removed: {error.strerror or error}") from None
    return True
