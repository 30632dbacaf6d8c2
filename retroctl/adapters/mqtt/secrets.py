"""Where the password comes from: the environment, a file that only its owner can read, or the system's keyring.

Never from the command line, which every process of this computer can read; never into a log or a record.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from retroctl.adapters.files import read_bounded, shown
from retroctl.errors import ConfigError, needs_extra

if TYPE_CHECKING:
    from pathlib import Path

    from retroctl.adapters.mqtt.broker import Address

VARIABLE: Final = "RETROCTL_MQTT_PASSWORD"
SERVICE: Final = "retroctl-mqtt"
"""The keyring's service; the name in it is `USER@HOST`."""
LONGEST: Final = 1024


def password_for(address: Address, file: Path | None, *, keyring: bool) -> str | None:
    """The password of this user at this broker; None where there is none. Raises ConfigError.

    The environment comes before `file`, and `file` before the keyring, which is asked only where it was said so.
    """
    if address.user is None:
        if file is not None or keyring or VARIABLE in os.environ:
            raise ConfigError(f"there is a password but no user: write mqtts://USER@{address.host}/...")
        return None
    given = os.environ.get(VARIABLE)
    if given is not None:
        if not given.strip():
            raise ConfigError(f"{VARIABLE} is set and empty: put the password into it, or unset it")
        return _bounded(given, VARIABLE)
    if file is not None:
        return from_file(file)
    return from_keyring(address.user, address.host) if keyring else None


def from_file(path: Path) -> str:
    """The first line of a file that nobody else can read. Raises ConfigError."""
    private(path)
    try:
        text = read_bounded(path, LONGEST, "a password").decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{shown(path)}: is no text; write the password alone into it") from None
    line = text.splitlines()[0] if text.splitlines() else ""
    if not line.strip():
        raise ConfigError(f"{shown(path)}: its first line is empty; the password stands there")
    return _bounded(line, shown(path))


def private(path: Path) -> None:
    """Raise ConfigError where others can read or change a file. Windows has other rights, which are not looked at."""
    if os.name == "nt":
        return
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"{shown(path)}: cannot be read: {error.strerror}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigError(
            f"{shown(path)}: others can read it (mode {stat.S_IMODE(mode):04o}): chmod 600 it, and change the password"
        )


def from_keyring(user: str, host: str) -> str:
    """The password under `retroctl-mqtt`, `USER@HOST`. Raises ConfigError."""
    name = f"{user}@{host}"
    try:
        import keyring as ring  # noqa: PLC0415 - an extra, and slow
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        raise ConfigError(f"mqtt_keyring needs {needs_extra('keyring')}; or use a password file") from None
    try:
        found = ring.get_password(SERVICE, name)
    except KeyringError as error:
        raise ConfigError(f"the keyring cannot be read ({str(error)[:100]}); use a password file instead") from None
    if not found:
        raise ConfigError(f"the keyring has no password for {name}: keyring set {SERVICE} {name}")
    return _bounded(found, "the keyring")


def _bounded(password: str, where: str) -> str:
    if len(password) > LONGEST:
        raise ConfigError(f"{where}: a password of more than {LONGEST} characters is none")
    return password
