"""What a floor costs: N controllers in one process, a broker, and the floor's screen in another process.

.venv/bin/python tests/benchmarks/fleet.py [--first] [--tls] [--example] [N ...]    (default 50 100 200 500, 7 minutes)

Needs mosquitto. For each N, over half a minute in which every machine is in a session: processor and memory of the
fleet, the broker and the floor; how late the timers of controllers and machines were; how long a state took from the
moment it was made to the floor's model, and to the screen that was drawn with it. Then all are stopped from the floor.

A deadline is every timer of a controller or a treadmill: the session's next decision, a write's answer, the second's
state, the treadmill's own data. It is missed when it runs more than 100 ms later than it was due, a fifth of what a
session itself calls a stall (F15).

`--tls`: every connection over TLS, its certificate and name checked. `--example`: with what docs/mosquitto sets beside
its listener, which a Mosquitto as it is installed does not.
`--first`, as root on Linux, puts all of it before everything else that runs on the computer (SCHED_RR), where others
would spoil the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import os
import platform
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
import psutil
import trustme
from paho.mqtt.enums import CallbackAPIVersion

from retroctl.adapters.mqtt.broker import Broker, parse_url
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.messages import State
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.adapters.tui.floor.app import FloorApp
from retroctl.app.floor import Floor
from retroctl.app.floor_stop import BY_STATE
from retroctl.cli.fleet import A_SECOND, LATE_S, Fleet, Lateness, WatchedClock
from retroctl.cli.floor_mqtt import LEAVES, FloorWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retroctl.adapters.mqtt.watcher import Heard

COUNTS = (50, 100, 200, 500)
SETTLED_S = 15.0
"""From the last machine's beginning to a moving belt."""
WINDOW_S = 30.0
STOP_ALL_S = 20.0
"""Behind the window everybody is stopped from the floor, and has so long."""
CA = "RETROCTL_BENCH_CA"
MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


def main(arguments: list[str]) -> None:
    """Each count in processes of its own."""
    if arguments[:1] == ["child"]:
        kind, port, count = arguments[1], int(arguments[2]), int(arguments[3])
        work = {"fleet": fleet, "floor": floor}[kind]
        print(json.dumps(asyncio.run(work(port, count))))
        return
    tls = "--tls" in arguments
    first = "--first" in arguments
    if first:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))
    counts = [int(word) for word in arguments if word.isdigit()] or COUNTS
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"load before: {os.getloadavg()[0]:.1f}{', put first (SCHED_RR)' if first else ''}"
    )
    print(
        f"{'TLS; ' if tls else ''}a window of {WINDOW_S:.0f} s; processor in % of one core\n"
        f"a deadline is missed when a timer of a controller or a treadmill runs more than {LATE_S * 1000:.0f} ms late"
    )
    told = []
    for place, count in enumerate(counts, start=1):
        end_s = 2 * count / A_SECOND + SETTLED_S + WINDOW_S + STOP_ALL_S + 10
        print(f"{place} of {len(counts)}: {count} machines, about {end_s:.0f} s", file=sys.stderr, flush=True)
        told.append(measured(count, tls=tls, example="--example" in arguments))
    for line in table(told):
        print(line)


def measured(count: int, *, tls: bool, example: bool) -> dict[str, Any]:
    """One row."""
    with tempfile.TemporaryDirectory() as scratch:
        port = free_port()
        config = Path(scratch) / "mosquitto.conf"
        lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "log_dest none"]
        lines += ["sys_interval 1", *(("set_tcp_nodelay true", "max_queued_messages 10000") if example else ())]
        config.write_text("\n".join([*lines, *(secured(Path(scratch)) if tls else ())]) + "\n")
        broker = subprocess.Popen([MOSQUITTO, "-c", str(config)])
        try:
            wait_for(port)
            with dropped(port, tls=tls) as lost:
                row = watched(broker, port, count)
            return row | {"lost": lost[-1] if lost else 0}
        finally:
            broker.terminate()
            broker.wait(10)


def watched(broker: subprocess.Popen[bytes], port: int, count: int) -> dict[str, Any]:
    """The fleet and the floor in processes of their own, and the broker's share."""
    children = [
        subprocess.Popen([sys.executable, __file__, "child", kind, str(port), str(count)], stdout=subprocess.PIPE)
        for kind in ("fleet", "floor")
    ]
    time.sleep(count / A_SECOND + SETTLED_S)
    spent = psutil.Process(broker.pid).cpu_times()
    time.sleep(WINDOW_S)
    after = psutil.Process(broker.pid).cpu_times()
    row = {"n": count, "broker": (after.user + after.system - spent.user - spent.system) / WINDOW_S * 100}
    row["broker_mb"] = psutil.Process(broker.pid).memory_info().rss / 1e6
    for child in children:
        out, _ = child.communicate(timeout=120)
        row |= json.loads(out.splitlines()[-1])
    return row


@contextlib.contextmanager
def dropped(port: int, *, tls: bool) -> Iterator[list[int]]:
    """How many messages the broker had no room for, of those that wait for a client: the latest last, changes only."""
    told: list[int] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _userdata, message: told.append(int(message.payload))
    if not tls:
        client.connect("127.0.0.1", port)
        client.subscribe("$SYS/broker/publish/messages/dropped")
        client.loop_start()
    try:
        yield told
    finally:
        client.disconnect()
        client.loop_stop()


def secured(folder: Path) -> list[str]:
    """What makes the listener one of TLS; the children find its authority in their environment."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    server.private_key_pem.write_to_path(folder / "broker.key")
    server.cert_chain_pems[0].write_to_path(folder / "broker.crt")
    os.environ[CA] = str(folder / "ca.crt")
    return [f"user {getpass.getuser()}", f"certfile {folder}/broker.crt", f"keyfile {folder}/broker.key"]


def reached(port: int) -> Broker:
    """The broker of this measurement."""
    ca = os.environ.get(CA)
    if ca is None:
        return Broker.checked(parse_url(f"mqtt://127.0.0.1:{port}/bench"))
    return Broker.checked(parse_url(f"mqtts://localhost:{port}/bench"), ca=Path(ca))


async def fleet(port: int, count: int) -> dict[str, Any]:
    """The controllers."""
    process, lateness, hub = psutil.Process(), Lateness(), Hub()
    broker = reached(port)
    whole = Fleet(hub, broker, count, clock=WatchedClock(lateness), lateness=lateness)
    empty_mb = process.memory_info().rss / 1e6
    running = asyncio.create_task(whole.run(), name="fleet")
    await asyncio.sleep(count / A_SECOND + SETTLED_S)
    lateness.reset()
    whole.alarms.clear()
    before = spent_s(process)
    sent = sum(publisher.counts.sent for publisher in whole.publishers.values())
    await asyncio.sleep(WINDOW_S)
    row = {
        "fleet": (spent_s(process) - before) / WINDOW_S * 100,
        "fleet_mb": process.memory_info().rss / 1e6,
        "empty_mb": empty_mb,
        "running": len(whole.running),
        "sent": (sum(publisher.counts.sent for publisher in whole.publishers.values()) - sent) / WINDOW_S,
        "timers": lateness.count,
        "late_p50": lateness.share(0.5),
        "late_p99": lateness.share(0.99),
        "late_worst": lateness.worst_s * 1000,
        "missed": lateness.missed,
        "alarms": sum(whole.alarms.values()),
    }
    await asyncio.sleep(STOP_ALL_S + 3)
    whole.leave("measured")
    await running
    hub.close()
    return row


class Heeded(Floor):
    """A floor that notes how old each live state was when it had been taken in, and when it was drawn."""

    def __init__(self) -> None:
        super().__init__(lambda: secrets.token_hex(8))
        self.taken: list[float] = []
        self.drawn: list[float] = []
        self.undrawn: list[float] = []

    def heed(self, batch: list[Heard]) -> None:
        """After a batch was taken in."""
        now = time.time()
        for heard in batch:
            if isinstance(heard.message, State) and not heard.retained:
                made = datetime.fromisoformat(heard.message.ts).timestamp()
                self.taken.append(now - made)
                self.undrawn.append(made)

    def rows(self, now: float) -> list[Any]:
        """The screen asks for them to draw them."""
        undrawn, self.undrawn = self.undrawn, []
        rows = super().rows(now)
        self.drawn += [time.time() - made for made in undrawn]
        return rows


class Heeding(FloorWatch):
    """Tells the floor what it took in."""

    def _take(self, batch: list[Heard]) -> None:
        super()._take(batch)
        self._floor.heed(batch)  # type: ignore[attr-defined]


async def floor(port: int, count: int) -> dict[str, Any]:
    """The floor's screen, as it is but for the terminal."""
    process, heeded, hub = psutil.Process(), Heeded(), Hub()
    watcher = Watcher(hub, reached(port), "bench", leaves=LEAVES)
    watch = Heeding(heeded, watcher, "bench")
    watcher.begin()
    watching = asyncio.create_task(watch.run(), name="watch")
    app = FloorApp(heeded, time.monotonic, watch.send, club="bench")
    async with app.run_test(size=(120, 40)):
        await asyncio.sleep(count / A_SECOND + SETTLED_S)
        heeded.taken.clear()
        heeded.drawn.clear()
        before = spent_s(process)
        await asyncio.sleep(WINDOW_S)
        spent = (spent_s(process) - before) / WINDOW_S * 100
        row = {
            "floor": spent,
            "floor_mb": process.memory_info().rss / 1e6,
            "heard": len(heeded.taken) / WINDOW_S,
            "known": len(heeded),
            "replaced": watcher.read.replaced,
            **dict(shares("model", heeded.taken)),
            **dict(shares("drawn", heeded.drawn)),
        }
        row |= await stop_all(app)
        app.exit()
    watching.cancel()
    await watcher.close()
    hub.close()
    return row


async def stop_all(app: FloorApp) -> dict[str, Any]:
    """Two keys, and how long after the second the last machine answered, and the last was known to rest."""
    asked = {row.machine: row for row in app.floor.rows(time.monotonic()) if row.moving}
    began = time.monotonic()
    app.action_stop_all()
    app.action_yes()
    orders = [row.stop for row in app.floor.rows(began) if row.machine in asked]
    for _ in range(int(STOP_ALL_S / 0.1)):
        if all(order and order.done_at for order in orders):
            break
        await asyncio.sleep(0.1)
    taken = [order.taken_at - began for order in orders if order and order.taken_at]
    answered = [order.answered_at - began for order in orders if order and order.answered_at]
    rested = [order.done_at - began for order in orders if order and order.done_at]
    return {
        "asked": len(asked),
        "answered": len(answered),
        "rested": len(rested),
        "by_state": sum(order is not None and order.reason == BY_STATE for order in orders),
        "taken_last": max(taken, default=0.0) * 1000,
        **dict(shares("answer", answered)),
        "answer_last": max(answered, default=0.0) * 1000,
        "rest_last": max(rested, default=0.0),
    }


def shares(name: str, seconds: list[float]) -> Iterator[tuple[str, float]]:
    """Half and 99 of 100, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [0.0] * 99
    yield f"{name}_p50", cuts[49] * 1000
    yield f"{name}_p99", cuts[98] * 1000


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The figures."""
    lines = (
        ("machines in a session", lambda r: f"{r['running']}"),
        ("fleet: processor, %", lambda r: f"{r['fleet']:.0f}"),
        ("fleet: % of a core a machine", lambda r: f"{r['fleet'] / r['n']:.2f}"),
        ("fleet: memory, MB", lambda r: f"{r['fleet_mb']:.0f}"),
        ("fleet: MB a machine", lambda r: f"{(r['fleet_mb'] - r['empty_mb']) / r['n']:.2f}"),
        ("fleet: messages a second", lambda r: f"{r['sent']:.0f}"),
        ("timers in the window", lambda r: f"{r['timers']}"),
        ("timers late, p50 / p99, ms", lambda r: f"{r['late_p50']} / {r['late_p99']}"),
        ("timers late, worst, ms", lambda r: f"{r['late_worst']:.0f}"),
        ("deadlines missed (100 ms late)", lambda r: f"{r['missed']}"),
        ("alarms", lambda r: f"{r['alarms']}"),
        ("broker: processor, %", lambda r: f"{r['broker']:.1f}"),
        ("broker: memory, MB", lambda r: f"{r['broker_mb']:.0f}"),
        ("floor: processor, %", lambda r: f"{r['floor']:.1f}"),
        ("floor: memory, MB", lambda r: f"{r['floor_mb']:.0f}"),
        ("floor: states a second", lambda r: f"{r['heard']:.0f}"),
        ("made to model, p50 / p99, ms", lambda r: f"{r['model_p50']:.1f} / {r['model_p99']:.1f}"),
        ("made to drawn, p50 / p99, ms", lambda r: f"{r['drawn_p50']:.0f} / {r['drawn_p99']:.0f}"),
        ("STOP ALL: asked / rested", lambda r: f"{r['asked']} / {r['rested']}"),
        ("told by its state alone", lambda r: f"{r['by_state']}"),
        ("dropped by the broker in all", lambda r: f"{r['lost']}"),
        ("key to the last Stop at the broker, ms", lambda r: f"{r['taken_last']:.0f}"),
        ("key to answer, p50 / last, ms", lambda r: f"{r['answer_p50']:.0f} / {r['answer_last']:.0f}"),
        ("key to the last at rest, s", lambda r: f"{r['rest_last']:.1f}"),
    )
    yield f"{'machines':<40}" + "".join(f"{row['n']:>14}" for row in rows)
    for name, cell in lines:
        yield f"{name:<40}" + "".join(f"{cell(row):>14}" for row in rows)


def spent_s(process: psutil.Process) -> float:
    """Processor seconds so far."""
    times = process.cpu_times()
    return times.user + times.system


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the broker listens; raises OSError after five seconds."""
    for left in range(50, -1, -1):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if not left:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
