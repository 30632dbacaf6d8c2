"""A third opinion, on the belt itself: what it really did, moment by moment, against what left for the machine.

It knows nothing of what the program measured, believed or said but its last word: a camera on the belt and a sniffer on
the air. What a machine does against its orders is no fault of the program's, unless a Stop does not follow in time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.machine import FtmsMachine, Written

RAISE_KMH = 0.80
HOLD_S = 60.0
SEEN_S = 2.0
"""A belt is seen about once a second, and what is seen travels."""
IN_TIME_S = 9.0
"""A Stop that answers a machine's fault has left by then: it must be seen (unit checks need 6 s of a steady speed)."""
STEP_S = 0.25


@dataclass
class BeltJudge:
    """Judges one run without a trainer: one start, one stop."""

    machine: FtmsMachine
    cap_kmh: float
    began: float
    ended: float
    increment_kmh: float = 0.1
    others_press: bool = False
    """Somebody else changes the speed as well: then only the cap, the starts, Stop and the end are judged."""

    def faults(self, *, claims_rest: bool) -> list[str]:
        """Everything that should not have been."""
        found = [*self._starts(), *self._over_the_cap(), *self._after_stop()]
        if not self.others_press:
            found += [*self._targets(), *self._runs_away()]
        # A belt that stood, and started by itself since it was last seen, was at rest as far as anybody could know.
        lately = self._between(self.ended - SEEN_S - 0.5, self.ended)
        if claims_rest and all(self.speed(at) > 0 for at in lately):
            found.append(f"said to be at rest, runs at {self.speed(self.ended):.2f}")
        return found

    def speed(self, at: float) -> float:
        return self.machine.true_speed_kmh(at)

    def writes(self, op: int) -> list[Written]:
        return [
            entry for entry in self.machine.log if entry.characteristic == "2ad9" and entry.data[:1] == bytes((op,))
        ]

    def _stops(self) -> list[float]:
        return [entry.at for entry in self.writes(0x08)]

    def _stopped_within(self, since: float, seconds: float) -> bool:
        return any(since - STEP_S <= at <= since + seconds for at in self._stops()) or any(
            at < since for at in self._stops()
        )

    def _starts(self) -> list[str]:
        starts = self.writes(0x07)
        found = [] if len(starts) <= 1 else [f"Start was sent {len(starts)} times"]
        return found + [
            f"Start at {entry.at:.1f} on a belt at {self.speed(entry.at - SEEN_S):.2f}"
            for entry in starts
            if self.speed(entry.at - SEEN_S) > 0
        ]

    def _targets(self) -> list[str]:
        found = []
        for entry in self.writes(0x02):
            target = int.from_bytes(entry.data[1:], "little") / 100
            before, after = self.speed(entry.at), self._reached(entry.at)
            if target > self.cap_kmh + 0.001:
                found.append(f"asked for {target} over the cap of {self.cap_kmh}")
            # A machine may round up, or be a little fast: that is watched (F3) up to half a km/h over the target.
            if after > before + max(RAISE_KMH, self.increment_kmh) + 0.55 and not self._stopped_within(
                entry.at, IN_TIME_S
            ):
                found.append(f"asked for {target} at {entry.at:.1f}: the belt went from {before:.2f} to {after:.2f}")
            first = entry is self.writes(0x02)[0]
            held = self._held(entry.at)
            up = after > before + 0.3 and target > before - 0.3
            lowered = target < before and self._stopped_within(entry.at, IN_TIME_S)  # a number that means more now
            if up and not (first or lowered) and target > self._lowest() and held < HOLD_S - SEEN_S:
                found.append(f"asked for {target} at {entry.at:.1f} after {held:.1f} s at {before:.2f}")
        return found

    def _lowest(self) -> float:
        return int.from_bytes(self.writes(0x02)[0].data[1:], "little") / 100

    def _reached(self, since: float) -> float:
        """The fastest of the next seconds, or until another command."""
        until = min([since + 12.0, *(entry.at for entry in self.machine.log if entry.at > since), self.ended])
        return max(self.speed(at) for at in self._between(since, until))

    def _held(self, until: float) -> float:
        band = max(0.30, 2 * self.increment_kmh) + 0.01
        centre, at = self.speed(until), until
        outing = 0.0
        while at > self.began and outing < 2.0:
            outing = outing + STEP_S if abs(self.speed(at) - centre) > band else 0.0
            at -= STEP_S
        return until - at - outing

    def _over_the_cap(self) -> list[str]:
        return self._too_long(lambda at: self.speed(at) > self.cap_kmh + 0.31, 12.0, "over the cap")

    def _runs_away(self) -> list[str]:
        """Much faster than anything asked for; a belt whose Start is still young has been asked for nothing yet."""
        asked = [(entry.at, int.from_bytes(entry.data[1:], "little") / 100) for entry in self.writes(0x02)]
        if not asked:
            return []

        def away(at: float) -> bool:
            lately = [target for when, target in asked if when <= at]
            recent = [target for when, target in asked if at - 25.0 <= when <= at] + lately[-1:]
            return bool(lately) and self.speed(at) > max(recent) + 1.0

        return self._too_long(away, 12.0, "faster than asked")

    def _too_long(self, bad: Callable[[float], bool], bound_s: float, what: str) -> list[str]:
        since: float | None = None
        for at in self._between(self.began, self.ended):
            if not bad(at):
                since = None
            elif since is None:
                since = at
            elif at - since > bound_s and not self._stopped_within(since, bound_s):
                return [f"{what} from {since:.1f} for {at - since:.1f} s, and no Stop"]
        return []

    def _after_stop(self) -> list[str]:
        stops = self._stops()
        if not stops:
            return []
        late = [
            entry for entry in self.machine.log if entry.at > stops[0] + 0.001 and entry.data[:1] in (b"\x02", b"\x07")
        ]
        allowed = [entry for entry in late if entry.data[:1] == b"\x02" and entry.data == self.writes(0x02)[0].data]
        if late[1:] or [entry for entry in late if entry not in allowed]:
            return [f"after Stop: {[entry.data.hex() for entry in late]}"]
        return []

    def _between(self, since: float, until: float) -> list[float]:
        steps = max(1, math.ceil((until - since) / STEP_S))
        return [since + (until - since) * step / steps for step in range(steps + 1)]
