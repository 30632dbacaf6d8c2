"""The main job, whole: two rungs of 60 s on the real clock, eased down, stopped, at rest."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from program import ENTER, Program, run_program

if TYPE_CHECKING:
    from radio import Radio, SimulatedTreadmill

REQUEST_CONTROL, STOP = b"\x00", b"\x08\x01"
SPEED_1_0, SPEED_1_8 = b"\x02\x64\x00", b"\x02\xb4\x00"
HOLD_S = 60.0
LATE = {"F1", "F15", "guard"}
"""Emulated on a busy computer, frames, the program itself or its guard may be late: it says so and holds for longer."""


async def ladder(radio: Radio) -> dict[str, Any]:
    """Brief, arm, start at the console, hold 60 s, confirm, hold 60 s; then the program ends it by itself."""
    async with (
        radio.treadmill() as treadmill,
        run_program("--address", treadmill.address, "--top", "1.8", "--hold", "60") as program,
    ):
        machine = treadmill.machine
        began = time.monotonic()
        await program.brief_and_arm()
        up_s = time.monotonic() - began
        assert not machine.log, "nothing is written before the belt is started"
        await program.start_at_the_console(treadmill)

        await program.state("holding", 60)
        await _consent(program, treadmill)
        status = await program.ended(3 * HOLD_S + 150)

        writes = [(w.at, w.data) for w in machine.log]
        sent = [data for _, data in writes]
        assert sent[:5] == [REQUEST_CONTROL, SPEED_1_0, SPEED_1_8, SPEED_1_0, STOP], sent
        assert all(data == STOP for data in sent[5:]), sent
        at = dict(zip(("control", "first", "raise", "ease", "stop"), (at for at, _ in writes), strict=False))
        # The machine's own belt is the judge: how long it stood at each speed before the next command came.
        held_s = [at["raise"] - _settled(machine, 1.0, at["first"]), at["ease"] - _settled(machine, 1.8, at["raise"])]
        assert all(seconds >= HOLD_S for seconds in held_s), held_s
        peak_kmh = max(machine.true_speed_kmh(at["first"] + tenth / 10) for tenth in range(6000))
        assert peak_kmh <= 1.8 + 1e-9, peak_kmh
        assert machine.true_speed_kmh(time.monotonic()) == 0

        assert status == 0, status
        summary = program.lines[-1]
        assert summary["type"] == "summary", summary
        assert summary["belt_at_rest"] is True, summary
        assert [held["target_kmh"] for held in summary["held"]] == [1.0, 1.8], summary
        assert all(held["seconds"] >= HOLD_S for held in summary["held"]), summary
        alarms = [line["id"] for line in program.said("alarm")]
        assert LATE.issuperset(alarms), program.said("alarm")
        assert all(line["result"] == "confirmed" for line in program.said("outcome")), program.said("outcome")
        return {
            "up_s": round(up_s, 1),
            "held_s": [round(seconds, 1) for seconds in held_s],
            "said_held_s": [held["seconds"] for held in summary["held"]],
            "peak_kmh": round(peak_kmh, 2),
            "alarms": alarms,
            "frames": len(program.said("telemetry")),
            "longest_gap_s": round(_longest_gap(program.said("telemetry")), 2),
        }


async def _consent(program: Program, treadmill: SimulatedTreadmill) -> None:
    """Confirm when the hold is served; again if a late frame withdrew that, at most twice."""
    for _ in range(3):
        since = len(program.lines)
        await program.until(
            lambda line: line.get("state") == "ready", 2 * HOLD_S + 60, "the hold is served", since=since
        )
        assert [w.data for w in treadmill.machine.log] == [REQUEST_CONTROL, SPEED_1_0], "no raise without consent"
        since = len(program.lines)
        program.press(ENTER)
        raised = await program.until(
            lambda line: line["type"] == "command" or line.get("state") in ("holding", "settling"),
            30,
            "a raise",
            since=since,
        )
        if raised["type"] == "command":
            return
    raise AssertionError(f"three times confirmed and not raised: {program.said('refusal')}")


def _settled(machine: Any, kmh: float, after: float) -> float:
    """When the belt itself first ran at this speed after a time."""
    moments = (after + hundredth / 100 for hundredth in range(3000))
    return next(at for at in moments if abs(machine.true_speed_kmh(at) - kmh) < 0.005)


def _longest_gap(frames: list[dict[str, Any]]) -> float:
    return max(b["t"] - a["t"] for a, b in itertools.pairwise(frames))
