"""What is said: a short fixed grammar, spoken from a bank of clips by the system's own sound player."""

from retroctl.adapters.voice.voice import Voice

__all__ = ["Voice"]
