"""`python -m retroctl.cli.guard`: the guard's process. It is started by `run` and is of no use by itself.

Standard input is the program's pipe (its end is the program's death), standard output the lines back to it. The process
ends by `os._exit`: an orderly end of the event loop would let bleak drop the link, which is the program's as well.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from retroctl.adapters.guard.siren import Siren
from retroctl.app.clock import LoopClock
from retroctl.app.guarding import Guarding

if TYPE_CHECKING:
    from collections.abc import Callable

    from retroctl.app.clock import Clock
    from retroctl.app.ports import Treadmill

_IGNORED: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTOU", "SIGPIPE")
"""What is sent to everybody when a terminal closes or a user logs out is the program's to act on, not the guard's."""
LOCK_AFTER_S: Final = 0.2
LOCK_AGAIN_S: Final = 1.0
LAST_WORD_S: Final = 5.0
"""The last line is shown, and a sound that is playing ends, within this."""


@dataclass(frozen=True, slots=True)
class Post:
    """What the guard's process is told when it is started."""

    address: str
    name: str
    path: str
    """BlueZ's object path of the machine."""
    terminal: str | None
    locks: str
    """The folder of the machine's lock, which the guard takes over from a dead program."""
    volume: int
    """Of the alarm's sound, per cent; 0 for the terminal's bell alone."""

    def command(self) -> list[str]:
        """How the process is started; -P: whatever lies in the current folder is not taken for a module of ours."""
        return [sys.executable, "-P", "-m", "retroctl.cli.guard", json.dumps(asdict(self))]


def stand(post: Post, treadmill: Callable[[Clock, Callable[[], bool]], Treadmill]) -> None:
    """Be the guard; never returns. `treadmill` gets the clock and whether the program still holds the link."""
    for name in _IGNORED:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    siren = Siren(post.terminal, lambda: _sound(post.volume))
    try:
        asyncio.run(_stand(post, treadmill, siren))
    except BaseException as error:  # noqa: BLE001 - the process ends here, and it must not look like a guard any more
        siren.last(f"the guard has failed: {type(error).__name__}: {error}")
    os._exit(1)


async def _stand(post: Post, treadmill: Callable[[Clock, Callable[[], bool]], Treadmill], siren: Siren) -> None:
    sentry = _Sentry(post, LoopClock(), siren)
    sentry.guarding.begin(treadmill(LoopClock(), sentry.guarding.beside))
    for descriptor in (0, 1):
        os.set_blocking(descriptor, False)
    asyncio.get_running_loop().add_reader(0, sentry.read)
    await asyncio.Event().wait()  # the process ends otherwise


class _Sentry:
    """The guard between its two pipes, its siren and its end."""

    def __init__(self, post: Post, clock: Clock, siren: Siren) -> None:
        self._post, self._siren = post, siren
        self._loop = asyncio.get_running_loop()
        self._ends_at: float | None = None
        self.guarding = Guarding(clock, alarm=siren, tell=self._tell, over=self._over)

    def read(self) -> None:
        """What the program says; or that it says nothing any more."""
        try:
            data = os.read(0, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.guarding.hear(data.decode("ascii", errors="replace"))
            return
        self._loop.remove_reader(0)
        self._siren.plain_screen = not self.guarding.told_the_end
        self.guarding.died()

    def _tell(self, line: str) -> None:
        with suppress(OSError):
            os.write(1, f"{line}\n".encode())
        if line.startswith("stopping"):
            self._loop.call_later(LOCK_AFTER_S, self._hold)

    def _hold(self) -> None:
        if not self.guarding.beside() and not _held_lock(self._post):
            self._loop.call_later(LOCK_AGAIN_S, self._hold)  # the program is on its way out and still has it

    def _over(self, why: str) -> None:
        del why
        self._ends_at = self._ends_at or self._loop.time() + LAST_WORD_S
        if self._siren.quiet or self._loop.time() >= self._ends_at:
            os._exit(0)
        self._loop.call_later(0.05, self._over, "")


_held: list[object] = []


def _held_lock(post: Post) -> bool:
    """Whoever starts the program again meanwhile is told that this machine is still being stopped."""
    from pathlib import Path  # noqa: PLC0415 - only when it takes over

    from retroctl.adapters.ble.lock import machine_lock  # noqa: PLC0415 - heavy
    from retroctl.errors import TreadmillError  # noqa: PLC0415 - heavy

    lock = machine_lock(post.address, post.name, folder=Path(post.locks))
    try:
        lock.__enter__()  # held to the end of the process, which frees it
    except TreadmillError:
        return False
    _held.append(lock)
    return True


def _sound(volume: int) -> None:
    if not volume:
        return
    import threading  # noqa: PLC0415 - only when there is an alarm

    from retroctl.adapters.voice.bank import Bank  # noqa: PLC0415 - heavy
    from retroctl.adapters.voice.players import Played, system_players  # noqa: PLC0415 - heavy

    sound = Bank(volume).sound(("look-at-the-belt", "pull-the-clip"))
    for player in system_players():
        if player.play(sound, threading.Event()) is not Played.FAILED:
            return


def _on_air(post: Post) -> Callable[[Clock, Callable[[], bool]], Treadmill]:
    from bleak.backends.device import BLEDevice  # noqa: PLC0415 - a test's guard has no Bluetooth

    from retroctl.adapters.ble.treadmill import BleTreadmill  # noqa: PLC0415 - heavy

    device = BLEDevice(post.address, post.name, {"path": post.path})
    return lambda clock, beside: BleTreadmill(device, clock=clock, beside=beside)


def main() -> None:
    """The process."""
    post = Post(**json.loads(sys.argv[1]))
    stand(post, _on_air(post))


if __name__ == "__main__":
    main()
