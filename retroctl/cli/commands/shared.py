"""What options of several commands say of themselves."""

from __future__ import annotations

from typing import Final

SIM: Final = "Use a simulated treadmill: standard, or others joined with + (`retroctl simulate --list`)."
