"""Backup of what lies beside the record: straps, machines, remote, configuration, plans; what an archive may hold."""

from __future__ import annotations

import io
import random
import zipfile
from typing import TYPE_CHECKING

import pytest
from exchange_rig import command, write_session

from retroctl.adapters import small_files
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "data/straps.toml": 'abababababababab = "AA:BB"\n',
    "data/machines/AA-BB.toml": "profile\n",
    "config/remote.toml": "stop = 'b'\n",
    "config/config.toml": "volume = 50\n",
    "config/plans/monday.toml": "preset = 'ladder'\n",
}


@pytest.fixture
def backed_up(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    write_session(data, hold_s=3)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    ran = command(capsys, "backup", "b.sqlite3")
    assert ran.status == 0, ran.err
    assert "b-files.zip: 5 small files" in ran.out
    return tmp_path / "b-files.zip"


@pytest.mark.usefixtures("backed_up")
def test_everything_that_would_go_with_the_folders_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in FILES:
        (tmp_path / name).unlink()
    ran = command(capsys, "restore", "b.sqlite3")
    assert ran.status == 0, ran.err
    assert {name: (tmp_path / name).read_text() for name in FILES} == FILES
    assert "5 put back" in ran.out


@pytest.mark.usefixtures("backed_up")
def test_what_is_there_stays_since_a_profile_says_what_a_machine_did_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data/machines/AA-BB.toml").write_text("dangerous\n")
    (tmp_path / "config/remote.toml").unlink()
    ran = command(capsys, "restore", "b.sqlite3")
    assert (ran.status, "1 put back: remote.toml; 4 were there already and stay" in ran.out) == (0, True)
    assert (tmp_path / "data/machines/AA-BB.toml").read_text() == "dangerous\n"


@pytest.mark.usefixtures("backed_up")
def test_the_archive_too_is_overwritten_only_when_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    from pathlib import Path  # noqa: PLC0415

    Path("b.sqlite3").unlink()
    ran = command(capsys, "backup", "b.sqlite3")
    assert (ran.status, "b-files.zip: is there already" in ran.err) == (2, True)
    assert not Path("b.sqlite3").exists()
    assert command(capsys, "backup", "b.sqlite3", "--force").status == 0


def made(*entries: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return held.getvalue()


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (made(("../straps.toml", b"x")), "no file that a backup has"),
        (made(("machines/../../x.toml", b"x")), "no file that a backup has"),
        (made(("/etc/passwd", b"x")), "no file that a backup has"),
        (made(("plans/a\x1b[2J.toml", b"x")), "no file that a backup has"),
        (made(("straps.toml", b"x"), ("records.sqlite3", b"x")), "no file that a backup has"),
        (made(("straps.toml", bytes(60_000_000))), "larger than a file"),
        (made(*((f"plans/{n}.toml", b"") for n in range(2001))), "2001 files"),
        (b"PK\x03\x04", "no whole backup"),
        (b"straps", "no whole backup"),
        (b"", "empty"),
    ],
    ids=["up", "up-from-machines", "root", "escape", "record", "bomb", "many", "cut", "other", "empty"],
)
def test_an_archive_of_anything_else_is_refused_in_one_line_and_nothing_is_changed(
    archive: bytes, said: str, backed_up: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "straps.toml").unlink()
    backed_up.write_bytes(archive)
    ran = command(capsys, "restore", "b.sqlite3")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err
    assert not (data / "straps.toml").exists()
    assert not list(data.glob("*before*"))


def test_an_archive_cut_off_or_with_a_flipped_bit_is_refused_or_says_the_same(backed_up: Path) -> None:
    whole, dice = backed_up.read_bytes(), random.Random(7)  # noqa: S311 - dice
    held = small_files.unpack(backed_up)
    for _ in range(300):
        at = dice.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << dice.randrange(8)]) + whole[at + 1 :]
        for archive in (whole[:at], flipped):
            backed_up.write_bytes(archive)
            try:
                found = small_files.unpack(backed_up)
            except ConfigError:
                continue
            # The name of an entry has no check of its own; what it says in its place does.
            assert set(found.values()) <= set(held.values())
