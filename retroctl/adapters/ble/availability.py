"""Why this computer's Bluetooth cannot be used, in one clear line each with the way out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
)

from retroctl.errors import TreadmillError


class Cause(StrEnum):
    """What stands between the program and the radio."""

    NO_BUS = "no D-Bus"
    NO_SERVICE = "no Bluetooth service"
    NO_ADAPTER = "no adapter"
    NO_LOW_ENERGY = "no Bluetooth Low Energy"
    OFF = "switched off"
    DENIED = "denied"
    TOO_OLD = "too old"
    BUSY = "busy"
    NO_SUPPORT = "no support"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason: what is wrong, and what a person can do about it."""

    cause: Cause
    what: str
    way_out: str

    def __str__(self) -> str:
        return f"{self.what}: {self.way_out}"


_NO_BUS = Trouble(
    Cause.NO_BUS,
    "Bluetooth cannot be reached because the D-Bus system bus is not running here",
    "start it (sudo systemctl start dbus bluetooth); inside a container, share /run/dbus with it",
)
_BUS_DENIED = Trouble(
    Cause.DENIED,
    "this user may not talk to the D-Bus system bus, so Bluetooth cannot be used",
    "run as the user who is logged in at the screen, not through sudo or inside a container with another user id",
)
_NO_SERVICE = Trouble(
    Cause.NO_SERVICE,
    "the Bluetooth service (bluetoothd) is not running",
    "start it: sudo systemctl enable --now bluetooth (install the package bluez if it is missing)",
)
_OFF = Trouble(
    Cause.OFF,
    "Bluetooth is switched off on this computer",
    "switch it on in the system's settings (Linux: rfkill unblock bluetooth, then bluetoothctl power on)",
)
_NO_ADAPTER = Trouble(
    Cause.NO_ADAPTER,
    "this computer has no Bluetooth adapter that the system knows of",
    "plug in a USB Bluetooth 4.0 (or later) adapter, or switch the built-in one on in the firmware settings",
)
_NO_LOW_ENERGY = Trouble(
    Cause.NO_LOW_ENERGY,
    "the Bluetooth adapter of this computer is too old for Low Energy, which treadmills use",
    "plug in a USB Bluetooth 4.0 (or later) adapter",
)
_DENIED_BY_USER = Trouble(
    Cause.DENIED,
    "this terminal has no permission to use Bluetooth",
    "allow it (macOS: System Settings > Privacy & Security > Bluetooth; Windows: Settings > Privacy), then reopen it",
)
_DENIED_BY_SYSTEM = Trouble(
    Cause.DENIED,
    "the system denies this user the use of Bluetooth",
    "Linux: sudo usermod -aG bluetooth $USER, then log out and in; otherwise ask whoever administers this computer",
)
_TOO_OLD = Trouble(
    Cause.TOO_OLD,
    "the Bluetooth service on this computer is too old",
    "update the package bluez to 5.55 or later",
)
_BUSY = Trouble(
    Cause.BUSY,
    "the Bluetooth adapter is busy with another program's request",
    "close other Bluetooth programs and windows, wait a few seconds, try again",
)
_NO_SUPPORT = Trouble(
    Cause.NO_SUPPORT,
    "this system has no Bluetooth that the program can use",
    "use Linux with BlueZ, macOS 12 or later, or Windows 10 or later",
)

_BY_REASON = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: _NO_ADAPTER,
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: _NO_LOW_ENERGY,
    BleakBluetoothNotAvailableReason.POWERED_OFF: _OFF,
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: _DENIED_BY_USER,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: _DENIED_BY_SYSTEM,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: _DENIED_BY_USER,
}

_BY_DBUS_NAME = {
    "org.freedesktop.DBus.Error.AccessDenied": _DENIED_BY_SYSTEM,
    "org.freedesktop.DBus.Error.ServiceUnknown": _NO_SERVICE,
    "org.freedesktop.DBus.Error.NameHasNoOwner": _NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound": _NO_SERVICE,
    "org.freedesktop.DBus.Error.Spawn.ExecFailed": _NO_SERVICE,
    "org.bluez.Error.NotReady": _OFF,
}

_BY_TEXT = (("Bleak requires BlueZ >=", _TOO_OLD), ("Unsupported ", _NO_SUPPORT))

_BY_TYPE = (
    (PermissionError, _BUS_DENIED),
    # On Linux bleak lets the socket's own error through when it cannot reach the system bus.
    ((FileNotFoundError, ConnectionRefusedError), _NO_BUS),
    (ImportError, _NO_SUPPORT),
)


def explain(error: BaseException) -> Trouble | None:
    """Say why Bluetooth cannot be used; None when `error` is not about this computer's Bluetooth."""
    if isinstance(error, BleakBluetoothNotAvailableError):
        unknown = Trouble(Cause.UNKNOWN, f"Bluetooth cannot be used here ({error.args[0]})", "run: retroctl doctor")
        return _BY_REASON.get(error.reason, unknown)
    if isinstance(error, BleakDBusError):
        return _BY_DBUS_NAME.get(error.dbus_error)
    if isinstance(error, BleakError):
        return next((trouble for start, trouble in _BY_TEXT if str(error).startswith(start)), None)
    return next((trouble for kinds, trouble in _BY_TYPE if isinstance(error, kinds)), None)


def explain_scan(error: BaseException) -> Trouble:
    """Say why a scan could not run; always an answer."""
    trouble = explain(error)
    if trouble is not None:
        return trouble
    if isinstance(error, BleakDBusError) and error.dbus_error == "org.bluez.Error.InProgress":
        return _BUSY
    if isinstance(error, TimeoutError):
        return Trouble(
            Cause.UNKNOWN, "Bluetooth did not answer in time", "switch it off and on again, then run: retroctl doctor"
        )
    kind = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Trouble(Cause.UNKNOWN, f"the Bluetooth scan failed ({kind})", "run: retroctl doctor")


def bluetooth_error(trouble: Trouble) -> TreadmillError:
    """Make the error that the program reports for `trouble`."""
    return TreadmillError(str(trouble))
