"""What a session amounts to: counted as it goes, from what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from retroctl.domain.energy import Reach, energy, in_words
from retroctl.domain.events import Hands
from retroctl.units import REST, Speed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retroctl.domain.effects import NoteKind
    from retroctl.domain.energy import Energy

NOTES: Final = 1000
"""More than a session can use; a stuck key must not fill the memory. The record keeps every one."""

LONGEST_STEP_S = 2.0
"""Between two frames further apart than this nothing is known, so nothing is counted."""


@dataclass(slots=True)
class Tally:
    """Distance, time and energy from measured speed on our own clock; machines' own counters are not trusted."""

    mass_kg: float | None = None
    peak: Speed = REST
    distance_m: float = 0.0
    moving_s: float = 0.0
    backward_s: float = 0.0
    """Of the moving time, with the client facing backward."""
    kcal: float = 0.0
    kcal_low: float = 0.0
    kcal_high: float = 0.0
    extrapolated_s: float = 0.0
    """Of the moving time, at speeds below what the energy equations were made for."""
    holds: list[tuple[Speed, float]] = field(default_factory=list[tuple[Speed, float]])
    hands: list[tuple[Speed, Hands]] = field(default_factory=list[tuple[Speed, Hands]])
    """Which hands were on the rails at the end of each hold."""
    notes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What was noted, in order: the fields of the `note` reports with their time; NOTES at most."""
    heart_peak_bpm: int | None = None
    heart_sum_bpm: int = 0
    heart_frames: int = 0
    """Frames of the strap with a rate that is known; they come once a second."""
    _last: tuple[Speed, float] | None = None

    def measured(self, speed: Speed, now: float, *, backward: bool = True, grade_pct: float = 0.0) -> None:
        """Take in a frame; `backward`: how the client faces; `grade_pct`: the belt's incline, 0 or more."""
        if self._last is not None:
            before, at = self._last
            step = now - at
            if before > REST and 0 < step <= LONGEST_STEP_S:
                self.moving_s += step
                self.backward_s += step if backward else 0.0
                self.distance_m += before.kmh / 3.6 * step
                if self.mass_kg is not None:
                    self._spend(energy(before.kmh, self.mass_kg, backward=backward, grade_pct=grade_pct), step)
        self._last = (speed, now)
        self.peak = max(self.peak, speed)

    def heart_rate(self, bpm: int | None) -> None:
        """A frame of the strap came, and the heart rate is that; None where it is not known."""
        if bpm is not None:
            self.heart_sum_bpm += bpm
            self.heart_frames += 1
            self.heart_peak_bpm = bpm if self.heart_peak_bpm is None else max(self.heart_peak_bpm, bpm)

    @property
    def heart_average_bpm(self) -> int | None:
        """The average of the rates known; None where there were none."""
        return round(self.heart_sum_bpm / self.heart_frames) if self.heart_frames else None

    def _spend(self, spent: Energy, seconds: float) -> None:
        self.kcal += spent.kcal_per_min * seconds / 60
        self.kcal_low += spent.kcal_per_min_low * seconds / 60
        self.kcal_high += spent.kcal_per_min_high * seconds / 60
        self.extrapolated_s += seconds if spent.reach is Reach.EXTRAPOLATED else 0.0

    def held(self, target: Speed, seconds: float, hands: Hands = Hands.BOTH) -> None:
        """A stage was left."""
        self.holds.append((target, seconds))
        self.hands.append((target, hands))

    def noted(self, t: float, data: dict[str, Any]) -> None:
        """The trainer noted something at run second `t`."""
        if len(self.notes) < NOTES:
            self.notes.append({"t": t, **data})

    def notes_of(self, kind: NoteKind) -> list[dict[str, Any]]:
        """What was noted of one kind, in order."""
        return [note for note in self.notes if note["note"] == kind.value]


def energy_words(summary: Mapping[str, Any]) -> str:
    """The energy of a summary in words; empty where the client's mass is not known."""
    kcal = summary.get("kcal")
    if kcal is None:
        return ""
    low, high = summary.get("kcal_low", kcal), summary.get("kcal_high", kcal)
    return in_words(kcal, low, high, extrapolated=summary.get("kcal_extrapolated", False))
