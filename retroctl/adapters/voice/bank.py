"""The bank of clips: read once each, put together to one sound for each cue."""

from __future__ import annotations

import io
import sys
import wave
from array import array
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from retroctl.adapters.voice.grammar import PHRASES

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

RATE: Final = 16_000
"""Samples a second of every clip; mono, 16 bits: what every system's own player can play."""
PAUSE_S: Final = 0.1
"""Between a phrase and what follows; a number's parts follow at once."""
LOUDEST: Final = 100


class BankError(Exception):
    """A clip is missing or is not what the bank holds."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A whole WAV file in memory."""

    data: bytes
    seconds: float


def folder() -> Traversable:
    """Where the clips are, also in a wheel that was not unpacked."""
    return files("retroctl.adapters.voice") / "bank"


class Bank:
    """The clips at one volume. Used from the voice's own thread only."""

    def __init__(self, volume: int = LOUDEST, *, where: Traversable | None = None) -> None:
        """`volume` from 1 to 100; each step down sounds about as large as the one before."""
        self._gain = (volume / LOUDEST) ** 2
        self._folder = where or folder()
        self._clips: dict[str, array[int]] = {}

    def sound(self, clips: tuple[str, ...]) -> Sound:
        """Put clips together. Raises BankError."""
        samples: array[int] = array("h")
        for before, name in zip((None, *clips), clips, strict=False):
            if before in PHRASES:
                samples.extend(array("h", bytes(2 * int(PAUSE_S * RATE))))
            samples.extend(self._clip(name))
        return Sound(_wav(samples), len(samples) / RATE)

    def _clip(self, name: str) -> array[int]:
        if (known := self._clips.get(name)) is not None:
            return known
        samples = _samples((self._folder / f"{name}.wav").read_bytes, name)
        if self._gain != 1:
            samples = array("h", (int(sample * self._gain) for sample in samples))
        self._clips[name] = samples
        return samples


def _samples(read: Callable[[], bytes], name: str) -> array[int]:
    try:
        with wave.open(io.BytesIO(read())) as file:
            if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE):
                raise BankError(f"the clip {name} is not 16 kHz mono with 16 bits")
            samples = array("h", file.readframes(file.getnframes()))
    except (OSError, EOFError, wave.Error, ValueError) as error:
        raise BankError(f"the clip {name} cannot be read: {error}") from None
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _wav(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()
