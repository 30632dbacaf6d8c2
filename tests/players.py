"""Players for tests: what they were given to play, when they began, and whatever can go wrong with one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroctl.adapters.voice.bank import Bank
from retroctl.adapters.voice.players import Played

if TYPE_CHECKING:
    from retroctl.adapters.voice.bank import Sound


class NamedBank(Bank):
    """Remembers which clips each sound was made of."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[int, tuple[str, ...]] = {}

    def sound(self, clips: tuple[str, ...]) -> Sound:
        sound = super().sound(clips)
        self.named[id(sound.data)] = clips
        self._kept = sound
        return sound


@dataclass
class FakePlayer:
    """Plays in no time, or for as long as a sound lasts at `pace`; `fate` decides otherwise for clips it names."""

    bank: NamedBank
    pace: float | None = None
    """Seconds of sound a real second; None: over at once."""
    fate: dict[str, Played] = field(default_factory=dict)
    name: str = "fake"
    begun: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    """When each sound began, by time.monotonic(), and its clips."""
    ended: list[tuple[tuple[str, ...], Played]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    hang: threading.Event = field(default_factory=threading.Event)
    """A sound whose fate is CUT lasts until it is cut off; one named `hang` in `fate` until this is set."""
    hangs: set[str] = field(default_factory=set)

    def play(self, sound: Sound, cut: threading.Event) -> Played:
        clips = self.bank.named.get(id(sound.data), ())
        with self.changed:
            self.begun.append((time.monotonic(), clips))
            self.changed.notify_all()
        played = self._play(clips, sound, cut)
        with self.changed:
            self.ended.append((clips, played))
            self.changed.notify_all()
        return played

    def _play(self, clips: tuple[str, ...], sound: Sound, cut: threading.Event) -> Played:
        if self.hangs & {*clips}:
            self.hang.wait(30)
            return Played.FAILED
        fate = next((self.fate[clip] for clip in clips if clip in self.fate), None)
        if fate is Played.CUT:
            return Played.CUT if cut.wait(30) else Played.WHOLE
        if fate is not None:
            return fate
        if self.pace is not None and cut.wait(sound.seconds / self.pace):
            return Played.CUT
        return Played.WHOLE

    def wait_for(self, clips: tuple[str, ...], *, ended: bool = False, within_s: float = 10.0) -> None:
        """Wait until a sound of these clips began, or ended."""
        with self.changed:
            seen = self.changed.wait_for(
                lambda: clips in [entry[0 if ended else 1] for entry in (self.ended if ended else self.begun)], within_s
            )
        assert seen, f"{clips} not played: {self.begun}"

    @property
    def spoken(self) -> list[tuple[str, ...]]:
        """What was begun, but for the moment of silence that tries a player out."""
        return [clips for _, clips in self.begun if clips != ("silence",)]
