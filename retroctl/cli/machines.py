"""`machine list | show | forget`: the profiles that `qualify` has written."""

from __future__ import annotations

import datetime as dt

from retroctl.adapters.console.text import plain
from retroctl.adapters.profiles import forget, load, load_all, path_of
from retroctl.cli.known import today
from retroctl.config import load_settings
from retroctl.domain.profile import OLD_AFTER_DAYS, Profile
from retroctl.errors import ConfigError


def list_command() -> int:
    """One line for each machine; 2 when a file cannot be read."""
    found = load_all(load_settings().data_dir)
    if not found:
        print("No machine has a profile yet. With nobody on the belt: retroctl qualify")
    wrong: list[ConfigError] = []
    for each in found:
        if isinstance(each, ConfigError):
            wrong.append(each)
        else:
            print(f"{plain(each.address):20} {plain(each.name):24} {_words(each)}")
    if wrong:
        raise wrong[0]
    return 0


def show_command(address: str) -> int:
    """The profile as it is in the file, strictly read first. Raises ConfigError when there is none."""
    data_dir = load_settings().data_dir
    profile = load(data_dir, address)
    if profile is None:
        raise ConfigError(f"there is no profile of {plain(address)}; retroctl machine list shows all")
    path = path_of(data_dir, address)
    print(f"# {path}")
    for line in path.read_text(encoding="utf-8").splitlines():
        print(plain(line))
    return 0


def forget_command(address: str) -> int:
    """Remove a profile: the machine counts as never measured."""
    path = forget(load_settings().data_dir, address)
    print(f"{path} is removed; the machine counts as never measured.")
    return 0


def _words(profile: Profile) -> str:
    if profile.command == "never":
        return "command = never (declared by hand)"
    age_days = (today() - dt.date.fromisoformat(profile.tested_on)).days
    old = f", older than {OLD_AFTER_DAYS} days" if age_days > OLD_AFTER_DAYS else ""
    reason = f": {plain(profile.reasons[0])}" if profile.reasons else ""
    return f"{profile.verdict.value} on {profile.tested_on}{old}{reason}"
