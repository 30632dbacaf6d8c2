"""Machine Status: what changed at the machine."""

from __future__ import annotations

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms.machine_status import decode_machine_status, encode_machine_status
from retroctl.ftms.opcodes import MachineStatusOp, StopAction
from retroctl.units import Speed


def test_stop_without_its_byte_is_a_stop_of_unknown_cause():
    status = decode_machine_status(b"\x02")
    assert (status.op, status.stop_action, status.truncated) == (MachineStatusOp.STOPPED_OR_PAUSED_BY_USER, None, True)


@pytest.mark.parametrize(("text", "action"), [("0201", StopAction.STOP), ("0202", StopAction.PAUSE), ("0209", 9)])
def test_stop_and_pause_are_told_apart(text, action):
    assert decode_machine_status(bytes.fromhex(text)).stop_action == action


def test_new_target_speed_is_a_speed():
    assert decode_machine_status(bytes.fromhex("056900")).target_speed == Speed(105)


@pytest.mark.parametrize("text", ["05", "0569", "060f00", "03", "ff"])
def test_anything_else_has_no_target_speed(text):
    assert decode_machine_status(bytes.fromhex(text)).target_speed is None
    assert decode_machine_status(bytes.fromhex(text)).stop_action is None


def test_unknown_status_keeps_its_number_and_bytes():
    status = decode_machine_status(bytes.fromhex("7f0102"))
    assert (status.op, dict(status.counts), status.trailing) == (0x7F, {}, b"\x01\x02")


def test_empty_status_is_malformed():
    with pytest.raises(MalformedFrame):
        decode_machine_status(b"")


@pytest.mark.parametrize(
    ("op", "counts", "expected"),
    [
        (MachineStatusOp.STOPPED_BY_SAFETY_KEY, (), "03"),
        (MachineStatusOp.TARGET_SPEED_CHANGED, (105,), "056900"),
        (MachineStatusOp.TARGET_RESISTANCE_LEVEL_CHANGED, (5,), "070500"),
        (MachineStatusOp.CONTROL_PERMISSION_LOST, (), "ff"),
    ],
)
def test_status_encodes(op, counts, expected):
    assert encode_machine_status(op, *counts).hex() == expected


@pytest.mark.parametrize(("op", "counts"), [(MachineStatusOp.RESET, (1,)), (MachineStatusOp.TARGET_SPEED_CHANGED, ())])
def test_status_with_a_wrong_count_of_parameters_is_refused(op, counts):
    with pytest.raises(ValueError, match="takes"):
        encode_machine_status(op, *counts)
