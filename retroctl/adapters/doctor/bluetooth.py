"""The Bluetooth checks: what the system shows, then what one real try in a process of its own says."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

from retroctl.adapters.doctor.report import Check, not_ok, ok, unknown

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.adapters.doctor.host import Ended, Host

ADAPTER = "Bluetooth adapter"
SERVICE = "Bluetooth service"
SWITCH = "Bluetooth switch"
PERMISSION = "Bluetooth permission"
TRY = "Bluetooth try"

_SWITCH_WAY_OUT = "rfkill unblock bluetooth"
_MACOS_WAY_OUT = (
    "System Settings > Privacy & Security > Bluetooth: switch on your terminal program there, then quit and reopen it"
)


def check_bluetooth(host: Host) -> list[Check]:
    """Give every Bluetooth check of this system, the real try last."""
    outcome = _read_probe(host, host.probe())
    seen = (
        [_adapter(host), _service(host), _switch(host), _permission(host, outcome)] if host.platform == "linux" else []
    )
    return [*seen, outcome.check]


def _adapter(host: Host) -> Check:
    folder = host.root / "sys/class/bluetooth"
    names = sorted(entry.name for entry in _entries(folder) if entry.name.startswith("hci") and ":" not in entry.name)
    if names:
        return ok(ADAPTER, ", ".join(names))
    return not_ok(
        ADAPTER,
        "the kernel shows none",
        "plug in a USB Bluetooth 4.0 (or later) adapter; in a virtual machine hand the adapter through to it",
    )


def _service(host: Host) -> Check:
    processes = [entry for entry in _entries(host.root / "proc") if entry.name.isdigit()]
    names = {_text(entry / "comm") for entry in processes}
    if "bluetoothd" in names:
        return ok(SERVICE, "bluetoothd runs")
    # A container or a hardened system shows only its own processes: then its absence says nothing.
    if "1" not in {entry.name for entry in processes} or names <= {""}:
        return unknown(SERVICE, "the running processes cannot be seen from here")
    return not_ok(
        SERVICE,
        "bluetoothd does not run",
        "sudo systemctl enable --now bluetooth (install the package bluez if it is missing)",
    )


def _switch(host: Host) -> Check:
    switches = [entry for entry in _entries(host.root / "sys/class/rfkill") if _text(entry / "type") == "bluetooth"]
    if not switches:
        return unknown(SWITCH, "the kernel shows no radio switch for Bluetooth")
    if any(_text(entry / "hard") == "1" for entry in switches):
        return not_ok(
            SWITCH,
            "switched off by hardware",
            "use the laptop's radio switch or function key (aeroplane mode), or its firmware settings",
        )
    if any(_text(entry / "soft") == "1" for entry in switches):
        return not_ok(SWITCH, "switched off by software", _SWITCH_WAY_OUT)
    return ok(SWITCH, "on")


def _permission(host: Host, outcome: _Outcome) -> Check:
    """Tell apart: allowed, not in the group, in the group but not since this login, denied for another reason."""
    if outcome.works:
        return ok(PERMISSION, "this user may use Bluetooth")
    if outcome.cause != "denied":
        return unknown(PERMISSION, "not reached, because Bluetooth failed before that")
    group = _bluetooth_group(host.root / "etc/group")
    user = host.user_name()
    if group is None:
        return not_ok(PERMISSION, "denied, and there is no group `bluetooth` here", "ask who administers this computer")
    number, members = group
    if number in host.groups_of_login() or host.is_root:
        return not_ok(
            PERMISSION,
            "denied although this login is in the group `bluetooth`",
            "log in at the screen itself (not through ssh or sudo), or ask who administers this computer",
        )
    if user in members:
        return not_ok(
            PERMISSION,
            f"{user} was added to the group `bluetooth` after logging in",
            "log out and in again (or restart)",
        )
    return not_ok(
        PERMISSION,
        f"{user or 'this user'} is not in the group `bluetooth`",
        "sudo usermod -aG bluetooth $USER, then log out and in again",
    )


def _bluetooth_group(groups: Path) -> tuple[int, frozenset[str]] | None:
    for line in _text(groups).splitlines():
        parts = line.split(":")
        if len(parts) == 4 and parts[0] == "bluetooth" and parts[2].isdigit():
            return int(parts[2]), frozenset(parts[3].split(","))
    return None


class _Outcome:
    """What the probe's end means."""

    def __init__(self, check: Check, *, works: bool = False, cause: str = "") -> None:
        self.check = check
        self.works = works
        self.cause = cause


def _read_probe(host: Host, ended: Ended) -> _Outcome:
    if ended.code is None:
        return _Outcome(
            not_ok(TRY, "Bluetooth gave no answer in time", "switch Bluetooth off and on, or restart the computer")
        )
    if ended.code < 0:
        return _Outcome(_killed(host, -ended.code), cause="denied" if _is_macos_abort(host, -ended.code) else "")
    told = _json_object(ended.out)
    if told is None:
        last = ended.err.strip().splitlines()[-1:] or ["it said nothing"]
        return _Outcome(
            unknown(TRY, f"the try itself failed ({last[0]})", "install retroctl again; if it stays, report it")
        )
    if told.get("works") is True:
        return _Outcome(ok(TRY, _heard(told)), works=True)
    detail = f"{told.get('what', 'Bluetooth failed')} [{told.get('error', 'no error given')}]"
    return _Outcome(not_ok(TRY, detail, str(told.get("way_out", ""))), cause=str(told.get("cause", "")))


def _heard(told: dict[str, Any]) -> str:
    return f"works; {told.get('heard', 0)} devices heard, {told.get('machines', 0)} of them fitness machines"


def _is_macos_abort(host: Host, number: int) -> bool:
    return host.platform == "darwin" and number == signal.SIGABRT


def _killed(host: Host, number: int) -> Check:
    if _is_macos_abort(host, number):
        return not_ok(
            TRY, "macOS ended the try, because this terminal has no permission to use Bluetooth", _MACOS_WAY_OUT
        )
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return not_ok(
        TRY, f"the system ended the try ({name})", "try again; if it stays, restart the computer and report it"
    )


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return value if isinstance(value, dict) else None


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
