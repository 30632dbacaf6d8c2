"""bleak's errors, and those that come through it, as ours."""

from __future__ import annotations

import sys

from bleak.exc import BleakDBusError, BleakError, BleakGATTProtocolError

from retroctl.errors import LinkLost, ProcedureTimeout, TreadmillError, WriteRefused

STACK_ERRORS = (BleakError, OSError, EOFError, TimeoutError, AssertionError, ImportError)
"""What a Bluetooth call may end with.

EOFError: on BlueZ, calls still pending when the link drops. AssertionError: bleak's own checks when its bus went
away between two steps. OSError: WinRT's errors and a missing D-Bus socket.
"""

ATT_INSUFFICIENT_AUTHENTICATION = 0x05
ATT_WRITE_NOT_PERMITTED = 0x03
ATT_CCCD_IMPROPERLY_CONFIGURED = 0xFD
ATT_IN_PROGRESS = 0xFE
_GONE = frozenset({"org.bluez.Error.NotConnected", "org.freedesktop.DBus.Error.UnknownObject"})
_NEEDS_PAIRING = frozenset({0x05, 0x08, 0x0C, 0x0F})
"""Insufficient authentication, authorization, key size, encryption: what pairing brings."""
_PAIRING = {
    "linux": "run `bluetoothctl pair ADDRESS`",
    "darwin": "accept the system's question, or pair it in System Settings > Bluetooth",
    "win32": "pair it in Settings > Bluetooth & devices > Add device",
}


def write_fault(error: BaseException, *, connected: bool) -> TreadmillError:
    """Say what a failed Control Point write means: refused (with the ATT code), link gone, or outcome unknown.

    `connected` is what the Bluetooth stack says of the link now. An error that names no ATT code on a link that
    stands leaves the outcome unknown: the link is worth keeping, the command is not to be believed.
    """
    code = _att_code(error)
    if code is not None:
        return WriteRefused(code, wants_pairing=pairing_words(code))
    if not connected or isinstance(error, (EOFError, AssertionError, ConnectionError)) or _says_gone(error):
        return LinkLost("the connection to the machine is gone")
    return ProcedureTimeout(f"a write to the Control Point ended in {describe(error)}; what the machine did is unknown")


def describe(error: BaseException) -> str:
    """Put a failed Bluetooth call into a few plain words."""
    code = _att_code(error)
    if code is not None and (words := pairing_words(code)) is not None:
        return words
    if code is not None:
        return f"refused with ATT error 0x{code:02X}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, (EOFError, AssertionError)):
        return "the connection ended"
    return " ".join(str(error).split()) or type(error).__name__


def pairing_words(code: int) -> str | None:
    """Say that a machine wants to be paired and how, for an ATT error that means that (Vol 3 Part F, 3.4.1.1)."""
    if code not in _NEEDS_PAIRING:
        return None
    how = _PAIRING.get(sys.platform, "pair it in the system's Bluetooth settings")
    return f"the machine wants to be paired first (ATT error 0x{code:02X}): end this, {how}, then try again"


def _att_code(error: BaseException) -> int | None:
    if isinstance(error, WriteRefused):
        return error.code
    if isinstance(error, BleakGATTProtocolError):
        return int(error.code)
    if _is_dbus(error, "org.bluez.Error.InProgress"):
        return ATT_IN_PROGRESS
    if isinstance(error, BleakDBusError) and error.dbus_error == "org.bluez.Error.NotPermitted":
        # bleak turns "Read/Write not permitted" into protocol errors itself; what is left is "Not paired".
        return ATT_INSUFFICIENT_AUTHENTICATION if "paired" in str(error).lower() else ATT_WRITE_NOT_PERMITTED
    return None


def _says_gone(error: BaseException) -> bool:
    if isinstance(error, BleakDBusError):
        return error.dbus_error in _GONE or "not connected" in str(error).lower()
    return isinstance(error, BleakError) and str(error).lower() in {"not connected", "disconnected"}


def _is_dbus(error: BaseException, name: str) -> bool:
    return isinstance(error, BleakDBusError) and error.dbus_error == name
