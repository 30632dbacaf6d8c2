"""`retroctl remote`: teach a presenter remote, show what it was taught, forget it. No treadmill is touched."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from typing import Final

from retroctl.adapters.console.key_names import names
from retroctl.adapters.console.keys import keys
from retroctl.adapters.remote import Lesson, forget_remote, read_remote, save_remote
from retroctl.app.remote import AS_IT_COMES, STOP_KEYS, WORDS, Remote, shown
from retroctl.cli.ways_out import ways_out
from retroctl.config import remote_file
from retroctl.errors import ConfigError

PATIENCE_S: Final = 600.0
"""A lesson that nobody attends ends by itself."""


def teach_command(*, terminal: bool) -> int:
    """Teach the remote and save what was chosen. Raises ConfigError, also where there is no terminal."""
    if not terminal:
        raise ConfigError("`retroctl remote` needs a terminal: the remote's buttons arrive as its keys")
    file = remote_file()
    taught = asyncio.run(_lesson())
    if taught is None:
        print("Nothing was saved; the remote is as it was.")
        return 0
    save_remote(file, taught)
    print(f"Saved in {file}. `retroctl run` reads it at its start.")
    print("Try it before a client is on the belt: retroctl run --sim standard")
    return 0


async def _lesson() -> Remote | None:
    over = asyncio.Event()
    lesson: Lesson | None = None

    def left(_why: str = "") -> None:
        over.set()

    def pressed(burst: str) -> None:
        if "\x04" in burst:  # Ctrl-D
            over.set()
        elif lesson is not None and not over.is_set():
            lesson.press(names(burst, windows=sys.platform == "win32"), burst, time.monotonic())
            if lesson.over:
                over.set()

    with ways_out(left), keys(pressed, left):
        # Only now: what is pressed before the terminal gives single keys is thrown away.
        lesson = Lesson(lambda text: print(text, flush=True))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await over.wait()
    return lesson.saved


def show_command() -> int:
    """Print what the keys of the remote mean. Raises ConfigError for a file that cannot be used."""
    file = remote_file()
    remote = read_remote(file)
    if remote.keys:
        print(f"Taught ({file}):")
        for key, words in remote.lines:
            print(f"  {key:<12}{words}")
    else:
        print(f"Not taught (no {file}). As it comes, on the trainer's screen:")
        for key, meaning in AS_IT_COMES.items():
            print(f"  {shown(key):<12}{WORDS[meaning]}")
    always = ", ".join(shown(key) for key in STOP_KEYS)
    print(f"STOP always: {always}. With --plain every key stops the belt but Enter, h, d, p and what was taught.")
    return 0


def forget_command() -> int:
    """Remove what was taught. Raises ConfigError."""
    print("Forgotten; the remote is as it comes." if forget_remote(remote_file()) else "Nothing was taught.")
    return 0
