"""The computer as the checks see it; tests hand in another one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

if TYPE_CHECKING:
    from collections.abc import Callable

PROBE_LISTEN_S = 2.0
PROBE_DEADLINE_S = 25.0
"""Longer than BlueZ's own slowest answers; beyond it the Bluetooth stack counts as stuck."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the probe's process ended. `code` is negative for a signal, None when it had to be killed at the deadline."""

    code: int | None
    out: str = ""
    err: str = ""


def run_probe() -> Ended:
    """Try Bluetooth in a process of its own: macOS aborts one without permission, and a stuck stack may hang."""
    command = [sys.executable, "-m", "retroctl.adapters.ble.probe", str(PROBE_LISTEN_S)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no text from outside
            command,
            capture_output=True,
            text=True,
            timeout=PROBE_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return Ended(None)
    except OSError as error:
        return Ended(1, err=str(error))
    return Ended(done.returncode, done.stdout, done.stderr)


def _groups_of_login() -> frozenset[int]:
    return frozenset(os.getgroups()) if hasattr(os, "getgroups") else frozenset()


def _user_name() -> str:
    import getpass  # noqa: PLC0415 - needed for one check only

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


@dataclass(frozen=True, slots=True)
class Comforts:
    """What makes a session easier to run, as the other adapters find it; the command line puts them together.

    Each may block for a few seconds and never raises.
    """

    sound: Callable[[], tuple[list[str], str | None]] = lambda: ([], None)
    """The sound players that are installed, and the one that played a moment of silence."""
    speech: Callable[[], str | None] = lambda: None
    """The engine of the system's own voice."""
    awake: Callable[[], tuple[bool, str]] = lambda: (False, "nobody asked")
    """Whether the computer can be kept from sleeping, and by what or why not."""
    battery: Callable[[], tuple[float, bool] | None] = lambda: None
    """Per cent and whether it is being used up; None without a battery."""


@dataclass(frozen=True, slots=True)
class Host:
    """Everything that the checks ask the outside for."""

    platform: str = sys.platform
    python: tuple[int, int, int] = sys.version_info[:3]
    root: Path = Path("/")
    """Where sys, proc, etc and run are looked up (Linux)."""
    data_folder: Path = field(default_factory=lambda: user_data_path("retroctl", appauthor=False))
    probe: Callable[[], Ended] = run_probe
    groups_of_login: Callable[[], frozenset[int]] = _groups_of_login
    user_name: Callable[[], str] = _user_name
    is_root: bool = hasattr(os, "geteuid") and os.geteuid() == 0
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    has_module: Callable[[str], bool] = lambda name: find_spec(name) is not None
    is_terminal: Callable[[], bool] = lambda: sys.stdin.isatty() and sys.stdout.isatty()
    terminal_size: Callable[[], tuple[int, int]] = lambda: shutil.get_terminal_size((0, 0))
    terminal_encoding: Callable[[], str] = lambda: getattr(sys.stdout, "encoding", None) or ""
    terminal_kind: str = field(default_factory=lambda: os.environ.get("TERM", ""))
    comforts: Comforts | None = None
    """None: not looked at."""
