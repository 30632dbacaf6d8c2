"""The voice's own thread: takes cues, plays them, and knows whether anybody can hear."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from retroctl.adapters.voice.bank import Bank, BankError, Sound
from retroctl.adapters.voice.grammar import SILENCE
from retroctl.adapters.voice.players import GRACE_S, KILLED_S, Played
from retroctl.adapters.voice.speech import LONGEST_S
from retroctl.app.ports import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from retroctl.adapters.voice.cues import Cue, CueQueue
    from retroctl.adapters.voice.players import Player
    from retroctl.adapters.voice.speech import Engine

TRY_AGAIN_S: Final = 10.0
"""After a failure the players are tried out again so often: a headset may come back."""
FAILURES: Final = 5
"""After so many the voice is silent for the rest of the run."""
LOOK_S: Final = 1.0
STUCK_S: Final = GRACE_S + KILLED_S + 1.0
"""A sound that is not through so long after its end holds the thread: nobody may count on the voice."""


class Worker:
    """Plays what the queue gives, on the first player that works. Nothing waits for it but its own end."""

    def __init__(
        self,
        queue: CueQueue,
        bank: Bank,
        players: Sequence[Player],
        tell: Callable[[str | None], None],
        engine: Engine | None = None,
    ) -> None:
        """`tell` gets, from the thread, why nothing can be heard; None when it can again.

        `engine` speaks the texts that no clips are made of; without one they are only seen.
        """
        self._engine = engine
        self._queue, self._bank, self._players, self._tell = queue, bank, players, tell
        self._player: Player | None = None
        self._failures = 0
        self._try_at = 0.0
        self._busy_until: float | None = None
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def able(self) -> bool:
        """Whether a cue that is put now can be heard, as far as is known. Read from any thread."""
        busy_until = self._busy_until
        stuck = busy_until is not None and time.monotonic() > busy_until
        return self._player is not None and not stuck and self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._look_for_player()
            while not self._queue.over:
                cue = self._queue.take(LOOK_S)
                if cue is not None:
                    said = self._say(cue)
                    self._queue.played()
                    cue.settle(said)
                elif self._player is None and time.monotonic() >= self._try_at:
                    self._look_for_player()
        except Exception as error:  # noqa: BLE001 - the end of this thread; the session goes on without a voice
            self._player = None
            self._tell(f"a fault in the voice: {type(error).__name__}: {error}")

    def _say(self, cue: Cue) -> Telling:
        if cue.text is not None:
            self._speak(cue.text)
            return Telling.GIVEN
        player = self._player
        if player is None:
            return Telling.BROKEN_OFF
        try:
            sound = self._bank.sound(cue.clips)
        except BankError as error:
            self._lost(f"{error}", for_good=True)
            return Telling.BROKEN_OFF
        played = self._play(player, sound)
        if played is Played.FAILED:
            self._lost(f"{player.name} failed", for_good=False)
        return Telling.GIVEN if played is Played.WHOLE else Telling.BROKEN_OFF

    def _play(self, player: Player, sound: Sound) -> Played:
        self._busy_until = time.monotonic() + sound.seconds + STUCK_S
        try:
            return player.play(sound, self._queue.cut)
        finally:
            self._busy_until = None

    def _speak(self, text: str) -> None:
        """Free text, on the system's own voice. One that fails is not asked again; the clips do not depend on it."""
        engine = self._engine
        if engine is None:
            return
        self._busy_until = time.monotonic() + LONGEST_S + STUCK_S
        try:
            if engine.say(text, self._queue.cut) is Played.FAILED:
                self._engine = None
        finally:
            self._busy_until = None

    def _look_for_player(self) -> None:
        """Try out each with a moment of silence: a player without a device says so at once."""
        self._try_at = time.monotonic() + TRY_AGAIN_S
        if self._failures >= FAILURES:
            return
        try:
            silence = self._bank.sound((SILENCE,))
        except BankError as error:
            self._lost(f"{error}", for_good=True)
            return
        for player in self._players:
            self._queue.cut.clear()
            if self._play(player, silence) is Played.WHOLE:
                if self._failures:
                    self._tell(None)
                self._player = player
                return
        if not self._failures:
            names = ", ".join(player.name for player in self._players)
            self._lost(f"{names} found no sound device" if names else "no sound player found", for_good=not names)

    def _lost(self, why: str, *, for_good: bool) -> None:
        self._player = None
        self._failures = FAILURES if for_good else self._failures + 1
        self._try_at = time.monotonic() + TRY_AGAIN_S
        self._tell(why)


def plays_silence(player: Player, cut: threading.Event) -> bool:
    """Whether a player plays a moment of silence to its end: what is installed may find no device. Never raises."""
    try:
        return player.play(Bank().sound((SILENCE,)), cut) is Played.WHOLE
    except BankError:
        return False
