"""The treadmill as a thing with a console, a belt and an agenda; what it says on the air is in `machine`."""

from __future__ import annotations

import heapq
import math
import random
from typing import TYPE_CHECKING

from simulators import encoding as wire
from simulators.control_point import PAUSE, STOP
from simulators.drive import Drive, Phase
from simulators.faults import Emission, Faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.behaviour import Behaviour
    from simulators.personality import Personality

_HAIR_S = 1e-6

_IDLE, _MANUAL, _PRE_WORKOUT, _POST_WORKOUT = 0x01, 0x0D, 0x0E, 0x0F
"""Training Status (FTMS v1.0.1, section 4.10.1.2)."""


class Treadmill:
    """One treadmill. Times are seconds of any monotonic clock; `now` never runs backwards.

    `wake` is called after each input, so that a front end can look again when the next event is due.
    """

    behaviour: Behaviour

    def __init__(self, personality: Personality, *, seed: int = 0, now: float = 0.0) -> None:
        self.personality = personality
        self.traits = personality.traits
        self.faults = Faults()
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.drive = Drive(self.traits, now)
        self.controlled = False
        self.held_by_other_app = False
        self.connected = False
        self.connections = 0
        self.wake: Callable[[], None] = lambda: None
        self._subscribed: set[str] = set()
        self.absent_until = -math.inf
        """Until when the machine is not to be found, connected or not."""
        self._agenda: list[tuple[float, int, Emission | Callable[[float], None], int]] = []
        self._order = 0
        self._outbox: list[Emission] = []
        self._clock = now
        self._training_status = _IDLE

    def true_speed_kmh(self, now: float) -> float:
        """Give the belt's speed, whatever the machine tells; also for times past."""
        return self.drive.belt.speed_kmh(now)

    def next_event(self, now: float) -> float:
        """Say when to call `advance` next: `now` if something waits, infinity if nothing is planned."""
        if self._outbox:
            return now
        return self._agenda[0][0] if self._agenda else math.inf

    def advance(self, now: float) -> list[Emission]:
        """Let time pass up to `now` and take what has left the machine by then, in order."""
        self._catch_up(now)
        sent, self._outbox = self._outbox, []
        return sent

    # The console.

    def console_start(self, now: float) -> bool:
        """Press START; False if the machine does not obey (moving, started, key out)."""
        now = self._catch_up(now)
        obeyed = self.behaviour.console_works(now) and self.drive.can_start(now)
        if obeyed:
            self.start(now)
        self.wake()
        return obeyed

    def console_stop(self, now: float) -> None:
        """Press STOP."""
        now = self._catch_up(now)
        if self.drive.phase is not Phase.IDLE and self.behaviour.console_works(now):
            self.stop(now)
        self.wake()

    def console_pause(self, now: float) -> None:
        """Press PAUSE."""
        now = self._catch_up(now)
        if self.drive.phase is Phase.STARTED and self.behaviour.console_works(now):
            self.stop(now, pause=True)
        self.wake()

    def console_set_speed(self, speed_kmh: float, now: float) -> None:
        """Press a speed key: held inside the range, ignored unless started."""
        now = self._catch_up(now)
        if self.drive.phase is Phase.STARTED and self.behaviour.console_works(now):
            traits = self.traits
            held = min(max(speed_kmh, traits.minimum.kmh), traits.maximum.kmh)
            self.drive.set_speed(held, now)
            self.status(wire.speed_changed(round(held * 100)), now)
        self.wake()

    def console_faster(self, now: float) -> None:
        """Press +: one increment up."""
        self.console_set_speed(self.drive.target_kmh + self.traits.increment.kmh, now)

    def console_slower(self, now: float) -> None:
        """Press -: one increment down."""
        self.console_set_speed(self.drive.target_kmh - self.traits.increment.kmh, now)

    def pull_safety_key(self, now: float) -> None:
        """Pull the clip off: the motor is cut and nothing starts until the key is back."""
        now = self._catch_up(now)
        if self.drive.key_in:
            was_on = self.drive.phase is not Phase.IDLE
            self.drive.cut(now)
            self.status(wire.machine_status(0x03), now)
            if was_on:
                self.behaviour.on_stopped(now)
            self._training_changes(now)
        self.wake()

    def replace_safety_key(self, now: float) -> None:
        """Put the key back; the belt stays at rest."""
        now = self._catch_up(now)
        self.drive.key_in = True
        self.wake()

    def take_control_by_other_app(self, now: float, *, exclusive: bool = False) -> None:
        """Send Control Permission Lost. With `exclusive`, Request Control is refused until `release_by_other_app`."""
        now = self._catch_up(now)
        self.controlled = False
        self.held_by_other_app = exclusive
        self.status(wire.machine_status(0xFF), now)
        self.wake()

    def release_by_other_app(self, now: float) -> None:
        """Let the other app give up control."""
        now = self._catch_up(now)
        self.held_by_other_app = False
        self.wake()

    def vanish(self, now: float, *, absent_s: float = 0.0) -> None:
        """Drop the link from the machine's side and not be found for `absent_s`; the belt goes on."""
        now = self._catch_up(now)
        self.absent_until = now + absent_s
        if self.connected:
            self._put(now, Emission("", b"", now, "disconnect"), lives_on=False)
        self.wake()

    def reboot(self, now: float, *, absent_s: float = 5.0) -> None:
        """Restart the console: the link drops, the counters are zero, the belt falls to rest."""
        now = self._catch_up(now)
        if self.drive.phase is not Phase.IDLE:
            self.drive.stop(now)
        self.drive.clear_counters(now)
        self._training_changes(now)
        self.vanish(now, absent_s=absent_s)

    # What commands, console and misbehaviour do to the machine.

    def start(self, now: float) -> None:
        """Begin the countdown; Machine Status 04."""
        self.drive.start(now)
        self.status(wire.machine_status(0x04), now)
        self.behaviour.on_started(now)
        self._training_changes(now)

    def stop(self, now: float, *, pause: bool = False) -> None:
        """Let the belt fall; Machine Status 02."""
        self.drive.stop(now, pause=pause)
        self.status(wire.machine_status(0x02, bytes((PAUSE if pause else STOP,))), now)
        self.behaviour.on_stopped(now)
        self._training_changes(now)

    def set_target(self, target: int, now: float) -> None:
        """Take a target speed off the air, in 0.01 km/h; Machine Status 05."""
        traits = self.traits
        belt_kmh = self.behaviour.belt_kmh(target / 100)
        self.drive.set_speed(min(max(belt_kmh, traits.minimum.kmh), traits.maximum.kmh), now)
        if traits.status_after_own_command:
            self.status(wire.speed_changed(target), now)
        self.behaviour.on_target(now)

    def set_incline(self, target: int, now: float) -> None:
        """Take a target inclination in 0.1 %; Machine Status 06."""
        self.drive.incline = target
        if self.traits.status_after_own_command:
            self.status(wire.incline_changed(target), now)

    def reset(self, now: float) -> None:
        """Reset (01): targets to default, idle, clocks to zero, control given up; Machine Status 01."""
        if self.drive.phase is not Phase.IDLE:
            self.drive.stop(now)
            self.behaviour.on_stopped(now)
        self.drive.incline = 0
        self.drive.clear_counters(now)
        self.controlled = False
        self.status(wire.machine_status(0x01), now)
        self._training_changes(now)

    def status(self, data: bytes, now: float) -> None:
        """Send Machine Status, a little later."""
        told = self.behaviour.status(data)
        if told is not None:
            self.emit("2ada", told, now + self.traits.status_s)

    def record(self, now: float) -> wire.TreadmillRecord:
        """Take the measurement of this moment."""
        drive = self.drive
        per_hour = drive.energy_kcal(drive.belt.speed_kmh(now) * 1000)
        elapsed_s = drive.elapsed_s(now)
        distance_m = drive.distance_m(now)
        return wire.TreadmillRecord(
            speed=round(self.behaviour.reported_kmh(now) * 100),
            average_speed=round(distance_m / elapsed_s * 360) if elapsed_s > 0 else 0,
            distance_m=int(distance_m),
            incline=drive.incline,
            ramp=None,
            energy_kcal=int(drive.energy_kcal(distance_m)),
            energy_per_hour_kcal=int(per_hour),
            energy_per_min_kcal=min(int(per_hour / 60), 0xFE),
            elapsed_s=int(elapsed_s),
        )

    def emit(self, characteristic: str, data: bytes, at: float, kind: str = "notify") -> None:
        """Put something on the air at `at`, if the central is then subscribed, after the faults had their say."""
        for emission in self.faults.touch(Emission(characteristic, data, at, kind), self.rng):
            self._put(emission.at, emission, lives_on=False)

    def schedule(self, at: float, action: Callable[[float], None], *, lives_on: bool = True) -> None:
        """Call `action(at)` when its time comes; without `lives_on` only if this connection still stands."""
        self._put(at, action, lives_on=lives_on)

    # Inside.

    def _put(self, at: float, item: Emission | Callable[[float], None], *, lives_on: bool) -> None:
        self._order += 1
        heapq.heappush(self._agenda, (at, self._order, item, 0 if lives_on else self.connections))

    def _catch_up(self, now: float) -> float:
        """Do everything that was due by `now`, each at its own time; give the time that it then is.

        A timer may fire within the clock's resolution before its time, so a `now` that is a hair too early is
        taken for the time already reached. Raises ValueError when it is earlier than that.
        """
        if now < self._clock - _HAIR_S:
            raise ValueError(f"the machine has been at {self._clock}, later than {now}")
        now = max(now, self._clock)
        agenda = self._agenda
        while agenda and agenda[0][0] <= now:
            at, _, item, connection = heapq.heappop(agenda)
            self._clock = max(self._clock, at)
            if connection and (connection != self.connections or not self.connected):
                continue
            if not isinstance(item, Emission):
                item(at)
            elif item.kind == "disconnect" or item.characteristic in self._subscribed:
                self._outbox.append(item)
        self._clock = now
        return now

    def _training_changes(self, now: float) -> None:
        """Tell Training Status now, and look again when the belt begins to move or comes to rest."""
        self._tell_training_status(now)
        for at in (self.drive.motion_at, self.drive.belt.steady_at):
            if now < at < math.inf:
                self.schedule(at, self._tell_training_status)

    def _tell_training_status(self, now: float) -> None:
        status = self._training_status_at(now)
        if status != self._training_status:
            self._training_status = status
            self.emit("2ad3", wire.training_status(status), now + self.traits.status_s)

    def _training_status_at(self, now: float) -> int:
        if self.drive.counting_down(now):
            return _PRE_WORKOUT
        if self.drive.phase is Phase.STARTED:
            return _MANUAL
        return _POST_WORKOUT if self.drive.belt.moving(now) else _IDLE
