"""Profiles: written readable and whole, read strictly, and worth what nothing has changed since."""

from __future__ import annotations

import dataclasses
import stat
import tomllib
from typing import TYPE_CHECKING

import pytest

from retroctl.adapters.profiles import forget, load, load_all, path_of, save
from retroctl.domain.limits import BeltRange
from retroctl.domain.profile import OLD_AFTER_DAYS, Announced, Profile, Stops, Tells, Verdict, standing
from retroctl.errors import ConfigError
from retroctl.units import Speed

if TYPE_CHECKING:
    from pathlib import Path

BELT = BeltRange(Speed(100), Speed(1600), Speed(10))
GOOD = Profile(
    "Belt",
    "C0:DE:00:00:00:05",
    "2026-01-02",
    Verdict.QUALIFIED,
    "0.1.0",
    announced=Announced(1.0, 16.0, 0.1),
    stops=Stops(count=20, rest_p95_s=1.25),
    tells=Tells(machine_status=(2, 4), always_success=False),
)
MINIMAL = 'version = 1\nname = "Belt"\naddress = "C0:DE:00:00:00:05"\ntested_on = "2026-01-02"\n'


@pytest.mark.parametrize(
    "name", ["Belt", 'A "quoted" \\ name', "line\nbreak\x7f\x00", "läuft 😀", "\ud800 lone", "x" * 290]
)
def test_what_was_written_is_read_again(tmp_path: Path, name: str) -> None:
    profile = dataclasses.replace(GOOD, name=name, reasons=("one", "two"))
    path = save(tmp_path, profile)
    assert load(tmp_path, GOOD.address) == dataclasses.replace(profile, name=name.replace("\ud800", "?"))
    assert [entry.name for entry in path.parent.iterdir()] == ["C0-DE-00-00-00-05.toml"]


def test_the_file_explains_its_figures_and_says_what_was_not_measured(tmp_path: Path) -> None:
    text = save(tmp_path, GOOD).read_text(encoding="utf-8")
    assert 'verdict = "qualified"  # qualified, incomplete or dangerous' in text
    assert "rest_p95_s = 1.25  # to rest, 95 of 100 within" in text
    assert "# from_top_rest_s: not measured" in text
    assert tomllib.loads(text)["version"] == 1


def test_a_line_by_hand_is_enough_to_declare_that_a_machine_is_only_watched(tmp_path: Path) -> None:
    path = path_of(tmp_path, GOOD.address)
    path.parent.mkdir()
    path.write_text(MINIMAL + 'command = "never"\n', encoding="utf-8")
    profile = load(tmp_path, GOOD.address.lower())
    assert profile is not None
    assert profile.verdict is Verdict.INCOMPLETE
    told = standing(profile, name="Belt", belt=BELT, typed=False, age_days=0)
    assert (told.may_command, told.qualified) == (False, False)
    assert "command = never" in told.words


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MINIMAL.replace("version = 1", "version = 2"), "version: it is 2"),
        (MINIMAL.replace("version = 1\n", ""), "version: it is None"),
        (MINIMAL + "speed = 3\n", "speed: is not a key of a profile"),
        (MINIMAL + "[stops]\nrest_p95_s = -1.0\n", "stops.rest_p95_s: Input should be greater"),
        (MINIMAL + "[stops]\nrest_p95_s = nan\n", "stops.rest_p95_s: Input should be"),
        (MINIMAL + '[stops]\ncount = "20"\n', "stops.count: Input should be a valid integer"),
        (MINIMAL + 'verdict = "fine"\n', "verdict: Input should be"),
        (MINIMAL + 'command = "always"\n', "command: Input should be 'measured' or 'never'"),
        (MINIMAL.replace("2026-01-02", "yesterday"), "tested_on: Value error, write the date as YYYY-MM-DD"),
        (MINIMAL.replace('name = "Belt"\n', ""), "name: Field required"),
        (MINIMAL.replace(":05", ":06"), "address: it is 'C0:DE:00:00:00:06'"),
        (MINIMAL + "reasons = 3\n", "reasons: Input should be a valid tuple"),
        ("not toml", "not TOML"),
        ("#" * 100_001, "larger than a profile"),
    ],
)
def test_every_error_names_the_file_and_the_key(tmp_path: Path, text: str, told: str) -> None:
    path = path_of(tmp_path, GOOD.address)
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(tmp_path, GOOD.address)
    assert str(error.value).startswith(f"{path}: ")
    assert told in str(error.value)


def test_bytes_that_are_no_text_and_a_folder_in_its_place_are_errors_too(tmp_path: Path) -> None:
    path = path_of(tmp_path, GOOD.address)
    path.parent.mkdir()
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not a text file"):
        load(tmp_path, GOOD.address)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, GOOD.address)
    with pytest.raises(ConfigError, match="cannot be written"):
        save(tmp_path, GOOD)
    with pytest.raises(ConfigError, match="cannot be removed"):
        forget(tmp_path, GOOD.address)
    assert stat.S_ISDIR(path.stat().st_mode)


def test_the_list_goes_on_past_a_broken_file_and_forget_removes_one(tmp_path: Path) -> None:
    assert load_all(tmp_path) == []
    save(tmp_path, GOOD)
    broken = path_of(tmp_path, "AA")
    broken.write_text("x", encoding="utf-8")
    found = load_all(tmp_path)
    assert isinstance(found[0], ConfigError)
    assert found[1] == GOOD
    forget(tmp_path, GOOD.address)
    assert load(tmp_path, GOOD.address) is None
    with pytest.raises(ConfigError, match="there is no profile"):
        forget(tmp_path, GOOD.address)


def test_an_address_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    for address in ("../../etc/passwd", "/etc/passwd", "a" * 500, "..", ""):
        assert path_of(tmp_path, address).parent == tmp_path / "machines"


# -- what a profile is worth -------------------------------------------------------------------------------------------


def test_only_an_unchanged_recent_qualified_machine_is_qualified() -> None:
    told = standing(GOOD, name="Belt", belt=BELT, typed=False, age_days=OLD_AFTER_DAYS)
    assert (told.qualified, told.may_command) == (True, True)


@pytest.mark.parametrize(
    ("profile", "asked", "words"),
    [
        (None, {}, "never measured"),
        (GOOD, {"name": "Other"}, "not of 'Other'"),
        (GOOD, {"age_days": OLD_AFTER_DAYS + 1}, "not of the last 365 days"),
        (GOOD, {"age_days": -1}, "not of the last 365 days"),
        (GOOD, {"belt": BeltRange(Speed(100), Speed(1200), Speed(10))}, "speed range is not the one"),
        (GOOD, {"typed": True}, "speed range is not the one"),
        (dataclasses.replace(GOOD, verdict=Verdict.INCOMPLETE, reasons=("no data",)), {}, "incomplete: no data"),
        (dataclasses.replace(GOOD, verdict=Verdict.INCOMPLETE), {}, "no reason is given"),
    ],
)
def test_anything_else_counts_as_never_measured_and_says_why(
    profile: Profile | None, asked: dict[str, object], words: str
) -> None:
    given: dict[str, object] = {"name": "Belt", "belt": BELT, "typed": False, "age_days": 0, **asked}
    told = standing(profile, **given)  # type: ignore[arg-type]
    assert (told.qualified, told.may_command) == (False, True)
    assert words in told.words
    assert "retroctl qualify" in told.words


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (dataclasses.replace(GOOD, verdict=Verdict.DANGEROUS, reasons=("Stop is ignored",)), "Stop is ignored"),
        (dataclasses.replace(GOOD, command="never"), "command = never"),
    ],
)
def test_another_name_does_not_lift_what_forbids_control(profile: Profile, words: str) -> None:
    """A machine that calls itself otherwise, after an update or in another language, is the same machine."""
    told = standing(profile, name="Other", belt=BELT, typed=False, age_days=0)
    assert not told.may_command
    assert words in told.words
    assert "of 'Belt', not of 'Other'" in told.words
    assert "retroctl machine forget" in told.words


@pytest.mark.parametrize("age_days", [0, 5000])
@pytest.mark.parametrize(("reasons", "words"), [(("Stop is ignored",), "Stop is ignored"), ((), "dangerous")])
def test_a_dangerous_machine_is_not_commanded_however_old_the_test(
    age_days: int, reasons: tuple[str, ...], words: str
) -> None:
    profile = dataclasses.replace(GOOD, verdict=Verdict.DANGEROUS, reasons=reasons)
    told = standing(profile, name="Belt", belt=BELT, typed=True, age_days=age_days)
    assert not told.may_command
    assert words in told.words
