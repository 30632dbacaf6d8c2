"""The program on a real Bluetooth stack: bleak, D-Bus, BlueZ and the kernel, in a virtual machine without a radio.

One boot serves all scenarios; each runs inside the machine (see in_vm.py) and sends out one verdict.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
VM = HERE / "vm"
BOUND_S = 1800
"""For all scenarios and the boot: about 9 minutes were measured, emulated."""

SCENARIOS = {
    "stack": "the stack itself carries scan, connect, read, notify, write and indicate",
    "adapter": "the bleak adapter opens a treadmill, commands it, sees its frames and lets go",
    "ladder": "a ladder of two rungs holds 60 s of real time at each, then ends at rest",
    "stop_pending": "a Stop behind a speed write that never returns alarms, drops the link and goes out first",
    "link_drop": "after a lost link the program connects again to observe, and to stop, and for nothing else",
    "strap": "a strap beside the treadmill: its rate arrives, a dropout is noticed within 5 s, the limit holds a raise",
    "guard_kill": "a program that is killed or frozen leaves a belt that its guard stops, on the same connection",
}

pytestmark = [
    pytest.mark.bluez,
    pytest.mark.timeout(BOUND_S + 60),
    # One virtual machine, whatever the number of workers.
    pytest.mark.xdist_group("bluez"),
]


class Outcome(NamedTuple):
    verdicts: dict[str, dict[str, Any]]
    log: str


@pytest.fixture(scope="module")
def outcome(request: pytest.FixtureRequest) -> Outcome:
    """Boot once, run the selected scenarios, give their verdicts by name."""
    check = subprocess.run([VM, "check"], capture_output=True, text=True, check=False, timeout=30)
    if check.returncode != 0:
        reason = f"no virtual machine: {check.stdout.strip()}"
        if os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    selected = [item.callspec.params["scenario"] for item in request.session.items if item.path == request.path]
    run = subprocess.run(
        [VM, "run", "python", "tests/bluez/in_vm.py", *selected],
        cwd=PROJECT,
        env={**os.environ, "VM_SECONDS": str(BOUND_S)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,  # the verdicts say more than the status
        timeout=BOUND_S + 30,
    )
    log = run.stdout.decode(errors="replace")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"scenario"')]
    return Outcome({line["scenario"]: line for line in lines}, log)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_on_real_bluetooth(scenario: str, outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = outcome.verdicts.get(scenario, {"passed": False, "reason": "the virtual machine gave no verdict"})
    with capsys.disabled():  # the figures belong in the log of a run that passed, too
        sys.stdout.write(f"\n{json.dumps(verdict)}\n")
    if not verdict["passed"]:
        sys.stdout.write(outcome.log)
    assert verdict["passed"], f"not shown that {SCENARIOS[scenario]}: {verdict['reason']}"
