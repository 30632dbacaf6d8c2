"""How each system is asked not to sleep. Every request ends with this process, however that ends.

Linux: `systemd-inhibit` (or elogind's) keeps its request as long as the `cat` that it runs reads from us. macOS:
`caffeinate -w` watches this process. Windows: the request belongs to the thread that made it.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

ANSWER_S: Final = 3.0
"""How long a system may take to say yes or no."""
KILLED_S: Final = 0.5
_LINUX: Final = ("systemd-inhibit", "elogind-inhibit")
_WHAT: Final = ("sleep:idle:handle-lid-switch", "sleep:idle", "idle")
"""From all to little: a login over the network may not keep the lid from mattering."""
_ES_CONTINUOUS, _ES_SYSTEM, _ES_DISPLAY = 0x80000000, 0x1, 0x2


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The computer may go to sleep: why."""


class Held(Protocol):
    """A request that is in force."""

    @property
    def words(self) -> str:
        """What keeps the computer awake, for people."""
        ...

    def release(self) -> None:
        """Take the request back; never raises, within `KILLED_S`."""
        ...


def hold_awake() -> Held:
    """Ask this system; blocks for up to `ANSWER_S` a try. Raises Refused."""
    if sys.platform == "win32":
        return _windows()
    if sys.platform == "darwin":
        return _caffeinate()
    return _linux()


class _Child:
    """A program that holds the request while it runs."""

    def __init__(self, words: str, process: subprocess.Popen[bytes]) -> None:
        self.words, self._process = words, process

    def release(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(KILLED_S)
        except subprocess.TimeoutExpired:
            return  # it ends by itself: what it reads from is closed


def _begin(command: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C in the terminal is for the belt, and no password is asked for there.
    try:
        return subprocess.Popen(  # noqa: S603 - fixed words, found on the path
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise Refused(f"{command[0]} cannot be run: {error.strerror or error}") from None


def _linux() -> Held:
    program = next((found for name in _LINUX if (found := shutil.which(name)) is not None), None)
    cat = shutil.which("cat")
    if program is None or cat is None:
        raise Refused("neither systemd-inhibit nor elogind-inhibit is installed")
    for what in _WHAT:
        child = _Child(f"logind keeps back {what.replace(':', ', ')}", _begin(_inhibit(program, what, cat)))
        if _echoes(child._process):  # noqa: SLF001 - of this module
            return child
        child.release()
    raise Refused("logind did not grant it (no system bus, or a login over the network)")


def _inhibit(program: str, what: str, cat: str) -> list[str]:
    why = "--why=the belt may move"
    return [program, f"--what={what}", "--who=retroctl", why, "--mode=block", cat]


def _echoes(process: subprocess.Popen[bytes]) -> bool:
    """Whether the `cat` runs, which is to say that the request was granted."""
    answer: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:
        return False

    def ask() -> None:
        try:
            stdin.write(b".")
            answer.put(stdout.read(1))
        except (OSError, ValueError):
            answer.put(b"")

    threading.Thread(target=ask, name="awake: asked", daemon=True).start()
    try:
        return answer.get(timeout=ANSWER_S) == b"."
    except queue.Empty:
        return False


def _caffeinate() -> Held:
    program = shutil.which("caffeinate")
    if program is None:
        raise Refused("caffeinate is not there")
    child = _Child("caffeinate", _begin([program, "-dis", "-w", str(os.getpid())]))
    try:
        child._process.wait(0.3)  # noqa: SLF001 - of this module
    except subprocess.TimeoutExpired:
        return child  # it runs
    child.release()
    raise Refused("caffeinate ended at once")


class _Windows:
    words = "Windows keeps system and display on"

    def __init__(self, ask: Callable[[int], int]) -> None:
        self._ask = ask

    def release(self) -> None:
        self._ask(_ES_CONTINUOUS)


def _windows() -> Held:
    ctypes: Any = import_module("ctypes")
    ask = ctypes.windll.kernel32.SetThreadExecutionState
    if not ask(_ES_CONTINUOUS | _ES_SYSTEM | _ES_DISPLAY):
        raise Refused("Windows did not grant it")
    return _Windows(ask)
