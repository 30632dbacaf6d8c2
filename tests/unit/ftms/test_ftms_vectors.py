"""Every recorded or specified frame decodes to what its source says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from retroctl.errors import MalformedFrame
from retroctl.ftms.control_point import encode_request
from retroctl.ftms.describe import describe
from retroctl.ftms.names import REQUEST_NAMES, RESULT_NAMES, STATUS_NAMES, TRAINING_NAMES
from retroctl.ftms.opcodes import ControlPointOp, MachineStatusOp, ResultCode, TrainingStatusCode

VECTORS = Path(__file__).parents[2] / "vectors"
CAPTURES: list[dict[str, Any]] = json.loads((VECTORS / "captures.json").read_text(encoding="utf-8"))
SPECIFIED: list[dict[str, Any]] = json.loads((VECTORS / "spec.json").read_text(encoding="utf-8"))

KINDS = {"captured", "peer-emitted", "peer-test", "doc", "derived"}
SECTION = re.compile(
    r"FTMS v1\.0\.1, section \d+(\.\d+)*"
    r"|Heart Rate Service v1\.0, section \d+(\.\d+)*"
    r"|Core Specification Supplement, part A, section \d+"
)


def _name(vector: dict[str, Any]) -> str:
    return f"{vector['char']}-{vector['hex'] or 'empty'}"


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    """What a description states; null and left out mean the same."""
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("vector", CAPTURES + SPECIFIED, ids=_name)
def test_frame_decodes_to_what_its_source_says(vector):
    data = bytes.fromhex(vector["hex"])
    if vector.get("malformed"):
        with pytest.raises(MalformedFrame):
            describe(vector["char"], data)
        return
    described = describe(vector["char"], data)
    fields, expected = _said(described["fields"]), _said(vector["fields"])
    if vector.get("partial"):
        fields = {name: fields.get(name) for name in expected}
    assert fields == expected
    assert {key: described[key] for key in ("truncated", "unknown_bits", "trailing")} == {
        key: vector[key] for key in ("truncated", "unknown_bits", "trailing")
    }


@pytest.mark.parametrize("vector", CAPTURES, ids=_name)
def test_capture_names_where_it_comes_from(vector):
    assert vector["kind"] in KINDS
    assert vector["device"]
    # A repository with a file or a thread; in words where the owner is not known.
    assert re.fullmatch(r"[\w.-]+/[\w.-]+(:.+|#\d+)|tests of (a|the) public .+", vector["source"]), vector["source"]


@pytest.mark.parametrize("vector", SPECIFIED, ids=_name)
def test_specified_frame_names_its_section(vector):
    assert SECTION.fullmatch(vector["source"]), vector["source"]


def test_there_are_as_many_captures_of_treadmills_as_we_know():
    """The 30 public Treadmill Data frames are all here: none was dropped because it would not decode."""
    assert len([vector for vector in CAPTURES if vector["char"] == "2acd"]) == 30


@pytest.mark.parametrize(
    ("char", "key", "numbers", "names"),
    [
        ("2ad9", "op", ControlPointOp, REQUEST_NAMES),
        ("2ad9", "result", ResultCode, RESULT_NAMES),
        ("2ada", "status", MachineStatusOp, STATUS_NAMES),
        ("2ad3", "status", TrainingStatusCode, TRAINING_NAMES),
    ],
)
def test_every_number_of_the_specification_has_a_name_and_a_vector(char, key, numbers, names):
    shown = {vector["fields"].get(key) for vector in SPECIFIED if vector["char"] == char and "fields" in vector}
    assert {names[number] for number in numbers} <= shown
    assert len(set(names.values())) == len(names) == len(numbers)


@pytest.mark.parametrize("op", [op for op in ControlPointOp if op != ControlPointOp.RESPONSE_CODE])
def test_every_request_encodes_to_the_bytes_of_its_vector(op):
    """The vectors hold units, the encoder takes wire counts: the counts here are read off the bytes by hand."""
    counts = {
        ControlPointOp.SET_TARGET_SPEED: (800,),
        ControlPointOp.SET_TARGET_INCLINATION: (-15,),
        ControlPointOp.SET_TARGET_RESISTANCE_LEVEL: (100,),
        ControlPointOp.SET_TARGET_POWER: (250,),
        ControlPointOp.SET_TARGET_HEART_RATE: (120,),
        ControlPointOp.STOP_OR_PAUSE: (1,),
        ControlPointOp.SET_TARGETED_EXPENDED_ENERGY: (300,),
        ControlPointOp.SET_TARGETED_NUMBER_OF_STEPS: (1000,),
        ControlPointOp.SET_TARGETED_NUMBER_OF_STRIDES: (500,),
        ControlPointOp.SET_TARGETED_DISTANCE: (5000,),
        ControlPointOp.SET_TARGETED_TRAINING_TIME: (1800,),
        ControlPointOp.SET_TARGETED_TIME_IN_TWO_HEART_RATE_ZONES: (60, 120),
        ControlPointOp.SET_TARGETED_TIME_IN_THREE_HEART_RATE_ZONES: (60, 120, 180),
        ControlPointOp.SET_TARGETED_TIME_IN_FIVE_HEART_RATE_ZONES: (60, 120, 180, 240, 300),
        ControlPointOp.SET_INDOOR_BIKE_SIMULATION: (2000, 250, 50, 51),
        ControlPointOp.SET_WHEEL_CIRCUMFERENCE: (21048,),
        ControlPointOp.SPIN_DOWN_CONTROL: (1,),
        ControlPointOp.SET_TARGETED_CADENCE: (181,),
    }.get(op, ())
    first = next(vector for vector in SPECIFIED if vector["char"] == "2ad9" and vector["hex"].startswith(f"{op:02x}"))
    assert encode_request(op, *counts).hex() == first["hex"]
