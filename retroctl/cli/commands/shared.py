"""What options of several commands have in common: words, and how a number may be written."""

from __future__ import annotations

from typing import Final

import typer

from retroctl import written
from retroctl.errors import ConfigError

SIM: Final = "Use a simulated treadmill: standard, or others joined with + (`retroctl simulate --list`)."


def decimal(text: str) -> float:
    """For an option that takes a number; click itself knows no decimal comma, and takes nan."""
    try:
        return written.decimal(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def whole(text: str) -> int:
    """For an option that counts."""
    try:
        return written.whole(text)
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None
