"""The parameters that Control Point requests and Machine Status notifications share (FTMS v1.0.1, 4.16.2 and 4.17)."""

from __future__ import annotations

from retroctl.ftms.opcodes import ControlPointOp, MachineStatusOp
from retroctl.ftms.wire import Field

_OP = ControlPointOp
_STATUS = MachineStatusOp

TARGET_SPEED = (Field("speed_kmh", 2, per_unit=100),)
ACTION = (Field("param", 1),)
"""Stop or Pause and Spin Down: what exactly. Named, not a quantity."""

_INCLINATION = (Field("incline_pct", 2, signed=True, per_unit=10),)
_RESISTANCE_V1_0 = (Field("resistance_level", 1, per_unit=10),)
_RESISTANCE_V1_0_1 = (Field("resistance_level", 2, signed=True, per_unit=10),)
_POWER = (Field("power_w", 2, signed=True),)
_HEART_RATE = (Field("heart_rate_bpm", 1),)
_ENERGY = (Field("energy_kcal", 2),)
_STEPS = (Field("steps", 2),)
_STRIDES = (Field("strides", 2),)
_DISTANCE = (Field("distance_m", 3),)
_TRAINING_TIME = (Field("training_time_s", 2),)
_TWO_ZONES = (Field("fat_burn_s", 2), Field("fitness_s", 2))
_THREE_ZONES = (Field("light_s", 2), Field("moderate_s", 2), Field("hard_s", 2))
_FIVE_ZONES = (
    Field("very_light_s", 2),
    Field("light_s", 2),
    Field("moderate_s", 2),
    Field("hard_s", 2),
    Field("maximum_s", 2),
)
_BIKE_SIMULATION = (
    Field("wind_mps", 2, signed=True, per_unit=1000),
    Field("grade_pct", 2, signed=True, per_unit=100),
    Field("crr", 1, per_unit=10000),
    Field("cw", 1, per_unit=100),
)
_WHEEL = (Field("wheel_circumference_mm", 2, per_unit=10),)
_CADENCE = (Field("cadence_rpm", 2, per_unit=2),)

_REQUEST: dict[int, tuple[Field, ...]] = {
    _OP.REQUEST_CONTROL: (),
    _OP.RESET: (),
    _OP.SET_TARGET_SPEED: TARGET_SPEED,
    _OP.SET_TARGET_INCLINATION: _INCLINATION,
    _OP.SET_TARGET_RESISTANCE_LEVEL: _RESISTANCE_V1_0,
    _OP.SET_TARGET_POWER: _POWER,
    _OP.SET_TARGET_HEART_RATE: _HEART_RATE,
    _OP.START_OR_RESUME: (),
    _OP.STOP_OR_PAUSE: ACTION,
    _OP.SET_TARGETED_EXPENDED_ENERGY: _ENERGY,
    _OP.SET_TARGETED_NUMBER_OF_STEPS: _STEPS,
    _OP.SET_TARGETED_NUMBER_OF_STRIDES: _STRIDES,
    _OP.SET_TARGETED_DISTANCE: _DISTANCE,
    _OP.SET_TARGETED_TRAINING_TIME: _TRAINING_TIME,
    _OP.SET_TARGETED_TIME_IN_TWO_HEART_RATE_ZONES: _TWO_ZONES,
    _OP.SET_TARGETED_TIME_IN_THREE_HEART_RATE_ZONES: _THREE_ZONES,
    _OP.SET_TARGETED_TIME_IN_FIVE_HEART_RATE_ZONES: _FIVE_ZONES,
    _OP.SET_INDOOR_BIKE_SIMULATION: _BIKE_SIMULATION,
    _OP.SET_WHEEL_CIRCUMFERENCE: _WHEEL,
    _OP.SPIN_DOWN_CONTROL: ACTION,
    _OP.SET_TARGETED_CADENCE: _CADENCE,
}

_NOTIFICATION: dict[int, tuple[Field, ...]] = {
    _STATUS.RESET: (),
    _STATUS.STOPPED_OR_PAUSED_BY_USER: ACTION,
    _STATUS.STOPPED_BY_SAFETY_KEY: (),
    _STATUS.STARTED_OR_RESUMED_BY_USER: (),
    _STATUS.TARGET_SPEED_CHANGED: TARGET_SPEED,
    _STATUS.TARGET_INCLINE_CHANGED: _INCLINATION,
    _STATUS.TARGET_RESISTANCE_LEVEL_CHANGED: _RESISTANCE_V1_0,
    _STATUS.TARGET_POWER_CHANGED: _POWER,
    _STATUS.TARGET_HEART_RATE_CHANGED: _HEART_RATE,
    _STATUS.TARGETED_EXPENDED_ENERGY_CHANGED: _ENERGY,
    _STATUS.TARGETED_NUMBER_OF_STEPS_CHANGED: _STEPS,
    _STATUS.TARGETED_NUMBER_OF_STRIDES_CHANGED: _STRIDES,
    _STATUS.TARGETED_DISTANCE_CHANGED: _DISTANCE,
    _STATUS.TARGETED_TRAINING_TIME_CHANGED: _TRAINING_TIME,
    _STATUS.TARGETED_TIME_IN_TWO_HEART_RATE_ZONES_CHANGED: _TWO_ZONES,
    _STATUS.TARGETED_TIME_IN_THREE_HEART_RATE_ZONES_CHANGED: _THREE_ZONES,
    _STATUS.TARGETED_TIME_IN_FIVE_HEART_RATE_ZONES_CHANGED: _FIVE_ZONES,
    _STATUS.INDOOR_BIKE_SIMULATION_CHANGED: _BIKE_SIMULATION,
    _STATUS.WHEEL_CIRCUMFERENCE_CHANGED: _WHEEL,
    _STATUS.SPIN_DOWN_STATUS: ACTION,
    _STATUS.TARGETED_CADENCE_CHANGED: _CADENCE,
    _STATUS.CONTROL_PERMISSION_LOST: (),
}


def request_fields(op: int, parameter_size: int) -> tuple[Field, ...] | None:
    """Give the layout of a Control Point request's parameter; None for an op code that is not in the specification."""
    return _for_size(_REQUEST.get(op), parameter_size)


def notification_fields(op: int, parameter_size: int) -> tuple[Field, ...] | None:
    """Give the layout of a Machine Status parameter; None for an op code that is not in the specification."""
    return _for_size(_NOTIFICATION.get(op), parameter_size)


def _for_size(fields: tuple[Field, ...] | None, size: int) -> tuple[Field, ...] | None:
    # The level was one unsigned byte in v1.0 and is a signed pair since erratum 8991; the length tells which was sent.
    return _RESISTANCE_V1_0_1 if fields is _RESISTANCE_V1_0 and size >= 2 else fields
