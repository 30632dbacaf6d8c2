"""What a storm has lived through, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.storm.scene import Told


@dataclass
class Tally:
    """Sums over stories."""

    stories: int = 0
    refused: int = 0
    """Stories for which no session is made: the machine, or the plan on it, is refused."""
    seconds: float = 0.0
    spent_s: float = 0.0
    """Processor time."""
    counts: Counter[str] = field(default_factory=Counter[str])
    alarms: Counter[str] = field(default_factory=Counter[str])
    ends: Counter[str] = field(default_factory=Counter[str])

    def take(self, told: Told | None) -> None:
        """Count one story."""
        self.stories += 1
        if told is None:
            self.refused += 1
            return
        self.seconds += told.seconds
        for name in ("frames", "writes", "raises", "acts", "faults"):
            self.counts[name] += getattr(told, name)
        self.alarms.update(told.alarms)
        self.ends[f"{told.state}, {'at rest' if told.at_rest else 'NOT at rest'}"] += 1

    def add(self, other: Tally) -> None:
        """Count what another process counted."""
        self.stories += other.stories
        self.refused += other.refused
        self.seconds += other.seconds
        self.spent_s += other.spent_s
        self.counts.update(other.counts)
        self.alarms.update(other.alarms)
        self.ends.update(other.ends)

    def in_words(self, clock_s: float) -> str:
        """The sums; `clock_s`: how long it took by the clock."""
        counts, minutes = self.counts, max(self.seconds / 60, 1e-9)
        ratio = self.seconds / max(self.spent_s, 1e-9)
        return "\n".join(
            (
                (
                    f"{self.stories} stories ({self.refused} refused): {self.seconds / 3600:.1f} h of sessions, "
                    f"{counts['frames']} frames, {counts['writes']} writes, {counts['raises']} raises, "
                    f"{counts['faults']} faults ({counts['faults'] / minutes:.1f} a minute), "
                    f"{counts['acts'] - counts['faults']} odd acts of people; no rule broken"
                ),
                "alarms: " + ", ".join(f"{name} {count}" for name, count in sorted(self.alarms.items())),
                "ended: " + ", ".join(f"{name} {count}" for name, count in self.ends.most_common()),
                (
                    f"{self.spent_s:.1f} s of processor time ({clock_s:.1f} s by the clock): "
                    f"{ratio:,.0f} x real time on one core"
                ),
            )
        )
