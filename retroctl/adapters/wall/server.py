"""Serves a page from the program's own loop, and lets nothing that happens there reach the session.

No signal handling, no log, no limit left to the network: connections, their rate, their age, viewers and what waits
for each of them are all bounded here, because the loop is the one that controls the belt.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING, Final, cast

from aiohttp import web

from retroctl.adapters.wall.address import names_this_computer
from retroctl.adapters.wall.news import OVER, news
from retroctl.adapters.wall.page import HEADERS, page
from retroctl.adapters.wall.token import fits, new_token
from retroctl.adapters.wall.viewers import MOST, Viewers
from retroctl.app.reports import Kind, Report
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web_protocol import RequestHandler

    from retroctl.adapters.wall.address import WallAddress
    from retroctl.adapters.wall.page import Page
    from retroctl.adapters.wall.viewers import Viewer
    from retroctl.app.snapshot import Snapshot

BEAT_S: Final = 0.5
"""Something is sent at least this often: a page that hears nothing for 2 s turns grey."""
SPACING_S: Final = 0.2
"""And telemetry at most this often: nobody reads digits that change faster."""
URGENT_SPACING_S: Final = 0.05
"""A change of state, a stop, an alarm waits no longer than this."""
STALLED_S: Final = 5.0
"""A viewer that has taken nothing for so long is dropped. It has cost one event and a socket buffer until then."""
SEND_BUFFER: Final = 16 * 1024
"""Bytes that the system may keep for one viewer: the default would hide a stalled one for minutes."""
CONNECTIONS: Final = MOST + 14
CONNECTIONS_A_SECOND: Final = 120
"""More are cut at once, which costs next to nothing: a flood may starve the page, not the loop."""
REQUEST_S: Final = 10.0
"""A connection that is no viewer's ends after so long, whatever it is doing."""
CLOSE_S: Final = 1.0
BACKLOG: Final = 16

_URGENT: Final = frozenset({Kind.STATE, Kind.STOP, Kind.ALARM})

_silent = logging.getLogger(f"{__name__}.aiohttp")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # what strangers send must not fill the trainer's terminal, nor block on it


class PageServer:
    """The server of one page that shows what it is sent. `open`, `fresh` whenever there is something new, `close`."""

    def __init__(
        self,
        address: WallAddress,
        event: Callable[[], bytes],
        shown: Callable[[], Page],
        *,
        option: str,
        words: str,
        failed: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """`event`: what to send now. `option` and `words` name it in messages. `failed` is told once if it breaks."""
        self._address, self._event, self._shown = address, event, shown
        self._option, self._words, self._failed = option, words, failed
        self._token = new_token() if address.lan else None
        self._viewers = Viewers()
        self._fresh, self._urgent = asyncio.Event(), asyncio.Event()
        self._server = _Bounded(self._answer, access_log=None, logger=_silent, lingering_time=0.0)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=CLOSE_S / 2)
        self._broadcast: asyncio.Task[None] | None = None
        self.url = ""

    async def open(self) -> None:
        """Listen; then `url` is what to open. Raises ConfigError when the address cannot be had."""
        host, port = self._address.host, self._address.port
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ConfigError(
                f"{self._option}: {host} port {port} cannot be opened ({reason}); give another HOST:PORT"
            ) from error
        self.url = self._address.url(self._runner.addresses[0][1], self._token)
        self._broadcast = asyncio.create_task(self._tell(), name=self._option.strip("-"))
        self._broadcast.add_done_callback(self._ended)

    def fresh(self, *, urgent: bool = False) -> None:
        """There is something new. Only noted here: the page is told by a task of its own."""
        self._fresh.set()
        if urgent:
            self._urgent.set()

    async def close(self) -> None:
        """Tell the pages that it is over and let go of the port, within two seconds."""
        if self._broadcast is not None:
            self._broadcast.cancel()
        self._viewers.publish(OVER)
        await _within(self._viewers.nobody, CLOSE_S)
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._runner.cleanup()
        except TimeoutError:
            self._server.cut()

    # -- telling the viewers ---------------------------------------------------------------------------------------

    async def _tell(self) -> None:
        while True:
            self._fresh.clear()
            self._urgent.clear()
            if self._viewers:
                self._viewers.publish(self._event())
            await asyncio.sleep(URGENT_SPACING_S)
            if not await _within(self._urgent, SPACING_S - URGENT_SPACING_S):
                await _within(self._fresh, BEAT_S - SPACING_S)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._server.cut()  # silence turns the pages grey, which is the truth
            self._failed(f"{self._words} has failed: {type(error).__name__}: {error}")

    # -- answering -------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path = self._inside(request)
        if path is None:
            return _refusal(403)
        if request.method != "GET":
            return _refusal(405)
        if path == "/events":
            return await self._watched(request)
        if path == "/":
            whole = self._shown()
            answer = web.Response(body=whole.body, content_type="text/html", charset="utf-8", headers=whole.headers)
            answer.force_close()
            return answer
        return _refusal(404)

    def _inside(self, request: web.BaseRequest) -> str | None:
        """The path behind the token; None for whoever may not come in."""
        if self._token is None:
            return request.path if names_this_computer(request.headers.get("Host", "")) else None
        given, _, rest = request.path.removeprefix("/").partition("/")
        return f"/{rest}" if fits(given, self._token) else None

    async def _watched(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            return _refusal(404)
        viewer = self._viewers.join(self._event())
        if viewer is None:
            return _refusal(503)
        self._server.keep(request.protocol)
        try:
            answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
            answer.force_close()
            _shrink(transport)
            async with asyncio.timeout(STALLED_S):
                await answer.prepare(request)
            await _feed(viewer, transport, answer)
        except (ConnectionError, TimeoutError):
            transport.abort()
        finally:
            self._viewers.leave(viewer)
        return answer


class Wall(PageServer):
    """The client's wall screen: a listener of reports. `open`, then give it the reports, then `close`."""

    def __init__(
        self,
        address: WallAddress,
        picture: Callable[[], Snapshot | None],
        *,
        pace: float = 1.0,
        failed: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """`pace` is session seconds per real second. `failed` is told once if the wall breaks; the session goes on."""
        super().__init__(
            address, lambda: news(picture(), pace=pace), page, option="--wall", words="the wall screen", failed=failed
        )

    def __call__(self, report: Report) -> None:
        """Something happened."""
        self.fresh(urgent=report.kind in _URGENT)


async def _feed(viewer: Viewer, transport: asyncio.Transport, answer: web.StreamResponse) -> None:
    """Send what there is for as long as it is taken. What a viewer has not taken yet is never added to."""
    loop = asyncio.get_running_loop()
    taken_at = loop.time()
    while True:
        async with asyncio.timeout(STALLED_S):
            event = await viewer.take()
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() == 0:
            taken_at = loop.time()
            async with asyncio.timeout(STALLED_S):
                await answer.write(event)
        elif loop.time() - taken_at > STALLED_S:
            raise TimeoutError
        if event is OVER:
            return


class _Cut(asyncio.Protocol):
    """Ends a connection as soon as it begins."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """End it."""
        cast("asyncio.Transport", transport).abort()


class _Bounded(web.Server):
    """aiohttp's server with what it leaves open closed: how many connections, how fast, and for how long."""

    def __init__(self, answer: Callable[[web.BaseRequest], object], **options: object) -> None:
        super().__init__(answer, **options)  # type: ignore[arg-type]  # handed through as aiohttp has them
        self._deadlines: dict[RequestHandler, asyncio.TimerHandle] = {}
        self._second, self._in_second = 0, 0

    def __call__(self) -> RequestHandler:
        """What speaks to a new connection. aiohttp has no way to refuse one, so it must not hear of it."""
        second = int(asyncio.get_running_loop().time())
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        if len(self.connections) >= CONNECTIONS or self._in_second > CONNECTIONS_A_SECOND:
            return cast("RequestHandler", _Cut())
        return super().__call__()

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Give it its time."""
        super().connection_made(handler, transport)
        self._deadlines[handler] = asyncio.get_running_loop().call_later(REQUEST_S, transport.abort)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """It needs no end any more."""
        self.keep(handler)
        super().connection_lost(handler, exc)

    def keep(self, handler: RequestHandler) -> None:
        """This one is a viewer's: it has no end of its own."""
        deadline = self._deadlines.pop(handler, None)
        if deadline is not None:
            deadline.cancel()

    def cut(self) -> None:
        """End every connection."""
        for handler in self.connections:
            if handler.transport is not None:
                handler.transport.abort()


def _refusal(status: int) -> web.Response:
    answer = web.Response(status=status, text=f"{status}\n", headers=HEADERS)
    answer.force_close()
    return answer


def _shrink(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether it happened in that time."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
