"""`retroctl floor`: all machines of a club on a screen, on a page, or both. It asks for nothing but Stop."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from retroctl.adapters.console.text import plain
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.app.floor import Floor
from retroctl.app.floor_words import GO_THERE, heading
from retroctl.app.result import ExitStatus
from retroctl.cli.floor_mqtt import LEAVES, FloorWatch
from retroctl.cli.status import OK
from retroctl.cli.ways_out import ways_out
from retroctl.errors import ConfigError, needs_extra

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.tui.floor.run import FloorScreen
    from retroctl.adapters.wall.address import WallAddress


NOT_SENT: Final = int(ExitStatus.NOT_AT_REST)
"""A Stop that was asked for did not leave this computer: somebody has to look at a belt."""
UNSENT_NAMES: Final = 20


@dataclass(frozen=True, slots=True)
class FloorOptions:
    """A floor as asked for."""

    broker: Broker
    web: WallAddress | None = None
    screen: bool = True


def floor_command(options: FloorOptions) -> int:
    """Show it until somebody leaves. Raises RetroctlError."""
    if not options.screen and options.web is None:
        raise ConfigError("the floor needs a terminal; without one, serve it as a page: add --web")
    return asyncio.run(_show(options))


async def _show(options: FloorOptions) -> int:
    club = options.broker.address.club
    floor = Floor(lambda: secrets.token_hex(8))
    async with AsyncExitStack() as stack:
        watch = await stack.enter_async_context(_watched(floor, options.broker, club))
        said = _Said()
        if options.web is not None:
            said.page = await stack.enter_async_context(_served(floor, options.web, club, said))
        if options.screen:
            await _on_screen(floor, watch, club, said)
        else:
            await _until_left(floor)
    return NOT_SENT if floor.unsent() else OK


class _Said:
    """What is to be told about the page: on standard error, and in the screen's own way while that covers it."""

    def __init__(self) -> None:
        self.page = ""
        self.screen: FloorScreen | None = None

    def __call__(self, text: str) -> None:
        """Tell it."""
        if self.screen is None:
            _say(text)
        else:
            self.screen.say(text)


@asynccontextmanager
async def _watched(floor: Floor, broker: Broker, club: str) -> AsyncIterator[FloorWatch]:
    hub = Hub()
    watcher = Watcher(hub, broker, club, leaves=LEAVES, name="floor")
    watch = FloorWatch(floor, watcher, club)
    floor.unlinked(time.monotonic(), "connecting")
    watcher.begin()
    watching = asyncio.create_task(watch.run(), name="floor: hears")
    watching.add_done_callback(lambda task: _broke(task, floor))
    try:
        yield watch
    finally:
        watching.cancel()
        watch.hand_over()
        await watcher.close()
        await asyncio.to_thread(hub.close)
        if unsent := floor.unsent():
            some, more = ", ".join(unsent[:UNSENT_NAMES]), max(0, len(unsent) - UNSENT_NAMES)
            _say(
                f"STOP did NOT leave this computer for: {plain(some)}{f' and {more} more' if more else ''} - {GO_THERE}"
            )


def _broke(task: asyncio.Task[None], floor: Floor) -> None:
    """A fault of ours in hearing: from here everything gets old, and that must be said."""
    if not task.cancelled() and (error := task.exception()) is not None:
        floor.unlinked(time.monotonic(), f"a fault in this program: {type(error).__name__}: {error}")


@asynccontextmanager
async def _served(floor: Floor, address: WallAddress, club: str, said: _Said) -> AsyncIterator[str]:
    try:
        from retroctl.adapters.wall.floor_page import FloorPage  # noqa: PLC0415 - an extra, and only for those who ask
    except ImportError as error:
        raise ConfigError(f"--web needs {needs_extra('wall')} ({error})") from error

    page = FloorPage(address, floor, time.monotonic, club=club, failed=said)
    await page.open()
    _say(f"The floor's page: {page.url}")
    try:
        yield page.url
    finally:
        await page.close()


async def _on_screen(floor: Floor, watch: FloorWatch, club: str, said: _Said) -> None:
    from retroctl.adapters.tui.floor.run import FloorScreen  # noqa: PLC0415 - heavy

    screen = said.screen = FloorScreen(floor, time.monotonic, watch.send, club=club, page=said.page)
    with ways_out(screen.leave):
        await screen.run()
    said.screen = None


async def _until_left(floor: Floor) -> None:
    """Without a screen the page is all; a line says when the broker comes and goes."""
    over = asyncio.Event()
    _say("Ctrl-C ends it.")
    said = ""
    with ways_out(lambda _name: over.set()):
        while not over.is_set():
            now = time.monotonic()
            words = heading(floor, floor.rows(now), now).broker and f"no broker: {plain(floor.link_words)}"
            if words not in (said, "no broker: connecting"):
                said = words
                _say(words or "The broker is there.")
            try:
                async with asyncio.timeout(1.0):
                    await over.wait()
            except TimeoutError:
                continue


def _say(text: str) -> None:
    sys.stderr.write(f"retroctl: {text}\n")
    sys.stderr.flush()
