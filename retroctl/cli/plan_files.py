"""Where plan files lie: in the present folder, and in `plans` beside the configuration."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final

from retroctl.config import config_file

MOST_PLANS: Final = 100
"""Files offered; a folder with more is not one of plans, and a path can always be given."""
MOST_LOOKED_AT: Final = 2000


def plan_files() -> list[str]:
    """What `--plan` takes for each of them."""
    folders = (Path(), config_file().parent / "plans")
    paths = [str(path) for folder in folders for path in _toml_files(folder)]
    # A name that cannot be shown as it is would be chosen unseen; it can still be given with --plan.
    return [path for path in paths if path.isprintable()][:MOST_PLANS]


def _toml_files(folder: Path) -> list[Path]:
    try:
        looked_at = islice(folder.iterdir(), MOST_LOOKED_AT)
        return sorted(path for path in looked_at if path.suffix == ".toml" and _looks_like_a_plan(path))
    except OSError:
        return []


def _looks_like_a_plan(path: Path) -> bool:
    """Not what other programs keep in files of this kind."""
    return path.name not in ("pyproject.toml", "config.toml") and path.is_file()
