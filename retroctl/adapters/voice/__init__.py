"""What is said: a short fixed grammar, spoken from a bank of clips by the system's own sound player.

What no clips are made of is left to the system's own voice, where there is one.
"""

from retroctl.adapters.voice.players import system_players
from retroctl.adapters.voice.speech import system_engine
from retroctl.adapters.voice.voice import Voice
from retroctl.adapters.voice.worker import plays_silence

__all__ = ["Voice", "plays_silence", "system_engine", "system_players"]
