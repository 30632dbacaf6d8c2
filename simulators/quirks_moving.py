"""What single machines do differently when they start, stop and change speed; `catalogue` names them."""

# ruff: noqa: D102 - the hooks are described where `Behaviour` declares them

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from retroctl.units import KMH_PER_MPH
from simulators.behaviour import Behaviour
from simulators.control_point import STOP, Op, Result
from simulators.drive import Phase
from simulators.faults import AttResult

if TYPE_CHECKING:
    from simulators.machine import FtmsMachine


class RestartsOnStart(Behaviour):
    """Start on a moving belt stops it and counts down anew."""

    def start_while_started(self, now: float) -> int:
        machine = self.machine
        machine.drive.stop(now)
        machine.schedule(max(now, machine.drive.belt.steady_at) + 0.1, self._again)
        return Result.SUCCESS

    def _again(self, now: float) -> None:
        if self.machine.drive.can_start(now):
            self.machine.start(now)


class KeepAlive(Behaviour):
    """The belt stops five seconds after the last Start, unless another Start comes."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self._until = self.machine.drive.motion_at + 5.0
        self.machine.schedule(self._until, self._starve)

    def start_while_started(self, now: float) -> int:
        self._until = now + 5.0
        self.machine.schedule(self._until, self._starve)
        return Result.SUCCESS

    def _starve(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED and now >= self._until:
            self.machine.drive.stop(now)


class TargetOnlyMoving(Behaviour):
    """A target that comes before the belt moves is answered with success and lost."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.SET_TARGET_SPEED and not self.machine.drive.belt.moving(now):
            self.machine.answer(data[0], Result.SUCCESS, now)
            return AttResult()
        return super().on_write(data, now)


class CrashesOnEarlyTarget(Behaviour):
    """A target while the belt spins up crashes the Bluetooth part: the link drops for ten seconds."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        drive = self.machine.drive
        early = drive.phase is Phase.STARTED and now < drive.motion_at + 3.0
        if data[0] == Op.SET_TARGET_SPEED and early:
            self.machine.vanish(now, absent_s=10.0)
        return super().on_write(data, now)


class TwoStarts(Behaviour):
    """The first Start after rest is answered with success and does nothing."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._started_once = False

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.START_OR_RESUME and not self._started_once:
            self._started_once = True
            self.machine.answer(data[0], Result.SUCCESS, now)
            return AttResult()
        return super().on_write(data, now)


class StopSlowsOnly(Behaviour):
    """Stop and Pause bring the belt down to 1 mph."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        del parameter
        drive = self.machine.drive
        drive.set_speed(min(drive.target_kmh, KMH_PER_MPH), now)
        return False


class StopLate(Behaviour):
    """The belt heeds a Stop six seconds after it came."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        del parameter
        self.machine.schedule(now + 6.0, self._stop)
        return False

    def _stop(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.stop(now)


class CountdownIgnoresStop(Behaviour):
    """A Stop during the countdown is answered with success; the belt starts all the same."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        return not self.machine.drive.counting_down(now) and super().obeys_stop(parameter, now)


class StopDropsLink(Behaviour):
    """A Stop is obeyed, and the link drops for three seconds."""

    def on_stopped(self, now: float) -> None:
        super().on_stopped(now)
        self.machine.vanish(now, absent_s=3.0)


class NoPause(Behaviour):
    """Pause is refused."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.STOP_OR_PAUSE and data[1:] != bytes((STOP,)):
            self.machine.answer(data[0], Result.OPERATION_FAILED, now)
            return AttResult()
        return super().on_write(data, now)


class PauseKeepsRunningLater(Behaviour):
    """Eight seconds after a Stop the belt starts again by itself."""

    def on_stopped(self, now: float) -> None:
        super().on_stopped(now)
        self.machine.schedule(now + 8.0, self._again)

    def _again(self, now: float) -> None:
        if self.machine.drive.can_start(now):
            self.machine.drive.start(now, countdown_s=0.0)


class ResumesAtHalf(Behaviour):
    """After a pause the belt goes on at 0.5 km/h, whatever it ran at."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        if self.machine.drive.elapsed_s(now) > 0:
            self.machine.drive.set_speed(0.5, now)


class StartsAfterAMinute(Behaviour):
    """The belt starts by itself a minute after a central has connected."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        self.machine.schedule(now + 60.0, self._move)

    def _move(self, now: float) -> None:
        if self.machine.drive.can_start(now):
            self.machine.drive.start(now, countdown_s=0.0)


class MovesOnceArmed(Behaviour):
    """Four seconds after a central has connected the belt jerks into motion, and no status tells it."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        self.machine.schedule(now + 4.2, self._move)

    def _move(self, now: float) -> None:
        if self.machine.drive.can_start(now) or self.machine.drive.counting_down(now):
            self.machine.drive.start(now, countdown_s=0.0)


class ConnectCancelsCountdown(Behaviour):
    """A central that connects during the countdown ends it."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        if self.machine.drive.counting_down(now):
            self.machine.drive.stop(now)


class Creeps(Behaviour):
    """From half a minute after the start the belt climbs by 0.1 km/h every five seconds."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 30.0, self._creep)

    def _creep(self, now: float) -> None:
        drive = self.machine.drive
        if drive.phase is Phase.STARTED:
            drive.set_speed(min(drive.target_kmh + 0.1, self.machine.traits.maximum.kmh), now)
            self.machine.schedule(now + 5.0, self._creep)


class SnapsToHalves(Behaviour):
    """Announces steps of 0.1 km/h and goes to the nearest 0.5 km/h."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(math.floor(target_kmh * 2 + 0.5) / 2)


class Clamped(Behaviour):
    """The belt never goes over 1.5 km/h, whatever is announced."""

    def belt_kmh(self, target_kmh: float) -> float:
        return min(super().belt_kmh(target_kmh), 1.5)


class UnitSwitched(Behaviour):
    """Somebody switches the console to miles ninety seconds after the start: from then on targets are mph."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._miles = False

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 90.0, self._switch)

    def _switch(self, now: float) -> None:
        del now
        self._miles = True

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(target_kmh * (KMH_PER_MPH if self._miles else 1.0))


class InTenths(Behaviour):
    """Targets and range count tenths of km/h where the field counts hundredths."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(target_kmh * 10)

    def speed_range(self) -> tuple[int, int, int]:
        minimum, maximum, increment = super().speed_range()
        return minimum // 10, maximum // 10, max(1, increment // 10)
