"""Who leads: as named, or this computer's account."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from retroctl.adapters.console.text import plain
from retroctl.app.client_given import LONGEST_BY, OPTIONS, decider

if TYPE_CHECKING:
    from retroctl.config import Settings


def account() -> str:
    """The name of this computer's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def trainer_of(by: str | None, settings: Settings) -> str:
    """Whom the record of a session names (R2): `--by`, the configuration's `trainer`, or this computer's account.

    Plain text of at most LONGEST_BY characters. Raises ClientError for an option that is none.
    """
    return plain(decider(by, settings.trainer or account(), OPTIONS), LONGEST_BY)
