"""The checks that have nothing to do with Bluetooth, and all of them together."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from retroctl.adapters.doctor.bluetooth import check_bluetooth
from retroctl.adapters.doctor.comforts import check_comforts
from retroctl.adapters.doctor.host import Host
from retroctl.adapters.doctor.report import Check, not_ok, ok, unknown
from retroctl.errors import needs_extra

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 100 * 1000 * 1000
"""A session takes well under 1 MB; a disk this full fills up from elsewhere within a session."""
LEAST_COLUMNS, LEAST_ROWS = 80, 24


def run_checks(host: Host | None = None) -> list[Check]:
    """Run every check, in the order in which to mend things. Never raises; blocks up to half a minute (Bluetooth)."""
    here = host or Host()
    comforts = [] if here.comforts is None else check_comforts(here.comforts, here.platform)
    return [_python(here), _data_folder(here), _terminal(here), _extras(here), *comforts, *check_bluetooth(here)]


def _python(host: Host) -> Check:
    version = ".".join(map(str, host.python))
    if host.python[:2] >= OLDEST_PYTHON:
        return ok("Python", version)
    return not_ok("Python", f"{version} is too old", "install Python 3.11 or later and retroctl with it")


def _data_folder(host: Host) -> Check:
    name, folder = "Data folder", host.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"retroctl")
        free = host.free_bytes(folder)
    except OSError as error:
        return not_ok(name, f"{folder} cannot be written ({error.strerror or error})", _make_writable(folder))
    shown = f"{folder}, {free / 1e6:.0f} MB free"
    if free < LEAST_FREE_BYTES:
        return not_ok(name, f"{shown}: too little to keep a record", "free at least 100 MB on that disk")
    return ok(name, shown)


def _make_writable(folder: Path) -> str:
    return f"make {folder} a folder that you may write to, and see that the disk is neither full nor read-only"


def _terminal(host: Host) -> Check:
    name = "Terminal"
    if not host.is_terminal():
        return unknown(
            name, "this is not a terminal", "a session with a real machine needs one: open a terminal window"
        )
    columns, rows = host.terminal_size()
    shown = f"{columns} x {rows} characters"
    if host.terminal_kind == "dumb":
        return not_ok(name, "it can show only plain lines", "use --plain, or another terminal program")
    if "utf" not in host.terminal_encoding().lower():
        return not_ok(
            name,
            f"its encoding is {host.terminal_encoding() or 'unknown'}",
            "set it to UTF-8 (Linux: LANG=C.UTF-8; Windows: Windows Terminal), or use --plain",
        )
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return not_ok(
            name, f"{shown} are too few", f"make the window at least {LEAST_COLUMNS} x {LEAST_ROWS}, or use --plain"
        )
    return ok(name, shown)


def _extras(host: Host) -> Check:
    name = "Extra `radio`"
    if host.has_module("bumble"):
        return ok(name, "installed")
    return ok(name, "not installed; only `retroctl simulate` needs it", f"if you want that: {needs_extra('radio')}")
