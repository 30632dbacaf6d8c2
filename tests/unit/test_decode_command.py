"""`retroctl decode`: however the bytes were copied, and a whole file of them."""

from __future__ import annotations

import io
import json

import pytest

from retroctl.cli.decode import decode_words
from retroctl.errors import ConfigError


def speeds(words: list[str]) -> list[float]:
    return [json.loads(line)["fields"]["speed_kmh"] for line in decode_words("2acd", words)]


@pytest.mark.parametrize(
    "words",
    [
        ["00006400"],
        ["00", "00", "64", "00"],
        ["0x00, 0x00, 0x64, 0x00"],
        ["00:00:64:00"],
        ["00-00-64-00"],
        ["0X00006400\n"],
        ["0000_6400"],
    ],
)
def test_bytes_are_taken_however_they_were_copied(words):
    assert speeds(words) == [1.0]


@pytest.mark.parametrize("words", [["zz"], ["00006"], ["[0x00]"], ["00006400", "trailing"]])
def test_what_is_no_hexadecimal_is_named(words):
    with pytest.raises(ConfigError, match=r"is not hexadecimal: write pairs of 0-9 and a-f"):
        speeds(words)


def test_a_frame_from_each_line_of_standard_input_and_the_line_that_is_none_is_named(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("00006400\n\n0000 c800\nnonsense\n00006400\n"))
    lines = decode_words("2acd", ["-"])

    assert [json.loads(next(lines))["fields"]["speed_kmh"] for _ in range(2)] == [1.0, 2.0]
    with pytest.raises(ConfigError, match="line 4: 'nonsense' is not hexadecimal"):
        next(lines)


def test_an_endless_line_is_no_frame(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("0" * 100_000))
    with pytest.raises(ConfigError, match="line 1: longer than any value"):
        list(decode_words("2acd", ["-"]))
