"""The FTMS treadmill as a pure machine: it is handed the time and bytes, and hands back bytes with times.

No event loop, no clock, no radio: a front end calls the inputs with `now`, asks `next_event(now)` when the
machine next wants attention, and sends what `advance(now)` gives. Calling `advance` early is harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simulators import encoding as wire
from simulators.control_point import ControlPoint, Result
from simulators.faults import NEVER, AttResult, Emission
from simulators.treadmill import Treadmill

if TYPE_CHECKING:
    from simulators.personality import Personality

__all__ = ["AttResult", "Emission", "FtmsMachine", "GattEntry", "Written"]

_INVALID_HANDLE = 0x01
_READ_NOT_PERMITTED = 0x02
_WRITE_NOT_PERMITTED = 0x03
_INVALID_LENGTH = 0x0D
_CCCD_IMPROPERLY_CONFIGURED = 0xFD
_PROCEDURE_IN_PROGRESS = 0xFE

_FIXED_PROPERTIES = {
    "2acc": ("read",),
    "2acd": ("notify",),
    "2ad3": ("read", "notify"),
    "2ad4": ("read",),
    "2ad5": ("read",),
    "2ada": ("notify",),
}


class GattEntry(NamedTuple):
    """One characteristic of a service: its assigned number in lower case and its properties as bleak names them."""

    characteristic: str
    properties: tuple[str, ...]


class Written(NamedTuple):
    """One write that reached the machine; `error` is the ATT error it got."""

    at: float
    characteristic: str
    data: bytes
    error: int | None
    connection: int


class FtmsMachine(Treadmill):
    """One treadmill on the air. `log` holds every byte written with its time."""

    service = 0x1826

    def __init__(self, personality: Personality, *, seed: int = 0, now: float = 0.0) -> None:
        super().__init__(personality, seed=seed, now=now)
        self.behaviour = personality.behaviour_class(self)
        self.control_point = ControlPoint(self)
        self.log: list[Written] = []
        properties = {**_FIXED_PROPERTIES, "2ad9": self.traits.control_point_properties}
        self._properties = {name: properties[name] for name in sorted(self.traits.characteristics)}
        self._procedure_runs = False
        self._tick_base: float | None = None
        self._ticks = 0
        self._phase_s = self.rng.random() * self.traits.record_interval_s

    # What a front end needs to know.

    @property
    def gatt(self) -> tuple[GattEntry, ...]:
        """The characteristics of the Fitness Machine Service, in order of their numbers."""
        return tuple(GattEntry(*entry) for entry in self._properties.items())

    def advertises(self, now: float) -> bool:
        """Tell whether the machine can be found and connected to: one central at a time."""
        return not self.connected and now >= self.absent_until

    # The radio's side.

    def connect(self, now: float) -> None:
        """Let a central connect. Raises RuntimeError when one is connected already."""
        now = self._catch_up(now)
        if self.connected:
            raise RuntimeError("this machine serves one central at a time")
        self.connected = True
        self.connections += 1
        self.behaviour.on_connect(now)
        self.wake()

    def disconnect(self, now: float) -> None:
        """End the link, for whatever reason: control and subscriptions go, the belt goes on as it was."""
        now = self._catch_up(now)
        self.connected = False
        self.controlled = False
        self._procedure_runs = False
        self._subscribed.clear()
        self._tick_base = None
        self._outbox.clear()
        self.wake()

    def subscribe(self, characteristic: str, now: float) -> AttResult:
        """Enable notifications or indications: write the Client Characteristic Configuration."""
        now = self._catch_up(now)
        if characteristic not in self._properties:
            return AttResult(_INVALID_HANDLE)
        if not self.behaviour.accepts_subscription(characteristic, now):
            return AttResult()
        self._subscribed.add(characteristic)
        if characteristic == "2acd" and self._tick_base is None:
            self._tick_base, self._ticks = now + self._phase_s, 0
            self.schedule(self._tick_base, self._tick, lives_on=False)
        self.wake()
        return AttResult()

    def unsubscribe(self, characteristic: str, now: float) -> AttResult:
        """Disable notifications or indications."""
        now = self._catch_up(now)
        if characteristic not in self._properties:
            return AttResult(_INVALID_HANDLE)
        self._subscribed.discard(characteristic)
        if characteristic == "2acd":
            self._tick_base = None
        self.wake()
        return AttResult()

    def read(self, characteristic: str, now: float) -> AttResult:
        """Read a characteristic."""
        now = self._catch_up(now)
        properties = self._properties.get(characteristic)
        if properties is None:
            return AttResult(_INVALID_HANDLE)
        if "read" not in properties:
            return AttResult(_READ_NOT_PERMITTED)
        data = b"" if characteristic in self.traits.empty_reads else self._value(characteristic)
        return AttResult(data=self.behaviour.value(characteristic, data))

    def _value(self, characteristic: str) -> bytes:
        traits = self.traits
        match characteristic:
            case "2acc":
                return wire.feature(traits.features, traits.targets)
            case "2ad4":
                return wire.speed_range(*self.behaviour.speed_range())
            case "2ad5":
                return wire.incline_range(traits.incline_minimum, traits.incline_maximum, traits.incline_increment)
            case _:
                return wire.training_status(self._training_status)

    def write(self, characteristic: str, data: bytes, now: float, *, with_response: bool = True) -> AttResult:
        """Write a characteristic; answers on the Control Point come out of `advance` as emissions."""
        now = self._catch_up(now)
        result = self._write(characteristic, bytes(data), now, with_response=with_response)
        self.log.append(Written(now, characteristic, bytes(data), result.error, self.connections))
        self.wake()
        return result

    def _write(self, characteristic: str, data: bytes, now: float, *, with_response: bool) -> AttResult:
        refused = self._refused_by_att(characteristic, data, with_response=with_response)
        if refused is not None:
            return refused
        answered = self.behaviour.on_write(data, now)
        if answered is not None:
            return answered
        if "indicate" in self._properties["2ad9"] and "2ad9" not in self._subscribed:
            return AttResult(_CCCD_IMPROPERLY_CONFIGURED)
        if self._procedure_runs:
            return AttResult(_PROCEDURE_IN_PROGRESS)
        if self.faults.reject_results:
            result = self.faults.reject_results.pop(0)
        elif self.faults.take_ignored():
            result = Result.SUCCESS
        else:
            result = self.control_point.perform(data, now)
        self.answer(data[0], result, now)
        return AttResult(after_s=self.faults.write_s)

    def _refused_by_att(self, characteristic: str, data: bytes, *, with_response: bool) -> AttResult | None:
        properties = self._properties.get(characteristic)
        if properties is None:
            return AttResult(_INVALID_HANDLE)
        if ("write" if with_response else "write-without-response") not in properties:
            return AttResult(_WRITE_NOT_PERMITTED)
        if self.faults.take_hang():
            return NEVER
        if self.faults.reject_writes:
            return AttResult(self.faults.reject_writes.pop(0))
        return None if data else AttResult(_INVALID_LENGTH)

    def answer(self, op: int, result: int, now: float) -> None:
        """Answer on the Control Point, as the behaviour and the faults will have it."""
        told = self.behaviour.answer(op, result)
        if told is None or self.faults.take_dropped_answer():
            return
        kind = "indicate" if "indicate" in self.traits.control_point_properties else "notify"
        late_s = self.traits.answer_s + self.faults.write_s + self.faults.answer_late_s
        self._procedure_runs = True
        self.schedule(now + late_s, self._procedure_ends, lives_on=False)
        self.emit("2ad9", wire.response(op, told), now + late_s, kind)

    def _procedure_ends(self, now: float) -> None:
        del now
        self._procedure_runs = False

    def _tick(self, at: float) -> None:
        if self._tick_base is None or at != self._tick_base + self._ticks * self.traits.record_interval_s:
            return  # of an earlier subscription
        for frame in self.behaviour.frames(at):
            self.emit("2acd", frame, at)
        self._ticks += 1
        self.schedule(self._tick_base + self._ticks * self.traits.record_interval_s, self._tick, lives_on=False)
