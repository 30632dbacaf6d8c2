"""How much room there must be for what."""

from __future__ import annotations

from typing import Final

NARROW: Final = 60
"""Columns under which a list shows names and words only."""
SHORT: Final = 9
"""Lines under which a page shows only what is under the cursor."""
