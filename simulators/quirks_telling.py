"""What single machines tell differently: records, ranges, status, answers, subscriptions; `catalogue` names them."""

# ruff: noqa: D102 - the hooks are described where `Behaviour` declares them

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from retroctl.units import KMH_PER_MPH
from simulators.behaviour import Behaviour
from simulators.control_point import Op, Result
from simulators.drive import Phase

if TYPE_CHECKING:
    from simulators import encoding as wire
    from simulators.faults import AttResult
    from simulators.machine import FtmsMachine


class AnswersControlOnly(Behaviour):
    """Request Control is refused with 04; no other command is answered, all are obeyed."""

    def answer(self, op: int, result: int) -> int | None:
        told = super().answer(op, result)
        return Result.OPERATION_FAILED if op == Op.REQUEST_CONTROL and told is not None else None


class NoData(Behaviour):
    """No Treadmill Data ever come."""

    def frames(self, now: float) -> list[bytes]:
        del now
        return []


class DataOnlyMoving(Behaviour):
    """Treadmill Data come only while the belt moves."""

    def frames(self, now: float) -> list[bytes]:
        return super().frames(now) if self.machine.drive.belt.moving(now) else []


class FallsSilent(Behaviour):
    """Treadmill Data end forty seconds after the start; the belt runs on."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._silent_at = math.inf

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self._silent_at = now + 40.0

    def frames(self, now: float) -> list[bytes]:
        return super().frames(now) if now < self._silent_at else []


class FreezesAfterStop(Behaviour):
    """After a stop or pause the last speed is told on and on."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._frozen: float | None = None

    def reported_kmh(self, now: float) -> float:
        told = super().reported_kmh(now)
        return told if self._frozen is None else self._frozen

    def on_stopped(self, now: float) -> None:
        self._frozen = super().reported_kmh(now)
        super().on_stopped(now)

    def on_started(self, now: float) -> None:
        self._frozen = None
        super().on_started(now)


class ZeroAtOnce(Behaviour):
    """From a stop on, 0 is told, while the belt still falls."""

    def reported_kmh(self, now: float) -> float:
        return super().reported_kmh(now) if self.machine.drive.phase is Phase.STARTED else 0.0


class AlwaysZero(Behaviour):
    """The speed told is 0, whatever the belt does."""

    def reported_kmh(self, now: float) -> float:
        del now
        return 0.0


class TransientZero(Behaviour):
    """Every twentieth second the speed told is 0."""

    def reported_kmh(self, now: float) -> float:
        return 0.0 if int(now) % 20 == 0 else super().reported_kmh(now)


class JumpingSpeed(Behaviour):
    """Every twentieth second the speed told is 3 km/h more."""

    def reported_kmh(self, now: float) -> float:
        told = super().reported_kmh(now)
        return told + 3.0 if told and int(now) % 20 == 0 else told


class LateSpeed(Behaviour):
    """The speed told is four seconds old."""

    def reported_kmh(self, now: float) -> float:
        return self.machine.true_speed_kmh(now - 4.0)


class EchoedTarget(Behaviour):
    """The speed told is the number that was last asked for, once the belt moves."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._echoed: float | None = None

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.SET_TARGET_SPEED:
            self._echoed = int.from_bytes(data[1:3], "little") / 100
        return super().on_write(data, now)

    def on_stopped(self, now: float) -> None:
        self._echoed = None
        super().on_stopped(now)

    def reported_kmh(self, now: float) -> float:
        moving = self.machine.drive.phase is Phase.STARTED and self.machine.drive.belt.moving(now)
        return self._echoed if moving and self._echoed is not None else super().reported_kmh(now)


class MphRange(Behaviour):
    """The Supported Speed Range is told in mph."""

    def speed_range(self) -> tuple[int, int, int]:
        minimum, maximum, increment = super().speed_range()
        return round(minimum / KMH_PER_MPH), round(maximum / KMH_PER_MPH), increment


class RangeByMode(Behaviour):
    """The highest speed is 8.0 km/h at one connection and 12.0 km/h at the next."""

    def speed_range(self) -> tuple[int, int, int]:
        minimum, _, increment = super().speed_range()
        return minimum, 800 if self.machine.connections % 2 else 1200, increment


class LowerRange(Behaviour):
    """A lowest speed of 0.5 km/h is told; the belt does not go below its own."""

    def speed_range(self) -> tuple[int, int, int]:
        _, maximum, increment = super().speed_range()
        return 50, maximum, increment


class ZeroCounters(Behaviour):
    """Time, distance and energy are told as 0 always."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        zero = super().record(record, now)
        return zero._replace(
            distance_m=0, elapsed_s=0, energy_kcal=0, energy_per_hour_kcal=0, energy_per_min_kcal=0, average_speed=0
        )


class ZeroEnergy(Behaviour):
    """Energy is told as 0, not as missing; heart rate as 0."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        return (
            super()
            .record(record, now)
            ._replace(energy_kcal=0, energy_per_hour_kcal=0, energy_per_min_kcal=0, heart_rate_bpm=0)
        )


class NoElevation(Behaviour):
    """Elevation gains are told as 7FFF and FFFF, for which the specification has no meaning."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        return super().record(record, now)._replace(gain=0x7FFF, loss=0xFFFF)


class OddIncline(Behaviour):
    """Inclination is told 6.25 times too steep."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        told = super().record(record, now)
        return told._replace(incline=round((told.incline or 29) * 6.25))


class FrozenClock(Behaviour):
    """Elapsed time stands still."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        return super().record(record, now)._replace(elapsed_s=7)


class CountersRestart(Behaviour):
    """Forty seconds after the start the counters begin at 0 again; the belt runs on."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 40.0, self._restart)

    def _restart(self, now: float) -> None:
        self.machine.drive.shift_clock(-math.inf, now)


class Reboots(Behaviour):
    """Forty seconds after the start the machine restarts: the link drops, the belt falls to rest."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 40.0, self._reboot, lives_on=False)

    def _reboot(self, now: float) -> None:
        self.machine.reboot(now)


class SpeedFirst(Behaviour):
    """The notification with the speed comes first, then one with a reserved flag and nothing that matters."""

    def frames(self, now: float) -> list[bytes]:
        return [*super().frames(now), bytes.fromhex("0120000000")]


class StepsAppended(Behaviour):
    """The reserved flag bit 13 is set, and three bytes of steps follow the record."""

    def frames(self, now: float) -> list[bytes]:
        steps = int(self.machine.drive.distance_m(now) * 1.4).to_bytes(3, "little")
        whole = super().frames(now)
        return [bytes((frame[0], frame[1] | 0x20)) + frame[2:] + steps for frame in whole]


class SpeedDespiteFlags(Behaviour):
    """The flags say that there is no speed; it stands in bytes 2 and 3 all the same."""

    def frames(self, now: float) -> list[bytes]:
        return [bytes((frame[0] | 1,)) + frame[1:] for frame in super().frames(now)]


class IdleSlowly(Behaviour):
    """Ten records a second while the belt moves, one while it stands."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._skipped = 0

    def frames(self, now: float) -> list[bytes]:
        self._skipped = 0 if self.machine.drive.belt.moving(now) or self._skipped >= 9 else self._skipped + 1
        return [] if self._skipped else super().frames(now)


class HastySubscriptionsLost(Behaviour):
    """A subscription less than 30 ms after another is lost."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._last = -math.inf

    def accepts_subscription(self, characteristic: str, now: float) -> bool:
        hasty, self._last = now - self._last < 0.03, now
        return not hasty and super().accepts_subscription(characteristic, now)


class FirstDataSubscriptionLost(Behaviour):
    """The first subscription to Treadmill Data of each connection is answered and lost."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._data_lost_on = 0

    def accepts_subscription(self, characteristic: str, now: float) -> bool:
        if characteristic == "2acd" and self._data_lost_on != self.machine.connections:
            self._data_lost_on = self.machine.connections
            return False
        return super().accepts_subscription(characteristic, now)


class FirstControlSubscriptionLost(Behaviour):
    """The first subscription to the Control Point of each connection is answered and lost: writes get FD."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._control_lost_on = 0

    def accepts_subscription(self, characteristic: str, now: float) -> bool:
        if characteristic == "2ad9" and self._control_lost_on != self.machine.connections:
            self._control_lost_on = self.machine.connections
            return False
        return super().accepts_subscription(characteristic, now)


class BareStatus(Behaviour):
    """Machine Status comes without its parameter."""

    def status(self, data: bytes) -> bytes | None:
        told = super().status(data)
        return None if told is None else told[:1]


class NoStatus(Behaviour):
    """Machine Status exists and says nothing."""

    def status(self, data: bytes) -> bytes | None:
        del data
        return None


class ConsoleLocked(Behaviour):
    """The keys of the console do nothing while a central holds control."""

    def console_works(self, now: float) -> bool:
        return not self.machine.controlled and super().console_works(now)


class DropsAgain(Behaviour):
    """The link drops every twenty seconds; the machine is back a second later."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        self.machine.schedule(now + 20.0, self._drop, lives_on=False)

    def _drop(self, now: float) -> None:
        self.machine.vanish(now, absent_s=1.0)


class NeverComesBack(Behaviour):
    """Thirty seconds after the start the link drops for good; the belt runs on."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 30.0, self._vanish)

    def _vanish(self, now: float) -> None:
        self.machine.vanish(now, absent_s=math.inf)
