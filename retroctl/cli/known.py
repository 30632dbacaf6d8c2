"""What is known of the machine of a session: its profile, and what that is worth today."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from retroctl.adapters.profiles import load
from retroctl.cli.local_time import local_now
from retroctl.cli.machine import STANDARD
from retroctl.domain.profile import Standing, standing

if TYPE_CHECKING:
    from retroctl.app.ports import MachineInfo
    from retroctl.cli.options import RunOptions
    from retroctl.domain.limits import BeltRange


def today() -> dt.date:
    """The local date."""
    return local_now().date()


def standing_of(options: RunOptions, name: str, address: str, belt: BeltRange) -> Standing:
    """Whether this machine may be commanded, and up to what. Raises ConfigError for a profile that cannot be read."""
    if options.sim == STANDARD:
        return Standing(qualified=True, may_command=True, words="")
    profile = load(options.settings.data_dir, address)
    age_days = 0 if profile is None else (today() - dt.date.fromisoformat(profile.tested_on)).days
    return standing(profile, name=name, belt=belt, typed=options.belt is not None, age_days=age_days)


def with_words(info: MachineInfo, known: Standing) -> MachineInfo:
    """The machine with what is known of it among its remarks, which every front end shows."""
    return dataclasses.replace(info, remarks=(*info.remarks, known.words)) if known.words else info
