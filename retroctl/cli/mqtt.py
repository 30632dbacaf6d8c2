"""The `mqtt` commands: check a broker, watch a club, stop one machine, clear what was kept of one."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from retroctl.adapters.console.text import plain as shown
from retroctl.adapters.mqtt import probing
from retroctl.adapters.mqtt.hub import Hub
from retroctl.adapters.mqtt.messages import Event, Session, State, Status, encoded, seconds_since
from retroctl.adapters.mqtt.topics import Machine
from retroctl.adapters.mqtt.watcher import Watcher
from retroctl.app.result import ExitStatus
from retroctl.cli.local_time import local_now
from retroctl.cli.mqtt_choice import broker_of
from retroctl.cli.status import NO_TREADMILL, OK, USAGE
from retroctl.config import load_settings

if TYPE_CHECKING:
    from retroctl.adapters.mqtt.broker import Broker
    from retroctl.adapters.mqtt.watcher import Heard

REACH_S = 15.0
"""The most that a command waits for the broker."""


def check_command(url: str | None, *, plain: bool) -> int:
    """Connect as a session would, and say what the broker allows."""
    findings = probing.check(broker_of(url, load_settings(), plain=plain))
    return _told(findings)


def forget_command(url: str | None, *, plain: bool) -> int:
    """Clear what the broker keeps of a machine."""
    broker = broker_of(url, load_settings(), plain=plain)
    return _told(probing.clear(broker, broker.address.place))


def _told(findings: list[probing.Finding]) -> int:
    for finding in findings:
        print(f"{'ok' if finding.well else 'NO'}  {finding.text}")
    return OK if all(finding.well for finding in findings) else USAGE


def watch_command(url: str | None, *, plain: bool, jsonl: bool, seconds: float | None) -> int:
    """Show what a club's machines say until Ctrl-C, or for `seconds`."""
    broker = broker_of(url, load_settings(), plain=plain)
    try:
        asyncio.run(_watch(broker, jsonl=jsonl, seconds=seconds))
    except KeyboardInterrupt:
        return OK
    return OK


async def _watch(broker: Broker, *, jsonl: bool, seconds: float | None) -> None:
    hub = Hub()
    watcher = Watcher(hub, broker, broker.address.club)
    last: dict[Machine, str] = {}
    told: Any = None
    watcher.begin()
    try:
        async with asyncio.timeout(seconds):
            async for batch in watcher.batches():
                if watcher.standing is not None and watcher.standing != told:
                    told = watcher.standing
                    word = "connected" if told.connected else f"NO BROKER: {told.why}"
                    print(f"{_clock()}  {broker.address.shown}  {word}", flush=True)
                for heard in batch:
                    _show(heard, last, jsonl=jsonl)
    except TimeoutError:
        return
    finally:
        await watcher.close()
        await asyncio.to_thread(hub.close, 1.0)


def _show(heard: Heard, last: dict[Machine, str], *, jsonl: bool) -> None:
    if jsonl:
        message = json.loads(encoded(heard.message))
        print(json.dumps({"machine": heard.machine.path, "retained": heard.retained, **message}), flush=True)
        return
    words = _words(heard)
    if words is not None and last.get(heard.machine) != words:
        if isinstance(heard.message, State | Status):
            last[heard.machine] = words
        print(f"{_clock()}  {heard.machine.name}  {words}{_age(heard)}", flush=True)


def _words(heard: Heard) -> str | None:
    message = heard.message
    if isinstance(message, Status):
        return f"{message.status} ({message.reason})"
    if isinstance(message, State):
        target = "" if message.target_kmh is None else f"  target {message.target_kmh:.2f} km/h"
        stop = "" if message.stop is None else f"  STOP: {message.stop.replace('_', ' ')}"
        problem = "  PROBLEM" if message.problem else ""
        return f"{shown(message.state)}{target}{stop}{problem}"
    if isinstance(message, Session):
        return f"session {message.phase}"
    if isinstance(message, Event):
        said = " ".join(each for each in (message.id, message.name, message.result, message.text) if each)
        return None if message.event == "state" else f"{message.event}: {shown(said)}"
    return f"stop {message.result}: {shown(message.text)}"


def _age(heard: Heard) -> str:
    """Of what the broker had kept: nobody may take it for now."""
    if not heard.retained:
        return ""
    try:
        return f"   [kept by the broker, {max(seconds_since(heard.message.ts), 0.0):.0f} s old]"
    except ValueError:  # a month 13 has the right shape too
        return "   [kept by the broker, nobody knows since when]"


def _clock() -> str:
    return local_now().strftime("%H:%M:%S")


def _said(text: str) -> None:
    """Nobody may read any more, and the disk be full: the Stop is out, and its answers are still waited for."""
    with suppress(OSError):
        print(text, flush=True)


def stop_command(machine: str, url: str | None, *, plain: bool) -> int:
    """Ask a machine to stop, and say what is heard of it."""
    broker = broker_of(url, load_settings(), plain=plain)
    return asyncio.run(_stop(broker, Machine(broker.address.club, machine)))


async def _stop(broker: Broker, machine: Machine) -> int:
    hub = Hub()
    watcher = Watcher(hub, broker, machine.club, name="stop")
    watcher.begin()
    results: list[str] = []
    try:
        standing = await watcher.reached(REACH_S)
        if standing is None or not standing.connected:
            why = "it does not answer" if standing is None else standing.why
            raise probing.BrokerNotReached(f"{broker.address.shown}: {why}; the belt was NOT stopped from here")
        async for ack in watcher.stop(machine, by="retroctl mqtt stop"):
            results.append(ack.result)
            speed = "" if ack.measured_kmh is None else f"  measured {ack.measured_kmh:.2f} km/h"
            _said(f"{ack.after_s:6.2f} s  {ack.result.replace('_', ' ')}: {shown(ack.text)}{speed}")
    finally:
        await watcher.close()
        await asyncio.to_thread(hub.close, 1.0)
    if not results:
        _said(f"{machine.name} does not answer: it is not there, or this user may not stop it. Look at the belt.")
        return NO_TREADMILL
    # No treadmill connected is no rest measured: the belt may run all the same.
    return OK if results[-1] == "at_rest" else int(ExitStatus.NOT_AT_REST)
