"""How soon a Stop reaches the Bluetooth backend beside a broker of each kind.

.venv/bin/python tests/benchmarks/mqtt.py [STOPS] [NAME...] [--anew]

The whole controller on the simulated treadmill that ignores Stop, in real time, so that each press is answered by a
write. That machine is written to at most twice a second, so four of them are pressed in turn in one process, each with
a publisher of its own. Measured from `Runner.stop` to the call of the backend's write handler, and, where a broker
answers, from the publishing of `cmd/stop` by another process' client to that same call, which has both networks' sides
and all threads in it. Needs mosquitto.

200 stops for each row; 12 minutes. Each broker is measured in a process of its own, which has an end; a row that was
measured is kept in build/bench-mqtt.json, and the next call with as many stops goes on behind it (`--anew`: from the
beginning). With NAMEs only brokers called so.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from broker_rig import Mosquitto, free_port
from mqtt_rig import Published, identity

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.topics import Leaf, Machine
from retroctl.app.clock import LoopClock
from simulators import bleak_backend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

STORE = Path(__file__).parents[2] / "build" / "bench-mqtt.json"
GOAL_MS = 20.0
LANES = 4
APART_S = 0.62
"""Between two stops of one treadmill: what is written to it is at least half a second apart."""
SETTING_UP_S = 90.0
"""For connecting, briefing, arming, the first hold and the end, on a computer that is late."""
REQUEST = '{"schema": "retroctl.stop/1", "id": "bench"}'

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
    topics = sys.argv[4:]
    async with aiomqtt.Client("127.0.0.1", int(sys.argv[1])) as client:
        for number in range(int(sys.argv[2])):
            print(number % len(topics), time.monotonic(), flush=True)
            await client.publish(topics[number % len(topics)], sys.argv[3].encode(), qos=1)
            await asyncio.sleep((0.62 + random.random() / 10) / len(topics))
asyncio.run(main())
"""

_handed: dict[int, list[float]] = {}
"""Of each simulated treadmill: when Stop was handed to the backend for it."""
_write = bleak_backend._MemoryLink.write


async def _noted(link: Any, characteristic: Any, data: bytes) -> None:
    if bytes(data) == b"\x08\x01":
        _handed.setdefault(id(link._machine), []).append(time.monotonic())
    await _write(link, characteristic, data)


bleak_backend._MemoryLink.write = _noted  # type: ignore[method-assign]


class Lane:
    """A session that is being stopped for ever, and when each Stop was handed to the backend."""

    def __init__(self, broker: Broker | None, hub: Hub | None, number: int) -> None:
        here = broker or Broker.checked(parse_url("mqtt://127.0.0.1:1/club/belt-1"))
        who = identity(Machine("club", f"belt-{number}"))
        self.published = Published(hub or _NoHub(), here, LoopClock(), name="stop-ignored", identity=who)  # type: ignore[arg-type]
        self.run = self.published.run
        if broker is None:
            self.run.runner._listeners.remove(self.published.publisher)
            self.published.publisher.begin = lambda: None  # type: ignore[method-assign]
        self.handed = _handed.setdefault(id(self.run.front.machine), [])

    async def begin(self) -> None:
        await self.published.hold()
        self.run.runner.stop("bench")

    async def end(self) -> None:
        self.run.runner.leave("done")
        await self.run.finish()


async def pressed(lanes: list[Lane], times: int) -> list[float]:
    """Milliseconds from `Runner.stop` to the backend."""
    took = []
    for lane in itertools.islice(itertools.cycle(lanes), times):
        await asyncio.sleep((APART_S + random.random() / 10) / len(lanes) - 0.05)  # noqa: S311 - no secret
        before, at = len(lane.handed), time.monotonic()
        lane.run.runner.stop("bench")
        await asyncio.sleep(0.05)
        if len(lane.handed) > before:
            took.append((lane.handed[before] - at) * 1000)
        progress(len(took), times)
    return took


async def asked(lanes: list[Lane], port: int, times: int) -> list[float]:
    """Milliseconds from publishing `cmd/stop` in another process to the backend."""
    topics = [lane.published.publisher._narrator.topic(Leaf.STOP) for lane in lanes]
    asking = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, str(port), str(times), REQUEST, *topics, stdout=asyncio.subprocess.PIPE
    )
    assert asking.stdout is not None
    when = []
    async for line in asking.stdout:
        number, at = line.split()
        when.append((lanes[int(number)], float(at)))
        progress(len(when), times)
    await asking.wait()
    await asyncio.sleep(1.0)
    took = []
    for lane, at in when:  # its own repeats go out by themselves: the first write after the request counts
        after = [handed for handed in lane.handed if at <= handed < at + 0.5]
        if after:
            took.append((after[0] - at) * 1000)
    return took


def progress(done: int, of: int) -> None:
    if done % 20 == 0:
        print(f"\r  {done} of {of} ", end="", file=sys.stderr, flush=True)


class _NoHub:
    def call(self, *_):
        return False

    def spawn(self, work, _name):
        work.close()


async def beside(
    broker: Broker | list[Broker] | None, meanwhile: Any, stops: int, port: int | None = None
) -> dict[str, Any]:
    """Sessions beside one broker, or one for each; `meanwhile` is a context in which they are measured."""
    hub = Hub() if broker is not None else None
    brokers = broker if isinstance(broker, list) else [broker] * LANES
    all_lanes = [Lane(each, hub, number) for number, each in enumerate(brokers, start=1)]
    await asyncio.gather(*(lane.begin() for lane in all_lanes))
    gc.freeze()  # as a session of the program does: a look through all that was imported takes 20 to 35 ms
    said: dict[str, Any] = {}
    async with meanwhile:
        await asyncio.sleep(2.0)
        counts = [lane.published.publisher.counts for lane in all_lanes]
        got, began = sum(each.received for each in counts), time.monotonic()
        said["pressed"] = await pressed(all_lanes, stops)
        said["arrive"] = (sum(each.received for each in counts) - got) / (time.monotonic() - began)
        said["connects"] = sum(each.connects for each in counts)
        if port is not None:
            said["asked"] = await asked(all_lanes, port, stops)
    await asyncio.gather(*(lane.end() for lane in all_lanes))
    if hub is not None:
        await asyncio.gather(*(lane.published.publisher.close() for lane in all_lanes))
        await asyncio.to_thread(hub.close)
    return said


@contextlib.asynccontextmanager
async def flooded(port: int, rate: float) -> AsyncIterator[None]:
    # It would run on another computer: here it stands behind everything else.
    process = subprocess.Popen(  # noqa: ASYNC220 - at once
        [
            "nice",
            "-n",
            "19",
            sys.executable,
            "-c",
            FLOOD,
            str(port),
            Machine("club", "belt-1").topic(Leaf.STOP),
            str(rate),
        ]
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.asynccontextmanager
async def restarted(broker: Mosquitto) -> AsyncIterator[None]:
    """The broker goes and comes every two seconds."""
    over = asyncio.Event()

    async def again() -> None:
        while not over.is_set():  # a stop or a start is never left half done: it would go on in its thread
            await asyncio.sleep(1.0)
            await asyncio.to_thread(broker.stop)
            await asyncio.sleep(1.0)
            await asyncio.to_thread(broker.start)

    task = asyncio.create_task(again())
    try:
        yield
    finally:
        over.set()
        await task


@contextlib.asynccontextmanager
async def never_answering(port: int) -> AsyncIterator[None]:
    with socket.create_server(("127.0.0.1", port), backlog=64):
        yield  # the system accepts; nobody ever reads


async def measure(name: str, stops: int) -> dict[str, Any]:
    """One broker."""
    still = contextlib.nullcontext()
    nobody, silent = free_port(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        more = ["set_tcp_nodelay true"] if "nodelay" in name else []
        mosquitto = Mosquitto(Path(folder) / "broker", tls=name == "Mosquitto, TLS", more=more)
        mosquitto.start()
        port = mosquitto.port
        work = {
            "none configured": lambda: beside(None, still, stops),
            "Mosquitto": lambda: beside(mosquitto.broker(), still, stops, port),
            "Mosquitto, TLS": lambda: beside(
                # Its access list lets a user speak for one machine, and it knows two.
                [mosquitto.broker("belt-1", "belt-1"), mosquitto.broker("belt-2", "belt-2")],
                still,
                stops,
            ),
            "none listens there": lambda: beside(plainly(nobody), still, stops),
            "accepts, never answers": lambda: beside(plainly(silent), never_answering(silent), stops),
            "1,000 garbage/s on cmd/stop": lambda: beside(mosquitto.broker(), flooded(port, 1000), stops, port),
            "1,000 garbage/s, set_tcp_nodelay": lambda: beside(mosquitto.broker(), flooded(port, 1000), stops, port),
            "garbage as fast as it goes": lambda: beside(mosquitto.broker(), flooded(port, 0), stops),
            "started anew every two seconds": lambda: beside(mosquitto.broker(), restarted(mosquitto), stops),
        }
        try:
            return await work[name]()
        finally:
            mosquitto.stop()


def plainly(port: int) -> Broker:
    return Broker.checked(parse_url(f"mqtt://127.0.0.1:{port}/club/belt-1"))


BROKERS = (
    "none configured",
    "Mosquitto",
    "Mosquitto, TLS",
    "none listens there",
    "accepts, never answers",
    "1,000 garbage/s on cmd/stop",
    "1,000 garbage/s, set_tcp_nodelay",
    "garbage as fast as it goes",
    "started anew every two seconds",
)


def in_a_child(name: str, stops: int) -> dict[str, Any] | None:
    """Measured in a process of its own with all that it starts; None where it has not come to its end in time."""
    within_s = SETTING_UP_S + stops * 2 * (APART_S + 0.1)
    child = subprocess.Popen(
        [sys.executable, __file__, "child", name, str(stops)], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        out, _ = child.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        print(f"  not at its end within {within_s:.0f} s: ended", file=sys.stderr)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    return json.loads(out.splitlines()[-1]) if child.returncode == 0 and out else None


def row(name: str, took: list[float], extra: str = "") -> str:
    took = sorted(took)
    if not took:
        return f"| {name} | none | | | | {extra} |"
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    mark = "" if p99 <= GOAL_MS else f" (over {GOAL_MS:g})"
    return f"| {name} | {len(took)} | {statistics.median(took):.2f} | {p99:.2f}{mark} | {took[-1]:.2f} | {extra} |"


def rows(name: str, said: dict[str, Any]) -> list[str]:
    extra = f"load {said['load']:.1f}, {said['arrive']:.0f} messages/s arrive, {said['connects']} connections made"
    return [row(name, said["pressed"], extra)] + (
        [row(f"{name}: asked by MQTT", said["asked"])] if "asked" in said else []
    )


def main(words: list[str]) -> int:
    """Every broker in turn; 1 when a row is missing."""
    if words[:1] == ["child"]:
        print(json.dumps(asyncio.run(measure(words[1], int(words[2])))))
        return 0
    stops = next((int(word) for word in words if word.isdigit()), 200)
    only = [word for word in words if not word.isdigit() and word != "--anew"]
    kept = json.loads(STORE.read_text()) if STORE.exists() and "--anew" not in words else {}
    names = [name for name in BROKERS if not only or any(word in name for word in only)]
    table, began = [], time.monotonic()
    for place, name in enumerate(names, start=1):
        key = f"{name}, {stops}"
        at = f"{place} of {len(names)}, {time.monotonic() - began:.0f} s: {name}"
        if key in kept:
            print(f"{at}: measured before", file=sys.stderr, flush=True)
        else:
            print(at, file=sys.stderr, flush=True)
            load = os.getloadavg()[0]
            said = in_a_child(name, stops)
            if said is None:
                table.append(f"| {name} | NOT MEASURED | | | | |")
                continue
            kept[key] = {**said, "load": load}
            STORE.parent.mkdir(exist_ok=True)
            STORE.write_text(json.dumps(kept))
        table += rows(name, kept[key])
        print("\r" + "\n".join(rows(name, kept[key])), file=sys.stderr, flush=True)
    print("| broker | stops | p50 ms | p99 ms | worst ms | meanwhile |\n|---|---|---|---|---|---|")
    print("\n".join(table))
    return int(any("NOT MEASURED" in line for line in table))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
