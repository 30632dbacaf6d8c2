"""STOP key to the treadmill's write handler, against a bare write: `python tests/benchmarks/stop.py [PRESSES]`.

A real `retroctl run` and a bare `BleakClient`, in one process and one event loop, each with its own pseudo-terminal
and a simulated treadmill over Bumble's ATT that ignores Stop, so that every press is a write. In turn, a STOP key for
the one and a key for the other, whose reader calls `write_gatt_char` at once: the smallest program there could be.
`quiet`: lines instead of the screen, data once a second. `loaded`: trainer's screen, wall page with five viewers,
voice, data ten times a second, and a broker on which 1,000 messages of garbage a second arrive for the machine (needs
mosquitto). Goals for the ratio of the 99th percentiles: 1.25 and 1.5.
"""

from __future__ import annotations

import json
import os
import pty
import random
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from broker_rig import Mosquitto
from live import VIEWERS, Program
from mqtt import FLOOD

from retroctl.adapters.mqtt.topics import Leaf, Machine

CHILD = Path(__file__).with_name("stop_child.py")
PRESSES = 200
GOALS = {"quiet": 1.25, "loaded": 1.5}
MACHINE = Machine("club", "belt-1")
FLOOD_RATE = 1000
STOP_KEYS = {"quiet": " ", "loaded": " s.b"}


def measured(folder: Path, name: str, presses: int) -> dict[str, object]:
    told = folder / f"told-{name}"
    writer, reader = pty.openpty()
    tty.setraw(reader)
    rate = "10" if name == "loaded" else "1"
    wanted = ["run", "--sim", "stop-ignored", "--client", "demo", "--top", "2.6", "--hold", "120", "--advance", "auto"]
    quiet = name == "quiet"
    broker = None if quiet else Mosquitto(folder / "broker", tls=False)
    if broker is not None:
        broker.start()
        wanted += ["--mqtt", f"mqtt://127.0.0.1:{broker.port}/{MACHINE.club}/{MACHINE.name}"]
    program = Program(
        folder, [str(CHILD), str(told), rate, str(reader)], wanted + (["--plain", "--yes"] if quiet else []),
        bare=quiet, descriptors=(reader,),
    )  # fmt: skip
    os.close(reader)
    viewers, flood = [], None
    try:
        if broker is None:
            program.see("hold [")
        else:
            program.begin()
            viewers = program.watch()
            flood = flooded(broker.port)
        while "ready" not in told.read_text():
            time.sleep(0.1)
        dice = random.Random(7)  # noqa: S311 - not for secrets
        pressed: dict[str, list[float]] = {"program": [], "bare": []}
        for _ in range(presses):
            # Within half a second a press is the same press to the program.
            time.sleep(dice.uniform(0.3, 0.55))
            pressed["program"].append(program.press(dice.choice(STOP_KEYS[name])))
            time.sleep(dice.uniform(0.3, 0.55))
            pressed["bare"].append(time.monotonic())
            os.write(writer, b"!")
        time.sleep(1.0)
    finally:
        for viewer in viewers:
            viewer.close()
        program.end()
        os.close(writer)
        if flood is not None:
            flood.kill()
            flood.wait()
        if broker is not None:
            broker.stop()
    handled = {who: times(told, who) for who in pressed}
    late = {who: latencies(pressed[who], handled[who]) for who in pressed}
    ratio = late["program"]["p99"] / late["bare"]["p99"]
    return {
        "load": name,
        "presses": presses,
        "viewers": len(viewers) and VIEWERS,
        "garbage_a_second": 0 if broker is None else FLOOD_RATE,
        **{f"{who}_ms": shown for who, shown in late.items()},
        "ratio_p50": round(late["program"]["p50"] / late["bare"]["p50"], 2),
        "ratio_p99": round(ratio, 2),
        "goal_ratio_p99": GOALS[name],
        "computer_load": round(os.getloadavg()[0], 1),
    }


def flooded(port: int) -> subprocess.Popen[bytes]:
    """Garbage on the machine's `cmd/stop`. It would come from another computer: here it stands behind the program."""
    words = [str(port), MACHINE.topic(Leaf.STOP), str(FLOOD_RATE)]
    return subprocess.Popen(["nice", "-n", "19", sys.executable, "-c", FLOOD, *words])


def times(told: Path, who: str) -> list[float]:
    return [float(at) for name, at in (line.split() for line in told.read_text().splitlines()) if name == who]


def latencies(pressed: list[float], handled: list[float]) -> dict[str, float]:
    late = []
    for at in pressed:
        after = next((each for each in handled if each >= at), None)
        late.append(float("inf") if after is None else (after - at) * 1000)
    late.sort()
    return {
        "p50": round(late[len(late) // 2], 2),
        "p99": round(late[int(0.99 * (len(late) - 1))], 2),
        "max": round(late[-1], 2),
    }


def figures(presses: int) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as name:
        return [measured(Path(name), load, presses) for load in GOALS]


if __name__ == "__main__":
    for each in figures(int(sys.argv[1]) if len(sys.argv) > 1 else PRESSES):
        print(json.dumps(each))
