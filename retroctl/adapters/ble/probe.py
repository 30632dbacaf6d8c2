"""`python -m retroctl.adapters.ble.probe SECONDS`: try Bluetooth once and print the outcome as one JSON object.

A process of its own, because macOS aborts a program that asks for Bluetooth without permission, and because a stuck
Bluetooth stack may hang without end. It scans only: it connects to nothing and writes nothing to any machine.
"""

from __future__ import annotations

import asyncio
import json
import sys


async def _try(seconds: float) -> dict[str, object]:
    # Imported here: a missing part of bleak is an outcome to report.
    from bleak import BleakScanner  # noqa: PLC0415 - as said above

    from retroctl.adapters.ble.gatt import FITNESS_MACHINE_SERVICE  # noqa: PLC0415 - as said above

    async with BleakScanner() as scanner:
        await asyncio.sleep(seconds)
    heard = scanner.discovered_devices_and_advertisement_data
    machines = sum(FITNESS_MACHINE_SERVICE in advertised.service_uuids for _, advertised in heard.values())
    return {"works": True, "heard": len(heard), "machines": machines}


def main() -> int:
    """Print the outcome; 0 whatever it is, since the outcome is the result."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    try:
        outcome = asyncio.run(_try(seconds))
    except Exception as error:  # noqa: BLE001 - the process ends here, and the error is what it was run for
        outcome = {"works": False, "error": f"{type(error).__name__}: {error}", **_explained(error)}
    sys.stdout.write(json.dumps(outcome) + "\n")
    return 0


def _explained(error: Exception) -> dict[str, object]:
    try:
        from retroctl.adapters.ble.availability import explain_scan  # noqa: PLC0415 - needs bleak too
    except ImportError:
        return {"cause": "no support", "what": "a part of the program is missing", "way_out": "install retroctl again"}
    trouble = explain_scan(error)
    return {"cause": str(trouble.cause), "what": trouble.what, "way_out": trouble.way_out}


if __name__ == "__main__":
    sys.exit(main())
