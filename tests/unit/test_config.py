"""The configuration: strict, and every error names where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from retroctl import config
from retroctl.config import load_settings
from retroctl.errors import ConfigError


@pytest.fixture
def file(monkeypatch, tmp_path):
    made = tmp_path / "config.toml"
    monkeypatch.setattr(config, "config_file", lambda: made)
    for name in ("DATA_DIR", "HOLD_S", "SCAN_S"):
        monkeypatch.delenv(f"RETROCTL_{name}", raising=False)
    return made


def test_without_a_file_the_defaults_hold(file):
    settings = load_settings()
    assert (settings.hold_s, settings.scan_s) == (120.0, 8.0)


def test_the_environment_goes_before_the_file(file, monkeypatch):
    file.write_text('hold_s = 90\ndata_dir = "/somewhere"')
    monkeypatch.setenv("RETROCTL_HOLD_S", "75")

    settings = load_settings()

    assert settings.hold_s == 75
    assert settings.data_dir == Path("/somewhere")


def test_an_empty_variable_is_none_and_no_folder(file, monkeypatch):
    monkeypatch.setenv("RETROCTL_DATA_DIR", "")
    assert load_settings().data_dir.is_absolute()


def test_variables_that_are_no_settings_are_no_errors(file, monkeypatch):
    monkeypatch.setenv("RETROCTL_DEBUG", "1")
    assert load_settings().hold_s == 120


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hold_s = 30", "hold_s"),
        ("hold_s = nan", "hold_s"),
        ('hold_s = "long"', "hold_s"),
        ("scan_s = 0", "scan_s"),
        ("speed = 5", "speed"),
        ("hold_s = [", ""),
        ("hold_s = " + "9" * 5000, ""),
        ('"a\\nb" = 1', r"'a\nb'"),
        ('data_dir = "a\\u0000b"', "data_dir"),
        ("x = " + "[" * 3000 + "]" * 3000, ""),
        ("\xff", ""),
    ],
)
def test_what_is_wrong_names_the_file_and_the_key(file, text, words):
    file.write_bytes(text.encode("latin-1"))

    with pytest.raises(ConfigError) as refused:
        load_settings()

    assert str(file) in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_variable_that_is_wrong_is_named(file, monkeypatch):
    monkeypatch.setenv("RETROCTL_SCAN_S", "soon")
    with pytest.raises(ConfigError, match="RETROCTL_SCAN_S"):
        load_settings()


def test_a_folder_in_the_place_of_the_file(file):
    file.mkdir()
    assert load_settings().hold_s == 120  # a folder is no file: nothing is set
