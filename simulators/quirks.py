"""What single machines do differently, as overrides of the conforming behaviour; `personality` names them."""

# ruff: noqa: D102 - the hooks are described where `Behaviour` declares them

from __future__ import annotations

from typing import TYPE_CHECKING

from retroctl.units import KMH_PER_MPH
from simulators.behaviour import Behaviour
from simulators.control_point import STOP, Op, Result
from simulators.drive import Phase
from simulators.faults import NEVER, AttResult

if TYPE_CHECKING:
    from simulators.machine import FtmsMachine


class MphTarget(Behaviour):
    """Targets are taken for mph."""

    def belt_kmh(self, target_kmh: float) -> float:
        return super().belt_kmh(target_kmh * KMH_PER_MPH)


class MphTelemetry(Behaviour):
    """The reported speed is in mph."""

    def reported_kmh(self, now: float) -> float:
        return super().reported_kmh(now) / KMH_PER_MPH


class SetpointTelemetry(Behaviour):
    """The reported speed is the target, whatever the belt does."""

    def reported_kmh(self, now: float) -> float:
        drive = self.machine.drive
        return 0.0 if drive.counting_down(now) else drive.target_kmh


class StopIgnored(Behaviour):
    """Stop and Pause are answered and not obeyed."""

    def obeys_stop(self, parameter: int, now: float) -> bool:
        del parameter, now
        return False


class StopHeedsTheThird(Behaviour):
    """Only the third Stop of a run is obeyed."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._stops = 0

    def obeys_stop(self, parameter: int, now: float) -> bool:
        self._stops += parameter == STOP
        return self._stops >= 3 and super().obeys_stop(parameter, now)

    def on_stopped(self, now: float) -> None:
        self._stops = 0
        super().on_stopped(now)


class WriteHangs(Behaviour):
    """The second Set Target Speed of the machine's life; a Stop on the next connection gets through."""

    def __init__(self, machine: FtmsMachine) -> None:
        super().__init__(machine)
        self._targets = 0

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        self._targets += data[0] == Op.SET_TARGET_SPEED
        if self._targets == 2 and data[0] == Op.SET_TARGET_SPEED:
            return NEVER
        return super().on_write(data, now)


class SilentAfterStop(Behaviour):
    """Treadmill Data ends with the session instead of telling 0."""

    def frames(self, now: float) -> list[bytes]:
        drive = self.machine.drive
        ran = self.machine.drive.belt.peak_kmh() > 0
        return [] if ran and drive.phase is not Phase.STARTED else super().frames(now)


class MovesAtConnect(Behaviour):
    """The belt starts 1.5 s after a central has connected."""

    def on_connect(self, now: float) -> None:
        super().on_connect(now)
        self.machine.schedule(now + 1.5, self._move)

    def _move(self, now: float) -> None:
        if self.machine.drive.can_start(now):
            self.machine.drive.start(now, countdown_s=0.0)


class RequestControlStarts(Behaviour):
    """Request Control starts the belt."""

    def on_write(self, data: bytes, now: float) -> AttResult | None:
        if data[0] == Op.REQUEST_CONTROL and self.machine.drive.can_start(now):
            self.machine.start(now)
        return super().on_write(data, now)


class ToggleStart(Behaviour):
    """Start pauses a started machine."""

    def start_while_started(self, now: float) -> int:
        self.machine.stop(now, pause=True)
        return Result.SUCCESS


class RestartedCountdown(Behaviour):
    """Start during the countdown begins it again."""

    def start_while_started(self, now: float) -> int:
        if not self.machine.drive.counting_down(now):
            return super().start_while_started(now)
        self.machine.drive.start(now)
        return Result.SUCCESS


class Runaway(Behaviour):
    """A minute after the start the belt climbs by 3 km/h and says nothing about it."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 60.0, self._run_away)

    def _run_away(self, now: float) -> None:
        drive = self.machine.drive
        if drive.phase is Phase.STARTED:
            drive.set_speed(min(drive.target_kmh + 3.0, self.machine.traits.maximum.kmh), now)


class FallsBack(Behaviour):
    """Three seconds after a target the belt goes back to its minimum."""

    def on_target(self, now: float) -> None:
        super().on_target(now)
        self.machine.schedule(now + 3.0, self._fall_back)

    def _fall_back(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.drive.set_speed(self.machine.traits.minimum.kmh, now)


class Vanishes(Behaviour):
    """Twenty seconds after the start the link drops; the machine can be found again four seconds later."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 20.0, self._vanish)

    def _vanish(self, now: float) -> None:
        self.machine.vanish(now, absent_s=4.0)


class StopsByItself(Behaviour):
    """Forty-five seconds after the start the belt stops, and nothing tells so."""

    def on_started(self, now: float) -> None:
        super().on_started(now)
        self.machine.schedule(now + 45.0, self._stop)

    def _stop(self, now: float) -> None:
        if self.machine.drive.phase is Phase.STARTED:
            self.machine.drive.stop(now)
