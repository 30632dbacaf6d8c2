"""Commands that only look: scan, observe, doctor; and `simulate`, which puts a treadmill on the air."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Final

from retroctl.adapters.ble.scan import scan
from retroctl.adapters.ble.strap import scan_straps
from retroctl.adapters.console.text import plain
from retroctl.app.ports import Disconnected, FrameArrived, LinkEvent
from retroctl.cli.machine import on_air, session_clock, simulated
from retroctl.cli.ways_out import unless_left, ways_out
from retroctl.config import load_settings
from retroctl.errors import ConfigError, MalformedFrame, StrapNotFound, TreadmillNotFound
from retroctl.ftms.describe import describe

if TYPE_CHECKING:
    from retroctl.app.clock import Clock
    from retroctl.app.ports import MachineInfo

SILENT_S: Final = 10.0
"""What watches for so long without one speed says so."""


def scan_command(seconds: float | None) -> int:
    """List treadmills; 3 when none is found."""
    for_s = load_settings().scan_s if seconds is None else _seconds(seconds)

    async def look() -> int:
        with session_clock(1) as clock:
            sys.stderr.write(f"Listening for {for_s:g} s...\n")
            found = await unless_left(scan(for_s, clock=clock), "looking for treadmills")
        if not found:
            raise TreadmillNotFound(
                "no treadmill answered. The usual cause: a phone app or another program holds it (a treadmill serves "
                "one at a time): close that app or switch the phone's Bluetooth off. Else wake the machine (step on "
                "it, press a key) and come nearer; `retroctl doctor` checks this computer"
            )
        for machine in found:
            print(plain(str(machine)))
        return 0

    return asyncio.run(look())


def scan_straps_command(seconds: float | None) -> int:
    """List heart-rate straps; 3 when none is found."""
    for_s = load_settings().scan_s if seconds is None else _seconds(seconds)

    async def look() -> int:
        with session_clock(1) as clock:
            sys.stderr.write(f"Listening for {for_s:g} s...\n")
            found = await unless_left(scan_straps(for_s, clock=clock), "looking for straps")
        if not found:
            raise StrapNotFound("no heart-rate strap is heard: wet it, put it on, close other apps that may hold it")
        for strap in found:
            print(plain(strap.line))
        return 0

    return asyncio.run(look())


def observe_command(*, sim: str | None, address: str | None, seconds: float | None, jsonl: bool) -> int:
    """Show what a machine sends; nothing is written to it."""
    if sim is not None and address is not None:
        raise ConfigError("--sim and --address exclude each other")
    for_s = None if seconds is None else _seconds(seconds)
    settings = load_settings()

    async def look() -> int:
        with session_clock(1) as clock:
            if sim is not None:
                chosen = simulated(sim, clock)
            else:
                looking = on_air(address, settings.scan_s, clock)
                chosen = await unless_left(looking, "looking for the treadmill")
            over = asyncio.Event()
            shown = _Shown(clock, over, jsonl=jsonl)
            with ways_out(lambda _name: over.set()):
                info = await chosen.treadmill.open(shown.take, lambda: None)
                try:
                    shown.introduce(info)
                    if for_s is None:
                        await over.wait()
                    else:
                        await _at_most(clock, over, for_s)
                finally:
                    await chosen.treadmill.close()
        return 3 if shown.lost else 0

    return asyncio.run(look())


async def _at_most(clock: Clock, over: asyncio.Event, seconds: float) -> None:
    try:
        async with clock.timeout(seconds):
            await over.wait()
    except TimeoutError:
        return


class _Shown:
    """Prints what arrives."""

    def __init__(self, clock: Clock, over: asyncio.Event, *, jsonl: bool) -> None:
        self._clock, self._over, self._jsonl = clock, over, jsonl
        self._began = clock.now()
        self.lost = self._speed_seen = False
        clock.call_at(self._began + SILENT_S, self._silent)

    def introduce(self, info: MachineInfo) -> None:
        """What the machine says of itself."""
        speeds = info.speed_range
        facts = {
            "name": plain(info.name),
            "address": plain(info.address),
            "control_point": info.has_control_point,
            "machine_status": info.has_machine_status,
            "speed_range_kmh": None
            if speeds is None
            else [speeds.minimum.kmh, speeds.maximum.kmh, speeds.increment.kmh],
            "remarks": [plain(remark) for remark in info.remarks],
        }
        if self._jsonl:
            self._print(json.dumps({"type": "machine", **facts}, ensure_ascii=False))
            return
        self._print(f"{facts['name']}   {facts['address']}")
        self._print(
            "  commands: " + ("it has a Control Point" if info.has_control_point else "none, it can only be watched")
        )
        self._print(
            "  speeds: not announced"
            if speeds is None
            else f"  speeds: {speeds.minimum} to {speeds.maximum} in steps of {speeds.increment}"
        )
        for remark in info.remarks:
            self._print(f"  note: {plain(remark)}")
        self._print("Watching; nothing is written. Ctrl-C ends.")

    def take(self, event: LinkEvent) -> None:
        """One frame, as one line."""
        t = round(self._clock.now() - self._began, 2)
        if isinstance(event, Disconnected):
            self.lost = True
            self._print(f"{t:8.2f}  the connection is gone")
            self._over.set()
            return
        self._speed_seen = self._speed_seen or event.characteristic == "2acd"
        self._print(self._line(t, event))

    def _silent(self) -> None:
        if not self._speed_seen:
            sys.stderr.write(
                f"No Treadmill Data for {SILENT_S:.0f} s: wake the machine (step on it, press a key); some send none "
                "but to their maker's own app\n"
            )

    def _line(self, t: float, event: FrameArrived) -> str:
        try:
            described = describe(event.characteristic, event.data)
        except (MalformedFrame, ConfigError) as error:
            described = {"char": event.characteristic, "error": str(error)}
        if self._jsonl:
            return json.dumps({"t": t, "type": "frame", "hex": event.data.hex(), **described}, ensure_ascii=False)
        fields = described.get("fields", described)
        words = ", ".join(f"{k} {v}" for k, v in fields.items() if v is not None) if isinstance(fields, dict) else ""
        return f"{t:8.2f}  {event.characteristic}  {plain(words)}"

    def _print(self, text: str) -> None:
        try:
            print(text, flush=True)
        except OSError:
            self._over.set()


def doctor_command() -> int:
    """Print the checks; 3 when a check that a session needs is not ok."""
    from retroctl.adapters.doctor import run_checks  # noqa: PLC0415 - probes in a subprocess
    from retroctl.adapters.doctor.host import Host  # noqa: PLC0415 - heavy
    from retroctl.adapters.doctor.report import State  # noqa: PLC0415 - heavy
    from retroctl.cli.comforts import comforts  # noqa: PLC0415 - heavy

    checks = run_checks(Host(data_folder=load_settings().data_dir, comforts=comforts()))
    for check in checks:
        print(f"{check.state.value:8} {check.name}: {plain(check.detail)}")
        if check.what_to_do:
            print(f"{'':8}   -> {plain(check.what_to_do)}")
    return 3 if any(check.state is State.NOT_OK for check in checks) else 0


def simulate_command(sim: str, *, transport: str, name: str | None, address: str | None, list_only: bool) -> int:
    """Put a simulated treadmill on the air until Ctrl-C, or list what there is."""
    from simulators.personality import listing, personality  # noqa: PLC0415 - heavy

    if list_only:
        print("\n".join(listing()))
        return 0
    chosen = personality(sim)

    async def on_the_air() -> int:
        from simulators.machine import FtmsMachine  # noqa: PLC0415 - heavy
        from simulators.on_air import serve  # noqa: PLC0415 - needs the extra `radio`

        with session_clock(1) as clock:
            machine = FtmsMachine(chosen, now=clock.now())
            serving = asyncio.ensure_future(
                serve(
                    machine,
                    transport,
                    clock=clock,
                    name=name,
                    address=address,
                    report=lambda text: print(text, flush=True),
                )
            )

            def end(_name: str) -> None:
                serving.cancel()

            with ways_out(end):
                try:
                    await serving
                except asyncio.CancelledError:
                    return 0
        return 0

    return asyncio.run(on_the_air())


def _seconds(value: float) -> float:
    if not 0 < value <= 86_400:  # a day; also refuses NaN
        raise ConfigError(f"--seconds {value}: give a number of seconds from 1 to 86400")
    return value
