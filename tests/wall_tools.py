"""A wall screen with a picture in hand, and viewers without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from retroctl.adapters.wall.address import WallAddress
from retroctl.adapters.wall.server import Wall
from retroctl.app.reports import Kind, Report
from retroctl.app.snapshot import Snapshot
from retroctl.domain.transitions import State
from retroctl.units import Speed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NEWS = Report(0.0, Kind.STATE, {})


def picture(**changed: Any) -> Snapshot:
    """A session in the middle of a hold, but for what is changed."""
    usual: dict[str, Any] = {
        "state": State.HOLDING,
        "stage": 1,
        "measured": Speed(260),
        "measured_age_s": 0.2,
        "target": Speed(260),
        "hold_s": 120.0,
        "hold_remaining_s": 74.0,
        "next_target": Speed(340),
        "raise_waits_for": None,
        "stop_view": None,
    }
    return Snapshot(**{**usual, **changed})


class Screen:
    """An open wall. `show` changes what it knows."""

    def __init__(self, *, lan: bool = False) -> None:
        self.now: Snapshot | None = picture()
        self.failed: list[str] = []
        self.wall = Wall(WallAddress("127.0.0.1", 0, lan), self._look, failed=self.failed.append)

    def _look(self) -> Snapshot | None:
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def show(self, now: Any) -> None:
        self.now = now
        self.wall(NEWS)

    @property
    def port(self) -> int:
        return int(self.wall.url.split(":")[2].split("/")[0])

    @property
    def path(self) -> str:
        return "/" + self.wall.url.split("/", 3)[3]


@asynccontextmanager
async def screen(*, lan: bool = False) -> AsyncIterator[Screen]:
    made = Screen(lan=lan)
    uncaught: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: uncaught.append(context))
    await made.wall.open()
    try:
        yield made
    finally:
        await made.wall.close()
    gc.collect()  # what a forgotten task has to say comes when it is collected
    assert uncaught == [], "in the program, what nobody catches in the loop stops the belt"


async def shut(writer: asyncio.StreamWriter) -> None:
    """Close a connection and see it closed: an open one at the end of a test is a warning, which is an error."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(2):
            await writer.wait_closed()


async def ask(
    port: int, path: str, *, method: str = "GET", host: str = "127.0.0.1"
) -> tuple[int, dict[str, str], bytes]:
    """One request to its end; status, headers in lower case, body."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            await shut(writer)
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), {n.lower(): v for n, v in (line.split(": ", 1) for line in lines)}, body


class Watching:
    """A viewer that reads. `events` holds what came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.status = 0
        self.events: list[dict[str, Any]] = []
        self.over = False

    @classmethod
    async def at(cls, port: int, path: str = "/") -> Watching:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path}events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        viewer = cls(reader, writer)
        async with asyncio.timeout(5):
            viewer.status = int((await reader.readline()).split()[1])
        return viewer

    async def next(self) -> dict[str, Any] | None:
        """The next event; None at the end."""
        async with asyncio.timeout(5):
            while line := await self._reader.readline():
                self.over |= line.startswith(b"event: over")
                if line.startswith(b'data: {"'):
                    self.events.append(json.loads(line.removeprefix(b"data: ")))
                    return self.events[-1]
        return None

    async def to_the_end(self) -> None:
        with contextlib.suppress(ConnectionError):
            while await self.next() is not None:
                pass

    async def close(self) -> None:
        await shut(self._writer)


def stalled(port: int, path: str = "/") -> socket.socket:
    """A viewer that asks and never reads, with as little room as the system allows."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.connect(("127.0.0.1", port))
    one.sendall(f"GET {path}events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return one
