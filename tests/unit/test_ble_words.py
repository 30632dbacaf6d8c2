"""What the Bluetooth adapter says: errors, names, advertisements, and which machine is chosen."""

from __future__ import annotations

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
)
from hypothesis import given
from hypothesis import strategies as st

from retroctl.adapters.ble.availability import Cause, bluetooth_error, explain, explain_scan
from retroctl.adapters.ble.faults import describe, write_fault
from retroctl.adapters.ble.gatt import FITNESS_MACHINE_SERVICE
from retroctl.adapters.ble.names import MAX_NAME_CHARACTERS, shown_name
from retroctl.adapters.ble.scan import FoundMachine, _Heard, choose
from retroctl.errors import LinkLost, ProcedureTimeout, TreadmillError, TreadmillNotFound, WriteRefused

Reason = BleakBluetoothNotAvailableReason
TROUBLES = [
    (BleakBluetoothNotAvailableError("", Reason.NO_BLUETOOTH), Cause.NO_ADAPTER, "plug in"),
    (BleakBluetoothNotAvailableError("", Reason.NO_BLE_CENTRAL_ROLE), Cause.NO_LOW_ENERGY, "plug in"),
    (BleakBluetoothNotAvailableError("", Reason.POWERED_OFF), Cause.OFF, "switch it on"),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_USER), Cause.DENIED, "allow it"),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_SYSTEM), Cause.DENIED, "usermod"),
    (BleakBluetoothNotAvailableError("", Reason.DENIED_BY_UNKNOWN), Cause.DENIED, "allow it"),
    (BleakBluetoothNotAvailableError("why", Reason.UNKNOWN), Cause.UNKNOWN, "doctor"),
    (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["no"]), Cause.DENIED, "usermod"),
    (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["no"]), Cause.NO_SERVICE, "systemctl"),
    (BleakDBusError("org.bluez.Error.NotReady", ["no"]), Cause.OFF, "switch it on"),
    (FileNotFoundError(2, "No such file or directory"), Cause.NO_BUS, "systemctl start dbus"),
    (ConnectionRefusedError(), Cause.NO_BUS, "systemctl start dbus"),
    (PermissionError(), Cause.DENIED, "sudo"),
    (BleakError("Bleak requires BlueZ >= 5.55."), Cause.TOO_OLD, "update"),
    (BleakError("Unsupported platform: Plan9"), Cause.NO_SUPPORT, "Linux"),
    (ImportError("no winrt"), Cause.NO_SUPPORT, "Linux"),
]


@pytest.mark.parametrize(("error", "cause", "way_out"), TROUBLES, ids=lambda value: str(value)[:40])
def test_each_bluetooth_trouble_is_one_line_with_its_cause_and_way_out(error, cause, way_out):
    trouble = explain(error)
    assert trouble is not None
    assert trouble == explain_scan(error)
    assert trouble.cause is cause
    line = str(bluetooth_error(trouble))
    assert way_out in line
    assert "\n" not in line


@pytest.mark.parametrize("reason", Reason)
def test_no_reason_that_bleak_knows_is_without_words(reason):
    assert explain(BleakBluetoothNotAvailableError("text", reason)) is not None


@pytest.mark.parametrize(
    "error",
    [
        BleakError("le-connection-abort-by-local"),
        BleakDBusError("org.bluez.Error.Failed", ["x"]),
        EOFError(),
        OSError(),
    ],
)
def test_trouble_with_a_machine_is_not_blamed_on_the_computer(error):
    assert explain(error) is None


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (BleakDBusError("org.bluez.Error.InProgress", ["x"]), Cause.BUSY, "busy"),
        (TimeoutError(), Cause.UNKNOWN, "in time"),
        (BleakError("odd thing"), Cause.UNKNOWN, "odd thing"),
        (EOFError(), Cause.UNKNOWN, "EOFError"),
    ],
)
def test_a_scan_that_fails_for_another_reason_says_what_was_seen(error, cause, words):
    trouble = explain_scan(error)
    assert trouble.cause is cause
    assert words in str(trouble)


@pytest.mark.parametrize(
    ("error", "connected", "expected", "code"),
    [
        (BleakGATTProtocolError(0xFE), True, WriteRefused, 0xFE),
        (BleakGATTProtocolError(0x80), False, WriteRefused, 0x80),
        (BleakDBusError("org.bluez.Error.InProgress", ["x"]), True, WriteRefused, 0xFE),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), True, WriteRefused, 0x05),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["odd"]), True, WriteRefused, 0x03),
        (BleakError("odd"), True, ProcedureTimeout, None),
        (BleakError("odd"), False, LinkLost, None),
        (TimeoutError(), True, ProcedureTimeout, None),
        (TimeoutError(), False, LinkLost, None),
        (ConnectionResetError(), True, LinkLost, None),
        (BleakDBusError("org.bluez.Error.NotConnected", []), True, LinkLost, None),
    ],
)
def test_a_failed_write_is_refused_or_unknown_or_lost(error, connected, expected, code):
    fault = write_fault(error, connected=connected)
    assert type(fault) is expected
    assert getattr(fault, "code", None) == code


def test_a_refusal_for_want_of_pairing_says_so():
    assert "paired" in describe(BleakGATTProtocolError(0x05))
    for code in (0x05, 0x08, 0x0C, 0x0F):
        fault = write_fault(BleakGATTProtocolError(code), connected=True)
        assert "paired first" in fault.wants_pairing
    assert write_fault(BleakGATTProtocolError(0x80), connected=True).wants_pairing is None


@pytest.mark.parametrize(
    ("platform", "way"),
    [
        ("linux", "bluetoothctl pair"),
        ("darwin", "System Settings"),
        ("win32", "Bluetooth & devices"),
        ("x", "settings"),
    ],
)
def test_how_to_pair_is_said_for_each_system(monkeypatch, platform, way):
    monkeypatch.setattr("sys.platform", platform)
    assert way in describe(BleakGATTProtocolError(0x0F))


def test_the_rest_of_the_refusals_are_in_plain_words():
    assert describe(BleakGATTProtocolError(0x80)) == "refused with ATT error 0x80"
    assert describe(EOFError()) == "the connection ended"
    assert describe(BleakError("two\nlines")) == "two lines"
    assert describe(BleakError()) == "BleakError"


@given(st.text(max_size=300))
def test_any_name_becomes_one_short_printable_line(name):
    shown = shown_name(name, "AA:BB")
    assert shown.isprintable()
    assert shown == shown.strip()
    assert 0 < len(shown) <= MAX_NAME_CHARACTERS


def test_a_terminal_sequence_in_a_name_is_taken_apart():
    assert shown_name("Belt\x1b[2J\r\nB", "AA:BB") == "Belt [2J B"
    assert shown_name("\x00\x01", "AA:BB") == "AA:BB"
    assert shown_name(None, "AA:BB") == "AA:BB"


def heard(*packets: AdvertisementData, name: str | None = None) -> FoundMachine | None:
    record = _Heard()
    for packet in packets:
        record.take(BLEDevice("AA:BB", name, None), packet)
    return record.machine()


def packet(
    service_data: bytes | None = None, uuids: tuple[str, ...] = (FITNESS_MACHINE_SERVICE,), name: str | None = None
) -> AdvertisementData:
    data = {} if service_data is None else {FITNESS_MACHINE_SERVICE: service_data}
    return AdvertisementData(name, {}, data, list(uuids), None, -50, ())


@pytest.mark.parametrize(
    ("service_data", "says_treadmill", "remark"),
    [
        (b"\x01\x01\x00", True, None),
        (b"\x01\x00\x01", True, "swapped"),
        (b"\x01\x01", True, "short"),
        (b"\x00\x01\x00", True, "not available"),
        (b"\x01\x20\x00", False, "indoor bike"),
        (b"\x01\x21\x00", True, None),
        (b"\x01\x00\x00", False, "no known kind"),
        (b"\x01", None, "which kind"),
        (b"", None, "which kind"),
        (None, None, None),
    ],
)
def test_service_data_refines_and_never_rejects(service_data, says_treadmill, remark):
    machine = heard(packet(service_data))
    assert machine is not None
    assert machine.says_treadmill is says_treadmill
    assert [remark in told for told in machine.remarks] == ([] if remark is None else [True])


@given(st.binary(max_size=30))
def test_any_service_data_gives_a_machine(data):
    machine = heard(packet(data))
    assert machine is not None
    assert all("\n" not in remark for remark in machine.remarks)


def test_the_service_may_be_named_in_the_service_data_alone():
    assert heard(packet(b"\x01\x01\x00", uuids=())) is not None


def test_a_machine_is_described_in_one_line():
    bike = heard(packet(b"\x01\x20\x00", name="Bike"))
    assert bike is not None
    assert bike.line == "Bike (AA:BB), -50 dBm; it advertises itself as indoor bike, not as a treadmill"
    assert found("AA:01", name="AA:01", rssi=None).line == "AA:01, not advertising"


def test_other_devices_are_no_machines():
    assert heard(packet(uuids=("0000180d-0000-1000-8000-00805f9b34fb",))) is None


def test_what_several_packets_say_is_put_together():
    machine = heard(packet(b"\x01\x01\x00"), packet(uuids=(), name="Belt"), packet())
    assert machine is not None
    assert (machine.name, machine.says_treadmill) == ("Belt", True)


def found(address: str, name: str = "Belt", rssi: int | None = -50) -> FoundMachine:
    return FoundMachine(name, address, rssi, None, (), BLEDevice(address, name, None))


def test_one_machine_is_chosen_and_an_address_picks_one_of_many():
    one, two = found("AA:01"), found("AA:02")
    assert choose([one], None) is one
    assert choose([one, two], "aa:02") is two


@pytest.mark.parametrize(
    ("machines", "address", "words"),
    [
        ([], None, ["no treadmill answered", "phone", "close the app", "sleeps", "too far"]),
        ([], "AA:09", ["AA:09", "phone"]),
        ([found("AA:01")], "AA:09", ["AA:09", "heard instead", "Belt (AA:01) -50 dBm", "phone"]),
        (
            [found("AA:01"), found("AA:02", name="AA:02", rssi=None)],
            None,
            ["2 machines", "Belt (AA:01) -50 dBm", "AA:02", "--address AA:01"],
        ),
    ],
)
def test_what_cannot_be_chosen_is_one_line_with_the_usual_cause_or_the_way_out(machines, address, words):
    with pytest.raises(TreadmillNotFound) as caught:
        choose(machines, address)
    line = str(caught.value)
    assert isinstance(caught.value, TreadmillError)
    assert "\n" not in line
    for word in words:
        assert word in line
