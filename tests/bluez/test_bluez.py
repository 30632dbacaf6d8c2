"""The program on a real Bluetooth stack: bleak, D-Bus, BlueZ and the kernel, in a virtual machine without a radio.

One boot serves all scenarios; each runs inside the machine (see in_vm.py) and sends out one verdict.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
VM = HERE / "vm"
BOUND_S = 1500
"""For all scenarios and the boot: about 10 minutes on two idle cores, emulated."""

SCENARIOS = {
    "stack": "the stack itself carries scan, connect, read, notify, write and indicate",
    "adapter": "the bleak adapter opens a treadmill, commands it, sees its frames and lets go",
}

pytestmark = [
    pytest.mark.bluez,
    pytest.mark.timeout(BOUND_S + 60),
    # One virtual machine, whatever the number of workers.
    pytest.mark.xdist_group("bluez"),
]


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Boot once, run the selected scenarios, give their verdicts by name."""
    check = subprocess.run([VM, "check"], capture_output=True, text=True, check=False, timeout=30)
    if check.returncode != 0:
        reason = f"no virtual machine: {check.stdout.strip()}"
        if os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    selected = [item.callspec.params["scenario"] for item in request.session.items if item.path == request.path]
    log = tmp_path_factory.mktemp("bluez") / "vm.log"
    with log.open("wb") as out:
        subprocess.run(
            [VM, "run", "python", "tests/bluez/in_vm.py", *selected],
            cwd=PROJECT,
            env={**os.environ, "VM_SECONDS": str(BOUND_S)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,  # the verdicts say more than the status
            timeout=BOUND_S + 30,
        )
    text = log.read_text(errors="replace")
    sys.stdout.write(text)  # pytest shows it with the first test that fails
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"scenario"')]
    return {line["scenario"]: line for line in lines}


@pytest.mark.parametrize("scenario", [pytest.param(name, id=name) for name in SCENARIOS])
def test_on_a_real_bluetooth_stack(
    scenario: str, verdicts: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    claim = SCENARIOS[scenario]
    verdict = verdicts.get(scenario)
    assert verdict is not None, f"no verdict on: {claim}; the machine's own output is with the first test"
    with capsys.disabled():  # the figures belong in the log of a run that passed, too
        sys.stdout.write(f"\n{json.dumps(verdict)}\n")
    assert verdict["passed"], f"not shown that {claim}: {verdict['reason']}"
