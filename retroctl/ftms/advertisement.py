"""What a machine says before anybody connects (FTMS v1.0.1, section 3.1; Core Supplement, part A).

The service number alone makes a candidate. Service data is often missing, short or byte-swapped, so it only
refines the type and never rules a machine out: nothing in this module raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from retroctl.ftms.wire import set_bits

FITNESS_MACHINE_SERVICE = 0x1826

MACHINE_TYPES = ("treadmill", "cross_trainer", "step_climber", "stair_climber", "rower", "indoor_bike")
"""Bits 0 to 5 of the machine type."""

_AVAILABLE = 1 << 0
_SERVICE_DATA_SIZE = 3

_AD_FLAGS = 0x01
_AD_SERVICES_16 = (0x02, 0x03)
_AD_NAMES = (0x08, 0x09)
_AD_SERVICE_DATA_16 = 0x16


@dataclass(frozen=True, slots=True)
class MachineServiceData:
    """The service data of 0x1826. `available` None: the machine did not say; `machine_types` empty: likewise."""

    available: bool | None
    machine_types: frozenset[str]
    unknown_bits: tuple[int, ...] = ()
    """1 to 7: reserved flags; 8 and above: reserved machine types."""
    truncated: bool = False
    trailing: bytes = b""

    @property
    def may_be_treadmill(self) -> bool:
        """False only when the machine names other types and not this one."""
        return not self.machine_types or "treadmill" in self.machine_types


@dataclass(frozen=True, slots=True)
class Advertisement:
    """A whole advertisement or scan response, as far as it matters here."""

    flags: int | None = None
    name: str | None = None
    service_uuids: tuple[int, ...] = ()
    service_data: MachineServiceData | None = None
    truncated: bool = False
    trailing: bytes = b""

    @property
    def names_fitness_machine(self) -> bool:
        """Whether the Fitness Machine Service is listed, or service data of it is there."""
        return FITNESS_MACHINE_SERVICE in self.service_uuids or self.service_data is not None


def decode_service_data(data: bytes) -> MachineServiceData:
    """Read the service data of 0x1826, without the service number: a byte of flags, two of machine type.

    Machines swap the type bytes or send one; all six types lie in the low byte, so the bytes are joined by OR.
    """
    type_bytes = bytes(data[1:_SERVICE_DATA_SIZE])
    types = reduce(lambda joined, byte: joined | byte, type_bytes, 0)
    flags = data[0] if data else 0
    return MachineServiceData(
        available=bool(flags & _AVAILABLE) if data else None,
        machine_types=frozenset(name for bit, name in enumerate(MACHINE_TYPES) if types >> bit & 1),
        unknown_bits=set_bits(flags, first=1, last=7) + set_bits(types << 8, first=14, last=15),
        truncated=len(data) < _SERVICE_DATA_SIZE,
        trailing=bytes(data[_SERVICE_DATA_SIZE:]),
    )


def decode_advertisement(data: bytes) -> Advertisement:
    """Read a raw advertisement: structures of length, type and content. A cut structure ends the reading."""
    flags: int | None = None
    name: str | None = None
    services: list[int] = []
    service_data: MachineServiceData | None = None
    position = 0
    data = bytes(data)
    while position < len(data) and data[position] != 0:  # a length of 0 is early padding
        end = position + 1 + data[position]
        if end > len(data):
            return Advertisement(flags, name, tuple(services), service_data, truncated=True, trailing=data[position:])
        kind, content = data[position + 1], data[position + 2 : end]
        if kind == _AD_FLAGS and content:
            flags = content[0]
        elif kind in _AD_NAMES:
            name = content.decode("utf-8", errors="replace")
        elif kind in _AD_SERVICES_16:
            services.extend(int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content) - 1, 2))
        elif kind == _AD_SERVICE_DATA_16 and content[:2] == FITNESS_MACHINE_SERVICE.to_bytes(2, "little"):
            service_data = decode_service_data(content[2:])
        position = end
    return Advertisement(flags, name, tuple(services), service_data, trailing=data[position:].strip(b"\0"))
