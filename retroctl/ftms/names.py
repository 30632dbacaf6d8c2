"""Readable names of the numbers in `opcodes`, as `describe` prints them."""

from __future__ import annotations

from retroctl.ftms.opcodes import (
    ControlPointOp,
    MachineStatusOp,
    ResultCode,
    StopAction,
    TrainingStatusCode,
)

REQUEST_NAMES: dict[int, str] = {
    ControlPointOp.REQUEST_CONTROL: "request_control",
    ControlPointOp.RESET: "reset",
    ControlPointOp.SET_TARGET_SPEED: "set_speed",
    ControlPointOp.SET_TARGET_INCLINATION: "set_incline",
    ControlPointOp.SET_TARGET_RESISTANCE_LEVEL: "set_resistance",
    ControlPointOp.SET_TARGET_POWER: "set_power",
    ControlPointOp.SET_TARGET_HEART_RATE: "set_heart_rate",
    ControlPointOp.START_OR_RESUME: "start_resume",
    ControlPointOp.STOP_OR_PAUSE: "stop_pause",
    ControlPointOp.SET_TARGETED_EXPENDED_ENERGY: "set_energy",
    ControlPointOp.SET_TARGETED_NUMBER_OF_STEPS: "set_steps",
    ControlPointOp.SET_TARGETED_NUMBER_OF_STRIDES: "set_strides",
    ControlPointOp.SET_TARGETED_DISTANCE: "set_distance",
    ControlPointOp.SET_TARGETED_TRAINING_TIME: "set_training_time",
    ControlPointOp.SET_TARGETED_TIME_IN_TWO_HEART_RATE_ZONES: "set_time_in_2_hr_zones",
    ControlPointOp.SET_TARGETED_TIME_IN_THREE_HEART_RATE_ZONES: "set_time_in_3_hr_zones",
    ControlPointOp.SET_TARGETED_TIME_IN_FIVE_HEART_RATE_ZONES: "set_time_in_5_hr_zones",
    ControlPointOp.SET_INDOOR_BIKE_SIMULATION: "bike_sim",
    ControlPointOp.SET_WHEEL_CIRCUMFERENCE: "set_wheel_circumference",
    ControlPointOp.SPIN_DOWN_CONTROL: "spin_down",
    ControlPointOp.SET_TARGETED_CADENCE: "set_cadence",
    ControlPointOp.RESPONSE_CODE: "response",
}

RESULT_NAMES: dict[int, str] = {
    ResultCode.SUCCESS: "success",
    ResultCode.OP_CODE_NOT_SUPPORTED: "op_code_not_supported",
    ResultCode.INVALID_PARAMETER: "invalid_parameter",
    ResultCode.OPERATION_FAILED: "operation_failed",
    ResultCode.CONTROL_NOT_PERMITTED: "control_not_permitted",
}

STATUS_NAMES: dict[int, str] = {
    MachineStatusOp.RESET: "reset",
    MachineStatusOp.STOPPED_OR_PAUSED_BY_USER: "stopped_or_paused_by_user",
    MachineStatusOp.STOPPED_BY_SAFETY_KEY: "stopped_by_safety_key",
    MachineStatusOp.STARTED_OR_RESUMED_BY_USER: "started_by_user",
    MachineStatusOp.TARGET_SPEED_CHANGED: "target_speed",
    MachineStatusOp.TARGET_INCLINE_CHANGED: "target_incline",
    MachineStatusOp.TARGET_RESISTANCE_LEVEL_CHANGED: "target_resistance",
    MachineStatusOp.TARGET_POWER_CHANGED: "target_power",
    MachineStatusOp.TARGET_HEART_RATE_CHANGED: "target_heart_rate",
    MachineStatusOp.TARGETED_EXPENDED_ENERGY_CHANGED: "target_energy",
    MachineStatusOp.TARGETED_NUMBER_OF_STEPS_CHANGED: "target_steps",
    MachineStatusOp.TARGETED_NUMBER_OF_STRIDES_CHANGED: "target_strides",
    MachineStatusOp.TARGETED_DISTANCE_CHANGED: "target_distance",
    MachineStatusOp.TARGETED_TRAINING_TIME_CHANGED: "target_training_time",
    MachineStatusOp.TARGETED_TIME_IN_TWO_HEART_RATE_ZONES_CHANGED: "target_time_in_2_hr_zones",
    MachineStatusOp.TARGETED_TIME_IN_THREE_HEART_RATE_ZONES_CHANGED: "target_time_in_3_hr_zones",
    MachineStatusOp.TARGETED_TIME_IN_FIVE_HEART_RATE_ZONES_CHANGED: "target_time_in_5_hr_zones",
    MachineStatusOp.INDOOR_BIKE_SIMULATION_CHANGED: "bike_sim",
    MachineStatusOp.WHEEL_CIRCUMFERENCE_CHANGED: "wheel_circumference",
    MachineStatusOp.SPIN_DOWN_STATUS: "spin_down",
    MachineStatusOp.TARGETED_CADENCE_CHANGED: "target_cadence",
    MachineStatusOp.CONTROL_PERMISSION_LOST: "control_permission_lost",
}

TRAINING_NAMES: dict[int, str] = {
    TrainingStatusCode.OTHER: "other",
    TrainingStatusCode.IDLE: "idle",
    TrainingStatusCode.WARMING_UP: "warming_up",
    TrainingStatusCode.LOW_INTENSITY_INTERVAL: "low_intensity_interval",
    TrainingStatusCode.HIGH_INTENSITY_INTERVAL: "high_intensity_interval",
    TrainingStatusCode.RECOVERY_INTERVAL: "recovery_interval",
    TrainingStatusCode.ISOMETRIC: "isometric",
    TrainingStatusCode.HEART_RATE_CONTROL: "heart_rate_control",
    TrainingStatusCode.FITNESS_TEST: "fitness_test",
    TrainingStatusCode.SPEED_TOO_LOW: "speed_too_low",
    TrainingStatusCode.SPEED_TOO_HIGH: "speed_too_high",
    TrainingStatusCode.COOL_DOWN: "cool_down",
    TrainingStatusCode.WATT_CONTROL: "watt_control",
    TrainingStatusCode.MANUAL_MODE: "manual",
    TrainingStatusCode.PRE_WORKOUT: "pre_workout",
    TrainingStatusCode.POST_WORKOUT: "post_workout",
}

STOP_NAMES: dict[int, str] = {StopAction.STOP: "stop", StopAction.PAUSE: "pause"}

SPIN_DOWN_REQUEST_NAMES: dict[int, str] = {1: "start", 2: "ignore"}

SPIN_DOWN_STATUS_NAMES: dict[int, str] = {1: "requested", 2: "success", 3: "error", 4: "stop_pedaling"}
