"""Runs scenarios inside the virtual machine and prints one verdict a line: `python tests/bluez/in_vm.py NAME...`."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

from radio import Radio, open_radio

KILLS = int(os.environ.get("RETROCTL_GUARD_KILLS", "5"))
BOUND_S = {
    "stack": 120,
    "adapter": 180,
    "ladder": 800,
    "stop_pending": 420,
    "link_drop": 480,
    "strap": 500,
    "guard_kill": 200 + 100 * KILLS,
}
"""About three times what each was measured to take on a computer that others used too."""


async def judge(name: str, radio: Radio) -> dict[str, Any]:
    """Run one scenario; a verdict in every case."""
    began = time.monotonic()
    verdict: dict[str, Any] = {"scenario": name}
    try:
        scenario = getattr(importlib.import_module(f"scenarios.{name}"), name)
        async with asyncio.timeout(BOUND_S[name]):
            verdict |= {"passed": True, "figures": await scenario(radio)}
    except Exception as error:  # noqa: BLE001 - a scenario ends here, and the others still run
        traceback.print_exc()
        verdict |= {"passed": False, "reason": f"{type(error).__name__}: {error}"}
    return verdict | {"took_s": round(time.monotonic() - began, 1)}


def tell(verdict: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(verdict) + "\n")
    sys.stdout.flush()


async def main(names: list[str]) -> int:
    began = time.monotonic()
    failed = 0
    async with open_radio() as radio:
        tell({"adapter_up_s": round(time.monotonic() - began, 1)})
        for name in names:
            verdict = await judge(name, radio)
            failed += not verdict["passed"]
            tell(verdict)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
