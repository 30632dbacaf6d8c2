"""The rules of the Control Point (FTMS v1.0.1, section 4.16): op code and state to result code and effect.

Order of the checks, where the specification leaves it open: unknown op code (02), control (05), form and
value of the parameter (03), state (04).
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from simulators.drive import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.machine import FtmsMachine

STOP, PAUSE = 1, 2
TARGET_INCLINE = 1 << 1


class Op(enum.IntEnum):
    """The op codes that this machine knows."""

    REQUEST_CONTROL = 0x00
    RESET = 0x01
    SET_TARGET_SPEED = 0x02
    SET_TARGET_INCLINATION = 0x03
    START_OR_RESUME = 0x07
    STOP_OR_PAUSE = 0x08


class Result(enum.IntEnum):
    """The result codes."""

    SUCCESS = 0x01
    NOT_SUPPORTED = 0x02
    INVALID_PARAMETER = 0x03
    OPERATION_FAILED = 0x04
    CONTROL_NOT_PERMITTED = 0x05


class ControlPoint:
    """Carries out commands on one machine; knows nothing of ATT, timing or answers."""

    def __init__(self, machine: FtmsMachine) -> None:
        self._machine = machine
        self._table: dict[int, Callable[[bytes, float], int]] = {
            Op.REQUEST_CONTROL: self._request_control,
            Op.RESET: self._reset,
            Op.SET_TARGET_SPEED: self._set_target_speed,
            Op.SET_TARGET_INCLINATION: self._set_target_inclination,
            Op.START_OR_RESUME: self._start_or_resume,
            Op.STOP_OR_PAUSE: self._stop_or_pause,
        }
        if not machine.traits.targets & TARGET_INCLINE:
            del self._table[Op.SET_TARGET_INCLINATION]

    def perform(self, data: bytes, now: float) -> int:
        """Obey one command and give its result code."""
        handler = self._table.get(data[0])
        if handler is None:
            return Result.NOT_SUPPORTED
        machine = self._machine
        if data[0] != Op.REQUEST_CONTROL and machine.traits.needs_control and not machine.controlled:
            return Result.CONTROL_NOT_PERMITTED
        return handler(data[1:], now)

    def _request_control(self, parameter: bytes, now: float) -> int:
        del now
        if parameter:
            return Result.INVALID_PARAMETER
        if self._machine.held_by_other_app:
            return Result.CONTROL_NOT_PERMITTED
        self._machine.controlled = True
        return Result.SUCCESS

    def _reset(self, parameter: bytes, now: float) -> int:
        if parameter:
            return Result.INVALID_PARAMETER
        self._machine.reset(now)
        return Result.SUCCESS

    def _set_target_speed(self, parameter: bytes, now: float) -> int:
        if len(parameter) != 2:
            return Result.INVALID_PARAMETER
        machine = self._machine
        target = int.from_bytes(parameter, "little")
        minimum, maximum, increment = machine.behaviour.speed_range()
        on_grid = minimum <= target <= maximum and (target - minimum) % max(1, increment) == 0
        if not on_grid:
            if machine.traits.out_of_range == "refuse":
                return Result.INVALID_PARAMETER
            if machine.traits.out_of_range == "ignore":
                return Result.SUCCESS
            target = min(max(target, minimum), maximum)
        machine.set_target(target, now)
        return Result.SUCCESS

    def _set_target_inclination(self, parameter: bytes, now: float) -> int:
        if len(parameter) != 2:
            return Result.INVALID_PARAMETER
        traits = self._machine.traits
        target = int.from_bytes(parameter, "little", signed=True)
        if not traits.incline_minimum <= target <= traits.incline_maximum:
            return Result.INVALID_PARAMETER
        if (target - traits.incline_minimum) % traits.incline_increment:
            return Result.INVALID_PARAMETER
        self._machine.set_incline(target, now)
        return Result.SUCCESS

    def _start_or_resume(self, parameter: bytes, now: float) -> int:
        machine = self._machine
        if parameter:
            return Result.INVALID_PARAMETER
        if machine.drive.phase is Phase.STARTED:
            return machine.behaviour.start_while_started(now)
        if not machine.drive.can_start(now):
            return Result.OPERATION_FAILED
        machine.start(now)
        return Result.SUCCESS

    def _stop_or_pause(self, parameter: bytes, now: float) -> int:
        machine = self._machine
        if len(parameter) != 1 or parameter[0] not in (STOP, PAUSE):
            return Result.INVALID_PARAMETER
        pause = parameter[0] == PAUSE
        drive = machine.drive
        if drive.phase is not Phase.STARTED:
            # A repeated stop while the belt still falls, and a stop that ends a pause, are no errors.
            ends_pause = drive.phase is Phase.PAUSED and not pause
            if not ends_pause and not drive.belt.moving(now):
                return Result.OPERATION_FAILED
            if ends_pause:
                machine.stop(now)
            return Result.SUCCESS
        if machine.behaviour.obeys_stop(parameter[0], now):
            machine.stop(now, pause=pause)
        return Result.SUCCESS
