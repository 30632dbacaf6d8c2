"""Any frame in words and units: what `retroctl decode` prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retroctl.errors import ConfigError, MalformedFrame
from retroctl.ftms.advertisement import (
    FITNESS_MACHINE_SERVICE,
    MachineServiceData,
    decode_advertisement,
    decode_service_data,
)
from retroctl.ftms.control_point import decode_request, decode_response
from retroctl.ftms.features import FEATURE_NAMES, TARGET_NAMES, decode_feature
from retroctl.ftms.heart_rate import decode_heart_rate
from retroctl.ftms.machine_status import decode_machine_status
from retroctl.ftms.names import (
    REQUEST_NAMES,
    RESULT_NAMES,
    SPIN_DOWN_REQUEST_NAMES,
    SPIN_DOWN_STATUS_NAMES,
    STATUS_NAMES,
    STOP_NAMES,
    TRAINING_NAMES,
)
from retroctl.ftms.opcodes import ControlPointOp, MachineStatusOp
from retroctl.ftms.other_machines import decode_machine_data
from retroctl.ftms.parameters import notification_fields, request_fields
from retroctl.ftms.ranges import (
    HEART_RATE_FIELDS,
    INCLINATION_FIELDS,
    POWER_FIELDS,
    RESISTANCE_LEVEL_FIELDS,
    SPEED_FIELDS,
)
from retroctl.ftms.training_status import decode_training_status
from retroctl.ftms.treadmill_data import Pace, decode_treadmill_data
from retroctl.ftms.wire import Field, read_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from retroctl.units import Speed


@dataclass(frozen=True, slots=True)
class _Description:
    fields: dict[str, object]
    truncated: bool = False
    unknown_bits: tuple[int, ...] = ()
    trailing: bytes = b""


def describe(char: str, data: bytes) -> dict[str, object]:
    """Decode `data` as the characteristic `char`, in plain JSON values.

    `char` is a four-digit number (`2acd`, `0x2ACD`), the 128-bit UUID, `adv`, or a name such as `treadmill-data`.
    Raises ConfigError for a characteristic that is not known here, MalformedFrame when nothing can be said.
    """
    number = _number(char)
    described = _DESCRIBERS[number](bytes(data))
    return {
        "char": number,
        "fields": described.fields,
        "truncated": described.truncated,
        "unknown_bits": list(described.unknown_bits),
        "trailing": described.trailing.hex(),
    }


def _number(char: str) -> str:
    written = re.sub(r"[\s_]+", "-", char.strip().lower())
    assigned = _UUID.fullmatch(written) or _SHORT.fullmatch(written)
    number = assigned[1] if assigned else written
    number = _NAMES.get(number, number)
    if number not in _DESCRIBERS:
        known = ", ".join(f"{known} ({_TITLES[known]})" for known in _DESCRIBERS)
        raise ConfigError(f"{char[:_LONGEST_SHOWN]!r} is not a characteristic known here; known are {known}")
    return number


def _treadmill_data(data: bytes) -> _Description:
    frame = decode_treadmill_data(data)
    fields: dict[str, object] = {
        "flags": f"0x{frame.flags:04X}",
        "more_data": frame.more_data,
        "speed_kmh": _kmh(frame.measured_speed),
        "average_speed_kmh": _kmh(frame.average_speed),
        "distance_m": frame.total_distance_m,
        "incline_pct": frame.inclination_percent,
        "ramp_deg": frame.ramp_angle_degrees,
        "gain_m": frame.positive_elevation_gain_m,
        "loss_m": frame.negative_elevation_gain_m,
        "energy_kcal": frame.total_energy_kcal,
        "energy_per_hour_kcal": frame.energy_per_hour_kcal,
        "energy_per_min_kcal": frame.energy_per_minute_kcal,
        "heart_rate_bpm": frame.heart_rate_bpm,
        "met": frame.metabolic_equivalent,
        "elapsed_s": frame.elapsed_time_s,
        "remaining_s": frame.remaining_time_s,
        "force_n": frame.force_on_belt_n,
        "power_w": frame.power_output_w,
    }
    for name, pace in (("pace", frame.instantaneous_pace), ("average_pace", frame.average_pace)):
        if pace is not None:
            fields.update([_pace(name, pace)])
    if frame.pace_undecided:
        fields["pace_undecided"] = True
    return _Description(fields, frame.truncated, frame.unknown_bits, frame.trailing)


def _pace(name: str, pace: Pace) -> tuple[str, float]:
    return (f"{name}_km_per_min", pace.count / 10) if pace.width == 1 else (f"{name}_s_per_500m", pace.count)


def _feature(data: bytes) -> _Description:
    feature = decode_feature(data)
    targets = feature.targets
    fields: dict[str, object] = {
        "features": [name for name in FEATURE_NAMES if name in feature.features],
        "targets": None if targets is None else [name for name in TARGET_NAMES if name in targets],
    }
    return _Description(fields, feature.truncated, feature.unknown_bits, feature.trailing)


def _range(layout: tuple[Field, ...]) -> Callable[[bytes], _Description]:
    def describer(data: bytes) -> _Description:
        reading = read_fields(data, layout)
        if not reading.counts:
            raise MalformedFrame("a supported range needs at least its minimum", data)
        return _Description(_scaled(layout, reading.counts), reading.truncated, trailing=reading.trailing)

    return describer


def _control_point(data: bytes) -> _Description:
    if data[:1] == bytes([ControlPointOp.RESPONSE_CODE]):
        return _response(data)
    request = decode_request(data)
    layout = request_fields(request.op, len(data) - 1) or ()
    fields: dict[str, object] = {"op": _named(request.op, REQUEST_NAMES)}
    fields |= _parameters(
        layout,
        request.counts,
        SPIN_DOWN_REQUEST_NAMES if request.op == ControlPointOp.SPIN_DOWN_CONTROL else STOP_NAMES,
    )
    return _Description(fields, request.truncated, trailing=request.trailing)


def _response(data: bytes) -> _Description:
    fields: dict[str, object] = {"op": "response", "request": None, "result": None}
    if len(data) > 1:
        fields["request"] = _named(data[1], REQUEST_NAMES)
    try:
        response = decode_response(data)
    except MalformedFrame:
        return _Description(fields, truncated=True)
    fields["result"] = _named(response.result, RESULT_NAMES)
    if response.request_op != ControlPointOp.SPIN_DOWN_CONTROL or not response.parameter:
        return _Description(fields, trailing=response.parameter)
    reading = read_fields(response.parameter, _SPIN_DOWN_ANSWER)
    fields |= _scaled(_SPIN_DOWN_ANSWER, reading.counts)
    return _Description(fields, reading.truncated, trailing=reading.trailing)


def _machine_status(data: bytes) -> _Description:
    status = decode_machine_status(data)
    layout = notification_fields(status.op, len(data) - 1) or ()
    fields: dict[str, object] = {"status": _named(status.op, STATUS_NAMES)}
    fields |= _parameters(
        layout,
        status.counts,
        SPIN_DOWN_STATUS_NAMES if status.op == MachineStatusOp.SPIN_DOWN_STATUS else STOP_NAMES,
    )
    return _Description(fields, status.truncated, trailing=status.trailing)


def _training_status(data: bytes) -> _Description:
    training = decode_training_status(data)
    fields: dict[str, object] = {
        "flags": training.flags,
        "status": None if training.status is None else _named(training.status, TRAINING_NAMES),
        "string": training.text,
    }
    return _Description(fields, training.truncated, training.unknown_bits, training.trailing)


def _heart_rate(data: bytes) -> _Description:
    measurement = decode_heart_rate(data)
    fields: dict[str, object] = {"bpm": measurement.sent_bpm, "contact": measurement.contact}
    if measurement.energy_kj is not None:
        fields["energy_kj"] = measurement.energy_kj
    if measurement.rr_1024 is not None:
        fields["rr_1024"] = list(measurement.rr_1024)
    return _Description(fields, measurement.truncated, measurement.unknown_bits, measurement.trailing)


def _advertised(data: bytes) -> _Description:
    """Tell service data (2 or 3 bytes, with or without its service number) from a whole advertisement."""
    number = FITNESS_MACHINE_SERVICE.to_bytes(2, "little")
    if data[:2] == number:
        return _service_data(data[2:])
    # "02 01 xx" is the Flags structure that opens most advertisements; as service data it would be reserved bits.
    if len(data) <= 3 and data[:2] != b"\x02\x01":
        return _service_data(data)
    advertisement = decode_advertisement(data)
    in_it = advertisement.service_data
    fields: dict[str, object] = {
        "flags": advertisement.flags,
        "name": advertisement.name,
        "service_uuids": [f"{uuid:04x}" for uuid in advertisement.service_uuids],
        "service_data": None if in_it is None else _service_data_fields(in_it),
    }
    unknown_bits = () if in_it is None else in_it.unknown_bits
    return _Description(fields, advertisement.truncated, unknown_bits, advertisement.trailing)


def _service_data(data: bytes) -> _Description:
    if not data:
        raise MalformedFrame("an advertisement needs at least one byte", data)
    said = decode_service_data(data)
    return _Description(_service_data_fields(said), said.truncated, said.unknown_bits, said.trailing)


def _service_data_fields(said: MachineServiceData) -> dict[str, object]:
    return {"available": said.available, "machine_types": sorted(said.machine_types)}


def _other_machine(number: str) -> Callable[[bytes], _Description]:
    def describer(data: bytes) -> _Description:
        frame = decode_machine_data(number, data)
        fields: dict[str, object] = {
            "flags": f"0x{frame.flags:0{2 * frame.flags_size}X}",
            "more_data": frame.more_data,
            **frame.values,
        }
        return _Description(fields, frame.truncated, frame.unknown_bits, frame.trailing)

    return describer


def _parameters(
    layout: Iterable[Field], counts: Mapping[str, int], action_names: Mapping[int, str]
) -> dict[str, object]:
    values = _scaled(layout, counts)
    if "param" in counts:
        values["param"] = _named(counts["param"], action_names)
    return values


def _scaled(layout: Iterable[Field], counts: Mapping[str, int]) -> dict[str, object]:
    return {field.name: field.scale(counts[field.name]) if field.name in counts else None for field in layout}


def _named(number: int, names: Mapping[int, str]) -> str | int:
    return names.get(number, number)


def _kmh(speed: Speed | None) -> float | None:
    return None if speed is None else speed.kmh


_SPIN_DOWN_ANSWER = (Field("low_speed_kmh", 2, per_unit=100), Field("high_speed_kmh", 2, per_unit=100))

_DESCRIBERS: dict[str, Callable[[bytes], _Description]] = {
    "2acc": _feature,
    "2acd": _treadmill_data,
    "2ad3": _training_status,
    "2ad4": _range(SPEED_FIELDS),
    "2ad5": _range(INCLINATION_FIELDS),
    "2ad6": _range(RESISTANCE_LEVEL_FIELDS),
    "2ad7": _range(HEART_RATE_FIELDS),
    "2ad8": _range(POWER_FIELDS),
    "2ad9": _control_point,
    "2ada": _machine_status,
    "2a37": _heart_rate,
    "adv": _advertised,
    "2ace": _other_machine("2ace"),
    "2ad1": _other_machine("2ad1"),
    "2ad2": _other_machine("2ad2"),
}

_TITLES = {
    "2acc": "feature",
    "2acd": "treadmill-data",
    "2ad3": "training-status",
    "2ad4": "speed-range",
    "2ad5": "inclination-range",
    "2ad6": "resistance-range",
    "2ad7": "heart-rate-range",
    "2ad8": "power-range",
    "2ad9": "control-point",
    "2ada": "machine-status",
    "2a37": "heart-rate",
    "adv": "advertisement",
    "2ace": "cross-trainer-data",
    "2ad1": "rower-data",
    "2ad2": "indoor-bike-data",
}

_NAMES = {
    **{title: number for number, title in _TITLES.items()},
    "adv": "adv",
    "service-data": "adv",
    "1826": "adv",
    "fitness-machine-feature": "2acc",
    "supported-speed-range": "2ad4",
    "supported-inclination-range": "2ad5",
    "supported-resistance-level-range": "2ad6",
    "supported-heart-rate-range": "2ad7",
    "supported-power-range": "2ad8",
    "fitness-machine-control-point": "2ad9",
    "fitness-machine-status": "2ada",
    "heart-rate-measurement": "2a37",
}

_LONGEST_SHOWN = 60
"""Characters of what was written that a message repeats."""
_SHORT = re.compile(r"(?:0x)?([0-9a-f]{4})")
_UUID = re.compile(r"0000([0-9a-f]{4})-?0000-?1000-?8000-?00805f9b34fb")
