"""Which strap each client wore last: a few lines of TOML beside the clients' file, by the client's random id."""

from __future__ import annotations

import contextlib
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from pydantic import RootModel

from retroctl.adapters.files import refuse_dead_link
from retroctl.errors import ConfigError

FILE_NAME: Final = "straps.toml"
LARGEST: Final = 1_000_000
_HEAD: Final = "# The strap of each client, by the client's id; written by retroctl run, safe to remove.\n"
_WAY_OUT: Final = "mend or remove it; straps are then chosen anew with --strap"


class _File(RootModel[dict[str, str]]):
    pass


class StrapBook:
    """The straps remembered in `folder`. Every call raises ConfigError, naming the file, where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE_NAME

    def of(self, client_id: str) -> str | None:
        """The address of that client's strap; None where none is remembered."""
        return self._read().get(client_id)

    def remember(self, client_id: str, address: str) -> None:
        """Keep it, in place of the one before."""
        known = self._read()
        if known.get(client_id) != address:
            self._write({**known, client_id: address})

    def forget(self, client_id: str) -> None:
        """Remove it."""
        known = self._read()
        if known.pop(client_id, None) is not None:
            self._write(known)

    def _read(self) -> dict[str, str]:
        try:
            if self.file.is_fifo():  # it would be waited for, for ever
                raise ConfigError(f"{self.file}: a pipe, not a file; {_WAY_OUT}")
            with self.file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except FileNotFoundError:
            refuse_dead_link(self.file)
            return {}
        except OSError as error:
            raise ConfigError(f"{self.file}: {error.strerror or error}; {_WAY_OUT}") from None
        try:
            return dict(_File.model_validate(tomllib.loads(data[:LARGEST].decode()), strict=True).root)
        except (
            ValueError,
            RecursionError,
        ) as error:  # ValueError: no TOML, no text, other values, a number without end
            reason = " ".join(str(error).split())[:120]
            raise ConfigError(f"{self.file}: {reason}; {_WAY_OUT}") from None

    def _write(self, known: dict[str, str]) -> None:
        lines = [f'{client} = "{_plain(address)}"\n' for client, address in sorted(known.items())]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.file.parent, prefix="straps-", suffix=".new")  # 0600
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                    opened.write(_HEAD + "".join(lines))
                Path(name).replace(self.file)
            except OSError:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise ConfigError(f"{self.file} cannot be written: {error.strerror or error}") from None


def _plain(address: str) -> str:
    """An address holds letters, digits, colons and hyphens; nothing else is written."""
    return "".join(character for character in address if character.isalnum() or character in ":-")
