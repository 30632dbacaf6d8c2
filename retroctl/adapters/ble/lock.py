"""One controller per machine on this computer: two programs steering one belt would undo each other's safety."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from platformdirs import user_data_path

from retroctl.errors import TreadmillError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def machine_lock(address: str, name: str, *, folder: Path | None = None) -> Iterator[None]:
    """Hold the machine at `address` for this process; the system frees it when the process dies, however it dies.

    `folder` defaults to `locks` in the user's data folder (not the run folder, which changes with how one logged in).
    Raises TreadmillError when another process holds it, or when the lock cannot be written.
    """
    where = folder or user_data_path("retroctl", appauthor=False) / "locks"
    # The address in one spelling: what a lock is about must not depend on who typed it.
    base = re.sub(r"[^0-9A-Z]+", "-", address.upper()).strip("-") or "machine"
    # The holder's number stands in a file of its own: on Windows a locked file cannot be read.
    holder = where / f"{base}.holder"
    lock = FileLock(where / f"{base}.lock", timeout=0)
    try:
        where.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise TreadmillError(_held(name, holder)) from error
    except (OSError, NotImplementedError) as error:
        raise TreadmillError(
            f"the lock for {name} cannot be made in {where} ({error}): make that folder writable, "
            "so that no second program can steer the belt"
        ) from error
    try:
        with suppress(OSError):
            holder.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _held(name: str, holder: Path) -> str:
    process = ""
    with suppress(OSError, ValueError):
        process = f" (process {int(holder.read_text(encoding='ascii'))})"
    return (
        f"another retroctl on this computer holds {name}{process}: end that session first, one program steers one belt"
    )
