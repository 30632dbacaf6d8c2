"""How soon a Stop reaches the Bluetooth backend beside a broker of each kind: `python mqtt.py [STOPS] [NAME...]`.

The whole controller on the simulated treadmill that ignores Stop, in real time, so that each press is answered by a
write; 200 presses for each broker, 0.6 to 0.7 s apart. Measured from `Runner.stop` to the call of the backend's write
handler, and, where a broker answers, from the publishing of `cmd/stop` by another process' client to that same call,
which has both networks' sides and all threads in it. Needs mosquitto. Half an hour; with NAMEs, only brokers called so.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import aiomqtt
from broker_rig import Mosquitto, free_port
from mqtt_rig import BELT_1, Published

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.topics import Leaf
from retroctl.app.clock import LoopClock
from simulators import bleak_backend

if TYPE_CHECKING:
    from whole import Whole

STOPS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
ONLY = sys.argv[2:]
GOAL_MS = 20.0
TOPIC = BELT_1.topic(Leaf.STOP)
REQUEST = b'{"schema": "retroctl.stop/1", "id": "bench"}'

FLOOD = """
import asyncio, sys, time, aiomqtt
async def main():
    async with aiomqtt.Client("127.0.0.1", int(sys.argv[1])) as client:
        rate, began, sent = float(sys.argv[3]), time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * rate) if rate else sent + 20
            for _ in range(min(due - sent, 20)):
                sent += 1
                await client.publish(sys.argv[2], b"garbage %d" % sent, qos=0)
            await asyncio.sleep(0.005)
asyncio.run(main())
"""
ASK = """
import asyncio, random, sys, time, aiomqtt
async def main():
    async with aiomqtt.Client("127.0.0.1", int(sys.argv[1])) as client:
        for _ in range(int(sys.argv[3])):
            print(time.monotonic(), flush=True)
            await client.publish(sys.argv[2], sys.argv[4].encode(), qos=1)
            await asyncio.sleep(0.6 + random.random() / 10)
asyncio.run(main())
"""


_writes: list[Measured] = []
"""Who listens to what is handed to the backend; the last one counts."""
_write = bleak_backend._MemoryLink.write


async def _noted(link, characteristic, data: bytes) -> None:
    if bytes(data) == b"\x08\x01" and _writes:
        _writes[-1].handed.append(time.monotonic())
    await _write(link, characteristic, data)


bleak_backend._MemoryLink.write = _noted  # type: ignore[method-assign]


class Measured:
    """A session that is being stopped for ever, and when each Stop was handed to the backend."""

    def __init__(self, run: Whole) -> None:
        self.run = run
        self.handed: list[float] = []
        _writes.append(self)

    async def press(self, times: int) -> list[float]:
        """Milliseconds from `Runner.stop` to the backend, `times` of them."""
        took = []
        for _ in range(times):
            await asyncio.sleep(0.6 + random.random() / 10)  # noqa: S311 - no secret
            before = len(self.handed)
            pressed = time.monotonic()
            self.run.runner.stop("bench")
            await asyncio.sleep(0.1)
            if len(self.handed) > before:
                took.append((self.handed[before] - pressed) * 1000)
        return took

    async def ask(self, port: int, times: int) -> list[float]:
        """Milliseconds from publishing `cmd/stop` in another process to the backend."""
        asking = await asyncio.create_subprocess_exec(
            sys.executable, "-c", ASK, str(port), TOPIC, str(times), REQUEST.decode(), stdout=asyncio.subprocess.PIPE
        )
        assert asking.stdout is not None
        asked = [float(line) async for line in asking.stdout]
        await asking.wait()
        await asyncio.sleep(1.0)
        took = []
        for at in asked:  # its own repeats go out by themselves: the first write after the request counts
            after = [handed for handed in self.handed if at <= handed < at + 0.5]
            if after:
                took.append((after[0] - at) * 1000)
        return took


def row(name: str, took: list[float], extra: str = "") -> None:
    took.sort()
    if not took:
        print(f"| {name} | none | | | | {extra} |", flush=True)
        return
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    mark = "" if p99 <= GOAL_MS else f" (over {GOAL_MS:g})"
    p50 = statistics.median(took)
    print(f"| {name} | {len(took)} | {p50:.2f} | {p99:.2f}{mark} | {took[-1]:.2f} | {extra} |", flush=True)


async def session(broker: Broker | None, meanwhile, name: str, port: int | None = None) -> None:
    """One session beside one broker; `meanwhile` is a context in which it is measured."""
    if ONLY and not any(each in name for each in ONLY):
        return
    hub = Hub() if broker is not None else None
    clock = LoopClock()
    here = broker or Broker.checked(parse_url("mqtt://127.0.0.1:1/club/belt-1"))
    published = Published(hub or _NoHub(), here, clock, name="stop-ignored")  # type: ignore[arg-type]
    run = published.run
    if broker is None:
        run.runner._listeners.remove(published.publisher)
        published.publisher.begin = lambda: None  # type: ignore[method-assign]
    measured = Measured(run)
    await published.hold()
    run.runner.stop("bench")
    async with meanwhile:
        await asyncio.sleep(2.0)
        got = published.publisher.counts.received
        began = time.monotonic()
        row(name, await measured.press(STOPS), _rate(published, got, began) if broker is not None else "")
        if port is not None:
            row(f"{name}: asked by MQTT", await measured.ask(port, STOPS))
    run.runner.leave("done")
    await run.finish()
    if broker is not None and hub is not None:
        await published.publisher.close()
        await asyncio.to_thread(hub.close)


def _rate(published: Published, got: int, began: float) -> str:
    return f"{(published.publisher.counts.received - got) / (time.monotonic() - began):.0f} messages/s arrive"


class _NoHub:
    def call(self, *_):
        return False

    def spawn(self, work, _name):
        work.close()


@contextlib.asynccontextmanager
async def flooded(port: int, rate: float):
    # It would run on another computer: here it stands behind everything else.
    process = subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", FLOOD, str(port), TOPIC, str(rate)])  # noqa: ASYNC220 - at once
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def restarted(broker: Mosquitto):
    """The broker goes and comes every two seconds."""

    async def again() -> None:
        while True:
            await asyncio.sleep(1.0)
            await asyncio.to_thread(broker.stop)
            await asyncio.sleep(1.0)
            await asyncio.to_thread(broker.start)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def never_answering(port: int):
    with socket.create_server(("127.0.0.1", port), backlog=64):
        yield  # the system accepts; nobody ever reads


async def main() -> None:
    """Every broker in turn."""
    with tempfile.TemporaryDirectory() as folder:
        open_one = Mosquitto(Path(folder) / "open", tls=False)
        secure = Mosquitto(Path(folder) / "secure", tls=True)
        for each in (open_one, secure):
            each.start()
        print("| broker | stops | p50 ms | p99 ms | worst ms | meanwhile |\n|---|---|---|---|---|---|", flush=True)
        still = contextlib.nullcontext
        await session(None, still(), "none")
        await session(open_one.broker(), still(), "Mosquitto", open_one.port)
        await session(secure.broker(), still(), "Mosquitto, TLS")
        await session(Broker.checked(parse_url("mqtt://127.0.0.1:1/club/belt-1")), still(), "none listens there")
        port = free_port()
        async with never_answering(port):
            silent = Broker.checked(parse_url(f"mqtt://127.0.0.1:{port}/club/belt-1"))
            await session(silent, still(), "accepts, never answers")
        await session(open_one.broker(), flooded(open_one.port, 1000), "1,000 garbage/s on cmd/stop", open_one.port)
        await session(open_one.broker(), flooded(open_one.port, 0), "garbage as fast as it goes")
        await session(open_one.broker(), restarted(open_one), "started anew every two seconds")
        for each in (open_one, secure):
            each.stop()


if __name__ == "__main__":
    with contextlib.suppress(aiomqtt.MqttError):
        asyncio.run(main())
