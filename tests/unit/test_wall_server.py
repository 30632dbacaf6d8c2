"""The wall screen's server: who gets in, what they get, and what becomes of those who do not read. Real sockets."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest
from wall_tools import Watching, ask, picture, screen, shut, stalled

from retroctl.adapters.wall import server
from retroctl.adapters.wall.address import WallAddress
from retroctl.adapters.wall.server import Wall
from retroctl.app.reports import Kind, Report
from retroctl.domain.effects import StopView
from retroctl.domain.transitions import State
from retroctl.errors import ConfigError
from retroctl.units import Speed


async def until(true, *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.01)


async def the_rest(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection ends, one way or the other."""
    async with asyncio.timeout(5):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def test_the_page_and_its_headers():
    async with screen() as shown:
        status, headers, body = await ask(shown.port, "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert body.startswith(b"<!doctype html>")
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["server"] == "retroctl"


async def test_events_come_at_once_when_something_happens_and_anyway(monkeypatch):
    monkeypatch.setattr(server, "BEAT_S", 60.0)  # what comes before that came for the news
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        assert (await viewer.next())["speed"] == 2.6
        shown.show(picture(measured=Speed(340)))
        while (await viewer.next())["speed"] != 3.4:
            pass
        monkeypatch.undo()
        shown.show(picture(measured=Speed(350)))  # the beat that waits is the long one
        while (await viewer.next())["speed"] != 3.5:
            pass
        assert await viewer.next(), "a heartbeat, though nothing happened"
        await viewer.close()


async def test_telemetry_is_told_at_most_five_times_a_second():
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        loop = asyncio.get_running_loop()
        end = loop.time() + 1.0
        reading = asyncio.create_task(viewer.to_the_end())
        while loop.time() < end:
            shown.wall(Report(0.0, Kind.TELEMETRY, {}))
            await asyncio.sleep(0.005)
        assert 2 <= len(viewer.events) <= 8
        reading.cancel()
        await viewer.close()


async def test_a_stop_is_told_as_it_stands():
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        shown.show(picture(state=State.STOPPING, stop_view=StopView.NOT_CONFIRMED))
        while (await viewer.next())["state"] != "stopping":
            pass
        assert viewer.events[-1]["stop"] == "NOT CONFIRMED - PULL THE CLIP"
        await viewer.close()


@pytest.mark.parametrize(
    "path", ["/", "/events", "/0123456789ab/", "/0123456789ab/events", "/%C3%A9/events", "/%ff/", "//"]
)
async def test_a_wrong_token_gets_403_and_no_data(path):
    async with screen(lan=True) as shown:
        status, headers, body = await ask(shown.port, path)
    assert (status, body) == (403, b"403\n")
    assert "script-src" not in headers["content-security-policy"]


async def test_the_right_token_lets_in_and_only_reading():
    async with screen(lan=True) as shown:
        assert len(shown.path.strip("/")) == 12
        assert (await ask(shown.port, shown.path))[0] == 200
        assert (await ask(shown.port, shown.path.rstrip("/")))[0] == 200
        assert (await ask(shown.port, shown.path, method="POST"))[0] == 405
        assert (await ask(shown.port, shown.path + "favicon.ico"))[0] == 404
        assert (await ask(shown.port, "/wrong", method="POST"))[0] == 403
        viewer = await Watching.at(shown.port, shown.path)
        assert (await viewer.next())["state"] == "holding"
        await viewer.close()


async def test_without_a_token_another_name_for_this_computer_gets_403():
    async with screen() as shown:
        assert (await ask(shown.port, "/events", host="evil.example"))[0] == 403
        assert (await ask(shown.port, "/", host="localhost:1"))[0] == 200


async def test_what_is_no_request_is_answered_and_forgotten():
    async with screen() as shown:
        for rubbish in (
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"A" * 70_000,
            b"GET * HTTP/1.1\r\n\r\n",
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", shown.port)
            writer.write(rubbish)
            assert b"speed" not in await the_rest(reader)
            await shut(writer)
        assert (await ask(shown.port, "/"))[0] == 200


async def test_the_fifty_first_viewer_gets_503():
    async with screen() as shown:
        viewers = [await Watching.at(shown.port) for _ in range(50)]
        assert {viewer.status for viewer in viewers} == {200}
        refused = await Watching.at(shown.port)
        assert refused.status == 503
        assert (await ask(shown.port, "/"))[0] == 200, "the page itself still comes"
        await viewers[0].close()
        await until(lambda: len(shown.wall._viewers) < 50)
        late = await Watching.at(shown.port)
        assert late.status == 200
        for viewer in (*viewers[1:], late, refused):
            await viewer.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes what it likes into its own buffers")
async def test_a_viewer_that_never_reads_is_dropped_and_keeps_one_event_waiting(monkeypatch):
    monkeypatch.setattr(server, "STALLED_S", 0.4)
    monkeypatch.setattr(server, "SEND_BUFFER", 2048)
    monkeypatch.setattr(server, "URGENT_SPACING_S", 0.0)
    monkeypatch.setattr(server, "SPACING_S", 0.0)
    async with screen() as shown:
        sleeper = stalled(shown.port)
        await until(lambda: len(shown.wall._viewers) == 1)
        (transport,) = shown.wall._server._connections.values()
        most = 0
        async with asyncio.timeout(20):
            while shown.wall._viewers:
                shown.show(picture())
                most = max(most, transport.get_write_buffer_size())
                await asyncio.sleep(0)
        assert 0 < most < 400, "no more than one event ever waited for it"
        sleeper.close()


async def test_a_connection_that_asks_for_nothing_ends(monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.1)
    async with screen() as shown:
        reader, writer = await asyncio.open_connection("127.0.0.1", shown.port)
        writer.write(b"GET / HT")
        assert await the_rest(reader) == b""
        await shut(writer)


async def test_a_viewer_outlives_the_time_that_a_request_may_take(monkeypatch):
    monkeypatch.setattr(server, "REQUEST_S", 0.1)
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        for _ in range(3):
            assert await viewer.next() is not None
        await viewer.close()


async def test_a_flood_of_connections_is_cut(monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS", 10)
    async with screen() as shown:
        flood = [await asyncio.open_connection("127.0.0.1", shown.port) for _ in range(30)]
        await until(lambda: 0 < len(shown.wall._server.connections) <= 10)
        for _, writer in flood:
            await shut(writer)
        await until(lambda: not shown.wall._server.connections)
        assert (await ask(shown.port, "/"))[0] == 200


async def test_more_connections_a_second_than_allowed_are_cut(monkeypatch):
    monkeypatch.setattr(server, "CONNECTIONS_A_SECOND", 3)
    async with screen() as shown:
        ends = []
        for _ in range(9):
            try:
                ends.append((await ask(shown.port, "/"))[0])
            except (ConnectionError, IndexError, ValueError):
                ends.append(0)
        assert 0 in ends
        assert ends[0] == 200


async def test_a_picture_that_cannot_be_taken_ends_the_wall_and_is_told_once():
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        assert await viewer.next() is not None
        shown.show(RuntimeError("a bug"))
        await viewer.to_the_end()
        assert not viewer.over
        assert shown.failed == ["the wall screen has failed: RuntimeError: a bug"]
        await viewer.close()


async def test_the_end_is_told_and_is_quick():
    async with screen() as shown:
        viewer = await Watching.at(shown.port)
        await viewer.next()
        reading = asyncio.create_task(viewer.to_the_end())
        began = asyncio.get_running_loop().time()
        await shown.wall.close()
        assert asyncio.get_running_loop().time() - began < 1.5
        await reading
        assert viewer.over
        await viewer.close()


async def test_the_end_waits_for_no_sleeper():
    async with screen() as shown:
        sleepers = [stalled(shown.port) for _ in range(5)]
        await until(lambda: len(shown.wall._viewers) == 5)
        began = asyncio.get_running_loop().time()
        await shown.wall.close()
        assert asyncio.get_running_loop().time() - began < 3.0
        for each in sleepers:
            each.close()


async def test_a_port_that_is_taken_is_one_clear_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigError, match=rf"127\.0\.0\.1 port {port} cannot be opened \(.+\); give another HOST:PORT"
        ):
            await Wall(WallAddress("127.0.0.1", port, lan=False), lambda: None).open()
