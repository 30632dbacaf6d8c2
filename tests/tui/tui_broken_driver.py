"""cli_driver with a screen that breaks once the belt has been held for a while."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from retroctl.adapters.tui.widgets import Hold

TESTS = Path(__file__).parent.parent
tell = Hold.tell


def broken(self, picture):
    if picture is not None and picture.state.value == "holding" and (picture.hold_remaining_s or 60) < 50:
        raise RuntimeError("a broken screen")
    tell(self, picture)


Hold.tell = broken
sys.path.insert(0, str(TESTS))
runpy.run_path(str(TESTS / "cli_driver.py"), run_name="__main__")
