"""A pipe where a file of ours should be: refused in one line. Opened, it would be waited for, for ever."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from retroctl.adapters import profiles
from retroctl.adapters.clients.straps import FILE_NAME, StrapBook
from retroctl.adapters.remote import read_remote
from retroctl.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    pytest.skip("no pipes with names in a folder", allow_module_level=True)

ADDRESS = "C0:DE:00:00:00:01"


@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_a_file_is_refused_and_never_opened(tmp_path: Path) -> None:
    """Found by hand: `retroctl run` hung before the session, deaf to everything."""
    remote, straps, profile = tmp_path / "remote.toml", tmp_path / FILE_NAME, profiles.path_of(tmp_path, ADDRESS)
    profile.parent.mkdir()
    for file in (remote, straps, profile):
        os.mkfifo(file)
    for read in (
        lambda: read_remote(remote),
        lambda: StrapBook(tmp_path).of("0123456789abcdef"),
        lambda: profiles.load(tmp_path, ADDRESS),
    ):
        with pytest.raises(ConfigError, match="a pipe, not a file"):
            read()
