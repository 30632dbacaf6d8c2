"""A Mosquitto of a test's own: on a free loopback port, with the configuration that docs/mosquitto ships."""

from __future__ import annotations

import asyncio
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from retroctl.adapters.mqtt.broker import Broker, parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXAMPLE = Path(__file__).parents[1] / "docs" / "mosquitto"
USERS = ("belt-1", "belt-2", "viewer", "floor", "homeassistant")
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
LONG_S = 60.0
"""More than anything here takes on a computer that is late."""


def require_mosquitto() -> None:
    """Skip where there is no Mosquitto, unless every tier is required."""
    if MOSQUITTO is None:
        if os.environ.get("RETROCTL_REQUIRE_SYSTEM_TIERS") == "1":
            pytest.fail("mosquitto is not installed: .ci/system-packages")
        pytest.skip("mosquitto is not installed")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """One broker. `tls`: the example of docs/mosquitto, users and access list and all; without, an open one.

    `more`: lines of configuration in addition.
    """

    def __init__(self, folder: Path, *, tls: bool, name: str = "localhost", more: Sequence[str] = ()) -> None:
        require_mosquitto()
        self.folder, self.tls, self.port = folder, tls, free_port()
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.crt"
        lines = [f"user {getpass.getuser()}", "log_dest file " + str(folder / "log"), *self._lines(), *more]
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def _lines(self) -> list[str]:
        if not self.tls:
            where = f"persistence true\npersistence_location {self.folder}/\nautosave_interval 1"
            return [f"listener {self.port} 127.0.0.1", "allow_anonymous true", where]
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca)
        server = authority.issue_cert(self.name)
        server.private_key_pem.write_to_path(self.folder / "broker.key")
        for number, pem in enumerate(server.cert_chain_pems):
            pem.write_to_path(self.folder / "broker.crt", append=number > 0)
        shutil.copy(EXAMPLE / "acl", self.folder / "acl")
        (self.folder / "acl").chmod(0o600)
        passwords = self.folder / "passwords"
        passwords.write_text("".join(f"{user}:{password_of(user)}\n" for user in USERS))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", passwords], check=True, capture_output=True)
        text = (EXAMPLE / "mosquitto.conf").read_text()
        text = text.replace("/etc/mosquitto/retroctl/", f"{self.folder}/").replace(
            "/var/lib/mosquitto/", f"{self.folder}/"
        )
        text, changed = re.subn(r"^listener 8883$", f"listener {self.port} 127.0.0.1", text, flags=re.MULTILINE)
        assert changed == 1
        return [text]

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(400):
            with socket.socket() as probe:
                probe.settimeout(1.0)
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            signal.sigtimedwait([], 0.05)
        raise AssertionError((self.folder / "log").read_text() if (self.folder / "log").exists() else "no mosquitto")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def url(self, user: str | None = "belt-1", machine: str | None = "belt-1", *, host: str = "localhost") -> str:
        who = f"{user}@" if user and self.tls else ""
        return f"{'mqtts' if self.tls else 'mqtt'}://{who}{host}:{self.port}/club" + (f"/{machine}" if machine else "")

    def broker(self, user: str = "belt-1", machine: str | None = "belt-1", **more: Any) -> Broker:
        """What a user connects with."""
        address = parse_url(self.url(user, machine))
        given = {"password": password_of(user), "ca": self.ca} if self.tls else {}
        return Broker.checked(address, **{**given, **more})


def password_of(user: str) -> str:
    return f"secret-of-{user}"


async def until(wanted: Callable[[], Any], *, within_s: float = LONG_S, what: str = "") -> Any:
    """Wait until something is so, however late this computer is."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not (found := wanted()):
        if loop.time() > end:
            raise AssertionError(f"not within {within_s:g} s: {what or wanted}")
        await asyncio.sleep(0.01)
    return found
