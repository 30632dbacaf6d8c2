"""What the Fitness Machine Service of one machine offers, read from its attribute table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bleak.backends.characteristic import BleakGATTCharacteristic
    from bleak.backends.service import BleakGATTService

FITNESS_MACHINE_SERVICE = "00001826-0000-1000-8000-00805f9b34fb"
FEATURE = "2acc"
TREADMILL_DATA = "2acd"
TRAINING_STATUS = "2ad3"
SPEED_RANGE = "2ad4"
INCLINATION_RANGE = "2ad5"
CONTROL_POINT = "2ad9"
MACHINE_STATUS = "2ada"

_BASE = "-0000-1000-8000-00805f9b34fb"


def fitness_machine_characteristics(services: Iterable[BleakGATTService]) -> dict[str, BleakGATTCharacteristic] | None:
    """Find the service's characteristics by their four-digit assigned number; None without the service.

    The first of several equal ones counts: asking bleak by UUID would fail on a machine that shows one twice.
    """
    found: dict[str, BleakGATTCharacteristic] | None = None
    for service in services:
        if service.uuid.lower() != FITNESS_MACHINE_SERVICE:
            continue
        found = {} if found is None else found
        for characteristic in service.characteristics:
            uuid = characteristic.uuid.lower()
            if uuid.startswith("0000") and uuid.endswith(_BASE):
                found.setdefault(uuid[4:8], characteristic)
    return found


def notifies(characteristic: BleakGATTCharacteristic) -> bool:
    """Whether it offers notifications or indications; the machine's stack picks when it offers both."""
    return bool({"notify", "indicate"}.intersection(characteristic.properties))


def writes_with_response(characteristic: BleakGATTCharacteristic) -> bool | None:
    """Choose the kind of write: with response where offered, else without; None where it takes no write at all."""
    if "write" in characteristic.properties:
        return True
    return False if "write-without-response" in characteristic.properties else None
