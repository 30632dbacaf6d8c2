"""Machines that no list names: what an outsider would make of the simulated treadmill to catch the program out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulators import encoding as wire
from simulators.behaviour import Behaviour
from simulators.control_point import Op
from simulators.drive import Phase
from simulators.faults import NEVER, AttResult

if TYPE_CHECKING:
    from simulators.machine import FtmsMachine


class AnswersTwice(Behaviour):
    """Each answer comes again two seconds later."""

    def answer(self, op: int, result: int) -> int | None:
        told = super().answer(op, result)
        if told is not None:
            self.machine.emit("2ad9", wire.response(op, told), self.machine._clock + 2.0, "indicate")
        return told


class AnswersForOthers(Behaviour):
    """An answer for a command that nobody gave, and rubbish, come before the right one."""

    def answer(self, op: int, result: int) -> int | None:
        for data in (wire.response(Op.SET_TARGET_INCLINATION, 4), b"\x80", b"", bytes(20)):
            self.machine.emit("2ad9", data, self.machine._clock + 0.01, "indicate")
        return super().answer(op, result)


class AlwaysTheSameAnswer(Behaviour):
    """Every answer is for op code 11."""

    def answer(self, op: int, result: int) -> int | None:
        del op, result
        self.machine.emit("2ad9", wire.response(0x11, 1), self.machine._clock + 0.02, "indicate")
        return None


class SmoothedSpeed(Behaviour):
    """The speed told comes near the belt's over some four seconds."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._told, self._at = 0.0, 0.0

    def reported_kmh(self, now: float) -> float:
        share, self._at = 1 - math.exp((self._at - now) / 4.0), now
        self._told += share * (self.machine.true_speed_kmh(now) - self._told)
        return self._told if self._told > 0.05 else 0.0


class MeanOfTenSeconds(Behaviour):
    """The speed told is the mean of the last ten seconds."""

    def reported_kmh(self, now: float) -> float:
        return sum(self.machine.true_speed_kmh(now - back / 2) for back in range(20)) / 20


class ToldInTheCountdown(Behaviour):
    """The speed to come is told while the belt still stands."""

    def reported_kmh(self, now: float) -> float:
        drive = self.machine.drive
        return drive.target_kmh if drive.counting_down(now) else super().reported_kmh(now)


class RunsDown(Behaviour):
    """Elapsed time is what is left of half an hour."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        told = super().record(record, now)
        return told._replace(elapsed_s=max(0, 1800 - told.elapsed_s))


class SecondsOfTheMinute(Behaviour):
    """Elapsed time begins at 0 again each minute."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        told = super().record(record, now)
        return told._replace(elapsed_s=told.elapsed_s % 60)


class MetresStuck(Behaviour):
    """The metres stand still."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        return super().record(record, now)._replace(distance_m=1234)


class MetresByTens(Behaviour):
    """The metres come ten at a time."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        told = super().record(record, now)
        return told._replace(distance_m=told.distance_m // 10 * 10)


class InclineWanders(Behaviour):
    """Inclination moves by itself."""

    def record(self, record: wire.TreadmillRecord, now: float) -> wire.TreadmillRecord:
        return super().record(record, now)._replace(incline=int(now) % 80)


class OtherWords(Behaviour):
    """Records of another maker's, empty ones and halves stand between the right ones, with unknown status."""

    def frames(self, now: float) -> list[bytes]:
        for data in (b"\x7e\x01\x02", b""):
            self.machine.emit("2ada", data, now)
        return [b"\xf0\x01\x02", b"", b"\x00", bytes.fromhex("01040a00"), *super().frames(now)]


class TargetsTold(Behaviour):
    """Its target is told on Machine Status every second."""

    def frames(self, now: float) -> list[bytes]:
        if self.machine.drive.belt.moving(now):
            self.machine.emit("2ada", wire.speed_changed(round(self.machine.drive.target_kmh * 100)), now)
        return super().frames(now)


class TargetToldAsZero(Behaviour):
    """Machine Status tells a target of 0, whatever was set."""

    def status(self, data: bytes) -> bytes | None:
        return b"\x05\x00\x00" if data[:1] == b"\x05" else super().status(data)


class RoundsToMiles(Behaviour):
    """Goes to the nearest tenth of a mile an hour, and tells that."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(round(target_kmh / 1.609344, 1) * 1.609344)


class TargetsSwapped(Behaviour):
    """The bytes of a target are read in the other order: 1.00 km/h is 256 km/h."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(int.from_bytes(round(target_kmh * 100).to_bytes(2, "little"), "big") / 100)


class TargetsInMetresASecond(Behaviour):
    """Targets are taken for m/s."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(target_kmh * 3.6)


class IgnoresTargets(Behaviour):
    """Targets are answered with success and lost."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.SET_TARGET_SPEED:
            self.machine.answer(data[0], 1, now)
            return AttResult()
        return super().on_write(data, now)


class DownIsUp(Behaviour):
    """Asked for less it gives as much more."""

    def belt_kmh(self, target_kmh: float) -> float:
        was = self.machine.drive.target_kmh
        return 2 * was - target_kmh if 0 < target_kmh < was else super().belt_kmh(target_kmh)


class Staged(Behaviour):
    """A raise is made in two halves, six seconds apart."""

    def on_target(self, now: float) -> None:
        super().on_target(now)
        drive, speed = self.machine.drive, self.machine.true_speed_kmh(now)
        wanted = drive.target_kmh
        if drive.phase is Phase.STARTED and wanted > speed + 0.2:
            drive.set_speed((wanted + speed) / 2, now)
            self.machine.schedule(now + 6.0, lambda at: self._rest_of_it(wanted, at))

    def _rest_of_it(self, wanted: float, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.drive.set_speed(wanted, now)


class SpeedsUpAtStop(Behaviour):
    """A Stop first sends the belt to 4 km/h, and four seconds later to rest."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        del parameter
        self.machine.drive.set_speed(4.0, now)
        self.machine.schedule(now + 4.0, self._stop)
        return False

    def _stop(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.stop(now)


class StopOnlySteady(Behaviour):
    """A Stop is lost while the belt changes its speed."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        return now >= self.machine.drive.belt.steady_at and super().obeys_stop(parameter, now)


class StopCrashes(Behaviour):
    """The first Stop crashes the Bluetooth part for eight seconds, and the belt runs on."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._crashed = False

    def obeys_stop(self, parameter: int, now: float) -> bool:
        if self._crashed:
            return super().obeys_stop(parameter, now)
        self._crashed = True
        self.machine.vanish(now, absent_s=8.0)
        return False


class StopRefusedByAtt(Behaviour):
    """The first three Stops get an error of ATT."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._refused = 0

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.STOP_OR_PAUSE and self._refused < 3:
            self._refused += 1
            return AttResult(0x0E)
        return super().on_write(data, now)


class ControlForOne(Behaviour):
    """Control lasts for one command."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] != Op.REQUEST_CONTROL:
            self.machine.schedule(now + 0.2, self._gone)
        return super().on_write(data, now)

    def _gone(self, now: float) -> None:
        del now
        self.machine.controlled = False


class ControlForAMinute(Behaviour):
    """Control ends by itself, and unsaid, a minute after it was given."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.REQUEST_CONTROL:
            self.machine.schedule(now + 60.0, self._gone)
        return super().on_write(data, now)

    def _gone(self, now: float) -> None:
        del now
        self.machine.controlled = False


class ControlHangs(Behaviour):
    """A write of Request Control never returns."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        return NEVER if data[0] == Op.REQUEST_CONTROL else super().on_write(data, now)


class StartHangs(Behaviour):
    """Start is obeyed and its write never returns."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] != Op.START_OR_RESUME:
            return super().on_write(data, now)
        if self.machine.drive.can_start(now):
            self.machine.start(now)
        return NEVER


class PausesByItself(Behaviour):
    """Half a minute after the start it pauses, as if nobody stood on it, and goes on eight seconds later."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 30.0, self._pause)

    def _pause(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.drive.stop(now, pause=True)
            self.machine.schedule(now + 8.0, self._go_on)

    def _go_on(self, now: float) -> None:
        if self.machine.drive.phase is Phase.PAUSED:
            self.machine.drive.start(now, countdown_s=0.0)


class SpeedsUpWhenLost(Behaviour):
    """Fifty seconds after the start the link drops for three seconds, and the belt goes to 4 km/h."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 50.0, self._drop)

    def _drop(self, now: float) -> None:
        self.machine.vanish(now, absent_s=3.0)
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.drive.set_speed(4.0, now)


class Noisy(Behaviour):
    """The speed told trembles by some tenths of a km/h."""

    def reported_kmh(self, now: float) -> float:
        told = super().reported_kmh(now)
        return told and max(0.01, told + self.machine.rng.gauss(0.0, 0.05))
