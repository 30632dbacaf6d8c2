"""What is said: a short fixed grammar, spoken from a bank of clips by the system's own sound player.

What no clips are made of is left to the system's own voice, where there is one.
"""

from retroctl.adapters.voice.speech import system_engine
from retroctl.adapters.voice.voice import Voice

__all__ = ["Voice", "system_engine"]
