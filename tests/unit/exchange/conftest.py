from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records and configuration of this test's own; gives the folder of the records."""
    folder = tmp_path / "data"
    monkeypatch.setenv("RETROCTL_DATA_DIR", str(folder))
    for place in ("retroctl.config", "retroctl.cli.exchange_import", "retroctl.cli.care"):
        monkeypatch.setattr(f"{place}.config_file", lambda: tmp_path / "config" / "config.toml")
    monkeypatch.chdir(tmp_path)
    return folder
