"""The bank of clips: complete, unchanged, small, and playable by every system's own player."""

from __future__ import annotations

import hashlib
import io
import wave
from array import array
from pathlib import Path

import pytest

from retroctl.adapters.voice.bank import PAUSE_S, RATE, Bank, BankError, folder
from retroctl.adapters.voice.grammar import COUNT, HOLD_SERVED, SILENCE, SPOKEN, TONES

HERE = Path(str(folder()))
NAMES = sorted({*SPOKEN, *TONES})


def samples(name: str) -> array:
    with wave.open(str(HERE / f"{name}.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return array("h", file.readframes(file.getnframes()))


def test_the_bank_is_complete_and_is_the_one_that_was_rendered():
    sums = dict(line.split("  ")[::-1] for line in (HERE / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {f"{name}.wav" for name in NAMES}
    assert sorted(path.name for path in HERE.glob("*.wav")) == sorted(sums)
    for name, expected in sums.items():
        assert hashlib.sha256((HERE / name).read_bytes()).hexdigest() == expected, name


def test_the_bank_says_where_it_comes_from_and_stays_small():
    text = (HERE / "LICENSE.md").read_text()
    assert "CC0" in text
    assert "docs/voice_bank.py" in text
    assert sum(path.stat().st_size for path in HERE.iterdir()) < 2_500_000


@pytest.mark.parametrize("name", sorted(SPOKEN))
def test_a_spoken_clip_is_short_loud_enough_and_does_not_clip(name):
    data = samples(name)
    assert 0.15 < len(data) / RATE < 3.0
    peak = max(map(abs, data)) / 32767
    assert 0.8 < peak < 0.95
    begins = next(index for index, sample in enumerate(data) if abs(sample) > 0.05 * 32767)
    assert begins / RATE < 0.15, "a cue begins at once"
    assert max(abs(data[0]), abs(data[-1])) < 700, "no click at either end"


def test_the_tones_differ_from_speech_and_from_each_other():
    assert len(samples(COUNT)) < len(samples(HOLD_SERVED)) < 0.5 * RATE
    assert max(map(abs, samples(SILENCE))) == 0


def parts(data: bytes) -> array:
    with wave.open(io.BytesIO(data)) as file:
        return array("h", file.readframes(file.getnframes()))


def test_clips_follow_one_another_with_a_pause_after_a_phrase_and_none_in_a_number():
    sound = Bank().sound(("slower", "two-point", "six"))
    lengths = [len(samples(name)) for name in ("slower", "two-point", "six")]
    assert len(parts(sound.data)) == sum(lengths) + PAUSE_S * RATE
    assert sound.seconds == pytest.approx(len(parts(sound.data)) / RATE)


def test_a_lower_volume_is_quieter():
    loud, soft = (max(map(abs, parts(Bank(volume).sound(("stopping",)).data))) for volume in (100, 50))
    assert soft == pytest.approx(loud / 4, rel=0.01)


def test_a_clip_that_is_missing_or_broken_is_an_error_with_its_name(tmp_path):
    bank = Bank(where=tmp_path)
    with pytest.raises(BankError, match="stopping"):
        bank.sound(("stopping",))
    (tmp_path / "stopping.wav").write_bytes(b"RIFF not a sound")
    with pytest.raises(BankError, match="stopping"):
        bank.sound(("stopping",))
    with wave.open(str(tmp_path / "stopping.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(bytes(400))
    with pytest.raises(BankError, match="16 kHz mono"):
        bank.sound(("stopping",))
