"""A link that leads nowhere, most often to a disk that is not connected, is no absence: it is told, file by file."""

from __future__ import annotations

import sys

import pytest

from retroctl import config
from retroctl.adapters.clients import ClientStore
from retroctl.adapters.clients.straps import StrapBook
from retroctl.adapters.journal import FILE_NAME, SqliteJournal
from retroctl.adapters.journal.export import notes_of, sessions_of
from retroctl.adapters.journal.history import history, outings
from retroctl.adapters.journal.overview import overview
from retroctl.adapters.journal.read import sessions
from retroctl.adapters.profiles import load, load_all
from retroctl.adapters.remote import read_remote
from retroctl.cli.app import run_app
from retroctl.domain.method.days import Day
from retroctl.errors import RetroctlError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")

ADDRESS = "AA:BB:CC:00:00:01"
IN_THE_FOLDER = {
    "clients": ("clients.sqlite3", lambda folder: ClientStore(folder).listed(Day.parse("2026-11-24"))),
    "client to erase": ("clients.sqlite3", lambda folder: ClientStore(folder).erase("x")),
    "practice": (FILE_NAME, lambda folder: history(folder / FILE_NAME, "x", with_simulated=True)),
    "outdoors": (FILE_NAME, lambda folder: outings(folder / FILE_NAME, "x")),
    "past sessions": (FILE_NAME, lambda folder: overview(folder / FILE_NAME)),
    "sessions": (FILE_NAME, lambda folder: sessions(folder / FILE_NAME)),
    "export": (FILE_NAME, lambda folder: sessions_of(folder / FILE_NAME, "x")),
    "notes": (FILE_NAME, lambda folder: notes_of(folder / FILE_NAME, "x")),
    "straps": ("straps.toml", lambda folder: StrapBook(folder).of("x")),
    "straps to forget": ("straps.toml", lambda folder: StrapBook(folder).forget("x")),
    "profile": ("machines/AA-BB-CC-00-00-01.toml", lambda folder: load(folder, ADDRESS)),
    "profiles": ("machines", load_all),
    "remote": ("remote.toml", lambda folder: read_remote(folder / "remote.toml")),
}


def dead(link) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize(("name", "read"), IN_THE_FOLDER.values(), ids=IN_THE_FOLDER)
def test_in_the_place_of_a_file_it_is_told_and_left(tmp_path, name, read):
    dead(tmp_path / name)
    with pytest.raises(RetroctlError) as told:
        read(tmp_path)
    assert f"{tmp_path / name} is a link to /nowhere/at/all, where there is nothing" in str(told.value)
    assert "\n" not in str(told.value)
    assert (tmp_path / name).is_symlink()


@pytest.mark.parametrize(("name", "read"), IN_THE_FOLDER.values(), ids=IN_THE_FOLDER)
def test_in_the_place_of_the_folder_it_is_told_too(tmp_path, name, read):
    dead(tmp_path / "data")
    with pytest.raises(RetroctlError, match=r"data is a link to /nowhere/at/all, where there is nothing"):
        read(tmp_path / "data")


def test_links_in_a_circle_and_a_file_in_the_place_of_the_folder_are_told(tmp_path):
    (tmp_path / "clients.sqlite3").symlink_to(tmp_path / "clients.sqlite3")
    (tmp_path / "file").write_text("")
    for folder in (tmp_path, tmp_path / "file"):
        with pytest.raises(RetroctlError, match=r"clients.sqlite3"):
            ClientStore(folder).all()


def test_a_link_that_leads_to_a_file_is_as_good_as_the_file(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk")
    (tmp_path / "disk/straps.toml").symlink_to(tmp_path / "elsewhere.toml")
    (tmp_path / "elsewhere.toml").write_text('x = "AA:BB"\n')
    assert StrapBook(tmp_path / "data").of("x") == "AA:BB"
    assert ClientStore(tmp_path / "data").all() == ()


async def test_no_record_is_made_behind_it(tmp_path):
    dead(tmp_path / FILE_NAME)
    with pytest.raises(RetroctlError, match="is a link to /nowhere/at/all"):
        await SqliteJournal.open(tmp_path)


def test_the_configuration_is_not_taken_for_absent(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "config_file", lambda: tmp_path / "config.toml")
    assert config.load_settings().hold_s == 120
    dead(tmp_path / "config.toml")
    with pytest.raises(RetroctlError, match=r"config\.toml is a link to /nowhere/at/all"):
        config.load_settings()


@pytest.mark.parametrize("name", ["clients.sqlite3", "straps.toml"])
def test_no_backup_is_called_whole_without_it(tmp_path, monkeypatch, capfd, name):
    async def keep() -> None:
        assert await (await SqliteJournal.open(tmp_path / "data")).close()

    import asyncio  # noqa: PLC0415 - for this one

    asyncio.run(keep())
    dead(tmp_path / "data" / name)
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(tmp_path / "data"))
    for command in (["backup", str(tmp_path / "copy.sqlite3")], ["check"]):
        if command == ["check"] and name != "clients.sqlite3":
            continue
        monkeypatch.setattr(sys, "argv", ["retroctl", *command])
        with pytest.raises(SystemExit) as ended:
            run_app()
        said = capfd.readouterr()
        assert ended.value.code != 0
        assert f"{name} is a link to /nowhere/at/all" in said.out + said.err
    assert list(tmp_path.glob("copy*")) == []
